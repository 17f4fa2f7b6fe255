# SPDX-License-Identifier: Apache-2.0
"""200 clients who read and write at once, and what it does to the processes.

    python -m benchmarks.load --folder /var/tmp/load --minutes 10 --json load.json

Brings up a rig (``tools/rig``) whose market has 10,000 offers, and has 200 clients
list, show, bid, claim, and read events, each with a pause after each answer. Prints as
JSON how long each operation took, what was refused, how many errors there were, and
the memory of each process after the first tenth of the time and at the end.
"""

import argparse
import collections
import datetime
import pathlib
import random
import threading
import time

from benchmarks import asking
from benchmarks import deployed
from benchmarks import filling
from tools.lab import progress
from tools.lab import trouble

RENTER = 'umbrella-renter'
#: operation: how often, of all.
SHARES = {'list': 15, 'show': 45, 'bid': 15, 'claim': 10, 'events': 15}
NAMES = ('market', 'engine-1', 'engine-2')
#: Two who want the same time: one gets a good answer, and so does the other.
REFUSALS = (409,)
HOUR = datetime.timedelta(hours=1)


class Clients:
    """Do what ``SHARES`` says until they are stopped."""

    def __init__(self, caller, offers, count, pause):
        """:param pause: between two requests of a client, seconds on average."""
        self._caller, self._offers, self._pause = caller, offers, pause
        self._classes = filling.classes(len(offers))
        self._over, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._trade, args=(number,), daemon=True)
            for number in range(count)
        ]
        self.taken = collections.defaultdict(list)
        self.refused, self.errors = collections.Counter(), []

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _trade(self, number):
        draw = random.Random(number)
        while not self._over.wait(draw.uniform(0, 2 * self._pause)):
            (name,) = draw.choices(list(SHARES), list(SHARES.values()))
            request = self._request(name, draw)
            began = time.perf_counter()
            try:
                request.send()
            except (OSError, trouble.Trouble) as error:
                self._failed(name, str(error))
            else:
                with self._lock:
                    self.taken[name].append(time.perf_counter() - began)

    def _failed(self, name, error):
        with self._lock:
            if any(f': {status}' in error for status in REFUSALS):
                self.refused[name] += 1
            else:
                self.errors.append(f'{name}: {error}'[:300])

    def _request(self, name, draw):
        start = asking.now() + HOUR * draw.randint(1, 150)
        if name == 'list':
            wanted = draw.choice(self._classes)
            return self._caller.ask('GET', f'offers?limit=50&resource_class={wanted}')
        if name == 'show':
            return self._caller.ask('GET', f'offers/{draw.choice(self._offers)}')
        if name == 'events':
            return self._caller.ask('GET', 'events?after=latest')
        if name == 'claim':
            body = {
                'start_time': start.isoformat(),
                'end_time': (start + HOUR).isoformat(),
            }
            path = f'offers/{draw.choice(self._offers)}/claim'
            return self._caller.ask('POST', path, body)
        body = {
            'resource_class': draw.choice(self._classes),
            'price': str(2 * filling.ASK),
            'duration': 3600,
            'end_time': (start + 10 * HOUR).isoformat(),
        }
        return self._caller.ask('POST', 'bids', body)


def memory(rig, names):
    """{name: MiB that the process and those it started have in memory}."""
    children, resident = collections.defaultdict(list), {}
    for status in pathlib.Path('/proc').glob('[0-9]*/status'):
        try:
            text = status.read_text()
        except OSError:
            continue
        fields = dict(
            line.split(':\t', 1) for line in text.splitlines() if ':\t' in line
        )
        pid = int(status.parent.name)
        children[int(fields['PPid'])].append(pid)
        resident[pid] = int(fields.get('VmRSS', '0 kB').split()[0]) / 1024

    def total(pid):
        return resident.get(pid, 0) + sum(map(total, children[pid]))

    return {name: round(total(rig.process(name).pid), 1) for name in names}


def measure(rig, offers, options):
    """The report of the clients on a rig that is up."""
    caller = deployed.Caller(rig, RENTER)
    clients = Clients(caller, offers, options.clients, options.pause)
    watched = (*NAMES, rig.kind, 'rabbitmq', 'memcached', 'keystone')
    seconds = options.minutes * 60
    clients.start()
    time.sleep(seconds / 10)
    before = memory(rig, watched)
    time.sleep(seconds * 9 / 10)
    after = memory(rig, watched)
    clients.stop()
    done = sum(map(len, clients.taken.values()))
    return {
        'operations': {
            name: deployed.summary(taken) for name, taken in clients.taken.items()
        },
        'per_second': round(done / seconds, 1),
        'refused': clients.refused,
        'errors': len(clients.errors),
        'first_errors': clients.errors[:20],
        'memory_mib': {name: [before[name], after[name]] for name in watched},
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    deployed.arguments(parser)
    parser.add_argument('--offers', type=int, default=10_000)
    parser.add_argument('--clients', type=int, default=200)
    parser.add_argument('--minutes', type=float, default=10)
    parser.add_argument(
        '--pause', type=float, default=1, help='after each answer, on average, seconds'
    )
    options = parser.parse_args(arguments)
    offers = []

    def fill(database):
        now, low = asking.now(), filling.TOO_LOW
        offers.extend(filling.fill(database, options.offers, 0, now, low))

    with deployed.market(options, fill, NAMES) as rig:
        with progress.during('Trading'):
            found = measure(rig, offers, options)
    deployed.report(options, ('offers', 'clients', 'minutes', 'pause'), found)
    return found


if __name__ == '__main__':
    main()
