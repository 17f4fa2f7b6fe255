# SPDX-License-Identifier: Apache-2.0
"""Budgets: what bids and contracts hold, pay and free of the account of a project."""

import decimal

import sqlalchemy as sa

from flocx import db
from flocx.core import money
from market.db import schema
from tests import work
from tests.functional import base
from tests.functional import ledgers

OPERATOR, OWNER, RENTER = ledgers.OPERATOR, ledgers.OWNER, ledgers.RENTER


class BudgetTest(ledgers.LedgerTestCase):
    def setUp(self):
        super().setUp()
        self.fund('acme', '0.000001')
        self.fund('umbrella', 100)
        self.addCleanup(self.clean)

    def clean(self):
        for kind in ('bids', 'contracts'):
            for each in self.market(RENTER).get(f'/v1/{kind}').json()[kind]:
                self.market(RENTER).delete(f'/v1/{kind}/{each["uuid"]}')
        self.pass_time(3600 * 24)
        self.assertBooksAgree()

    def place(self, **fields):
        terms = {
            'price': '2',
            'end_time': self.time(30),
            'duration': 36000,
            'resource_class': self.kind,
            **fields,
        }
        return self.market(RENTER).post('/v1/bids', terms)

    def test_a_bid_holds_its_most_until_it_is_closed(self):
        bid = self.good(self.place(quantity=2))
        self.assertEqual(('60.000000', '40.000000'), self.account('umbrella'))
        detail = self.refused(self.place(price='6.000001'))
        for part in ('60.000010', '60.000000', '0.000010', 'umbrella', 'operator'):
            self.assertIn(part, detail)
        path = f'/v1/bids/{bid["uuid"]}'
        self.refused(self.market(RENTER).patch(path, {'price': '5.1'}))
        self.assertEqual(('60.000000', '40.000000'), self.account('umbrella'))
        self.good(self.market(RENTER).patch(path, {'price': '5'}), 200)
        self.assertEqual(('0.000000', '100.000000'), self.account('umbrella'))
        self.good(self.market(RENTER).patch(path, {'price': '1'}), 200)
        self.assertEqual(('80.000000', '20.000000'), self.account('umbrella'))
        self.good(self.market(RENTER).delete(path), 204)
        self.assertEqual(('100.000000', '0.000000'), self.account('umbrella'))
        others = [{'price': '7', 'quantity': 1}, {'price': '4', 'quantity': 2}]
        both = self.good(self.place(price='5', alternatives=others))
        self.assertEqual(('20.000000', '80.000000'), self.account('umbrella'))
        path = f'/v1/bids/{both["uuid"]}'
        self.good(self.market(RENTER).patch(path, {'price': '10'}), 200)
        self.assertEqual(('0.000000', '100.000000'), self.account('umbrella'))
        self.good(self.market(RENTER).delete(path), 204)
        waiting = self.good(self.place(end_time=self.time(11)))
        self.clock.advance(hours=12)
        self.round()
        self.assertEqual('expired', self.show('bids', waiting['uuid'])['status'])
        self.assertEqual(('100.000000', '0.000000'), self.account('umbrella'))

    def test_what_costs_more_than_can_be_booked(self):
        most = '999999999999.999999'
        refused = self.place(price=most, duration=3601)
        self.assertIn('price', self.refused(refused, 'flocx.invalid', 400))
        self.refused(self.place(price=most, duration=3600))
        refused = self.place(price='1000', quantity=1000, duration=3600 * 10**6)
        self.assertEqual(400, refused.status_code)
        offer = self.sell(notice=None, price=most)
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        for hours, code, status in (
            (3, 'flocx.invalid', 400),
            (1, 'flocx.budget', 403),
        ):
            body = {'end_time': self.time(hours)}
            self.refused(self.market(RENTER).post(claim, body), code, status)
        self.assertEqual(('100.000000', '0.000000'), self.account('umbrella'))

    def test_many_purchases_that_come_to_more_than_can_be_booked(self):
        self.marketplace.conf.set_override('enforce', False, 'ledger')
        self.addCleanup(self.marketplace.conf.clear_override, 'enforce', 'ledger')
        most, hour = '600000000000', {'duration': 3600}
        bid = self.good(self.place(price=most, **hour))
        path = f'/v1/bids/{bid["uuid"]}'
        offer = self.sell(notice=None, price=most)
        claim, until = f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(1)}
        tables = schema.bids, schema.contract_lines, schema.transfers
        rows = [self.rows(table) for table in tables]
        for ask in (
            lambda: self.place(price='400000000000', **hour),
            lambda: self.market(RENTER).post(claim, until),
        ):
            self.assertIn('price', self.refused(ask(), 'flocx.invalid', 400))
        self.assertEqual(rows, [self.rows(table) for table in tables])
        self.good(self.place(price='399999000000', **hour))
        more = self.market(RENTER).patch(path, {'price': '601000000000'})
        self.assertIn('price', self.refused(more, 'flocx.invalid', 400))
        waiting = self.market(RENTER).get('/v1/bids', status='available').json()
        for each in waiting['bids']:
            self.good(self.market(RENTER).delete(f'/v1/bids/{each["uuid"]}'), 204)
        held = self.good(self.market(RENTER).post(claim, until))
        self.good(self.place(price='100000000000', **hour))
        later = {'end_time': self.time(1.5)}
        for body in (later, {**later, 'dry_run': True}):
            more = self.market(RENTER).patch(f'/v1/contracts/{held["uuid"]}', body)
            self.refused(more, 'flocx.invalid', 400)
        self.assertEqual(('100.000000', '0.000000'), self.account('umbrella'))

    def test_a_contract_holds_what_was_agreed_and_its_end_pays_what_was_served(self):
        for _ in range(2):
            self.sell(notice=None, price='1.333333')
        bid = self.good(self.place(quantity=2, duration=7200))
        self.assertEqual(('92.000000', '8.000000'), self.account('umbrella'))
        self.round()
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        agreed = 2 * money.amount(decimal.Decimal('1.333333'), 7200)
        self.assertEqual(money.text(agreed), self.account('umbrella')[1])
        self.assertBooksAgree()
        self.pass_time(60)
        self.pass_time(3 * 3600)
        lines = self.lines(contract)
        self.assertEqual(['ended'] * 2, [line['status'] for line in lines])
        served = [
            int(
                (
                    base.parsed(line['end_time']) - base.parsed(line['fulfill_time'])
                ).total_seconds()
            )
            for line in lines
        ]
        paid = sum(money.amount(decimal.Decimal('1.333333'), each) for each in served)
        self.assertEqual((money.text(100 - paid), '0.000000'), self.account('umbrella'))
        self.assertEqual(money.text(paid + money.QUANTUM), self.account('acme')[0])
        for line in lines:
            found = self.market(RENTER).get(
                '/v1/transfers', object_uuid=line['uuid'], type='usage'
            )
            (entry,) = self.good(found, 200)['transfers']
            self.assertEqual(
                self.billed(line), (entry['details']['server_seconds'], entry['amount'])
            )

    def test_a_claim_an_extension_and_an_early_release(self):
        offer = self.sell(notice=None, price='3')
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        market = self.market(RENTER)
        start = self.time(1)
        self.fund('umbrella', 60)
        self.refused(market.post(claim, {'start_time': start}))
        body = {'start_time': start, 'end_time': self.time(11)}
        contract = self.good(market.post(claim, body))
        self.assertEqual(('30.000000', '30.000000'), self.account('umbrella'))
        path = f'/v1/contracts/{contract["uuid"]}'
        preview = {'end_time': self.time(21), 'dry_run': True}
        self.good(market.patch(path, preview), 200)
        self.assertEqual(('30.000000', '30.000000'), self.account('umbrella'))
        self.good(market.patch(path, {'end_time': self.time(21)}), 200)
        self.assertEqual(('0.000000', '60.000000'), self.account('umbrella'))
        self.fund('umbrella', 2)
        self.refused(market.patch(path, {'end_time': self.time(22)}))
        self.pass_time(3700)
        self.pass_time(3600)
        self.good(market.delete(path), 204)
        self.pass_time(60)
        (line,) = self.lines(contract['uuid'])
        seconds, amount = self.billed(line)
        self.assertGreater(seconds, 3000)
        left = decimal.Decimal(62) - decimal.Decimal(amount)
        self.assertEqual((money.text(left), '0.000000'), self.account('umbrella'))

    def test_what_is_not_delivered_is_free_again(self):
        contract = self.claim(self.sell(notice=None), start_time=self.time(1))
        self.good(self.market(RENTER).delete(f'/v1/contracts/{contract}'), 204)
        self.assertEqual(('100.000000', '0.000000'), self.account('umbrella'))

    def test_a_reclaimed_server_and_its_replacement(self):
        self.sell(price='1')
        self.kind_price = '1'
        bid = self.good(self.place(duration=36000, min_reclaim_notice=60))
        self.round()
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        self.pass_time(60)
        self.sell(price='1')
        self.reclaim(contract)
        self.assertEqual(2, len(self.lines(contract)))
        self.assertBooksAgree()
        held = decimal.Decimal(self.account('umbrella')[1])
        self.assertLess(abs(held - 10), decimal.Decimal('0.01'))
        self.pass_time(3 * 3600)
        self.pass_time(12 * 3600)
        paid = sum(
            decimal.Decimal(self.billed(line)[1]) for line in self.lines(contract)
        )
        self.assertEqual((money.text(100 - paid), '0.000000'), self.account('umbrella'))

    def test_an_overdraft(self):
        market = self.market(OPERATOR)
        self.fund('umbrella', 5)
        self.refused(self.place(price='1'))
        path = '/v1/accounts/umbrella'
        self.good(market.patch(path, {'overdraft': '5'}), 200)
        self.addCleanup(market.patch, path, {'overdraft': '0'})
        self.good(self.place(price='1'))
        self.assertEqual(('-5.000000', '10.000000'), self.account('umbrella'))
        self.assertIn('may be overdrawn by', self.refused(self.place(price='0.1')))

    def test_a_purchase_takes_two_more_statements(self):
        offers = [self.sell(notice=None) for _ in range(6)]
        found = {}
        for enforce in (False, True):
            self.marketplace.conf.set_override('enforce', enforce, group='ledger')
            self.addCleanup(
                self.marketplace.conf.clear_override, 'enforce', group='ledger'
            )
            bodies = [offers.pop()['uuid'], offers.pop()['uuid']]
            for _ in range(2):
                # The second time nothing is to be found out that is kept.
                with work.statements(self.marketplace.database) as bid:
                    self.good(self.place(duration=3600))
                with work.statements(self.marketplace.database) as claim:
                    self.claimed = self.claim_one(bodies.pop())
            found[enforce] = len(bid), len(claim)
        for before, after in zip(found[False], found[True], strict=True):
            self.assertLessEqual(after, before + 2, found)

    def claim_one(self, offer):
        body = {'end_time': self.time(3)}
        return self.good(self.market(RENTER).post(f'/v1/offers/{offer}/claim', body))

    def test_transfers_are_only_ever_added(self):
        for statement in ('UPDATE transfers SET amount = 7', 'DELETE FROM transfers'):
            refused = self.assertRaises(db.ERRORS, self.execute, statement)
            self.assertIn('only ever added', str(refused))
        self.assertBooksAgree()

    def execute(self, statement):
        with self.marketplace.database.writer() as session:
            session.execute(sa.text(statement))
