# SPDX-License-Identifier: Apache-2.0
"""What owners ask beside one price: for how long a server is let."""

import datetime
import decimal

import sqlalchemy as sa

from flocx.core import window
from market.db import bids
from market.db import offers
from market.db import schema
from tests.functional import base
from tests.functional import market_rules

HOUR, DAY = 3600, 86400


class LengthsTest(market_rules.RulesTestCase):
    """Nobody rents a server for less, or for longer, than its owner says."""

    VERSION = '1.1'

    def setUp(self):
        super().setUp()
        # The market is that of the class; each test has servers of its own.
        self.kind = self.id().rpartition('.')[2]

    def sell(self, least=None, most=None, **values):
        limits = {'min_length': least, 'max_length': most}
        return self.offer(
            node=self.add_node(resource_class=self.kind),
            hours=200,
            **{name: each for name, each in limits.items() if each},
            **values,
        )

    def change(self, offer, **values):
        path = f'/v1/offers/{offer["uuid"]}'
        return self.market('acme-member').patch(path, values)

    def code(self, response, status=409):
        self.assertEqual(status, response.status_code, response.text)
        return base.error(response)['code']

    def placed(self, **values):
        placed = self.bid(resource_class=self.kind, **values)
        self.round()
        bid = self.show('bids', placed['uuid'], 'umbrella-member')
        if bid['status'] == 'available':
            path = f'/v1/bids/{bid["uuid"]}'
            self.good(self.market('umbrella-member').delete(path), 204)
        return bid

    def test_an_offer_says_them(self):
        offer = self.sell(4 * HOUR, 7 * DAY)
        seen = self.show('offers', offer['uuid'], 'umbrella-reader')
        self.assertEqual((4 * HOUR, 7 * DAY), (seen['min_length'], seen['max_length']))
        found = self.market('umbrella-reader').get(
            '/v1/offers', min_length=f'lte:{4 * HOUR}', resource_class=self.kind
        )
        self.assertEqual(1, len(self.good(found, 200)['offers']))
        changed = self.good(self.change(offer, min_length=None, max_length=HOUR), 200)
        self.assertEqual((None, HOUR), (changed['min_length'], changed['max_length']))

    def test_what_makes_no_sense_is_refused_by_name(self):
        offer = self.sell(HOUR, DAY)
        for values, words in (
            ({'min_length': 0}, 'min_length'),
            ({'min_length': -1}, 'min_length'),
            ({'max_length': 10**12}, 'max_length'),
            ({'max_length': HOUR - 1}, 'max_length: 3599 seconds are less than'),
            ({'min_length': 201 * HOUR, 'max_length': None}, 'do not fit'),
            ({'end_time': self.time(0.5)}, 'min_length: 3600 seconds do not fit'),
        ):
            with self.subTest(values):
                self.refused(self.change(offer, **values), 400, words)
        node = self.add_node()
        for limits in ({'min_length': 2 * DAY}, {'min_length': 9, 'max_length': 8}):
            answer = self.provider('acme-member').post(
                '/v1/offers',
                {
                    'resource_uuid': node,
                    'price': '1',
                    'end_time': self.time(24),
                    **limits,
                },
            )
            self.assertEqual(400, answer.status_code, answer.text)

    def test_claims(self):
        offer = self.sell(4 * HOUR, 2 * DAY)
        path = f'/v1/offers/{offer["uuid"]}/claim'
        for hours in (3, 49):
            answer = self.market('umbrella-member').post(
                path, {'end_time': self.time(hours)}
            )
            self.assertEqual('flocx.conflict.length', self.code(answer))
            self.assertIn(
                'at least 14400 seconds and at most 172800',
                base.error(answer)['detail'],
            )
        # Without an end it is the longest that may be.
        self.assertEqual(self.time(48), self.claim(offer)['end_time'])
        # Of several offers each has its say.
        offers = [self.sell(most=DAY), self.sell(least=2 * DAY), self.sell()]
        answer = self.market('umbrella-member').post(
            f'/v1/offers/{offers[2]["uuid"]}/claim',
            {'offers': [each['uuid'] for each in offers[:2]]},
        )
        self.assertEqual('flocx.conflict.length', self.code(answer))

    def test_bids_and_why_they_wait(self):
        self.sell(4 * HOUR, 2 * DAY)
        for hours, words in ((2, 'it asks for 7200.'), (100, 'it asks for 360000.')):
            bid = self.placed(hours=100, duration=hours * HOUR)
            self.assertEqual('available', bid['status'])
            self.assertEqual('length', bid['outlook']['reason'])
            self.assertIn('at least 14400 seconds', bid['outlook']['detail'])
            self.assertIn('at most 172800 seconds', bid['outlook']['detail'])
            self.assertIn(words, bid['outlook']['detail'])
        self.assertEqual('matched', self.placed(duration=4 * HOUR)['status'])

    def test_a_bid_for_the_rest_of_its_window_becomes_shorter(self):
        self.sell(most=DAY)
        placed = self.bid(resource_class=self.kind, hours=30)
        self.round()
        shown = self.show('bids', placed['uuid'])
        self.assertEqual('length', shown['outlook']['reason'])
        self.clock.advance(hours=7)
        self.round()
        self.assertEqual('matched', self.show('bids', placed['uuid'])['status'])

    def test_what_others_leave_is_sold_only_if_it_is_long_enough(self):
        offer = self.sell(4 * HOUR)
        self.claim(offer, start_time=self.time(3), end_time=self.time(199))
        shown = self.show('offers', offer['uuid'], 'umbrella-reader')
        self.assertEqual(2, len(shown['availabilities']))
        for start, end in shown['availabilities']:
            answer = self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim',
                {'start_time': start, 'end_time': end},
            )
            self.assertEqual('flocx.conflict.length', self.code(answer))

    def test_what_is_left_can_be_added_to_the_contract_before_it(self):
        offer = self.sell(4 * HOUR, 10 * HOUR)
        contract = self.claim(offer, end_time=self.time(9))
        longer = self.good(self.extend(contract, 10), 200)
        self.assertEqual(self.time(10), longer['end_time'])
        refused = self.extend(contract, 10.5)
        self.assertEqual('flocx.conflict.length', self.code(refused))
        # Shorter than it would be let is what its renter gives back early.
        self.good(self.extend(contract, 2), 200)

    def test_who_speaks_an_earlier_version_keeps_to_them(self):
        offer = self.sell(4 * HOUR)
        caller = self.market('umbrella-member')
        caller.headers['OpenStack-API-Version'] = 'marketplace 1.0'
        answer = caller.post(
            f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(1)}
        )
        self.assertEqual('flocx.conflict.length', self.code(answer))
        seen = self.good(caller.get(f'/v1/offers/{offer["uuid"]}'), 200)
        self.assertNotIn('min_length', seen)


NIGHT = {'start': '20:00', 'end': '08:00', 'price': '0.50'}


class AsksByTheHourTest(market_rules.RulesTestCase):
    """A stay costs what its hours cost."""

    VERSION = '1.1'

    def setUp(self):
        super().setUp()
        self.kind = self.id().rpartition('.')[2]

    def sell(self, **values):
        return self.offer(
            node=self.add_node(resource_class=self.kind),
            **{'hours': 72, 'price': '2', **values},
        )

    def change(self, offer, **values):
        path = f'/v1/offers/{offer["uuid"]}'
        return self.market('acme-member').patch(path, values)

    def hours_to(self, hour):
        """How many hours it is to the next time that the clock says so, in UTC."""
        now = self.clock()
        full = now.replace(minute=0, second=0, microsecond=0)
        ahead = (hour - full.hour - 1) % 24 + 1
        return ahead - (now - full).total_seconds() / 3600

    def line(self, contract):
        (line,) = contract['lines']
        return line

    def test_an_offer_says_them_in_full(self):
        offer = self.sell(
            ask_schedule=[NIGHT], ask_falls={'before': 7200, 'price': '0.1'}
        )
        seen = self.show('offers', offer['uuid'], 'umbrella-reader')
        self.assertEqual('2.000000', seen['price'])
        (entry,) = seen['ask_schedule']
        self.assertEqual(
            ('UTC', 7, '0.500000'),
            (entry['timezone'], len(entry['days']), entry['price']),
        )
        self.assertEqual({'before': 7200, 'price': '0.100000'}, seen['ask_falls'])
        changed = self.good(self.change(offer, ask_schedule=None, ask_falls=None), 200)
        self.assertEqual((None, None), (changed['ask_schedule'], changed['ask_falls']))

    def test_what_makes_no_sense_is_refused_by_name(self):
        offer = self.sell(ask_falls={'before': 7200, 'price': '0.1'})
        for values, words in (
            ({'ask_schedule': [NIGHT] * 9}, 'max_ask_entries'),
            ({'ask_schedule': [NIGHT] * 1000}, 'max_ask_entries'),
            ({'ask_schedule': 'nights'}, 'ask_schedule'),
            ({'ask_schedule': [{**NIGHT, 'end': '20:00'}]}, 'no time before its end'),
            ({'ask_schedule': [{**NIGHT, 'timezone': 'Mars'}]}, 'no time zone'),
            ({'ask_schedule': [{**NIGHT, 'price': '1e9'}]}, 'ask_schedule[0].price'),
            ({'ask_falls': {'before': 1, 'price': '0'}}, 'ask_falls.before'),
            ({'price': '0.1'}, 'ask_falls.price'),
            ({'end_time': self.time(24 * 300)}, 'at most 200 days'),
        ):
            with self.subTest(words):
                self.refused(self.change(offer, **values), 400, words)

    def test_a_claim_costs_the_mean_of_its_hours(self):
        offer = self.sell(ask_schedule=[NIGHT])
        evening = self.hours_to(20)
        claimed = self.claim(
            offer,
            start_time=self.time(evening - 1),
            end_time=self.time(evening + 2),
        )
        line = self.line(claimed)
        # Of three hours one is before eight in the evening.
        self.assertEqual(('1.000000',) * 2, (line['price'], line['ask']))
        extended = self.good(self.extend(claimed, evening + 4), 200)
        # What is added is cheaper; it costs no less than what the line did.
        self.assertEqual(1, len(self.line(extended)['price_segments']))
        longer = self.good(self.extend(claimed, evening + 20), 200)
        # Eight hours of the night and eight of the day.
        _, added = self.line(longer)['price_segments']
        self.assertEqual('1.250000', added['price'])

    def test_a_bid_begins_where_it_is_cheap(self):
        self.sell(ask_schedule=[NIGHT])
        bid = self.bid(
            resource_class=self.kind, hours=60, duration=4 * HOUR, price='0.6'
        )
        self.round()
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        line = self.line(self.show('contracts', contract))
        self.assertEqual('0.500000', line['ask'])
        self.assertGreaterEqual(line['price'], line['ask'])

    def test_what_is_near_costs_less(self):
        offer = self.sell(ask_falls={'before': 24 * HOUR, 'price': '1'})
        far = self.claim(offer, start_time=self.time(40), end_time=self.time(41))
        soon = self.claim(offer, end_time=self.time(0.5))
        self.assertEqual('2.000000', self.line(far)['price'])
        self.assertLess(self.line(soon)['price'], '1.05')
        self.clock.advance(hours=30)
        near = self.claim(offer, start_time=self.time(42), end_time=self.time(43))
        self.assertLess(self.line(near)['price'], '1.6')

    def test_a_replacement_asks_no_more_for_what_is_left(self):
        now = self.clock()
        stay = window.Window(now, now + datetime.timedelta(hours=4))
        cheap = self.sell(
            price='5',
            ask_schedule=[{'start': '00:00', 'end': '24:00', 'price': '0.5'}],
        )
        self.sell(
            price='0.5',
            ask_schedule=[{'start': '00:00', 'end': '24:00', 'price': '5'}],
        )
        placed = self.bid(resource_class=self.kind, hours=20, price='1')
        with self.marketplace.database.reader() as session:
            row = session.execute(
                sa.select(schema.bids).where(schema.bids.c.uuid == placed['uuid'])
            ).one()
            bid = bids.from_row(row)
            found = offers.for_bid(session, bid, bid.price, stay, now)
        self.assertEqual([cheap['uuid']], [each.uuid for each in found])
        self.assertEqual(decimal.Decimal('0.5'), found[0].price)

    def test_a_gift_has_none(self):
        answer = self.at('marketplace', 'acme-member', 'service-service').post(
            '/v1/contracts',
            {
                'offer': {
                    'resource_type': 'dummy_node',
                    'resource_uuid': self.add_node(),
                    'properties': {},
                    'lessee_id': 'umbrella',
                    'end_time': self.time(4),
                    'price': '0',
                    'ask_schedule': [NIGHT],
                }
            },
        )
        self.assertEqual(400, answer.status_code, answer.text)
