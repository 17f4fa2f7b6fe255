# SPDX-License-Identifier: Apache-2.0
"""Time served and what it costs, as properties."""

import datetime
import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx.core import contract
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
    fulfill_time=st.none() | moments,
    expire_time=st.none() | moments,
)


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
        self.assertEqual(whole.served, sum(each.served for each in parts))
        self.assertEqual(whole.missed, sum(each.missed for each in parts))

    @hypothesis.settings(deadline=None, derandomize=True)
    @hypothesis.given(lines, st.lists(windows, max_size=4), moments)
    def test_served_and_missed_are_what_was_promised_until_now(
        self, billed, broken, now
    ):
        broken = [window.Window(*pair) for pair in broken]
        found = usage.of_line(billed, broken, window.Window(at(-10), at(2 * DAY)), now)
        promised = min(DAY, max(0, int((now - START).total_seconds())))
        self.assertEqual(promised, found.served + found.missed)
        self.assertGreaterEqual(found.served, 0)

    def test_less_than_a_second_of_interruption_is_none(self):
        broken = [window.Window(at(10.2), at(10.9))]
        period = window.Window(at(0), at(DAY))
        self.assertEqual(DAY, usage.of_line(line(), broken, period, at(DAY)).served)

    def test_what_was_cancelled_or_lies_elsewhere_is_nothing(self):
        period = window.Window(at(0), at(DAY))
        cancelled = line(status=contract.Status.CANCELLED)
        elsewhere = line(start_time=at(2 * DAY), end_time=at(3 * DAY))
        for billed in (cancelled, elsewhere):
            self.assertEqual(
                usage.Usage(0, 0, decimal.Decimal(0)),
                usage.of_line(billed, (), period, at(9 * DAY)),
            )
