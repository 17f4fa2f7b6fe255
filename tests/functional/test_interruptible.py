# SPDX-License-Identifier: Apache-2.0
"""Contracts that a firm bid may displace: with notice, and for what it is worth."""

import datetime
import decimal

from flocx.core import money
from tests.functional import base
from tests.functional import test_reclaim

RENTER, FIRM = 'umbrella-member', 'initech-member'
NOTICE = 1800


class InterruptibleTestCase(test_reclaim.ReclaimTestCase):
    def sell(self, who='acme-member', notice=None, **values):
        return super().sell(who, notice, **values)

    def bid(self, who=RENTER, hours=20, **said):
        return super().bid(who, hours, resource_class=self.kind, **said)

    def interruptible(self, who=RENTER, **said):
        """The contract of a bid that may be displaced."""
        terms = {'interruptible_notice': NOTICE, 'price': '2', **said}
        bid = self.bid(who, **terms)
        self.round()
        return self.contract_of(bid)

    def firm(self, hours=20, **said):
        """A bid for some of the time; a round later."""
        terms = {'duration': 4 * 3600, 'price': '9', **said}
        bid = self.bid(FIRM, hours, **terms)
        self.round()
        return bid['uuid']

    def contract_of(self, bid):
        uuid = bid if isinstance(bid, str) else bid['uuid']
        return self.show('bids', uuid)['contract_uuid']

    def line(self, contract):
        (line,) = self.lines(contract)
        return line


class InterruptibleTest(InterruptibleTestCase):
    def test_a_firm_bid_gets_the_server_after_the_notice(self):
        self.sell()
        contract = self.interruptible()
        self.pass_time(1)
        before = self.line(contract)
        self.assertEqual('active', before['status'])
        asked = self.clock()
        firm = self.contract_of(self.firm(hours=5))
        line, got = self.line(contract), self.line(firm)
        self.assertEqual(
            ('active', 'displaced', line['reclaim_deadline'], None),
            (line['status'], line['reason'], line['end_time'], line['reclaim_time']),
        )
        self.assertLessEqual(
            asked + datetime.timedelta(seconds=NOTICE), base.parsed(line['end_time'])
        )
        # It begins as late as it may: who is displaced keeps what they can.
        self.assertEqual(line['end_time'], got['start_time'])
        self.assertEqual(self.time(5), got['end_time'])
        for who in (RENTER, 'acme-member'):
            self.assertEqual('contract.displaced', self.told(who, contract)[-1])
        self.assertEqual('contract.created', self.told(FIRM, firm)[-1])
        self.pass_time(4 * 3600)
        self.assertEqual('ended', self.line(contract)['status'])
        self.assertEqual('active', self.line(firm)['status'])
        self.assertBilled(line, line['fulfill_time'], line['end_time'])

    def test_it_pays_what_the_displaced_had_offered(self):
        self.sell(price='1')
        contract = self.interruptible(price='2')
        end = base.parsed(self.line(contract)['end_time'])
        line = self.line(self.contract_of(self.firm(hours=16)))
        lost = end - base.parsed(self.line(contract)['end_time'])
        hours = decimal.Decimal(lost.total_seconds()) / 4 / 3600
        self.assertAlmostEqual(1 + hours, decimal.Decimal(line['price']), 5)
        self.assertEqual('1.000000', line['ask'])
        self.assertAlmostEqual(hours, decimal.Decimal(line['displaced']), 5)

    def test_one_that_offers_less_waits(self):
        self.sell(price='1')
        contract = self.interruptible(price='5')
        firm = self.firm(hours=8, price='4')
        self.assertIsNone(self.contract_of(firm))
        self.assertEqual('available', self.show('bids', firm)['status'])
        self.assertIsNone(self.line(contract)['reclaim_deadline'])

    def test_firm_contracts_are_never_displaced_and_not_by_interruptible_bids(self):
        self.sell(price='1')
        firm = self.bid(price='1')
        self.round()
        waiting = self.firm(price='90')
        self.assertIsNone(self.contract_of(waiting))
        self.good(self.market(FIRM).delete(f'/v1/bids/{waiting}'), 204)
        self.sell(price='1')
        contract = self.interruptible(price='1')
        other = self.firm(price='90', interruptible_notice=NOTICE)
        self.assertIsNone(self.contract_of(other))
        for each in (self.contract_of(firm), contract):
            self.assertIsNone(self.line(each)['reclaim_deadline'])

    def test_what_has_not_begun_is_cancelled_for_nothing(self):
        self.sell()
        start = self.time(10)
        contract = self.interruptible(start_time=start, duration=7200)
        self.assertEqual('created', self.line(contract)['status'])
        self.firm(hours=20, start_time=self.time(2), duration=18 * 3600)
        line = self.line(contract)
        self.assertEqual(('cancelled', 'displaced'), (line['status'], line['reason']))
        self.pass_time(1)
        self.assertEqual((0, '0.000000'), self.billed(line))

    def test_who_is_displaced_may_leave_at_once(self):
        self.sell()
        contract = self.interruptible()
        self.pass_time(60)
        self.firm()
        self.good(self.market(RENTER).delete(f'/v1/contracts/{contract}'), 204)
        self.pass_time(60)
        line = self.line(contract)
        self.assertIn(line['status'], ('wait_end', 'ended'))
        self.assertLessEqual(base.parsed(line['end_time']), self.clock())

    def test_who_is_displaced_moves_to_a_free_server_of_the_same_kind(self):
        self.sell(price='1')
        contract = self.interruptible(on_displaced='move')
        # It is on offer for later only, and so is nothing for the firm bid.
        self.sell(price='1.5', start_time=self.time(3))
        self.firm(hours=8, start_time=self.time(2), duration=6 * 3600)
        told = self.told(RENTER, contract)
        self.assertEqual('contract.displaced', told[-1])
        bids = self.good(self.market(RENTER).get('/v1/bids', status='available'), 200)
        (moved,) = bids['bids']
        line = self.line(contract)
        self.assertEqual(line['end_time'], moved['start_time'])
        self.assertEqual(
            ('2.000000', NOTICE, 'move', 1),
            (
                moved['price'],
                moved['interruptible_notice'],
                moved['on_displaced'],
                moved['quantity'],
            ),
        )
        lost = base.parsed(self.time(20)) - base.parsed(line['end_time'])
        self.assertEqual(lost.total_seconds(), moved['duration'])

    def test_it_is_replaced_where_another_server_is_free(self):
        self.sell(price='1')
        contract = self.interruptible(on_displaced='move')
        # Not for the firm bid, which is their owner's.
        self.sell('initech-member', price='1')
        self.firm(hours=8)
        lines = self.lines(contract)
        self.assertEqual(2, len(lines))
        self.assertEqual(lines[0]['end_time'], lines[1]['start_time'])
        self.assertEqual(self.time(20), lines[1]['end_time'])
        self.assertEqual('contract.replaced', self.told(RENTER, contract)[-1])

    def test_a_line_that_changes_meanwhile_lets_the_firm_bid_wait(self):
        self.sell()
        contract = self.interruptible()
        engine, firm = self.new_engine(), self.bid(FIRM, 8, duration=7200, price='20')
        real = engine._store_displacing

        def late(draft, now, written_at):
            engine._store_displacing = real
            longer = {'end_time': self.time(22)}
            path = f'/v1/contracts/{contract}'
            self.good(self.market(RENTER).patch(path, longer), 200)
            real(draft, now, written_at)

        engine._store_displacing = late
        engine.run(self.clock())
        self.assertIsNone(self.contract_of(firm))
        self.assertEqual(self.time(22), self.line(contract)['end_time'])
        engine.note('contract', contract)
        engine.run(self.clock())
        self.assertIsNotNone(self.contract_of(firm))

    def test_nobody_gets_less_notice_than_was_agreed(self):
        self.sell()
        contract = self.interruptible()
        engine, firm = self.new_engine(), self.bid(FIRM, 8, duration=28000, price='9')
        real = engine._store_displacing
        engine._store_displacing = lambda draft, now, at: real(
            draft, now, at + datetime.timedelta(hours=1)
        )
        engine.run(self.clock())
        self.assertIsNone(self.contract_of(firm))
        self.assertIsNone(self.line(contract)['reclaim_deadline'])

    def test_it_cannot_be_sub_let(self):
        self.sell()
        contract = self.interruptible()
        self.pass_time(1)
        line = self.line(contract)
        said = {
            'resource_uuid': line['resource_uuid'],
            'price': '1',
            'end_time': self.time(3),
        }
        answer = self.provider(RENTER).post('/v1/offers', said)
        self.assertEqual(409, answer.status_code, answer.text)
        self.assertEqual('flocx.conflict.sublet', base.error(answer)['code'])

    def test_a_notice_has_bounds_and_what_follows_it_needs_one(self):
        for said, field in (
            ({'interruptible_notice': 0}, 'interruptible_notice'),
            ({'interruptible_notice': 1}, 'min_interruptible_notice'),
            ({'interruptible_notice': 86401}, 'max_interruptible_notice'),
            ({'on_displaced': 'move'}, 'on_displaced'),
            ({'on_displaced': 'hide', 'interruptible_notice': 600}, 'on_displaced'),
        ):
            terms = {'end_time': self.time(8), 'price': '2', **said}
            answer = self.market(RENTER).post('/v1/bids', terms)
            self.assertEqual(400, answer.status_code, said)
            self.assertIn(field, base.error(answer)['detail'])

    def test_an_owner_sees_that_it_is_interruptible_but_not_what_comes_then(self):
        self.sell()
        contract = self.interruptible(on_displaced='move')
        path = f'/v1/contracts/{contract}'
        seen = self.good(self.market('acme-member').get(path), 200)
        self.assertEqual(NOTICE, seen['interruptible_notice'])
        self.assertNotIn('on_displaced', seen)
        own = self.good(self.market(RENTER).get(path), 200)
        self.assertEqual('move', own['on_displaced'])
        self.assertEqual(404, self.market(FIRM).get(path).status_code)

    def test_what_is_bought_is_what_is_billed(self):
        self.sell(price='1.333333')
        contract = self.interruptible(price='1.777777')
        self.pass_time(600)
        self.firm(hours=6)
        self.pass_time(20 * 3600)
        line = self.line(contract)
        self.assertBilled(line, line['fulfill_time'], line['end_time'])
        seconds, amount = self.billed(line)
        self.assertEqual(
            money.text(money.amount(decimal.Decimal(line['price']), seconds)), amount
        )
