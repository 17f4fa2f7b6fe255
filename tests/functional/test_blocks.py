# SPDX-License-Identifier: Apache-2.0
"""Servers that their owner sells only together."""

import pathlib

import fixtures

from tests.functional import base
from tests.functional import market_rules
from tests.functional import test_client

HOUR = 3600
OWNER, RENTER = 'acme-member', 'umbrella-member'


class BlocksTestCase(market_rules.RulesTestCase):
    VERSION = '1.1'
    OPTIONS = (('provider', 'quarantine_wait', '0'),)

    def setUp(self):
        super().setUp()
        # The market is that of the class; each test has servers of its own.
        self.kind = self.id().rpartition('.')[2][:60]

    def node(self):
        return self.add_node(resource_class=self.kind)

    def member(self, size=2, **values):
        block = {'block': self.kind, 'block_size': size}
        return self.offer(node=self.node(), hours=200, **block, **values)

    def rack(self, size=2, **values):
        """The offers of a block."""
        answer = self.provider(OWNER).post(
            '/v1/offers',
            {
                'nodes': [self.node() for _ in range(size)],
                'block': self.kind,
                'end_time': self.time(200),
                'price': '1',
                **values,
            },
        )
        made = self.good(answer)['publications']
        return [self.show('offers', each['offer_uuid']) for each in made]

    def take(self, *offers, **terms):
        first, *others = (each['uuid'] for each in offers)
        return self.market(RENTER).post(
            f'/v1/offers/{first}/claim', {'offers': others, **terms}
        )

    def code(self, response, status=409):
        self.assertEqual(status, response.status_code, response.text)
        return base.error(response)['code']

    def free(self, offer):
        return self.show('offers', offer['uuid'])['availabilities']

    def found(self, **terms):
        """How many offers a search for free time finds."""
        answer = self.market(RENTER).get(
            '/v1/offers',
            resource_class=self.kind,
            available_start_time=self.time(terms.get('start', 1)),
            available_end_time=self.time(terms.get('end', 2)),
        )
        return len(self.good(answer, 200)['offers'])

    def placed(self, **values):
        bid = self.bid(resource_class=self.kind, **values)
        self.round()
        return self.show('bids', bid['uuid'], RENTER)


class OffersTest(BlocksTestCase):
    def test_many_are_a_block_of_as_many(self):
        offers = self.rack(3)
        self.assertEqual(
            [(self.kind, 3)] * 3, [(o['block'], o['block_size']) for o in offers]
        )
        seen = self.market('umbrella-reader').get('/v1/offers', block=self.kind)
        self.assertEqual(3, len(self.good(seen, 200)['offers']))
        self.assertEqual(3, self.found())

    def test_what_is_not_whole_is_not_free(self):
        first = self.member()
        self.assertEqual([], first['availabilities'])
        self.assertEqual(0, self.found())
        self.assertEqual('flocx.conflict.block', self.code(self.take(first)))
        self.assertEqual('available', self.placed()['status'])
        second = self.member()
        for each in (first, second):
            self.assertNotEqual([], self.free(each))
        self.assertEqual(2, self.found())
        # Changed one by one it is for sale again when all say the same.
        for offer, free in ((first, 0), (second, 2)):
            path = f'/v1/offers/{offer["uuid"]}'
            self.good(self.market(OWNER).patch(path, {'price': '1.5'}), 200)
            self.assertEqual(free, self.found())
            self.assertEqual(bool(free), bool(self.free(first)))
        self.good(self.market(OWNER).delete(f'/v1/offers/{first["uuid"]}'), 204)
        self.assertEqual(([], 0), (self.free(second), self.found()))
        # Another server takes its place.
        self.member(price='1.5')
        self.assertEqual(2, self.found())

    def test_what_does_not_go_together_is_refused(self):
        self.member()
        for values, status, words in (
            ({'price': '2'}, 409, 'price differ'),
            ({'block_size': 3}, 409, 'block_size differ'),
            ({'block_size': None}, 400, 'block_size: missing'),
            ({'block': None}, 400, 'block: missing'),
            ({'block_size': 1}, 400, 'block_size'),
            ({'block_size': 65}, 400, 'block_size'),
        ):
            terms = {
                'resource_uuid': self.node(),
                'end_time': self.time(200),
                'price': '1',
                'block': self.kind,
                'block_size': 2,
            }
            given = {n: v for n, v in (terms | values).items() if v is not None}
            with self.subTest(values):
                answer = self.provider(OWNER).post('/v1/offers', given)
                self.refused(answer, status, words)
        self.member()
        answer = self.provider(OWNER).post(
            '/v1/offers', {**terms, 'resource_uuid': self.node()}
        )
        self.refused(answer, 409, 'has its 2 servers already')

    def test_an_older_version_knows_nothing_of_it(self):
        offer = self.member()
        answer = self.market(OWNER).request(
            'GET',
            f'/v1/offers/{offer["uuid"]}',
            {'OpenStack-API-Version': 'marketplace 1.0'},
        )
        self.assertNotIn('block', self.good(answer, 200))

    def test_a_server_that_is_given_away_is_alone(self):
        answer = self.provider(OWNER).post(
            '/v1/contracts',
            {
                'offer': {
                    'resource_uuid': self.node(),
                    'lessee_id': 'umbrella',
                    'end_time': self.time(5),
                    'block': self.kind,
                    'block_size': 2,
                }
            },
        )
        self.assertIn(answer.status_code, (400, 409), answer.text)


class SalesTest(BlocksTestCase):
    def test_it_is_claimed_whole(self):
        offers = self.rack(3)
        refused = self.take(*offers[:2])
        self.assertEqual('flocx.conflict.block', self.code(refused))
        self.assertIn(
            f'{self.kind} is sold only whole, with its 3 servers; these are 2',
            base.error(refused)['detail'],
        )
        other = self.offer(node=self.node())
        contract = self.good(
            self.take(*offers, other, start_time=self.time(2), end_time=self.time(4))
        )
        self.assertEqual(4, len(contract['lines']))
        self.assertEqual(3, self.found(start=4, end=5) - 1)
        self.assertEqual(0, self.found(start=2, end=3))
        self.cancel(contract)
        self.assertEqual(4, self.found(start=2, end=3))

    def test_what_one_has_not_none_has(self):
        offers = self.rack()
        outage = {'start_time': self.time(20), 'end_time': self.time(30)}
        self.good(
            self.market(OWNER).post(
                '/v1/maintenances', {'offer': offers[0]['uuid'], **outage}
            )
        )
        for each in offers:
            self.assertEqual(
                [self.time(20), self.time(30)],
                [self.free(each)[0][1], self.free(each)[1][0]],
            )
        self.assertEqual(0, self.found(start=19, end=21))
        self.assertEqual(2, self.found(start=10, end=12))
        self.assertEqual(
            'flocx.conflict.not_free',
            self.code(
                self.take(*offers, start_time=self.time(19), end_time=self.time(22))
            ),
        )

    def test_bids_and_why_they_wait(self):
        self.rack(3)
        bid = self.placed(quantity=2)
        self.assertEqual('available', bid['status'])
        self.assertEqual('block', bid['outlook']['reason'])
        self.assertIn('with its 3 servers', bid['outlook']['detail'])
        path = f'/v1/bids/{bid["uuid"]}'
        self.good(self.market(RENTER).delete(path), 204)
        bid = self.placed(quantity=4, min_quantity=1)
        self.assertEqual('matched', bid['status'])
        contract = self.show('contracts', bid['contract_uuid'])
        self.assertEqual(3, len(contract['lines']))

    def test_it_is_extended_and_ends_together(self):
        offers = self.rack()
        contract = self.good(self.take(*offers, end_time=self.time(4)))
        longer = self.good(self.extend(contract, 9), 200)
        ends = {line['end_time'] for line in longer['lines']}
        self.assertEqual({self.time(9)}, ends)
        shorter = self.good(self.extend(contract, 6), 200)
        self.assertEqual({self.time(6)}, {e['end_time'] for e in shorter['lines']})

    def test_it_is_reclaimed_and_left_together(self):
        offers = self.rack(reclaim_notice=HOUR)
        other = self.offer(node=self.node(), reclaim_notice=HOUR)
        contract = self.good(
            self.take(*offers, other, end_time=self.time(20), min_reclaim_notice=0)
        )
        path = f'/v1/contracts/{contract["uuid"]}'
        of = {each['offer_uuid']: each['uuid'] for each in contract['lines']}
        one, two, third = (of[each['uuid']] for each in (*offers, other))
        for lines, status in (([one], 409), ([third], 200), ([one, two], 200)):
            answer = self.market(OWNER).post(f'{path}/reclaim', {'lines': lines})
            self.assertEqual(status, answer.status_code, answer.text)
            if status == 409:
                self.assertEqual('flocx.conflict.block', self.code(answer))
                self.assertIn(two, base.error(answer)['detail'])
        left = self.market(RENTER).post(f'{path}/release', {'lines': [two]})
        self.assertEqual('flocx.conflict.block', self.code(left))
        self.good(
            self.market(RENTER).post(f'{path}/release', {'lines': [one, two]}), 200
        )

    def test_one_that_cannot_be_delivered_is_replaced_by_one_sold_alone(self):
        self.rack()
        bid = self.placed(quantity=2, min_quantity=2)
        contract = self.show('contracts', bid['contract_uuid'])
        # What is sold only together replaces nothing.
        self.kind, kind = f'{self.kind[:50]}-2', self.kind
        answer = self.provider(OWNER).post(
            '/v1/offers',
            {
                'nodes': [self.add_node(resource_class=kind) for _ in range(2)],
                'block': self.kind,
                'end_time': self.time(200),
                'price': '0.5',
            },
        )
        self.good(answer)
        spare = self.offer(node=self.add_node(resource_class=kind), hours=200)
        line = contract['lines'][0]
        answer = self.market(line['provider_id']).patch(
            f'/v1/contracts/{contract["uuid"]}/lines/{line["uuid"]}',
            {'status': 'wait_cancel', 'reason': 'node_gone'},
        )
        self.good(answer, 200)
        lines = self.show('contracts', contract['uuid'])['lines']
        self.assertEqual(spare['uuid'], lines[-1]['offer_uuid'])

    def test_nothing_of_it_is_displaced(self):
        self.rack()
        soft = self.placed(quantity=2, min_quantity=2, interruptible_notice=3600)
        self.assertEqual('matched', soft['status'])
        hard = self.placed(quantity=2, min_quantity=2, price='9')
        self.assertEqual('available', hard['status'])


class CommandsTest(test_client.ClientTestCase):
    WORKERS = False

    def test_a_block_is_offered_found_and_claimed(self):
        nodes = [self.add_node(owner='acme') for _ in range(2)]
        made = self.run_json(
            *('acme-member', 'offer', 'create', '--node', nodes[0], '--node', nodes[1]),
            *('--block', 'rack-3', '--price', '1', '--end-time', self.time(5)),
        )
        self.assertEqual(2, made['published'])
        found = self.run_json('acme-member', 'offer', 'list', '--block', 'rack-3')
        uuids = [each['UUID'] for each in found]
        self.assertEqual(2, len(uuids))
        shown = self.run_json('acme-member', 'offer', 'show', uuids[0])
        self.assertEqual(('rack-3', 2), (shown['block'], shown['block_size']))
        refused = self.refused('umbrella-member', 'offer', 'claim', uuids[0])
        self.assertIn('market offer list --block NAME', refused)
        contract = self.run_json('umbrella-member', 'offer', 'claim', *uuids)
        self.assertEqual(2, len(contract['lines']))

    def test_they_are_offered_from_a_file(self):
        nodes = [self.add_node(owner='acme') for _ in range(2)]
        rows = '\n'.join(f'{each},rack-4,2' for each in nodes)
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'offers.csv'
        path.write_text(f'server,block,block_size\n{rows}\n')
        self.run_json(
            *('acme-member', 'offer', 'create', '--file', str(path), '--price', '1'),
            *('--end-time', self.time(5)),
        )
        found = self.run_json('acme-member', 'offer', 'list', '--block', 'rack-4')
        self.assertEqual(2, len(found))
