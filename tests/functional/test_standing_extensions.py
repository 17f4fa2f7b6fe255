# SPDX-License-Identifier: Apache-2.0
"""Contracts that are extended before each end, as long as their renter wants it."""

import contextlib
import random

from market import organisations
from market import projects
from market import quotas
from market import standing_extensions
from tests import profiles
from tests.functional import market_rules

#: How long contracts are extended, and servers kept, by workers that die.
DAYS = profiles.number('FLOCX_STANDING_DAYS', 20, 60, quick=8)


class Killed(Exception):
    """The process ends here."""


class Deadly:
    """A database whose writers die before or after they commit, as a seed has it."""

    def __init__(self, database, seed):
        self._database, self._random = database, random.Random(seed)
        self.deaths = 0

    def reader(self):
        return self._database.reader()

    @contextlib.contextmanager
    def writer(self):
        when = self._random.choice(('never', 'before', 'after'))
        with self._database.writer() as session:
            yield session
            if when == 'before':
                self._die()
        if when == 'after':
            self._die()

    def _die(self):
        self.deaths += 1
        raise Killed


class StandingExtensionsTest(market_rules.RulesTestCase):
    OPTIONS = (*market_rules.DEFAULTS, ('quota', 'committed_amount', '1000'))

    def worker(self, database=None):
        conf = self.marketplace.conf
        database = database or self.marketplace.database
        return standing_extensions.StandingExtensions(
            conf,
            database,
            quotas.Quotas(conf, organisations.Organisations(conf, database)),
            projects.Projects(conf),
        )

    def work(self, hours=0):
        """Let so many hours pass, and look once in each half of one."""
        for _ in range(2 * hours):
            self.clock.advance(minutes=30)
            self.worker().run(self.clock())
        if not hours:
            self.worker().run(self.clock())

    def contract(self, until, most='2', **values):
        """An offer, and a claim of its first hour that is to go on."""
        offer = self.offer(**{'hours': 200, **values})
        terms = {'extend_until': self.time(until), 'extend_max_price': most}
        return offer, self.claim(offer, end_time=self.time(1), **terms)

    def now(self, contract, who='umbrella-member'):
        return self.show('contracts', contract['uuid'], who)

    def change(self, contract, status=200, who='umbrella-member', **values):
        path = f'/v1/contracts/{contract["uuid"]}'
        return self.good(self.market(who).patch(path, values), status)

    def ask(self, offer, price):
        path = f'/v1/offers/{offer["uuid"]}'
        self.good(self.market('acme-member').patch(path, {'price': price}), 200)

    def told(self, contract, who='umbrella-reader'):
        """Why the contract was not extended, as events have it, in order."""
        events = self.market(who).get('/v1/events', object_uuid=contract['uuid'])
        return [
            each['payload']['reason']
            for each in self.good(events, 200)['events']
            if each['type'] == 'contract.not_extended'
        ]

    def test_it_goes_on_to_its_last_moment_at_the_price_of_each_hour(self):
        offer, contract = self.contract(4)
        self.assertEqual(self.time(1), contract['end_time'])
        self.work()
        # The next hour is bought an hour before it begins, and not again.
        self.work()
        self.assertEqual(self.time(2), self.now(contract)['end_time'])
        self.ask(offer, '1.5')
        self.work(hours=5)
        found = self.now(contract)
        self.assertEqual(self.time(4), found['end_time'])
        (line,) = found['lines']
        self.assertEqual(
            [(self.time(2), '1.000000'), (self.time(4), '1.500000')],
            [(each['end_time'], each['price']) for each in line['price_segments']],
        )
        self.assertEqual([], self.told(contract))

    def test_a_bid_brings_it_to_its_contract(self):
        self.offer(hours=200)
        self.bid(hours=1, price='3', extend_until=self.time(2))
        self.round()
        (contract,) = self.good(
            self.market('umbrella-reader').get('/v1/contracts'), 200
        )['contracts']
        self.assertEqual(
            (self.time(2), '3.000000'),
            (contract['extend_until'], contract['extend_max_price']),
        )
        self.work(hours=1)
        self.assertEqual(self.time(2), self.now(contract)['end_time'])

    def test_above_its_price_its_renter_is_told_once_and_it_is_tried_again(self):
        offer, contract = self.contract(10, '1.2')
        self.ask(offer, '1.3')
        self.work()
        self.clock.advance(minutes=10)
        self.work()
        found = self.now(contract)
        self.assertEqual(
            (self.time(1), 'price'), (found['end_time'], found['extend_refusal'])
        )
        self.assertEqual(['price'], self.told(contract))
        self.assertEqual([], self.told(contract, 'acme-reader'))
        self.assertIsNone(self.now(contract, 'acme-reader').get('extend_max_price'))
        self.assertIsNone(self.now(contract, 'acme-reader').get('extend_until'))
        self.ask(offer, '1.1')
        self.work()
        found = self.now(contract)
        self.assertEqual(
            (self.time(2), None), (found['end_time'], found['extend_refusal'])
        )
        # Whose price never falls loses the servers at the end, as agreed.
        self.ask(offer, '1.3')
        self.work(hours=4)
        self.assertEqual(self.time(2), self.now(contract)['end_time'])
        self.assertEqual(['price', 'price'], self.told(contract))

    def test_it_goes_on_until_somebody_else_has_the_server(self):
        offer, contract = self.contract(10)
        self.claim(
            offer, 'initech-member', start_time=self.time(1.5), end_time=self.time(3)
        )
        self.work(hours=1)
        found = self.now(contract)
        self.assertEqual(
            (self.time(1.5), 'not_free'), (found['end_time'], found['extend_refusal'])
        )
        self.assertEqual(['not_free'], self.told(contract))

    def test_neither_beyond_a_quota(self):
        _, contract = self.contract(100, '9', price='8')
        conf = self.marketplace.conf
        conf.set_override('committed_amount', 10, 'quota')
        self.addCleanup(conf.set_override, 'committed_amount', 1000, 'quota')
        self.work()
        found = self.now(contract)
        self.assertEqual(
            (self.time(1), 'quota'), (found['end_time'], found['extend_refusal'])
        )

    def test_not_while_a_server_is_in_trouble(self):
        _, contract = self.contract(10)
        self.fulfil()
        (line,) = contract['lines']
        report = {'status': 'error', 'reason': 'broken'}
        path = f'/v1/contracts/{contract["uuid"]}/lines/{line["uuid"]}'
        self.good(self.market('service-service').patch(path, report), 200)
        self.work()
        self.assertEqual(['not_running'], self.told(contract))
        self.assertEqual('not_running', self.now(contract)['extend_refusal'])

    def test_a_renter_changes_their_mind(self):
        offer, contract = self.contract(10)
        self.change(contract, extend_max_price='1.5')
        self.assertEqual('1.500000', self.now(contract)['extend_max_price'])
        self.change(contract, extend_until=None)
        found = self.now(contract)
        self.assertEqual(
            (None, None), (found['extend_until'], found['extend_max_price'])
        )
        self.work()
        self.assertEqual(self.time(1), self.now(contract)['end_time'])
        # Without a price it is what the servers cost now.
        found = self.change(contract, extend_until=self.time(5), end_time=self.time(4))
        self.assertEqual(
            (self.time(4), self.time(5), '1.000000'),
            (found['end_time'], found['extend_until'], found['extend_max_price']),
        )
        found = self.change(contract, end_time=self.time(3))
        self.assertIsNone(found['extend_until'])
        self.change(contract, extend_until=self.time(5))
        self.cancel(contract)
        self.work(hours=2)
        found = self.now(contract)
        self.assertEqual(
            (None, self.time(3)), (found['extend_until'], found['end_time'])
        )

    def test_what_is_over_does_not_go_on(self):
        contract = self.claim(self.offer(), start_time=self.time(2))
        self.cancel(contract)
        path = f'/v1/contracts/{contract["uuid"]}'
        for hours in (9, 99):
            body = {'extend_until': self.time(hours)}
            answer = self.market('umbrella-member').patch(path, body)
            self.refused(answer, 409, 'cannot go on')

    def test_its_owner_says_nothing_about_it(self):
        _, contract = self.contract(10)
        self.change(contract, 403, 'acme-member', extend_until=None)

    def test_a_bid_that_is_changed_never_goes_on_at_any_price(self):
        bid = self.bid(hours=3, price='2')
        path, member = f'/v1/bids/{bid["uuid"]}', self.market('umbrella-member')
        later = self.time(9)
        for values, wanted in (
            ({'extend_until': later}, (later, '2.000000')),
            ({'extend_max_price': '3'}, (later, '3.000000')),
            ({'price': '2.5'}, (later, '3.000000')),
            ({'extend_until': None}, (None, None)),
        ):
            found = self.good(member.patch(path, values), 200)
            self.assertEqual(wanted, (found['extend_until'], found['extend_max_price']))
        for values in ({'extend_max_price': '3'}, {'extend_until': self.time(3)}):
            self.refused(member.patch(path, values), 400, 'extend_until')

    def test_what_cannot_be_is_refused_by_name(self):
        offer, contract = self.contract(10)
        before = self.now(contract)
        for values, words in (
            ({}, 'Nothing to change|end_time'),
            ({'extend_until': self.time(1)}, 'extend_until'),
            ({'extend_until': self.time(-1)}, 'extend_until'),
            ({'extend_max_price': '-1'}, 'extend_max_price'),
            ({'extend_max_price': '1e3'}, 'extend_max_price'),
            (
                {'end_time': self.time(12), 'extend_until': self.time(11)},
                'extend_until',
            ),
        ):
            answer = self.market('umbrella-member').patch(
                f'/v1/contracts/{contract["uuid"]}', values
            )
            self.assertEqual(400, answer.status_code, answer.text)
            self.assertRegex(answer.text, words)
        self.assertEqual(before, self.now(contract))
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        for path, values in (
            (claim, {'start_time': self.time(2), 'end_time': self.time(3)}),
            ('/v1/bids', {'end_time': self.time(3), 'price': '1'}),
        ):
            for more in (
                {'extend_until': self.time(3)},
                {'extend_max_price': '3'},
                {'extend_until': 'soon'},
            ):
                answer = self.market('umbrella-member').post(path, values | more)
                self.assertEqual(400, answer.status_code, answer.text)
                self.assertIn('extend_', answer.text)

    def test_weeks_of_workers_that_die(self):
        conf = self.marketplace.conf
        for name, hours in (('extend_lead', 24), ('extend_step', 8)):
            conf.set_override(name, hours * 3600, 'market')
            self.addCleanup(conf.clear_override, name, 'market')
        conf.set_override('committed_amount', 10**6, 'quota')
        self.addCleanup(conf.set_override, 'committed_amount', 1000, 'quota')
        until = DAYS * 24
        offer = self.offer(hours=until + 24)
        contract = self.claim(
            offer,
            end_time=self.time(24),
            extend_until=self.time(until),
            extend_max_price='2',
        )
        deadly = Deadly(self.marketplace.database, 7)
        for hour in range(0, until, 2):
            if hour % 100 == 0:
                self.ask(offer, '1' if hour % 200 else '1.5')
            with contextlib.suppress(Killed):
                self.worker(deadly).run(self.clock())
            self.clock.advance(hours=2)
        found = self.now(contract)
        self.assertLess(DAYS, deadly.deaths)
        self.assertEqual(self.time(until), found['end_time'])
        (line,) = found['lines']
        segments = line['price_segments']
        # Without a gap and without an overlap, at no more than was agreed to.
        self.assertEqual(
            [each['end_time'] for each in segments[:-1]],
            [each['start_time'] for each in segments[1:]],
        )
        self.assertEqual({'1.000000', '1.500000'}, {e['price'] for e in segments})
        self.assertEqual([], self.told(contract))
