# SPDX-License-Identifier: Apache-2.0
"""What each operation of the market's API costs, beside an earlier commit.

    git worktree add /tmp/before 8e8a7b0
    python -m benchmarks.operations --against /tmp/before
    python -m benchmarks.operations --budgets

With ``--budgets`` the operations of bidders are compared with and without
``[ledger] enforce``, in one process and in turns, request by request; with
``--database`` on a server. These requests go through all that a service has before and
behind its controllers: a token that Keystone (an emulated one) was asked about once,
the log, and messages to engines.

The API is called in this process, as by somebody whom Keystone knows, on SQLite in
memory, whose one connection is kept, as those to the databases of sites are. What
counts is the processor time of the process, so that other programs on the machine
change little. Both trees are measured in turns, each time by a new process, and the
least of the medians counts. Prints, as JSON, the milliseconds of each operation and
the ratio.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import argparse
import datetime
import decimal
import itertools
import json
import logging
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from oslo_config import cfg
from oslo_utils import timeutils
import webob

from benchmarks import filling
from flocx import announce
from flocx import config
from flocx import db
from flocx import rpc
from flocx import standalone
from flocx.api import app
from flocx.api import errors
from market import service
from market.api import root
from market.db import migration

OFFERS = 1000
HARDWARE = {'cpus': 64, 'memory_mb': 262144, 'local_gb': 3840, 'cpu_arch': 'x86_64'}
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
HOUR = datetime.timedelta(hours=1)
RENTER, OWNER = 'umbrella', 'acme'
#: What budgets have a part in.
BIDDERS = ('create a bid', 'show a bid', 'change a bid', 'claim', 'cancel a bid')


class Stage:
    """One market in this process; ``operations`` does each once, and times it."""

    def __init__(self, files=(), budgets=False):
        """:param files: of configuration.
        :param budgets: whether requests are those of a renter with a budget, and go
            through the whole service.
        """
        # The one with which oslo.messaging registers some of its options.
        conf = cfg.CONF
        config.register(conf)
        standalone.register(conf)
        conf([], default_config_files=files)
        rpc.set_default_url(conf, 'fake://')
        # Nothing is limited: what there is differs between measurements.
        for name in set(conf.quota) - {'driver'}:
            conf.set_override(name, -1, 'quota')
        transport = rpc.transport(conf)
        if budgets:
            database = announce.database(conf, transport, 'market')
        else:
            database = db.Database('sqlite://')
        migration.upgrade(database)
        if budgets:
            _fund(database)
        self.database = database
        self.offers = filling.fill(database, OFFERS, 0, NOW, 0)
        if budgets:
            logging.getLogger('flocx').addHandler(logging.FileHandler(os.devnull))
            logging.getLogger('flocx').setLevel(logging.INFO)
            self._app = service.application(conf, transport, database)
        else:
            market = service.build(conf, database, transport)
            self._app = errors.Errors(
                app.controllers(root.Root(), market, timeutils.utcnow)
            )
        self._numbers = itertools.count()
        self._bids = []

    def operations(self):
        """{name: what does it once and returns the seconds of the processor}."""
        return {
            'versions': lambda: self._ask('GET', '/v1'),
            'list 1000': lambda: self._ask('GET', '/v1/offers?limit=1000'),
            'list 10': lambda: self._ask('GET', '/v1/offers?limit=10'),
            'show': lambda: self._ask('GET', f'/v1/offers/{self._any()}'),
            'create an offer': self._publish,
            'create a bid': self._bid,
            'show a bid': lambda: self._ask('GET', f'/v1/bids/{self._bids[-1]}'),
            'change a bid': lambda: self._ask(
                'PATCH', f'/v1/bids/{self._bids[-1]}', {'price': f'{self._next()}'}
            ),
            'claim': self._claim,
            'cancel a bid': lambda: self._ask('DELETE', f'/v1/bids/{self._bids.pop()}'),
            'usage': lambda: self._ask('GET', '/v1/usage'),
            'refused': lambda: self._ask('POST', '/v1/bids', {'price': 1.5}, 400),
        }

    def answer(self, path):
        """What the renter is answered at ``path``, parsed."""
        self._ask('GET', path)
        return self._answer

    def _next(self):
        return next(self._numbers)

    def _any(self):
        return self.offers[self._next() * 7919 % OFFERS]

    def _publish(self):
        body = {
            'resource_type': 'dummy_node',
            'resource_uuid': f'server-{self._next()}',
            'properties': HARDWARE,
            'end_time': (NOW + 24 * HOUR).isoformat(),
            'price': '1.50',
        }
        return self._ask('POST', '/v1/offers', body, 201, OWNER)

    def _bid(self):
        body = {
            'price': '2',
            'duration': 3600,
            'end_time': (NOW + 4 * HOUR).isoformat(),
            'requirements': [['cpus', '>=', 32]],
        }
        taken = self._ask('POST', '/v1/bids', body, 201)
        self._bids.append(self._answer['uuid'])
        return taken

    def _claim(self):
        number = self._next()
        start = NOW + (24 + number // OFFERS) * HOUR
        body = {
            'start_time': start.isoformat(),
            'end_time': (start + HOUR).isoformat(),
        }
        offer = self.offers[number % OFFERS]
        return self._ask('POST', f'/v1/offers/{offer}/claim', body, 201)

    def _ask(self, method, path, body=None, status=None, project=RENTER):
        request = webob.Request.blank(path, method=method)
        request.headers.update(
            {
                'Accept': 'application/json',
                'X-Auth-Token': f'{project}-member',
                'X-Service-Token': 'service-service',
                'X-Identity-Status': 'Confirmed',
                'X-User-Id': project,
                'X-Project-Id': project,
                'X-Roles': 'member,reader,service',
                'X-Service-Identity-Status': 'Confirmed',
                'X-Service-Roles': 'service',
                'X-Service-User-Id': 'provider',
            }
        )
        if body is not None:
            request.body = json.dumps(body).encode()
            request.content_type = 'application/json'
        began = time.process_time()
        answer = request.get_response(self._app)
        taken = time.process_time() - began
        if answer.status_int not in (status or 200, status or 204):
            raise RuntimeError(f'{method} {path}: {answer.text}')
        self._answer = answer.json if answer.body else None
        return taken


def _fund(database):
    """Give the renter more than they can spend."""
    # Trees from before there was a ledger are measured too.
    from flocx.core import ledger as ledger_core
    from market.db import ledger

    with database.writer() as session:
        account = ledger.open_account(
            session, ledger_core.AccountType.PROJECT, RENTER, NOW
        )
        amount = decimal.Decimal(10) ** 9
        grant = ledger.transfer(
            *(ledger_core.TransferType.GRANT, ledger_core.OPERATOR),
            *(account.uuid, amount, NOW),
        )
        ledger.book(session, [grant], NOW)


def measure(times):
    """{operation: the median of its seconds} in this process."""
    found = {}
    for name, operation in Stage().operations().items():
        few = times // 20 if name.endswith('000') else times
        for _ in range(few // 5 + 1):
            operation()
        found[name] = statistics.median(operation() for _ in range(few))
    return found


def of_tree(tree, times):
    """What :func:`measure` finds in another process, of the code in ``tree``."""
    done = subprocess.run(
        [sys.executable, __file__, '--measure', '--times', str(times)],
        cwd=tree,
        env={**os.environ, 'PYTHONPATH': str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def compare(trees, rounds, times):
    """{operation: {tree: the least of its seconds}}, of trees measured in turns."""
    found = {}
    for _ in range(rounds):
        for tree in trees:
            for name, seconds in of_tree(tree, times).items():
                known = found.setdefault(name, {})
                known[tree] = min(seconds, known.get(tree, seconds))
    return found


def with_budgets(times, url):
    """{operation: {'with' and 'without' budgets: the median of its seconds}}.

    :param url: of an empty database.
    """
    found = {name: {'with': [], 'without': []} for name in BIDDERS}
    # Trees from before there was a ledger have others.
    from tests import fixtures
    from tests.emulated import keystone

    emulated = keystone.Keystone()
    identity = fixtures.Served(emulated)
    with tempfile.TemporaryDirectory() as folder, identity:
        emulated.catalog['identity'] = identity.url
        path = fixtures.write_configuration(
            pathlib.Path(folder), identity.url, [('database', 'connection', url)]
        )
        operations = Stage([str(path)], budgets=True).operations()
        for turn in range(2 * times + 20):
            label = ('with', 'without')[turn % 2]
            cfg.CONF.set_override('enforce', label == 'with', 'ledger')
            for name in BIDDERS:
                taken = operations[name]()
                # The first ones have to find out what is kept.
                if turn >= 20:
                    found[name][label].append(taken)
    return {
        name: {label: statistics.median(all_) for label, all_ in each.items()}
        for name, each in found.items()
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--against', type=pathlib.Path, help='an earlier tree')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--times', type=int, default=200, help='each is done')
    parser.add_argument('--budgets', action='store_true', help='with and without')
    parser.add_argument(
        '--database', metavar='URL', default='sqlite://', help='empty, for --budgets'
    )
    parser.add_argument('--measure', action='store_true', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.times)))
        return
    here = pathlib.Path(__file__).resolve().parent.parent
    if options.budgets:
        found = with_budgets(options.times, options.database)
        report = {
            name: {
                **{label: round(taken * 1000, 3) for label, taken in each.items()},
                'ratio': round(each['with'] / each['without'], 3),
            }
            for name, each in found.items()
        }
        print(json.dumps(report, indent=2))
        return
    trees = [here, *([options.against.resolve()] if options.against else [])]
    found = compare(trees, options.rounds, options.times)
    report = {
        name: {
            **{tree.name: round(each[tree] * 1000, 3) for tree in trees},
            'ratio': round(each[trees[0]] / each[trees[-1]], 3),
        }
        for name, each in found.items()
    }
    print(json.dumps(report, indent=2))


if __name__ == '__main__':
    main()
