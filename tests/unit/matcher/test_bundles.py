# SPDX-License-Identifier: Apache-2.0
"""Bids of which all parts are awarded, or none."""

import dataclasses
import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx.core import bid
from flocx.core import window
from matcher import book
from matcher import diagnostics
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

    @markets.examples(0.15, 0.05)
    @hypothesis.given(markets.bundle_books(2, 2))
    def test_the_best_of_racks_is_what_is_found_by_trying_all(self, market):
        found = exact.Exact().allocate(market, _EXACT)
        self.assertEqual([], markets.broken(market, found.awards))
        worth = figures.worth(found.awards)
        self.assertEqual(markets.most_worth(market) * 1000, worth)

    @markets.examples(0.7, 0.1)
    @hypothesis.given(markets.bundle_books(8, 4))
    def test_in_racks_the_bound_is_not_below_and_what_is_found_not_above(self, market):
        best = exact.Exact().allocate(market, _EXACT)
        for rule in (call.Call(), immediate.Immediate()):
            found = rule.allocate(market, _SEARCH)
            self.assertEqual([], markets.broken(market, found.awards))
            self.assertLessEqual(found.welfare, best.welfare)
            self.assertLessEqual(best.welfare, found.upper_bound or best.welfare)

    @markets.examples(0.1, 0.02)
    @hypothesis.given(markets.books(5, 4, markets.rich_bundles))
    def test_what_more_servers_than_there_are_are_asked_for_changes_nothing(
        self, market
    ):
        parts = [bid.Part(duration=9, quantity=8, price=markets.CEILINGS[-1])] * 16
        hostile = dataclasses.replace(
            markets.make_bid(99), **bid.of_parts(parts), parts=tuple(parts)
        )
        hostile = markets.or_else(*[hostile] * 16)
        beside = market.copy([*market.bids, hostile])
        for rule in (immediate.Immediate(), call.Call()):
            alone, also = (rule.allocate(each, _SEARCH) for each in (market, beside))
            self.assertEqual(alone.awards, also.awards)

    def test_a_head_node_and_workers_from_the_second_hour(self):
        supply = [
            markets.make_offer(number, end=600, properties={'cpus': cpus})
            for number, cpus in enumerate((8, 16, 16, 16))
        ]
        parts = (
            bid.Part(duration=200),
            bid.Part(
                name='workers',
                quantity=3,
                offset=60,
                duration=100,
                requirements=(('cpus', '>=', 16),),
            ),
        )
        cluster = markets.make_bid(
            end=600, **{**bid.of_parts(parts), 'duration': 200, 'parts': parts}
        )
        # Two of the workers are free from second 90 on.
        taken = {
            each.slot: [window.Window(markets.NOW, markets.moment(90))]
            for each in supply[2:]
        }
        market = book.Book(markets.NOW, supply, taken, [cluster])
        for rule in (immediate.Immediate(), call.Call(), exact.Exact()):
            head, workers = rule.allocate(market, _SEARCH).awards
            self.assertEqual(['o0'], [each.uuid for each in head.offers])
            self.assertEqual(markets.moment(30), head.stay.start)
            self.assertEqual(markets.moment(90), workers.stay.start)
            self.assertEqual(markets.moment(190), workers.stay.end)
        many = dataclasses.replace(parts[1], quantity=4)
        more = dataclasses.replace(cluster, parts=(parts[0], many))
        alike = dataclasses.replace(
            cluster, parts=(dataclasses.replace(many, quantity=2),) * 2
        )
        gone = dataclasses.replace(cluster, start_time=markets.moment(-900))
        gone = dataclasses.replace(gone, end_time=markets.moment(-1))
        for placed, reason, detail in (
            (more, 'quantity', 'Part 1 (workers): At most 3 servers are free at once'),
            (alike, 'window', 'Each of its parts could be had, but not all'),
            (gone, 'window', 'No time is left in its window.'),
        ):
            waits = market.copy([placed])
            self.assertEqual([], list(call.Call().allocate(waits, _SEARCH).awards))
            (told,) = diagnostics.unmatched(waits, [])
            self.assertEqual(reason, told.reason)
            self.assertIn(detail, told.detail)

    def rack(self, group_by=None, workers=3, **values):
        """A bundle of a head node and ``workers``: in one rack, or each part in one."""
        own = {} if group_by else {'group_by': 'rack'}
        parts = (
            bid.Part(duration=100, requirements=(('cpus', '<', 16),)),
            bid.Part(
                **{'name': 'workers', 'duration': 100, 'quantity': workers, **own},
                **{'requirements': (('cpus', '>=', 16),), **values},
            ),
        )
        return markets.make_bid(**bid.of_parts(parts, group_by), parts=parts)

    def test_a_head_node_and_workers_in_one_rack(self):
        # What costs least is in two racks, and in r2 there is no head node.
        supply = [
            markets.make_offer(
                number, price=price, properties={'cpus': cpus, 'rack': rack}
            )
            for number, (rack, cpus, price) in enumerate(
                [('r1', 16, '1.1')] * 2
                + [('r2', 16, '1.1')] * 3
                + [('r3', 16, '1.2')] * 3
                + [('r1', 8, '1'), ('r3', 8, '1.5')]
            )
        ]
        for placed, offers, groups in (
            (self.rack(), [8, 2, 3, 4], [None, 'r2']),
            (self.rack('rack'), [9, 5, 6, 7], ['r3', 'r3']),
            (self.rack('rack', 2), [8, 0, 1], ['r1', 'r1']),
            (self.rack('rack', 3, min_quantity=2), [9, 5, 6, 7], ['r3', 'r3']),
            (self.rack('rack', 2, spread_by='cpus', spread_max=2), [8, 0, 1], None),
        ):
            market = book.Book(markets.NOW, supply, {}, [placed])
            for rule in (immediate.Immediate(), call.Call(), exact.Exact()):
                awards = rule.allocate(market, _SEARCH).awards
                self.assertEqual([], markets.broken(market, awards))
                found = [int(each.uuid[1:]) for one in awards for each in one.offers]
                self.assertEqual(offers or [], found, rule)
                if groups:
                    self.assertEqual(groups, [each.bid.group_value for each in awards])
        for placed, reason, detail in (
            (self.rack(workers=4), 'quantity', 'Part 1 (workers): At most 3 servers'),
            (self.rack('rack', 4), 'quantity', 'are of one group, r2 (rack); it asks'),
            (
                self.rack('rack', spread_by='rack', min_quantity=2),
                *('quantity', 'Part 1 (workers): At most 1 server is free at once'),
            ),
        ):
            waits = market.copy([placed])
            self.assertEqual([], list(call.Call().allocate(waits, _SEARCH).awards))
            (told,) = diagnostics.unmatched(waits, [])
            self.assertEqual(reason, told.reason)
            self.assertIn(detail, told.detail)
        there = [*supply[:5], supply[-1]]
        without = book.Book(markets.NOW, there, {}, [self.rack('rack')])
        (told,) = diagnostics.unmatched(without, [])
        self.assertIn('not all of them in one group (rack) from one', told.detail)


class PricingTest(unittest.TestCase):
    @markets.examples(0.2, 0.1)
    @hypothesis.given(
        st.one_of(markets.books(7, 4, markets.rich_bundles), markets.bundle_books(7, 4))
    )
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
    @hypothesis.given(
        st.one_of(markets.books(7, 3, markets.rich_bundles), markets.bundle_books(7, 3))
    )
    def test_a_bundle_pays_what_single_bids_left_out_would_add(self, market):
        awards = exact.Exact().allocate(market, _EXACT).awards
        served = {award.bid.uuid for award in awards}
        left_out = [each for each in market.bids if each.uuid not in served]
        if any(each.parts for one in left_out for each in one.terms):
            return
        for award, found in zip(awards, externality.of(market, awards), strict=True):
            others = market.copy(left_out)
            for each in awards:
                if each.bid.uuid != award.bid.uuid:
                    others.take(each)
            if found.exact:
                self.assertEqual(exact.worth(others, _EXACT), found.value)
