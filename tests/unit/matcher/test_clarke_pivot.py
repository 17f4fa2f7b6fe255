# SPDX-License-Identifier: Apache-2.0
"""Single servers and fixed windows: there the second price is that of Vickrey."""

import dataclasses
import decimal
import unittest
from unittest import mock

import hypothesis
from hypothesis import strategies as st

from matcher import book
from matcher import mechanisms
from matcher.mechanisms import clarke_pivot
from matcher.mechanisms import exact
from matcher.mechanisms import externality
from matcher.mechanisms import second_price
from matcher.mechanisms import vcg
from tests import profiles
from tests.unit.matcher import markets

ENDLESS = mechanisms.Budget(seconds=None)
D = decimal.Decimal


def single(bid):
    """``bid`` for one server, and for all of its window."""
    end = bid.start_time + (bid.end_time - bid.start_time) / 2
    end = end.replace(microsecond=0)
    return dataclasses.replace(
        bid,
        quantity=1,
        min_quantity=1,
        end_time=end,
        duration=int((end - bid.start_time).total_seconds()),
    )


def crowded(market):
    """``market`` with bids for single servers that want much the same time."""
    return market.copy([single(bid) for bid in market.bids if bid.window.seconds > 1])


CROWDED = markets.books(5, 8).map(crowded)

#: Some of the lies that the night tries one by one.
FEW = st.sets(st.integers(0, 17), min_size=2, max_size=2)


def settled(market):
    done = exact.Exact().allocate(market, ENDLESS)
    return second_price.SecondPrice().settle(market, done)


def gains(done, bid):
    """What ``bid`` has left of what its hours are worth to it."""
    return sum(
        (len(award.offers) * bid.price - sum(rates)) * award.stay.seconds
        for award, rates in zip(done.awards, done.pays, strict=True)
        if award.bid.uuid == bid.uuid
    )


def fixed(*windows, asks=('0',)):
    """Bids (start, end, price) of one project each, for servers at these asks."""
    offers = [markets.make_offer(n, price=price) for n, price in enumerate(asks)]
    bids = [
        markets.make_bid(n, start, end, price, project_id=f'renter-{n}')
        for n, (start, end, price) in enumerate(windows)
    ]
    return book.Book(markets.NOW, offers, {}, bids)


class ClarkePivotTest(unittest.TestCase):
    @markets.examples(1.5)
    @hypothesis.given(CROWDED)
    def test_renters_pay_as_under_vcg(self, market):
        """Whatever servers ask for, whoever has them and however windows overlap."""
        done = exact.Exact().allocate(market, ENDLESS)
        first = second_price.SecondPrice().settle(market, done)
        self.assertEqual(vcg.Vcg().settle(market, done).pays, first.pays)
        found = externality.of(market, done.awards)
        pivots = clarke_pivot.of(market, done.awards)
        for award, alone in zip(done.awards, found, strict=True):
            self.assertGreaterEqual(pivots[award.bid.uuid], alone.value)

    @markets.examples(1.5)
    @hypothesis.given(CROWDED, st.data())
    def test_no_renter_gains_by_any_lie(self, market, data):
        hypothesis.assume(market.bids)
        bid = data.draw(st.sampled_from(market.bids))
        honest = gains(settled(market), bid)
        self.assertGreaterEqual(honest, 0)
        # Of a payment less than a millionth an hour is left to the renter.
        grain = D(bid.duration) / 10**6
        for half in range(18) if profiles.NIGHTLY else data.draw(FEW):
            lie = dataclasses.replace(bid, price=D(half) / 2)
            told = settled(markets.instead(market, lie))
            self.assertLessEqual(gains(told, bid), honest + grain)

    def test_two_who_together_keep_one_out_pay_for_that(self):
        done = settled(fixed((0, 5, '6'), (5, 10, '6'), (0, 10, '5')))
        # Without Ann the third bid would have 50, and now Bob has 30.
        self.assertEqual([(D(4),), (D(4),)], done.pays)

    def test_who_has_the_cheap_server_pays_for_it(self):
        done = settled(fixed((0, 10, '20'), (0, 10, '20'), asks=('1', '9')))
        self.assertEqual([(D(9),), (D(9),)], done.pays)

    def test_alone_in_its_time_a_bid_pays_the_ask(self):
        done = settled(fixed((0, 10, '20'), (10, 20, '20'), asks=('1', '9')))
        self.assertEqual([(D(1),), (D(1),)], done.pays)

    def test_bids_that_may_have_more_are_a_part_of_their_own(self):
        market = fixed((0, 5, '6'), (5, 10, '6'), (0, 10, '5'))
        later = markets.make_bid(9, 10, 30, '3', duration=5, quantity=2)
        mixed = market.copy([*market.bids, later])
        awards = exact.Exact().allocate(mixed, ENDLESS).awards
        self.assertEqual({'b0', 'b1'}, set(clarke_pivot.of(mixed, awards)))
        sooner = dataclasses.replace(later, start_time=markets.moment(9))
        mixed = market.copy([*market.bids, sooner])
        self.assertEqual({}, clarke_pivot.of(mixed, awards))

    def test_where_it_is_too_much_work_others_keep_their_places(self):
        market = fixed((0, 5, '6'), (5, 10, '6'), (0, 10, '5'))
        for name in ('LIMIT', 'WORK'):
            with mock.patch.object(clarke_pivot, name, 0):
                self.assertEqual([(D(0),), (D(0),)], settled(market).pays)
