# SPDX-License-Identifier: Apache-2.0
"""A project's servers, with what is offered of them and whom they are promised to."""

from unittest import mock

from provider import reconciliation
from tests.functional import base
from tests.functional import test_client


class NodesTest(base.MarketplaceTestCase):
    def node(self, name, who='acme-member'):
        return self.good(self.provider(who).get(f'/v1/nodes/{name}'), 200)

    def nodes(self, who='acme-member', **params):
        return self.good(self.provider(who).get('/v1/nodes', **params), 200)

    def claim(self, offer, who='umbrella-member', **fields):
        return self.good(
            self.market(who).post(f'/v1/offers/{offer["uuid"]}/claim', fields)
        )

    def test_current_and_future_contracts_are_shown(self):
        name = self.add_node()
        offer = self.offer(node=name, name='spring', price='1.5')
        later = self.claim(
            offer, start_time=self.time(5), end_time=self.time(6), name='later'
        )
        now = self.claim(offer, end_time=self.time(2))
        self.fulfil(2)
        found = self.node(name)
        self.assertEqual(
            [now['uuid'], later['uuid']], [each['uuid'] for each in found['contracts']]
        )
        current, future = found['contracts']
        self.assertEqual(('active', 'umbrella'), (current['status'], found['lessee']))
        self.assertEqual(
            ('created', 'later', 'umbrella', '1.500000'),
            tuple(future[name] for name in ('status', 'name', 'project_id', 'price')),
        )
        (offered,) = found['offers']
        self.assertEqual((offer['uuid'], 'spring'), (offered['uuid'], offered['name']))
        self.assertIsNone(found['suspended_reason'])
        # The renter sees what they rent, and nothing of what else is promised.
        rented = self.node(name, 'umbrella-member')
        self.assertEqual([], rented['offers'])
        self.assertEqual(2, len(rented['contracts']))
        self.assertEqual(
            404, self.provider('initech-member').get(f'/v1/nodes/{name}').status_code
        )

    def test_others_contracts_on_a_leased_server_are_not_shown(self):
        name = self.add_node()
        offer = self.offer(node=name)
        self.claim(offer, end_time=self.time(2))
        self.claim(
            offer, 'initech-member', start_time=self.time(5), end_time=self.time(6)
        )
        self.fulfil(2)
        self.assertEqual(1, len(self.node(name, 'umbrella-member')['contracts']))
        self.assertEqual(2, len(self.node(name)['contracts']))

    def test_why_an_offer_is_suspended(self):
        name = self.add_node()
        self.offer(node=name)
        self.marketplace.provider.nodes._change(name, maintenance=True)
        provider = self.marketplace.provider
        reconciliation.Reconciliation(
            self.marketplace.conf, provider.nodes, provider.marketplace
        ).run(self.clock())
        found = self.node(name)
        self.assertEqual('the node is in maintenance', found['suspended_reason'])
        self.assertTrue(found['maintenance'])

    def test_the_market_is_not_asked_once_for_each(self):
        for _ in range(10):
            self.offer(node=self.add_node(owner='initech'), who='initech-member')
        provider = self.marketplace.provider.marketplace
        request, asked = provider._request, []

        def counted(*args, **kwargs):
            asked.append(args)
            return request(*args, **kwargs)

        with mock.patch.object(provider, '_request', counted):
            found = self.nodes('initech-member')['nodes']
        self.assertLessEqual(10, len(found))
        self.assertEqual(2, len(asked))
        self.assertTrue(all(len(node['offers']) == 1 for node in found))

    def test_it_is_paged_and_filtered(self):
        names = {self.add_node(resource_class='paged') for _ in range(5)}
        self.add_node(resource_class='other')
        found, path = [], '/v1/nodes?resource_class=paged&limit=2'
        while path:
            page = self.good(self.provider('acme-member').get(path), 200)
            found += page['nodes']
            self.assertLessEqual(len(page['nodes']), 2)
            (path,) = [link['href'] for link in page['nodes_links']] or [None]
            path = path and path[path.index('/v1') :]
        self.assertEqual(names, {node['name'] for node in found})
        self.assertEqual(5, len(found))
        down = self.nodes(resource_class='paged', sort_dir='desc')['nodes']
        self.assertEqual(
            sorted(node['uuid'] for node in found), [n['uuid'] for n in down][::-1]
        )
        by_name = self.nodes(resource_class='paged', sort_key='name', limit=3)['nodes']
        self.assertEqual(sorted(names)[:3], [node['name'] for node in by_name])
        rest = self.nodes(
            resource_class='paged', sort_key='name', marker=by_name[-1]['uuid']
        )
        self.assertEqual(sorted(names)[3:], [node['name'] for node in rest['nodes']])
        self.assertEqual([], self.nodes(provision_state='rescue')['nodes'])
        for wrong in ({'marker': 'nothing'}, {'sort_key': 'properties'}):
            refused = self.provider('acme-member').get('/v1/nodes', **wrong)
            self.assertEqual(400, refused.status_code)
        refused = self.provider('acme-member').get('/v1/nodes', colour='red')
        self.assertEqual(400, refused.status_code)

    def test_servers_are_shown_while_the_market_is_away(self):
        name = self.add_node()
        self.offer(node=name)
        own = self.marketplace.provider.marketplace._own
        own.endpoint_override = 'http://127.0.0.1:1'
        self.addCleanup(setattr, own, 'endpoint_override', None)
        found = self.node(name)
        self.assertEqual('available', found['provision_state'])
        self.assertEqual(
            [None] * 3,
            [found[each] for each in ('offers', 'contracts', 'suspended_reason')],
        )


class CommandTest(test_client.ClientTestCase):
    WORKERS = False

    def test_the_commands_show_what_a_server_is_promised_for(self):
        name = self.add_node(resource_class='shown', traits=['CUSTOM_X'])
        offer = self.offer(node=name)
        self.good(
            self.market('umbrella-member').post(f'/v1/offers/{offer["uuid"]}/claim')
        )
        (found,) = self.run_json(
            'acme-member', 'node', 'list', '--resource-class', 'shown', '--long'
        )
        self.assertEqual(1, len(found['Contracts']))
        self.assertEqual(offer['uuid'], found['Offers'][0]['uuid'])
        shown = self.run_command('acme-member', 'node', 'show', name)
        self.assertEqual(0, shown.code, shown.err)
        self.assertIn('at 1.00: created', shown.out)
        self.assertIn('CUSTOM_X', shown.out)
