# SPDX-License-Identifier: Apache-2.0
"""What is written of an answer is what WSME would write of it."""

import datetime
import decimal
import itertools
import unittest

import wsme
import wsme.rest.json
import wsme.types

from flocx.api import openapi
from flocx.api import types
from market.api import root as market
from matcher.api import root as matcher
from provider.api import root as provider

_VALUES = {
    'instant': datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC),
    'price': decimal.Decimal('1.333333'),
    'amount': decimal.Decimal('12345678901234.5'),
    'json': [{'cpus': 8}, None, 'x'],
    'object': {'cpus': [8, 0.5], 'gpu': None},
    'integer': 3,
    'text': 'a name',
    'ident': 'acme',
}
_PLAIN = {str: 'a text', int: 7, float: 0.5, bool: True}


def example(kind):
    """A value of the WSME type ``kind``, with everything in it that can be."""
    if isinstance(kind, wsme.types.ArrayType):
        return [example(kind.item_type), example(kind.item_type)]
    if isinstance(kind, wsme.types.Enum):
        return sorted(kind.values)[0]
    if isinstance(kind, types.Checked):
        return _VALUES[kind.name]
    if not wsme.types.iscomplex(kind):
        return _PLAIN[kind]
    noun = kind()
    for attribute in wsme.types.list_attributes(kind):
        setattr(noun, attribute.key, example(attribute.datatype))
    return noun


class WrittenTest(unittest.TestCase):
    def test_every_answer(self):
        kinds = {
            handler.operation.result
            for root in (market.Root(), matcher.Root(), provider.Root())
            for _, _, handler in openapi.operations(root.v1, '/v1')
        }
        self.assertGreater(len(kinds), 15)
        for kind in kinds - {None}:
            with self.subTest(kind=kind):
                self.assert_same(kind, example(kind))

    def assert_same(self, kind, noun):
        """Whole, and with each field null or left out."""
        self.assertEqual(
            wsme.rest.json.tojson(kind, noun), types.written(kind, noun), kind
        )
        if not wsme.types.iscomplex(kind):
            return
        for attribute, value in itertools.product(
            wsme.types.list_attributes(kind), (None, wsme.Unset)
        ):
            was = getattr(noun, attribute.key)
            setattr(noun, attribute.key, value)
            self.assertEqual(
                wsme.rest.json.tojson(kind, noun), types.written(kind, noun)
            )
            setattr(noun, attribute.key, was)


if __name__ == '__main__':
    unittest.main()
