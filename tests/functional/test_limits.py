# SPDX-License-Identifier: Apache-2.0
"""How much a project may have, and how long a contract may and must be."""

from oslo_limit import limit

from tests.functional import base


class QuotaCases:
    """The same quotas, wherever they are: 2 bids, 1 offer, 30 hours, 100 credits."""

    def refused(self, response, name):
        self.assertEqual(403, response.status_code, response.text)
        answer = base.error(response)
        self.assertEqual('flocx.quota', answer['code'])
        self.assertIn(name, answer['detail'])

    def setUp(self):
        super().setUp()
        # One of each kind is open at most; what a test leaves would count in the next.
        for kind, who in (('bids', 'umbrella-member'), ('offers', 'acme-member')):
            for each in self.market(who).get(f'/v1/{kind}').json()[kind]:
                self.market(who).delete(f'/v1/{kind}/{each["uuid"]}')
        for each in (
            self.market('umbrella-member').get('/v1/contracts').json()['contracts']
        ):
            self.market('umbrella-member').delete(f'/v1/contracts/{each["uuid"]}')

    def ask(self, **fields):
        terms = {'price': '1', 'end_time': self.time(4), 'duration': 3600, **fields}
        newest = {'OpenStack-API-Version': 'marketplace latest'}
        return self.market('umbrella-member').post('/v1/bids', terms, headers=newest)

    def test_open_bids(self):
        self.good(self.ask())
        second = self.good(self.ask())
        self.refused(self.ask(), 'open_bids')
        self.market('umbrella-member').delete(f'/v1/bids/{second["uuid"]}')
        self.good(self.ask())

    def test_open_offers(self):
        self.offer()
        self.refused(
            self.provider('acme-member').post(
                '/v1/offers',
                {
                    'resource_uuid': self.add_node(),
                    'price': '1',
                    'end_time': self.time(2),
                },
            ),
            'open_offers',
        )

    def test_server_hours_count_every_server_of_a_bid(self):
        self.refused(
            self.ask(end_time=self.time(20), duration=36000, quantity=4), 'server_hours'
        )
        self.good(self.ask(end_time=self.time(20), duration=36000, quantity=3))
        self.refused(self.ask(duration=1), 'server_hours')

    def test_of_alternatives_the_largest_counts(self):
        large = {'end_time': self.time(20), 'duration': 36000}
        for more, name in (
            ({**large, 'quantity': 4}, 'server_hours'),
            ({'price': '100.000001'}, 'committed_amount'),
        ):
            self.refused(self.ask(alternatives=[{}, more]), name)
        others = [{**large, 'quantity': 2, 'price': '4'}, {'price': '99'}]
        self.good(self.ask(alternatives=others))
        # 20 hours and 99 credits of it: what is largest of each.
        self.refused(
            self.ask(price='0.01', duration=36001, **{'end_time': self.time(20)}),
            'server_hours',
        )
        self.refused(self.ask(price='1.000001'), 'committed_amount')
        self.good(self.ask(price='1'))

    def test_of_a_bundle_all_parts_count(self):
        parts = [
            {'duration': 36000, 'price': '4'},
            {'duration': 7200, 'quantity': 10, 'price': '2.5'},
        ]
        large = [parts[0], {**parts[1], 'quantity': 11}]
        within = {'end_time': self.time(20), 'price': '9'}
        self.refused(self.ask(**within, parts=large), 'server_hours')
        costly = [parts[0], {**parts[1], 'price': '3.000001'}]
        self.refused(self.ask(**within, parts=costly), 'committed_amount')
        self.good(self.ask(**within, parts=parts))
        self.refused(self.ask(duration=1), 'server_hours')

    def test_bids_commit_their_ceiling(self):
        self.refused(self.ask(price='100.000001'), 'committed_amount')
        bid = self.good(self.ask(price='60'))
        self.refused(self.ask(price='40.1'), 'committed_amount')
        self.good(self.ask(price='40'))
        self.refused(
            self.market('umbrella-member').patch(
                f'/v1/bids/{bid["uuid"]}', {'price': '61'}
            ),
            'committed_amount',
        )

    def test_claims_and_extensions(self):
        offer = self.offer(hours=60)
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        market = self.market('umbrella-member')
        self.refused(market.post(claim), 'server_hours')
        contract = self.good(
            market.post(claim, {'start_time': self.time(1), 'end_time': self.time(21)})
        )
        path = f'/v1/contracts/{contract["uuid"]}'
        self.refused(market.patch(path, {'end_time': self.time(40)}), 'server_hours')
        self.good(market.patch(path, {'end_time': self.time(31)}), 200)


class OptionQuotaTest(QuotaCases, base.MarketplaceTestCase):
    OPTIONS = (
        ('quota', 'open_bids', '2'),
        ('quota', 'open_offers', '1'),
        ('quota', 'server_hours', '30'),
        ('quota', 'committed_amount', '100'),
    )


class KeystoneQuotaTest(QuotaCases, base.MarketplaceTestCase):
    """The real oslo.limit, which asks the emulated Keystone."""

    OPTIONS = (('quota', 'driver', 'keystone'),)

    @classmethod
    def setUpClass(cls):
        # oslo.limit keeps one connection for the process; Keystone is a new one here.
        limit._SDK_CONNECTION = None
        cls.addClassCleanup(setattr, limit, '_SDK_CONNECTION', None)
        super().setUpClass()
        keystone = cls.marketplace.keystone
        keystone.registered_limits = {
            'open_bids': 0,
            'open_offers': 1,
            'server_hours': 30,
            'committed_amount': -1,
            'reserved_hours': -1,
            'cancelled_hours': -1,
        }
        keystone.limits = {
            ('umbrella', 'open_bids'): 2,
            ('umbrella', 'committed_amount'): 100,
            ('initech', 'open_bids'): -1,
        }

    def test_a_project_without_limits_of_its_own_has_the_registered_ones(self):
        self.refused(
            self.market('acme-lab-member').post(
                '/v1/bids', {'price': '1', 'end_time': self.time(1)}
            ),
            'open_bids',
        )

    def test_minus_one_is_no_limit(self):
        for _ in range(4):
            self.bid('initech-member', hours=1, price='1000')

    def test_what_is_not_registered_is_not_allowed(self):
        keystone = self.marketplace.keystone
        most = keystone.registered_limits.pop('open_offers')
        self.addCleanup(keystone.registered_limits.update, open_offers=most)
        self.refused(
            self.provider('acme-member').post(
                '/v1/offers',
                {
                    'resource_uuid': self.add_node(),
                    'price': '1',
                    'end_time': self.time(2),
                },
            ),
            'open_offers',
        )


class KeystoneOrganisationTest(base.MarketplaceTestCase):
    """Limits of a domain, and of a topmost project where others share its domain."""

    OPTIONS = (('quota', 'driver', 'keystone'),)

    @classmethod
    def setUpClass(cls):
        limit._SDK_CONNECTION = None
        cls.addClassCleanup(setattr, limit, '_SDK_CONNECTION', None)
        super().setUpClass()
        names = ('open_bids', 'open_offers', 'server_hours', 'committed_amount')
        cls.keystone = cls.marketplace.keystone
        cls.keystone.registered_limits = dict.fromkeys(
            (*names, 'reserved_hours', 'cancelled_hours'), -1
        )
        cls.keystone.registered_limits['organisation_open_bids'] = 3

    def setUp(self):
        super().setUp()
        for who in ('acme', 'acme-lab', 'acme-web', 'initech', 'umbrella'):
            renter = self.market(f'{who}-member')
            for each in renter.get('/v1/bids').json()['bids']:
                renter.delete(f'/v1/bids/{each["uuid"]}')
        self.keystone.limits, self.keystone.domain_limits = {}, {}

    def bids(self, *who):
        """How many of bids, placed by one after the other, are taken."""
        bid = {'price': '1', 'end_time': self.time(1)}
        placed = [self.market(f'{each}-member').post('/v1/bids', bid) for each in who]
        for answer in placed:
            if answer.status_code != 201:
                self.assertEqual('flocx.quota', base.error(answer)['code'])
                self.assertIn('organisation', base.error(answer)['detail'])
        return sum(answer.status_code == 201 for answer in placed)

    def in_domains_of_their_own(self):
        conf = self.marketplace.conf
        conf.set_override('shared_domains', [], 'market')
        self.addCleanup(conf.clear_override, 'shared_domains', 'market')

    def test_the_registered_limit_is_that_of_every_organisation(self):
        self.assertEqual(3, self.bids('acme', 'acme-lab', 'acme-web', 'acme-lab'))
        self.assertEqual(1, self.bids('initech'))

    def test_a_limit_of_the_topmost_project_counts_all_below_it(self):
        self.keystone.limits = {('acme', 'organisation_open_bids'): 2}
        self.assertEqual(2, self.bids('acme-lab', 'acme-web', 'acme', 'acme-lab'))

    def test_a_limit_of_a_domain_counts_all_of_its_projects(self):
        self.in_domains_of_their_own()
        self.keystone.domain_limits = {('default', 'open_bids'): 2}
        self.assertEqual(2, self.bids('acme-lab', 'initech', 'umbrella', 'acme'))

    def test_the_longer_name_comes_before_the_shorter_one(self):
        self.in_domains_of_their_own()
        self.keystone.domain_limits = {
            ('default', 'open_bids'): 0,
            ('default', 'organisation_open_bids'): 4,
        }
        self.assertEqual(4, self.bids(*['initech', 'umbrella', 'acme'] * 2))

    def test_limits_of_another_domain_are_not_theirs(self):
        self.in_domains_of_their_own()
        self.keystone.domain_limits = {('other', 'open_bids'): 0}
        self.assertEqual(3, self.bids('initech', 'umbrella', 'acme', 'acme'))


class KeystoneAwayTest(base.MarketplaceTestCase):
    OPTIONS = (
        ('quota', 'driver', 'keystone'),
        ('oslo_limit', 'endpoint_id', 'no-such-endpoint'),
    )

    @classmethod
    def setUpClass(cls):
        limit._SDK_CONNECTION = None
        cls.addClassCleanup(setattr, limit, '_SDK_CONNECTION', None)
        super().setUpClass()

    def test_without_limits_nothing_is_placed(self):
        refused = self.market('umbrella-member').post(
            '/v1/bids', {'price': '1', 'end_time': self.time(1)}
        )
        self.assertEqual(503, refused.status_code)
        self.assertEqual('flocx.unavailable', base.error(refused)['code'])

    def test_lists_do_not_ask_keystone_for_them(self):
        for kind in ('offers', 'bids', 'contracts'):
            self.good(self.market('umbrella-member').get(f'/v1/{kind}'), 200)


class TermsTest(base.MarketplaceTestCase):
    """Contracts of one to ten hours, an hour between them, half an hour's notice."""

    OPTIONS = (
        ('contracts', 'min_length', '3600'),
        ('contracts', 'max_length', '36000'),
        ('contracts', 'turnaround', '3600'),
        ('contracts', 'notice', '1800'),
    )

    def claim(self, offer, **fields):
        return self.market('umbrella-member').post(
            f'/v1/offers/{offer["uuid"]}/claim', fields
        )

    def claimed(self, offer, start, end):
        return self.good(
            self.claim(offer, start_time=self.time(start), end_time=self.time(end))
        )

    def test_a_contract_is_not_too_short(self):
        offer = self.offer()
        refused = self.claim(offer, start_time=self.time(1), end_time=self.time(1.5))
        self.assertEqual(400, refused.status_code)
        self.assertIn('at least 3600', base.error(refused)['detail'])

    def test_nor_too_long(self):
        offer = self.offer(hours=48)
        refused = self.claim(offer, start_time=self.time(1), end_time=self.time(12))
        self.assertEqual(400, refused.status_code)
        self.assertIn('at most 36000', base.error(refused)['detail'])

    def test_without_an_end_it_is_as_long_as_it_may_be(self):
        contract = self.good(self.claim(self.offer(hours=48), start_time=self.time(1)))
        self.assertEqual(self.time(11), contract['end_time'])

    def test_bids_are_held_to_the_same(self):
        for duration, word in ((1800, 'at least'), (40000, 'at most')):
            refused = self.market('umbrella-member').post(
                '/v1/bids',
                {'price': '1', 'end_time': self.time(20), 'duration': duration},
            )
            self.assertEqual(400, refused.status_code)
            self.assertIn(word, base.error(refused)['detail'])

    def test_a_server_rests_between_two_contracts(self):
        offer = self.offer(hours=24)
        self.claimed(offer, 8, 12)
        shown = self.good(
            self.market('acme-member').get(f'/v1/offers/{offer["uuid"]}'), 200
        )
        self.assertEqual(
            [self.time(7), self.time(13)],
            [shown['availabilities'][0][1], shown['availabilities'][1][0]],
        )
        for start, end in ((12, 14), (5, 8), (12.5, 14), (5, 7.5)):
            refused = self.claim(
                offer, start_time=self.time(start), end_time=self.time(end)
            )
            self.assertEqual(409, refused.status_code)
            self.assertEqual('flocx.conflict.not_free', base.error(refused)['code'])
        self.claimed(offer, 13, 14)
        self.claimed(offer, 5, 7)

    def test_a_list_by_free_time_says_what_the_availabilities_say(self):
        offer = self.offer(hours=24, name='listed')
        self.claimed(offer, 8, 12)
        free = [(self.time(0), self.time(7)), (self.time(13), self.time(24))]
        for start in (1, 6, 7, 7.5, 8, 12, 12.5, 13, 20):
            for end in (None, start + 1, start + 4, 24):
                asked = {'available_start_time': self.time(start), 'name': 'listed'}
                if end:
                    asked['available_end_time'] = self.time(end)
                until = self.time(end or start)
                expected = any(
                    low <= self.time(start) < high and until <= high
                    for low, high in free
                )
                found = self.market('umbrella-member').get('/v1/offers', **asked)
                self.assertEqual(expected, bool(found.json()['offers']), asked)

    def test_an_extension_keeps_the_gap_to_the_next_contract(self):
        offer = self.offer(hours=24)
        first = self.claimed(offer, 2, 4)
        self.claimed(offer, 8, 10)
        market = self.market('umbrella-member')
        path = f'/v1/contracts/{first["uuid"]}'
        refused = market.patch(path, {'end_time': self.time(7.5)})
        self.assertEqual(409, refused.status_code)
        self.assertEqual('flocx.conflict.not_free', base.error(refused)['code'])
        longer = self.good(market.patch(path, {'end_time': self.time(7)}), 200)
        self.assertEqual(self.time(7), longer['lines'][0]['end_time'])
        self.assertEqual(first['lines'][0]['price'], longer['lines'][0]['price'])

    def test_not_beyond_the_longest_contract_or_the_offer(self):
        contract = self.claimed(self.offer(hours=12), 2, 4)
        market = self.market('umbrella-member')
        path = f'/v1/contracts/{contract["uuid"]}'
        self.assertEqual(
            409, market.patch(path, {'end_time': self.time(13)}).status_code
        )
        contract = self.claimed(self.offer(hours=40), 2, 4)
        path = f'/v1/contracts/{contract["uuid"]}'
        self.assertEqual(
            400, market.patch(path, {'end_time': self.time(13)}).status_code
        )
        # Nothing of it was kept.
        self.assertEqual(
            self.time(4), self.show('contracts', contract['uuid'])['end_time']
        )

    def test_shortening_keeps_the_notice(self):
        offer = self.offer(hours=24)
        contract = self.claimed(offer, 0, 8)
        self.fulfil()
        market = self.market('umbrella-member')
        path = f'/v1/contracts/{contract["uuid"]}'
        refused = market.patch(path, {'end_time': self.time(0.25)})
        self.assertEqual(409, refused.status_code)
        shorter = self.good(market.patch(path, {'end_time': self.time(4)}), 200)
        self.assertEqual(self.time(4), shorter['lines'][0]['end_time'])
        free = self.show('offers', offer['uuid'])['availabilities']
        self.assertEqual(self.time(5), free[-1][0])

    def test_a_release_ends_after_the_notice(self):
        offer = self.offer(hours=24)
        contract = self.claimed(offer, 0, 8)
        self.fulfil()
        now = self.clock()
        market = self.market('umbrella-member')
        path = f'/v1/contracts/{contract["uuid"]}'
        self.assertEqual(204, market.delete(path).status_code)
        released = self.show('contracts', contract['uuid'])
        self.assertEqual('active', released['status'])
        self.assertEqual('released', released['lines'][0]['reason'])
        seconds = base.parsed(released['lines'][0]['end_time']) - now
        self.assertTrue(1798 <= seconds.total_seconds() <= 1802, seconds)
        self.clock.advance(minutes=31)
        self.fulfil(3)
        ended = self.show('contracts', contract['uuid'])
        self.assertEqual('ended', ended['status'])
        used = self.market('umbrella-reader').get('/v1/usage', end_time=self.time(9))
        (bill,) = (
            line
            for group in used.json()['usage']
            for line in group['lines']
            if line['contract_uuid'] == contract['uuid']
        )
        self.assertLess(bill['server_seconds'], 1810)

    def test_what_begins_after_the_notice_is_cancelled_at_once(self):
        contract = self.claimed(self.offer(hours=24), 5, 8)
        path = f'/v1/contracts/{contract["uuid"]}'
        self.assertEqual(204, self.market('umbrella-member').delete(path).status_code)
        self.assertEqual(
            'cancelled', self.show('contracts', contract['uuid'])['status']
        )
