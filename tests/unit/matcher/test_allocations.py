# SPDX-License-Identifier: Apache-2.0
"""What every allocation claims, on markets drawn at random."""

import dataclasses
import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from matcher import book
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import lots
from tests.unit.matcher import markets

QUICK = mechanisms.Budget(seconds=None, moves=60)


class CallTest(unittest.TestCase):
    @markets.examples()
    @hypothesis.given(markets.books())
    def test_awards_can_be_kept_and_the_bound_holds(self, market):
        done = call.Call().allocate(market, QUICK)
        self.assertEqual([], markets.broken(market, done.awards))
        self.assertEqual(figures.credits(figures.worth(done.awards)), done.welfare)
        self.assertLessEqual(done.welfare, done.upper_bound)
        other = immediate.Immediate().allocate(market, QUICK)
        self.assertEqual([], markets.broken(market, other.awards))
        self.assertLessEqual(other.welfare, done.upper_bound)

    @markets.examples()
    @hypothesis.given(markets.books(), st.randoms(use_true_random=False))
    def test_the_order_of_arrival_changes_nothing(self, market, random):
        offers, bids = list(market.offers), list(market.bids)
        random.shuffle(offers)
        random.shuffle(bids)
        other = book.Book(market.now, offers, markets.taken(market), bids)
        first = call.Call().allocate(market, QUICK)
        second = call.Call().allocate(other, QUICK)
        self.assertEqual(first.awards, second.awards)
        self.assertEqual(first.upper_bound, second.upper_bound)

    @markets.examples()
    @hypothesis.given(markets.books())
    def test_who_cannot_be_served_changes_nothing(self, market):
        odd = markets.make_bid(
            99,
            0,
            50 * 365 * 86400,
            str(decimal.Decimal(10) ** 12 - 1),
            duration=3600,
            quantity=10**9,
            min_quantity=10**9,
        )
        taken = markets.taken(market)
        other = book.Book(market.now, market.offers, taken, (*market.bids, odd))
        first = call.Call().allocate(market, QUICK)
        second = call.Call().allocate(other, QUICK)
        self.assertEqual(first.awards, second.awards)
        self.assertEqual(first.upper_bound, second.upper_bound)

    @markets.examples(0.1, 0.1)
    @hypothesis.given(markets.books(), markets.books())
    def test_prices_of_an_earlier_round_prove_a_bound_too(self, earlier, market):
        known = call.Call().allocate(earlier, QUICK).prices
        again = dataclasses.replace(QUICK, prices=known)
        done = call.Call().allocate(market, again)
        self.assertEqual([], markets.broken(market, done.awards))
        cold = call.Call().allocate(market, QUICK)
        self.assertLessEqual(done.welfare, min(cold.upper_bound, done.upper_bound))
        self.assertLessEqual(cold.welfare, done.upper_bound)

    @markets.examples(0.1, 0.1)
    @hypothesis.given(markets.books())
    def test_how_many_sorts_of_servers_there_are_is_known_before(self, market):
        counted, gaps = lots.sorts(figures.of(market).supply)
        finer = figures.of(market, by_window=True).supply
        self.assertEqual(len(finer.kind_at) - 1, counted.sum())
        self.assertEqual(len(finer.span_from), gaps)

    def test_an_empty_market(self):
        done = call.Call().allocate(book.Book(markets.NOW, (), {}, ()), QUICK)
        self.assertEqual(((), 0, 0), (done.awards, done.welfare, done.upper_bound))

    def test_a_stay_begins_as_early_as_its_servers_are_free(self):
        offers = [markets.make_offer(number, 0, 40, 1) for number in (1, 2)]
        bid = markets.make_bid(1, 5, 35, 3, duration=4, quantity=2, min_quantity=2)
        market = book.Book(markets.NOW, offers, {}, [bid])
        (award,) = call.Call().allocate(market, QUICK).awards
        self.assertEqual(markets.moment(5), award.stay.start)


class ImmediateTest(unittest.TestCase):
    @markets.examples()
    @hypothesis.given(markets.books(), st.data())
    def test_who_offers_more_is_not_served_worse(self, market, data):
        hypothesis.assume(market.bids)
        bid = data.draw(st.sampled_from(market.bids))
        more = data.draw(st.sampled_from(markets.ASKS))
        raised = dataclasses.replace(bid, price=bid.price + more)
        before, after = (
            [
                dataclasses.replace(award, bid=raised)
                for award in immediate.Immediate().allocate(each, QUICK).awards
                if award.bid.uuid == bid.uuid
            ]
            for each in (market, markets.instead(market, raised))
        )
        self.assertLessEqual(len(before), len(after))
        self.assertLessEqual(figures.worth(before), figures.worth(after))
