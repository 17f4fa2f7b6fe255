# SPDX-License-Identifier: Apache-2.0
"""Ironic is away for an hour, from any step of two contracts on one server.

The hour begins before a call of the provider's, which is not done then, or after it,
when it is done and nobody is told. Each call is tried in a run of its own: at night
all, and otherwise, of those that are made again and again of a server that stays as it
is, the first and the last.
"""

import datetime
import functools
import itertools
import logging
import types
from unittest import mock

import fixtures
from tenacity import nap
import testtools

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import window
from provider import backoff
from provider import fulfilment
from provider import nodes
from tests import profiles
from tests.simulation import ironic
from tests.simulation import test_hand_back
from tests.unit.provider import test_fulfilment

S, R = core.Status, core.Reason
BEGIN = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)
HOUR = datetime.timedelta(hours=1)
#: The first contract, and the next one, which begins a quarter of an hour later.
FIRST = BEGIN, BEGIN + 2 * HOUR
SECOND_ONE = FIRST[1] + HOUR / 4, FIRST[1] + 3 * HOUR
#: The defaults of a provider, but for one thread.
CONF = types.SimpleNamespace(
    provider=types.SimpleNamespace(
        **{
            **vars(test_hand_back.CONF.provider),
            'retry_interval': 2,
            'retry_max_interval': 60,
        }
    )
)
DEADLINE = datetime.timedelta(seconds=CONF.provider.delivery_deadline)


class Outage(test_hand_back.Calm):
    """Nothing is answered for an hour from call number ``first`` on."""

    def __init__(self, clock, first, done):
        self.calls, self.began = 0, None
        self._clock, self._first, self._done = clock, first, done

    def strikes(self, what):
        if what == 'ironic 503':
            self.calls += 1
            if self.calls == self._first and not self._done:
                self.began = self._clock()
            return self.goes_on
        if what == 'ironic late' and self.calls == self._first and self._done:
            self.began = self._clock()
            return True
        return False

    @property
    def goes_on(self):
        return self.began is not None and self._clock() < self.began + HOUR


class TwoContracts:
    """Two renters have one server, one after the other.

    ``first`` is the number of the call at which Ironic goes away, None for never.
    """

    def __init__(self, first=None, done=False):
        #: What was called, and what the server was then.
        self.now, self.seen = BEGIN, []
        self.outage = Outage(self.clock, first, done)
        self.room = ironic.Room(self, self.outage, self.clock)
        self.room.add(nodes.Node(uuid='n1', owner='acme'))
        self.market = test_fulfilment.Market()
        self.lines = [
            self.market.add(
                S.CREATED, start_time=window.text(begin), end_time=window.text(end)
            )
            for begin, end in (FIRST, SECOND_ONE)
        ]
        for contract, renter in zip(
            self.market.contracts, ('umbrella', 'initech'), strict=True
        ):
            contract['project_id'] = renter
        self.delivering = fulfilment.Fulfilment(
            CONF, self.room, self.market, clock=self.clock
        )

    def clock(self, with_timezone=True):
        return self.now

    def point(self, what):
        """Nothing comes between two calls."""
        if not what.endswith(': done'):
            node = self.room.now('n1')
            self.seen.append((what, node.lessee, node.provision_state))

    def note(self, what):
        """Nobody reads it here."""

    def live(self):
        """Pass after pass until both lines are closed; what is wrong then."""
        for _ in range(1000):
            due = self.delivering.run(self.now)
            self.room.work()
            if all(S(line['status']) in core.CLOSED for line in self.lines):
                return list(self.wrong())
            # As the loop does; nothing else happens before something is due.
            self.now = max(self.now + SECOND, due or self.now + 10 * SECOND)
            self.renters_use_it()
        return [f'never closed: {self.lines}, {self.room.now("n1")}']

    def renters_use_it(self):
        """Who has the server deploys it, whenever it can be."""
        node = self.room.now('n1')
        if (
            node.lessee in ('umbrella', 'initech')
            and node.provision_state == 'available'
        ):
            self.room.ask('n1', 'deploy')
            self.room.serve()

    def wrong(self):
        yield from self.room.wrong
        yield from self.room.left()
        if self.room.now('n1').lessee:
            yield f"the server is {self.room.now('n1').lessee}'s"
        yield from self.sold_twice()
        yield from self.lost()

    def sold_twice(self):
        """Each renter had it in one piece, and between them nobody."""
        lessees = [new for _, _, _, new, _ in self.room.lessee_changes]
        had = [each for each in lessees if each in ('umbrella', 'initech')]
        if sorted(set(had)) != sorted(had) or had != sorted(had, reverse=True):
            yield f'the lessees were {lessees}'
        for moment, _, old, new, _ in self.room.lessee_changes:
            if old in ('umbrella', 'initech') and new != ironic.QUARANTINE:
                yield f'{old} was followed by {new}'
            if new == 'initech' and not FIRST[1] < moment:
                yield f'the next renter had it at {moment}'

    def lost(self):
        """A contract is delivered, unless Ironic was away until its deadline."""
        for line, (begin, _) in zip(self.lines, (FIRST, SECOND_ONE), strict=True):
            delivered = (line['uuid'], 'active', None) in self.market.reports
            away = self.outage.began
            excused = away and away < begin + DEADLINE and begin < away + HOUR
            if not delivered and not excused:
                yield f'never delivered: {line}'
            if not delivered and line['reason'] != R.NOT_DELIVERED:
                yield f'it does not say why: {line}'
            if delivered and line['status'] != S.ENDED:
                yield f'not ended: {line}'


def _different(seen):
    """The numbers, from 1 on, of the calls that are tried."""
    if profiles.NIGHTLY:
        return range(1, len(seen) + 1)
    steps = list(itertools.pairwise([None, *seen]))
    first = {step: number for number, step in reversed([*enumerate(steps, 1)])}
    last = {step: number for number, step in enumerate(steps, 1)}
    return sorted({*first.values(), *last.values()})


class IronicAwayTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.FakeLogger(level=logging.ERROR))
        pool = mock.patch.object(
            fulfilment.futures, 'ThreadPoolExecutor', test_hand_back.Inline
        )
        self.enterContext(pool)
        # No wait is drawn by lot, so that each run makes the same calls.
        waits = functools.partial(backoff.Backoff, draw=lambda: 0.5)
        self.enterContext(mock.patch.object(fulfilment.backoff, 'Backoff', waits))
        waits = types.SimpleNamespace(sleep=lambda seconds: None)
        self.enterContext(mock.patch.object(nap, 'time', waits))

    def test_nothing_is_lost_and_nothing_sold_twice(self):
        calm = TwoContracts()
        self.assertEqual([], calm.live())
        self.assertGreater(calm.outage.calls, 30)
        self.assertEqual(calm.outage.calls, len(calm.seen))
        found = {}
        for first in _different(calm.seen):
            for done in (False, True):
                story = TwoContracts(first, done)
                wrong = story.live()
                if wrong or story.outage.began is None:
                    found[first, done] = wrong
        self.assertEqual({}, found)

    def test_a_fulfiller_that_gives_up_when_ironic_is_away_is_found(self):
        """Planted: an hour without Ironic, and a server that is forgotten."""
        take_back = fulfilment.teardown.Teardown.take_back

        def hasty(self, node, parties, kept):
            try:
                return take_back(self, node, parties, kept)
            except exceptions.Unavailable:
                return True

        with mock.patch.object(fulfilment.teardown.Teardown, 'take_back', hasty):
            wrong = (
                each
                for first in range(1, 60)
                for each in TwoContracts(first, done=False).live()
            )
            # Found as soon as one of the outages does it.
            self.assertIn("the server is umbrella's", wrong)
