# SPDX-License-Identifier: Apache-2.0
"""Rules of the market that hold against people who play it, with their defaults."""

import decimal
import pathlib
import re

from tests.functional import base

_DEFAULTS = (
    ('contracts', 'notice', '900'),
    ('market', 'book_min_parties', '3'),
    ('market', 'prices_delay', '86400'),
)


def who_sees_what():
    """{field of a contract: {reader: yes or no}}, as the page on trading says it."""
    page = pathlib.Path(__file__).parents[2] / 'doc/source/user/trading.rst'
    _, _, rest = page.read_text().partition(':name: who-sees-what\n')
    rows = []
    for line in rest.splitlines():
        if found := re.fullmatch(r'   (\*| ) - (\w+)', line):
            if found[1] == '*':
                rows.append([])
            rows[-1].append(found[2])
        elif rows and line and not line.startswith(' '):
            break
    (_, *readers), *rows = rows
    return {field: dict(zip(readers, cells, strict=True)) for field, *cells in rows}


class RulesTestCase(base.MarketplaceTestCase):
    OPTIONS = _DEFAULTS

    def market(self, token):
        caller = super().market(token)
        caller.headers['OpenStack-API-Version'] = 'marketplace latest'
        return caller

    def claim(self, offer, who='umbrella-member', status=201, **terms):
        path = f'/v1/offers/{offer["uuid"]}/claim'
        return self.good(self.market(who).post(path, terms), status)

    def cancel(self, contract, who='umbrella-member'):
        self.good(self.market(who).delete(f'/v1/contracts/{contract["uuid"]}'), 204)

    def extend(self, contract, end, who='umbrella-member', **more):
        path = f'/v1/contracts/{contract["uuid"]}'
        return self.market(who).patch(path, {'end_time': self.time(end), **more})

    def bills(self, contract, who='umbrella-reader'):
        answer = self.market(who).newest(
            '/v1/usage', start_time=self.time(-1), end_time=self.time(2000)
        )
        return [
            row
            for group in self.good(answer, 200)['usage']
            for row in group['lines']
            if row['contract_uuid'] == contract['uuid']
        ]

    def refused(self, response, status, words):
        self.assertEqual(status, response.status_code, response.text)
        self.assertIn(words, base.error(response)['detail'])


class CancellingTest(RulesTestCase):
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


class LimitsTest(RulesTestCase):
    OPTIONS = (
        *_DEFAULTS,
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


class ExtendingTest(RulesTestCase):
    """Line p: an extension pays what the time is worth today."""

    def contract(self, **offered):
        offer = self.offer(**{'hours': 200, **offered})
        return offer, self.claim(offer, end_time=self.time(1))

    def change(self, offer, **values):
        path = f'/v1/offers/{offer["uuid"]}'
        self.good(self.market('acme-member').patch(path, values), 200)

    def segments(self, contract):
        (line,) = contract['lines']
        return [
            (each['end_time'], decimal.Decimal(each['price']))
            for each in line['price_segments']
        ]

    def test_p_added_time_costs_what_the_owner_asks_today(self):
        offer, contract = self.contract()
        self.change(offer, price='50')
        longer = self.good(self.extend(contract, 192), 200)
        self.assertEqual(
            [(self.time(1), 1), (self.time(192), 50)], self.segments(longer)
        )
        self.assertEqual('1.000000', longer['lines'][0]['price'])

    def test_p_it_is_billed_by_itself_to_the_last_digit(self):
        offer, contract = self.contract(price='0.777777')
        self.change(offer, price='3.333333')
        self.good(self.extend(contract, 3), 200)
        self.fulfil()
        self.clock.advance(hours=4)
        self.fulfil(3)
        first, second = self.bills(contract)
        self.assertEqual(
            ('3.333333', 7200, '6.666666', self.time(1)),
            (
                second['price'],
                second['server_seconds'],
                second['amount'],
                second['start_time'],
            ),
        )
        self.assertEqual('0.777777', first['price'])
        self.assertEqual([first, second], self.bills(contract, 'acme-reader'))

    def test_p_a_lower_ask_does_not_make_it_cheaper(self):
        offer, contract = self.contract(price='2')
        self.change(offer, price='1')
        longer = self.good(self.extend(contract, 2), 200)
        self.assertEqual([(self.time(2), 2)], self.segments(longer))

    def test_p_not_where_the_offer_is_withdrawn_or_meant_for_others(self):
        offer, contract = self.contract()
        self.change(offer, lessee_id='initech')
        self.refused(self.extend(contract, 2), 409, 'another project')
        self.change(offer, lessee_id='umbrella')
        self.good(self.extend(contract, 2), 200)
        self.market('acme-member').delete(f'/v1/offers/{offer["uuid"]}')
        self.refused(self.extend(contract, 3), 409, 'cancelled')

    def test_p_it_costs_what_bids_left_out_would_pay(self):
        kind = 'wanted'
        node = self.add_node(resource_class=kind)
        _, contract = self.contract(node=node)
        # They need the hour that is added; one could wait, one wants more servers
        # than there are, one other hardware, and the last is cheaper.
        taking = {'start_time': self.time(1), 'resource_class': kind}
        self.bid('initech-member', 3, price='7.654321', **taking)
        self.bid('initech-member', 200, price='90', duration=3600, **taking)
        self.bid('initech-member', 3, price='80', quantity=9, min_quantity=9, **taking)
        self.bid('initech-member', 3, price='70', start_time=self.time(1),
                 resource_class='other')  # fmt: skip
        self.bid('initech-member', 3, price='5', **taking)
        longer = self.good(self.extend(contract, 2), 200)
        self.assertEqual(
            [(self.time(1), 1), (self.time(2), decimal.Decimal('7.6'))],
            self.segments(longer),
        )

    def test_p_a_preview_says_the_price_and_changes_nothing(self):
        offer, contract = self.contract()
        self.change(offer, price='50')
        before = self.show('contracts', contract['uuid'])
        seen = self.good(self.extend(contract, 4, dry_run=True), 200)
        self.assertEqual([(self.time(1), 1), (self.time(4), 50)], self.segments(seen))
        self.assertEqual(before, self.show('contracts', contract['uuid']))
        events = self.market('umbrella-reader').get(
            '/v1/events', object_uuid=contract['uuid']
        )
        self.assertNotIn('contract.changed', events.text)
        self.refused(self.extend(contract, 4, max_price='49'), 409, 'max_price')
        self.assertEqual(before, self.show('contracts', contract['uuid']))
        self.good(self.extend(contract, 4, max_price='50'), 200)


class BookTest(RulesTestCase):
    """Line l: the book tells of nobody."""

    def book(self, kind, **params):
        params.setdefault('end_time', self.time(48))
        answer = self.market('umbrella-reader').get(
            '/v1/book', resource_class=kind, **params
        )
        return self.good(answer, 200)

    def demand(self, kind, **params):
        found = self.book(kind, **params)['book']
        return [
            (each['price'], each['servers'])
            for each in (found[0]['demand'] if found else ())
        ]

    def bids(self, kind, *prices):
        for who, price in prices:
            self.bid(f'{who}-member', 24, price=price, resource_class=kind)

    def test_l_no_level_is_of_fewer_than_three_projects(self):
        self.bids('few', ('umbrella', '9'), ('initech', '9'), ('umbrella', '9'))
        self.assertEqual([], self.demand('few'))
        self.bids('few', ('acme-web', '4.04'))
        self.assertEqual([('4.000000', 4)], self.demand('few'))

    def test_l_what_is_left_over_lowers_the_level_before(self):
        self.bids('more', ('umbrella', '9'), ('initech', '8'), ('acme-web', '7'))
        self.bids('more', ('umbrella', '6'))
        self.assertEqual([('6.000000', 4)], self.demand('more'))
        self.bids('more', ('initech', '5'), ('acme-web', '4'))
        self.assertEqual([('7.000000', 3), ('4.000000', 3)], self.demand('more'))

    def test_l_narrow_windows_are_whole_days(self):
        self.bids('days', ('umbrella', '9'), ('initech', '9'), ('acme-web', '9'))
        wide = self.book('days', start_time=self.time(5), end_time=self.time(5.001))
        self.assertTrue(wide['start_time'].endswith('T00:00:00Z'), wide)
        self.assertTrue(wide['end_time'].endswith('T00:00:00Z'), wide)

    def test_l_a_level_is_a_part_of_the_price(self):
        for price, level in (('0.0123456', '0.012000'), ('7.654321', '7.600000')):
            kind = f'tick-{level}'
            self.bids(kind, *((who, price[:8]) for who in
                              ('umbrella', 'initech', 'acme-web')))  # fmt: skip
            self.assertEqual([(level, 3)], self.demand(kind))


class WhoSeesWhatTest(RulesTestCase):
    """Line s: an owner learns what they need of a contract, and no more."""

    def setUp(self):
        super().setUp()
        self.kind = self.getUniqueString()
        self.offer(node=self.add_node(resource_class=self.kind))
        bid = self.bid(
            purpose='secret', resource_class=self.kind, name=f'b-{self.kind}'
        )
        self.round()
        self.bid_uuid = bid['uuid']
        self.uuid = self.show('bids', bid['uuid'])['contract_uuid']

    def test_s_an_owner_sees_neither_purpose_nor_bid(self):
        seen = self.show('contracts', self.uuid, 'acme-reader')
        self.assertFalse({'purpose', 'bid_uuid'} & seen.keys(), seen)
        for who in ('umbrella-reader', 'operator-admin'):
            seen = self.show('contracts', self.uuid, who)
            self.assertEqual(
                ('secret', self.bid_uuid), (seen['purpose'], seen['bid_uuid'])
            )

    def test_s_the_page_says_what_each_sees(self):
        readers = {
            'renter': 'umbrella-reader',
            'owner': 'acme-reader',
            'provider': 'service-service',
            'operator': 'operator-admin',
        }
        table = who_sees_what()
        for reader, who in readers.items():
            seen = self.show('contracts', self.uuid, who)
            told = {field for field, row in table.items() if row[reader] == 'yes'}
            self.assertEqual(told, set(seen), reader)

    def test_s_no_filter_finds_what_is_not_shown(self):
        for name, value in (('purpose', 'secret'), ('bid_uuid', self.bid_uuid)):
            for who, found in (('acme-reader', False), ('umbrella-reader', True)):
                answer = self.market(who).get('/v1/contracts', **{name: value})
                listed = self.good(answer, 200)['contracts']
                self.assertEqual(found, self.uuid in str(listed), (who, name))

    def test_s_nor_does_the_feed_or_the_provider_tell_it(self):
        for who in ('acme-reader', 'service-service'):
            events = self.market(who).get('/v1/events', object_uuid=self.uuid)
            self.assertNotIn('secret', events.text)
            self.assertNotIn(self.bid_uuid, events.text)
        seen = self.show('contracts', self.uuid, 'service-service')
        self.assertNotIn('purpose', seen)


class PricesTest(RulesTestCase):
    """Line n: who trades with themselves does not make the prices."""

    def sell(self, kind, price, owner='acme', renter='umbrella', hours=5):
        """A contract that was delivered, and is over."""
        offer = self.offer(
            f'{owner}-member',
            node=self.add_node(owner=owner, resource_class=kind),
            price=price,
            hours=hours + 1,
        )
        return self.claim(offer, f'{renter}-member', end_time=self.time(hours))

    def pass_time(self, hours):
        """So many hours, in which servers are handed over and taken back."""
        self.fulfil()
        self.clock.advance(hours=hours)
        self.fulfil(3)

    def prices(self, kind):
        answer = self.market('initech-reader').get('/v1/prices', resource_class=kind)
        return self.good(answer, 200)

    def test_n_what_was_claimed_and_cancelled_was_sold_to_nobody(self):
        for _ in range(5):
            offer = self.offer(
                node=self.add_node(resource_class='poisoned'),
                price='999999',
                hours=2000,
            )
            self.cancel(self.claim(offer, start_time=self.time(1990)))
        self.clock.advance(hours=50)
        found = self.prices('poisoned')
        self.assertEqual(([], []), (found['prices'], found['fills']))

    def test_n_a_fill_is_shown_a_day_after_the_hand_over(self):
        self.sell('late', '2')
        self.pass_time(20)
        self.assertEqual([], self.prices('late')['fills'])
        self.clock.advance(hours=5)
        (fill,) = self.prices('late')['fills']
        # What has served when a day has passed since, not what was promised.
        self.assertTrue(0 < decimal.Decimal(fill['server_hours']) <= 5, fill)
        self.assertEqual('2.000000', fill['price'])

    def test_n_a_pair_that_trades_much_is_one_pair(self):
        for _ in range(4):
            self.sell('pairs', '100', 'acme', 'umbrella')
        self.sell('pairs', '2', 'acme', 'initech')
        self.sell('pairs', '3', 'initech', 'umbrella')
        self.pass_time(40)
        (day,) = self.prices('pairs')['prices']
        self.assertEqual((3, 6), (day['pairs'], day['fills']))
        self.assertEqual(
            ('2.000000', '3.000000', '100.000000'),
            (day['min'], day['median'], day['max']),
        )

    def test_n_what_an_organisation_sells_to_itself_is_no_price(self):
        self.sell('own', '999', 'acme-lab', 'acme-web')
        self.pass_time(40)
        self.assertEqual([], self.prices('own')['prices'])

    def test_n_prices_are_rounded_as_in_the_book(self):
        self.sell('rounded', '7.654321')
        self.pass_time(40)
        found = self.prices('rounded')
        self.assertEqual('7.600000', found['prices'][0]['median'])
        self.assertEqual('7.600000', found['fills'][0]['price'])


class OrganisationTest(RulesTestCase):
    """Several projects of one organisation have no more than it may have."""

    OPTIONS = (
        *_DEFAULTS,
        ('quota', 'organisation_open_bids', '2'),
        ('quota', 'organisation_reserved_hours', '40'),
    )

    def test_quotas_count_all_projects_of_an_organisation(self):
        for who in ('acme-lab', 'acme-web'):
            self.bid(f'{who}-member', 3, duration=3600)
        bid = {'price': '1', 'end_time': self.time(3), 'duration': 3600}
        for who in ('acme', 'acme-lab', 'acme-web', 'acme-internal'):
            refused = self.market(f'{who}-member').post('/v1/bids', bid)
            self.refused(refused, 403, 'open_bids')
            self.assertIn('organisation acme', base.error(refused)['detail'])
        self.good(self.market('initech-member').post('/v1/bids', bid))
        offer = self.offer(who='umbrella-member', hours=60)
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        far = {'start_time': self.time(5), 'end_time': self.time(44)}
        refused = self.market('acme-internal-member').post(claim, far)
        self.refused(refused, 403, 'reserved_hours')


class AuditTest(RulesTestCase):
    """The operator is told what looks like gaming, and only they are."""

    def findings(self, **params):
        answer = self.market('operator-admin').get('/v1/audit', **params)
        return self.good(answer, 200)['findings']

    def test_it_is_for_operators(self):
        for who in ('acme-manager', 'umbrella-member', 'initech-reader'):
            self.assertEqual(403, self.market(who).get('/v1/audit').status_code, who)

    def test_an_organisation_that_trades_with_itself_is_found(self):
        offer = self.offer('acme-lab-member', node=self.add_node(owner='acme-lab'))
        self.claim(offer, 'acme-web-member')
        (found,) = self.findings(rule='within_organisation', project_id='acme-web')
        self.assertEqual(
            ('acme-lab', 'acme-web', 1),
            (found['project_id'], found['other_project_id'], found['count']),
        )

    def test_squatting_is_found(self):
        offer = self.offer(hours=400)
        for _ in range(2):
            self.cancel(
                self.claim(offer, 'initech-member', start_time=self.time(300)),
                'initech-member',
            )
        (found,) = self.findings(rule='squatting')
        self.assertEqual(('initech', 2), (found['project_id'], found['count']))
        self.assertIn('100 %', found['detail'])

    def test_who_tries_prices_again_and_again_is_found(self):
        bid = self.bid(price='0.1', resource_class='probed')
        offer = self.offer(node=self.add_node(resource_class='probed'))
        for number in range(5):
            price = {'price': f'0.{number + 2}'}
            for who, path in (
                ('umbrella', f'/v1/bids/{bid["uuid"]}'),
                ('acme', f'/v1/offers/{offer["uuid"]}'),
            ):
                self.good(self.market(f'{who}-member').patch(path, price), 200)
        for rule, project in (('probing_bids', 'umbrella'), ('probing_asks', 'acme')):
            (found,) = self.findings(rule=rule)
            self.assertEqual(
                (project, 5, 'probed'),
                (found['project_id'], found['count'], found['resource_class']),
            )

    def test_a_period_and_a_rule_that_are_none(self):
        market = self.market('operator-admin')
        self.refused(market.get('/v1/audit', rule='x'), 400, 'rule')
        start = '2020-01-01T00:00:00Z'
        self.refused(market.get('/v1/audit', start_time=start), 400, 'start_time')
