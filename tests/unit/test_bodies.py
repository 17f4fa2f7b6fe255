# SPDX-License-Identifier: Apache-2.0
"""What the bodies of all operations let through."""

import unittest

from flocx import exceptions
from flocx.api import routing
from flocx.api import schemas
from flocx.api import versions
from flocx.core import gates
from lease.api import root as lease
from market.api import root as market
from provider.api import root as provider

NEWEST = gates.parsed(versions.VERSIONS[-1])


def lists(json_schema, path=''):
    """The paths of all lists in a schema, and the schema of what each of them holds."""
    for name, described in json_schema.get('properties', {}).items():
        yield from lists(described, f'{path}.{name}')
    if 'items' in json_schema:
        yield path, json_schema['items']
        yield from lists(json_schema['items'], f'{path}[]')


class BodiesTest(unittest.TestCase):
    def test_no_list_holds_null(self):
        found = 0
        for root in (market.Root(), provider.Root(), lease.Root()):
            for path, method, handler in routing.operations(root.v1):
                kind = handler.operation.body
                for field, items in lists(schemas.schema(kind, NEWEST)) if kind else ():
                    with self.subTest(path=path, method=method, field=field):
                        self.assertIsInstance(items['type'], str)
                        self.assertNotEqual('null', items['type'])
                    found += 1
        self.assertGreater(found, 5)

    def test_the_place_in_a_list_is_named(self):
        for handler, body, field in (
            (market.Root().v1.webhooks.patch, {'event_types': [None]}, 'event_types'),
            (
                market.Root().v1.contracts.release.post,
                {'lines': ['one', None]},
                'lines',
            ),
        ):
            at = body[field].index(None)
            with self.assertRaisesRegex(
                exceptions.Invalid, rf'^{field}\[{at}\]: cannot be null$'
            ):
                schemas.read(handler.operation.body, body, NEWEST)
