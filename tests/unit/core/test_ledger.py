# SPDX-License-Identifier: Apache-2.0
"""The rules of the ledger, as properties."""

import datetime
import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import contract
from flocx.core import ledger
from flocx.core import money
from flocx.core import window
from tests.unit.core import test_bid
from tests.unit.core import test_usage

START = test_usage.START
DAY = test_usage.DAY
ACCOUNTS = ['a', 'b', 'c', ledger.OPERATOR, ledger.HOLDS]
usual = hypothesis.settings(deadline=None, derandomize=True)


def at(days):
    return START + datetime.timedelta(days=days)


def transfer(debit, credit, amount):
    held = next((each for each in (debit, credit) if each in 'abc'), 'a')
    return ledger.Transfer(
        uuid='uuid',
        type=ledger.TransferType.TRANSFER,
        debit=debit,
        credit=credit,
        amount=decimal.Decimal(amount).scaleb(-6),
        month='2027-01',
        time=START,
        holder=held if ledger.HOLDS in (debit, credit) else None,
    )


transfers = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 10**15)
    )
    .filter(lambda each: each[0] != each[1])
    .map(lambda each: transfer(*each))
)
#: Lines of up to three months, with times at which they serve.
moments = st.integers(-DAY, 90 * DAY).map(test_usage.at)
lines = st.builds(
    test_usage.line,
    price=st.integers(0, 10**9).map(lambda each: decimal.Decimal(each).scaleb(-6)),
    start_time=st.integers(0, DAY).map(test_usage.at),
    end_time=st.integers(DAY + 1, 90 * DAY).map(test_usage.at),
    extensions=st.sets(
        st.integers(DAY + 1, 90 * DAY).map(test_usage.at), max_size=2
    ).map(
        lambda starts: tuple(
            contract.Extension(each, decimal.Decimal('0.333333'))
            for each in sorted(starts)
        )
    ),
    fulfill_time=st.none() | moments,
    expire_time=st.none() | moments,
)
broken = st.lists(
    st.tuples(moments, moments)
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: window.Window(*pair)),
    max_size=4,
)


class TransferTest(unittest.TestCase):
    @usual
    @hypothesis.given(transfers)
    def test_all_accounts_together_stay_at_zero(self, made):
        changes = ledger.changes(made)
        self.assertEqual(0, sum(each.balance + each.held for each in changes.values()))
        self.assertNotIn(ledger.HOLDS, changes)

    @usual
    @hypothesis.given(transfers, transfers)
    def test_in_whatever_parts_they_are_added(self, first, second):
        whole, parts = ledger.changes([*first, *second]), {}
        for part in (first, second):
            for account, change in ledger.changes(part).items():
                known = parts.setdefault(account, ledger.Change())
                known.balance += change.balance
                known.held += change.held
        self.assertEqual(whole, parts)

    def test_accounts_are_known_by_whose_they_are(self):
        self.assertEqual(ledger.project_account('x'), ledger.project_account('x'))
        organisation = ledger.account_uuid(ledger.AccountType.ORGANISATION, 'x')
        self.assertNotEqual(ledger.project_account('x'), organisation)
        self.assertNotEqual(ledger.OPERATOR, ledger.HOLDS)

    def test_an_amount_is_something(self):
        self.assertEqual(money.QUANTUM, ledger.amount('0.000001'))
        for wrong in ('0', '-1', 'NaN', '1e400', '', '0.0000001', 1.5, None):
            with self.assertRaises(exceptions.Invalid):
                ledger.amount(wrong)


class MonthTest(unittest.TestCase):
    @usual
    @hypothesis.given(
        st.datetimes(timezones=st.just(datetime.UTC)), st.integers(0, 400)
    )
    def test_each_moment_has_one(self, moment, days):
        moment = moment.replace(year=2000 + moment.year % 7000)
        found = ledger.month(moment)
        self.assertEqual(found, ledger.parse_month(found))
        stay = ledger.month_window(found)
        self.assertTrue(stay.start <= moment < stay.end)
        later = moment + datetime.timedelta(days=days)
        those = ledger.months(moment, later)
        self.assertEqual((found, ledger.month(later)), (those[0], those[-1]))
        ends = [ledger.month_window(each).end for each in those[:-1]]
        starts = [ledger.month_window(each).start for each in those[1:]]
        self.assertEqual(ends, starts)

    def test_what_is_none(self):
        for wrong in (
            '2026',
            '2026-13',
            '2026-1',
            '26-11',
            '2026-11-01',
            '',
            '1999-12',
        ):
            with self.assertRaises(exceptions.Invalid):
                ledger.parse_month(wrong)


class HoldTest(unittest.TestCase):
    @usual
    @hypothesis.given(lines, broken, moments)
    def test_what_is_charged_never_exceeds_what_is_held(self, line, gaps, now):
        charges = ledger.charges(line, gaps, now)
        total = sum(each.used.amount for each in charges)
        self.assertLessEqual(total, ledger.most_of_line(line))
        self.assertGreaterEqual(ledger.to_hold(line), total)

    @usual
    @hypothesis.given(lines, broken)
    def test_months_add_up_to_the_whole(self, line, gaps):
        now = at(200)
        charges = ledger.charges(line, gaps, now)
        whole = test_usage.usage.of_line(
            line, gaps, window.Window(at(-2), at(200)), now
        )
        self.assertEqual(
            sum(each.amount for each in whole), sum(c.used.amount for c in charges)
        )
        for month in {each.period for each in charges}:
            self.assertEqual(
                [each for each in charges if each.period == month],
                ledger.charges(line, gaps, now, month),
            )

    @usual
    @hypothesis.given(
        st.integers(1, 50), st.integers(1, 10**6), st.integers(0, 10**9), st.data()
    )
    def test_a_bid_holds_enough_for_any_contract(self, many, seconds, price, data):
        ceiling = decimal.Decimal(price).scaleb(-6)
        bid = test_bid.bid(
            quantity=many,
            price=ceiling,
            duration=seconds,
            end_time=test_bid.bid().start_time + datetime.timedelta(seconds=seconds),
        )
        paid = [data.draw(st.integers(0, price)) for _ in range(many)]
        cost = sum(
            money.amount(decimal.Decimal(each).scaleb(-6), seconds) for each in paid
        )
        self.assertGreaterEqual(ledger.most_of_bid(bid), cost)

    def test_the_notice_of_what_was_cancelled(self):
        line = test_usage.line(
            status=contract.Status.CANCELLED,
            start_time=at(40),
            end_time=at(41),
            fulfill_time=None,
            expire_time=at(3),
            notice_seconds=3600,
        )
        (charge,) = ledger.charges(line, (), at(3))
        self.assertEqual(('2027-01', line.price), (charge.period, charge.used.amount))

    def test_what_was_charged_is_held_no_more(self):
        most = ledger.most_of_line(test_usage.line())
        line = test_usage.line(charged=decimal.Decimal(1))
        self.assertEqual(most - 1, ledger.to_hold(line))
        self.assertEqual(0, ledger.to_hold(test_usage.line(charged=most + 1)))


class GrantTest(unittest.TestCase):
    @usual
    @hypothesis.given(*(st.decimals(-100, 100, places=6) for _ in range(3)))
    def test_no_more_lapses_than_was_granted_or_is_there(self, granted, spent, balance):
        lapses = ledger.lapsing(abs(granted), spent, balance)
        self.assertGreaterEqual(lapses, 0)
        self.assertLessEqual(lapses, abs(granted))
        self.assertLessEqual(lapses, max(balance, 0))

    def test_what_is_spent_is_spent_of_what_would_lapse(self):
        ten = decimal.Decimal(10)
        self.assertEqual(
            6, ledger.lapsing(ten, decimal.Decimal(4), decimal.Decimal(99))
        )
        self.assertEqual(0, ledger.lapsing(ten, decimal.Decimal(14), ten))

    def test_levels(self):
        def level(balance, overdraft=0, low=5):
            account = ledger.Account(
                uuid='u',
                type=ledger.AccountType.PROJECT,
                project_id='p',
                balance=decimal.Decimal(balance),
                overdraft=decimal.Decimal(overdraft),
                created_at=START,
                updated_at=START,
            )
            return ledger.level(account, decimal.Decimal(low))

        self.assertEqual('exhausted', level(0))
        self.assertEqual('low', level(0, 1))
        self.assertEqual('exhausted', level(-1, 1))
        self.assertIsNone(level(5))
        self.assertEqual('low', level('4.999999'))
