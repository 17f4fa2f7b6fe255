# SPDX-License-Identifier: Apache-2.0
"""Bids of which all parts are awarded, or none."""

import decimal
import unittest

import hypothesis

from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import core
from matcher.mechanisms import exact
from matcher.mechanisms import externality
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import k_double_auction
from matcher.mechanisms import second_price
from matcher.mechanisms import uniform
from matcher.mechanisms import vcg
from tests.unit.matcher import markets

_EXACT = mechanisms.Budget(seconds=None)
_SEARCH = mechanisms.Budget(seconds=None, moves=60)


class AllocationTest(unittest.TestCase):
    @markets.examples(0.1, 0.05)
    @hypothesis.given(markets.books(2, 2, markets.rich_bundles))
    def test_the_best_is_what_is_found_by_trying_all(self, market):
        found = exact.Exact().allocate(market, _EXACT)
        self.assertEqual([], markets.broken(market, found.awards))
        worth = figures.worth(found.awards)
        self.assertEqual(markets.most_worth(market) * 1000, worth)

    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.books(8, 4, markets.rich_bundles))
    def test_the_bound_is_not_below_and_what_is_found_not_above(self, market):
        best = exact.Exact().allocate(market, _EXACT)
        for rule in (call.Call(), immediate.Immediate()):
            found = rule.allocate(market, _SEARCH)
            self.assertEqual([], markets.broken(market, found.awards))
            self.assertLessEqual(found.welfare, best.welfare)
            self.assertLessEqual(best.welfare, found.upper_bound or best.welfare)


class PricingTest(unittest.TestCase):
    @markets.examples(0.2, 0.1)
    @hypothesis.given(markets.books(7, 4, markets.rich_bundles))
    def test_no_owner_below_the_ask_and_no_renter_above_the_ceiling(self, market):
        for allocation, rule in (
            (call.Call(), second_price.SecondPrice()),
            (call.Call(), k_double_auction.KDoubleAuction()),
            (call.Call(), uniform.Uniform()),
            (exact.Exact(), second_price.SecondPrice()),
            (exact.Exact(), core.Core()),
            (exact.Exact(), vcg.Vcg()),
        ):
            found = allocation.allocate(market, _SEARCH)
            settled = rule.settle(market, found)
            self.assertEqual(found.awards, settled.awards)
            for award, rates in zip(settled.awards, settled.pays, strict=True):
                self.assertLessEqual(max(rates), award.bid.price)
                self.assertLessEqual(
                    sum(each.price for each in award.offers),
                    sum(rates) + decimal.Decimal('0.00001'),
                )
                if rule.BALANCED:
                    for offer, rate in zip(award.offers, rates, strict=True):
                        self.assertLessEqual(offer.price, rate)

    @markets.examples(0.1, 0.02)
    @hypothesis.given(markets.books(7, 3, markets.rich_bundles))
    def test_a_bundle_pays_what_single_bids_left_out_would_add(self, market):
        awards = exact.Exact().allocate(market, _EXACT).awards
        served = {award.bid.uuid for award in awards}
        left_out = [each for each in market.bids if each.uuid not in served]
        if any(each.parts for bid in left_out for each in bid.terms):
            return
        for award, found in zip(awards, externality.of(market, awards), strict=True):
            others = market.copy(left_out)
            for each in awards:
                if each.bid.uuid != award.bid.uuid:
                    others.take(each)
            if found.exact:
                self.assertEqual(exact.worth(others, _EXACT), found.value)
