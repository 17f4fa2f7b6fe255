# SPDX-License-Identifier: Apache-2.0
"""Money against fractions: exact to the last digit, and hostile to the hostile."""

import decimal
import fractions
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import money

PRICES = st.decimals(
    min_value=0, max_value=money.LIMIT - money.QUANTUM, places=6, allow_nan=False
)
SECONDS = st.integers(0, 7000 * 366 * 86400)


class PriceTest(unittest.TestCase):
    def test_what_is_a_price(self):
        for value, text in (
            ('1.25', '1.250000'),
            ('0', '0.000000'),
            (0, '0.000000'),
            (7, '7.000000'),
            ('0.000001', '0.000001'),
            ('999999999999.999999', '999999999999.999999'),
            ('007.5', '7.500000'),
            (decimal.Decimal('2.5'), '2.500000'),
        ):
            self.assertEqual(text, money.text(money.price(value)))

    def test_d49_floats_are_refused_whatever_they_are(self):
        for value in (1.5, 0.0, -1.0, float('nan'), float('inf'), 1e400):
            with self.assertRaisesRegex(exceptions.Invalid, '^price: '):
                money.price(value)

    def test_decimals_are_held_to_the_same_as_their_text(self):
        for value in ('0.0000001', '-0.000001', 'NaN', '-Infinity', money.LIMIT):
            with self.assertRaisesRegex(exceptions.Invalid, '^price: '):
                money.price(decimal.Decimal(value))

    def test_hostile_input_is_refused_by_name(self):
        for value in (
            True,
            False,
            None,
            [],
            {},
            b'1',
            'NaN',
            'sNaN',
            '-NaN123',
            'Infinity',
            '-Infinity',
            '1e400',
            '1e999999999999999999',
            '1e-400',
            '1e-7',
            '0.0000001',
            '-1',
            '-0.000001',
            -1,
            '1000000000000',
            10**12,
            10**5000,
            decimal.Decimal('NaN'),
            decimal.Decimal('1e12'),
            '',
            ' ',
            'free',
            '1,5',
            '0x10',
            '1' * 40,
            '1' * 41,
            '0' * 41,
            '1_000',
            '\N{FULLWIDTH DIGIT ONE}',
            '\N{ARABIC-INDIC DIGIT SEVEN}.5',
            '1\x00',
            '1e2',
            '1.',
            '.5',
            '-0',
            '+1',
            '1\n',
            '1.2500000',
        ):
            with self.assertRaisesRegex(exceptions.Invalid, '^ask: '):
                money.price(value, 'ask')

    @hypothesis.given(st.text(max_size=45) | st.integers() | st.floats())
    def test_anything_is_a_price_or_invalid(self, value):
        try:
            found = money.price(value)
        except exceptions.Invalid:
            return
        self.assertEqual(fractions.Fraction(found), fractions.Fraction(value))
        self.assertFalse(found.is_signed())

    @hypothesis.given(PRICES)
    def test_a_price_survives_being_written_and_read(self, price):
        self.assertEqual(price, money.price(money.text(price)))

    def test_d45_an_invalid_price_is_an_error_of_the_caller(self):
        with self.assertRaises(exceptions.Invalid) as caught:
            money.price('cheap')
        self.assertEqual(400, caught.exception.status)


class AmountTest(unittest.TestCase):
    @hypothesis.given(PRICES, SECONDS)
    def test_an_amount_is_exact_to_the_last_digit(self, rate, seconds):
        exact = fractions.Fraction(rate) * seconds / 3600
        # round() of a Fraction is half to even, as the design wants it.
        expected = fractions.Fraction(round(exact * 10**6), 10**6)
        self.assertEqual(expected, fractions.Fraction(money.amount(rate, seconds)))

    def test_half_goes_to_even(self):
        # 1.5 and 2.5 millionths of a credit.
        half = decimal.Decimal('0.000001')
        self.assertEqual('0.000002', money.text(money.amount(half, 5400)))
        self.assertEqual('0.000002', money.text(money.amount(half, 9000)))

    @hypothesis.given(PRICES, st.integers(0, 1000))
    def test_hours_cost_the_rate(self, rate, hours):
        self.assertEqual(rate * hours, money.amount(rate, 3600 * hours))

    @hypothesis.given(PRICES, SECONDS)
    def test_the_current_context_of_decimals_does_not_matter(self, rate, seconds):
        expected = money.amount(rate, seconds)
        with decimal.localcontext(prec=3, rounding=decimal.ROUND_UP):
            self.assertEqual(expected, money.amount(rate, seconds))
            self.assertEqual(money.text(expected), money.text(expected))
