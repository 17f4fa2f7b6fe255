# SPDX-License-Identifier: Apache-2.0
import unittest

from flocxclient.sdk import offer


class TestNextLink(unittest.TestCase):
    def next(self, data, limit=None):
        return offer.Offer._get_next_link('/v1/offers', None, data, 'last', limit, 1)

    def test_the_address_in_the_link_is_not_followed(self):
        href = 'http://elsewhere.example/v1/offers?limit=1&marker=m&status=any'
        self.assertEqual(
            ('/v1/offers', {'limit': ['1'], 'marker': ['m'], 'status': ['any']}),
            self.next({'offers': [], 'offers_links': [{'rel': 'next', 'href': href}]}),
        )

    def test_no_link_is_the_end(self):
        for data in (
            {'offers': []},
            {'offers': [], 'offers_links': []},
            {'offers': [], 'offers_links': None},
        ):
            self.assertEqual((None, {}), self.next(data, limit=1))
