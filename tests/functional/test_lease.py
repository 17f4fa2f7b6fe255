# SPDX-License-Identifier: Apache-2.0
"""The API of esi-leap, as the lease service answers it from the marketplace."""

from unittest import mock

import requests
import wsme.types

from lease.api import fields
from market.db import leases
from market.db import visibility
from tests import work
from tests.functional import base

_OPEN_END = '9999-12-31T23:59:59.999999'


class LeaseTestCase(base.MarketplaceTestCase):
    def lease(self, who):
        return self.at('lease', who)

    def naive(self, hours):
        """A time as esi-leap writes it."""
        return self.time(hours).removesuffix('Z')

    def offered(self, who='acme-member', **values):
        node = values.pop('node', None) or self.add_node(owner=who.partition('-')[0])
        body = {'resource_uuid': node, **values}
        return self.good(self.lease(who).post('/v1/offers', body))

    def claimed(self, offer, who='umbrella-member', **values):
        path = f'/v1/offers/{offer["uuid"]}/claim'
        return self.good(self.lease(who).post(path, values))

    def given(self, who='acme-member', to='umbrella', **values):
        node = values.pop('node', None) or self.add_node(owner=who.partition('-')[0])
        body = {'resource_uuid': node, 'project_id': to, **values}
        return self.good(self.lease(who).post('/v1/leases', body))

    def shown(self, kind, uuid, who='umbrella-member'):
        return self.good(self.lease(who).get(f'/v1/{kind}/{uuid}'), 200)

    def listed(self, who, kind, **params):
        answer = self.good(self.lease(who).get(f'/v1/{kind}', **params), 200)
        return [each.get('uuid', each.get('object_uuid')) for each in answer[kind]]

    def ended(self, who, kind, uuid):
        answer = self.lease(who).delete(f'/v1/{kind}/{uuid}')
        self.assertEqual((200, None), (answer.status_code, answer.json()))

    def refused(self, status, answer, text=''):
        self.assertEqual(status, answer.status_code, answer.text)
        body = answer.json()
        self.assertEqual('Client', body['faultcode'])
        self.assertIn(body['errors'][0]['detail'], body['faultstring'])
        self.assertIn(text, body['faultstring'])


class DocumentsTest(LeaseTestCase):
    def test_versions_need_no_token(self):
        url = self.marketplace.catalog['lease']
        answer = requests.get(f'{url}/v1', timeout=60)
        self.assertEqual(300, answer.status_code)
        (version,) = answer.json()['versions']
        self.assertEqual(('v1.0', 'CURRENT'), (version['id'], version['status']))
        self.assertEqual([{'rel': 'self', 'href': f'{url}/v1'}], version['links'])
        self.assertEqual(200, requests.get(f'{url}/', timeout=60).status_code)
        self.assertEqual(401, requests.get(f'{url}/v1/offers', timeout=60).status_code)

    def test_an_error_is_said_as_wsme_does(self):
        acme = self.lease('acme-member')
        self.refused(404, acme.get('/v1/offers/none'), 'Offer with name or uuid none')
        self.refused(404, acme.get('/v1/leases/none'), 'Lease with name or uuid none')
        self.refused(404, acme.delete('/v1/leases/none'))
        self.refused(400, acme.get('/v1/offers', colour='red'), 'colour')
        self.refused(400, acme.get('/v1/leases', status='lost'), 'status')
        self.refused(400, acme.get('/v1/leases', project_id='nobody'), 'nobody')
        self.refused(400, acme.get('/v1/offers', start_time=self.naive(1)), 'both')
        for times in ((2, 1), (1, 1)):
            start, end = map(self.naive, times)
            asked = {'available_start_time': start, 'available_end_time': end}
            self.refused(400, acme.get('/v1/offers', **asked), 'before the end')
        node = self.add_node()
        for wrong in (
            {'end_time': 'never'},
            {'start_time': self.naive(2), 'end_time': self.naive(1)},
            {'properties': {'colour': 'red'}},
            {'status': 'available'},
        ):
            body = {'resource_uuid': node, **wrong}
            self.refused(400, acme.post('/v1/offers', body), '')


class OffersTest(LeaseTestCase):
    def test_an_offer_is_an_offer_of_the_market(self):
        node = self.add_node()
        offer = self.offered(node=node, name='spare')
        uuid = self.marketplace.node(node).uuid
        expected = {
            'name': 'spare',
            'project_id': 'acme',
            'project': 'acme',
            'lessee_id': None,
            'lessee': '',
            'resource_type': 'dummy_node',
            'resource_uuid': uuid,
            'resource': node,
            'resource_class': 'baremetal',
            'start_time': self.naive(0),
            'end_time': _OPEN_END,
            'status': 'available',
            'properties': {},
            'availabilities': [[self.naive(0), _OPEN_END]],
            'parent_lease_uuid': None,
        }
        self.assertEqual(expected, {name: offer[name] for name in expected})
        self.assertEqual(64, offer['resource_properties']['cpus'])
        ours = self.show('offers', offer['uuid'], 'acme-member')
        self.assertEqual('0.000000', ours['price'])
        self.assertEqual(64, ours['properties']['cpus'])
        # And the other way round.
        market = self.offer(lessee_id='umbrella', name='from-market')
        self.assertEqual('umbrella', self.shown('offers', 'from-market')['lessee'])
        self.assertNotIn(market['uuid'], self.listed('initech-member', 'offers'))
        again = self.lease('acme-member').post('/v1/offers', {'resource_uuid': node})
        self.refused(409, again, f'Time conflict for dummy_node {uuid}.')
        other = self.lease('umbrella-member').post(
            '/v1/offers', {'resource_uuid': node}
        )
        self.refused(404, other)

    def test_what_lists_find(self):
        node = self.add_node(resource_class='gpu')
        end = self.naive(10)
        first = self.offered(node=node, end_time=end)['uuid']
        late = self.offered(node=node, start_time=self.naive(20))['uuid']
        mine = self.offered(lessee_id='acme-lab', end_time=end)['uuid']
        self.claimed({'uuid': first}, start_time=self.naive(2), end_time=self.naive(4))
        for expected, params in (
            ({first, late}, {}),
            ({first, late}, {'resource_uuid': node}),
            ({first, late}, {'resource_class': 'gpu', 'project_id': 'acme'}),
            (set(), {'resource_class': 'cpu'}),
            (set(), {'project_id': 'umbrella'}),
            ({first}, {'start_time': self.naive(1), 'end_time': self.naive(9)}),
            (
                {first},
                {
                    'available_start_time': self.naive(4),
                    'available_end_time': self.naive(9),
                },
            ),
            (
                set(),
                {
                    'available_start_time': self.naive(3),
                    'available_end_time': self.naive(9),
                },
            ),
        ):
            found = set(self.listed('umbrella-member', 'offers', **params))
            self.assertEqual(expected, found & {first, late, mine}, params)
        self.assertIn(mine, self.listed('acme-lab-member', 'offers'))
        self.assertIn(mine, self.listed('operator-admin', 'offers'))
        free = self.shown('offers', first)['availabilities']
        self.assertEqual([[self.naive(0), self.naive(2)], [self.naive(4), end]], free)
        self.ended('acme-member', 'offers', late)
        self.assertNotIn(late, self.listed('acme-member', 'offers'))
        self.assertIn(late, self.listed('acme-member', 'offers', status='any'))
        self.assertIn(late, self.listed('acme-member', 'offers', status='deleted'))
        self.assertEqual('deleted', self.shown('offers', late, 'acme-member')['status'])
        self.refused(404, self.lease('acme-member').delete(f'/v1/offers/{late}'))

    def test_deleting_an_offer_ends_its_leases(self):
        offer = self.offered()
        now = self.claimed(offer, end_time=self.naive(5))['uuid']
        later = self.claimed(offer, start_time=self.naive(6), end_time=self.naive(8))[
            'uuid'
        ]
        self.fulfil()
        self.assertEqual('active', self.shown('leases', now)['status'])
        refused = self.lease('umbrella-member').delete(f'/v1/offers/{offer["uuid"]}')
        self.refused(403, refused)
        self.ended('acme-member', 'offers', offer['uuid'])
        self.assertEqual('deleted', self.shown('leases', later)['status'])
        self.fulfil(passes=2)
        lease = self.shown('leases', now)
        self.assertEqual('deleted', lease['status'])
        self.assertIsNotNone(lease['expire_time'])
        self.assertIsNone(self.marketplace.node(lease['resource']).lessee)
        self.assertEqual(
            [], self.listed('umbrella-member', 'leases', offer_uuid=offer['uuid'])
        )

    def test_what_was_sold_at_the_market_is_not_ended_by_its_owner(self):
        offer = self.offer(name='sold')
        self.good(self.market('umbrella-member').post('/v1/offers/sold/claim'))
        (lease,) = self.listed('umbrella-member', 'leases', offer_uuid=offer['uuid'])
        acme = self.lease('acme-member')
        self.refused(409, acme.delete(f'/v1/leases/{lease}'), 'reclaim')
        self.refused(409, acme.delete('/v1/offers/sold'), 'reclaim')
        self.assertEqual('available', self.shown('offers', 'sold')['status'])
        self.ended('umbrella-member', 'leases', lease)

    def test_of_several_servers_none_is_left_alone(self):
        idents = [self.offer()['uuid'] for _ in range(2)]
        contract = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{idents[0]}/claim', {'name': 'pair', 'offers': idents[1:]}
            )
        )
        uuids = {line['uuid'] for line in contract['lines']}
        listed = set(self.listed('umbrella-member', 'leases'))
        self.assertLessEqual(uuids, listed)
        umbrella = self.lease('umbrella-member')
        self.refused(409, umbrella.delete('/v1/leases/pair'), 'Duplicate')
        path = f'/v1/leases/{min(uuids)}'
        self.refused(409, umbrella.delete(path), contract['uuid'])
        change = {'end_time': self.naive(9)}
        self.refused(
            409, self.lease('operator-admin').patch(path, change), contract['uuid']
        )


class LeasesTest(LeaseTestCase):
    def test_how_long_a_lease_is(self):
        offer = self.offered()
        umbrella = self.lease('umbrella-member')
        path = f'/v1/offers/{offer["uuid"]}/claim'
        long = {'end_time': self.naive(22 * 24)}
        self.refused(403, umbrella.post(path, long), 'The max time range is 21 days')
        lease = self.claimed(offer, name='week', purpose='a course')
        self.assertEqual(self.naive(7 * 24), lease['end_time'])
        self.assertEqual('a course', self.shown('leases', 'week')['purpose'])
        self.refused(409, umbrella.post(path), 'not free')
        start = f'{self.naive(0)}.250000'.replace('T', ' ')
        taken = {'start_time': start, 'end_time': self.naive(1)}
        end = taken['end_time'].replace('T', ' ')
        self.refused(
            409,
            umbrella.post(path, taken),
            f'no availabilities at given time range {start}, {end}.',
        )
        operator = self.claimed(
            offer,
            'operator-admin',
            start_time=self.naive(8 * 24),
            **{'end_time': self.naive(40 * 24)},
        )
        self.assertEqual(self.naive(40 * 24), operator['end_time'])
        # Without an end it goes as far as nobody else has the time.
        between = self.claimed(offer, 'initech-member', start_time=self.naive(7 * 24))
        self.assertEqual(self.naive(8 * 24), between['end_time'])

    def test_an_owner_gives_a_server_to_a_project(self):
        node = self.add_node()
        lease = self.given(node=node, name='gift', purpose='loan')
        self.assertEqual('created', lease['status'])
        self.assertEqual(
            ('umbrella', 'acme', 'gift', 'loan', self.naive(7 * 24)),
            tuple(
                lease[name]
                for name in ('project_id', 'owner_id', 'name', 'purpose', 'end_time')
            ),
        )
        with self.marketplace.database.reader() as session:
            found = leases.lease(
                session, 'gift', visibility.OPERATOR, 'service-service'
            )
        contract = self.show('contracts', found.line.contract_uuid, 'umbrella-member')
        self.assertEqual('gift', contract['name'])
        # Nothing more is to be had of the offer behind it.
        self.assertNotIn(lease['offer_uuid'], self.listed('acme-member', 'offers'))
        acme = self.lease('acme-member')
        body = {'resource_uuid': node, 'project_id': 'initech'}
        self.refused(409, acme.post('/v1/leases', body))
        self.refused(403, acme.post('/v1/leases', body | {'end_time': self.naive(999)}))
        self.refused(400, acme.post('/v1/leases', body | {'project_id': 'nobody'}))
        self.refused(404, self.lease('initech-member').post('/v1/leases', body))
        self.fulfil()
        self.assertEqual('umbrella', self.marketplace.node(node).lessee)
        for who, expected in (
            ('umbrella-reader', True),
            ('acme-reader', True),
            ('initech-reader', False),
            ('operator-admin', False),
        ):
            self.assertEqual(expected, lease['uuid'] in self.listed(who, 'leases'), who)
        of_all = self.listed('operator-admin', 'leases', view='all')
        self.assertIn(lease['uuid'], of_all)
        self.refused(403, self.lease('acme-member').get('/v1/leases', view='all'))
        self.refused(403, acme.get('/v1/leases', project_id='umbrella'))
        self.refused(404, self.lease('initech-member').get('/v1/leases/gift'))
        self.ended('acme-member', 'leases', 'gift')
        self.assertEqual('active', self.shown('leases', lease['uuid'])['status'])
        self.fulfil(passes=2)
        self.assertEqual('deleted', self.shown('leases', lease['uuid'])['status'])
        self.assertNotIn(lease['uuid'], self.listed('umbrella-member', 'leases'))

    def test_what_lists_find(self):
        node = self.add_node(resource_class='arm')
        lease = self.given(node=node, end_time=self.naive(5), purpose='x')['uuid']
        for expected, params in (
            (True, {'resource_uuid': node}),
            (True, {'resource_class': 'arm'}),
            (False, {'resource_class': 'x86'}),
            (True, {'start_time': self.naive(4), 'end_time': self.naive(9)}),
            (False, {'start_time': self.naive(6), 'end_time': self.naive(9)}),
            (True, {'status': 'created'}),
            (False, {'status': 'active'}),
            (True, {'project_id': 'umbrella'}),
            (False, {'owner_id': 'umbrella'}),
            (True, {'purpose': 'x'}),
            (False, {'purpose': 'y'}),
        ):
            found = self.listed('umbrella-member', 'leases', **params)
            self.assertEqual(expected, lease in found, params)
        self.assertIn(lease, self.listed('acme-member', 'leases', owner_id='acme'))

    def test_a_list_takes_as_many_statements_however_long_it_is(self):
        counted = []
        for number in (1, 4):
            for _ in range(number):
                self.claimed(self.offered())
            with work.statements(self.marketplace.database) as statements:
                self.listed('acme-member', 'offers')
                self.listed('umbrella-member', 'leases')
                self.listed('acme-member', 'nodes')
            counted.append(len(statements))
        self.assertEqual(counted[0], counted[1])
        self.assertLess(counted[0], 20)

    @mock.patch.object(leases, '_AT_ONCE', 2)
    def test_a_list_renders_no_more_than_has_changed(self):
        leases = [self.given(end_time=self.naive(5))['uuid'] for _ in range(3)]
        reader = self.lease('umbrella-member')

        def rendered():
            """How many leases were rendered for a list, and what it shows of them."""
            with mock.patch.object(
                fields, '_lease', autospec=True, side_effect=fields._lease
            ) as render:
                found = self.good(reader.get('/v1/leases'), 200)['leases']
            return render.call_count, {each['uuid']: each for each in found}

        _, before = rendered()
        count, again = rendered()
        self.assertEqual((0, before), (count, again))
        self.fulfil()
        count, now = rendered()
        self.assertEqual(
            (3, {'active'}), (count, {now[uuid]['status'] for uuid in leases})
        )
        change = {'end_time': self.naive(4)}
        path = f'/v1/leases/{leases[0]}'
        self.good(self.lease('operator-admin').patch(path, change), 200)
        count, now = rendered()
        self.assertEqual((1, self.naive(4)), (count, now[leases[0]]['end_time']))
        self.assertEqual(
            now[leases[0]], self.shown('leases', leases[0], 'operator-admin')
        )

    def test_a_lease_ends_by_itself(self):
        lease = self.given(end_time=self.naive(1))['uuid']
        self.fulfil()
        self.clock.advance(hours=2)
        self.fulfil(passes=2)
        self.assertEqual('expired', self.shown('leases', lease)['status'])

    def test_more_is_leased_of_what_is_for_the_project_above(self):
        offer = self.offered('umbrella-member', lessee_id='acme')
        lease = self.claimed(offer, 'acme-lab-member', end_time=self.naive(5))
        path, change = f'/v1/leases/{lease["uuid"]}', {'end_time': self.naive(6)}
        done = self.lease('operator-admin').patch(path, change)
        self.assertEqual(self.naive(6), self.good(done, 200)['end_time'])

    def test_a_lease_has_the_fields_that_are_said(self):
        shown = self.shown('leases', self.given()['uuid'])
        declared = wsme.types.list_attributes(fields.Lease)
        self.assertEqual({each.name for each in declared}, set(shown))

    def test_an_administrator_moves_an_end(self):
        offer = self.offered()
        lease = self.claimed(offer, end_time=self.naive(5))['uuid']
        path, body = f'/v1/leases/{lease}', {'end_time': self.naive(6)}
        self.refused(403, self.lease('umbrella-member').patch(path, body))
        operator = self.lease('operator-admin')
        for hours in (6, 4):
            change = {'end_time': self.naive(hours)}
            done = self.good(operator.patch(path, change), 200)
            self.assertEqual(self.naive(hours), done['end_time'])
        self.refused(400, operator.patch(path, {'purpose': 'other'}))
        self.refused(400, operator.patch(path, {}), 'end_time')

    def test_a_lessee_sublets(self):
        node = self.add_node()
        lease = self.given(node=node, end_time=self.naive(10))['uuid']
        self.fulfil()
        offer = self.offered('umbrella-member', node=node, end_time=self.naive(8))
        self.assertEqual(lease, offer['parent_lease_uuid'])
        below = self.claimed(offer, 'initech-member', end_time=self.naive(6))
        self.assertEqual(lease, below['parent_lease_uuid'])
        initech = self.lease('initech-member')
        again = {'resource_uuid': node, 'project_id': 'acme-web'}
        self.fulfil()
        self.assertEqual('initech', self.marketplace.node(node).lessee)
        self.refused(
            409, initech.post('/v1/leases', again | {'end_time': self.naive(5)})
        )
        # What is sub-let of a lease ends with it.
        self.ended('umbrella-member', 'leases', lease)
        self.clock.advance(seconds=2)
        for _ in range(6):
            self.fulfil()
        self.assertEqual(
            'deleted', self.shown('leases', below['uuid'], 'initech-member')['status']
        )
        self.assertEqual('deleted', self.shown('leases', lease)['status'])
        self.assertIsNone(self.marketplace.node(node).lessee)
        self.assertEqual('deleted', self.shown('offers', offer['uuid'])['status'])

    def test_roles_of_esi_leap(self):
        accounts = self.marketplace.keystone.accounts
        accounts['ruth'] = 'acme', ['esi_leap_owner']
        accounts['leo'] = 'umbrella', ['esi_leap_lessee']
        accounts['ada'] = 'operator', ['esi_leap_admin']
        accounts['gus'] = 'initech', ['guest']
        node = self.add_node()
        offer = self.good(
            self.lease('ruth').post('/v1/offers', {'resource_uuid': node})
        )
        refused = self.lease('leo').post('/v1/offers', {'resource_uuid': node})
        self.refused(403, refused, 'Access was denied to esi_leap:offer:create.')
        refused = self.lease('leo').delete(f'/v1/offers/{offer["uuid"]}')
        self.refused(403, refused, f'Access was denied to offer {offer["uuid"]}.')
        lease = self.claimed(offer, 'leo')['uuid']
        self.assertIn(lease, self.listed('ada', 'leases', view='all'))
        for kind in ('offers', 'leases', 'nodes', 'events'):
            self.listed('leo', kind)
            denied = f'denied to esi_leap:{kind.removesuffix("s")}:list.'
            self.refused(403, self.lease('gus').get(f'/v1/{kind}'), denied)
        self.ended('leo', 'leases', lease)
        self.ended('ruth', 'offers', offer['uuid'])


class NodesTest(LeaseTestCase):
    def test_nodes_with_their_offers_and_leases(self):
        node = self.add_node(
            properties={'cpus': 4, 'capabilities': 'a:b', 'lease_uuid': 'x'}
        )
        later = self.offered(node=node, start_time=self.naive(50))['uuid']
        current = self.offered(node=node, end_time=self.naive(40))
        soon = self.claimed(current, start_time=self.naive(20))['uuid']
        lease = self.claimed(current, end_time=self.naive(9))['uuid']
        self.fulfil()
        for who, params in (
            ('acme-reader', {}),
            ('umbrella-reader', {'lessee': 'umbrella'}),
            ('operator-admin', {'owner': 'acme', 'resource_class': 'baremetal'}),
        ):
            found = self.good(self.lease(who).get('/v1/nodes', **params), 200)
            (shown,) = [each for each in found['nodes'] if each['name'] == node]
            self.assertEqual(
                (current['uuid'], lease, [later], [soon]),
                tuple(
                    shown[name]
                    for name in (
                        'offer_uuid',
                        'lease_uuid',
                        'future_offers',
                        'future_leases',
                    )
                ),
            )
            self.assertEqual(('acme', 'umbrella'), (shown['owner'], shown['lessee']))
            self.assertEqual({'cpus': 4}, shown['properties'])
            self.assertEqual('False', shown['maintenance'])
        self.assertNotIn(
            shown['uuid'], self.listed('umbrella-reader', 'nodes', lessee='acme')
        )
        self.assertEqual([], self.listed('initech-reader', 'nodes'))


class EventsTest(LeaseTestCase):
    def events(self, who, **params):
        found = self.good(self.lease(who).get('/v1/events', **params), 200)
        return [
            (each['event_type'].removeprefix('esi_leap.lease.'), each['object_uuid'])
            for each in found['events']
        ]

    def test_what_happens_to_leases(self):
        node = self.add_node()
        lease = self.given(node=node, end_time=self.naive(5))['uuid']
        self.fulfil()
        first = self.good(self.lease('acme-reader').get('/v1/events'), 200)['events']
        self.assertEqual(
            [('esi_leap.lease.fulfill.end', 'umbrella', 'acme')],
            [(e['event_type'], e['lessee_id'], e['owner_id']) for e in first],
        )
        self.ended('umbrella-member', 'leases', lease)
        self.fulfil(passes=2)
        after = {'last_event_id': first[-1]['id']}
        ended = [('delete.start', lease), ('delete.end', lease)]
        for who in ('umbrella-reader', 'acme-reader', 'operator-admin'):
            self.assertEqual(ended, self.events(who, **after))
        self.assertEqual([], self.events('initech-reader'))
        asked = {'lessee_or_owner_id': 'initech'}
        self.assertEqual([], self.events('operator-admin', **asked))
        self.assertEqual(3, len(self.events('acme-reader', **asked)))
        for expected, params in (
            (3, {'resource_uuid': node}),
            (1, {'event_type': 'esi_leap.lease.delete.end'}),
            (3, {'resource_type': 'dummy_node'}),
            (0, {'resource_type': 'ironic_node'}),
            (3, {'last_event_time': self.naive(-1)}),
            (0, {'last_event_time': self.naive(1)}),
        ):
            self.assertEqual(
                expected, len(self.events('acme-reader', **params)), params
            )
        # Of one that has not begun both are told, as there.
        times = {'start_time': self.naive(7), 'end_time': self.naive(8)}
        later = self.given(node=node, **times)['uuid']
        self.ended('acme-member', 'leases', later)
        later = [('delete.start', later), ('delete.end', later)]
        self.assertEqual(later, self.events('acme-reader')[3:])
        # What cannot be there is not looked for in the whole feed.
        with mock.patch.object(leases, 'events', autospec=True) as read:
            for params in ({'event_type': 'x'}, {'resource_type': 'ironic_node'}):
                self.assertEqual([], self.events('acme-reader', **params))
        read.assert_not_called()
