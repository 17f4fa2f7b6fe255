# SPDX-License-Identifier: Apache-2.0
"""How long it takes until contracts that end in one second are over, beside before.

    git worktree add /tmp/before 8e8a7b0
    python -m benchmarks.endings --against /tmp/before

The market, its API and one fulfiller run in this process, with the defaults of a
provider, on SQLite. Servers are in memory; each call to them takes a while, as Ironic
does, and cleaning takes longer. Prints, as JSON, the seconds from the end until the
last server was back, for servers that were deployed and for those that were not, which
the earlier commit did not clean; the processor time of that, to which other programs do
little; and how often servers were asked for something.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import argparse
import collections
import concurrent.futures
import dataclasses
import datetime
import inspect
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
from unittest import mock

from webob import exc

from flocx.core import window
from provider import fulfilment
from provider.nodes import dummy
from tests import fixtures
from tests.functional import base

#: The defaults, where the tests have others.
OPTIONS = (
    ('provider', 'fulfil_interval', '10'),
    ('provider', 'retry_interval', '2'),
    ('provider', 'quarantine_wait', '5'),
    ('contracts', 'turnaround', '0'),
    *(
        ('quota', name, '-1')
        for name in ('open_offers', 'open_bids', 'server_hours', 'committed_amount')
    ),
)
OWNER, RENTER = 'acme-member', 'umbrella-member'
HOUR = datetime.timedelta(hours=1)
#: What a fulfiller asks for one server; each such call takes a while.
_CALLS = (
    'get',
    'leased_to',
    'set_lessee',
    'clear_lessee',
    'provision',
    'detach',
    'console_off',
    'power_off',
    'settings',
    'restore',
    'prepare_cleaning',
    'detach_media',
    'keep_out',
    'unprotect',
)


class Machines(dummy.DummyNodes):
    """Servers in memory that take their time."""

    def __init__(self, conf, found, answer, cleaning):
        super().__init__(conf)
        self._servers = {node.uuid: node for node in found}
        self._answer, self._cleaning = answer, cleaning
        self._until, self.calls = {}, collections.Counter()
        self._guard = threading.RLock()

    def provision(self, uuid, target):
        if target in ('deleted', 'provide'):
            self._until[uuid] = time.monotonic() + self._cleaning
            self._change(uuid, provision_state='cleaning')
        else:
            super().provision(uuid, target)

    def all(self):
        return [self._find(uuid)[1] for uuid in self._servers]

    def _find(self, ident):
        with self._guard:
            if self._until.get(ident, float('inf')) <= time.monotonic():
                del self._until[ident]
                self._change(ident, provision_state='available')
            return None, self._servers[ident]

    def _change(self, ident, **values):
        with self._guard:
            changed = dataclasses.replace(self._servers[ident], **values)
            self._servers[ident] = changed


def _slow(name):
    method = getattr(dummy.DummyNodes, name)
    method = vars(Machines).get(name, method)

    def asked(self, *arguments, **more):
        self.calls[name] += 1
        time.sleep(self._answer)
        return method(self, *arguments, **more)

    return asked


for _name in _CALLS:
    if hasattr(dummy.DummyNodes, _name):
        setattr(Machines, _name, _slow(_name))


class Site:
    """A market with contracts that all end at the same time."""

    def __init__(self, marketplace, clock, servers):
        self._at, self.clock = marketplace, clock
        self._end = window.text(clock() + 24 * HOUR)
        names = [f'node-{number}' for number in range(servers)]
        for name in names:
            marketplace.add_node(name)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self._rent, names))

    def _post(self, kind, who, path, body):
        answer = base.Caller(self._at.catalog[kind], who).post(path, body)
        if answer.status_code != 201:
            raise RuntimeError(answer.text)
        return answer.json()

    def _rent(self, name):
        body = {'resource_uuid': name, 'price': '1', 'end_time': self._end}
        made = self._post('marketplace-provider', OWNER, '/v1/offers', body)
        path = f'/v1/offers/{made["uuid"]}/claim'
        self._post('marketplace', RENTER, path, {'end_time': self._end})

    def fulfil(self, machines, until):
        """Pass after pass, until no line is to be dealt with in another status."""
        provider = self._at.provider
        # An earlier tree waits for nothing, and has no clock.
        knows = inspect.signature(fulfilment.Fulfilment).parameters
        working = fulfilment.Fulfilment(
            *(self._at.conf, machines, provider.marketplace),
            **({'clock': self.clock} if 'clock' in knows else {}),
        )
        while True:
            now = self.clock()
            due = working.run(now)
            lines = [
                line
                for contract in provider.marketplace.due(now + 48 * HOUR)
                for line in contract['lines']
            ]
            if all(line['status'] == until for line in lines):
                return
            # As the loop of a service, which sleeps no longer because a pass was long.
            until = min(due or now, now + datetime.timedelta(seconds=10))
            time.sleep(max((until - self.clock()).total_seconds(), 0.05))

    def end(self):
        """Let the time of all contracts be over."""
        self.clock.advance(hours=24)


def _nobody(*arguments, **more):
    """A WSGI application that has nothing."""
    return exc.HTTPNotFound()


def measure(servers, answer, cleaning, deployed):
    """Seconds until all are back, and the calls of the fulfiller by name."""
    # What an earlier tree calls a clock of tests is one that goes on.
    clock = getattr(base, 'RealTime', base.Clock)()
    marketplace = fixtures.Marketplace(clock=clock, options=OPTIONS)
    # Nobody asks the engine, whose parts are entry points of what is installed.
    engine = mock.patch.object(fixtures.matcher_service, 'application', _nobody)
    with engine, marketplace:
        site = Site(marketplace, clock, servers)
        clock.advance(seconds=1)
        found = marketplace.provider.nodes.all()
        machines = Machines(marketplace.conf, found, answer, cleaning)
        site.fulfil(machines, 'active')
        if deployed:
            for node in found:
                machines._change(node.uuid, provision_state='active')
        machines.calls.clear()
        site.end()
        began, worked = time.monotonic(), time.process_time()
        site.fulfil(machines, 'ended')
        seconds = time.monotonic() - began
        worked = time.process_time() - worked
        left = [
            node
            for node in machines.all()
            if node.lessee or node.provision_state != 'available'
        ]
        if left:
            raise RuntimeError(f'{len(left)} are not back: {left[0]}')
    return {
        'seconds': round(seconds, 1),
        'processor seconds': round(worked, 1),
        'calls': dict(machines.calls),
    }


def of_tree(tree, options, deployed):
    """What :func:`measure` finds in another process, of the code in ``tree``."""
    arguments = [
        f'--{name}={getattr(options, name)}'
        for name in ('servers', 'answer', 'cleaning')
    ]
    done = subprocess.run(
        [sys.executable, __file__, '--measure', *arguments]
        + (['--deployed'] if deployed else []),
        cwd=tree,
        env={**os.environ, 'PYTHONPATH': str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--against', type=pathlib.Path, help='an earlier tree')
    parser.add_argument('--servers', type=int, default=1000)
    parser.add_argument('--answer', type=float, default=0.02, help='seconds of a call')
    parser.add_argument('--cleaning', type=float, default=60, help='seconds')
    parser.add_argument('--deployed', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('--measure', action='store_true', help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = options.servers, options.answer, options.cleaning
    if options.measure:
        print(json.dumps(measure(*sizes, options.deployed)))
        return
    here = pathlib.Path(__file__).resolve().parent.parent
    trees = [here, *([options.against.resolve()] if options.against else [])]
    report = {}
    for deployed in (True, False):
        found = {tree: of_tree(tree, options, deployed) for tree in trees}
        report['deployed' if deployed else 'not deployed'] = {
            **{tree.name: each for tree, each in found.items()},
            'ratio': round(found[trees[0]]['seconds'] / found[trees[-1]]['seconds'], 3),
        }
    print(json.dumps(report, indent=2))


if __name__ == '__main__':
    main()
