# SPDX-License-Identifier: Apache-2.0
"""The bound, and what is found, against the best there is."""

import unittest

import hypothesis

from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from tests.unit.matcher import markets


class ExactTest(unittest.TestCase):
    @markets.examples(0.3 if markets.MARKETS <= 1000 else 0.1)
    @hypothesis.given(markets.books(4, 4))
    def test_the_bound_is_not_below_and_what_is_found_not_above(self, market):
        best = exact.Exact().allocate(market, mechanisms.Budget(seconds=None))
        self.assertEqual([], markets.broken(market, best.awards))
        budget = mechanisms.Budget(seconds=None, moves=100)
        found = call.Call().allocate(market, budget)
        self.assertLessEqual(best.welfare, found.upper_bound)
        self.assertLessEqual(found.welfare, best.welfare)

    @markets.examples(0.1)
    @hypothesis.given(markets.books(3, 3))
    def test_who_is_on_no_grid_loses_nothing(self, market):
        """Times to the hour, and the same market with times that are no multiples."""
        budget = mechanisms.Budget(seconds=None)
        for rule in (exact.Exact(), immediate.Immediate()):
            hours, odd = (
                rule.allocate(markets.stretched(market, second), budget)
                for second in (3600, 3607)
            )
            worth = figures.worth(hours.awards) * 3607
            self.assertEqual(worth, figures.worth(odd.awards) * 3600)
