# SPDX-License-Identifier: Apache-2.0
"""Servers that are not what they were when they were offered."""

import csv

from provider import fulfilment
from provider import reconciliation
from tests.functional import base

BIG, SMALL = {'cpus': 64, 'memory_mb': 262144}, {'cpus': 64, 'memory_mb': 1024}
OWNER, RENTER, OTHER = 'acme-member', 'umbrella-member', 'initech-member'


class ChangesTestCase(base.MarketplaceTestCase):
    def setUp(self):
        super().setUp()
        self.kind = f'kind-{self.id().rpartition(".")[2]}'[:60]

    def server(self, owner='acme', **values):
        said = {'resource_class': self.kind, 'properties': dict(BIG), **values}
        return self.add_node(owner=owner, **said)

    def change(self, node, **values):
        """Somebody changes a server in Ironic; nobody has noticed yet."""
        self.marketplace.provider.nodes._change(node, **values)

    def look(self):
        self.clock.advance(seconds=1)
        provider = self.marketplace.provider
        reconciliation.Reconciliation(
            self.marketplace.conf, provider.nodes, provider.marketplace, self.clock
        ).run(self.clock())

    def bought(self, **said):
        asked = {
            'resource_class': self.kind,
            'requirements': [['memory_mb', '>=', 200000]],
            **said,
        }
        bid = self.bid(RENTER, hours=20, **asked)
        self.round()
        return self.show('bids', bid['uuid'])['contract_uuid']

    def claimed(self, offer, who=RENTER, **terms):
        path = f'/v1/offers/{offer["uuid"]}/claim'
        return self.good(self.market(who).post(path, terms))['uuid']

    def lines(self, contract):
        found = self.show('contracts', contract)['lines']
        return [(line['status'], line['reason']) for line in found]

    def events(self, who, uuid):
        """{type: the last payload} of what ``who`` is told of an object."""
        found = self.good(self.market(who).get('/v1/events', object_uuid=uuid), 200)
        return {each['type']: each['payload'] for each in found['events']}

    def billed(self, contract):
        """Seconds of a contract for which its renter pays."""
        usage = self.market(RENTER).get('/v1/usage', format='csv')
        return sum(
            int(row['server_seconds'])
            for row in csv.DictReader(usage.text.splitlines())
            if (row['contract_uuid'], row['role']) == (contract, 'renter')
        )

    def sold(self, contract):
        """The server of its first line, as it is now."""
        (line, *_) = self.show('contracts', contract)['lines']
        return self.marketplace.provider.nodes.get(line['resource_uuid'])


class OfferTest(ChangesTestCase):
    def test_an_offer_says_what_its_server_is_now(self):
        """Class, memory, traits, capabilities and inventory."""
        node = self.server(traits=['CUSTOM_A'], inventory={'cpu': {'count': 64}})
        offer = self.offer(node=node)
        seen = [offer]
        for values, found in (
            ({'properties': SMALL}, lambda each: each['properties']['memory_mb']),
            ({'traits': []}, lambda each: tuple(each['properties']['traits'])),
            (
                {'properties': {**SMALL, 'capabilities': 'rack:r1'}},
                lambda each: str(each['properties']['capabilities']),
            ),
            (
                {
                    'inventory': {'cpu': {'count': 2}},
                    'inspection_finished_at': '2026-01-01T00:00:00Z',
                },
                lambda each: each['properties']['inventory']['cpu']['count'],
            ),
            ({'resource_class': 'other'}, lambda each: each['resource_class']),
        ):
            self.change(node, **values)
            self.look()
            seen.append(self.show('offers', offer['uuid']))
            self.assertNotEqual(found(seen[-2]), found(seen[-1]), values)
            self.assertLess(seen[-2]['generation'], seen[-1]['generation'])
            self.assertEqual('available', seen[-1]['status'])
            self.look()
            again = self.show('offers', offer['uuid'])
            self.assertEqual(seen[-1]['generation'], again['generation'], values)
        told = self.good(
            self.market(OWNER).get('/v1/events', object_uuid=offer['uuid']), 200
        )['events']
        self.assertEqual(
            ['offer.published'] + 5 * ['offer.republished'],
            [each['type'] for each in told],
        )
        self.assertEqual(
            {'properties.memory_mb': [262144, 1024]}, told[1]['payload']['hardware']
        )
        # What is bought is what it is now.
        self.assertIsNone(self.bought(resource_class='other'))

    def test_what_a_renter_may_change_is_not_believed_while_they_have_it(self):
        """Members of a lessee may write the class, and inspect the server."""
        node = self.server(inventory={'cpu': {'count': 64}})
        offer = self.offer(node=node)
        contract = self.claimed(offer, end_time=self.time(10))
        self.fulfil()
        self.change(node, resource_class='wrong', inventory={'cpu': {'count': 1}})
        self.look()
        found = self.show('offers', offer['uuid'])
        self.assertEqual(self.kind, found['resource_class'])
        self.assertEqual(64, found['properties']['inventory']['cpu']['count'])
        self.assertEqual([('active', None)], self.lines(contract))
        # Nor in what its owner offers meanwhile, or the renter sub-lets.
        later = self.offer(node=node, start_time=self.time(30), hours=40)
        self.assertEqual(self.kind, later['resource_class'])
        self.assertEqual(self.kind, later['properties']['resource_class'])
        sublet = self.offer(RENTER, node=node, hours=5)
        self.assertEqual(self.kind, sublet['resource_class'])
        many = self.good(
            self.provider(OWNER).post(
                '/v1/offers',
                {
                    'nodes': [node],
                    'start_time': self.time(50),
                    'end_time': self.time(60),
                    'price': '1',
                },
            )
        )['publications']
        found = self.show('offers', many[0]['offer_uuid'])
        self.assertEqual(self.kind, found['resource_class'])


class ContractTest(ChangesTestCase):
    def test_a_coming_contract_is_not_delivered_on_another_server(self):
        """200,000 MB were matched, delivered and billed on 1,024."""
        offer = self.offer(node=(node := self.server()), start_time=self.time(2))
        contract = self.bought(duration=3600)
        self.change(node, properties=SMALL)
        self.look()
        self.assertEqual([('cancelled', 'hardware_changed')], self.lines(contract))
        for who in (RENTER, OWNER):
            told = self.events(who, contract)['contract.hardware_changed']
            self.assertEqual({'properties.memory_mb': [262144, 1024]}, told['hardware'])
        self.clock.advance(hours=3)
        self.fulfil()
        self.assertEqual(0, self.billed(contract))
        self.assertIsNone(self.marketplace.node(node).lessee)
        # Nothing of it is held against the renter, and the time is free again.
        self.assertTrue(self.show('offers', offer['uuid'])['availabilities'])

    def test_it_is_found_at_the_hand_over(self):
        self.offer(node=self.server())
        self.offer(OTHER, node=self.server('initech'))
        contract = self.bought()
        self.change(self.sold(contract).name, properties=SMALL)
        self.fulfil(3)
        self.clock.advance(seconds=10)
        self.fulfil(3)
        self.assertEqual(
            [('cancelled', 'hardware_changed'), ('active', None)], self.lines(contract)
        )
        self.assertIsNone(self.sold(contract).lessee)
        told = self.events(RENTER, contract)
        self.assertIn('contract.replaced', told)
        self.assertIn('contract.hardware_changed', told)

    def test_a_running_contract_ends_and_is_replaced(self):
        self.offer(node=self.server())
        self.offer(OTHER, node=self.server('initech'))
        contract = self.bought()
        self.fulfil()
        self.assertEqual([('active', None)], self.lines(contract))
        (line,) = self.show('contracts', contract)['lines']
        self.clock.advance(minutes=30)
        self.change(self.sold(contract).name, properties=SMALL)
        self.look()
        old, new = self.show('contracts', contract)['lines']
        self.assertEqual('hardware_changed', old['reason'])
        self.assertEqual(
            (line['price'], line['end_time']), (new['price'], new['end_time'])
        )
        self.assertEqual(line['end_time'], self.show('contracts', contract)['end_time'])
        self.clock.advance(minutes=1)
        self.fulfil(5)
        self.assertEqual(
            [('ended', 'hardware_changed'), ('active', None)], self.lines(contract)
        )
        self.clock.advance(minutes=20)
        served = self.billed(contract)
        # Of the first server what it was before it was found out, and no more.
        self.assertTrue(1800 <= served < 1800 + 20 * 60 + 120, served)
        self.assertIsNone(self.sold(contract).lessee)

    def test_without_another_server_it_ends(self):
        self.offer(node=(node := self.server()))
        contract = self.bought()
        self.fulfil()
        self.change(node, properties=SMALL)
        self.look()
        self.fulfil(5)
        self.assertEqual([('ended', 'hardware_changed')], self.lines(contract))
        ended = self.show('contracts', contract)
        self.assertEqual(ended['lines'][0]['end_time'], ended['end_time'])
        self.assertLess(base.parsed(ended['end_time']), self.clock())
        before = self.billed(contract)
        self.clock.advance(hours=1)
        self.assertEqual(before, self.billed(contract))

    def test_what_still_is_as_asked_for_goes_on_and_is_told(self):
        offer = self.offer(node=(node := self.server()))
        contract = self.bought()
        self.fulfil()
        self.change(node, properties={**BIG, 'memory_mb': 200001})
        self.look()
        self.assertEqual([('active', None)], self.lines(contract))
        told = self.events(RENTER, contract)['contract.hardware_changed']
        self.assertEqual({'properties.memory_mb': [262144, 200001]}, told['hardware'])
        # Also of an offer that is closed by now.
        self.good(self.market(OWNER).delete(f'/v1/offers/{offer["uuid"]}'), 204)
        self.change(node, properties=SMALL)
        self.look()
        self.fulfil(5)
        self.assertEqual([('ended', 'hardware_changed')], self.lines(contract))
        self.assertEqual('cancelled', self.show('offers', offer['uuid'])['status'])

    def test_a_claim_keeps_what_it_has_seen(self):
        for values, holds in (
            ({'properties': {**BIG, 'memory_mb': 300000}}, True),
            ({'traits': ['CUSTOM_A', 'CUSTOM_B']}, True),
            ({'properties': {**BIG, 'cpus': 32}}, False),
            ({'traits': []}, False),
            ({'resource_class': 'other'}, False),
        ):
            node = self.server(traits=['CUSTOM_A'])
            contract = self.claimed(self.offer(node=node), start_time=self.time(5))
            self.change(node, **values)
            self.look()
            wanted = ('created', None) if holds else ('cancelled', 'hardware_changed')
            self.assertEqual([wanted], self.lines(contract), values)


class OwnerTest(ChangesTestCase):
    def refused(self, who, node, **terms):
        said = {'end_time': self.time(24), 'price': '1', **terms}
        answer = self.provider(who).post('/v1/offers', {'resource_uuid': node, **said})
        self.assertGreaterEqual(answer.status_code, 400)
        return base.error(answer)

    def test_the_new_owner_sells_at_once(self):
        """Nothing has compared the servers yet."""
        node = self.server()
        old = self.offer(node=node)
        contract = self.claimed(old, start_time=self.time(5), end_time=self.time(6))
        self.change(node, owner='initech')
        self.assertEqual(404, self.refused(OWNER, node)['status'])
        new = self.offer(OTHER, node=node)
        found = self.show('offers', old['uuid'])
        self.assertEqual(
            ('cancelled', 'owner_changed'), (found['status'], found['reason'])
        )
        self.assertEqual(
            'owner_changed',
            self.events(OWNER, old['uuid'])['offer.cancelled']['reason'],
        )
        # Nobody delivers what the old one has sold.
        self.assertEqual([('cancelled', 'owner_changed')], self.lines(contract))
        self.claimed(new, start_time=self.time(5), end_time=self.time(6))

    def test_many_at_once_too(self):
        nodes = [self.server() for _ in range(3)]
        mine = self.server('initech')
        old = [self.offer(node=node) for node in nodes]
        taken = self.offer(OTHER, node=mine)
        for node in nodes:
            self.change(node, owner='initech')
        terms = {'end_time': self.time(24), 'price': '1'}
        done = self.good(
            self.provider(OTHER).post('/v1/offers', {'nodes': [*nodes, mine], **terms})
        )['publications']
        self.assertEqual(
            [None, None, None, 'flocx.conflict.overlap'],
            [each['error'] and each['error']['code'] for each in done],
        )
        for offer in old:
            self.assertEqual('cancelled', self.show('offers', offer['uuid'])['status'])
        self.assertEqual('available', self.show('offers', taken['uuid'])['status'])

    def test_the_comparison_ends_it_as_well(self):
        node = self.server()
        old = self.offer(node=node)
        self.change(node, owner='initech')
        self.look()
        found = self.show('offers', old['uuid'])
        self.assertEqual(
            ('cancelled', 'owner_changed'), (found['status'], found['reason'])
        )

    def test_a_contract_of_an_offer_that_is_closed_is_given_up_when_it_begins(self):
        node = self.server()
        old = self.offer(node=node)
        contract = self.claimed(old, start_time=self.time(1))
        self.good(self.market(OWNER).delete(f'/v1/offers/{old["uuid"]}'), 204)
        self.change(node, owner='initech')
        self.clock.advance(hours=1)
        self.fulfil()
        self.clock.advance(seconds=10)
        self.fulfil(3)
        self.assertEqual([('cancelled', 'owner_changed')], self.lines(contract))

    def test_a_part_of_what_another_owner_has_is_not_sold(self):
        parent = self.server()
        uuid = self.marketplace.node(parent).uuid
        part = self.server(parent_node=uuid)
        offer = self.offer(node=part)
        self.change(parent, owner='initech')
        refused = self.refused(OWNER, part, start_time=self.time(30), **{})
        self.assertIn('is a part of a node of another owner', refused['detail'])
        self.look()
        found = self.show('offers', offer['uuid'])
        self.assertEqual(
            ('cancelled', 'parent_owner_differs'), (found['status'], found['reason'])
        )
        # Of one that is gone nobody knows whose it is.
        orphan = self.server(parent_node='gone')
        self.assertEqual(409, self.refused(OWNER, orphan)['status'])


class FulfillerTest(ChangesTestCase):
    def test_a_contract_that_waits_for_its_server_says_why(self):
        node = self.server(provision_state='active', instance_uuid='i1')
        contract = self.claimed(self.offer(node=node))
        self.fulfil()
        self.assertEqual([('wait_fulfill', 'node_in_use')], self.lines(contract))
        delivering = fulfilment.Fulfilment(
            self.marketplace.conf,
            self.marketplace.provider.nodes,
            self.marketplace.provider.marketplace,
            clock=self.clock,
        )
        for _ in range(20):
            self.clock.advance(minutes=1)
            delivering.run(self.clock())
        self.assertEqual([('cancelled', 'node_in_use')], self.lines(contract))
        self.assertEqual(0, self.billed(contract))
        self.assertEqual('active', self.marketplace.node(node).provision_state)
