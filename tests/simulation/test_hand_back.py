# SPDX-License-Identifier: Apache-2.0
"""A renter's request before, between and after any two steps of a hand-back.

Ironic authorises a request when it is sent and does it when it has the node's lock, up
to three seconds later. Here both moments are wherever the provider asks Ironic for
something, in all combinations, with each thing that a renter may ask for.
"""

import datetime
import itertools
import logging
import types
from unittest import mock

import fixtures
from tenacity import nap
import testtools

from flocx.core import contract as core
from flocx.core import window
from provider import fulfilment
from provider import nodes
from provider import teardown
from provider import teardown_steps
from tests.simulation import ironic
from tests.unit.provider import test_fulfilment

S = core.Status
SECOND = datetime.timedelta(seconds=1)
END = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
CONF = types.SimpleNamespace(
    provider=types.SimpleNamespace(
        fulfil_interval=10,
        retry_interval=0.5,
        retry_max_interval=1,
        delivery_deadline=900,
        quarantine_project_id=ironic.QUARANTINE,
        quarantine_wait=5,
        undeploy_unclaimed=True,
        clean_steps={},
        clean_runbooks={},
        workers=1,
    )
)
#: What a renter may ask for, and the states in which the end may find the server.
ASKED = ('deploy', 'media', 'extra', 'maintenance')
STATES = ('available', 'active')


class Calm:
    """Weather without any fault; cleaning takes a second."""

    SECOND = SECOND

    def strikes(self, what):
        return False

    def below(self, number):
        return 0

    def pick(self, items):
        return items[0]


class HandBack:
    """One server whose contract is over, and what a renter asks for meanwhile.

    ``sent`` and ``done`` are the numbers of the provider's calls at which Ironic
    authorises the request, and at which it does it.
    """

    def __init__(self, what=None, sent=None, done=None, state='available'):
        self.calls, self.allowed, self.now = 0, 0, END
        self._what, self._sent, self._done = what, sent, done
        self.room = ironic.Room(self, Calm(), self.clock)
        self.room.add(nodes.Node(uuid='n1', owner='acme'))
        self.market = test_fulfilment.Market()
        self.line = self.market.add(
            S.CREATED,
            start_time=window.text(END - 100 * SECOND),
            end_time=window.text(END),
        )
        self.delivering = fulfilment.Fulfilment(
            CONF, self.room, self.market, clock=self.clock
        )
        self.delivering.run(END - 100 * SECOND)
        self.room.meddle('n1', provision_state=state)
        self.calls = self.allowed = 0

    def clock(self, with_timezone=True):
        return self.now

    # What the room asks the scheduler of the simulation for

    def point(self, what):
        self.calls += 1
        if self.room.now('n1').lessee == 'umbrella':
            self.allowed = self.calls
        if self.calls == self._sent:
            self.room.ask('n1', self._what)
        if self.calls == self._done and self.room.waiting:
            self.room.serve()

    def note(self, what):
        """Nobody reads it here."""

    def end(self):
        """Pass after pass until the line has ended; what is wrong then."""
        for _ in range(60):
            self.delivering.run(self.now)
            if self.line['status'] == S.ENDED:
                break
            self.now += SECOND
            self.room.work()
        while self.room.waiting:
            self.room.serve()
        self.now += SECOND
        self.room.work()
        if self.line['status'] != S.ENDED or self.room.now('n1').lessee:
            return [f'{self.line["status"]}: {self.room.now("n1")}']
        return self.room.wrong + self.room.left()


def everywhere(state):
    """Pairs of a combination, (what, sent, done), and what is wrong with it."""
    calm = HandBack(state=state)
    calm.end()
    # Later nothing of the renter's is authorised any more.
    sent = range(1, calm.allowed + 2)
    for what in ASKED:
        for first, last in itertools.product(sent, range(2, calm.calls + 2)):
            if first < last:
                wrong = HandBack(what, first, last, state).end()
                if wrong:
                    yield (what, first, last), wrong


class Inline:
    """What ``ThreadPoolExecutor`` is to the fulfiller, in one thread."""

    def __init__(self, max_workers):
        """One node needs no more of them."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    map = staticmethod(map)


class InterleavedTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.FakeLogger(level=logging.ERROR))
        pool = mock.patch.object(fulfilment.futures, 'ThreadPoolExecutor', Inline)
        self.enterContext(pool)
        waits = types.SimpleNamespace(sleep=lambda seconds: None)
        self.enterContext(mock.patch.object(nap, 'time', waits))

    def test_nothing_of_a_renter_outlives_their_contract(self):
        for state in STATES:
            self.assertEqual({}, dict(everywhere(state)))

    def found(self, pattern, state='available'):
        wrong = (each for _, findings in everywhere(state) for each in findings)
        self.assertTrue(any(pattern in each for each in wrong), pattern)

    def test_a_lessee_that_is_cleared_last(self):
        """Race b: a deployment waits for the lock until the lessee is cleared."""

        def take_back(self, node, parties, kept):
            if node.provision_state != 'available':
                teardown.empty(self._nodes, node)
                return False
            teardown.quiet(self._nodes, node)
            self._nodes.clear_lessee(node.uuid, parties.renter, parties.lessor)
            return True

        with mock.patch.object(teardown.Teardown, 'take_back', take_back):
            self.found('an instance')

    def test_rights_that_last_until_the_server_is_clean(self):
        """Race a: what is asked for while the server is cleaned is allowed."""
        steps = {
            key: teardown_steps.STEPS[key[0], teardown_steps.Lessee.QUARANTINE]
            for key in teardown_steps.STEPS
            if key[1] is teardown_steps.Lessee.RENTER
        }

        def release(self, node, parties, kept):
            self._nodes.clear_lessee(node.uuid, parties.renter, parties.lessor)
            return True

        done = {teardown_steps.Step.RELEASE: release}
        with (
            mock.patch.dict(teardown_steps.STEPS, steps),
            mock.patch.dict(teardown._DO, done),
        ):
            self.found('something uncleaned', 'active')

    def test_a_quarantine_that_waits_for_nothing(self):
        with mock.patch.object(CONF.provider, 'quarantine_wait', 0):
            self.found('an instance')
