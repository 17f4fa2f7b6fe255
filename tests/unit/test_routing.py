# SPDX-License-Identifier: Apache-2.0
"""What is found without Pecan is what Pecan would find."""

import unittest

import pecan
import webob

from flocx.api import openapi
from flocx.api import routing
from market.api import root as market
from matcher.api import root as matcher
from provider.api import root as provider


class RoutingTest(unittest.TestCase):
    def test_each_operation_is_what_pecan_finds(self):
        for root in (market.Root(), matcher.Root(), provider.Root()):
            ours, theirs = routing.Application(root), pecan.Pecan(root)
            for path, method, _ in openapi.operations(root.v1, '/v1'):
                path = path.replace('{', '').replace('}', '-1')
                request = webob.Request.blank(path, method=method.upper())
                request.pecan = {}
                with self.subTest(path=path, method=method):
                    handler, arguments = theirs.route(request, root, path)
                    arguments = request.pecan.pop('routing_args', []) + arguments
                    found = ours.route(request, root, path)
                    self.assertEqual((handler, [*filter(None, arguments)]), found)

    def test_an_object_may_have_the_name_of_a_method(self):
        root = market.Root()
        request = webob.Request.blank('/v1/offers/claim')
        handler, arguments = routing.Application(root).route(
            request, root, '/v1/offers/claim'
        )
        self.assertEqual((root.v1.offers.get_one, ['claim']), (handler, arguments))

    def test_what_is_refused_is_left_to_pecan(self):
        root = market.Root()
        for method, path, expected in (
            ('PUT', '/v1/offers', 405),
            ('GET', '/v1/nothing', 404),
            ('POST', '/v1/offers/one/nothing', 404),
        ):
            request = webob.Request.blank(path, method=method)
            answer = request.get_response(routing.Application(root))
            self.assertEqual(expected, answer.status_int, path)


if __name__ == '__main__':
    unittest.main()
