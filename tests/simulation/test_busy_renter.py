# SPDX-License-Identifier: Apache-2.0
"""A renter who keeps the server busy in a loop delays its hand-back only so long.

Ironic changes no lessee while a conductor works on a node, and a renter may give it the
next thing to do as soon as it has done the last. In between there is a moment; whoever
asks first has it. Time is that of the model: a call to Ironic takes some of it, so do
deploying and cleaning, and the renter answers faster than anybody could by hand.
"""

import datetime
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
from tests import profiles
from tests.simulation import ironic
from tests.simulation import storm
from tests.simulation import test_hand_back
from tests.simulation import test_ironic_away
from tests.unit.provider import test_fulfilment

S = core.Status
END = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)
#: Seconds: what a call to Ironic takes, and within which a renter asks again.
CALL, REACTION = 0.02, (0.02, 0.1)
#: Seconds of a deployment and of a cleaning, while nobody may interrupt.
WORK = (1, 20, 120)
SEEDS = profiles.number('FLOCX_SIMULATION_SEEDS', 20, 400, quick=8)
#: What a renter may add to a hand-back, as the page on it says: so many times what the
#: conductor is doing, and so many seconds.
TIMES, SECONDS = 10, 60


class Slow(test_hand_back.Calm):
    """Whatever a conductor does takes so many seconds."""

    def __init__(self, work):
        self._work = work

    def pick(self, items):
        return self._work


class HandBack:
    """One server whose contract is over, and a renter who does not let go of it.

    :param busy: whether the renter does anything at all.
    """

    def __init__(self, seed, work, busy=True):
        self.now, self._draw, self._busy = END, storm.Storm(seed).draw, busy
        self._next = END - SECOND
        self.room = ironic.Room(self, Slow(work), self.clock)
        self.room.add(nodes.Node(uuid='n1', owner='acme'))
        self.market = test_fulfilment.Market()
        begin = END - 1000 * SECOND
        self.line = self.market.add(
            S.CREATED, start_time=window.text(begin), end_time=window.text(END)
        )
        self.delivering = fulfilment.Fulfilment(
            test_ironic_away.CONF, self.room, self.market, clock=self.clock
        )
        self.now, self._quiet = begin, True
        self.delivering.run(begin)
        # When the end comes the conductor has just begun to deploy it.
        self.now, self._quiet = END, False
        self.room.ask('n1', 'deploy')
        self.room.serve()

    def _reaction(self):
        least, most = REACTION
        return least + (most - least) * self._draw()

    def clock(self, with_timezone=True):
        return self.now

    def point(self, what):
        if not self._quiet:
            self.advance(CALL / 2)

    def note(self, what):
        """Nobody reads it here."""

    def advance(self, seconds):
        """Let time pass, and the renter do what they do in it."""
        until = self.now + seconds * SECOND
        while self.now < until:
            soon = [each for each in self.room.moments() if each > self.now]
            if self._busy:
                soon.append(max(self._next, self.now))
            self.now = min([until, *soon])
            self.room.work()
            if self._busy and self.now >= self._next:
                self._next = self.now + self._reaction() * SECOND
                self.ask()

    def ask(self):
        """The next thing in the loop, whatever it is that the server is in."""
        node = self.room.now('n1')
        if node.maintenance:
            self.room.ask('n1', 'maintenance')
        elif node.provision_state == 'available':
            self.room.ask('n1', 'deploy')
        elif node.provision_state == 'active':
            self.room.ask('n1', 'undeploy')
        if self.room.waiting:
            self.room.serve()

    def delay(self):
        """Seconds from the end until the server is back."""
        for _ in range(100000):
            due = self.delivering.run(self.now)
            if self.line['status'] == S.ENDED:
                return (self.now - END).total_seconds()
            self.advance(max(((due or self.now) - self.now).total_seconds(), 0.05))
        raise AssertionError(self.room.now('n1'))


class BusyRenterTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.FakeLogger(level=logging.ERROR))
        pool = mock.patch.object(
            fulfilment.futures, 'ThreadPoolExecutor', test_hand_back.Inline
        )
        self.enterContext(pool)

    def delays(self, work, seeds, busy=True):
        """Seconds until the server was back, for each seed."""
        found = []
        for seed in range(seeds):
            story = HandBack(seed, work, busy)
            waits = types.SimpleNamespace(sleep=story.advance)
            with mock.patch.object(nap, 'time', waits):
                found.append(story.delay())
            self.assertEqual([], story.room.wrong + story.room.left())
        return found

    def test_a_loop_delays_a_hand_back_by_no_more_than_is_written_down(self):
        found = []
        for work in WORK:
            (alone,) = self.delays(work, 1, busy=False)
            found.append(max(self.delays(work, SEEDS)) - alone)
            self.assertLessEqual(found[-1], TIMES * work + SECONDS)
        # Who is busy does delay it, now and then.
        self.assertLess(0, max(found))
