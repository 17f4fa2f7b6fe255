# SPDX-License-Identifier: Apache-2.0
"""Planned outages are told to renters and not billed; nothing is sold of their time."""

import decimal

from flocx.core import money
from provider import reconciliation
from tests.functional import base
from tests.functional import test_reclaim

RENTER, OWNER, THIRD = test_reclaim.RENTER, test_reclaim.OWNER, test_reclaim.THIRD
_PATH = '/v1/maintenances'


class MaintenanceTestCase(test_reclaim.ReclaimTestCase):
    def plan(self, offer, start, end, who=OWNER, status=201, **said):
        body = {
            'offer': offer['uuid'],
            'start_time': self.time(start),
            'end_time': self.time(end),
            **said,
        }
        answer = self.market(who).post(_PATH, body)
        self.assertEqual(status, answer.status_code, answer.text)
        return answer.json()

    def listed(self, who, **query):
        found = self.good(self.market(who).get(_PATH, **query), 200)
        return [each['uuid'] for each in found['maintenances']]


class MaintenanceTest(MaintenanceTestCase):
    OPTIONS = (
        *test_reclaim.ReclaimTestCase.OPTIONS,
        ('contracts', 'maintenance_notice', '0'),
    )

    def test_its_time_is_not_billed_and_renters_are_told(self):
        offer = self.sell(notice=None, price='1.333333')
        contract = self.claim(offer, end_time=self.time(4))
        self.pass_time(60)
        outage = self.plan(offer, 1, 2, reason='firmware')
        (told,) = [
            event
            for event in self.good(
                self.market(RENTER).get('/v1/events', object_uuid=contract), 200
            )['events']
            if event['type'] == 'contract.maintenance_announced'
        ]
        self.assertEqual(
            {
                'uuid': outage['uuid'],
                'start_time': self.time(1),
                'end_time': self.time(2),
                'reason': 'firmware',
            },
            told['payload']['maintenance'],
        )
        for who, expected in ((RENTER, True), (OWNER, True), (THIRD, False)):
            self.assertEqual(expected, outage['uuid'] in self.listed(who), who)
            shown = self.market(who).get(f'{_PATH}/{outage["uuid"]}')
            self.assertEqual(200 if expected else 404, shown.status_code)
        self.pass_time(4 * 3600 + 60)
        (line,) = self.lines(contract)
        had = base.parsed(line['end_time']) - base.parsed(line['fulfill_time'])
        seconds = int(had.total_seconds()) - 3600
        amount = money.text(money.amount(decimal.Decimal(line['price']), seconds))
        for who in (RENTER, OWNER):
            self.assertEqual((seconds, amount), self.billed(line, who))

    def test_what_is_called_off_is_billed_again(self):
        offer = self.sell(notice=None)
        contract = self.claim(offer, end_time=self.time(4))
        self.pass_time(60)
        before, during = self.plan(offer, 1, 2), self.plan(offer, 0.5, 3)
        self.good(self.market(OWNER).delete(f'{_PATH}/{before["uuid"]}'), 204)
        self.assertNotIn(before['uuid'], self.listed(OWNER))
        self.assertIn(before['uuid'], self.listed(OWNER, status='any'))
        again = self.market(OWNER).delete(f'{_PATH}/{before["uuid"]}')
        self.assertEqual(409, again.status_code)
        self.pass_time(3600)
        self.good(self.market(OWNER).delete(f'{_PATH}/{during["uuid"]}'), 204)
        ended = self.show('maintenances', during['uuid'], OWNER)
        self.assertEqual('cancelled', ended['status'])
        lost = base.parsed(ended['end_time']) - base.parsed(during['start_time'])
        self.assertEqual(
            ['contract.maintenance_cancelled'] * 2,
            [name for name in self.told(RENTER, contract) if 'cancelled' in name],
        )
        self.pass_time(3 * 3600)
        (line,) = self.lines(contract)
        had = base.parsed(line['end_time']) - base.parsed(line['fulfill_time'])
        self.assertEqual(int((had - lost).total_seconds()), self.billed(line)[0])

    def test_nothing_is_sold_of_its_time(self):
        offer = self.sell(notice=None)
        engine = self.new_engine()
        engine.run(self.clock())
        outage = self.plan(offer, 5, 6)
        free = self.show('offers', offer['uuid'])['availabilities']
        self.assertEqual([self.time(5), self.time(6)], [free[0][1], free[1][0]], free)
        market = self.market(RENTER)
        claim = {'start_time': self.time(4), 'end_time': self.time(5.5)}
        refused = market.post(f'/v1/offers/{offer["uuid"]}/claim', claim)
        self.assertEqual('flocx.conflict.not_free', base.error(refused)['code'])
        listed = market.get(
            '/v1/offers',
            resource_class=self.kind,
            available_start_time=self.time(4),
            available_end_time=self.time(5.5),
        )
        self.assertEqual([], self.good(listed, 200)['offers'])
        contract = self.claim(offer, start_time=self.time(3), end_time=self.time(4))
        longer = market.patch(f'/v1/contracts/{contract}', {'end_time': self.time(5.5)})
        self.assertEqual(409, longer.status_code)
        bid = self.bid(
            resource_class=self.kind,
            start_time=self.time(4.5),
            hours=6.5,
            duration=3600,
        )
        # An engine that had read the market before knows it from the event.
        engine.run(self.clock())
        self.assertEqual('available', self.show('bids', bid['uuid'])['status'])
        self.good(self.market(OWNER).delete(f'{_PATH}/{outage["uuid"]}'), 204)
        engine.run(self.clock())
        self.assertEqual('matched', self.show('bids', bid['uuid'])['status'])

    def test_an_owner_who_takes_back_often_is_found(self):
        sold = [self.sell(THIRD, notice=0) for _ in range(6)]
        made = [self.claim(offer, end_time=self.time(9)) for offer in sold]
        self.pass_time(60)
        for contract in made[:3]:
            path = f'/v1/contracts/{contract}/reclaim'
            self.good(self.market(THIRD).post(path, {}), 200)
        self.assertEqual([], self.taking_back())
        # Beyond the period that is looked at, and so not of it.
        self.plan(sold[5], 5, 6, who=THIRD)
        self.assertEqual([], self.taking_back())
        for offer in sold[3:5]:
            self.plan(offer, 1, 3, who=THIRD)
        self.pass_time(2 * 3600)
        (found,) = self.taking_back()
        self.assertEqual(
            ('initech', 5, 'taking_back'),
            (found['project_id'], found['count'], found['rule']),
        )
        self.assertIn('5 of 6', found['detail'])
        self.assertAlmostEqual(2, float(found['server_hours']), places=1)

    def taking_back(self):
        answer = self.market('operator-admin').get(
            '/v1/audit', rule='taking_back', project_id='initech'
        )
        return self.good(answer, 200)['findings']

    def test_only_owners_announce_and_nothing_that_is_past(self):
        offer = self.sell(notice=None)
        self.plan(offer, 1, 2, who=RENTER, status=403)
        self.plan(offer, -1, 2, status=400)
        self.plan(offer, 2, 1, status=400)
        contract = self.claim(offer, end_time=self.time(9))
        self.pass_time(60)
        (line,) = self.lines(contract)
        sublet = self.good(
            self.provider(RENTER).post(
                '/v1/offers',
                {
                    'resource_uuid': line['resource_uuid'],
                    'end_time': self.time(8),
                    'price': '1',
                },
            )
        )
        self.plan(sublet, 1, 2, who=RENTER, status=409)
        sub = self.claim(sublet, who=THIRD, end_time=self.time(7))
        self.good(self.market(OWNER).delete(f'/v1/offers/{offer["uuid"]}'), 204)
        # The offer is withdrawn, and its contract goes on; and both parties are told.
        self.plan(offer, 1, 2)
        for who, uuid in ((RENTER, contract), (THIRD, sub)):
            self.assertIn('contract.maintenance_announced', self.told(who, uuid))
        other = self.sell(notice=None)
        self.good(self.market(OWNER).delete(f'/v1/offers/{other["uuid"]}'), 204)
        self.plan(other, 1, 2, status=409)


class NoticeTest(MaintenanceTestCase):
    """With the default: a day."""

    def sold(self):
        node = self.add_node(owner=OWNER.partition('-')[0], resource_class=self.kind)
        return self.offer(OWNER, node, hours=60)

    def test_an_outage_that_begins_now_ends_no_contract(self):
        offer = self.sold()
        contract = self.claim(offer, end_time=self.time(40))
        self.pass_time(60)
        refused = self.plan(offer, 0.5, 12, status=400)
        (error,) = refused['errors']
        self.assertIn('start_time', error['detail'])
        self.assertIn('86400 seconds', error['detail'])
        earliest = error['detail'].rpartition(' ')[2]
        found = self.listed(OWNER, resource_uuid=offer['resource_uuid'])
        self.assertEqual([], found)
        self.assertNotIn('contract.maintenance_announced', self.told(RENTER, contract))
        # What it says is taken.
        hours = (base.parsed(earliest) - base.parsed(self.time(0))).total_seconds()
        self.plan(offer, hours / 3600, 30)

    def test_of_a_server_that_nobody_has_rented_then_it_may(self):
        offer = self.sold()
        self.claim(offer, start_time=self.time(5), end_time=self.time(6))
        self.plan(offer, 1, 5.5, status=400)
        self.plan(offer, 1, 5)

    def test_a_new_owner_has_nothing_of_the_former_ones_plans(self):
        for publishes in (False, True):
            offer = self.sold()
            contract = self.claim(offer, end_time=self.time(40))
            self.pass_time(60)
            outage = self.plan(offer, 26, 30)
            if publishes:
                self.good(self.market(OWNER).delete(f'/v1/offers/{offer["uuid"]}'), 204)
            node = self.marketplace.node(offer['resource_uuid'])
            self.marketplace.provider.nodes._change(
                node.uuid, owner=THIRD.partition('-')[0]
            )
            if publishes:
                times = {'start_time': self.time(48), 'end_time': self.time(60)}
                body = {'resource_uuid': node.uuid, 'price': '1', **times}
                self.good(self.provider(THIRD).post('/v1/offers', body))
            else:
                provider = self.marketplace.provider
                reconciliation.Reconciliation(
                    self.marketplace.conf, provider.nodes, provider.marketplace
                ).run(self.clock())
            ended = self.show('maintenances', outage['uuid'], OWNER)
            self.assertEqual('cancelled', ended['status'])
            self.assertIn('contract.maintenance_cancelled', self.told(RENTER, contract))
