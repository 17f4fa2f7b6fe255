# SPDX-License-Identifier: Apache-2.0
"""What a request costs beside the least that our frameworks let it cost.

    python -m benchmarks.floor

The floor is a Pecan application of thirty lines behind the middleware that OpenStack
services have: a request id, a limit of the body, CORS, proxies, a token that Keystone
(an emulated one) was asked about once, microversions, and a rule of oslo.policy. It has
nothing of ours: it selects a row by its index and writes it as JSON. For what writes it
executes as many statements as the market does, the least that SQL has of each kind, in
one transaction. A list is compared with what Python takes to write its rows as JSON.

Both are called in this process and in turns, on one database: SQLite in memory. What
counts is processor time, of which the lower quartile is taken, so that other programs
on the machine change little. Prints, as JSON, the milliseconds of each, the ratio, and
the ratio that we want; and what is the same on every machine: how many statements are
executed, and how many functions are called for one that the floor calls, or for a row
of a list. ``--record`` adds all of it to ``benchmarks/history.jsonl``, with whose last
line a test compares each change.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import argparse
import collections
import datetime
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

from keystonemiddleware import auth_token
from microversion_parse import middleware as microversion
from oslo_config import cfg
from oslo_context import context
from oslo_middleware import cors
from oslo_middleware import http_proxy_to_wsgi
from oslo_middleware import request_id
from oslo_middleware import sizelimit
from oslo_policy import policy
import pecan
from pecan import hooks
from pecan import rest
import sqlalchemy as sa
import webob

from benchmarks import operations
from market.db import schema
from tests import fixtures
from tests import work
from tests.emulated import keystone

#: By operation, how much dearer than the floor it may be.
WANTED = {
    'show an offer': 1.5,
    'list 1000 offers': 3,
    'create an offer': 2,
    'create a bid': 2,
    'claim an offer': 2,
}

HISTORY = pathlib.Path(__file__).with_name('history.jsonl')
LISTED = 1000

_SCRATCH = sa.Table(
    'floor',
    sa.MetaData(),
    sa.Column('id', sa.Integer, primary_key=True),
    sa.Column('uuid', sa.String(36), index=True),
    sa.Column('name', sa.String(255)),
    sa.Column('number', sa.Integer),
)
_READ = sa.select(schema.offers).where(schema.offers.c.uuid == sa.bindparam('wanted'))
_WRITE = sa.insert(_SCRATCH)


class Statements:
    """Counts what is executed on an engine, by what it does: read or write."""

    def __init__(self, engine):
        self._counts = collections.Counter()
        sa.event.listen(engine, 'before_cursor_execute', self._count)

    def _count(self, _connection, _cursor, statement, *_):
        reads = statement.lstrip('( ').upper().startswith(('SELECT', 'WITH'))
        self._counts['read' if reads else 'write'] += 1

    def of(self, operation):
        """The statements of one more ``operation``: a Counter."""
        self._counts.clear()
        operation()
        return collections.Counter(self._counts)


class _Hook(hooks.PecanHook):
    def __init__(self, floor):
        self._floor = floor

    def before(self, state):
        request = state.request
        request.floor = self._floor
        caller = context.RequestContext.from_environ(request.environ)
        self._floor.enforcer.authorize('show', {}, caller, do_raise=True)


class _Offers(rest.RestController):
    @pecan.expose('json')
    def get_one(self, ident):
        with pecan.request.floor.engine.connect() as connection:
            return dict(connection.execute(_READ, {'wanted': ident}).one()._mapping)

    @pecan.expose('json')
    def post(self):
        floor, body = pecan.request.floor, pecan.request.json_body
        with floor.engine.begin() as connection:
            for _ in range(floor.reads):
                connection.execute(_READ, {'wanted': body['uuid']}).one()
            for number in range(floor.writes):
                values = {'uuid': body['uuid'], 'name': 'floor', 'number': number}
                connection.execute(_WRITE, values)
        return body


class _V1:
    offers = _Offers()


class _Root:
    v1 = _V1()


class Floor:
    """The least application; what it writes has so many ``reads`` and ``writes``."""

    def __init__(self, conf, engine):
        self.engine, self.reads, self.writes = engine, 0, 0
        self.enforcer = policy.Enforcer(conf)
        self.enforcer.register_default(policy.RuleDefault('show', 'role:reader'))
        app = pecan.Pecan(
            _Root(), hooks=[_Hook(self)], guess_content_type_from_ext=False
        )
        app = microversion.MicroversionMiddleware(app, 'marketplace', ['1.0', '1.1'])
        app = auth_token.AuthProtocol(app, {'oslo_config_config': conf})
        app = sizelimit.RequestBodySizeLimiter(app, conf)
        app = request_id.RequestId(app)
        app = http_proxy_to_wsgi.HTTPProxyToWSGI(app, conf)
        self._application = cors.CORS(app, conf)

    def asks(self, method, path, body=None, statements=None):
        """A function that asks once, and returns the seconds of the processor.

        :param statements: how many the request is to execute, a Counter.
        """

        def ask():
            if statements:
                self.reads, self.writes = statements['read'], statements['write']
            request = webob.Request.blank(path, method=method)
            request.headers['X-Auth-Token'] = f'{operations.RENTER}-member'
            if body:
                request.body = json.dumps(body).encode()
                request.content_type = 'application/json'
            began = time.process_time()
            answer = request.get_response(self._application)
            taken = time.process_time() - began
            if answer.status_int != 200:
                raise RuntimeError(answer.text)
            return taken

        return ask


def _written(rows):
    """A function that writes ``rows`` as JSON, and returns the seconds that it took."""

    def write():
        began = time.process_time()
        json.dumps(rows)
        return time.process_time() - began

    return write


def measure(times):
    """{operation: {'ours', 'floor': seconds, 'read', 'write': statements, 'work'}}."""
    emulated = keystone.Keystone()
    identity = fixtures.Served(emulated)
    with tempfile.TemporaryDirectory() as folder, identity:
        emulated.catalog['identity'] = identity.url
        path = fixtures.write_configuration(
            pathlib.Path(folder),
            identity.url,
            [('database', 'connection', 'sqlite://')],
        )
        stage = operations.Stage([str(path)], budgets=True)
        return _measure(stage, times)


def _measure(stage, times):
    engine = stage.database.engine
    _SCRATCH.create(engine)
    floor = Floor(cfg.CONF, engine)
    ours = stage.operations()
    offer = stage.offers[0]
    rows = stage.answer('/v1/offers?limit=1000')['offers']
    statements = Statements(engine)
    pairs = {
        'show an offer': (ours['show'], floor.asks('GET', f'/v1/offers/{offer}')),
        'list 1000 offers': (ours['list 1000'], _written(rows)),
    }
    for name, ask in (
        ('create an offer', ours['create an offer']),
        ('create a bid', ours['create a bid']),
        ('claim an offer', ours['claim']),
    ):
        # The first ones have to find out what is kept.
        counts = [statements.of(ask) for _ in range(5)][-1]
        body = {'uuid': offer}
        pairs[name] = ask, floor.asks('POST', '/v1/offers', body, counts)
    return {
        name: {
            **_timed(*pair, times),
            **statements.of(pair[0]),
            'work': _calls(pair[0]) / (LISTED if 'list' in name else _calls(pair[1])),
        }
        for name, pair in pairs.items()
    }


def _calls(ask):
    """How many functions are called: the least of a few times."""
    return min(work.counted(ask)[1] for _ in range(5))


def _timed(ours, floor, times):
    """The lower quartile of the seconds of each, asked in turns."""
    found = [(ours(), floor()) for _ in range(times + 10)][10:]
    return {
        name: statistics.quantiles(each, n=4)[0]
        for name, each in zip(('ours', 'floor'), zip(*found, strict=True), strict=True)
    }


def report(found):
    """What is printed of what :func:`measure` found."""
    return {
        name: {
            'ours_ms': round(each['ours'] * 1000, 3),
            'floor_ms': round(each['floor'] * 1000, 3),
            'statements': each.get('read', 0) + each.get('write', 0),
            'work': round(each['work'], 2),
            'ratio': round(each['ours'] / each['floor'], 2),
            'wanted': WANTED[name],
        }
        for name, each in found.items()
    }


def record(found):
    """Add what was reported to the history, with the commit that it is of."""
    commit = subprocess.run(
        # Whichever git the person who records has.
        ['git', 'describe', '--always', '--dirty'],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
        cwd=HISTORY.parent,
    ).stdout.strip()
    kept = {
        name: {key: each[key] for key in ('ratio', 'statements', 'work')}
        for name, each in found.items()
    }
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    line = {'commit': commit, 'date': today, 'operations': kept}
    with open(HISTORY, 'a') as file:
        file.write(json.dumps(line) + '\n')


def recorded():
    """The last line of the history: {operation: its figures}."""
    *_, last = HISTORY.read_text().splitlines()
    return json.loads(last)['operations']


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--times', type=int, default=300, help='each is done')
    parser.add_argument(
        '--record', action='store_true', help='in benchmarks/history.jsonl'
    )
    args = parser.parse_args()
    found = report(measure(args.times))
    print(json.dumps(found, indent=2))
    if args.record:
        record(found)


if __name__ == '__main__':
    main()
