# SPDX-License-Identifier: Apache-2.0
"""Whatever a caller writes is understood, or refused by name, and at once.

``FLOCX_FUZZ_EXAMPLES`` is how much each of them is given; ``tox -e fuzz``.
"""

import decimal
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import money
from flocx.core import requirements
from flocx.core import window
from tests import profiles
from tests import work

EXAMPLES = profiles.number('FLOCX_FUZZ_EXAMPLES', 40, 600, quick=15)

#: How many functions may be called for what one caller writes.
CALLS = 400_000

#: Pieces of the languages, to get beyond the first character.
_WORDS = st.sampled_from(
    ['a', 'cpus', '.', '[', ']', '*', '?', '@', '&', '|', '||', '&&', '!', '(', ')']
    + ['`1`', "'x'", '"', '`', '{', '}', ':', ',', 'sort_by', 'length', 'map', 'join']
    + ['0', '-1', '99999999999', '[::2]', '[?a]', ' ', '\n', '\ud800', 'ü', '\x00']
)
_EXPRESSIONS = st.lists(_WORDS, max_size=30).map(''.join) | st.text(max_size=40)
_PATTERNS = st.lists(
    st.sampled_from(
        ['a', '.', '*', '+', '?', '(', ')', '[', ']', '{9}', '{1000}', '|', '^', '$']
        + ['\\', '(?i)', '(?P<a>', '\\pL', '\\1', '(?=']
    ),
    max_size=25,
).map(''.join)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
_OPERATORS = st.sampled_from(
    [*requirements.OPERATORS, '!', '!==', '!matches', '=~', '']
)
_TRIPLES = st.tuples(_EXPRESSIONS, _OPERATORS, _VALUES | _PATTERNS).map(list)
_DOCUMENTS = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(['a', 'cpus', 'x']), inner, max_size=5)
    ),
)
_NUMBERS = st.lists(
    st.sampled_from(
        [*'0123456789', '.', '-', '+', 'e', 'E', '_', ' ', 'inf', 'nan', '\uff11']
    ),
    max_size=45,
).map(''.join)
_MOMENTS = st.lists(
    st.sampled_from(
        [
            '2027',
            '-01',
            '-31',
            'T',
            '23',
            ':59',
            ':60',
            'Z',
            '+00:00',
            '-23:59',
            '+24:00',
        ]
        + ['.', '9', '-W01', '9999', '0000', ' ', '\u0662', 'z', ',5']
    ),
    max_size=12,
).map(''.join)

_settings = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


class FuzzTest(unittest.TestCase):
    def understood(self, parse, field):
        """What ``parse()`` gives, or None if it was refused as it should be."""
        try:
            return self.bounded(parse)
        except exceptions.Invalid as error:
            self.assertTrue(str(error).startswith(field), error)
            return None

    def bounded(self, function):
        found, calls = work.counted(function)
        self.assertLess(calls, CALLS)
        return found

    @_settings
    @hypothesis.given(st.lists(_TRIPLES, max_size=3) | _VALUES, _DOCUMENTS)
    def test_the_match_language(self, triples, document):
        parsed = self.understood(lambda: requirements.parse(triples), 'requirements')
        if parsed is not None:
            met = self.bounded(lambda: requirements.met(parsed, document))
            self.assertIn(met, (True, False))
            again = requirements.parse([each.triple() for each in parsed])
            self.assertEqual(len(parsed), len(again))

    @_settings
    @hypothesis.given(_NUMBERS | _VALUES | st.decimals())
    def test_prices(self, value):
        price = self.understood(lambda: money.price(value), 'price')
        if price is not None:
            self.assertTrue(0 <= price < money.LIMIT)
            self.assertEqual(price, money.price(money.text(price)))
            self.assertEqual(decimal.Decimal(value), price)

    @_settings
    @hypothesis.given(_MOMENTS | _VALUES | st.datetimes(timezones=st.timezones()))
    def test_times(self, value):
        moment = self.understood(lambda: window.instant(value, 'end_time'), 'end_time')
        if moment is not None:
            self.assertEqual(moment, window.instant(window.text(moment), 'end_time'))
