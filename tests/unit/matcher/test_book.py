# SPDX-License-Identifier: Apache-2.0
"""Whatever the history, the book is what one made of its end would be."""

import dataclasses
import datetime
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx.core import window
from matcher import book
from matcher import diagnostics
from matcher import mechanisms
from matcher import partition
from matcher.mechanisms import call
from tests.unit.matcher import markets

QUICK = mechanisms.Budget(seconds=None, moves=30)


@st.composite
def histories(draw):
    """Steps on a book: each a name and what it is done with."""
    steps = []
    for _ in range(draw(st.integers(1, 14))):
        number = draw(st.integers(0, 4))
        kind = draw(st.sampled_from(('offer', 'offer', 'bid', 'bid', 'go', 'drop')))
        if kind == 'offer':
            start = draw(st.integers(0, 20))
            taken = [
                window.Window(markets.moment(start), markets.moment(start + 7)),
            ]
            arguments = draw(markets.offers(number))
            steps.append((kind, arguments, taken if draw(st.booleans()) else []))
        elif kind == 'bid':
            steps.append((kind, draw(markets.bids(number))))
        elif kind == 'go':
            steps.append((kind, draw(st.integers(0, 6))))
        else:
            steps.append((kind, draw(st.sampled_from((f'o{number}', f'b{number}')))))
    return steps


def told(history):
    """The book that the steps make of an empty one, and one made of its end."""
    now, one = markets.NOW, book.Book(markets.NOW)
    offers, bids = {}, {}
    for kind, *arguments in history:
        if kind == 'offer':
            offers[arguments[0].uuid] = arguments
            one.put_offer(*arguments)
        elif kind == 'bid':
            bids[arguments[0].uuid] = arguments[0]
            one.put_bid(arguments[0])
        elif kind == 'go':
            now += datetime.timedelta(seconds=arguments[0])
            one.at(now)
        else:
            offers.pop(arguments[0], None)
            bids.pop(arguments[0], None)
            one.drop_offer(arguments[0])
            one.drop_bid(arguments[0])
    taken = {offer.slot: taken for offer, taken in offers.values()}
    return one, book.Book(
        now, [each for each, _ in offers.values()], taken, bids.values()
    )


class HistoryTest(unittest.TestCase):
    @markets.examples(1, 0.1)
    @hypothesis.given(histories())
    def test_a_book_is_equal_to_its_rebuild(self, history):
        one, other = told(history)
        self.assertEqual(one.now, other.now)
        self.assertEqual(set(one.bids), set(other.bids))
        self.assertEqual(
            {offer.uuid: one.free(offer) for offer in one.offers},
            {offer.uuid: other.free(offer) for offer in other.offers},
        )
        for bid in one.bids:
            self.assertEqual(
                sorted(offer.uuid for offer in one.suitable(bid)),
                sorted(offer.uuid for offer in other.suitable(bid)),
            )

    @markets.examples(0.1, 0.1)
    @hypothesis.given(histories())
    def test_it_is_cleared_like_its_rebuild(self, history):
        one, other = told(history)
        first, second = (call.Call().allocate(each, QUICK) for each in (one, other))
        self.assertEqual(first.awards, second.awards)


class TouchedTest(unittest.TestCase):
    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.books(), st.sets(st.integers(0, 5)), st.booleans())
    def test_a_change_touches_whole_components(self, market, numbers, of_bids):
        named = partition.components(market)
        kind, other = ('bid', 'offer') if of_bids else ('offer', 'bid')
        changed = {kind: {f'{kind[0]}{number}' for number in numbers}, other: set()}
        groups = {market.group(uuid) for uuid in changed['offer']}
        reached = {
            named[bid.uuid]
            for bid in market.bids
            if bid.uuid in changed['bid']
            or not groups.isdisjoint(market.groups_for(bid))
        }
        self.assertEqual(
            [bid for bid in market.bids if named[bid.uuid] in reached],
            list(partition.touched(market, changed).bids),
        )


class LengthsTest(unittest.TestCase):
    """Offers that are let for some lengths only."""

    @markets.examples()
    @hypothesis.given(markets.rich_books())
    def test_a_bid_suits_what_is_let_for_its_length(self, market):
        free = [
            dataclasses.replace(each, min_length=None, max_length=None)
            for each in market.offers
        ]
        limits = {each.uuid: each for each in market.offers}
        plain = book.Book(market.now, free, markets.taken(market), market.bids)
        for bid in market.options:
            stay = bid.stay(max(market.now, bid.start_time))
            if stay is None:
                continue
            expected = {
                each.uuid
                for each in plain.suitable(bid)
                if limits[each.uuid].lets(stay.seconds)
            }
            self.assertEqual(expected, {each.uuid for each in market.suitable(bid)})

    def test_a_bid_for_the_rest_of_its_window_becomes_shorter(self):
        offer = markets.make_offer(end=1000, max_length=50)
        bid = markets.make_bid(end=100)
        market = book.Book(markets.NOW, [offer], {}, [bid])
        for passed, found in ((0, 0), (49, 0), (50, 1), (99, 1)):
            market.at(markets.moment(passed))
            self.assertEqual(found, len(market.suitable(bid)), passed)
        market.drop_offer(offer.uuid)
        self.assertEqual([], market.suitable(bid))
        market.put_offer(dataclasses.replace(offer, max_length=None), ())
        market.at(markets.NOW)
        self.assertEqual(1, len(market.suitable(bid)))

    def test_why_a_bid_waits_is_that_of_the_nearest(self):
        offers = [
            markets.make_offer(0, min_length=40),
            markets.make_offer(1, min_length=30, max_length=90),
            markets.make_offer(2, max_length=5),
            markets.make_offer(3, min_length=21, project_id='blue'),
            markets.make_offer(4, min_length=20, properties=markets.HARDWARE[1]),
        ]
        bid = markets.make_bid(duration=20, requirements=(('cpus', '<', 9),))
        market = book.Book(markets.NOW, offers, {}, [bid])
        self.assertEqual((30, 90), market.lengths(bid))
        (told,) = diagnostics.unmatched(market, [])
        self.assertEqual(
            (
                'length',
                'Servers as it asks for are let for at least 30 seconds and at '
                'most 90 seconds; it asks for 20.',
            ),
            (told.reason, told.detail),
        )
        whole = markets.make_bid(requirements=(('cpus', '<', 9),))
        market = book.Book(markets.NOW, offers[1:2], {}, [whole])
        (told,) = diagnostics.unmatched(market, [])
        self.assertIn('it asks for 100.', told.detail)
        self.assertIsNone(market.lengths(dataclasses.replace(whole, duration=50)))
