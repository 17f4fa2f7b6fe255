# SPDX-License-Identifier: Apache-2.0
"""Offers that ask for their time by the hour.

The oracle knows nothing of tariffs: it adds up what each hour is asked for.
"""

import dataclasses
import datetime
import decimal
import itertools
import unittest

import hypothesis

from flocx.core import asks
from matcher import book
from matcher import diagnostics
from matcher import marketfile
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import core
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import immediate
from matcher.mechanisms import k_double_auction
from matcher.mechanisms import second_price
from matcher.mechanisms import trade_reduction
from matcher.mechanisms import uniform
from matcher.mechanisms import vcg
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import descent
from tests.unit.matcher import markets

_EXACT = mechanisms.Budget(seconds=None)
_CALL = mechanisms.Budget(seconds=None, moves=60)
_HOUR = datetime.timedelta(hours=1)

NIGHT = asks.schedule([{'start': '20:00', 'end': '08:00', 'price': '0.5'}])


def hours(stay):
    """The whole hours of ``stay``, each by its start."""
    moment = stay.start
    while moment < stay.end:
        yield moment
        moment += _HOUR


def asked(offer, stay, now=markets.NOW):
    """What ``stay`` is asked for, in credits, exact."""
    pieces = offer.asked(now)
    return sum(
        next(each.price for each in pieces if each.start <= hour < each.end)
        for hour in hours(stay)
    )


def originals(market):
    return {each.uuid: each for each in market.offers}


def broken(market, awards):
    """What does not hold of ``awards``, of prices too."""
    yield from markets.broken(market, awards)
    offers = originals(market)
    for award in awards:
        for each in award.offers:
            exact_rate = asked(offers[each.uuid], award.stay) / len(
                list(hours(award.stay))
            )
            if not 0 <= each.price - exact_rate < decimal.Decimal('0.000001'):
                yield f'{each.uuid} asks for {each.price}, not {exact_rate}'
            if each.by_hour:
                yield f'{each.uuid} has more than one price'


def integral(market, awards):
    """The welfare of ``awards``, in credits, with nothing rounded."""
    offers = originals(market)
    return sum(
        award.bid.price * len(list(hours(award.stay)))
        - asked(offers[each.uuid], award.stay)
        for award in awards
        for each in award.offers
    )


def most_worth(market):
    """The most welfare in credits: all starts at whole hours are tried.

    All that changes does so at whole hours, so some best awards begin at such.
    """
    return max(map(sum, _ways(market, list(market.bids), {})), default=0)


def _ways(market, bids, held):
    if not bids:
        yield ()
        return
    first, *rest = bids
    for way in _ways(market, rest, held):
        yield (0, *way)
    begin = max(market.now, first.start_time)
    stay = first.stay(begin)
    while stay is not None:
        there = [
            each
            for each in market.suitable(first)
            if any(free.contains(stay) for free in market.free(each))
            and not any(stay.overlaps(other) for other in held.get(each.uuid, ()))
            and asked(each, stay) <= first.price * (stay.seconds // 3600)
        ]
        for size in range(first.min_quantity, first.quantity + 1):
            for offers in itertools.combinations(there, size):
                taken = {
                    **held,
                    **{e.uuid: [*held.get(e.uuid, ()), stay] for e in offers},
                }
                value = sum(
                    first.price * (stay.seconds // 3600) - asked(each, stay)
                    for each in offers
                )
                for way in _ways(market, rest, taken):
                    yield (value, *way)
        begin += _HOUR
        stay = None if first.whole else first.stay(begin)


class AllocationsTest(unittest.TestCase):
    @markets.examples(0.25, 0.1)
    @hypothesis.given(markets.books_by_hour(2, 2))
    def test_the_best_is_what_is_found_by_trying_all(self, market):
        found = exact.Exact().allocate(market, _EXACT)
        self.assertEqual([], list(broken(market, found.awards)))
        most = most_worth(market)
        # But for what is rounded: a millionth of a credit for each hour of a server.
        self.assertLessEqual(found.welfare, most)
        self.assertAlmostEqual(most, found.welfare, delta=decimal.Decimal('0.001'))
        self.assertGreaterEqual(found.upper_bound, found.welfare)
        self.assertAlmostEqual(most, integral(market, found.awards), places=5)

    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.books_by_hour(2, 1))
    def test_who_is_alone_gets_the_best_at_once(self, market):
        awards = immediate.Immediate().allocate(market, _EXACT).awards
        self.assertEqual([], list(broken(market, awards)))
        most = most_worth(market)
        self.assertAlmostEqual(most, integral(market, awards), places=5)

    @markets.examples(0.4, 0.1)
    @hypothesis.given(markets.books_by_hour())
    def test_the_bound_is_never_below_the_best(self, market):
        best = exact.Exact().allocate(market, _EXACT)
        found = call.Call().allocate(market, _CALL)
        self.assertEqual([], list(broken(market, found.awards)))
        self.assertEqual([], list(broken(market, best.awards)))
        self.assertLessEqual(found.welfare, found.upper_bound)
        self.assertLessEqual(found.welfare, best.upper_bound)
        self.assertGreaterEqual(found.upper_bound, best.welfare)
        quick = immediate.Immediate().allocate(market, _EXACT)
        self.assertEqual([], list(broken(market, quick.awards)))
        self.assertLessEqual(quick.welfare, best.upper_bound)

    @markets.examples(1.0, 0.1)
    @hypothesis.given(markets.books_by_hour())
    def test_whatever_the_prices_they_prove_a_bound(self, market):
        best = integral(market, exact.Exact().allocate(market, _EXACT).awards)
        whole = hopeful.of(market)
        if not whole.bids:
            self.assertEqual(0, best)
            return
        for count in (2, 12):
            marks = descent.edges(whole, count)
            prices = descent.start_prices(whole, marks)
            for steps in (0, 40):
                spent = descent.counted(steps) if steps else (lambda taken: 1.0)
                prices = descent.descend(whole, marks, prices, spent, 0.12)
                bound = certificate.certified(whole, marks, prices).bound
                self.assertGreaterEqual(
                    figures.credits(bound, decimal.ROUND_CEILING) + _TINY, best
                )

    @markets.examples(0.2, 0.1)
    @hypothesis.given(markets.books_by_hour(3, 3, markets.rich_bundles))
    def test_alternatives_and_bundles(self, market):
        best = exact.Exact().allocate(market, _EXACT)
        for allocation in (call.Call(), immediate.Immediate()):
            found = allocation.allocate(market, _CALL)
            self.assertEqual([], list(broken(market, found.awards)))
            self.assertLessEqual(found.welfare, best.upper_bound)
            if found.upper_bound is not None:
                self.assertGreaterEqual(found.upper_bound, best.welfare)

    def test_a_stay_goes_where_it_is_cheap(self):
        offer = markets.make_offer(end=48 * 3600, price='3', ask_schedule=NIGHT)
        bid = markets.make_bid(end=48 * 3600, price='1', duration=12 * 3600)
        market = book.Book(markets.NOW, [offer], {}, [bid])
        for allocation in (call.Call(), immediate.Immediate(), exact.Exact()):
            (award,) = allocation.allocate(market, _CALL).awards
            self.assertEqual(markets.moment(20 * 3600), award.stay.start)
            self.assertEqual(decimal.Decimal('0.5'), award.offers[0].price)
        # A second more of the day is more than it pays.
        dear = dataclasses.replace(bid, price=decimal.Decimal('0.5'), duration=43201)
        market = book.Book(markets.NOW, [offer], {}, [dear])
        for allocation in (call.Call(), immediate.Immediate(), exact.Exact()):
            self.assertEqual((), tuple(allocation.allocate(market, _CALL).awards))
        (told,) = diagnostics.unmatched(market, [])
        self.assertEqual('price', told.reason)
        self.assertIn('0.500058 an hour', told.detail)

    def test_a_market_is_written_and_read_again(self):
        offer = markets.make_offer(
            end=48 * 3600,
            ask_schedule=NIGHT,
            ask_falls=asks.falls({'before': 7200, 'price': '0.1'}),
        )
        market = book.Book(markets.NOW, [offer], {}, [])
        (again,) = marketfile.read(marketfile.written(market)).offers
        self.assertEqual(offer.ask_schedule, again.ask_schedule)
        self.assertEqual(offer.ask_falls, again.ask_falls)

    def test_the_exact_solver_refuses_what_has_too_many_changes(self):
        offers = [
            markets.make_offer(
                number,
                end=3600 * 4000,
                price=f'{number + 1}',
                ask_schedule=NIGHT,
            )
            for number in range(30)
        ]
        bids = [markets.make_bid(number, duration=60) for number in range(30)]
        with self.assertRaises(mechanisms.Refused):
            exact.Exact().allocate(book.Book(markets.NOW, offers, {}, bids), _EXACT)


_TINY = decimal.Decimal('0.000001')


class PricingsTest(unittest.TestCase):
    @markets.examples(0.4, 0.05)
    @hypothesis.given(markets.books_by_hour())
    def test_nobody_pays_less_than_the_hours_or_more_than_the_ceiling(self, market):
        found = call.Call().allocate(market, _CALL)
        for pricing in (
            k_double_auction.KDoubleAuction(),
            uniform.Uniform(),
            second_price.SecondPrice(),
            core.Core(),
        ):
            settled = pricing.settle(market, found)
            for award, pays, gets in zip(
                settled.awards, settled.pays, settled.gets, strict=True
            ):
                for offer, pay, get in zip(award.offers, pays, gets, strict=True):
                    self.assertLessEqual(offer.price, get, pricing.NAME)
                    self.assertLessEqual(get, pay)
                    self.assertLessEqual(pay, award.bid.price)

    def test_rules_whose_properties_would_be_lost_refuse(self):
        offer = markets.make_offer(end=48 * 3600, ask_schedule=NIGHT)
        market = book.Book(markets.NOW, [offer], {}, [markets.make_bid(end=7200)])
        found = exact.Exact().allocate(market, _EXACT)
        for pricing in (vcg.Vcg(), trade_reduction.TradeReduction()):
            with self.assertRaisesRegex(mechanisms.Refused, 'asks by the hour'):
                pricing.settle(market, found)
