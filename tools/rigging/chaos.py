# SPDX-License-Identifier: Apache-2.0
"""Break one process after the other under load, and look what it takes to recover.

Each fault ends when a canary has come through: a bid placed after the process was
started again is matched, and its server delivered. Where there are several of a kind, a
canary has to come through while one of them is broken, too.
"""

import collections
import json
import os
import random
import statistics
import subprocess
import time

from tools.lab import folder as folders
from tools.lab import progress
from tools.rigging import faults
from tools.rigging import fleet as fleets
from tools.rigging import load as loads
from tools.rigging import trader

FLEET, CANARIES = 'baremetal.fleet', 'baremetal.canary'
# How long a canary may take before the fault counts as one that was not survived.
RECOVERY_TIMEOUT = 180


class Chaos:
    """One run of faults on a rig; ``report`` tells of it."""

    def __init__(self, rig, seed, nodes, pause=1.0):
        self._rig, self._seed = rig, seed
        self._draw = random.Random(seed)
        journal = rig.folder.path / 'accepted.jsonl'
        journal.unlink(missing_ok=True)
        self.journal, self._journal = journal, trader.Journal(journal)
        with progress.during(f'Enrolling {nodes} servers'):
            fleet = fleets.Fleet(rig, FLEET).enrol(nodes)
            canaries = fleets.Fleet(rig, CANARIES).enrol(8)
        self._load = loads.Load(rig, fleet, FLEET, self._journal, seed, pause)
        self._renter = trader.Trader(
            rig, 'umbrella-renter', self._journal, RECOVERY_TIMEOUT
        )
        for owner, user in loads.SELLERS.items():
            self._sell(user, canaries[owner])
        self.faults = []

    def _sell(self, user, nodes):
        owner = trader.Trader(self._rig, user, self._journal)
        for node in nodes:
            try:
                owner.offer(node, '0.50', loads.ON_SALE)
            except trader.Gave as error:
                # Since an earlier run it is.
                if error.status != 409:
                    raise

    def run(self, minutes):
        """Break things for so many minutes, and let everything come to rest."""
        until = time.monotonic() + minutes * 60
        self._load.start()
        self._canary()
        while time.monotonic() < until:
            self.faults.append(self._fault())
            progress.say(f'  {json.dumps(self.faults[-1])}')
            time.sleep(self._draw.uniform(0, 3))
        with progress.during('Stopping the load'):
            self._load.stop()

    def _fault(self):
        name, kind = self._rig.draw_fault(self._draw)
        pause = self._draw.uniform(0, 8)
        fault = kind(self._rig, name, self._draw)
        progress.say(f'  {fault.ACTION} {name}')
        began = time.monotonic()
        try:
            fault.blow()
            more = self._without(name, fault, began, pause)
            back = time.monotonic()
            fault.heal()
        finally:
            fault.close()
        self._rig.process(name).wait(RECOVERY_TIMEOUT)
        # A host that is isolated has a node of the database, whatever was meant.
        if name in self._rig.databases or isinstance(fault, faults.Isolate):
            # A conductor whose database goes away keeps the locks of its nodes, and
            # only forgets them when it starts; an operator has to know that too.
            self._rig.process('ironic').stop()
            self._rig.start('ironic')
        answers = time.monotonic()
        delivered = self._canary()
        if fault.restarted:
            more['restarted'] = True
        return {
            'process': name,
            'action': fault.ACTION,
            **more,
            'down': round(back - began, 2),
            'answers': round(answers - back, 2),
            'recovered': round(time.monotonic() - back, 2) if delivered else None,
        }

    def _without(self, name, fault, began, pause):
        """Wait while it is broken; where others do its work, for a canary."""
        if name not in self._rig.redundant or fault.stops_all:
            time.sleep(pause)
            return {}
        more = {}
        if isinstance(fault, faults.Isolate):
            more['minority refuses'] = self._rig.refuses(name)
        delivered = self._canary()
        more['without'] = round(time.monotonic() - began, 2) if delivered else None
        return more

    def _canary(self):
        """Whether a bid placed now is matched and delivered."""
        try:
            # It begins soon or not at all: a server that is still being taken back from
            # the canary before is none for it.
            bid = self._renter.bid('1.00', 900, 960, resource_class=CANARIES)
            bid = self._renter.until('bids', bid['uuid'], ['matched'], RECOVERY_TIMEOUT)
            if bid['status'] != 'matched':
                return False
            ident = bid['contract_uuid']
            found = self._renter.until('contracts', ident, ['active'], RECOVERY_TIMEOUT)
            self._renter.withdraw('contracts', ident)
        except (trader.Gave, TimeoutError) as error:
            progress.say(f'  The canary: {error}')
            return False
        return found['status'] == 'active'

    def report(self, check):
        """What was broken, how long it took to recover, and what the checker says."""
        return {
            'seed': self._seed,
            'database': self._rig.kind,
            'faults': len(self.faults),
            'unrecovered': [fault for fault in self.faults if failed(fault)],
            'recovery': recovery(self.faults),
            'load': dict(self._load.done),
            'asked again': dict(self._load.again.most_common(20)),
            'errors': self._load.errors[:50],
            'check': check,
            'log': self.faults,
        }


def recovery(faults):
    """By kind of process and what befell it: the seconds of what was survived."""
    seconds = collections.defaultdict(lambda: collections.defaultdict(list))
    for fault in faults:
        kind = fault['process'].partition('-')[0]
        action = fault['action'].partition(' ')[0]
        for name in ('without', 'recovered'):
            if fault.get(name):
                seconds[f'{kind} {action}'][name].append(fault[name])
    return {
        name: {measured: _summary(found) for measured, found in each.items()}
        for name, each in sorted(seconds.items())
    }


def failed(fault):
    """Whether something of it was not survived."""
    return not all(
        fault.get(name, True) for name in ('without', 'minority refuses', 'recovered')
    )


def _summary(seconds):
    return {
        'faults': len(seconds),
        'median': round(statistics.median(seconds), 2),
        'most': max(seconds),
    }


def check(rig, journal, settle=180, ironics=('admin',)):
    """What tools/check says of a rig, once what is on its way has arrived.

    :param ironics: the clouds whose servers it looks at.
    """
    command = [rig.folder.python, folders.CHECKOUT / 'tools' / 'check']
    command += [rig.database.url('flocx'), '--market-cloud', 'operator']
    command += [word for name in ironics for word in ('--ironic-cloud', name)]
    command += ['--resting', '--settle', settle]
    if journal:
        command += ['--journal', journal]
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folders.CHECKOUT,
        env=rig.folder.environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 1):
        return {'violations': None, 'error': done.stderr[-2000:]}
    return json.loads(done.stdout)


def run(rig, minutes, seed=None, nodes=40, pause=1.0):
    """A whole run; its report, and whether everything held.

    :param pause: how many seconds each trader waits before the next request, about.
    """
    seed = int.from_bytes(os.urandom(4)) if seed is None else seed
    chaos = Chaos(rig, seed, nodes, pause)
    chaos.run(minutes)
    with progress.during('Checking'):
        found = check(rig, chaos.journal)
    report = chaos.report(found)
    held = found['violations'] == [] and not report['unrecovered']
    return report, held and not report['errors']
