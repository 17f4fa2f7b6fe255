# SPDX-License-Identifier: Apache-2.0
"""The bound, and what is found, against the best there is."""

import subprocess
import sys
import threading
import unittest
from unittest import mock

import hypothesis
from hypothesis import strategies as st

from benchmarks import markets as drawn
from matcher import book
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import immediate
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import decomposition
from matcher.mechanisms.call import descent
from tests.unit.matcher import markets


class ExactTest(unittest.TestCase):
    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.books(4, 4))
    def test_the_bound_is_not_below_and_what_is_found_not_above(self, market):
        best = exact.Exact().allocate(market, mechanisms.Budget(seconds=None))
        self.assertEqual([], markets.broken(market, best.awards))
        budget = mechanisms.Budget(seconds=None, moves=100)
        found = call.Call().allocate(market, budget)
        self.assertLessEqual(best.welfare, found.upper_bound)
        self.assertLessEqual(found.welfare, best.welfare)

    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.books(4, 4), st.sampled_from((1, 2, 150)))
    def test_no_bound_of_bids_apart_is_below_the_best(self, market, largest):
        whole = hopeful.of(market)
        if not whole.bids:
            return
        finer = hopeful.of(market, by_window=True)
        marks = descent.edges(finer, 24)
        prices = descent.start_prices(finer, marks)
        most = certificate.certified(finer, marks, prices).bound
        asked = whole, finer, marks, prices, most, exact.Solver(1), lambda: 900.0
        with mock.patch.object(decomposition, 'LARGEST', largest):
            bounds = [most, *decomposition.least(*asked)]
        self.assertEqual(sorted(set(bounds), reverse=True), bounds)
        best = exact.Exact().allocate(market, mechanisms.Budget(seconds=None))
        least = figures.worth(best.awards)
        self.assertLessEqual(least, bounds[-1])
        if len(whole.bids) <= largest:
            self.assertEqual(least, bounds[-1])

    def test_the_bound_is_lowered_while_the_search_goes_on(self):
        market = drawn.draw(100, 100, 3)
        first = call.Call().allocate(market, mechanisms.Budget(seconds=None, moves=10))
        best = exact.Exact().allocate(market, mechanisms.Budget(seconds=None))
        # A search that finds the best ends at once; no other goes on for a minute.
        found = call.Call().allocate(market, mechanisms.Budget(seconds=60))
        self.assertEqual([], markets.broken(market, found.awards))
        self.assertEqual(best.welfare, found.upper_bound)
        self.assertLess(found.upper_bound, first.upper_bound)
        self.assertEqual(found.welfare == best.welfare, found.exact)

    def test_without_a_solver_there_is_a_bound_too(self):
        market = drawn.draw(100, 100, 3)
        best = exact.Exact().allocate(market, mechanisms.Budget(seconds=None))
        with mock.patch.dict(sys.modules, {'ortools.sat.python': None}):
            found = call.Call().allocate(market, mechanisms.Budget(seconds=0.5))
            with self.assertRaisesRegex(mechanisms.Refused, 'not installed'):
                exact.Exact().allocate(market, mechanisms.Budget())
        self.assertLess(best.welfare, found.upper_bound)

    def test_the_solver_needs_no_protobuf(self):
        """OR-Tools asks for one release of it, and not all of OpenStack have that."""
        program = (
            'import sys',
            "sys.modules['google.protobuf'] = None",
            'from ortools.sat.python import cp_model',
            'model, solver = cp_model.CpModel(), cp_model.CpSolver()',
            "number = model.new_int_var(0, 9, 'number')",
            'model.maximize(number)',
            'print(solver.solve(model) == cp_model.OPTIMAL, solver.value(number))',
        )
        command = [sys.executable, '-c', '\n'.join(program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual('True 9', done.stdout.strip(), done.stderr)

    def test_a_solver_can_be_stopped(self):
        market = hopeful.of(drawn.draw(300, 300, 3))
        solver = exact.Solver(1)
        threading.Timer(1, solver.stop).start()
        for _ in range(2):
            with self.assertRaisesRegex(mechanisms.Refused, 'time'):
                solver.most(market, None)

    def test_a_hundred_offers_and_bids_are_solved(self):
        """To the second, with racks and with bundles of up to sixteen servers."""
        market = drawn.draw(100, 100, 3)
        budget = mechanisms.Budget(seconds=None, moves=300)
        found = call.Call().allocate(market, budget)
        best = exact.Exact().allocate(market, mechanisms.Budget(seconds=None))
        self.assertEqual([], markets.broken(market, best.awards))
        self.assertLessEqual(found.welfare, best.welfare)
        self.assertLess(best.welfare, found.upper_bound)
        again = exact.Exact().allocate(market, mechanisms.Budget(seconds=None))
        self.assertEqual(best.awards, again.awards)

    def test_what_cannot_be_solved_is_refused(self):
        huge = markets.make_bid(price='1000000000000', end=10**9)
        supply = [markets.make_offer(end=10**9)]
        with self.assertRaisesRegex(mechanisms.Refused, '64 bits'):
            exact.Exact().allocate(
                book.Book(markets.NOW, supply, {}, [huge]), mechanisms.Budget()
            )
        with self.assertRaisesRegex(mechanisms.Refused, 'time'):
            exact.Exact().allocate(
                drawn.draw(100, 100, 3), mechanisms.Budget(seconds=0)
            )

    @markets.examples(0.3, 0.1)
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
