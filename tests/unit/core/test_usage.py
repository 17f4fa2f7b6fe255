# SPDX-License-Identifier: Apache-2.0
"""Time served and what it costs, as properties."""

import dataclasses
import datetime
import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx.core import contract
from flocx.core import money
from flocx.core import usage
from flocx.core import window

START = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
DAY = 86400


def at(seconds):
    return START + datetime.timedelta(seconds=seconds)


def line(**values):
    return contract.Line(
        **{
            'uuid': 'line',
            'contract_uuid': 'contract',
            'offer_uuid': 'offer',
            'owner_id': 'owner',
            'provider_id': 'provider',
            'resource_type': 'node',
            'resource_uuid': 'server',
            'project_id': 'renter',
            'start_time': at(0),
            'end_time': at(DAY),
            'price': decimal.Decimal('1.234567'),
            'status': contract.Status.ACTIVE,
            'fulfill_time': at(0),
            **values,
        }
    )


#: Moments with parts of a second, as clocks give them.
moments = st.integers(-1000, DAY * 1000 + 10**6).map(lambda milli: at(milli / 1000))
windows = st.tuples(moments, moments).filter(lambda pair: pair[0] < pair[1])
lines = st.builds(
    line,
    extensions=st.sets(st.integers(1, DAY - 1).map(at), max_size=2).map(
        lambda starts: tuple(
            contract.Extension(each, decimal.Decimal(7)) for each in sorted(starts)
        )
    ),
    fulfill_time=st.none() | moments,
    expire_time=st.none() | moments,
)


def total(name, found):
    return sum(getattr(each, name) for each in found)


class UsageTest(unittest.TestCase):
    @hypothesis.settings(deadline=None, derandomize=True)
    @hypothesis.given(
        lines, st.lists(windows, max_size=4), st.lists(moments, max_size=4), moments
    )
    def test_periods_add_up_to_the_whole(self, billed, broken, cuts, now):
        broken = [window.Window(*pair) for pair in broken]
        edges = [at(-10), *sorted(set(cuts)), at(DAY + 2000)]
        whole = usage.of_line(billed, broken, window.Window(edges[0], edges[-1]), now)
        parts = [
            usage.of_line(billed, broken, window.Window(low, high), now)
            for low, high in zip(edges, edges[1:], strict=False)
        ]
        for name in ('served', 'missed', 'amount'):
            self.assertEqual(total(name, whole), sum(total(name, one) for one in parts))

    @hypothesis.settings(deadline=None, derandomize=True)
    @hypothesis.given(lines, st.lists(windows, max_size=4), moments)
    def test_served_and_missed_are_what_was_promised_until_now(
        self, billed, broken, now
    ):
        broken = [window.Window(*pair) for pair in broken]
        found = usage.of_line(billed, broken, window.Window(at(-10), at(2 * DAY)), now)
        promised = min(DAY, max(0, int((now - START).total_seconds())))
        self.assertEqual(promised, total('served', found) + total('missed', found))
        for each in found:
            self.assertGreaterEqual(each.served, 0)
            self.assertEqual(money.amount(each.price, each.served), each.amount)

    def test_less_than_a_second_of_interruption_is_none(self):
        broken = [window.Window(at(10.2), at(10.9))]
        period = window.Window(at(0), at(DAY))
        (found,) = usage.of_line(line(), broken, period, at(DAY))
        self.assertEqual(DAY, found.served)

    def test_what_was_cancelled_or_lies_elsewhere_is_nothing(self):
        period = window.Window(at(0), at(DAY))
        cancelled = line(status=contract.Status.CANCELLED)
        elsewhere = line(start_time=at(2 * DAY), end_time=at(3 * DAY))
        for billed in (cancelled, elsewhere):
            self.assertEqual([], usage.of_line(billed, (), period, at(9 * DAY)))

    def test_each_price_of_a_line_is_billed_for_its_own_time(self):
        extended = line(
            extensions=(
                contract.Extension(at(3600), decimal.Decimal(50)),
                contract.Extension(at(7200), decimal.Decimal(7)),
            ),
            end_time=at(9000),
        )
        found = usage.of_line(extended, (), window.Window(at(1800), at(DAY)), at(DAY))
        self.assertEqual(
            # All of that hour cost 1.234567, of which 0.617284 for its first half.
            [('0.617283', 1800), ('50.000000', 3600), ('3.500000', 1800)],
            [(money.text(each.amount), each.served) for each in found],
        )

    def test_what_was_not_reached_yet_comes_to_nothing(self):
        period = window.Window(at(0), at(DAY))
        (found,) = usage.of_line(line(), (), period, at(-1))
        self.assertEqual((0, 0, 0, 0), (found.served, found.missed, found.notice, 0))
        self.assertEqual(decimal.Decimal(0), found.amount)

    def test_the_notice_is_billed_when_the_line_was_cancelled(self):
        cancelled = line(
            status=contract.Status.CANCELLED,
            start_time=at(DAY),
            end_time=at(2 * DAY),
            extensions=(contract.Extension(at(DAY + 600), decimal.Decimal(50)),),
            fulfill_time=None,
            expire_time=at(100),
            notice_seconds=900,
        )
        (first, second) = usage.of_line(
            cancelled, (), window.Window(at(100), at(200)), at(200)
        )
        self.assertEqual((600, 300), (first.notice, second.notice))
        self.assertEqual(money.amount(line().price, 600), first.amount)
        self.assertEqual(decimal.Decimal('4.166667'), second.amount)
        short = dataclasses.replace(cancelled, notice_seconds=60)
        (only,) = usage.of_line(short, (), window.Window(at(100), at(200)), at(200))
        self.assertEqual(60, only.notice)
        for period in ((0, 100), (101, 200), (DAY, 2 * DAY)):
            elsewhere = window.Window(*map(at, period))
            self.assertEqual([], usage.of_line(cancelled, (), elsewhere, at(9 * DAY)))
