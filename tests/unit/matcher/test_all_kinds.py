# SPDX-License-Identifier: Apache-2.0
"""Markets in which there is all that can be asked for and offered, against the best.

Alternatives, bundles, groups of servers for bids, bundles and parts, servers that are
apart, lengths, blocks, asks by the hour and interruptible contracts, in one market.
"""

import unittest

import hypothesis
from hypothesis import strategies as st

from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import displacement
from matcher.mechanisms import exact
from matcher.mechanisms import immediate
from tests.unit.matcher import markets
from tests.unit.matcher import test_displacement as displacements

#: Of some markets a solver needs minutes: those are left out.
_SOLVER = mechanisms.Budget(seconds=10)
_SEARCH = mechanisms.Budget(seconds=None, moves=60)
_OFFERS, _BIDS, _FEWEST = 6, 4, 3


@st.composite
def books(draw):
    """Markets of all kinds; in every second one some servers ask by the hour."""
    number = st.integers(0, _BIDS - 1)
    offer = st.integers(0, 2 * _OFFERS)
    market = draw(markets.books(_OFFERS, _BIDS, markets.rich_bundles, _FEWEST))
    lengths = draw(st.sets(offer, max_size=2))
    market = markets.in_racks(market, (), (), lengths)
    several = [draw(st.sets(number, max_size=2)) for _ in range(4)]
    market = markets.bundles_in_racks(market, *several)
    blocks = st.dictionaries(st.integers(0, _OFFERS - 1), st.just(0), max_size=1)
    market = markets.in_blocks(market, draw(blocks))
    scale = draw(st.sampled_from((1, 3600)))
    if scale > 1:
        chosen = st.dictionaries(offer, st.integers(0, 2), min_size=1, max_size=3)
        market = markets.by_hour(market, draw(chosen))
    contracts = draw(st.lists(displacements.TENURE, min_size=2, max_size=6))
    interruptible = draw(st.sets(number, max_size=1))
    return displacements.rented(market, contracts, interruptible, scale)


class AllKindsTest(unittest.TestCase):
    @markets.examples(0.4, 0.1)
    @hypothesis.given(books())
    def test_the_bound_is_not_below_and_what_is_found_not_above(self, market):
        try:
            best = exact.Exact().allocate(market, _SOLVER)
        except mechanisms.Refused:
            return
        self.assertEqual([], displacements.broken(market, best.awards))
        for allocation in (call.Call(), immediate.Immediate()):
            found = displacement.allocate(allocation, market, _SEARCH)
            self.assertEqual([], displacements.broken(market, found.awards))
            self.assertLessEqual(found.welfare, best.upper_bound)
            if found.upper_bound is not None:
                self.assertLessEqual(best.welfare, found.upper_bound)
