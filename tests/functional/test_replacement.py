# SPDX-License-Identifier: Apache-2.0
"""A server that cannot be handed over is replaced, or its line ends unbilled."""

import datetime

from flocx.core import window
from provider import fulfilment
from tests.functional import base


class ReplacementTest(base.MarketplaceTestCase):
    VERSION = '1.1'
    OPTIONS = (('provider', 'delivery_deadline', '600'),)

    def setUp(self):
        super().setUp()
        self.kind = f'kind-{self.id().rpartition(".")[2]}'[:60]
        provider = self.marketplace.provider
        self.delivering = fulfilment.Fulfilment(
            self.marketplace.conf, provider.nodes, provider.marketplace
        )

    def sell(self, *servers):
        """Offers of (owner, ask, what the node is like besides)."""
        for owner, price, hardware in servers:
            node = self.add_node(
                owner=owner, **{'resource_class': self.kind, **hardware}
            )
            self.offer(f'{owner}-member', node, price=price)

    def bought(self, **fields):
        bid = self.bid(resource_class=self.kind, hours=20, **fields)
        self.round()
        return self.show('bids', bid['uuid'])['contract_uuid']

    def break_server(self, contract):
        """Put the server of its first line into maintenance."""
        (line, *_) = self.show('contracts', contract)['lines']
        self.marketplace.provider.nodes._change(line['resource_uuid'], maintenance=True)
        return line

    def pass_time(self, minutes=12):
        for _ in range(minutes):
            self.clock.advance(minutes=1)
            self.delivering.run(self.clock())

    def told(self, who, contract):
        found = self.market(who).get('/v1/events', object_uuid=contract)
        return [event['type'] for event in self.good(found, 200)['events']]

    def test_an_equal_server_takes_its_place_at_the_same_price(self):
        self.sell(
            ('acme', '1', {}),
            ('initech', '1', {}),
            # None of these is what the renter may have for what they pay.
            ('initech', '9', {}),
            ('initech', '0.5', {'resource_class': 'another'}),
            ('initech', '0.5', {'properties': {'cpus': 2}}),
            ('umbrella', '0.5', {}),
        )
        contract = self.bought(requirements=[['cpus', '>=', 16]])
        broken = self.break_server(contract)
        self.pass_time()
        old, new = self.show('contracts', contract)['lines']
        self.assertEqual(
            ('cancelled', 'not_delivered', None),
            (old['status'], old['reason'], old['fulfill_time']),
        )
        self.assertEqual('active', new['status'])
        self.assertNotEqual(broken['owner_id'], new['owner_id'])
        self.assertEqual(
            (broken['price'], broken['end_time']), (new['price'], new['end_time'])
        )
        self.assertGreater(new['start_time'], broken['start_time'])
        usage = self.good(self.market('umbrella-member').get('/v1/usage'), 200)
        self.assertNotIn(old['uuid'], str(usage))
        self.assertIn(new['uuid'], str(usage))
        node = self.marketplace.provider.nodes.get(new['resource_uuid'])
        self.assertEqual('umbrella', node.lessee)
        for owner in ('acme', 'initech'):
            types = self.told(f'{owner}-member', contract)
            self.assertIn('contract.replaced', types, owner)
        self.assertIn('contract.replaced', self.told('umbrella-member', contract))
        self.assertIn('contract.cancelled', self.told('umbrella-member', contract))
        # It was sold once.
        self.clock.advance(minutes=1)
        prices = self.market('umbrella-reader').get(
            '/v1/prices', resource_class=self.kind
        )
        self.assertEqual(1, len(self.good(prices, 200)['fills']))
        # The rest of the contract can be moved as ever.
        moved = self.market('umbrella-member').patch(
            f'/v1/contracts/{contract}', {'end_time': self.time(21)}
        )
        self.assertEqual(200, moved.status_code, moved.text)

    def test_it_meets_the_alternative_that_was_awarded(self):
        either = {
            'requirements': [['cpus', '>=', 999]],
            'alternatives': [{'requirements': [['cpus', '>=', 16]]}],
        }
        self.replaced_by_the_right_one(either, {'cpus': 64}, {'cpus': 2})

    def test_it_is_of_the_group_that_was_awarded(self):
        together = {'group_by': 'capabilities.rack'}
        racks = ({'cpus': 64, 'capabilities': f'rack:r{number}'} for number in (1, 2))
        self.replaced_by_the_right_one(together, *racks)

    def test_it_is_apart_from_the_others(self):
        apart = {'spread_by': 'capabilities.rack', 'quantity': 2, 'price': '3'}
        racks = [{'capabilities': f'rack:r{number}'} for number in (1, 2, 3)]
        self.sell(*(('acme', '1', {'properties': each}) for each in racks[:2]))
        contract = self.awarded(apart)
        lines = self.show('contracts', contract)['lines']
        nodes = self.marketplace.provider.nodes
        self.assertEqual(2, len(lines))
        # A server in the rack of the one that is left is cheaper, and will not do.
        broken = self.break_server(contract)
        (left,) = (each for each in lines if each['uuid'] != broken['uuid'])
        there = nodes.get(left['resource_uuid']).properties
        self.sell(('initech', '0.5', {'properties': there}))
        self.sell(('initech', '1', {'properties': racks[2]}))
        self.pass_time()
        new = self.show('contracts', contract)['lines'][-1]
        self.assertEqual(racks[2], nodes.get(new['resource_uuid']).properties)

    def test_it_is_let_for_what_is_left(self):
        self.sell(('acme', '1', {}))
        contract = self.bought()
        self.break_server(contract)
        for price, limits in (
            ('0.4', {'min_length': 20 * 3600}),
            ('0.5', {'max_length': 19 * 3600}),
            ('0.9', {'min_length': 3600, 'max_length': 20 * 3600}),
        ):
            node = self.add_node(owner='initech', resource_class=self.kind)
            good = self.offer('initech-member', node, price=price, **limits)
        self.pass_time()
        new = self.show('contracts', contract)['lines'][-1]
        self.assertEqual(good['uuid'], new['offer_uuid'])

    def test_a_part_of_a_bundle_begins_later_and_its_like_takes_its_place(self):
        small, large = ({'properties': {'cpus': cpus}} for cpus in (8, 64))
        self.sell(
            *(('acme', '0.5', small), ('acme', '1', large), ('acme', '0.5', small)),
            *(('initech', '1', large), ('initech', '1.5', large)),
        )
        like = {'resource_class': self.kind}
        parts = [
            {'name': 'head', 'price': '0.5', 'duration': 7200, **like},
            {
                **{'name': 'workers', 'quantity': 2, 'offset': 1800, 'duration': 3600},
                **{'requirements': [['cpus', '>=', 64]], **like},
            },
        ]
        terms = {'parts': parts, 'price': '1', 'resource_class': None}
        contract = self.awarded(terms)
        head, *workers = self.show('contracts', contract)['lines']
        self.assertEqual(['1.000000'] * 2, [each['price'] for each in workers])
        self.assertEqual('0.500000', head['price'])
        self.assertEqual(
            [head['start_time'], *[self.later(head, 1800)] * 2],
            [each['start_time'] for each in (head, *workers)],
        )
        self.assertEqual(self.later(head, 5400), workers[0]['end_time'])
        self.pass_time(5)
        broken, other = workers
        nodes = self.marketplace.provider.nodes
        nodes._change(broken['resource_uuid'], maintenance=True)
        self.pass_time(20)
        statuses = [
            each['status'] for each in self.show('contracts', contract)['lines']
        ]
        self.assertEqual(['active', 'created', 'created'], statuses)
        # The one that costs more than it did is the only one left that is like it.
        self.sell(('initech', '1', large))
        self.pass_time(20)
        lines = self.show('contracts', contract)['lines']
        self.assertEqual(
            ['active', 'cancelled', 'active', 'active'],
            [each['status'] for each in lines],
        )
        self.assertEqual(64, nodes.get(lines[3]['resource_uuid']).properties['cpus'])
        self.assertEqual(broken['end_time'], lines[3]['end_time'])
        # What ends before the contract does keeps its end.
        member = self.market('umbrella-member')
        for end in (self.time(1.75), self.time(2.5)):
            moved = member.patch(f'/v1/contracts/{contract}', {'end_time': end})
            ends = [each['end_time'] for each in self.good(moved, 200)['lines']]
            self.assertEqual([end, other['end_time']], [ends[0], ends[2]])
        self.pass_time(60)
        ended = [each['status'] for each in self.show('contracts', contract)['lines']]
        self.assertEqual(['active', 'cancelled', 'ended', 'ended'], ended)

    def test_it_is_of_the_group_of_its_part_and_apart_from_it_alone(self):
        def server(owner, price, cpus, rack):
            hardware = {'cpus': cpus, 'capabilities': f'rack:{rack}'}
            return owner, price, {'properties': hardware}

        large = [server('acme', '1', 64, 'r2')] * 2
        self.sell(*(server('acme', '1', 8, each) for each in ('r1', 'r2')), *large)
        rack = 'capabilities.rack'
        parts = [
            {'quantity': 2, 'requirements': [['cpus', '<', 64]], 'spread_by': rack},
            {'quantity': 2, 'requirements': [['cpus', '>=', 64]], 'group_by': rack},
        ]
        parts = [{**each, 'resource_class': self.kind} for each in parts]
        contract = self.awarded({'parts': parts, 'price': '3', 'resource_class': None})
        bid = self.show('bids', self.show('contracts', contract)['bid_uuid'])
        self.assertEqual([None, 'r2'], [each['group_value'] for each in bid['parts']])
        self.assertIsNone(bid['group_value'])
        lines = self.show('contracts', contract)['lines']
        broken, other = (each for each in lines if each['part'] == 0)
        nodes = self.marketplace.provider.nodes
        for each in (broken, next(each for each in lines if each['part'] == 1)):
            nodes._change(each['resource_uuid'], maintenance=True)
        # What asks less is of the rack of the other one, or of another than its part.
        taken = nodes.get(other['resource_uuid']).properties
        self.sell(
            ('initech', '0.5', {'properties': taken}),
            *(server('initech', '1', *each) for each in ((8, 'r3'), (64, 'r2'))),
            server('initech', '0.5', 64, 'r1'),
        )
        self.pass_time()
        found = {}
        for line in self.show('contracts', contract)['lines']:
            if line['owner_id'] == 'initech':
                its = nodes.get(line['resource_uuid']).properties['capabilities']
                found[line['part']] = its
        self.assertEqual({0: 'rack:r3', 1: 'rack:r2'}, found)

    def later(self, line, seconds):
        """So many seconds after the start of a line."""
        start = window.instant(line['start_time'], 'start_time')
        return window.text(start + datetime.timedelta(seconds=seconds))

    def awarded(self, terms):
        """The contract of a bid with these terms."""
        bid = {'end_time': self.time(20), 'resource_class': self.kind, **terms}
        newest = {'OpenStack-API-Version': 'marketplace latest'}
        placed = self.market('umbrella-member').post('/v1/bids', bid, headers=newest)
        self.round()
        return self.show('bids', self.good(placed)['uuid'])['contract_uuid']

    def replaced_by_the_right_one(self, terms, right, wrong):
        """Beside a server as the bid was awarded stands a cheaper one that is not."""
        self.sell(*((each, '1', {'properties': right}) for each in ('acme', 'initech')))
        contract = self.awarded({'price': '2', **terms})
        self.sell(('initech', '0.5', {'properties': wrong}))
        broken = self.break_server(contract)
        self.pass_time()
        old, new = self.show('contracts', contract)['lines']
        self.assertEqual(('cancelled', 'active'), (old['status'], new['status']))
        found = self.marketplace.provider.nodes.get(new['resource_uuid'])
        self.assertNotEqual(broken['owner_id'], new['owner_id'])
        self.assertEqual(right, found.properties)

    def test_without_another_the_line_ends_and_nothing_is_billed(self):
        self.sell(('acme', '1', {}))
        contract = self.bought()
        self.break_server(contract)
        self.pass_time()
        (line,) = self.show('contracts', contract)['lines']
        self.assertEqual(
            ('cancelled', 'not_delivered'), (line['status'], line['reason'])
        )
        for who in ('umbrella-member', 'acme-member'):
            self.assertEqual(
                ['contract.created', 'contract.wait_fulfill', 'contract.wait_cancel']
                + ['contract.cancelled'],
                self.told(who, contract),
            )
        usage = self.good(self.market('umbrella-member').get('/v1/usage'), 200)
        self.assertNotIn(contract, str(usage))

    def test_who_claimed_a_server_wanted_that_one(self):
        self.sell(('acme', '1', {}), ('acme', '1', {}))
        offers = self.market('umbrella-member').get(
            '/v1/offers', resource_class=self.kind
        )
        claimed = self.good(offers, 200)['offers'][0]
        contract = self.good(
            self.market('umbrella-member').post(f'/v1/offers/{claimed["uuid"]}/claim')
        )['uuid']
        self.break_server(contract)
        self.pass_time()
        (line,) = self.show('contracts', contract)['lines']
        self.assertEqual('cancelled', line['status'])

    def test_one_server_of_several_is_replaced(self):
        self.sell(*[('acme', '1', {})] * 3)
        contract = self.bought(quantity=2)
        self.break_server(contract)
        self.pass_time()
        lines = self.show('contracts', contract)['lines']
        self.assertEqual(
            ['active', 'active', 'cancelled'], sorted(line['status'] for line in lines)
        )
        self.assertEqual(3, len({line['resource_uuid'] for line in lines}))

    def test_a_replacement_that_fails_is_replaced_too(self):
        self.sell(*[('acme', '1', {})] * 3)
        contract = self.bought()
        for node in self.marketplace.provider.nodes.all():
            if node.resource_class == self.kind:
                self.marketplace.provider.nodes._change(node.uuid, maintenance=True)
        self.pass_time(40)
        lines = self.show('contracts', contract)['lines']
        self.assertEqual(['cancelled'] * 3, [line['status'] for line in lines])
        self.assertEqual(3, len({line['resource_uuid'] for line in lines}))
