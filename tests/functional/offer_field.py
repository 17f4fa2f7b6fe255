# SPDX-License-Identifier: Apache-2.0
"""What a field does that offer-field.diff adds; run by test_offer_field.py."""

from tests.functional import base
from tests.functional import test_client

NEW = {'OpenStack-API-Version': 'marketplace 1.1'}


class RoomTest(test_client.ClientTestCase):
    WORKERS = False

    def test_it_is_there_from_api_to_command(self):
        node = self.add_node(owner='acme')
        said = self.said(
            *('acme-member', 'offer', 'create', node, '--price', '1'),
            *('--end-time', self.time(5), '--room', 'r1'),
        )
        self.assertEqual('r1', said['room'])
        path = f'/v1/offers/{said["uuid"]}'
        owner = self.market('acme-member')
        new = self.good(owner.request('GET', path, NEW), 200)
        self.assertEqual('r1', new['room'])
        old = self.good(owner.get(path), 200)
        self.assertNotIn('room', old)
        self.assertEqual(old, {name: new[name] for name in old})
        found = self.said('acme-member', 'offer', 'list', '--room', 'r1')
        self.assertEqual([said['uuid']], [each['UUID'] for each in found])
        self.assertEqual([], self.said('acme-member', 'offer', 'list', '--room', 'r2'))
        change = owner.request('PATCH', path, NEW, json={'room': None})
        self.assertIsNone(self.good(change, 200)['room'])

    def test_a_version_before_it_knows_nothing_of_it(self):
        owner = self.market('acme-member')
        path = f'/v1/offers/{self.offer()["uuid"]}'
        for refused in (
            owner.get('/v1/offers', room='r1'),
            owner.patch(path, {'room': 'r1'}),
        ):
            self.assertEqual(400, refused.status_code)
            self.assertTrue(base.error(refused)['detail'].startswith('room: '))
        for headers, expected in (({}, False), (NEW, True)):
            described = owner.request('GET', '/v1/openapi.json', headers).json()
            fields = described['components']['schemas']['Offer']['properties']
            self.assertEqual(expected, 'room' in fields)
