# SPDX-License-Identifier: Apache-2.0
"""Servers that are sold only together."""

import dataclasses
import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from matcher import book
from matcher import diagnostics
from matcher import marketfile
from matcher import mechanisms
from matcher import quotes
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
from matcher.mechanisms import whole_blocks
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import descent
from tests.unit.matcher import markets

_EXACT = mechanisms.Budget(seconds=None)
_CALL = mechanisms.Budget(seconds=None, moves=200)
_ALLOCATIONS = call.Call(), immediate.Immediate(), exact.Exact()


def rack(size, first=0, **values):
    return [
        markets.make_offer(first + number, block=f'r{first}', block_size=size, **values)
        for number in range(size)
    ]


class AllocationsTest(unittest.TestCase):
    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.books_of_blocks(3, 2))
    def test_the_best_is_what_is_found_by_trying_all(self, market):
        found = exact.Exact().allocate(market, _EXACT)
        self.assertEqual([], markets.broken(market, found.awards))
        worth = figures.worth(found.awards)
        self.assertEqual(markets.most_worth(market) * 1000, worth)

    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.books_of_blocks(4, 1))
    def test_who_is_alone_gets_the_best_at_once(self, market):
        found = immediate.Immediate().allocate(market, _EXACT)
        self.assertEqual([], markets.broken(market, found.awards))
        best = exact.Exact().allocate(market, _EXACT)
        self.assertEqual(best.welfare, found.welfare)

    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.books_of_blocks(5, 5))
    def test_call_is_below_exact_and_that_below_the_bound(self, market):
        best = exact.Exact().allocate(market, _EXACT)
        self.assertEqual([], markets.broken(market, best.awards))
        for allocation in _ALLOCATIONS:
            found = allocation.allocate(market, _CALL)
            self.assertEqual([], markets.broken(market, found.awards))
            self.assertLessEqual(found.welfare, best.welfare)
            if found.upper_bound is not None:
                self.assertGreaterEqual(found.upper_bound, best.welfare)

    @markets.examples(0.3, 0.1)
    @hypothesis.given(
        markets.books_of_blocks(4, 3, markets.rich_bundles),
        st.sets(st.integers(0, 2)),
        st.sets(st.integers(0, 2)),
    )
    def test_alternatives_bundles_and_racks(self, market, together, apart):
        blocks = {each.uuid: each for each in market.offers if each.block}
        racked = markets.in_racks(market, together, apart)
        market = book.Book(
            market.now,
            [
                dataclasses.replace(each, properties=each.properties | {'rack': 1})
                if each.uuid in blocks
                else each
                for each in racked.offers
            ],
            markets.taken(racked),
            racked.bids,
        )
        best = exact.Exact().allocate(market, _EXACT)
        for allocation in _ALLOCATIONS:
            found = allocation.allocate(market, _CALL)
            self.assertEqual([], markets.broken(market, found.awards))
            self.assertLessEqual(found.welfare, best.welfare)
            if found.upper_bound is not None:
                self.assertGreaterEqual(found.upper_bound, best.welfare)

    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.books_of_blocks())
    def test_whatever_the_prices_they_prove_a_bound(self, market):
        best = figures.worth(exact.Exact().allocate(market, _EXACT).awards)
        whole = hopeful.of(market)
        if not whole.bids:
            self.assertEqual(0, best)
            return
        marks = descent.edges(whole, 12)
        prices = descent.start_prices(whole, marks)
        for steps in (0, 40):
            spent = descent.counted(steps) if steps else (lambda taken: 1.0)
            prices = descent.descend(whole, marks, prices, spent, 0.12)
            bound = certificate.certified(whole, marks, prices).bound
            self.assertGreaterEqual(bound, best)

    def test_a_block_goes_whole_or_not_at_all(self):
        offers = rack(3)
        for least, most, servers in ((1, 2, 0), (1, 3, 3), (3, 5, 3), (4, 5, 0)):
            bid = markets.make_bid(quantity=most, min_quantity=least)
            market = book.Book(markets.NOW, offers, {}, [bid])
            for allocation in _ALLOCATIONS:
                awards = allocation.allocate(market, _CALL).awards
                got = sum(len(each.offers) for each in awards)
                self.assertEqual(servers, got, (allocation.NAME, least, most))

    def test_a_dear_block_is_taken_where_nothing_else_is_enough(self):
        offers = [*rack(4, price='1.9'), *(markets.make_offer(9 + n) for n in range(2))]
        bid = markets.make_bid(quantity=5, min_quantity=5)
        market = book.Book(markets.NOW, offers, {}, [bid])
        for allocation in _ALLOCATIONS:
            (award,) = allocation.allocate(market, _CALL).awards
            self.assertEqual(5, len(award.offers))

    def test_of_two_blocks_that_fits_which_is_enough(self):
        offers = [*rack(4), *rack(5, 10, price='1.5')]
        bid = markets.make_bid(quantity=5, min_quantity=5)
        market = book.Book(markets.NOW, offers, {}, [bid])
        for allocation in _ALLOCATIONS:
            (award,) = allocation.allocate(market, _CALL).awards
            self.assertEqual({'r10'}, {each.block for each in award.offers})


class BookTest(unittest.TestCase):
    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.books_of_blocks(), st.randoms(use_true_random=False))
    def test_what_is_free_is_free_of_all_of_a_block(self, market, random):
        bare = [
            dataclasses.replace(each, block=None, block_size=None)
            for each in market.offers
        ]
        taken = {
            each.slot: [] if random.random() < 0.5 else [each.window.since(markets.NOW)]
            for each in bare
        }
        taken = {slot: [w for w in those if w] for slot, those in taken.items()}
        market = book.Book(markets.NOW, market.offers, taken, market.bids)
        plain = book.Book(markets.NOW, bare, taken, market.bids)
        again = book.Book(markets.NOW, (), {}, market.bids)
        shuffled = list(market.offers)
        random.shuffle(shuffled)
        for each in shuffled:
            again.put_offer(each, taken[each.slot])
            if random.random() < 0.3:
                again.drop_offer(each.uuid)
                again.put_offer(each, taken[each.slot])
        of = {each.uuid: each for each in market.offers}
        for each in market.offers:
            mates = [o for o in market.offers if each.block and o.block == each.block]
            free = [plain.free(o) for o in mates or [each]]
            if each.block and len(mates) != each.block_size:
                free = [[]]
            expected = min(free, key=len) if [] in free else free[0]
            self.assertEqual(expected, market.free(each))
            self.assertEqual(expected, again.free(each))
        for bid in market.options:
            may = {each.uuid for each in plain.suitable(bid)}
            expected = {
                uuid
                for uuid in may
                if market.free(of[uuid])
                and (
                    not of[uuid].block
                    or of[uuid].block_size <= bid.quantity
                    and all(
                        o.uuid in may
                        for o in market.offers
                        if o.block == of[uuid].block
                    )
                )
            }
            for each in (market, again):
                found = {offer.uuid for offer in each.suitable(bid)}
                self.assertEqual(expected, {u for u in found if market.free(of[u])})

    def test_members_that_differ_are_not_for_sale(self):
        one, other = rack(2)
        bid = markets.make_bid(quantity=2)
        for changed, servers in (
            ({}, 2),
            ({'price': decimal.Decimal('1.5')}, 0),
            ({'end_time': markets.moment(90)}, 0),
            ({'block_size': 3}, 0),
            ({'lessee_id': 'blue'}, 0),
            ({'project_id': 'green'}, 0),
            ({'properties': {'cpus': 16}}, 2),
        ):
            market = book.Book(markets.NOW, [one], {}, [bid])
            self.assertEqual([], market.suitable(bid))
            market.put_offer(dataclasses.replace(other, **changed), ())
            self.assertEqual(servers, len(market.suitable(bid)), changed)
            market.drop_offer(other.uuid)
            self.assertEqual([], market.suitable(bid))

    def test_what_is_to_be_apart_is_not_sold_together(self):
        offers = [
            dataclasses.replace(each, properties={'rack': number})
            for number, each in enumerate(rack(2))
        ]
        bid = markets.make_bid(quantity=2, spread_by='rack')
        market = book.Book(markets.NOW, offers, {}, [bid])
        self.assertEqual([], market.suitable(bid))
        of_one = dataclasses.replace(bid, spread_by=None, group_by='rack')
        self.assertEqual([], market.suitable(of_one))
        anywhere = dataclasses.replace(bid, spread_by=None)
        self.assertEqual(2, len(market.suitable(anywhere)))

    def test_a_market_is_written_and_read_again(self):
        market = book.Book(markets.NOW, rack(2), {}, [])
        again = marketfile.read(marketfile.written(market)).offers
        self.assertEqual([('r0', 2)] * 2, [(o.block, o.block_size) for o in again])


class KnapsackTest(unittest.TestCase):
    @markets.examples()
    @hypothesis.given(
        st.lists(
            st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(2, 4)),
            max_size=5,
        ),
        st.integers(1, 9),
        st.integers(0, 8),
    )
    def test_the_best_choice_is_found(self, groups, most, fewer):
        servers = []
        for name, (ask, missing, size) in enumerate(groups):
            there = size - (missing == 3)
            servers += [(ask, None, 1)] if missing == 2 else [(ask, name, size)] * there
        servers.sort(key=lambda each: each[0])
        least = max(1, most - fewer)
        columns = zip(*servers, strict=True) if servers else ((), (), ())
        asks, block, sizes = map(list, columns)
        chosen = whole_blocks.best(asks, block, sizes, (least, most), 10)
        best = 0
        for bits in range(1 << len(servers)):
            picked = [at for at in range(len(servers)) if bits >> at & 1]
            if least <= len(picked) <= most and all(
                block[at] is None
                or sum(block[at] == block[each] for each in picked) == sizes[at]
                for at in picked
            ):
                best = max(best, sum(10 - asks[at] for at in picked))
        self.assertEqual(best, sum(10 - asks[at] for at in chosen))
        self.assertTrue(not chosen or least <= len(chosen) <= most)


class PricingsTest(unittest.TestCase):
    @markets.examples(0.4, 0.05)
    @hypothesis.given(markets.books_of_blocks(5, 5))
    def test_nobody_pays_less_than_the_ask_or_more_than_the_ceiling(self, market):
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
        market = book.Book(markets.NOW, rack(2), {}, [markets.make_bid(quantity=2)])
        found = exact.Exact().allocate(market, _EXACT)
        for pricing in (vcg.Vcg(), trade_reduction.TradeReduction()):
            with self.assertRaisesRegex(mechanisms.Refused, 'only together'):
                pricing.settle(market, found)

    def test_who_is_kept_from_a_block_is_what_it_costs(self):
        bids = [
            markets.make_bid(0, price='5', quantity=2, min_quantity=2),
            markets.make_bid(1, price='3', quantity=2, min_quantity=2),
            # It could not have one of them.
            markets.make_bid(2, price='4', project_id='green'),
        ]
        market = book.Book(markets.NOW, rack(2), {}, bids)
        found = call.Call().allocate(market, _CALL)
        settled = second_price.SecondPrice().settle(market, found)
        # Half of what the other bid would have added is the owner's.
        self.assertEqual([(decimal.Decimal('3'),) * 2], list(settled.pays))


class ToldTest(unittest.TestCase):
    def test_why_a_bid_waits(self):
        offers = rack(8)
        for bid, said in (
            (
                markets.make_bid(quantity=4),
                'Servers as it asks for are sold only together: r0 whole, with its 8 '
                'servers; it asks for 4 at most.',
            ),
            (
                markets.make_bid(quantity=9, spread_by='cpus', spread_max=8),
                'Servers as it asks for are sold only together: r0 whole, with its 8 '
                'servers; it asks for servers that are apart (spread_by).',
            ),
        ):
            market = book.Book(markets.NOW, offers, {}, [bid])
            (told,) = diagnostics.unmatched(market, [])
            self.assertEqual(('block', said), (told.reason, told.detail))

    def test_why_blocks_do_not_come_to_enough(self):
        bid = markets.make_bid(quantity=7, min_quantity=6)
        market = book.Book(markets.NOW, [*rack(4), *rack(5, 10)], {}, [bid])
        (told,) = diagnostics.unmatched(market, [])
        self.assertEqual(
            (
                'block',
                'Of what would do some is sold only whole, such as r0 with its 4 '
                'servers, and nothing comes to 6 to 7 at once.',
            ),
            (told.reason, told.detail),
        )

    @markets.examples(0.5, 0.1)
    @hypothesis.given(markets.books_of_blocks(4, 1))
    def test_a_quote_says_the_lowest_ceiling(self, market):
        def clear(asked):
            awards = immediate.Immediate().allocate(asked, _EXACT).awards
            return [(each, [o.price for o in each.offers]) for each in awards]

        for bid in market.bids:
            question = quotes.Question(bid, calendar='hour')
            answer = quotes.quote(market, clear, question)
            lowest = answer['lowest_ceiling']
            prices = [decimal.Decimal(n) / 1000 for n in range(0, 8001, 250)]
            for price in [*prices, *({decimal.Decimal(lowest)} if lowest else ())]:
                other = dataclasses.replace(bid, price=price)
                got = clear(market.copy([other]))
                enough = lowest is not None and decimal.Decimal(lowest) <= price
                self.assertEqual(enough, bool(got), price)
            for entry in answer['calendar'] or ():
                if entry['price']:
                    self.assertGreaterEqual(entry['servers'], bid.min_quantity)
                    self.assertLessEqual(entry['servers'], bid.quantity)
