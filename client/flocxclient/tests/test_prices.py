# SPDX-License-Identifier: Apache-2.0
import decimal
import unittest

import hypothesis
from hypothesis import strategies

from flocxclient.osc import prices


class TestPrice(unittest.TestCase):
    def test_digits_are_kept(self):
        for text in ('0', '1.25', '1.250000', '100000000000.000001'):
            self.assertEqual(text, prices.price(text))

    def test_an_exponent_is_written_out(self):
        self.assertEqual('1200', prices.price('1.2e3'))

    def test_not_a_price(self):
        for text in (
            '',
            'free',
            '-1',
            '-0',
            'nan',
            'sNaN',
            'inf',
            '1,25',
            '1e999999',
            '0x10',
        ):
            with self.assertRaisesRegex(ValueError, 'is not a price', msg=text):
                prices.price(text)

    @hypothesis.given(strategies.decimals(min_value=0, max_value=10**14, places=6))
    def test_nothing_is_lost(self, value):
        hypothesis.assume(not value.is_signed())
        self.assertEqual(value, decimal.Decimal(prices.price(str(value))))
