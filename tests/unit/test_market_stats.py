# SPDX-License-Identifier: Apache-2.0
"""Levels of the book, and what the audit finds, as pure functions."""

import collections
import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from market import audit
from market import market_stats

Bid = collections.namedtuple('Bid', 'resource_class project_id price quantity duration')
Trade = collections.namedtuple(
    'Trade', 'owner_id renter_id parties resource_class price seconds'
)
RATIO = decimal.Decimal('0.05')

prices = st.integers(0, 10**10).map(lambda each: decimal.Decimal(each).scaleb(-6))
bids = st.lists(
    st.builds(
        Bid,
        resource_class=st.just('gpu'),
        project_id=st.sampled_from('abcdef'),
        price=prices,
        quantity=st.integers(1, 5),
        duration=st.just(3600),
    ),
    max_size=20,
)


class LevelTest(unittest.TestCase):
    @hypothesis.settings(deadline=None, derandomize=True)
    @hypothesis.given(prices)
    def test_a_level_is_at_most_a_tick_away(self, price):
        low = market_stats.price_level(price, RATIO, decimal.ROUND_FLOOR)
        high = market_stats.price_level(price, RATIO, decimal.ROUND_CEILING)
        self.assertTrue(low <= price <= high)
        self.assertLessEqual(high - low, max(price * RATIO, 0))

    @hypothesis.settings(deadline=None, derandomize=True)
    @hypothesis.given(bids, st.integers(1, 4))
    def test_no_level_is_of_too_few_and_none_is_too_high(self, demand, parties):
        for each in market_stats.book((), demand, RATIO, parties):
            levels = each['demand']
            edges = [decimal.Decimal(level['price']) for level in levels]
            self.assertEqual(sorted(edges, reverse=True), edges)
            above = None
            for level, edge in zip(levels, edges, strict=True):
                rounded = [
                    (market_stats.price_level(bid.price, RATIO, 'ROUND_FLOOR'), bid)
                    for bid in demand
                ]
                within = [
                    bid
                    for price, bid in rounded
                    if edge <= price and (above is None or price < above)
                ]
                self.assertGreaterEqual(
                    len({bid.project_id for bid in within}), parties
                )
                self.assertEqual(sum(bid.quantity for bid in within), level['servers'])
                above = edge
            if len({bid.project_id for bid in demand}) >= parties:
                everything = sum(bid.quantity for bid in demand)
                self.assertEqual(everything, sum(level['servers'] for level in levels))


def trade(owner, renter, price='1', resource_class='gpu', organisations=None):
    return Trade(
        owner_id=owner,
        renter_id=renter,
        parties=organisations or (owner, renter),
        resource_class=resource_class,
        price=decimal.Decimal(price),
        seconds=3600,
    )


def found(trades=(), **more):
    names = ('cancelled', 'reserved', 'taken_back', 'bids', 'offers')
    empty = dict.fromkeys(names, {})
    return [
        (each.rule, each.project_id, each.other_project_id)
        for each in audit.findings(list(trades), **{**empty, **more})
    ]


class AuditTest(unittest.TestCase):
    def test_an_honest_market_has_no_findings(self):
        honest = [trade('a', 'b'), trade('a', 'c', '2'), trade('d', 'b', '1.5')]
        self.assertEqual(
            [],
            found(
                honest,
                cancelled={'b': (1, 25 * 3600)},
                reserved={'b': 90 * 3600},
                taken_back={'a': (4, 4, 7200), 'd': (5, 21, 7200)},
                bids={('b', 'gpu'): 4},
                offers={('a', 'gpu'): 4},
            ),
        )

    def test_both_ways(self):
        self.assertEqual(
            [('both_ways', 'a', 'b'), ('both_ways', 'b', 'a')],
            sorted(found([trade('a', 'b'), trade('b', 'a')])),
        )
        self.assertEqual([], found([trade('a', 'b'), trade('b', 'a', '1', 'cpu')]))

    def test_far_prices_are_of_pairs(self):
        usual = [trade('a', 'b'), trade('c', 'b', '1.2')]
        self.assertEqual([], found([*usual, trade('a', 'd', '2.9')]))
        for price in ('3.7', '0.2'):
            self.assertEqual(
                [('far_price', 'a', 'd')], found([*usual, trade('a', 'd', price)])
            )

    def test_within_an_organisation(self):
        own = trade('a-lab', 'a-web', organisations=('a', 'a'))
        self.assertEqual([('within_organisation', 'a-lab', 'a-web')], found([own]))

    def test_squatting_is_a_large_part_of_much(self):
        for hours, of, expected in ((24, 48, 1), (23, 23, 0), (24, 49, 0)):
            rows = found(cancelled={'b': (1, hours * 3600)}, reserved={'b': of * 3600})
            self.assertEqual(expected, len(rows), (hours, of))

    def test_taking_back_is_a_notable_part_of_many(self):
        for count, of, expected in ((5, 20, 1), (5, 21, 0), (4, 4, 0), (9, 9, 1)):
            rows = found(taken_back={'a': (count, of, 0)})
            self.assertEqual([('taking_back', 'a', None)] * expected, rows)
