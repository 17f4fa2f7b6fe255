# SPDX-License-Identifier: Apache-2.0
"""What payments in the core claim: on the classic examples, and against brute force."""

import dataclasses
import decimal
import itertools
import unittest

import hypothesis
from hypothesis import strategies as st

from matcher import book
from matcher import mechanisms
from matcher.mechanisms import core
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import second_price
from tests.unit.matcher import markets

ENDLESS = mechanisms.Budget(seconds=None)
D = decimal.Decimal


def payments(done):
    """{bid's uuid: what it pays for all its servers in an hour}."""
    return {
        award.bid.uuid: sum(rates)
        for award, rates in zip(done.awards, done.pays, strict=True)
    }


def beyond_asks(done):
    """{bid's uuid: what it pays in all beyond the asks, as a value}."""
    return {
        award.bid.uuid: sum(map(figures.micro, rates)) * award.stay.seconds
        - sum(figures.micro(offer.price) for offer in award.offers) * award.stay.seconds
        for award, rates in zip(done.awards, done.pays, strict=True)
    }


def coalitions(bids):
    """All sets of ``bids``."""
    for size in range(len(bids) + 1):
        yield from itertools.combinations(bids, size)


def local_and_global(*ceilings, most):
    """Ausubel and Milgrom: renters of one item each, and one who wants all of them."""
    offers = [
        markets.make_offer(n, price='0', resource_class=f'item-{n}')
        for n in range(len(ceilings))
    ]
    bids = [
        markets.make_bid(n, price=price, project_id=f'r{n}', resource_class=f'item-{n}')
        for n, price in enumerate(ceilings)
    ]
    everything = markets.make_bid(
        9, price=most, quantity=len(offers), min_quantity=len(offers)
    )
    return book.Book(markets.NOW, offers, {}, [*bids, everything])


class CoreTest(unittest.TestCase):
    def paid(self, market, rule):
        done = exact.Exact().allocate(market, ENDLESS)
        return payments(rule.settle(market, done))

    def test_two_local_bids_pay_what_the_global_one_would(self):
        # Each of them alone keeps the other bid from nothing.
        market = local_and_global('2', '2', most='1')
        self.assertEqual(
            {'b0': D(0), 'b1': D(0)}, self.paid(market, second_price.SecondPrice())
        )
        self.assertEqual({'b0': D(1), 'b1': D(1)}, self.paid(market, core.Core()))

    def test_who_cannot_pay_an_equal_share_pays_its_ceiling(self):
        market = local_and_global('0.5', '9', most='2')
        self.assertEqual(
            {'b0': D('0.5'), 'b1': D('3.5')}, self.paid(market, core.Core())
        )

    def test_three_items(self):
        market = local_and_global('6', '6', '6', most='4')
        paid = self.paid(market, core.Core())
        self.assertEqual({f'b{n}': D(4) for n in range(3)}, paid)

    def test_day_and_cramton(self):
        """2012: payments nearest to those of Vickrey, where the core is one line."""
        market = local_and_global('28', '20', most='16')
        rivals = [
            markets.make_bid(n + 4, price=price, project_id=f'r{n}-rival',
                             resource_class=f'item-{n}')
            for n, price in enumerate(('14', '12'))
        ]  # fmt: skip
        market = market.copy([*market.bids, *rivals])
        self.assertEqual(
            {'b0': D(14), 'b1': D(12)}, self.paid(market, second_price.SecondPrice())
        )
        self.assertEqual({'b0': D(17), 'b1': D(15)}, self.paid(market, core.Core()))

    def test_losers_who_bid_up_together_pay_for_it(self):
        """Ausubel and Milgrom 2002: under Vickrey's rule both would pay nothing."""
        truth = local_and_global('0.5', '0.5', most='1.5')
        self.assertEqual({'b9': D(1)}, self.paid(truth, core.Core()))
        lie = local_and_global('3', '3', most='1.5')
        self.assertEqual(
            {'b0': D(0), 'b1': D(0)}, self.paid(lie, second_price.SecondPrice())
        )
        self.assertEqual({'b0': D('1.5'), 'b1': D('1.5')}, self.paid(lie, core.Core()))

    def test_another_bidder_does_not_lower_what_owners_get(self):
        """Ausubel and Milgrom 2002: under Vickrey's rule a third ends all income."""
        three = local_and_global('2', '2', most='1')
        two = three.copy([bid for bid in three.bids if bid.uuid != 'b1'])
        for market in (two, three):
            self.assertEqual(2, sum(self.paid(market, core.Core()).values()))

    def test_what_another_coalition_made_needless_is_given_back(self):
        """Of three winners two and two are wanted, the second time for more."""
        market = local_and_global('20', '20', '20', most='0')
        pairs = [
            markets.make_bid(5 + n, price=price, quantity=2, min_quantity=2,
                             project_id=f'pair-{n}',
                             requirements=(('item', 'in', items),))
            for n, (price, items) in enumerate((('5', [0, 1]), ('6', [1, 2])))
        ]  # fmt: skip
        offers = [
            dataclasses.replace(offer, properties={'item': n})
            for n, offer in enumerate(market.offers)
        ]
        singles = [bid for bid in market.bids if bid.quantity == 1]
        market = book.Book(markets.NOW, offers, {}, [*singles, *pairs])
        paid = self.paid(market, core.Core())
        self.assertEqual(D(12), paid['b1'] + paid['b2'])
        self.assertEqual(D(10), paid['b0'] + paid['b1'])

    @markets.examples(0.1, 0.02)
    @hypothesis.given(
        st.one_of(markets.books(3, 5), markets.books(3, 4, markets.rich_bids))
    )
    def test_no_coalition_blocks_and_no_winner_alone_could_pay_less(self, market):
        """Held against all coalitions there are, each solved by itself."""
        done = exact.Exact().allocate(market, ENDLESS)
        settled = core.Core().settle(market, done)
        least = beyond_asks(second_price.SecondPrice().settle(market, done))
        paid = beyond_asks(settled)
        left = {
            award.bid.uuid: figures.worth([award]) - paid[award.bid.uuid]
            for award in done.awards
        }
        missing = {}
        for coalition in coalitions(market.bids):
            offered = exact.worth(market.copy(coalition), ENDLESS)
            names = {bid.uuid for bid in coalition}
            offered -= sum(left.get(name, 0) for name in names)
            missing[frozenset(names)] = offered - sum(paid.values())
        # Prices have six places.
        grain = {
            award.bid.uuid: award.stay.seconds * len(award.offers)
            for award in done.awards
        }
        self.assertLessEqual(max(missing.values()), 0)
        for name, most in paid.items():
            self.assertGreaterEqual(left[name], 0)
            self.assertGreaterEqual(most, least[name])
            if most > least[name] + grain[name]:
                tight = max(
                    each for names, each in missing.items() if name not in names
                )
                self.assertGreater(tight + grain[name], 0)
