# SPDX-License-Identifier: Apache-2.0
"""What a quote says, and that it tells nothing of other bids."""

import dataclasses
import decimal
import random
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx.core import window
from matcher import book
from matcher import mechanisms
from matcher import quotes
from matcher.mechanisms import call
from matcher.mechanisms import immediate
from matcher.mechanisms import second_price
from tests.unit.matcher import markets

D = decimal.Decimal
GRAIN = D('0.000001')


def clear(market):
    allotment = call.Call().allocate(market, mechanisms.Budget(seconds=None, moves=20))
    settled = second_price.SecondPrice().settle(market, allotment)
    return list(zip(settled.awards, settled.pays, strict=True))


def asked(market, bid, priced=True, calendar=None):
    return quotes.quote(market, clear, quotes.Question(bid, priced, calendar))


def at(bid, price):
    return dataclasses.replace(bid, price=D(price))


class QuoteTest(unittest.TestCase):
    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.books(6, 0), markets.bids(7))
    def test_the_lowest_ceiling_is_enough_and_no_lower_one_is(self, market, bid):
        answer = asked(market, bid)
        lowest = answer['lowest_ceiling']
        if lowest is None:
            self.assertEqual([], immediate.best(market, at(bid, '999')))
            self.assertEqual([], answer['lines'])
            self.assertNotEqual('price', answer['reason'])
            return
        self.assertEqual(bid.price >= D(lowest), bool(answer['lines']))
        self.assertEqual('price' if bid.price < D(lowest) else None, answer['reason'])
        self.assertTrue(asked(market, at(bid, lowest))['lines'])
        if D(lowest):
            lower = at(bid, D(lowest) - GRAIN)
            self.assertEqual([], asked(market, lower)['lines'])

    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.books(6, 0), markets.bids(7))
    def test_without_a_price_it_is_the_cheapest(self, market, bid):
        bid = dataclasses.replace(bid, min_quantity=bid.quantity)
        answer = asked(market, at(bid, '999999'), priced=False)
        found = immediate.best(market, at(bid, '999'))
        self.assertEqual(not found, answer['amount'] is None)
        for best in found:
            asks = sorted(f'{each.price:.6f}' for each in best.offers)
            self.assertEqual(asks, sorted(each['price'] for each in answer['lines']))

    @markets.examples(0.3, 0.1)
    @hypothesis.given(
        markets.books(6, 0), markets.bids(7), st.sampled_from(markets.CEILINGS)
    )
    def test_m_a_higher_ceiling_costs_no_more(self, market, bid, more):
        bid = dataclasses.replace(bid, min_quantity=bid.quantity)
        low, high = asked(market, bid), asked(market, at(bid, bid.price + more))
        if low['lines']:
            self.assertLessEqual(D(high['amount']), D(low['amount']))

    @markets.examples(0.3, 0.1)
    @hypothesis.given(markets.books(6, 0), markets.bids(7), st.integers(1, 9))
    def test_each_start_of_a_calendar_costs_what_its_bid_would(
        self, market, bid, hours
    ):
        market = markets.stretched(market, 3600)
        bid = dataclasses.replace(
            bid,
            duration=hours * 3600,
            start_time=markets.moment(0),
            end_time=markets.moment(24 * 3600),
            min_quantity=bid.quantity,
        )
        answer = asked(market, at(bid, '999999'), False, 'hour')
        self.assertEqual(25 - hours, len(answer['calendar']))
        for number, entry in enumerate(answer['calendar']):
            start = markets.moment(number * 3600)
            fixed = dataclasses.replace(
                bid, start_time=start, end_time=bid.stay(start).end
            )
            alone = asked(market, fixed, priced=False)
            self.assertEqual(alone['amount'], entry['amount'])
            self.assertEqual(alone['lowest_ceiling'], entry['lowest_ceiling'])
        costs = [entry['amount'] for entry in answer['calendar'] if entry['amount']]
        if costs:
            # Between the starts that are shown there may be a cheaper one.
            self.assertLessEqual(D(answer['amount']), min(map(D, costs)))

    def test_nothing_can_be_learned_of_other_bids(self):
        """10,000 quotes nightly, of all ceilings and times: the same whoever waits."""
        drawn = random.Random(1)
        offers = [
            markets.make_offer(number, drawn.randrange(40), 60, drawn.randrange(1, 9))
            for number in range(8)
        ]
        waiting = [
            markets.make_bid(number, 0, 60, price, duration=20, project_id='green')
            for number, price in enumerate(('3', '5.5', '7.654321'))
        ]
        alone = book.Book(markets.NOW, offers)
        crowded = book.Book(markets.NOW, offers, {}, waiting)
        for number in range(max(100, markets.MARKETS // 10)):
            start = drawn.randrange(40)
            bid = markets.make_bid(
                100 + number,
                start,
                60,
                D(drawn.randrange(9_000_000)) / 1_000_000,
                duration=drawn.randrange(1, 20),
                quantity=2,
                min_quantity=drawn.randrange(1, 3),
            )
            priced = drawn.random() < 0.5
            self.assertEqual(asked(alone, bid, priced), asked(crowded, bid, priced))
        self.assertEqual(set(waiting), set(crowded.bids))

    @markets.examples(0.1, 0.02)
    @hypothesis.given(markets.books(4, 0), markets.bids(7), st.booleans())
    def test_a_window_of_thousands_of_years(self, market, bid, whole):
        end = bid.end_time.replace(year=6937)
        seconds = window.Window(bid.start_time, end).seconds
        long = dataclasses.replace(
            bid, end_time=end, duration=seconds if whole else bid.duration
        )
        for priced in (True, False):
            for calendar in (None, 'day'):
                answer = asked(market, long, priced, calendar)
                if whole:
                    self.assertEqual([], answer['lines'])
                elif asked(market, bid, priced)['lines']:
                    self.assertTrue(answer['lines'])

    def test_a_message_without_a_price(self):
        bid = markets.make_bid(0, 0, 60)
        payload = {
            **{
                field.name: getattr(bid, field.name)
                for field in dataclasses.fields(bid)
            },
            **dict.fromkeys(('start_time', 'end_time'), '2027-01-01T00:00:00Z'),
            **dict.fromkeys(('created_at', 'updated_at'), '2027-01-01T00:00:00Z'),
            'end_time': '2027-01-01T00:01:00Z',
            'price': None,
            'calendar': 'day',
        }
        question = quotes.Question.of(payload)
        self.assertFalse(question.priced)
        self.assertEqual('day', question.calendar)
