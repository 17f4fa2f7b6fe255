# SPDX-License-Identifier: Apache-2.0
"""What a field does that offer-field.diff adds; run by test_offer_field.py."""

from tests.functional import base
from tests.functional import test_client

NEW = {'OpenStack-API-Version': 'marketplace 1.1'}


class RoomTest(test_client.ClientTestCase):
    WORKERS = False

    def test_it_is_there_from_api_to_command(self):
        node = self.add_node(owner='acme')
        created = self.run_json(
            *('acme-member', 'offer', 'create', node, '--price', '1'),
            *('--end-time', self.time(5), '--room', 'r1'),
        )
        self.assertEqual('r1', created['room'])
        path = f'/v1/offers/{created["uuid"]}'
        owner = self.market('acme-member')
        new = self.good(owner.request('GET', path, NEW), 200)
        self.assertEqual('r1', new['room'])
        old = self.good(owner.get(path), 200)
        self.assertNotIn('room', old)
        # What is free begins at the second in which it was asked for.
        same = old.keys() - {'availabilities'}
        self.assertEqual(
            {name: old[name] for name in same}, {name: new[name] for name in same}
        )
        found = self.run_json('acme-member', 'offer', 'list', '--room', 'r1')
        self.assertEqual([created['uuid']], [each['UUID'] for each in found])
        self.assertEqual(
            [], self.run_json('acme-member', 'offer', 'list', '--room', 'r2')
        )
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
