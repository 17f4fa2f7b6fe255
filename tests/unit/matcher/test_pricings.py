# SPDX-License-Identifier: Apache-2.0
"""What every pricing claims, on markets drawn at random and from the literature."""

import dataclasses
import decimal
import json
import unittest

import hypothesis
from hypothesis import strategies as st

from benchmarks import lies
from matcher import book
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import exact
from matcher.mechanisms import k_double_auction
from matcher.mechanisms import second_price
from matcher.mechanisms import trade_reduction
from matcher.mechanisms import uniform
from matcher.mechanisms import vcg
from tests.unit.matcher import markets

QUICK = mechanisms.Budget(seconds=None, moves=40)
NOTHING = mechanisms.Allotment(awards=(), welfare=decimal.Decimal(0))
D = decimal.Decimal


def bilateral(ceilings, asks, stay=3600):
    """One segment: everybody wants, or has, one server for one hour."""
    offers = [
        markets.make_offer(n, 0, stay, price, project_id=f's{n}')
        for n, price in enumerate(asks)
    ]
    bids = [
        markets.make_bid(n, 0, stay, price, project_id=f'b{n}')
        for n, price in enumerate(ceilings)
    ]
    return book.Book(markets.NOW, offers, {}, bids)


class BalancedTest(unittest.TestCase):
    @markets.examples(1.5)
    @hypothesis.given(markets.books())
    def test_no_owner_below_their_ask_and_no_renter_above_their_ceiling(self, market):
        done = call.Call().allocate(market, QUICK)
        for rule in (
            k_double_auction.KDoubleAuction(),
            k_double_auction.KDoubleAuction(D(0)),
            k_double_auction.KDoubleAuction(D(1)),
            second_price.SecondPrice(),
            uniform.Uniform(),
        ):
            settled = rule.settle(market, done)
            self.assertEqual(settled.pays, settled.gets)
            self.assertEqual(0, settled.balance)
            for award, rates in zip(settled.awards, settled.pays, strict=True):
                for offer, rate in zip(award.offers, rates, strict=True):
                    self.assertLessEqual(offer.price, rate)
                    self.assertLessEqual(rate, award.bid.price)


def settled(ceilings, asks):
    """Who trades is decided by the rule alone, whatever was allocated."""
    return trade_reduction.TradeReduction().settle(bilateral(ceilings, asks), NOTHING)


class TradeReductionTest(unittest.TestCase):
    def test_the_next_pair_sets_the_price(self):
        done = settled(('9', '8', '7', '4'), ('2', '3', '4', '6'))
        self.assertEqual([(D(5),)] * 3, done.pays)
        self.assertEqual([(D(5),)] * 3, done.gets)

    def test_otherwise_the_last_pair_is_lost(self):
        done = settled(('9', '8', '5', '1'), ('2', '3', '4', '5'))
        self.assertEqual([(D(5),)] * 2, done.pays)
        self.assertEqual([(D(4),)] * 2, done.gets)
        self.assertEqual(D(2), done.balance)

    def test_what_is_not_homogeneous_is_refused(self):
        twice = bilateral(('5', '6'), ('1', '2'))
        for bid in (
            markets.make_bid(9, 0, 3600, quantity=2, project_id='x'),
            markets.make_bid(9, 0, 3600, duration=60, project_id='x'),
            markets.make_bid(9, 0, 1800, project_id='x'),
            markets.make_bid(9, 0, 3600, project_id='b0'),
        ):
            market = book.Book(markets.NOW, twice.offers, {}, (*twice.bids, bid))
            with self.assertRaises(mechanisms.Refused):
                trade_reduction.TradeReduction().settle(market, NOTHING)

    @markets.examples()
    @hypothesis.given(
        st.lists(st.integers(0, 20), min_size=1, max_size=5),
        st.lists(st.integers(0, 20), min_size=1, max_size=5),
        st.integers(0, 20),
    )
    def test_nobody_gains_by_a_lie_or_loses_by_the_truth(self, ceilings, asks, lie):
        honest = settled(ceilings, asks)
        self.assertGreaterEqual(honest.balance, 0)
        for number, ceiling in enumerate(ceilings):
            self.assertGreaterEqual(utility(honest, f'b{number}', ceiling), 0)
        for number, ask in enumerate(asks):
            self.assertGreaterEqual(utility(honest, f'o{number}', ask, -1), 0)
        other = settled([lie, *ceilings[1:]], asks)
        self.assertLessEqual(
            utility(other, 'b0', ceilings[0]), utility(honest, 'b0', ceilings[0])
        )
        other = settled(ceilings, [lie, *asks[1:]])
        self.assertLessEqual(
            utility(other, 'o0', asks[0], -1), utility(honest, 'o0', asks[0], -1)
        )


def utility(done, uuid, value, side=1):
    """What the bid, or with ``side`` -1 the offer, ``uuid`` has of all its hours."""
    gained = D(0)
    for award, pays, gets in zip(done.awards, done.pays, done.gets, strict=True):
        hours = D(award.stay.seconds) / 3600
        for offer, pay, get in zip(award.offers, pays, gets, strict=True):
            if side == 1 and award.bid.uuid == uuid:
                gained += (value - pay) * hours
            if side == -1 and offer.uuid == uuid:
                gained += (get - value) * hours
    return gained


def opened(market, done):
    """Whether a bid has a server that in truth asks for more than it offers."""
    asks = {offer.uuid: offer.price for offer in market.offers}
    ceilings = {bid.uuid: bid.price for bid in market.bids}
    return any(
        asks[offer.uuid] > ceilings[award.bid.uuid]
        for award in done.awards
        if len(award.offers) > 1
        for offer in award.offers
    )


def settled_exactly(market):
    done = exact.Exact().allocate(market, mechanisms.Budget(seconds=None))
    return vcg.Vcg().settle(market, done)


class VcgTest(unittest.TestCase):
    def test_one_bid_of_10_and_one_ask_of_4(self):
        done = settled_exactly(bilateral(('10',), ('4',)))
        self.assertEqual([(D(4),)], done.pays)
        self.assertEqual([(D(10),)], done.gets)
        self.assertEqual(D(-6), done.balance)

    def test_what_is_not_proved_is_refused(self):
        market = bilateral(('10',), ('4',))
        done = mechanisms.Allotment(awards=(), welfare=D(0), upper_bound=D(6))
        with self.assertRaises(mechanisms.Refused):
            vcg.Vcg().settle(market, done)

    def test_a_lie_may_open_a_server_that_asks_for_more(self):
        """Four servers ask for 3.25 on average, and one alone for more than 3.3."""
        market = bilateral(('3.3',), ('3', '3.3', '3.3', '3.4'))
        (bid,) = market.bids
        bid = dataclasses.replace(bid, quantity=4, min_quantity=4)
        market = market.copy([bid])
        self.assertEqual([], list(settled_exactly(market).awards))
        lie = dataclasses.replace(bid, price=D('3.4'))
        told = settled_exactly(market.copy([lie]))
        self.assertTrue(opened(market, told))
        self.assertEqual(D('0.2'), utility(told, bid.uuid, bid.price))

    @markets.examples(0.1, 0.1)
    @hypothesis.given(markets.books(3, 3), st.data())
    def test_nobody_gains_by_a_lie_or_loses_by_the_truth(self, market, data):
        """Whatever is asked for and offered, be it no single server and no one time.

        But for what the rule's own page says of bids for several servers.
        """
        hypothesis.assume(market.bids and market.offers)
        liar = data.draw(st.sampled_from([*market.bids, *market.offers]))
        lie = dataclasses.replace(liar, price=data.draw(st.sampled_from(markets.ASKS)))
        side = 1 if liar in market.bids else -1
        honest, other = map(settled_exactly, (market, markets.instead(market, lie)))
        # A lie may open servers of which one alone asks for more than the bid offers.
        hypothesis.assume(not opened(market, other))
        # Rates are rounded in favour of the trader, by less than a millionth each.
        grain = D(len(market.offers) * 100) / 3600 / 10**6
        gained = utility(honest, liar.uuid, liar.price, side)
        self.assertGreaterEqual(gained, 0)
        self.assertLessEqual(
            utility(other, liar.uuid, liar.price, side), gained + grain
        )


class LiesTest(unittest.TestCase):
    def test_what_a_lie_gains_is_measured(self):
        """Printed for all rules, with the awards of the call auction.

        40 markets, and 10,000 in the slow suite.
        """
        found = lies.measure(max(40, markets.MARKETS // 10))
        print(json.dumps(found))
        for kinds in found.values():
            for each in kinds.values():
                self.assertGreaterEqual(each['largest'], each['mean'])
                self.assertGreaterEqual(each['mean'], 0)
        # Whoever offers less than the truth gains hardly anything by it.
        self.assertLess(
            found['second_price']['less']['mean'],
            found['k_double_auction']['less']['mean'] / 4,
        )
