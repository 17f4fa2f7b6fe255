# SPDX-License-Identifier: Apache-2.0
"""Worlds of many seeds hold, a seed comes back, and what is broken is found.

``FLOCX_SIMULATION_SEEDS`` is how many worlds there are, ``FLOCX_SIMULATION_FIRST``
the first of their seeds.
"""

import dataclasses
import decimal
import hashlib
import itertools
import os
import subprocess
import sys
import time
from unittest import mock

import testtools

from flocx.core import bid
from flocx.core import blocks
from flocx.core import contract as contract_core
from flocx.core import ledger as ledger_core
from flocx.core import money
from flocx.core import reclaim
from flocx.core import tenure
from flocx.core import window
from market import displacements
from market.api import transaction
from market.db import budgets
from market.db import contracts
from market.db import events
from market.db import ledger
from market.db import maintenances
from market.db import offers
from matcher import drafts
from matcher.mechanisms import immediate
from matcher.mechanisms import second_price
from provider import fulfilment
from provider import offered_hardware
from tests import profiles
from tests.simulation import changes
from tests.simulation import world

SEEDS = profiles.number('FLOCX_SIMULATION_SEEDS', 80, 2000, quick=32)
FIRST = profiles.number('FLOCX_SIMULATION_FIRST', 1, 1)

#: So many parts, each a test, are shared out among the processor's cores.
PARTS = 16

#: In at most so many worlds a fault that was planted has to be seen.
ENOUGH = 150


class Seeds(testtools.TestCase):
    """What the tests of a part of the seeds have in common."""

    def live(self, part):
        failed = {}
        for seed in range(FIRST + part, FIRST + SEEDS, PARTS):
            wrong = world.World(seed).run()
            if wrong:
                failed[seed] = wrong
        self.assertEqual({}, failed, 'python -m tests.simulation --seed N --trace')


def _part(number):
    return lambda self: self.live(number)


for _number in range(PARTS):
    setattr(Seeds, f'test_part_{_number}', _part(_number))


class ReplayTest(testtools.TestCase):
    def test_a_seed_comes_back_exactly(self):
        """Whatever has lived in the process before, and however a set is read."""
        first, many = 4, 3
        hashing = '2' if os.environ.get('PYTHONHASHSEED') == '1' else '1'
        told = subprocess.run(
            [sys.executable, '-m', 'tests.simulation', '--trace']
            + ['--seed', str(first), '--seeds', str(many)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, 'PYTHONHASHSEED': hashing},
        ).stdout.splitlines()
        lives = []
        for seed in reversed(range(first, first + many)):
            lived = world.World(seed)
            lived.run()
            self.assertGreater(len(lived.tasks.trace), 300)
            lives.insert(0, lived.tasks.trace)
        # The last line says how long all of it took.
        self.assertEqual([entry for life in lives for entry in life], told[:-1])

    def test_it_does_however_slow_the_machine_is(self):
        """A day passes whenever the wall clock is looked at."""
        traces = []
        # With days a round would clear all of the market instead of what has changed.
        for seconds in (0.000001, 86400):
            clock = itertools.count(0, seconds)
            with mock.patch.object(time, 'monotonic', clock.__next__):
                lived = world.World(12)
                lived.run()
            traces.append(lived.tasks.trace)
        self.assertEqual(*traces)

    def test_other_seeds_are_other_worlds(self):
        lives = set()
        for seed in range(1, 5):
            lived = world.World(seed)
            lived.run()
            trace = '\n'.join(lived.tasks.trace)
            lives.add(hashlib.sha256(trace.encode()).hexdigest())
        self.assertEqual(4, len(lives))


def displaced_at_once(line, now, until, soonest):
    """As the market does it, but for whether the notice is over by then."""
    return reclaim.changes(line, now, until, contract_core.Reason.DISPLACED)


class PlantedTest(testtools.TestCase):
    """Faults of the kinds that all of this is for; each has to be found.

    Each search begins at a seed that has found its fault, to spare worlds that do not;
    where a change of the code has moved the fault, it goes on to others.
    """

    def found(self, pattern, target, name, broken, first):
        with mock.patch.object(target, name, broken):
            for seed in range(first, first + ENOUGH):
                wrong = world.World(seed).run()
                if any(pattern in entry for entry in wrong):
                    return
        self.fail(f'{pattern}: not seen in {ENOUGH} worlds')

    def test_a_price_above_the_ceiling(self):
        def rates(award, more):
            return (award.bid.price + money.QUANTUM,) * len(award.offers)

        self.found('is not in', second_price, 'shared', rates, 4)

    def test_an_engine_that_believes_in_messages(self):
        def nothing(session, last, limit):
            return []

        self.found('servers are free', events, 'objects', nothing, 19)

    def test_a_round_that_writes_whatever_has_changed(self):
        def unseen(contract, bid, generations, offered, waiting):
            return None

        self.found('its time was sold already', contracts, '_refused', unseen, 285)

    def test_an_alternative_that_nobody_asked_for(self):
        """A round writes down of one alternative that it was another."""
        options = bid.Bid.options.fget

        def mixed(self):
            own, *others = options(self)
            numbers = [each.alternative for each in others]
            return own, *(
                dataclasses.replace(each, alternative=number)
                for each, number in zip(others, reversed(numbers), strict=True)
            )

        with mock.patch.object(changes, 'FLEXIBLE', 1):
            self.found('not the time', bid.Bid, 'options', property(mixed), 14)

    def test_a_part_that_is_left_out(self):
        spaced = drafts.spaced

        def first(*given):
            return (awarded[:1] for awarded in spaced(*given))

        with mock.patch.object(changes, 'BUNDLED', 1):
            self.found('0 servers of part 1', drafts, 'spaced', first, 10)

    def test_a_claim_of_a_part_of_a_block(self):
        with mock.patch.object(changes, 'BLOCKED', 1):
            self.found('1 of 2', blocks, 'require_whole', lambda *_: None, 4)

    def test_who_is_displaced_at_once(self):
        with (
            mock.patch.object(changes, 'INTERRUPTIBLE', 1),
            mock.patch.object(tenure.Tenure, '_deadline', lambda _, now: now),
        ):
            self.found('notice of', displacements, '_changes', displaced_at_once, 2)

    def test_servers_that_are_not_together(self):
        with mock.patch.object(changes, 'FLEXIBLE', 1):
            self.found('not together', bid, 'group_of', lambda *_: '16', 8)

    def test_parts_that_are_not_together(self):
        with mock.patch.object(changes, 'BUNDLED', 1):
            self.found('not together', bid, 'group_of', lambda *_: '16', 7)

    def test_parts_that_are_not_apart(self):
        with mock.patch.object(changes, 'BUNDLED', 1):
            self.found('not apart', immediate, '_spread', lambda *given: given[-1], 129)

    def test_servers_that_are_not_apart(self):
        with mock.patch.object(changes, 'FLEXIBLE', 1):
            self.found('not apart', immediate, '_spread', lambda *given: given[-1], 71)

    def test_an_owner_who_takes_back_at_once(self):
        def at_once(line, now):
            return window.through(now)

        self.found('with a notice of', reclaim, 'deadline', at_once, 7)

    def test_an_outage_that_begins_at_once(self):
        with mock.patch.dict(changes.WORLDS, outages=1):
            self.found('announced', maintenances, '_require_notice', lambda *_: None, 3)

    def test_an_outage_that_is_billed(self):
        with mock.patch.dict(changes.WORLDS, outages=1):
            self.found(
                'is billed for it', maintenances, '_overlapping', lambda *_: [], 7
            )

    def test_hardware_that_nobody_compares(self):
        with mock.patch.dict(changes.WORLDS, hardware=1):
            self.found(
                'not what was asked for',
                offered_hardware.OfferedHardware,
                'refresh',
                lambda *_: False,
                37,
            )

    def test_a_bid_that_gets_what_is_reclaimed_sooner_than_it_agreed_to(self):
        self.found('sooner than', bid, 'accepts', lambda least, notice: True, 19)

    def test_a_key_that_is_not_looked_at(self):
        self.found('objects of one request', transaction, 'key', lambda: None, 78)

    def test_time_that_is_free_while_the_server_is_waited_for(self):
        open_ = {contract_core.Status.CREATED, contract_core.Status.ACTIVE}
        # Its statement is made once and kept.
        anew = mock.patch.object(offers, '_held', offers._held.__wrapped__)
        self.enterContext(anew)
        self.found('its time was sold already', contract_core, 'OPEN', open_, 152)

    def test_a_fulfiller_that_reports_before_it_has_done(self):
        finish = fulfilment.Fulfilment._finish

        def hastily(self, contract, line, now):
            self._report(contract, line, contract_core.Status.ENDED)
            return finish(self, contract, line, now)

        self.found('has no contract', fulfilment.Fulfilment, '_finish', hastily, 2)

    def test_a_bill_that_cuts_off_the_last_digit(self):
        def amount(rate, seconds):
            exact = rate * seconds / money.SECONDS_PER_HOUR
            return exact.quantize(money.QUANTUM, decimal.ROUND_DOWN)

        self.found('usage of', money, 'amount', amount, 20)

    def test_a_budget_that_two_engines_and_a_claim_overspend(self):
        careless = dict.fromkeys(ledger._CHANGE, ledger._CHANGE[False])
        self.found('beyond its limit', ledger, '_CHANGE', careless, 8)

    def test_a_hold_that_is_left_behind(self):
        hold = budgets._line_hold

        def kept(line, more, now, within_limit=False):
            return hold(line, max(more, 0), now, within_limit)

        self.found('holds 0, booked', budgets, '_line_hold', kept, 2)

    def test_a_line_that_is_paid_as_agreed_and_not_as_served(self):
        def charges(line, interruptions, now, only=None):
            return [
                ledger_core.Charge(each.period, agreed(line, each.used))
                for each in due(line, interruptions, now, only)
            ]

        def agreed(line, used):
            return dataclasses.replace(used, amount=ledger_core.most_of_line(line))

        due = ledger_core.charges
        self.found('booked', ledger_core, 'charges', charges, 10)
