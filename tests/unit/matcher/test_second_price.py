# SPDX-License-Identifier: Apache-2.0
"""What the second price claims: on markets drawn at random, and by hand."""

import dataclasses
import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from matcher import book
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import exact
from matcher.mechanisms import externality
from matcher.mechanisms import figures
from matcher.mechanisms import second_price
from tests.unit.matcher import markets

QUICK = mechanisms.Budget(seconds=None, moves=40)
ENDLESS = mechanisms.Budget(seconds=None)
D = decimal.Decimal


def settled(market, allocation=None, budget=ENDLESS):
    done = (allocation or exact.Exact()).allocate(market, budget)
    return second_price.SecondPrice().settle(market, done)


def payments(done):
    """{bid's uuid: what it pays for all its servers in an hour}."""
    return {
        award.bid.uuid: sum(rates)
        for award, rates in zip(done.awards, done.pays, strict=True)
    }


def given(done):
    """Who gets what and when, whatever was bid."""
    return {
        award.bid.uuid: (award.stay, [offer.uuid for offer in award.offers])
        for award in done.awards
    }


def freed(market, awards, winner):
    """The market of the bids left out, with the time of all awards but ``winner``."""
    served = {award.bid.uuid for award in awards}
    taken = markets.taken(market)
    for award in awards:
        if award is not winner:
            for offer in award.offers:
                taken[offer.slot] = [*taken[offer.slot], award.stay]
    left = [bid for bid in market.bids if bid.uuid not in served]
    return book.Book(market.now, market.offers, taken, left)


class ExternalityTest(unittest.TestCase):
    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.books(4, 5))
    def test_it_is_what_a_solver_finds(self, market):
        done = exact.Exact().allocate(market, ENDLESS)
        found = externality.of(market, done.awards)
        for award, each in zip(done.awards, found, strict=True):
            best = exact.worth(freed(market, done.awards, award), ENDLESS)
            self.assertEqual((best, True), each)
            self.assertLessEqual(best, figures.worth([award]))

    @markets.examples(0.1, 0.1)
    @hypothesis.given(markets.books(4, 5))
    def test_what_is_tried_where_there_is_no_time_is_never_more(self, market):
        done = call.Call().allocate(market, QUICK)
        best = externality.of(market, done.awards)
        quick = externality.of(market, done.awards, placings=0)
        for most, tried in zip(best, quick, strict=True):
            self.assertLessEqual(tried.value, most.value)
            if tried.exact:
                self.assertEqual(most, tried)


class SecondPriceTest(unittest.TestCase):
    @markets.examples(1.5)
    @hypothesis.given(markets.books(), st.sampled_from(markets.CEILINGS), st.data())
    def test_the_own_ceiling_changes_the_award_or_nothing(self, market, price, data):
        hypothesis.assume(market.bids)
        bid = data.draw(st.sampled_from(market.bids))
        moved = dataclasses.replace(bid, price=price)
        before = settled(market, call.Call(), QUICK)
        after = settled(markets.instead(market, moved), call.Call(), QUICK)
        paid, pays = payments(before), payments(after)
        if bid.uuid in paid and given(before) == given(after):
            # A search that has not found the best awards may leave one that is worth
            # less than what it keeps others from: that one pays its ceiling.
            servers = len(given(before)[bid.uuid][1])
            if not {paid[bid.uuid], pays[bid.uuid]} & {
                servers * bid.price,
                servers * price,
            }:
                self.assertEqual(paid[bid.uuid], pays[bid.uuid])

    @markets.examples(1.5)
    @hypothesis.given(
        markets.books(4, 5), st.sampled_from(markets.CEILINGS[1:]), st.data()
    )
    def test_under_the_best_awards_more_never_loses_and_costs_no_more(
        self, market, more, data
    ):
        before = settled(market)
        hypothesis.assume(before.awards)
        award = data.draw(st.sampled_from(before.awards))
        raised = dataclasses.replace(award.bid, price=award.bid.price + more)
        after = settled(markets.instead(market, raised))
        paid, pays = payments(before), payments(after)
        self.assertIn(award.bid.uuid, pays)
        # What others pay may change: by the Clarke pivot a winner pays for what the
        # best awards without it would add, and in those this one might lose its place.
        if given(before) == given(after):
            self.assertEqual(paid[award.bid.uuid], pays[award.bid.uuid])

    @markets.examples(1.5)
    @hypothesis.given(markets.books(), st.randoms(use_true_random=False))
    def test_the_order_of_arrival_changes_nothing(self, market, random):
        offers, bids = list(market.offers), list(market.bids)
        random.shuffle(offers)
        random.shuffle(bids)
        other = book.Book(market.now, offers, markets.taken(market), bids)
        first, second = (settled(each, call.Call(), QUICK) for each in (market, other))
        self.assertEqual(first, second)

    def test_a_lone_bid_pays_the_asks(self):
        offers = [markets.make_offer(n, price=price) for n, price in enumerate('13')]
        bid = markets.make_bid(quantity=2, price='100')
        done = settled(book.Book(markets.NOW, offers, {}, [bid]))
        self.assertEqual([(D(1), D(3))], done.pays)

    def test_the_higher_of_two_bids_pays_what_the_lower_offers(self):
        for ceiling in ('7', '7.000001', '50.29', '100'):
            bids = [
                markets.make_bid(0, price=ceiling),
                markets.make_bid(1, price='6.5', project_id='green'),
            ]
            offer = markets.make_offer(price='0.58')
            done = settled(book.Book(markets.NOW, [offer], {}, bids))
            self.assertEqual({'b0': D('6.5')}, payments(done))

    def test_short_bids_left_out_count_together(self):
        bids = [
            markets.make_bid(0, 0, 100, '9'),
            markets.make_bid(1, 0, 40, '5', project_id='green'),
            markets.make_bid(2, 50, 100, '3', project_id='green'),
        ]
        done = settled(book.Book(markets.NOW, [markets.make_offer()], {}, bids))
        # (5 - 1) for 40 of 100 seconds and (3 - 1) for 50 of them.
        self.assertEqual({'b0': D('3.6')}, payments(done))

    def test_servers_cost_the_same_but_those_that_ask_for_more(self):
        cheap, dear = markets.make_offer(0, price='1'), markets.make_offer(1, price='9')
        bids = [
            markets.make_bid(0, price='20', quantity=2, min_quantity=2),
            markets.make_bid(
                1, price='8', quantity=2, min_quantity=1, project_id='green'
            ),
        ]
        done = settled(book.Book(markets.NOW, [cheap, dear], {}, bids))
        # The other bid would have had the cheap one, for 7 more than its ask.
        self.assertEqual([(D(8), D(9))], done.pays)

    def test_what_cannot_be_shared_is_left_to_the_renter(self):
        offers = [markets.make_offer(n, end=7, price='1') for n in range(3)]
        bids = [
            markets.make_bid(0, 0, 7, '9', quantity=3, min_quantity=3),
            markets.make_bid(1, 0, 2, '2', project_id='green'),
        ]
        done = settled(book.Book(markets.NOW, offers, {}, bids))
        # 1 for 2 of 7 seconds, by three servers.
        self.assertEqual([(D('1.095238'),) * 3], done.pays)
