# SPDX-License-Identifier: Apache-2.0
"""Tokens: their form, what is kept of them, and what they open."""

import datetime

import hypothesis
from hypothesis import strategies as st
import testtools

from flocx.core import agenda
from flocx.core import tokens


class TokenTest(testtools.TestCase):
    @hypothesis.given(st.binary(min_size=32, max_size=32))
    def test_a_token_is_text_of_a_url_and_its_hash_is_not_the_token(self, random):
        token = tokens.text(random)
        self.assertTrue(tokens.is_token(token))
        for wrong in (token[:-1], token + 'A', token[:-1] + '/', token + '\n'):
            self.assertFalse(tokens.is_token(wrong))
        kept = tokens.hashed(token)
        self.assertRegex(kept, '^[0-9a-f]{64}$')
        self.assertNotIn(token, kept)

    @hypothesis.given(*[st.binary(min_size=32, max_size=32)] * 2)
    def test_an_agenda_is_opened_by_its_own_token(self, random, other):
        token = tokens.text(random)
        one = agenda.Agenda(
            uuid='a',
            project_id='acme',
            user_id='ann',
            token_hash=tokens.hashed(token),
            created_at=datetime.datetime.now(datetime.UTC),
        )
        self.assertTrue(one.is_opened_by(token))
        for wrong in ('', token[:-1], tokens.text(other), one.token_hash):
            self.assertEqual(wrong == token, one.is_opened_by(wrong))
