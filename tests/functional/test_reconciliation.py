# SPDX-License-Identifier: Apache-2.0
"""What somebody else does to a server reaches both parties, and stops the bill."""

from unittest import mock

from provider import reconciliation
from tests.functional import base


class ReconciliationTest(base.MarketplaceTestCase):
    WORKERS = True
    OPTIONS = (
        ('provider', 'reconcile_interval', '0.3'),
        ('matcher', 'allocation', 'immediate'),
    )

    def becomes(self, status, show):
        """What ``show`` returns once its status is ``status``."""
        self.eventually(status, lambda: show()['status'])
        return show()

    def change(self, name, **values):
        self.marketplace.provider.nodes._change(name, **values)

    def test_an_offer_of_an_unfit_server_is_suspended_and_comes_back(self):
        name = self.add_node()
        offer = self.offer(node=name)

        def show():
            return self.good(
                self.market('acme-member').get(f'/v1/offers/{offer["uuid"]}'), 200
            )

        self.change(name, maintenance=True)
        found = self.becomes('error', show)
        self.assertEqual('the node is in maintenance', found['reason'])
        claim = self.market('umbrella-member').post(
            f'/v1/offers/{offer["uuid"]}/claim', {}
        )
        self.assertEqual(404, claim.status_code)
        self.change(name, maintenance=False)
        self.assertIsNone(self.becomes('available', show)['reason'])


class BillTest(base.MarketplaceTestCase):
    def look(self):
        self.clock.advance(seconds=1)
        provider = self.marketplace.provider
        reconciliation.Reconciliation(
            self.marketplace.conf, provider.nodes, provider.marketplace, self.clock
        ).run(self.clock())

    def change(self, name, **values):
        self.marketplace.provider.nodes._change(name, **values)
        self.look()

    def test_a_renter_whose_server_is_taken_is_told_and_not_billed(self):
        name = self.add_node()
        offer = self.offer(node=name)
        renter = self.market('umbrella-member')
        contract = self.good(
            renter.post(f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)})
        )

        def show():
            return self.good(renter.get(f'/v1/contracts/{contract["uuid"]}'), 200)

        self.fulfil()
        self.assertEqual('active', show()['status'])
        self.change(name, lessee='acme-lab')
        (line,) = show()['lines']
        self.assertEqual(('error', 'lessee_changed'), (line['status'], line['reason']))
        self.clock.advance(minutes=5)
        self.change(name, lessee='umbrella')
        (line,) = show()['lines']
        self.assertEqual(('active', None), (line['status'], line['reason']))
        (usage,) = renter.get('/v1/usage').json()['usage']
        self.assertGreaterEqual(usage['missed_seconds'], 300)
        for token in ('umbrella-member', 'acme-member'):
            events = self.market(token).get(
                f'/v1/events?object_uuid={contract["uuid"]}'
            )
            told = [event['type'] for event in events.json()['events']]
            self.assertIn('contract.error', told)

    def test_a_server_that_came_while_the_nodes_were_listed_is_not_gone(self):
        offer = self.offer(node=self.add_node())
        bought = self.offer(node=self.add_node())
        contract = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{bought["uuid"]}/claim', {}
            )
        )
        self.fulfil()
        nodes = self.marketplace.provider.nodes
        with mock.patch.object(nodes, 'all', autospec=True, return_value=[]):
            self.look()
        self.assertEqual('available', self.show('offers', offer['uuid'])['status'])
        self.assertEqual('active', self.show('contracts', contract['uuid'])['status'])
