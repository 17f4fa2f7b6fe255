# SPDX-License-Identifier: Apache-2.0
"""A path means one operation of the services, or none."""

import unittest

import pecan
import webob
import webob.exc

from flocx import exceptions
from flocx.api import expose
from flocx.api import root as api_root
from flocx.api import routing
from flocx.api import types
from flocx.api import versions
from flocx.core import gates
from lease.api import root as lease
from market.api import root as market
from matcher.api import root as matcher
from provider.api import root as provider


class _Things(routing.Resource):
    @expose.expose(types.Json)
    def get_all(self):
        """List the things."""
        return []

    @expose.expose(types.Json, since='1.1')
    def get_one(self, ident):
        """Show a thing."""
        return {}

    @expose.expose(status=204, until='1.0')
    def delete(self, ident):
        """Throw a thing away."""


class _V1:
    things = _Things()


class _Root(api_root.Root):
    v1 = _V1()


NEWEST = versions.VERSIONS[-1]


def find(root, method, path, version='1.0', **environ):
    """The handler and its arguments, as Pecan asks for them."""
    request = webob.Request.blank('/', method=method, environ=environ)
    request.pecan = {}
    request.environ[f'{versions.SERVICE_TYPE}.microversion'] = gates.parsed(version)
    return root._route(path.split('/')[1:], request)


class RoutingTest(unittest.TestCase):
    def test_each_operation_is_found(self):
        found = 0
        for root in (market.Root(), matcher.Root(), provider.Root(), lease.Root()):
            for path, method, handler in routing.operations(root.v1):
                path = path.replace('{', '').replace('}', '-1')
                with self.subTest(path=path, method=method):
                    idents = [each for each in path.split('/') if each.endswith('-1')]
                    self.assertEqual(
                        (handler, idents), find(root, method, path, NEWEST)
                    )
                    if method == 'GET':
                        self.assertEqual(handler, find(root, 'HEAD', path, NEWEST)[0])
                found += 1
        self.assertGreater(found, 25)

    def test_an_object_may_have_the_name_of_what_belongs_to_another(self):
        root = market.Root()
        self.assertEqual(
            (root.v1.offers.get_one, ['claim']), find(root, 'GET', '/v1/offers/claim')
        )

    def test_parts_of_a_path_are_neither_left_out_nor_added(self):
        root = market.Root()
        for path in (
            '/v1/bids/',
            '/v1/bids//one',
            '/v1//bids/one',
            '//v1/bids/one',
            '/v1/bids/one/',
            '/v1/bids/one/two',
            '/v1/offers//claim',
            '/v1/contracts//lines/one',
            '/v2/bids',
        ):
            for method in ('GET', 'POST', 'DELETE', 'OPTIONS'):
                with self.assertRaises(webob.exc.HTTPNotFound, msg=path):
                    find(root, method, path)

    def test_what_nothing_can_be_called_is_not_found(self):
        for ident in ('.', '..', ' one', 'one ', 'a%2Fb', 'a?b', 'a#b', 'a;b', 'a\n'):
            with self.assertRaises(exceptions.NotFound):
                find(market.Root(), 'DELETE', f'/v1/bids/{ident}')

    def test_a_slash_that_was_encoded(self):
        path = '/v1/offers/one/claim'
        for key in ('REQUEST_URI', 'RAW_URI'):
            with self.assertRaises(webob.exc.HTTPNotFound):
                find(market.Root(), 'POST', path, **{key: '/v1/offers/one%2Fclaim'})
            handler, _ = find(market.Root(), 'POST', path, **{key: f'{path}?a=%2F'})
            self.assertEqual('post', handler.__name__)

    def test_an_operation_is_there_from_a_version_to_another(self):
        root = _Root()
        handler, _ = find(root, 'GET', '/v1/things/a', '1.1')
        self.assertEqual('get_one', handler.__name__)
        handler, _ = find(root, 'DELETE', '/v1/things/a')
        self.assertEqual('delete', handler.__name__)
        for method, version, allowed in (
            ('GET', '1.0', 'DELETE, OPTIONS'),
            ('DELETE', '1.1', 'GET, HEAD, OPTIONS'),
        ):
            with self.assertRaises(webob.exc.HTTPMethodNotAllowed) as caught:
                find(root, method, '/v1/things/a', version)
            self.assertEqual(allowed, caught.exception.headers['Allow'])

    def test_pecan_still_makes_a_class_to_look_at_an_argument(self):
        """Where it does not any more, ``flocx.api.app`` need not keep what it finds."""
        handler = market.Root().v1.bids.get_one
        first, second = (pecan.util.getargspec(handler) for _ in range(2))
        self.assertIsNot(type(first), type(second))


if __name__ == '__main__':
    unittest.main()
