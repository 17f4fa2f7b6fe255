# SPDX-License-Identifier: Apache-2.0
"""What a provider keeps about a line, and how a server comes back as it was."""

from market.api import lines
from provider import reconciliation
from tests.functional import base

OWNER, RENTER, PROVIDER = 'acme-member', 'umbrella-member', 'service-service'


class HandoverTest(base.MarketplaceTestCase):
    def claimed(self, **node):
        """A contract that has just begun, the path of what is kept, and its node."""
        name = self.add_node(owner='acme', **node)
        offer = self.offer(OWNER, name)
        made = self.good(
            self.market(RENTER).post(f'/v1/offers/{offer["uuid"]}/claim', {})
        )
        (line,) = made['lines']
        path = f'/v1/contracts/{made["uuid"]}/lines/{line["uuid"]}/handover'
        return made['uuid'], path, name

    def kept(self, path, who=PROVIDER):
        return self.market(who).get(path)

    def change(self, path, version, data, who=PROVIDER):
        return self.market(who).patch(path, {'version': version, 'data': data})

    def test_two_fulfillers_do_not_overwrite_each_other(self):
        _, path, _ = self.claimed()
        self.assertEqual({'version': 0, 'data': None}, self.good(self.kept(path), 200))
        made = self.good(self.change(path, 0, {'phase': 'one'}), 200)
        self.assertEqual({'version': 1, 'data': {'phase': 'one'}}, made)
        for version in (0, 2):
            self.assertEqual(409, self.change(path, version, {}).status_code)
        self.good(self.change(path, 1, {'phase': 'two'}), 200)
        self.assertEqual(
            {'version': 2, 'data': {'phase': 'two'}}, self.good(self.kept(path), 200)
        )

    def test_it_is_the_providers_alone(self):
        _, path, _ = self.claimed()
        self.good(self.change(path, 0, {'secret': 'of the owner'}), 200)
        for who in (OWNER, RENTER, 'initech-member', 'operator-admin'):
            self.assertIn(self.kept(path, who).status_code, (403, 404))
            self.assertIn(self.change(path, 1, {}, who).status_code, (403, 404))
        for path in ('/v1/contracts', '/v1/events?after=0'):
            for who in (OWNER, RENTER, PROVIDER, 'operator-admin'):
                self.assertNotIn('of the owner', self.market(who).get(path).text)

    def test_what_is_too_much_or_none_is_refused(self):
        _, path, _ = self.claimed()
        long = {'settings': 'x' * lines.MOST_KEPT}
        for version, data in ((0, long), (0, []), (0, None), (-1, {}), (None, {})):
            answer = self.change(path, version, data)
            self.assertEqual(400, answer.status_code, answer.text)
        self.assertEqual(0, self.good(self.kept(path), 200)['version'])

    def test_many_are_reported_at_once(self):
        """Each as if it were alone: what is refused keeps nobody from anything."""
        uuids, paths, names = zip(*(self.claimed() for _ in range(3)), strict=True)
        self.fulfil()
        ids = [tuple(path.split('/')[3:6:2]) for path in paths]
        given = [
            {'report': {'status': 'wait_end'}},
            {'handover': {'version': 1, 'data': {'phase': 'two'}}},
            {'handover': {'version': 7, 'data': {}}},
            {'report': {'status': 'created'}},
            {},
        ]
        lines = [*ids, ids[0], (ids[0][0], ids[1][1])]
        reports = [
            {'contract_uuid': contract, 'line_uuid': line, **each}
            for (contract, line), each in zip(lines, given, strict=True)
        ]

        def post(reports, who=PROVIDER):
            caller = self.market(who)
            caller.headers['OpenStack-API-Version'] = 'marketplace 1.1'
            return caller.post('/v1/reports', {'reports': reports})

        found = self.good(post(reports), 200)['reports']
        self.assertEqual(
            [None, None, 409, 409, 400],
            [(each['error'] or {}).get('status') for each in found],
        )
        self.assertEqual('wait_end', found[0]['line']['status'])
        self.assertEqual('handed_over', found[0]['line']['handover']['data']['phase'])
        self.assertEqual(2, found[1]['version'])
        self.assertEqual('wait_end', self.show('contracts', uuids[0])['status'])
        kept = [self.good(self.kept(path), 200) for path in paths[1:]]
        self.assertEqual([2, 1], [each['version'] for each in kept])
        self.assertEqual({'phase': 'two'}, kept[0]['data'])
        # Somebody else's line is nobody's, and a crowd is too much.
        foreign = {**reports[1], 'line_uuid': ids[2][1]}
        (answer,) = self.good(post([foreign]), 200)['reports']
        self.assertEqual(404, answer['error']['status'])
        for wrong in ([reports[1]] * 101, None, [{'contract_uuid': ids[0][0]}]):
            self.assertEqual(400, post(wrong).status_code)
        self.assertEqual([], self.good(post([]), 200)['reports'])
        for who in (OWNER, RENTER):
            self.assertEqual(403, post([], who).status_code)
        for uuid in uuids:
            self.market(RENTER).delete(f'/v1/contracts/{uuid}')

    def test_it_is_forgotten_with_the_end_of_the_line(self):
        uuid, path, name = self.claimed()
        self.fulfil()
        self.assertEqual(
            'handed_over', self.good(self.kept(path), 200)['data']['phase']
        )
        self.market(RENTER).delete(f'/v1/contracts/{uuid}')
        self.fulfil(3)
        self.assertEqual('ended', self.show('contracts', uuid)['status'])
        self.assertEqual(404, self.kept(path).status_code)
        self.assertEqual(409, self.change(path, 0, {}).status_code)

    def test_a_server_comes_back_as_it_was(self):
        """Whatever was written on it, and never deployed."""
        uuid, _, name = self.claimed(traits=['CUSTOM_ONE'])
        self.fulfil()
        nodes = self.marketplace.provider.nodes
        before = nodes.get(name)
        nodes._change(
            name,
            resource_class='changed',
            maintenance=True,
            protected=True,
            console_enabled=True,
            power_state='power on',
            traits=['CUSTOM_TWO'],
        )
        self.market(RENTER).delete(f'/v1/contracts/{uuid}')
        self.fulfil(3)
        self.assertEqual('ended', self.show('contracts', uuid)['status'])
        after = nodes.get(name)
        for field in ('resource_class', 'maintenance', 'protected', 'traits'):
            self.assertEqual(getattr(before, field), getattr(after, field), field)
        self.assertEqual(
            (None, 'available', 'power off', False),
            (
                after.lessee,
                after.provision_state,
                after.power_state,
                after.console_enabled,
            ),
        )

    def test_a_server_in_quarantine_that_no_line_explains_comes_back(self):
        name = self.add_node(
            owner='acme', lessee='quarantine', provision_state='active'
        )
        self.reconcile(3)
        node = self.marketplace.node(name)
        self.assertEqual((None, 'available'), (node.lessee, node.provision_state))

    def reconcile(self, passes):
        provider = self.marketplace.provider
        comparing = reconciliation.Reconciliation(
            self.marketplace.conf,
            provider.nodes,
            provider.marketplace,
            clock=self.clock,
        )
        for _ in range(passes):
            comparing.run(self.clock())

    def test_times_of_a_server_are_in_order_though_a_clock_is_behind(self):
        """It comes back at one API, and is handed over at one that is slower."""
        name = self.add_node(owner='acme')
        offer = self.offer(OWNER, name)
        market, ends = self.market(RENTER), {'end_time': self.time(2)}
        claim = f'/v1/offers/{offer["uuid"]}/claim'

        def report(contract, status):
            (line,) = contract['lines']
            path = f'/v1/contracts/{contract["uuid"]}/lines/{line["uuid"]}'
            caller = self.market(PROVIDER)
            return self.good(caller.patch(path, {'status': status}), 200)

        first = self.good(market.post(claim, ends))
        report(first, 'active')
        self.clock.advance(seconds=60)
        market.delete(f'/v1/contracts/{first["uuid"]}')
        self.clock.advance(seconds=1)
        returned = report(first, 'ended')
        second = self.good(market.post(claim, ends))
        self.clock.advance(seconds=-30)
        given = report(second, 'active')
        self.assertGreaterEqual(given['fulfill_time'], second['start_time'])
        self.assertGreaterEqual(given['fulfill_time'], returned['expire_time'])
        market.delete(f'/v1/contracts/{second["uuid"]}')
        self.clock.advance(seconds=-30)
        returned = report(second, 'ended')
        self.assertGreaterEqual(returned['expire_time'], given['fulfill_time'])
