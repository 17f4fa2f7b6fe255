# SPDX-License-Identifier: Apache-2.0
"""Firm bids that have what interruptible contracts can lose, against the best."""

import collections
import dataclasses
import datetime
import decimal
import itertools
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx.core import tenure
from flocx.core import window
from matcher import book
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import core
from matcher.mechanisms import displacement
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import k_double_auction
from matcher.mechanisms import second_price
from matcher.mechanisms import uniform
from tests.unit.matcher import markets

SECOND = datetime.timedelta(seconds=1)
BUDGET = mechanisms.Budget(seconds=None, moves=100)
FREELY = mechanisms.Budget(seconds=None)

#: When a contract begins and how long it is, its notice, the gap and what it offers.
TENURE = markets.picks(
    range(-5, 20), range(1, 25), range(8), (0, 0, 2), markets.CEILINGS[::100]
)


def make_tenure(number=0, start=-10, end=50, notice=5, gap=0, ceiling='2'):
    return tenure.Tenure(
        line_uuid=f'l{number}',
        contract_uuid=f'c{number}',
        start_time=markets.moment(start),
        end_time=markets.moment(end),
        notice=notice * SECOND,
        gap=gap * SECOND,
        ceiling=decimal.Decimal(ceiling),
    )


def rented(market, drawn, interruptible=(), scale=1):
    """``market`` with some of its time rented by interruptible contracts.

    :param scale: how many seconds each one is that is drawn.
    :param drawn: for each offer, what ``TENURE`` gives.
    :param interruptible: numbers of its bids that are, too.
    """
    taken, tenures = markets.taken(market), {}
    for number, (offer, terms) in enumerate(zip(market.offers, drawn, strict=False)):
        *times, ceiling = terms
        start, length, notice, gap = (each * scale for each in times)
        one = make_tenure(number, start, start + length, notice, gap, ceiling)
        free = any(each.contains(one.held) for each in market.left(offer))
        if free and one.end_time > market.now:
            tenures[offer.slot] = [one]
            taken[offer.slot] = [*taken[offer.slot], one.held]
    demand = [
        dataclasses.replace(bid, interruptible_notice=60)
        if number in interruptible
        else bid
        for number, bid in enumerate(market.bids)
    ]
    return book.Book(market.now, market.offers, taken, demand, tenures)


def rented_books(bids=markets.bids, most_offers=4, most_bids=4, books=None):
    return st.builds(
        rented,
        markets.books(most_offers, most_bids, bids) if books is None else books,
        st.lists(TENURE, max_size=6),
        st.sets(st.integers(0, most_bids - 1), max_size=2),
    )


def welfare(market, awards):
    """What awards are worth less what contracts lose, counted anew, as a value."""
    lost = 0
    for offer in market.offers:
        for each in market.tenures.get(offer.uuid, ()):
            rate = max(0, figures.micro(each.ceiling) - figures.micro(offer.price))
            end = new_end(each, stays_on(offer, awards))
            lost += rate * int((each.end_time - end).total_seconds())
    plain = [dataclasses.replace(award, displaces=()) for award in awards]
    return figures.worth(plain) - lost


def stays_on(offer, awards):
    return [award.stay for award in awards if offer in award.offers]


def new_end(each, stays):
    """When a contract has to end, or begin that does not, for all of these stays."""
    end = each.end_time
    for stay in stays:
        if stay.start < end + each.gap and each.start_time - each.gap < stay.end:
            end = max(each.start_time, stay.start - each.gap)
    return end


def broken(market, awards):
    """What does not hold of awards that displace, as a list of sentences."""
    plain = [dataclasses.replace(award, displaces=()) for award in awards]
    firm = [each for each in plain if each.bid.interruptible_notice is None]
    found = markets.broken(market.yielding(), plain)
    found += markets.broken(
        market, [each for each in plain if each.bid.interruptible_notice is not None]
    )
    for offer in market.offers:
        stays = stays_on(offer, firm)
        for each in market.tenures.get(offer.uuid, ()):
            end = new_end(each, stays)
            decided = window.through(market.now) + each.notice
            if end < min(each.end_time, max(decided, each.start_time)):
                found.append(f'{each.line_uuid} has no notice')
            said = [
                other.until
                for award in awards
                for other in award.displaces
                if other.tenure.line_uuid == each.line_uuid
            ]
            if max(each.start_time, min([each.end_time, *said])) != end:
                found.append(f'{each.line_uuid} ends at {end}, and not at {said}')
    return found


def best(market):
    """The most welfare there is, found by trying each second; very small markets."""
    firm = market.yielding()
    choices = [
        [
            None,
            *_placings(
                firm if bid.interruptible_notice is None else market.copy(), bid
            ),
        ]
        for bid in market.bids
    ]
    most = 0
    for awards in itertools.product(*choices):
        some = [each for each in awards if each]
        if _apart(some):
            most = max(most, welfare(market, some))
    return most


def _placings(market, bid):
    first = max(market.now, bid.start_time)
    starts = [first]
    while not bid.whole and bid.stay(starts[-1] + SECOND):
        starts.append(starts[-1] + SECOND)
    for stay in filter(None, map(bid.stay, starts)):
        there = [
            each
            for each in market.suitable(bid)
            if any(free.contains(stay) for free in market.free(each))
        ]
        for size in range(bid.min_quantity, bid.quantity + 1):
            for offers in itertools.combinations(there, size):
                yield book.Award(bid, stay, offers)


def _apart(awards):
    taken = collections.defaultdict(list)
    for award in awards:
        for offer in award.offers:
            if any(each.overlaps(award.stay) for each in taken[offer.uuid]):
                return False
            taken[offer.uuid].append(award.stay)
    return True


def small():
    picks = markets.picks(
        range(8), range(1, 6), range(6), ((1, 1), (1, 2), (2, 2)), markets.CEILINGS
    )

    @st.composite
    def bids(draw, number):
        start, length, slack, (least, most), price = draw(picks)
        return markets.make_bid(
            number,
            start,
            start + length + slack,
            price,
            duration=length,
            quantity=most,
            min_quantity=least,
            project_id='blue',
        )

    return rented_books(bids, 2, 2)


class DisplacementTest(unittest.TestCase):
    @markets.examples(0.4, 0.1)
    @hypothesis.given(small())
    def test_the_solver_finds_the_best_of_all(self, market):
        found = exact.Exact().allocate(market, FREELY)
        self.assertEqual([], broken(market, found.awards))
        self.assertEqual(best(market), figures.worth(found.awards))
        self.assertEqual(best(market), welfare(market, found.awards))

    @markets.examples(1, 0.1)
    @hypothesis.given(
        st.one_of(
            rented_books(),
            rented_books(markets.rich_bundles, 4, 3),
            rented_books(most_bids=3, books=markets.bundle_books(4, 3)),
        )
    )
    def test_the_bound_is_not_below_and_what_is_found_not_above(self, market):
        least = figures.worth(exact.Exact().allocate(market, FREELY).awards)
        for allocation in (call.Call(), immediate.Immediate()):
            found = displacement.allocate(allocation, market, BUDGET)
            self.assertEqual([], broken(market, found.awards))
            self.assertEqual(figures.worth(found.awards), welfare(market, found.awards))
            self.assertLessEqual(figures.worth(found.awards), least)
            if found.upper_bound is not None:
                self.assertLessEqual(figures.credits(least), found.upper_bound)

    @markets.examples(0.5, 0.1)
    @hypothesis.given(st.one_of(rented_books(most_bids=1), small()))
    def test_one_bid_gets_what_is_best_for_it(self, market):
        market = market.copy(market.bids[:1])
        if any(each.interruptible_notice for each in market.bids):
            return
        free = call.Call().allocate(market, BUDGET)
        if free.awards:
            return
        found = displacement.allocate(call.Call(), market, BUDGET)
        least = exact.Exact().allocate(market, FREELY)
        self.assertEqual(least.welfare, found.welfare)

    @markets.examples(0.5, 0.1)
    @hypothesis.given(rented_books())
    def test_each_contract_needs_no_other_to_be_written(self, market):
        """Another engine, or a lessee, may have been faster with one of them."""
        for allocation in (call.Call(), exact.Exact()):
            found = displacement.allocate(allocation, market, FREELY)
            for award in found.awards:
                self.assertAlone(market, award)

    def test_who_comes_later_displaces_what_an_earlier_one_has(self):
        offer, one = markets.make_offer(), make_tenure(end=90)
        bids = [
            markets.make_bid(0, 10, 30, '50'),
            markets.make_bid(1, 50, 70, '40', project_id='green'),
        ]
        slot = offer.slot
        market = book.Book(
            markets.NOW, [offer], {slot: [one.held]}, bids, {slot: [one]}
        )
        for allocation in (call.Call(), exact.Exact()):
            found = displacement.allocate(allocation, market, FREELY)
            self.assertEqual(2, len(found.awards))
            for award in found.awards:
                self.assertAlone(market, award)

    def assertAlone(self, market, award):
        ends = {lost.tenure.line_uuid: lost.until for lost in award.displaces}
        for offer in award.offers:
            for each in market.tenures.get(offer.uuid, ()):
                until = ends.get(each.line_uuid, each.end_time)
                end = min(each.end_time, max(each.start_time, until))
                if end > each.start_time:
                    left = dataclasses.replace(each, end_time=end)
                    self.assertFalse(award.stay.overlaps(left.held), each)

    @markets.examples(0.5, 0.1)
    @hypothesis.given(rented_books())
    def test_no_owner_gets_less_than_what_is_displaced_had_offered(self, market):
        for allocation in (call.Call(), exact.Exact()):
            found = displacement.allocate(allocation, market, BUDGET)
            for pricing in (
                second_price.SecondPrice(),
                k_double_auction.KDoubleAuction(),
                uniform.Uniform(),
                core.Core(),
            ):
                if isinstance(pricing, uniform.Uniform) and not found.prices:
                    continue
                settled = displacement.settle(pricing, market, found)
                self.assertEqual(
                    [award.bid.key for award in found.awards],
                    [award.bid.key for award in settled.awards],
                )
                for award, pays in zip(settled.awards, settled.pays, strict=True):
                    self.assertPaid(award, pays)

    def assertPaid(self, award, pays):
        for offer, pay in zip(award.offers, pays, strict=True):
            self.assertLessEqual(offer.price, pay)
            self.assertLessEqual(pay, award.bid.price)
        paid = sum(map(figures.micro, pays)) * award.stay.seconds
        asked = sum(figures.micro(offer.price) for offer in award.offers)
        lost = sum(each.loss for each in award.displaces)
        most = figures.micro(award.bid.price) * len(award.offers) * award.stay.seconds
        self.assertGreaterEqual(
            paid, min(most, asked * award.stay.seconds + lost), award
        )


class ExamplesTest(unittest.TestCase):
    def allocate(self, tenures, *bids, offers=1, allocation=None):
        supply = [markets.make_offer(number) for number in range(offers)]
        those = {supply[number].slot: [each] for number, each in enumerate(tenures)}
        taken = {slot: [each.held for each in found] for slot, found in those.items()}
        market = book.Book(markets.NOW, supply, taken, bids, those)
        return market, displacement.allocate(allocation or call.Call(), market, BUDGET)

    def test_a_firm_bid_displaces_one_that_offers_less_after_its_notice(self):
        bid = markets.make_bid(0, 0, 60, '4', duration=40)
        _, found = self.allocate([make_tenure(end=100)], bid)
        (award,) = found.awards
        # As late as its window allows: the other one keeps what it can.
        self.assertEqual(markets.moment(20), award.stay.start)
        (each,) = award.displaces
        self.assertEqual(markets.moment(20), each.until)
        self.assertEqual(80 * 10**6, each.loss)
        self.assertEqual(40 * 3 * 10**6 - 80 * 10**6, figures.worth(found.awards))

    def test_it_is_not_displaced_for_what_is_worth_as_much(self):
        bid = markets.make_bid(0, 0, 100, '2', duration=80)
        _, found = self.allocate([make_tenure(end=100)], bid)
        self.assertEqual([], list(found.awards))

    def test_an_interruptible_bid_displaces_nobody(self):
        bid = markets.make_bid(0, 0, 60, '9', duration=40, interruptible_notice=60)
        _, found = self.allocate([make_tenure(end=100)], bid)
        self.assertEqual([], list(found.awards))

    def test_nothing_is_displaced_where_free_servers_will_do(self):
        bid = markets.make_bid(0, 0, 60, '9', duration=40)
        _, found = self.allocate([make_tenure(end=100)], bid, offers=2)
        self.assertEqual(['o1'], [each.uuid for each in found.awards[0].offers])
        self.assertEqual((), found.awards[0].displaces)

    def test_of_several_the_ones_that_lose_least_are_displaced(self):
        bid = markets.make_bid(0, 0, 60, '9', duration=40, quantity=2, min_quantity=2)
        ends = [100, 30, 80]
        tenures = [make_tenure(number, end=end) for number, end in enumerate(ends)]
        _, found = self.allocate(tenures, bid, offers=3)
        (award,) = found.awards
        self.assertEqual(['o1', 'o2'], [each.uuid for each in award.offers])
        self.assertEqual(
            {'l1', 'l2'}, {each.tenure.line_uuid for each in award.displaces}
        )

    def test_the_notice_and_the_cleaning_are_kept(self):
        bid = markets.make_bid(0, 0, 60, '9', duration=48)
        _, found = self.allocate([make_tenure(end=100, notice=6, gap=4)], bid)
        (award,) = found.awards
        self.assertEqual(markets.moment(12), award.stay.start)
        self.assertEqual(markets.moment(8), award.displaces[0].until)
        sooner = markets.make_bid(0, 0, 60, '9', duration=50)
        _, found = self.allocate([make_tenure(end=100, notice=6, gap=4)], sooner)
        self.assertEqual([], list(found.awards))

    def test_what_has_not_begun_is_cancelled(self):
        bid = markets.make_bid(0, 0, 60, '9', duration=60)
        _, found = self.allocate([make_tenure(start=40, end=70, ceiling='3')], bid)
        (each,) = found.awards[0].displaces
        self.assertEqual(each.until, each.tenure.start_time)
        self.assertEqual(30 * 2 * 10**6, each.loss)

    def test_who_displaces_pays_what_the_displaced_had_offered(self):
        bid = markets.make_bid(0, 0, 60, '5', duration=40)
        market, found = self.allocate([make_tenure(end=100)], bid)
        for pricing, price in (
            (second_price.SecondPrice(), '3'),
            (k_double_auction.KDoubleAuction(), '4'),
            (uniform.Uniform(), '3'),
        ):
            settled = displacement.settle(pricing, market, found)
            self.assertEqual([(decimal.Decimal(price),)], list(settled.pays))
            self.assertEqual('o0', settled.awards[0].offers[0].uuid)

    def test_plain_markets_are_what_they_were(self):
        bid = markets.make_bid(0, 0, 60, '5', duration=40)
        market = book.Book(markets.NOW, [markets.make_offer()], {}, [bid])
        alone = call.Call().allocate(market, BUDGET)
        found = displacement.allocate(call.Call(), market, BUDGET)
        self.assertEqual(alone.awards, found.awards)
        self.assertEqual(alone.upper_bound, found.upper_bound)


if __name__ == '__main__':
    unittest.main()
