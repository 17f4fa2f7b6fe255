# SPDX-License-Identifier: Apache-2.0
"""A server that one contract still has is not handed over for the next."""

from tests.functional import base


class TurnoverTest(base.MarketplaceTestCase):
    def test_the_next_contract_of_a_renter_waits_for_his_last_one(self):
        offer = self.offer(node=self.add_node())
        first, second = (
            self.good(
                self.market('umbrella-member').post(
                    f'/v1/offers/{offer["uuid"]}/claim',
                    {'start_time': self.time(start), 'end_time': self.time(start + 1)},
                )
            )
            for start in (1, 2)
        )
        self.clock.advance(hours=1)
        self.fulfil()
        self.assertEqual('active', self.show('contracts', first['uuid'])['status'])
        (line,) = second['lines']
        path = f'/v1/contracts/{second["uuid"]}/lines/{line["uuid"]}'
        provider = self.market('service-service')
        # Its lessee is the right one, so a provider may think that all is done.
        refused = provider.patch(path, {'status': 'active'})
        self.assertEqual(409, refused.status_code)
        self.assertIn('not given server', base.error(refused)['detail'])
        self.assertEqual('created', self.show('contracts', second['uuid'])['status'])
        self.clock.advance(hours=1)
        self.fulfil(passes=3)
        self.assertEqual('ended', self.show('contracts', first['uuid'])['status'])
        self.assertEqual('active', self.show('contracts', second['uuid'])['status'])
