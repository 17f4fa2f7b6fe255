# SPDX-License-Identifier: Apache-2.0
"""What stays free between two contracts follows from the hand-backs of late."""

import datetime
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx.core import turnaround as core

_TAKEN = st.lists(st.integers(0, 10**6), min_size=core.FEWEST, max_size=core.KEPT)


def learned(taken, least=0, most=10**9):
    return core.learned(least, most, {'gpu': taken})


class LearnedTest(unittest.TestCase):
    def test_by_example(self):
        for taken, expected in (
            ([5, 5, 5], 5),
            ([10, 20, 30, 9999], 30),
            ([600, 612, 607, 605], 610),
            ([5230, 5230, 5230], 5300),
            ([0, 0, 0], 0),
            ([100], 0),
            ([100, 100], 0),
        ):
            self.assertEqual(expected, learned(taken).seconds('gpu'), taken)

    @hypothesis.given(_TAKEN)
    def test_three_in_four_do_not_take_longer(self, taken):
        found = learned(taken).seconds('gpu')
        self.assertGreaterEqual(
            sum(each <= found for each in taken), 3 * len(taken) / 4
        )
        self.assertLessEqual(found, 1.1 * max(taken) + 1)

    @hypothesis.given(_TAKEN, st.integers(0, 5000), st.integers(0, 5000))
    def test_it_keeps_to_its_bounds(self, taken, least, most):
        found = learned(taken, least, most)
        self.assertTrue(least <= found.seconds('gpu') <= max(least, most))
        self.assertEqual(least, found.seconds(None))
        self.assertEqual(
            max(found.gap('gpu'), datetime.timedelta(seconds=least)), found.longest
        )

    @hypothesis.given(_TAKEN, st.randoms())
    def test_the_order_does_not_matter(self, taken, random):
        again = list(taken)
        random.shuffle(again)
        self.assertEqual(learned(taken), learned(again))

    def test_it_can_be_fixed(self):
        self.assertEqual(core.Turnaround(60), learned([900] * 9, 60, 0))
        self.assertEqual(core.Turnaround(60), learned([900] * 9, 60, 60))

    def test_the_last_are_remembered(self):
        seconds = []
        for each in range(core.KEPT + 5):
            seconds = core.remembered(seconds, each)
        self.assertEqual(list(range(5, core.KEPT + 5)), seconds)
