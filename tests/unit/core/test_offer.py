# SPDX-License-Identifier: Apache-2.0
import decimal
import unittest

from flocx import exceptions
from flocx.core import asks
from flocx.core import window
from tests.unit.matcher import markets


class LengthsTest(unittest.TestCase):
    def test_for_how_long_it_is_let(self):
        for least, most, seconds, let in (
            (None, None, 1, True),
            (5, None, 4, False),
            (5, None, 5, True),
            (None, 5, 5, True),
            (None, 5, 6, False),
            (5, 5, 5, True),
        ):
            with self.subTest(least=least, most=most, seconds=seconds):
                each = markets.make_offer(min_length=least, max_length=most)
                self.assertEqual(let, each.lets(seconds))

    def test_lengths_that_nothing_has_are_refused(self):
        for values, word in (
            ({'min_length': 9, 'max_length': 8}, 'max_length: 8 seconds are less'),
            ({'min_length': 101}, 'min_length: 101 seconds do not fit'),
        ):
            with self.assertRaisesRegex(exceptions.Invalid, word):
                markets.make_offer(**values).require_terms()
        markets.make_offer(min_length=100, max_length=100).require_terms()
        markets.make_offer(max_length=10**6).require_terms()


class PricesTest(unittest.TestCase):
    def test_as_it_is_sold_it_has_one_price(self):
        night = asks.schedule([{'start': '20:00', 'end': '08:00', 'price': '0.5'}])
        offer = markets.make_offer(end=48 * 3600, price='3', ask_schedule=night)
        stay = window.Window(markets.moment(0), markets.moment(12 * 3600))
        sold = offer.priced(stay, markets.NOW)
        self.assertEqual(decimal.Decimal('1.333334'), sold.price)
        self.assertFalse(sold.by_hour)
        self.assertIs(sold, sold.priced(stay, markets.NOW))
        self.assertEqual(decimal.Decimal('0.5'), offer.lowest_price)
        self.assertEqual(decimal.Decimal('1.333334'), sold.lowest_price)
        plain = markets.make_offer()
        self.assertEqual(plain.price, plain.price_of(stay, markets.NOW))
        self.assertIs(plain, plain.priced(stay, markets.NOW))
