# SPDX-License-Identifier: Apache-2.0
"""What interruptible contracts keep, and what firm bids may have."""

import dataclasses
import datetime
import decimal
import unittest

from flocx.core import contract
from flocx.core import reclaim
from flocx.core import tenure
from flocx.core import window
from tests.unit.core import test_contract

NOON = test_contract.NOON


def after(minutes):
    return NOON + datetime.timedelta(minutes=minutes)


def rented(start, end, notice=30, gap=5):
    return tenure.Tenure(
        line_uuid='line',
        contract_uuid='contract',
        start_time=after(start),
        end_time=after(end),
        notice=datetime.timedelta(minutes=notice, seconds=-1),
        gap=datetime.timedelta(minutes=gap),
        ceiling=decimal.Decimal(2),
    )


class TenureTest(unittest.TestCase):
    def test_what_runs_keeps_the_notice(self):
        one = rented(-60, 120)
        self.assertEqual(after(30), one.least_end(NOON))
        self.assertEqual(window.Window(after(-65), after(35)), one.kept(NOON))
        self.assertEqual(window.Window(after(-65), after(125)), one.held)

    def test_what_is_over_before_its_notice_keeps_all(self):
        self.assertEqual(after(20), rented(-60, 20).least_end(NOON))

    def test_what_begins_after_the_notice_keeps_nothing(self):
        one = rented(40, 120)
        self.assertIsNone(one.kept(NOON))
        self.assertEqual(one.start_time, one.least_end(NOON))

    def test_it_ends_no_earlier_than_it_has_to(self):
        one = rented(-60, 120)
        for start, end, wanted in (
            (35, 60, 30),
            (90, 200, 85),
            (124, 200, 119),
            (125, 200, None),
        ):
            stay = window.Window(after(start), after(end))
            found = one.end_before(stay, NOON)
            self.assertEqual(wanted and after(wanted), found)
        later = rented(60, 120)
        before = window.Window(after(0), after(55))
        self.assertIsNone(later.end_before(before, NOON))
        into = window.Window(after(0), after(56))
        self.assertEqual(after(60), later.end_before(into, NOON))


class LeavingTest(unittest.TestCase):
    def line(self, **values):
        (one,) = test_contract.draft('1').lines
        return dataclasses.replace(one, **values)

    def test_a_deadline_alone_says_that_it_was_displaced(self):
        one = self.line()
        self.assertIsNone(one.leaving)
        now = one.start_time
        until = now + datetime.timedelta(minutes=5)
        for reason in (contract.Reason.RECLAIMED, contract.Reason.DISPLACED):
            changes = reclaim.changes(one, now, until, reason)
            self.assertEqual(until, changes['end_time'])
            self.assertEqual(reason, changes['reason'])
            self.assertEqual(reason, dataclasses.replace(one, **changes).leaving)
