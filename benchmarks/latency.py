# SPDX-License-Identifier: Apache-2.0
"""From a bid's POST to the committed contract, and to the client who waits for it.

    python -m benchmarks.latency --folder /var/tmp/latency --json latency.json

Brings up a rig (``tools/rig``: Keystone with memcached, MariaDB, RabbitMQ) whose market
has 10,000 open offers and 1,000 bids that wait, with two engines, and places 20 bids a
second that each get a server. A bid's time begins when it was to be sent, whether or
not those before it are answered; the contract's is when another connection can read
it, which is looked for every few milliseconds. Meanwhile a client waits with
``GET /v1/events?wait=30``. Prints JSON.
"""

import argparse
import concurrent.futures
import datetime
import json
import threading
import time

import sqlalchemy as sa

from benchmarks import asking
from benchmarks import deployed
from benchmarks import filling
from flocx import db
from market.db import schema
from tools.lab import progress
from tools.lab import trouble

RENTER = 'umbrella-renter'
#: In milliseconds.
TARGETS = {'median_ms': 50, 'p99_ms': 250, 'event_ms': 50}
#: How often it is looked for contracts, and how long for the last, in seconds.
POLL_INTERVAL, CONTRACT_TIMEOUT = 0.003, 30
#: How long an engine may take until it makes its first contracts, in seconds.
COMPILING = 300
#: So many bids go before those that are counted.
WARMUP = 40


class Observer(threading.Thread):
    """Reads the events as they are committed; ``seen`` is when, by uuid of the bid."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self._database, self._over = database, threading.Event()
        self.seen = {}

    def run(self):
        table, last = schema.events, 0
        with self._database.reader() as session:
            while not self._over.wait(POLL_INTERVAL):
                found = session.execute(
                    sa.select(table.c.id, table.c.type, table.c.object_uuid)
                    .where(table.c.id > last)
                    .order_by(table.c.id)
                ).all()
                moment = time.monotonic()
                for row in found:
                    last = row.id
                    if row.type == 'bid.matched':
                        self.seen[row.object_uuid] = moment

    def stop(self):
        self._over.set()
        self.join()


class Follower(threading.Thread):
    """The client who waits for events; ``told`` is when, by uuid of the bid."""

    def __init__(self, caller):
        super().__init__(daemon=True)
        self._caller, self._over = caller, threading.Event()
        self.told = {}

    def run(self):
        last = json.loads(self._caller.ask('GET', 'events?after=latest').send())['last']
        while not self._over.is_set():
            path = f'events?after={last}&wait=30&type=bid.matched'
            try:
                payload = json.loads(self._caller.ask('GET', path).send())
            except trouble.Trouble:
                # Nobody answers any more when all is over.
                if self._over.is_set():
                    return
                raise
            moment = time.monotonic()
            last = payload['last']
            for event in payload['events']:
                self.told[event['object_uuid']] = moment

    def stop(self):
        self._over.set()


def place(caller, classes, rate, count):
    """Place ``count`` bids, ``rate`` a second; {uuid: (when it was due, answered)}."""
    placed, lock = {}, threading.Lock()
    start = time.monotonic() + 0.5

    def bid(number):
        due = start + number / rate
        time.sleep(max(0, due - time.monotonic()))
        body = {
            'resource_class': classes[number % len(classes)],
            'price': str(2 * filling.ASK),
            'duration': 3600,
            'end_time': (asking.now() + datetime.timedelta(hours=4)).isoformat(),
        }
        payload = json.loads(caller.ask('POST', 'bids', body).send())
        with lock:
            placed[payload['uuid']] = due, time.monotonic()

    # As many as can be on their way when answers take seconds.
    with concurrent.futures.ThreadPoolExecutor(max(16, int(rate * 2))) as pool:
        list(pool.map(bid, range(count)))
    return placed


def report(placed, seen, told):
    """What the times of the bids say; a bid without a contract is ``missed``."""
    filled = [uuid for uuid in placed if uuid in seen]
    heard = [uuid for uuid in filled if uuid in told]
    contract = deployed.summary([seen[uuid] - placed[uuid][0] for uuid in filled])
    event = deployed.summary([max(0, told[uuid] - seen[uuid]) for uuid in heard])
    answer = deployed.summary([done - due for due, done in placed.values()])
    reached = (
        len(filled) == len(heard) == len(placed)
        and contract['median_ms'] < TARGETS['median_ms']
        and contract['p99_ms'] < TARGETS['p99_ms']
        and event['median_ms'] <= TARGETS['event_ms']
    )
    return {
        'contract': contract,
        'event': event,
        'answer': answer,
        'missed': len(placed) - len(filled),
        'unheard': len(filled) - len(heard),
        'targets': TARGETS,
        'reached': reached,
    }


def measure(rig, options):
    """The report of bids on a rig that is up."""
    database = db.Database(rig.database.url('flocx'))
    caller = deployed.Caller(rig, RENTER)
    classes = filling.classes(options.offers)
    observer, follower = Observer(database), Follower(caller)
    for each in (observer, follower):
        each.start()
    warm = place(caller, classes, options.rate, WARMUP)
    # An engine that was just installed compiles first.
    ready = time.monotonic() + COMPILING
    while warm.keys() - observer.seen.keys() and time.monotonic() < ready:
        time.sleep(0.05)
    placed = place(
        caller, classes, options.rate, max(1, int(options.rate * options.seconds))
    )
    until = time.monotonic() + CONTRACT_TIMEOUT
    while placed.keys() - follower.told.keys() and time.monotonic() < until:
        time.sleep(0.05)
    follower.stop()
    observer.stop()
    return report(placed, observer.seen, follower.told)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    deployed.arguments(parser)
    parser.add_argument('--offers', type=int, default=10_000)
    parser.add_argument('--bids', type=int, default=1_000, help='that wait')
    parser.add_argument('--rate', type=float, default=20, help='new bids a second')
    parser.add_argument('--seconds', type=float, default=60)
    options = parser.parse_args(arguments)

    def fill(database):
        now, low = asking.now(), filling.TOO_LOW
        filling.fill(database, options.offers, options.bids, now, low)

    names = ('market', 'engine-1', 'engine-2')
    with deployed.market(options, fill, names) as rig:
        # Both have to be there, and to have read the market.
        time.sleep(5)
        with progress.during('Placing bids'):
            found = measure(rig, options)
    deployed.report(options, ('offers', 'bids', 'rate', 'seconds'), found)
    return found


if __name__ == '__main__':
    main()
