# SPDX-License-Identifier: Apache-2.0
"""Tokens of consoles: their form, and what is kept of them."""

import hypothesis
from hypothesis import strategies as st
import testtools

from flocx.core import console_token


class ConsoleTokenTest(testtools.TestCase):
    @hypothesis.given(st.binary(min_size=32, max_size=32))
    def test_a_token_is_text_of_a_url_and_its_hash_is_not_the_token(self, random):
        token = console_token.text(random)
        self.assertTrue(console_token.is_token(token))
        for wrong in (token[:-1], token + 'A', token[:-1] + '/', token + '\n'):
            self.assertFalse(console_token.is_token(wrong))
        kept = console_token.hashed(token)
        self.assertRegex(kept, '^[0-9a-f]{64}$')
        self.assertNotIn(token, kept)
