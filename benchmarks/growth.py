# SPDX-License-Identifier: Apache-2.0
"""How what a user waits for grows with the number of offers.

    python -m benchmarks.growth mysql+pymysql://root@localhost/flocx?unix_socket=...

Fills an empty market database step by step up to 100,000 offers. At each step the
API, called in this process as by somebody whom Keystone knows, lists, shows, bids and
claims, and an engine does the round that a new bid wakes. Prints as JSON, for each
operation, the median milliseconds at each step, and the exponent: 0 where it takes the
same however many offers there are, 1 where ten times as many take ten times as long.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import argparse
import datetime
import itertools
import json
import math
import pathlib
import statistics
import time

from oslo_config import cfg
from oslo_utils import timeutils
import webob

from benchmarks import asking
from benchmarks import deployed
from benchmarks import filling
from flocx import config
from flocx import db
from flocx import rpc
from flocx import standalone
from flocx.api import app
from market import service
from market.api import root
from market.db import migration
from matcher import rounds

SIZES = (1_000, 10_000, 100_000)
HOUR = datetime.timedelta(hours=1)


class Stage:
    """One market in this process, asked by a renter."""

    def __init__(self, database):
        # The one with which oslo.messaging registers some of its options.
        conf = cfg.CONF
        config.register(conf)
        standalone.register(conf)
        conf([], default_config_files=[])
        rpc.set_default_url(conf, 'fake://')
        conf.set_override('open_bids', -1, 'quota')
        transport = rpc.transport(conf)
        market = service.build(conf, database, transport)
        self._app = app.controllers(root.Root(), market, timeutils.utcnow)
        self._new_engine = lambda: rounds.Rounds(conf, database)
        self._engine = self._new_engine()
        self._numbers = itertools.count()

    def operations(self, offers):
        """{name: what does it once and returns its seconds}."""
        return {
            'list': lambda: self._ask('GET', '/v1/offers?limit=100'),
            'show': lambda: self._ask('GET', f'/v1/offers/{self._any(offers)}'),
            'claim': lambda: self._claim(offers),
            'round': lambda: self._round(offers),
            # Last, for these bids are left to the next round that reads everything.
            'bid': lambda: self._bid(offers)[0],
        }

    def rebuild(self):
        """The seconds of an engine's first round, which reads everything."""
        self._engine = self._new_engine()
        return self._timed(lambda: self._engine.run(asking.now()))

    def _any(self, offers):
        # Far apart, so that it is not what was asked for just before.
        return offers[next(self._numbers) * 7919 % len(offers)]

    def _ask(self, method, path, body=None):
        request = webob.Request.blank(path, method=method)
        request.headers.update(
            {
                'X-Identity-Status': 'Confirmed',
                'X-User-Id': 'somebody',
                'X-Project-Id': 'renter',
                'X-Roles': 'member,reader',
            }
        )
        if body is not None:
            request.body, request.content_type = json.dumps(body).encode(), _JSON
        began = time.perf_counter()
        answer = request.get_response(self._app)
        taken = time.perf_counter() - began
        if answer.status_int >= 300:
            raise RuntimeError(f'{method} {path}: {answer.text}')
        self._answer = answer.json
        return taken

    def _bid(self, offers):
        number = next(self._numbers)
        classes = filling.classes(len(offers))
        body = {
            'resource_class': classes[number * 7919 % len(classes)],
            'price': str(2 * filling.ASK),
            'duration': 3600,
            'end_time': (asking.now() + 4 * HOUR).isoformat(),
        }
        taken = self._ask('POST', '/v1/bids', body)
        return taken, self._answer['uuid']

    def _claim(self, offers):
        start = asking.now() + 24 * HOUR
        times = {
            'start_time': start.isoformat(),
            'end_time': (start + HOUR).isoformat(),
        }
        return self._ask('POST', f'/v1/offers/{self._any(offers)}/claim', times)

    def _round(self, offers):
        _, uuid = self._bid(offers)
        self._engine.note('bid', uuid)
        taken = self._timed(lambda: self._engine.run(asking.now()))
        if not self._done.contracts:
            raise RuntimeError('The round made no contract')
        return taken

    def _timed(self, work):
        began = time.perf_counter()
        self._done = work()
        return time.perf_counter() - began


_JSON = 'application/json'


def exponent(points):
    """The k of the power law, time = c size^k, that fits ``points`` best.

    :param points: pairs of a size and a time, both above 0; the squares of the
        differences of the logarithms are the least.
    """
    logarithms = [(math.log(size), math.log(seconds)) for size, seconds in points]
    return statistics.linear_regression(*zip(*logarithms, strict=True)).slope


def measure(database, sizes, times):
    """{operation: {size: median seconds}} of a market that is empty, and grows."""
    migration.upgrade(database)
    stage, found, offers = Stage(database), {}, []
    for size in sizes:
        offers += filling.fill(
            database, size - len(offers), 0, asking.now(), 0, first=len(offers)
        )
        found.setdefault('rebuild', {})[size] = stage.rebuild()
        for name, operation in stage.operations(offers).items():
            for _ in range(2):
                operation()
            taken = [operation() for _ in range(times)]
            found.setdefault(name, {})[size] = statistics.median(taken)
    return found


def report(found):
    """As JSON; ``waited`` says whether a user waits for it."""
    operations = {}
    for name, by_size in found.items():
        grows = exponent(by_size.items()) if len(by_size) > 1 else None
        operations[name] = {
            'median_ms': {size: round(by_size[size] * 1000, 2) for size in by_size},
            'exponent': grows if grows is None else round(grows, 2),
            'waited': name != 'rebuild',
        }
    return {'operations': operations, **deployed.machine()}


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('connection', help='a SQLAlchemy URL of an empty database')
    parser.add_argument('--sizes', type=int, nargs='+', default=SIZES)
    parser.add_argument('--times', type=int, default=30, help='each is done')
    parser.add_argument('--json', type=pathlib.Path, help='write the report there, too')
    options = parser.parse_args(arguments)
    database = db.Database(options.connection)
    results = report(measure(database, sorted(options.sizes), options.times))
    text = json.dumps(results, indent=2)
    if options.json:
        options.json.write_text(text + '\n')
    print(text)
    return results


if __name__ == '__main__':
    main()
