# SPDX-License-Identifier: Apache-2.0
"""What functional tests share: a marketplace for each class, and talking to it."""

import datetime
import itertools
import os
import pathlib

import requests
import testtools

from flocx.core import window
from matcher import rounds
from provider import fulfilment
from tests import fixtures
from tests import waiting

# Whose cloud this is must not depend on whose machine it is. Threads of the services
# read the environment, so that no name may come or go once they run.
for _name in [name for name in os.environ if name.startswith('OS_')]:
    if not _name.startswith('OS_TEST_'):
        del os.environ[_name]
os.environ.setdefault('XDG_CONFIG_HOME', str(pathlib.Path.home() / '.config'))

HOUR = datetime.timedelta(hours=1)
_NUMBERS = itertools.count(1)


#: When tests begin: at noon, in the middle of a month, and between two seconds.
NOON = datetime.datetime(2026, 12, 14, 12, 0, 0, 400000, datetime.UTC)


class Clock:
    """Time that stands still but for what a test lets pass.

    So no test comes out otherwise at the end of a second, an hour or a month.
    """

    def __init__(self, begin=NOON):
        self._begin, self._ahead = begin, datetime.timedelta(0)

    def __call__(self, with_timezone=True):
        return self._passing() + self._ahead

    def _passing(self):
        return self._begin

    def advance(self, **amount):
        self._ahead += datetime.timedelta(**amount)


class RealTime(Clock):
    """Time that passes as always, for tests of what has a clock of its own."""

    def _passing(self):
        return datetime.datetime.now(datetime.UTC)


class Refused(Exception):
    """An answer that the test did not expect."""


class Caller:
    """One user at one service; a method for each verb gives the response."""

    def __init__(self, url, token, service_token=None, version=None):
        self.url, self.headers = url, {}
        if version:
            self.headers['OpenStack-API-Version'] = f'marketplace {version}'
        if token:
            self.headers['X-Auth-Token'] = token
        if service_token:
            self.headers['X-Service-Token'] = service_token

    def request(self, method, path, headers=None, **kwargs):
        return requests.request(
            method,
            self.url + path,
            headers={**self.headers, **(headers or {})},
            timeout=60,
            **kwargs,
        )

    def get(self, path, **params):
        return self.request('GET', path, params=params)

    def newest(self, path, **params):
        """The same by the newest version of the API."""
        version = {'OpenStack-API-Version': 'marketplace latest'}
        return self.request('GET', path, version, params=params)

    def post(self, path, body=None, **kwargs):
        return self.request('POST', path, json={} if body is None else body, **kwargs)

    def patch(self, path, body):
        return self.request('PATCH', path, json=body)

    def delete(self, path):
        return self.request('DELETE', path)


def parsed(text):
    """The moment that an answer names."""
    return window.instant(text, 'time')


def error(response):
    """The one error of a refusal."""
    (error,) = response.json()['errors']
    return error


class MarketplaceTestCase(testtools.TestCase):
    """Has the services of ``tests.fixtures`` in ``marketplace``, one for a class."""

    WORKERS = False
    #: Whether other processes take part, which know no other time.
    REAL_TIME = False
    BEGIN = NOON
    OPTIONS = ()
    #: The version of the API that is spoken; None for the oldest.
    VERSION = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clock = RealTime() if cls.WORKERS or cls.REAL_TIME else Clock(cls.BEGIN)
        cls.marketplace = fixtures.Marketplace(
            workers=cls.WORKERS,
            clock=None if cls.WORKERS else cls.clock,
            options=cls.OPTIONS,
        )
        cls.marketplace.setUp()
        cls.addClassCleanup(cls.marketplace.cleanUp)

    def setUp(self):
        super().setUp()
        self.began = self.clock()

    # Who speaks

    def at(self, kind, token, service_token=None):
        return Caller(
            self.marketplace.catalog[kind], token, service_token, self.VERSION
        )

    def market(self, token):
        return self.at('marketplace', token)

    def provider(self, token):
        return self.at('marketplace-provider', token)

    def matcher(self, token):
        return self.at('marketplace-matcher', token)

    # What they say, where it is not the point of the test

    def good(self, response, status=201):
        """The body of an answer that has to be good."""
        if response.status_code != status:
            raise Refused(f'{response.status_code}: {response.text}')
        return response.json() if response.content else None

    def time(self, hours):
        """So many hours from the start of the test, as the API writes it."""
        return window.text(self.began + hours * HOUR)

    def add_node(self, name=None, **values):
        """A new server; return its name."""
        name = name or f'node-{next(_NUMBERS)}'
        self.marketplace.add_node(name, **values)
        return name

    def offer(self, who='acme-member', node=None, hours=24, **values):
        """A published offer; of a server of its own if none is named."""
        node = node or self.add_node(owner=who.rpartition('-')[0])
        terms = {'end_time': self.time(hours), 'price': '1', **values}
        return self.good(
            self.provider(who).post('/v1/offers', {'resource_uuid': node, **terms})
        )

    def bid(self, who='umbrella-member', hours=24, **values):
        terms = {'end_time': self.time(hours), 'price': '2', **values}
        return self.good(self.market(who).post('/v1/bids', terms))

    def show(self, kind, uuid, who='operator-admin'):
        return self.good(self.market(who).get(f'/v1/{kind}/{uuid}'), 200)

    def eventually(self, expected, look, seconds=60):
        """Wait until ``look()`` is as expected."""
        found = waiting.until(look, lambda found: found == expected, seconds)
        self.assertEqual(expected, found)

    # What the workers do, one pass at a time

    def new_engine(self, database=None):
        """An auction engine that has not read the market yet."""
        return rounds.Rounds(
            self.marketplace.conf,
            database or self.marketplace.database,
        )

    def round(self, now=None, database=None):
        """One round of a new auction engine."""
        return self.new_engine(database).run(now or self.clock())

    def fulfil(self, passes=1):
        """So many passes of the fulfiller."""
        # What was sold from now on begins with the next second.
        self.clock.advance(seconds=1)
        provider = self.marketplace.provider
        delivering = fulfilment.Fulfilment(
            self.marketplace.conf,
            provider.nodes,
            provider.marketplace,
            clock=self.clock,
        )
        for _ in range(passes):
            delivering.run(self.clock())
