# SPDX-License-Identifier: Apache-2.0
"""A server that one contract still has is not handed over for the next."""

from flocx.core import window
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

    def test_late_cleaning_delays_the_next_contract_and_its_bill(self):
        name = self.add_node()
        offer = self.offer(node=name)
        first, second = (
            self.good(
                self.market(who).post(
                    f'/v1/offers/{offer["uuid"]}/claim',
                    {'start_time': self.time(start), 'end_time': self.time(start + 1)},
                )
            )
            for who, start in (('umbrella-member', 1), ('initech-member', 2))
        )
        nodes = self.marketplace.provider.nodes

        def have():
            lines = [self.show('contracts', each['uuid']) for each in (first, second)]
            return nodes.get(name).lessee, *(each['status'] for each in lines)

        self.clock.advance(hours=1)
        self.fulfil()
        self.assertEqual(('umbrella', 'active', 'created'), have())
        nodes._change(name, provision_state='cleaning')
        self.clock.advance(hours=1)
        self.fulfil(passes=2)
        self.assertEqual(('quarantine', 'wait_end', 'created'), have())
        self.clock.advance(minutes=10)
        nodes._change(name, provision_state='available')
        self.fulfil(passes=2)
        self.assertEqual(('initech', 'ended', 'active'), have())
        self.clock.advance(hours=1)
        self.fulfil(passes=2)
        self.assertEqual((None, 'ended', 'ended'), have())
        for who, contract, least in (
            ('umbrella-member', first, 0),
            ('initech-member', second, 600),
        ):
            (line,) = self.show('contracts', contract['uuid'])['lines']
            start, given = (
                window.instant(line[name], name)
                for name in ('start_time', 'fulfill_time')
            )
            missed = (given - start).total_seconds()
            self.assertLessEqual(least, missed)
            (usage,) = self.good(self.market(who).get('/v1/usage'), 200)['usage']
            (bill,) = [
                each
                for each in usage['lines']
                if each['contract_uuid'] == contract['uuid']
            ]
            self.assertAlmostEqual(missed, bill['missed_seconds'], delta=1)
            self.assertAlmostEqual(3600 - missed, bill['server_seconds'], delta=1)
