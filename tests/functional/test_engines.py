# SPDX-License-Identifier: Apache-2.0
"""The auction on a real database: who is matched with what, and when."""

import datetime
import decimal

import sqlalchemy as sa

from flocx import rpc
from market.db import schema
from tests.functional import base

#: Pairs of open lines that hold one server at one time; not asked through our code.
TWICE = """
    SELECT a.uuid, b.uuid FROM contract_lines a JOIN contract_lines b
        ON a.provider_id = b.provider_id AND a.resource_type = b.resource_type
        AND a.resource_uuid = b.resource_uuid AND a.id < b.id
        AND a.start_time < b.end_time AND b.start_time < a.end_time
    WHERE a.status NOT IN ('ended', 'cancelled')
        AND b.status NOT IN ('ended', 'cancelled')
"""
FILLED_TWICE = """
    SELECT bid_uuid FROM contracts WHERE bid_uuid IS NOT NULL
    GROUP BY bid_uuid HAVING COUNT(*) > 1
"""
HALF_WRITTEN = """
    SELECT uuid FROM bids WHERE status = 'matched' AND (contract_uuid IS NULL
        OR contract_uuid NOT IN (SELECT uuid FROM contracts))
    UNION SELECT uuid FROM contracts
        WHERE uuid NOT IN (SELECT contract_uuid FROM contract_lines)
"""


class EngineTestCase(base.MarketplaceTestCase):
    """Each test has a market of its own class of servers."""

    def setUp(self):
        super().setUp()
        self.kind = self.id().rpartition('.')[2][:60]

    def offer(self, who='acme-member', node=None, **fields):
        node = node or self.add_node(
            owner=who.rpartition('-')[0], resource_class=self.kind
        )
        return super().offer(who, node, **fields)

    def bid(self, who='umbrella-member', hours=20, **fields):
        return super().bid(who, hours, **{'resource_class': self.kind, **fields})

    def contract(self, bid):
        """The contract of a bid, None while it is open."""
        uuid = self.show('bids', bid['uuid'])['contract_uuid']
        return uuid and self.show('contracts', uuid)

    def ask(self, question, **values):
        """What the database says, past all of our code."""
        engine = sa.create_engine(self.marketplace.conf.database.connection)
        self.addCleanup(engine.dispose)
        with engine.connect() as connection:
            rows = connection.execute(sa.text(question), values)
            return [tuple(row) for row in rows]

    def require_sound(self):
        for question in (TWICE, FILLED_TWICE, HALF_WRITTEN):
            self.assertEqual([], self.ask(question))


class MatchTest(EngineTestCase):
    def test_d17_the_exact_window(self):
        window = {'start_time': self.time(1), 'end_time': self.time(5)}
        offer = self.offer(**window)
        bid = self.bid(**window)
        self.round()
        contract = self.contract(bid)
        self.assertEqual(
            (offer['uuid'], window['start_time'], window['end_time']),
            (
                contract['lines'][0]['offer_uuid'],
                contract['start_time'],
                contract['end_time'],
            ),
        )

    def test_one_second_more_than_is_offered_does_not_fit(self):
        start = self.began + base.HOUR
        more = base.window.text(start + 4 * base.HOUR + datetime.timedelta(seconds=1))
        self.offer(start_time=self.time(1), end_time=self.time(5))
        bid = self.bid(start_time=self.time(1), end_time=more)
        self.round()
        self.assertIsNone(self.contract(bid))

    def test_the_remaining_time_of_an_offer_serves_other_bids(self):
        offer = self.offer(start_time=self.time(1), end_time=self.time(10))
        bids = [
            self.bid(start_time=self.time(start), end_time=self.time(end))
            for start, end in ((4, 7), (1, 4), (7, 10))
        ]
        self.round()
        for bid in bids:
            self.assertEqual(
                offer['uuid'], self.contract(bid)['lines'][0]['offer_uuid']
            )
        self.require_sound()
        self.assertEqual([], self.show('offers', offer['uuid'])['availabilities'])

    def test_d14_a_short_stay_finds_its_place_in_what_is_left(self):
        self.offer(start_time=self.time(1), end_time=self.time(4))
        first = self.bid(start_time=self.time(1), end_time=self.time(3), price='9')
        self.round()
        second = self.bid(hours=8, duration=3600)
        self.round()
        self.assertEqual(self.contract(first)['end_time'], self.time(3))
        found = self.contract(second)
        self.assertEqual(
            (self.time(3), self.time(4)), (found['start_time'], found['end_time'])
        )

    def test_d12_d13_the_price_lies_between_ask_and_ceiling(self):
        asks = ('0.5', '1.000001', '1.75')
        for ask in asks:
            self.offer(price=ask)
        bid = self.bid(price='1.750001', quantity=3)
        self.round()
        contract = self.contract(bid)
        by_offer = {line['offer_uuid']: line['price'] for line in contract['lines']}
        self.assertEqual(3, len(by_offer))
        for uuid, price in by_offer.items():
            ask = decimal.Decimal(self.show('offers', uuid)['price'])
            self.assertLessEqual(ask, decimal.Decimal(price))
            self.assertLessEqual(decimal.Decimal(price), decimal.Decimal('1.750001'))

    def test_d12_a_bid_below_the_ask_loses(self):
        self.offer(price='2.000001')
        bid = self.bid(price='2')
        self.round()
        self.assertIsNone(self.contract(bid))

    def test_a_bid_at_the_ask_wins_at_the_ask(self):
        self.offer(price='2')
        bid = self.bid(price='2')
        self.round()
        self.assertEqual('2.000000', self.contract(bid)['lines'][0]['price'])

    def test_d11_as_many_servers_as_were_asked_for(self):
        for _ in range(4):
            self.offer()
        bid = self.bid(quantity=3)
        self.round()
        lines = self.contract(bid)['lines']
        self.assertEqual(3, len({line['resource_uuid'] for line in lines}))

    def test_all_or_nothing(self):
        self.offer()
        bid = self.bid(quantity=2)
        some = self.bid(quantity=2, min_quantity=1, price='1.5')
        self.round()
        self.assertIsNone(self.contract(bid))
        self.assertEqual(1, len(self.contract(some)['lines']))

    def test_d15_who_offers_more_is_served_first(self):
        self.offer()
        low, high = self.bid(price='2'), self.bid(price='3')
        self.round()
        self.assertIsNone(self.contract(low))
        self.assertIsNotNone(self.contract(high))

    def test_d19_nobody_trades_with_himself(self):
        self.offer('acme-member')
        own = self.bid('acme-manager', price='9')
        self.round()
        self.assertIsNone(self.contract(own))
        # A project of theirs may.
        other = self.bid('acme-lab-member')
        self.round()
        self.assertIsNotNone(self.contract(other))

    def test_hardware_that_does_not_meet_the_requirements(self):
        self.offer()
        wrong = self.bid(requirements=[['cpus', '>', 64]], price='9')
        right = self.bid(requirements=[['cpus', '>=', 64]])
        self.round()
        self.assertIsNone(self.contract(wrong))
        self.assertIsNotNone(self.contract(right))

    def test_d28_d29_one_hostile_bid_does_not_stop_the_others(self):
        self.offer()
        side = '|'.join(['[@,@,@,@]'] * 11)
        self.bid(requirements=[[f'({side}) == ({side})', None]] * 32, price='9')
        self.bid(requirements=[['cpu_arch', 'matches', '(x+x+)+y']], price='9')
        fine = self.bid()
        self.round()
        self.assertIsNotNone(self.contract(fine))

    def test_targeted_offers_are_for_their_branch(self):
        offer = self.offer(lessee_id='acme-lab', price='0')
        stranger = self.bid('umbrella-member', price='9')
        sister = self.bid('acme-web-member', price='9')
        self.round()
        self.assertIsNone(self.contract(stranger))
        self.assertIsNone(self.contract(sister))
        path = f'/v1/offers/{offer["uuid"]}'
        for who in ('umbrella-manager', 'acme-web-member', 'initech-member'):
            self.assertEqual(404, self.market(who).get(path).status_code)
            self.assertEqual(404, self.market(who).post(f'{path}/claim').status_code)
        self.good(self.market('acme-lab-member').post(f'{path}/claim'))

    def test_an_offer_for_a_project_is_for_its_sub_projects_too(self):
        offer = self.offer('umbrella-member', lessee_id='acme', price='0')
        path = f'/v1/offers/{offer["uuid"]}'
        self.assertEqual(404, self.market('initech-member').get(path).status_code)
        bid = self.bid('acme-web-member', price='0')
        self.round()
        self.assertEqual(offer['uuid'], self.contract(bid)['lines'][0]['offer_uuid'])


class TimeTest(EngineTestCase):
    def test_d16_bids_and_offers_expire(self):
        offer, bid = self.offer(hours=2), self.bid(hours=1, price='0.5')
        self.round()
        self.assertEqual('available', self.show('bids', bid['uuid'])['status'])
        self.clock.advance(hours=1)
        self.round()
        self.assertEqual('expired', self.show('bids', bid['uuid'])['status'])
        self.assertEqual('available', self.show('offers', offer['uuid'])['status'])
        self.clock.advance(hours=1)
        self.round()
        self.assertEqual('expired', self.show('offers', offer['uuid'])['status'])
        # D34: once.
        self.round()
        told = self.good(
            self.market('acme-reader').get('/v1/events', object_uuid=offer['uuid']), 200
        )['events']
        self.assertEqual(
            ['offer.published', 'offer.expired'], [each['type'] for each in told]
        )

    def test_what_has_expired_is_not_sold(self):
        offer = self.offer(hours=2)
        self.clock.advance(hours=2)
        path = f'/v1/offers/{offer["uuid"]}/claim'
        self.assertEqual(409, self.market('umbrella-member').post(path).status_code)

    def test_release_gives_the_time_back(self):
        offer = self.offer(hours=24)
        first = self.bid()
        self.round()
        contract = self.contract(first)
        self.fulfil()
        self.assertEqual('active', self.contract(first)['status'])
        second = self.bid(start_time=self.time(2), hours=10)
        self.round()
        self.assertIsNone(self.contract(second))
        self.market('umbrella-member').delete(f'/v1/contracts/{contract["uuid"]}')
        self.fulfil(2)
        self.assertEqual('ended', self.contract(first)['status'])
        self.round()
        self.assertEqual(offer['uuid'], self.contract(second)['lines'][0]['offer_uuid'])
        self.require_sound()

    def test_a_line_that_waits_for_ironic_holds_its_server(self):
        # ESI-Leap booked a server twice exactly when Ironic was in trouble.
        node = self.add_node(resource_class=self.kind, provision_state='active')
        self.offer(node=node)
        first = self.bid(hours=2)
        self.round()
        self.fulfil()
        self.assertEqual('wait_fulfill', self.contract(first)['status'])
        second = self.bid(hours=1, price='9')
        self.round()
        self.assertIsNone(self.contract(second))
        self.require_sound()

    def test_d31_d39_d40_the_server_changes_hands_at_both_ends(self):
        node = self.add_node(resource_class=self.kind)
        self.offer(node=node)
        bid = self.bid(start_time=self.time(1), hours=2)
        self.round()
        self.fulfil()
        self.assertIsNone(self.marketplace.node(node).lessee)
        self.clock.advance(hours=1)
        self.fulfil()
        self.assertEqual('umbrella', self.marketplace.node(node).lessee)
        self.assertEqual('active', self.contract(bid)['status'])
        self.clock.advance(hours=1)
        self.fulfil(2)
        self.assertIsNone(self.marketplace.node(node).lessee)
        contract = self.contract(bid)
        self.assertEqual(
            ('ended', 'expired'), (contract['status'], contract['lines'][0]['reason'])
        )

    def test_a_server_that_is_late_is_not_promised_to_the_next(self):
        node = self.add_node(resource_class=self.kind)
        self.offer(node=node)
        self.bid(hours=1)
        self.round()
        self.fulfil()
        self.marketplace.add_node(
            node,
            uuid=self.marketplace.node(node).uuid,
            lessee='umbrella',
            resource_class=self.kind,
            provision_state='cleaning',
        )
        self.clock.advance(hours=1)
        self.fulfil()
        following = self.bid('initech-member', hours=2)
        self.round()
        self.fulfil()
        self.require_sound()
        self.assertEqual('quarantine', self.marketplace.node(node).lessee)
        contract = self.contract(following)
        self.assertTrue(contract is None or contract['status'] != 'active')


class DroppedCastsTest(base.MarketplaceTestCase):
    """A message that is lost costs a periodic round, and never more."""

    WORKERS = True
    # Nobody listens there, so no cast arrives.
    OPTIONS = (('matcher', 'round_interval', '1'),)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dropped = []
        # What every cast goes through on its way to the transport.
        send = rpc.Caster._send
        cls.addClassCleanup(setattr, rpc.Caster, '_send', send)
        rpc.Caster._send = lambda caster, context, topic, method, *_: (
            cls.dropped.append(method)
        )

    def test_a_bid_is_matched_and_delivered_all_the_same(self):
        node = self.add_node()
        self.offer(node=node)
        bid = self.bid(hours=20)
        self.eventually('matched', lambda: self.show('bids', bid['uuid'])['status'])
        self.eventually('umbrella', lambda: self.marketplace.node(node).lessee)
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        self.eventually('active', lambda: self.show('contracts', contract)['status'])
        self.assertEqual({'changed', 'contract_changed'}, set(self.dropped))


class IndexTest(EngineTestCase):
    def test_d50_a_round_asks_the_database_a_fixed_number_of_questions(self):
        asked = []
        engine = self.marketplace.database.engine

        def count(*arguments):
            asked.append(arguments[2])

        sa.event.listen(engine, 'before_cursor_execute', count)
        self.addCleanup(sa.event.remove, engine, 'before_cursor_execute', count)
        counted = []
        for offers in (1, 8):
            for _ in range(offers):
                self.offer(price='5')
            self.bid(price='1')
            asked.clear()
            self.round()
            counted.append(len(asked))
        self.assertLess(0, counted[0])
        self.assertEqual(counted[0], counted[1])

    def test_d49_money_is_exact_in_the_database(self):
        price = '999999999999.999999'
        # Of somebody who has nothing else open: it is all that a project can owe.
        bid = self.bid('initech-member', price=price, duration=3600)
        self.assertEqual(price, self.show('bids', bid['uuid'])['price'])
        with self.marketplace.database.reader() as session:
            stored = session.execute(
                sa.select(schema.bids.c.price).where(schema.bids.c.uuid == bid['uuid'])
            ).scalar()
        self.assertEqual(decimal.Decimal(price), stored)
