# SPDX-License-Identifier: Apache-2.0
"""What somebody else does to a server reaches both parties, and stops the bill."""

from tests import waiting
from tests.functional import base


class ReconciliationTest(base.MarketplaceTestCase):
    WORKERS = True
    OPTIONS = (
        ('provider', 'reconcile_interval', '0.3'),
        ('matcher', 'allocation', 'immediate'),
    )

    def becomes(self, status, show):
        """What ``show`` returns once its status is ``status``."""
        found = waiting.until(show, lambda found: found['status'] == status)
        self.assertEqual(status, found['status'])
        return found

    def missed(self, renter):
        """For how many seconds a renter has not had what they rent."""
        (usage,) = renter.get('/v1/usage').json()['usage']
        return usage['missed_seconds']

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

    def test_a_renter_whose_server_is_taken_is_told_and_not_billed(self):
        name = self.add_node()
        offer = self.offer(node=name)
        renter = self.market('umbrella-member')
        contract = self.good(
            renter.post(f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)})
        )

        def show():
            return self.good(renter.get(f'/v1/contracts/{contract["uuid"]}'), 200)

        self.becomes('active', show)
        self.change(name, lessee='acme-lab')
        (line,) = self.becomes('error', show)['lines']
        self.assertEqual('lessee_changed', line['reason'])
        before = self.missed(renter)
        self.eventually(True, lambda: self.missed(renter) > before)
        self.change(name, lessee='umbrella')
        (line,) = self.becomes('active', show)['lines']
        self.assertIsNone(line['reason'])
        self.assertGreater(self.missed(renter), before)
        for token in ('umbrella-member', 'acme-member'):
            events = self.market(token).get(
                f'/v1/events?object_uuid={contract["uuid"]}'
            )
            told = [event['type'] for event in events.json()['events']]
            self.assertIn('contract.error', told)
