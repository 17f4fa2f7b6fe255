# SPDX-License-Identifier: Apache-2.0
"""Bids of which one alternative at most is awarded, and servers of one group."""

import dataclasses
import decimal
import itertools
import unittest
from unittest import mock

import hypothesis
from hypothesis import strategies as st
import numpy as np

from matcher import book
from matcher import diagnostics
from matcher import mechanisms
from matcher import partition
from matcher.mechanisms import call
from matcher.mechanisms import core
from matcher.mechanisms import exact
from matcher.mechanisms import externality
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import immediate
from matcher.mechanisms import k_double_auction
from matcher.mechanisms import second_price
from matcher.mechanisms import trade_reduction
from matcher.mechanisms import uniform
from matcher.mechanisms import vcg
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import decomposition
from matcher.mechanisms.call import descent
from tests.unit.matcher import markets

_EXACT = mechanisms.Budget(seconds=None)


def search(moves=60):
    return mechanisms.Budget(seconds=None, moves=moves)


def choices(market):
    """Markets in which each bid of ``market`` has said which alternative it wants."""
    supply = list(market.offers), markets.taken(market)
    for options in itertools.product(*map(plain, market.bids)):
        yield book.Book(market.now, *supply, options)


def plain(placed):
    """The bids that know of neither alternatives nor groups, of which it wants one."""
    for each in placed.options:
        for rack in (0, 1) if each.group_by else (None,):
            asked = () if rack is None else (('rack', '==', rack),)
            yield dataclasses.replace(
                each,
                alternative=None,
                group_by=None,
                requirements=each.requirements + asked,
            )


def _each_alone(of_bids):
    return np.arange(len(of_bids)), np.arange(len(of_bids) + 1)


def awarded(market, allocation):
    return allocation.allocate(market, search()).awards


class AllocationTest(unittest.TestCase):
    @markets.examples(0.15, 0.1)
    @hypothesis.given(markets.rich_books(3, 3, apart=False))
    def test_the_best_is_that_of_the_best_choice_of_alternatives(self, market):
        found = exact.Exact().allocate(market, _EXACT)
        self.assertEqual([], markets.broken(market, found.awards))
        worth = max(exact.worth(each, _EXACT) for each in choices(market))
        self.assertEqual(worth, figures.worth(found.awards))

    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.rich_books(3, 2))
    def test_the_best_is_what_is_found_by_trying_all(self, market):
        found = exact.Exact().allocate(market, _EXACT)
        self.assertEqual([], markets.broken(market, found.awards))
        worth = figures.worth(found.awards)
        self.assertEqual(markets.most_worth(market) * 1000, worth)
        alone = immediate.Immediate()
        for each in market.bids:
            only = market.copy([each])
            awards = alone.allocate(only, _EXACT).awards
            self.assertEqual([], markets.broken(only, awards))
            self.assertEqual(markets.most_worth(only) * 1000, figures.worth(awards))

    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.rich_books(4, 4))
    def test_the_bound_is_not_below_and_what_is_found_not_above(self, market):
        best = exact.Exact().allocate(market, _EXACT)
        found = call.Call().allocate(market, search())
        self.assertEqual([], markets.broken(market, found.awards))
        self.assertLessEqual(best.welfare, found.upper_bound)
        self.assertLessEqual(found.welfare, best.welfare)

    @markets.examples(0.2, 0.1)
    @hypothesis.given(markets.rich_books(4, 4), st.sampled_from((1, 2, 150)))
    def test_no_bound_of_bids_apart_is_below_the_best(self, market, largest):
        whole = hopeful.of(market)
        if not whole.bids:
            return
        finer = hopeful.of(market, by_window=True)
        marks = descent.edges(finer, 24)
        prices = descent.start_prices(finer, marks)
        most = certificate.certified(finer, marks, prices).bound
        asked = whole, finer, marks, prices, most, exact.Solver(1), lambda: 900.0
        with mock.patch.object(decomposition, 'LARGEST', largest):
            bounds = [most, *decomposition.least(*asked)]
        self.assertLessEqual(exact.worth(market, _EXACT), bounds[-1])

    @markets.examples(0.2, 0.02)
    @hypothesis.given(markets.rich_books(4, 5), st.randoms())
    def test_the_order_of_bids_and_offers_changes_nothing(self, market, random):
        offers, bids = list(market.offers), list(market.bids)
        random.shuffle(offers)
        random.shuffle(bids)
        other = book.Book(market.now, offers, markets.taken(market), bids)
        for rule in (immediate.Immediate(), call.Call()):
            found = awarded(market, rule)
            self.assertEqual([], markets.broken(market, found))
            self.assertCountEqual(found, awarded(other, rule))

    def test_a_bid_may_leave_one_alternative_for_another(self):
        """A search that placed the first has to find the exchange."""
        supply = [
            markets.make_offer(number, properties={'cpus': cpus}, price='0')
            for number, cpus in ((0, 8), (1, 16))
        ]
        small, large = ((('cpus', '==', each),) for each in (8, 16))
        flexible = markets.or_else(
            markets.make_bid(0, price='5', requirements=small),
            markets.make_bid(0, price='4', requirements=large),
        )
        stubborn = markets.make_bid(1, price='4.5', requirements=small)
        market = book.Book(markets.NOW, supply, {}, [flexible, stubborn])
        for rule in (call.Call(), exact.Exact()):
            found = {each.bid.key: each for each in awarded(market, rule)}
            self.assertEqual({('b0', 1, None), ('b1', None, None)}, set(found))
        first = awarded(market, immediate.Immediate())
        self.assertEqual([('b0', 0, None)], [each.bid.key for each in first])

    def test_two_alternatives_that_are_awarded_are_found(self):
        supply = [markets.make_offer(number) for number in range(2)]
        either = markets.or_else(
            markets.make_bid(price='3'), markets.make_bid(price='2.5')
        )
        market = book.Book(markets.NOW, supply, {}, [either])
        self.assertEqual([], markets.broken(market, awarded(market, exact.Exact())))
        with mock.patch.object(figures, '_groups', _each_alone):
            twice = awarded(market, exact.Exact())
        self.assertEqual(['a bid is filled twice'], markets.broken(market, twice))

    @markets.examples(0.1, 0.02)
    @hypothesis.given(markets.rich_books(4, 5))
    def test_sixteen_alternatives_that_cannot_be_met_change_nothing(self, market):
        hostile = markets.make_bid(99, price='9', quantity=1000, min_quantity=1000)
        expressions = None, 'rack', *(f'[rack, `{each}`]' for each in range(14))
        hostile = markets.or_else(
            *(dataclasses.replace(hostile, group_by=each) for each in expressions)
        )
        beside = book.Book(
            market.now,
            market.offers,
            markets.taken(market),
            (*market.bids, dataclasses.replace(hostile, uuid='hostile')),
        )
        for rule in (immediate.Immediate(), call.Call()):
            self.assertEqual(awarded(market, rule), awarded(beside, rule))


class PricingTest(unittest.TestCase):
    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.rich_books(4, 4))
    def test_no_owner_below_the_ask_and_no_renter_above_the_ceiling(self, market):
        for allocation, rule in (
            (call.Call(), second_price.SecondPrice()),
            (call.Call(), k_double_auction.KDoubleAuction()),
            (call.Call(), uniform.Uniform()),
            (exact.Exact(), second_price.SecondPrice()),
            (exact.Exact(), core.Core()),
        ):
            settled = rule.settle(market, allocation.allocate(market, search()))
            self.assertEqual(settled.pays, settled.gets)
            self.assertEqual(decimal.Decimal(0), settled.balance)
            for award, rates in zip(settled.awards, settled.pays, strict=True):
                for offer, rate in zip(award.offers, rates, strict=True):
                    self.assertLessEqual(offer.price, rate)
                    self.assertLessEqual(rate, award.bid.price)

    @markets.examples(0.1, 0.02)
    @hypothesis.given(markets.rich_books(3, 3))
    def test_what_bids_left_out_would_add_is_what_a_solver_finds(self, market):
        awards = exact.Exact().allocate(market, _EXACT).awards
        served = {award.bid.uuid for award in awards}
        left_out = [each for each in market.bids if each.uuid not in served]
        for award, found in zip(awards, externality.of(market, awards), strict=True):
            others = market.copy(left_out)
            for each in awards:
                if each is not award:
                    others.take(each)
            if found.exact:
                self.assertEqual(exact.worth(others, _EXACT), found.value)

    @markets.examples(0.05, 0.02)
    @hypothesis.given(markets.rich_books(3, 3), st.data())
    def test_under_vcg_no_lie_about_an_alternative_gains(self, market, data):
        if not market.bids:
            return
        honest = data.draw(st.sampled_from(market.bids))
        terms = [honest, *honest.alternatives]
        lies = [data.draw(st.sampled_from(markets.CEILINGS)) for _ in terms]
        lie = dataclasses.replace(
            honest,
            price=lies[0],
            alternatives=tuple(
                dataclasses.replace(each, price=price)
                for each, price in zip(honest.alternatives, lies[1:], strict=True)
            ),
        )
        if any(each.quantity > 1 for each in terms):
            # Of several servers a lie may open one whose ask is above the ceiling.
            return
        gains = [
            self._gain(each, honest) for each in (market, markets.instead(market, lie))
        ]
        self.assertGreaterEqual(gains[0] - gains[1], -decimal.Decimal('0.001'))

    def _gain(self, market, honest):
        """What ``honest`` has left of what the awards of ``market`` are worth to it."""
        found = exact.Exact().allocate(market, _EXACT)
        settled = vcg.Vcg().settle(market, found)
        for award, rates in zip(settled.awards, settled.pays, strict=True):
            if award.bid.uuid == honest.uuid:
                value = honest.options[award.bid.alternative or 0].price
                hours = decimal.Decimal(award.stay.seconds) / 3600
                return sum(value - rate for rate in rates) * hours
        return decimal.Decimal(0)

    def test_mcafee_refuses_alternatives(self):
        either = markets.or_else(markets.make_bid(), markets.make_bid(price='3'))
        market = book.Book(markets.NOW, [markets.make_offer()], {}, [either])
        found = immediate.Immediate().allocate(market, _EXACT)
        with self.assertRaisesRegex(mechanisms.Refused, 'alternatives'):
            trade_reduction.TradeReduction().settle(market, found)


class BookTest(unittest.TestCase):
    def test_alternatives_join_what_they_may_have(self):
        supply = [
            markets.make_offer(number, properties={'cpus': cpus})
            for number, cpus in ((0, 8), (1, 16), (2, 32))
        ]
        eight, sixteen, more = (
            markets.make_bid(number, requirements=(('cpus', '==', cpus),))
            for number, cpus in ((0, 8), (1, 16), (2, 32))
        )
        either = markets.or_else(dataclasses.replace(eight, uuid='either'), sixteen)
        market = book.Book(markets.NOW, supply, {}, [eight, sixteen, more, either])
        names = partition.components(market)
        self.assertEqual(names['b0'], names['b1'])
        self.assertEqual(names['b0'], names['either'])
        self.assertNotEqual(names['b0'], names['b2'])
        touched = partition.touched(market, {'offer': {'o1'}, 'bid': set()})
        self.assertEqual({'b0', 'b1', 'either'}, {each.uuid for each in touched.bids})

    def test_the_nearest_miss_of_all_alternatives_is_told(self):
        supply = [markets.make_offer(price='3')]
        either = markets.or_else(
            markets.make_bid(requirements=(('cpus', '>=', 64),)),
            markets.make_bid(price='2'),
            markets.make_bid(quantity=2, min_quantity=2),
        )
        market = book.Book(markets.NOW, supply, {}, [either])
        (reason,) = diagnostics.unmatched(market, [])
        self.assertEqual(('b0', 'price'), (reason.bid_uuid, reason.reason))
        self.assertTrue(reason.detail.startswith('Alternative 1: 1 server costs'))
        self.assertEqual(
            [],
            diagnostics.unmatched(
                market, [book.Award(either.options[1], either.window, tuple(supply))]
            ),
        )

    def test_no_rack_has_sixteen_free(self):
        def rack(name, size, busy=0):
            return [
                markets.make_offer(
                    f'{name}-{at}',
                    start=60 if at < busy else 0,
                    properties={'capabilities': {'rack': name}},
                )
                for at in range(size)
            ]

        together = markets.make_bid(
            quantity=16, min_quantity=16, group_by='capabilities.rack'
        )
        apart = markets.make_bid(1, quantity=16, min_quantity=16)

        def told(offers, wanted=together):
            market = book.Book(markets.NOW, offers, {}, [wanted])
            (reason,) = diagnostics.unmatched(market, awarded(market, call.Call()))
            return reason.reason, reason.detail

        supply = rack('a', 12) + rack('b', 15) + rack('c', 16, 9)
        nearest = (
            'quantity',
            'At most 15 servers are free at once; it asks for 16. This is of group b '
            '(capabilities.rack); no other is nearer.',
        )
        self.assertEqual(nearest, told(supply))
        self.assertEqual(
            (
                'quantity',
                'At most 15 servers are of one group, b (capabilities.rack); it asks '
                'for 16.',
            ),
            told(supply[:-16]),
        )
        nowhere = dataclasses.replace(together, group_by='island')
        self.assertEqual(
            ('hardware', 'No server that would do has island.'), told(supply, nowhere)
        )
        # Without the wish all of it is there; and a rack that has them is taken.
        market = book.Book(markets.NOW, supply, {}, [apart])
        self.assertEqual(1, len(awarded(market, call.Call())))
        market = book.Book(markets.NOW, supply + rack('d', 16), {}, [together])
        (award,) = awarded(market, call.Call())
        self.assertEqual('d', award.bid.group_value)

    def test_no_rack_is_needed_twice(self):
        """Of three racks with two each a bid for five may have two of each at most."""
        supply = [
            markets.make_offer(number, price=str(1 + number), properties={'rack': rack})
            for number, rack in enumerate('aabbcc')
        ]
        for most, said in (
            (2, None),
            (
                1,
                'At most 3 servers are free at once, with 1 of one group at most '
                '(rack)',
            ),
        ):
            wanted = markets.make_bid(
                *(0, 0, 100, '9'),
                **{'quantity': 5, 'min_quantity': 5},
                **{'spread_by': 'rack', 'spread_max': most},
            )
            market = book.Book(markets.NOW, supply, {}, [wanted])
            reasons = diagnostics.unmatched(market, awarded(market, call.Call()))
            self.assertEqual(
                [] if said is None else [f'{said}; it asks for 5.'],
                [each.detail for each in reasons],
            )
        few = dataclasses.replace(wanted, min_quantity=1)
        market = book.Book(markets.NOW, supply, {}, [few])
        (award,) = awarded(market, call.Call())
        self.assertEqual(['o0', 'o2', 'o4'], [each.uuid for each in award.offers])
