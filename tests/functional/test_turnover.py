# SPDX-License-Identifier: Apache-2.0
"""A server that one contract still has is not handed over for the next."""

import datetime
import io
import json
from unittest import mock

from flocx.core import window
from market import cmd
from tests.functional import base


class TurnoverTest(base.MarketplaceTestCase):
    def test_the_next_contract_of_a_renter_waits_for_their_last_one(self):
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


class LearnedTest(base.MarketplaceTestCase):
    """Between two contracts stays free what taking servers of the class back took."""

    VERSION = '1.1'
    OPTIONS = (
        ('contracts', 'turnaround', '30'),
        ('contracts', 'max_turnaround', '3600'),
    )

    def setUp(self):
        super().setUp()
        self.kind = f'kind-{self.id().rpartition(".")[2]}'[:60]

    def claim(self, offer, start, end):
        return self.market('umbrella-member').post(
            f'/v1/offers/{offer["uuid"]}/claim',
            {'start_time': self.time(start), 'end_time': self.time(end)},
        )

    def hand_back(self, minutes):
        """A contract whose server takes so long to come back."""
        name = self.add_node(resource_class=self.kind)
        offer, nodes = self.offer(node=name), self.marketplace.provider.nodes
        self.began = self.clock()
        contract = self.good(self.claim(offer, 0, 1))
        self.fulfil()
        nodes._change(name, provision_state='cleaning')
        self.clock.advance(hours=1)
        self.fulfil(passes=2)
        self.clock.advance(minutes=minutes)
        nodes._change(name, provision_state='available')
        self.fulfil(passes=2)
        self.assertEqual('ended', self.show('contracts', contract['uuid'])['status'])
        (line,) = contract['lines']
        self.good(self.market('acme-member').delete(f'/v1/offers/{offer["uuid"]}'), 204)
        return line

    def known(self):
        """The turnaround as an owner, an engine and an operator see it."""
        node = self.add_node(resource_class=self.kind)
        offer = self.offer(node=node, hours=48)
        engine = self.new_engine()
        engine.run(self.clock())
        with mock.patch('sys.stdout', io.StringIO()) as printed:
            cmd._turnaround(self.marketplace.database, None)
        (row,) = [
            each
            for each in json.loads(printed.getvalue())['classes']
            if each['resource_class'] == self.kind
        ] or [{'turnaround': 30, 'hand_backs': []}]
        seen = {
            offer['turnaround'],
            engine._reader.turnaround.seconds(self.kind),
            row['turnaround'],
        }
        self.assertEqual(1, len(seen), seen)
        return offer, seen.pop(), row['hand_backs']

    def test_it_is_learned_and_kept_by_claims_rounds_and_extensions(self):
        self.assertEqual((30, []), self.known()[1:])
        for minutes in (10, 10):
            self.hand_back(minutes)
        # Two say nothing yet.
        self.assertEqual(30, self.known()[1])
        self.hand_back(10)
        self.began = self.clock()
        offer, seconds, hand_backs = self.known()
        self.assertEqual(3, len(hand_backs))
        self.assertTrue(600 <= seconds <= 640, seconds)
        gap = datetime.timedelta(seconds=seconds)
        contract = self.good(self.claim(offer, 10, 11))
        # Closer than that nothing is sold, by whatever way.
        found = self.show('offers', offer['uuid'])['availabilities']
        start, end = (
            base.parsed(contract[name]) for name in ('start_time', 'end_time')
        )
        self.assertIn(window.text(start - gap), [each[1] for each in found])
        self.assertIn(window.text(end + gap), [each[0] for each in found])
        for hours, expected in ((11.1, 409), (11.2, 201)):
            claimed = self.claim(offer, hours, hours + 1)
            self.assertEqual(expected, claimed.status_code, claimed.text)
        path = f'/v1/contracts/{contract["uuid"]}'
        longer = {'end_time': self.time(11.1)}
        refused = self.market('umbrella-member').patch(path, longer)
        self.assertEqual(409, refused.status_code)
        for at, free in ((9.9, False), (9.8, True)):
            listed = self.market('umbrella-member').get(
                '/v1/offers',
                resource_class=self.kind,
                available_start_time=self.time(9),
                available_end_time=self.time(at),
            )
            uuids = [each['uuid'] for each in self.good(listed, 200)['offers']]
            self.assertEqual(free, offer['uuid'] in uuids, at)
        for uuid in {each['uuid'] for each in self.alike()} - {offer['uuid']}:
            self.market('acme-member').delete(f'/v1/offers/{uuid}')
        bid = self.bid(
            resource_class=self.kind,
            start_time=self.time(8.9),
            hours=9.95,
            duration=3600,
        )
        self.round()
        self.assertEqual('available', self.show('bids', bid['uuid'])['status'])
        self.good(
            self.market('umbrella-member').patch(
                f'/v1/bids/{bid["uuid"]}', {'price': '3'}
            ),
            200,
        )
        bid = self.bid(
            resource_class=self.kind,
            start_time=self.time(8.8),
            hours=9.82,
            duration=3600,
        )
        self.round()
        self.assertEqual('matched', self.show('bids', bid['uuid'])['status'])

    def alike(self):
        listed = self.market('umbrella-member').get(
            '/v1/offers', resource_class=self.kind
        )
        return self.good(listed, 200)['offers']

    def test_an_operator_bounds_or_fixes_it(self):
        for minutes in (90, 90, 90):
            line = self.hand_back(minutes)
        self.assertEqual(3600, self.known()[1])
        conf = self.marketplace.conf
        conf.set_override('max_turnaround', 0, 'contracts')
        self.addCleanup(conf.clear_override, 'max_turnaround', 'contracts')
        self.assertEqual(30, self.known()[1])
        # The time after the end is nobody's bill, however long it took.
        usage = self.good(self.market('umbrella-member').get('/v1/usage'), 200)['usage']
        (bill,) = [
            row
            for each in usage
            for row in each['lines']
            if row['line_uuid'] == line['uuid']
        ]
        self.assertLessEqual(bill['server_seconds'], 3600)
