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
from matcher.mechanisms import core
from matcher.mechanisms import exact
from matcher.mechanisms import externality
from matcher.mechanisms import figures
from matcher.mechanisms import second_price
from matcher.mechanisms import vcg
from tests.unit.matcher import markets

QUICK = mechanisms.Budget(seconds=None, moves=40)
ENDLESS = mechanisms.Budget(seconds=None)
D = decimal.Decimal

#: Owner and renters of the markets of slots.
SELLER, SLOT = 'red', 10


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
    @markets.examples()
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

    @markets.examples(0.3, 0.1)
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
        self.assertIn(award.bid.uuid, payments(after))
        if given(before) == given(after):
            self.assertEqual(before.pays, after.pays)

    @markets.examples(0.3, 0.1)
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


def of_slots(draw):
    """Bids for one server each, of several that are alike, in one of several slots."""
    offers, bids = [], []
    for kind in range(draw(st.integers(1, 2))):
        ask = draw(st.integers(0, 4))
        slots = draw(st.integers(1, 3))
        for _ in range(draw(st.integers(1, 3))):
            offers.append(
                markets.make_offer(
                    len(offers),
                    0,
                    SLOT * slots,
                    ask,
                    project_id=SELLER,
                    resource_class=f'kind-{kind}',
                    properties={'kind': kind},
                )
            )
        for _ in range(draw(st.integers(0, 6))):
            start = SLOT * draw(st.integers(0, slots - 1))
            bids.append(
                markets.make_bid(
                    len(bids),
                    start,
                    start + SLOT,
                    draw(st.integers(0, 8)),
                    project_id=f'renter-{len(bids)}',
                    resource_class=f'kind-{kind}',
                )
            )
    return book.Book(markets.NOW, offers, {}, bids)


slot_markets = st.composite(of_slots)()


def gains(done, bid):
    """What ``bid`` has left of what its hours are worth to it."""
    return sum(
        len(award.offers) * bid.price - sum(rates)
        for award, rates in zip(done.awards, done.pays, strict=True)
        if award.bid.uuid == bid.uuid
    )


class TruthTest(unittest.TestCase):
    """One server for one slot each: there the rule is that of Vickrey."""

    @markets.examples(0.3, 0.1)
    @hypothesis.given(slot_markets)
    def test_renters_pay_as_under_vcg(self, market):
        done = exact.Exact().allocate(market, ENDLESS)
        first = second_price.SecondPrice().settle(market, done)
        self.assertEqual(vcg.Vcg().settle(market, done).pays, first.pays)

    @markets.examples(0.05, 0.02)
    @hypothesis.given(slot_markets, st.data())
    def test_no_renter_gains_by_any_lie(self, market, data):
        hypothesis.assume(market.bids)
        bid = data.draw(st.sampled_from(market.bids))
        honest = gains(settled(market), bid)
        self.assertGreaterEqual(honest, 0)
        for half in range(18):
            lie = dataclasses.replace(bid, price=D(half) / 2)
            told = settled(markets.instead(market, lie))
            self.assertLessEqual(gains(told, bid), honest)


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

    @markets.examples(0.1, 0.02)
    @hypothesis.given(markets.books(4, 5))
    def test_no_bids_left_out_would_pay_more(self, market):
        done = exact.Exact().allocate(market, ENDLESS)
        raised = core.Core().settle(market, done)
        first = second_price.SecondPrice().settle(market, done)
        grain = D('0.000001')
        for award, low, high in zip(done.awards, first.pays, raised.pays, strict=True):
            self.assertLessEqual(sum(low), sum(high))
            for offer, rate in zip(award.offers, high, strict=True):
                self.assertLessEqual(offer.price, rate)
                self.assertLessEqual(rate, award.bid.price)
        # The winners give up, beside the bids left out, at a millionth above the price.
        at_price = {
            award.bid.uuid: dataclasses.replace(
                award.bid,
                price=sum(rates) / len(rates) + grain,
                start_time=award.stay.start,
                end_time=award.stay.end,
                duration=award.stay.seconds,
                quantity=len(rates),
                min_quantity=len(rates),
            )
            for award, rates in zip(raised.awards, raised.pays, strict=True)
        }
        bids = [at_price.get(bid.uuid, bid) for bid in market.bids]
        bids = [
            dataclasses.replace(bid, price=bid.price.quantize(grain)) for bid in bids
        ]
        paid = [
            dataclasses.replace(award, bid=bid)
            for award in raised.awards
            for bid in bids
            if bid.uuid == award.bid.uuid
        ]
        best = exact.worth(market.copy(bids), ENDLESS)
        seconds = sum(award.stay.seconds * len(award.offers) for award in paid)
        self.assertLessEqual(best, figures.worth(paid) + 2 * seconds)
