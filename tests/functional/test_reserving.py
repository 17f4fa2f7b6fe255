# SPDX-License-Identifier: Apache-2.0
"""Time cannot be reserved, and given back, for nothing."""

from tests.functional import market_rules


class CancellingTest(market_rules.RulesTestCase):
    """Line o: time cannot be reserved, and given back, for nothing."""

    def test_o_cancelling_before_the_start_costs_the_notice(self):
        offer = self.offer(price='2', hours=200)
        contract = self.claim(offer, start_time=self.time(100))
        self.cancel(contract)
        shown = self.show('contracts', contract['uuid'])
        (line,) = shown['lines']
        self.assertEqual(
            ('cancelled', 900, contract['end_time']),
            (line['status'], line['notice_seconds'], shown['end_time']),
        )
        for who in ('umbrella-reader', 'acme-reader'):
            (bill,) = self.bills(contract, who)
            self.assertEqual(
                ('0.500000', 900, 0, 0),
                (
                    bill['amount'],
                    bill['notice_seconds'],
                    bill['server_seconds'],
                    bill['missed_seconds'],
                ),
            )

    def test_o_what_is_cancelled_is_free_at_once_and_keeps_its_rank(self):
        offers = [self.offer(price='1', hours=50) for _ in range(3)]
        contract = self.claim(offers[0], start_time=self.time(1))
        waiting = self.bid(hours=50, price='1', duration=49 * 3600, quantity=3)
        self.cancel(contract)
        ((_, end),) = self.show('offers', offers[0]['uuid'])['availabilities']
        self.assertEqual(offers[0]['end_time'], end)
        listed = self.market('umbrella-reader').get('/v1/offers').json()['offers']
        ranked = [each['uuid'] for each in listed]
        places = [ranked.index(each['uuid']) for each in offers]
        self.assertEqual(sorted(places, reverse=places[0] > places[1]), places)
        self.round()
        self.assertEqual('matched', self.show('bids', waiting['uuid'])['status'])

    def test_o_a_contract_shorter_than_the_notice_costs_all_of_it(self):
        offer = self.offer(price='6', hours=50)
        contract = self.claim(
            offer, start_time=self.time(10), end_time=self.time(10 + 1 / 6)
        )
        self.cancel(contract)
        (bill,) = self.bills(contract)
        self.assertEqual('1.000000', bill['amount'])

    def test_o_shortening_before_the_start_leaves_the_notice(self):
        contract = self.claim(self.offer(hours=50), start_time=self.time(10))
        self.refused(self.extend(contract, 10.2), 409, 'notice')
        self.good(self.extend(contract, 10.25), 200)

    def test_a_release_pays_to_the_end_of_the_notice(self):
        contract = self.claim(self.offer(price='4', hours=50))
        self.fulfil()
        self.cancel(contract)
        self.clock.advance(hours=1)
        self.fulfil(3)
        (bill,) = self.bills(contract, 'acme-reader')
        self.assertTrue(898 <= bill['server_seconds'] <= 901, bill)
        self.assertEqual(0, bill['notice_seconds'])
        shown = self.show('contracts', contract['uuid'])
        self.assertEqual('ended', shown['status'])


class LimitsTest(market_rules.RulesTestCase):
    OPTIONS = (
        *market_rules.DEFAULTS,
        ('contracts', 'max_lead', '360000'),
        ('quota', 'reserved_hours', '30'),
        ('quota', 'cancelled_hours', '15'),
    )

    def setUp(self):
        super().setUp()
        renter = self.market('umbrella-member')
        for kind in ('bids', 'contracts'):
            for each in renter.get(f'/v1/{kind}').json()[kind]:
                renter.delete(f'/v1/{kind}/{each["uuid"]}')
        self.clock.advance(hours=25)
        self.began = self.clock()

    def test_o_time_reserved_and_not_begun_is_limited(self):
        offer = self.offer(hours=90)
        path = f'/v1/offers/{offer["uuid"]}/claim'
        renter = self.market('umbrella-member')
        far = {'start_time': self.time(10), 'end_time': self.time(41)}
        self.refused(renter.post(path, far), 403, 'reserved_hours')
        bid = {'price': '1', 'end_time': self.time(50), 'duration': 31 * 3600}
        self.refused(renter.post('/v1/bids', bid), 403, 'reserved_hours')
        # What begins now is not kept in reserve.
        self.claim(offer, end_time=self.time(41))

    def test_o_who_cancels_much_reserves_no_more_for_a_day(self):
        offer = self.offer(hours=90)
        for _ in range(2):
            contract = self.claim(
                offer, start_time=self.time(10), end_time=self.time(20)
            )
            self.cancel(contract)
        path = f'/v1/offers/{offer["uuid"]}/claim'
        renter = self.market('umbrella-member')
        terms = {'start_time': self.time(10), 'end_time': self.time(20)}
        self.refused(renter.post(path, terms), 403, 'cancelled_hours')
        bid = {'price': '1', 'end_time': self.time(3)}
        self.refused(renter.post('/v1/bids', bid), 403, 'cancelled_hours')
        # Others are not kept out by it.
        other = self.claim(
            offer,
            'initech-member',
            start_time=self.time(10),
            end_time=self.time(20),
        )
        self.cancel(other, 'initech-member')
        self.clock.advance(hours=25)
        self.good(renter.post('/v1/bids', {**bid, 'end_time': self.time(30)}))

    def test_o_shortening_before_the_start_counts_as_cancelling(self):
        offer = self.offer(hours=90)
        contract = self.claim(offer, start_time=self.time(10), end_time=self.time(30))
        self.good(self.extend(contract, 11), 200)
        bid = {'price': '1', 'end_time': self.time(3)}
        self.refused(
            self.market('umbrella-member').post('/v1/bids', bid), 403, 'cancelled_hours'
        )

    def test_o_nothing_begins_too_far_ahead(self):
        offer = self.offer(hours=200)
        path = f'/v1/offers/{offer["uuid"]}/claim'
        renter = self.market('umbrella-member')
        far = {'start_time': self.time(101), 'end_time': self.time(102)}
        self.refused(renter.post(path, far), 400, 'max_lead')
        bid = {'price': '1', 'end_time': self.time(102), 'duration': 3600}
        self.refused(renter.post('/v1/bids', bid), 400, 'max_lead')
        # Nor may a bid begin so late because of when it ends.
        self.good(renter.post('/v1/bids', {**bid, 'end_time': self.time(100)}))
