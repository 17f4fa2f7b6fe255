# SPDX-License-Identifier: Apache-2.0
"""What a reclaim changes, and what it comes to: to the second and to the last digit."""

import dataclasses
import datetime
import decimal
import itertools
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import bid
from flocx.core import contract
from flocx.core import money
from flocx.core import reclaim
from flocx.core import usage
from flocx.core import window
from tests.unit.core import test_bid
from tests.unit.core import test_contract

NOON = test_contract.NOON
_S = contract.Status
_NOTICES = st.none() | st.integers(0, 10)


def seconds(number):
    return datetime.timedelta(seconds=number)


def line(status=_S.ACTIVE, **values):
    (one,) = test_contract.draft('1.333333').lines
    return dataclasses.replace(one, status=status, reclaim_notice=600, **values)


def reclaimed(one, now):
    """``one`` as it is once its owner has reclaimed it, if that changes anything."""
    changes = reclaim.changes(one, now, reclaim.deadline(one, now))
    return dataclasses.replace(one, **(changes or {}))


def billed(one, now):
    """(seconds, amount) of all of the line's time until ``now``."""
    period = window.Window(NOON - seconds(86400), NOON + seconds(86400 * 30))
    found = usage.of_line(one, (), period, now)
    return sum(each.served for each in found), sum(each.amount for each in found)


class AcceptsTest(unittest.TestCase):
    @hypothesis.given(_NOTICES, _NOTICES)
    def test_never_is_longer_than_any_notice(self, least, notice):
        never = 11
        wanted, given = (never if each is None else each for each in (least, notice))
        self.assertEqual(given >= wanted, bid.accepts(least, notice))
        placed = test_bid.bid(min_reclaim_notice=least)
        self.assertEqual(given >= wanted, placed.accepts(notice))


class DeadlineTest(unittest.TestCase):
    @hypothesis.given(
        st.timedeltas(-10000 * seconds(86400), 10000 * seconds(86400)),
        st.integers(0, reclaim.MAX_NOTICE),
    )
    def test_it_is_never_early_and_less_than_a_second_late(self, since_noon, notice):
        now = NOON + since_noon
        one = dataclasses.replace(line(), reclaim_notice=notice)
        late = reclaim.deadline(one, now) - (now + seconds(notice))
        self.assertTrue(seconds(0) < late <= seconds(1))

    def test_what_is_never_reclaimed(self):
        one = dataclasses.replace(line(), reclaim_notice=None)
        with self.assertRaises(exceptions.Conflict) as caught:
            reclaim.deadline(one, NOON)
        self.assertEqual('flocx.conflict.not_reclaimable', caught.exception.code)


class ChangesTest(unittest.TestCase):
    @hypothesis.given(st.lists(st.integers(0, 3600), min_size=2, max_size=5))
    def test_an_owner_who_asks_again_changes_nothing(self, moments):
        one, deadlines = line(fulfill_time=NOON), set()
        for moment in moments:
            one = reclaimed(one, NOON + seconds(moment))
            if one.reclaim_deadline:
                deadlines.add((one.reclaim_deadline, one.end_time))
        self.assertLessEqual(len(deadlines), 1)

    def test_in_every_status(self):
        for status in contract.Status:
            done = reclaimed(line(status), NOON)
            self.assertEqual(
                status in reclaim.RECLAIMABLE, done.reclaim_deadline is not None
            )

    def test_what_would_begin_later_is_cancelled(self):
        one = line(_S.CREATED)
        for early, status in ((602, _S.CANCELLED), (601, _S.CANCELLED)):
            done = reclaimed(one, NOON - seconds(early))
            self.assertEqual((status, one.end_time), (done.status, done.end_time))
            self.assertEqual(
                [],
                usage.of_line(
                    done, (), window.days(window.Window(NOON, NOON + seconds(1))), NOON
                ),
            )
        done = reclaimed(one, NOON - seconds(600))
        self.assertEqual((_S.CREATED, NOON + seconds(1)), (done.status, done.end_time))

    def test_why_not(self):
        ended = line(_S.ENDED)
        self.assertIn('is ended', reclaim.why_not(ended, NOON))
        self.assertIn('before the notice is over', reclaim.why_not(line(), NOON))
        self.assertIsNone(reclaim.changes(line(), NOON, line().end_time))


class BillTest(unittest.TestCase):
    @hypothesis.given(
        st.integers(0, 3599),
        st.integers(0, 600),
        st.integers(0, 7200),
        st.integers(0, 999999),
    )
    def test_it_is_to_the_deadline_and_not_after(self, asked, late, seen, micro):
        given = NOON + seconds(late)
        asked = NOON + seconds(asked) + datetime.timedelta(microseconds=micro)
        one = reclaimed(line(fulfill_time=given), asked)
        until = min(NOON + seconds(3600), reclaim.deadline(one, asked))
        for now in (NOON + seconds(seen), NOON + seconds(86400)):
            served = max(0, int((min(until, now) - given).total_seconds()))
            self.assertEqual(
                (served, money.amount(one.price, served)), billed(one, now)
            )

    @hypothesis.given(st.integers(0, 3000), st.integers(0, 600))
    def test_who_leaves_earlier_pays_what_they_had(self, asked, stayed):
        asked = NOON + seconds(asked)
        one = reclaimed(line(fulfill_time=NOON), asked)
        left = min(asked + seconds(stayed), one.end_time)
        hypothesis.assume(left > NOON)
        self.assertEqual(
            one.reclaim_deadline is not None, reclaim.is_free_to_leave(one, asked)
        )
        one = dataclasses.replace(one, end_time=left)
        had = int((left - NOON).total_seconds())
        self.assertEqual(
            (had, money.amount(one.price, had)), billed(one, NOON + seconds(86400))
        )


class LeavingTest(unittest.TestCase):
    def test_what_has_not_begun_in_the_place_of_something_else(self):
        for rule, before in itertools.product(
            (contract.REPLACEMENT, contract.CLAIM), (0, 1)
        ):
            one = line(_S.CREATED, price_rule=rule)
            self.assertEqual(
                rule == contract.REPLACEMENT and before == 1,
                reclaim.is_free_to_leave(one, NOON - seconds(before)),
            )
        self.assertEqual(decimal.Decimal('1.333333'), line().price)
