# SPDX-License-Identifier: Apache-2.0
import datetime
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx.core import standing_demand
from flocx.core import window

NOON = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def at(hours):
    return NOON + hours * HOUR


def lacking(taken, quantity=1, latest=2, length=10, until=100, least=1):
    found = standing_demand.lacking(
        [window.Window(at(start), at(end)) for start, end in taken],
        quantity,
        NOON,
        at(latest),
        length * HOUR,
        least * HOUR,
        at(until),
    )
    return found and ((found.start - NOON) / HOUR, (found.end - NOON) / HOUR)


class LackingTest(unittest.TestCase):
    def test_what_is_bought_next(self):
        for taken, terms, expected in (
            ([], {}, (0, 10)),
            ([(0, 5)], {}, None),
            ([(0, 2)], {}, (2, 12)),
            ([(0, 2), (2, 9)], {}, None),
            ([(0, 5)], {'quantity': 2}, (0, 10)),
            # What begins later has been bought: the gap alone is.
            ([(4, 9)], {}, (0, 4)),
            ([(4, 9)], {'least': 5}, None),
            ([(0, 1), (4, 9)], {'quantity': 2}, (0, 10)),
            ([(0, 1), (4, 9), (5, 9)], {'quantity': 2}, (0, 5)),
            ([], {'until': 3}, (0, 3)),
            ([(0, 2)], {'until': 2}, None),
            ([], {'until': 0}, None),
            # What it has too many of is not bought, and nothing is given back.
            ([(0, 1), (0, 1)], {}, (1, 11)),
        ):
            with self.subTest(taken=taken, terms=terms):
                self.assertEqual(expected, lacking(taken, **terms))

    @hypothesis.given(
        st.lists(st.tuples(st.integers(-3, 8), st.integers(1, 6)), max_size=6),
        st.integers(1, 3),
        st.integers(1, 8),
    )
    def test_never_more_and_nothing_is_left_out(self, pairs, quantity, length):
        taken = [(start, start + long) for start, long in pairs]

        def held(hour):
            return sum(start <= hour < end for start, end in taken)

        before = [held(hour) for hour in range(30)]
        while found := lacking(taken, quantity, length=length):
            taken.append(found)
        for hour, had in enumerate(before):
            self.assertLessEqual(held(hour), max(quantity, had))
        self.assertTrue(all(held(hour) >= quantity for hour in range(3)))
