# SPDX-License-Identifier: Apache-2.0
"""What is known of a lot at a glance, against a look at all of its time."""

import unittest

import hypothesis
from hypothesis import strategies as st

from benchmarks import markets as drawn
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms.call import plan as plans
from tests.unit.matcher import markets


class FullTest(unittest.TestCase):
    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.books(4, 4), st.data())
    def test_no_lot_is_full_that_has_a_server_left(self, market, data):
        whole = hopeful.of(market)
        self.check(whole, data)

    @markets.examples(0.03, 0.03)
    @hypothesis.given(st.integers(0, 1000), st.data())
    def test_nor_in_a_market_with_many_stays(self, seed, data):
        whole = hopeful.of(drawn.draw(20, 40, seed))
        self.check(whole, data)

    def check(self, market, data):
        demand, lots = market.demand, lot_figures.of(market.supply)
        plan = plans.empty(lots, demand)
        for bid in range(len(market.bids)):
            for lot in range(len(lots.ask)):
                self.look(lots, demand, plan, bid, lot)
            places = starts(lots, demand, plan, bid)
            if places and data.draw(st.booleans()):
                lot, start = data.draw(st.sampled_from(places))
                chosen, sizes = (figures.offsets([each])[1:] for each in (lot, 1))
                plans.place(lots, demand, plan, bid, start, chosen, sizes, 1)

    def look(self, lots, demand, plan, bid, lot):
        length = int(demand.length[bid])
        window = int(demand.earliest[bid]), int(demand.latest[bid])
        within = lot_figures.slots(lots, *window)
        if plans.full(lots, plan, lot, length, within):
            self.assertEqual(
                [], [each for each in starts(lots, demand, plan, bid) if each[0] == lot]
            )


def starts(lots, demand, plan, bid):
    """Lots and starts at which a server of the lot is free for ``bid``."""
    length = int(demand.length[bid])
    early, late = int(demand.earliest[bid]), int(demand.latest[bid]) - length
    found = []
    for lot in range(len(lots.ask)):
        at = int(lots.step_at[lot])
        edges = plan.since[at : at + int(plan.steps[lot])].tolist()
        for start in {early, late, *(min(max(each, early), late) for each in edges)}:
            if plans.least_free(lots, plan, lot, start, start + length):
                found.append((lot, start))
    return sorted(found)
