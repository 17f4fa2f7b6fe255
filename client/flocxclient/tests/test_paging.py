# SPDX-License-Identifier: Apache-2.0
import unittest
from unittest import mock

from openstack import resource

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


class TestMade(unittest.TestCase):
    def test_the_attributes_of_a_class_are_looked_for_once(self):
        document = {'uuid': 'u', 'price': '1', 'availabilities': [], 'new': 7}
        one = offer.Offer.existing(**document)
        with mock.patch.object(
            resource.Resource, '_attributes_iterator', autospec=True
        ) as looked:
            other = offer.Offer.existing(**document)
        looked.assert_not_called()
        self.assertEqual(('u', '1', one.to_dict()), (other.id, other.price, {**other}))
        other.price = '2'
        self.assertEqual('1', one.price)
