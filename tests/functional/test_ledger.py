# SPDX-License-Identifier: Apache-2.0
"""Credits are granted, handed down and lapse, and months are booked and closed."""

import argparse
import contextlib
import decimal
import io
import json

from oslo_utils import uuidutils
import sqlalchemy as sa

from flocx.core import ledger as core
from flocx.core import money
from market import bookkeeping
from market import ledger_commands
from market.db import adoption
from market.db import schema
from tests import work
from tests.functional import base
from tests.functional import ledgers

OPERATOR, OWNER, RENTER = ledgers.OPERATOR, ledgers.OWNER, ledgers.RENTER


class BookkeepingCase(ledgers.LedgerTestCase):
    def keep(self, months=0):
        """A pass of the worker, so many months from now."""
        conf, database = self.marketplace.conf, self.marketplace.database
        now = self.clock()
        for _ in range(months):
            now = core.month_window(core.month(now)).end + 2 * base.HOUR
            self.clock.advance(seconds=(now - self.clock()).total_seconds())
        bookkeeping.Bookkeeping(conf, database).run(now)
        return core.month(now)

    def entries(self, who, **query):
        found = self.good(self.market(who).get('/v1/transfers', **query), 200)
        return found['transfers']

    def told(self, who, uuid):
        return [name for name in super().told(who, uuid) if name.startswith('account')]


class GrantTest(BookkeepingCase):
    def setUp(self):
        super().setUp()
        self.fund('acme', '0.000001')
        self.fund('umbrella', '0.000001')
        self.addCleanup(self.assertBooksAgree)
        self.addCleanup(self.end)

    def end(self):
        operator = self.market(OPERATOR)
        for each in operator.get('/v1/grants', status='active').json()['grants']:
            operator.delete(f'/v1/grants/{each["uuid"]}')

    def grant(self, amount, project='umbrella', **more):
        body = {'project_id': project, 'amount': amount, **more}
        return self.good(self.market(OPERATOR).post('/v1/grants', body))

    def transfer(self, who, target, amount, **more):
        body = {'target': target, 'amount': amount, **more}
        return self.market(who).post('/v1/transfers', body)

    def test_what_is_granted_monthly_comes_with_each_month(self):
        self.fund('umbrella', 1)
        self.grant('10', monthly=True)
        self.assertEqual('11.000000', self.account('umbrella')[0])
        self.keep()
        self.assertEqual('11.000000', self.account('umbrella')[0])
        for expected in ('21.000000', '31.000000'):
            self.keep(months=1)
            self.keep()
            self.assertEqual(expected, self.account('umbrella')[0])
        # A worker that was away for months gives what it has not.
        self.clock.advance(days=62)
        self.keep()
        self.assertEqual('51.000000', self.account('umbrella')[0])
        self.end()
        self.keep(months=1)
        self.assertEqual('51.000000', self.account('umbrella')[0])

    def test_what_expires_lapses_but_for_what_was_spent(self):
        self.fund('acme', 5)
        grant = self.grant('10', 'acme', monthly=True, expires=True)
        self.good(self.transfer('acme-manager', 'acme-lab', '4'))
        self.keep(months=1)
        self.assertEqual('15.000000', self.account('acme')[0])
        (lapse,) = self.entries(OWNER, object_uuid=grant['uuid'], type='lapse')
        self.assertEqual('6.000000', lapse['amount'])
        self.good(self.transfer('acme-manager', 'acme-lab', '12'))
        self.keep(months=1)
        self.assertEqual('13.000000', self.account('acme')[0])
        self.end()
        for _ in range(2):
            self.keep(months=1)
            self.assertEqual('3.000000', self.account('acme')[0])
        shown = self.show('grants', grant['uuid'], 'acme-reader')
        self.assertEqual('lapsed', shown['status'])

    def test_managers_hand_down_their_tree(self):
        self.fund('acme', 20)
        self.fund('acme-lab', 1)
        self.good(self.transfer('acme-manager', 'acme-lab', '7.5', reason='course'))
        self.assertEqual('12.500000', self.account('acme')[0])
        self.assertEqual('8.500000', self.account('acme-lab')[0])
        for who, target, amount, status in (
            ('acme-member', 'acme-lab', '1', 403),
            ('acme-manager', 'umbrella', '1', 404),
            ('acme-manager', 'nowhere', '1', 404),
            ('acme-manager', 'acme', '1', 400),
            ('acme-lab-manager', 'acme', '1', 404),
            ('acme-lab-manager', 'acme-web', '1', 404),
            ('acme-manager', core.HOLDS, '1', 404),
            ('acme-manager', core.OPERATOR, '1', 404),
        ):
            refused = self.transfer(who, target, amount)
            self.assertEqual(status, refused.status_code, (who, target, refused.text))
        detail = self.refused(self.transfer('acme-manager', 'acme-lab', '12.500001'))
        self.assertIn('0.000001 are missing', detail)
        self.fund('umbrella', 1)
        theirs = core.project_account('umbrella')
        for given in ('umbrella', theirs):
            stolen = self.transfer('acme-manager', 'acme-lab', '1', source=given)
            self.assertEqual(404, stolen.status_code)
            self.assertNotIn('umbrella', stolen.text)
        # Whose account it is that somebody has the uuid of is told to nobody.
        refused = self.transfer('acme-manager', theirs, '1')
        self.assertNotIn('umbrella', refused.text)
        self.assertEqual('12.500000', self.account('acme')[0])

    def test_an_organisation_hands_down_its_tree(self):
        """One that is a domain, and one that is a project in a shared domain."""
        conf = self.marketplace.conf
        self.addCleanup(conf.clear_override, 'shared_domains', 'market')
        for shared, owner, others, theirs in (
            ([], 'default', 'umbrella-manager', 201),
            (['default'], 'acme', 'umbrella-manager', 404),
        ):
            conf.set_override('shared_domains', shared, 'market')
            source = core.account_uuid(core.AccountType.ORGANISATION, owner)
            self.fund('acme-lab', 1)
            before = self.account('acme')
            self.grant('20', owner, account_type='organisation')
            for who, target, amount, status in (
                ('acme-manager', 'acme-lab', '7.5', 201),
                ('acme-manager', 'acme-web', '2', 201),
                # Whoever is not at the top of it, or not in it.
                ('acme-member', 'acme-lab', '1', 403),
                ('acme-lab-manager', 'acme-lab', '1', 404),
                (others, 'acme-lab', '0.5', theirs),
                # To what is not below it.
                ('acme-manager', 'nowhere', '1', 404),
                ('acme-manager', source, '1', 400),
                ('acme-manager', core.OPERATOR, '1', 404),
            ):
                given = self.transfer(who, target, amount, source=source)
                case = owner, who, target, given.text
                self.assertEqual(status, given.status_code, case)
            left = 20 - 7.5 - 2 - (0.5 if theirs == 201 else 0)
            detail = self.refused(
                self.transfer('acme-manager', 'acme-lab', '20', source=source)
            )
            self.assertIn(f'{20 - left:.6f} are missing', detail)
            shown = self.show('accounts', source)
            self.assertEqual(
                (f'{left:.6f}', 'organisation', owner),
                (shown['balance'], shown['type'], shown['project_id']),
            )
            self.assertEqual(f'{1 + 20 - 2 - left:.6f}', self.account('acme-lab')[0])
            # That of the project beside it is another account.
            self.assertEqual(before, self.account('acme'))

    def test_no_account_has_more_than_databases_can_add(self):
        self.fund('acme', 20)
        most = '999999999999.999999'
        market, accounts = self.market(OPERATOR), self.rows(schema.accounts)
        for path, body in (
            ('/v1/grants', {'project_id': 'acme', 'amount': most}),
            # Together they have too much.
            ('/v1/grants', {'project_id': 'somebody', 'amount': most}),
            ('/v1/transfers', {'source': core.OPERATOR, 'target': 'acme'}),
        ):
            refused = market.post(path, {'amount': most, **body})
            self.assertIn('amount', self.refused(refused, 'flocx.invalid', 400))
        self.assertEqual(accounts, self.rows(schema.accounts))

    def test_a_replayed_transfer_is_done_once(self):
        self.fund('acme', 20)
        market, body = (
            self.market('acme-manager'),
            {'target': 'acme-lab', 'amount': '2'},
        )
        key = {'Idempotency-Key': self.id()}
        first = self.good(market.post('/v1/transfers', body, headers=key))
        again = self.good(market.post('/v1/transfers', body, headers=key))
        self.assertEqual(first, again)
        other = market.post('/v1/transfers', {**body, 'amount': '3'}, headers=key)
        self.assertEqual(422, other.status_code)
        self.assertEqual('18.000000', self.account('acme')[0])

    def test_the_owner_is_told_once_that_it_runs_low(self):
        self.marketplace.conf.set_override('low_balance', '5', group='ledger')
        self.addCleanup(
            self.marketplace.conf.clear_override, 'low_balance', group='ledger'
        )
        account = core.project_account('umbrella')
        self.fund('umbrella', 9)
        self.keep()
        before = len(self.told(RENTER, account))
        for amount, expected in ((4, 'low'), (3, None), (9, None), (4, 'low')):
            self.fund('umbrella', amount)
            seen = len(self.told(RENTER, account))
            self.keep()
            self.keep()
            self.assertEqual(
                [f'account.{expected}'] if expected else [],
                self.told(RENTER, account)[seen:],
            )
        self.assertGreater(len(self.told(RENTER, account)), before)


class MonthTest(BookkeepingCase):
    def setUp(self):
        super().setUp()
        self.fund('acme', '0.000001')
        self.fund('umbrella', 5000)
        self.addCleanup(self.assertBooksAgree)

    def test_a_contract_of_two_months_is_booked_in_both(self):
        start = core.month_window(core.month(self.clock())).end
        self.clock.advance(seconds=(start - self.clock()).total_seconds() - 3 * 3600)
        self.began = self.clock()
        contract = self.claim(
            self.sell(notice=None, price='1.234567'), end_time=self.time(9)
        )
        self.pass_time(60)
        (line,) = self.lines(contract)
        first = self.keep(months=1)
        period = core.month_window(first)
        (booked,) = self.entries(RENTER, object_uuid=line['uuid'], type='usage')
        self.assertEqual(core.month(self.began), booked['month'])
        held = self.account('umbrella')[1]
        seconds = (
            base.parsed(line['end_time']) - base.parsed(line['start_time'])
        ).seconds
        whole = money.amount(decimal.Decimal('1.234567'), int(seconds))
        self.assertEqual(money.text(whole - decimal.Decimal(booked['amount'])), held)
        self.pass_time(8 * 3600)
        entries = self.entries(RENTER, object_uuid=line['uuid'], type='usage')
        self.assertEqual(
            [core.month(self.began), first], [each['period'] for each in entries]
        )
        (line,) = self.lines(contract)
        usage = self.market(RENTER).newest(
            '/v1/usage', start_time=self.time(-1), end_time=self.time(24)
        )
        rows = [
            row
            for each in self.good(usage, 200)['usage']
            for row in each['lines']
            if row['line_uuid'] == line['uuid']
        ]
        self.assertEqual(
            sum(decimal.Decimal(row['amount']) for row in rows),
            sum(decimal.Decimal(each['amount']) for each in entries),
        )
        self.assertTrue(period)

    def test_what_has_no_budget_is_booked_with_its_month(self):
        self.marketplace.conf.set_override('enforce', False, group='ledger')
        self.addCleanup(self.marketplace.conf.clear_override, 'enforce', group='ledger')
        before = self.account('umbrella')
        contract = self.claim(self.sell(notice=None), end_time=self.time(9))
        cancelled = self.claim(self.sell(notice=None), start_time=self.time(5))
        self.good(self.market(RENTER).delete(f'/v1/contracts/{cancelled}'), 204)
        self.pass_time(60)
        self.pass_time(10 * 3600)
        self.assertEqual(before, self.account('umbrella'))
        (line,) = self.lines(contract)
        _, amount = self.billed(line)
        self.keep(months=1)
        (entry,) = self.entries(RENTER, object_uuid=line['uuid'])
        self.assertEqual((amount, 'usage'), (entry['amount'], entry['type']))
        after = decimal.Decimal(before[0]) - decimal.Decimal(amount)
        self.assertEqual(money.text(after), self.account('umbrella')[0])
        self.keep()
        self.assertEqual(money.text(after), self.account('umbrella')[0])

    def test_nothing_is_booked_in_a_closed_month(self):
        past = core.month(self.clock())
        self.keep(months=1)
        body = {'source': 'umbrella', 'target': 'acme', 'amount': '1', 'month': past}
        refused = self.market(OPERATOR).post('/v1/transfers', body)
        self.refused(refused, 'flocx.conflict.month_closed', 409)
        body['month'] = core.next_month(core.month(self.clock()))
        future = self.market(OPERATOR).post('/v1/transfers', body)
        self.refused(future, 'flocx.invalid', 400)

    def test_contracts_of_who_is_below_the_limit_run_on_or_end(self):
        offers = [self.sell(notice=None, price='1') for _ in range(2)]
        contracts = [self.claim(each, end_time=self.time(20)) for each in offers]
        self.pass_time(60)
        self.fund('umbrella', 0)
        market = self.market(OPERATOR)
        with self.marketplace.database.writer() as session:
            # As when a month's bill took more than was there.
            session.execute(
                sa.update(schema.accounts)
                .where(schema.accounts.c.project_id == 'umbrella')
                .values(overdraft=-15)
            )
        self.addCleanup(market.patch, '/v1/accounts/umbrella', {'overdraft': '0'})
        self.keep()
        self.assertEqual(
            ['active'] * 2, [self.show('contracts', c)['status'] for c in contracts]
        )
        self.marketplace.conf.set_override('at_zero', 'end', group='ledger')
        self.addCleanup(self.marketplace.conf.clear_override, 'at_zero', group='ledger')
        self.keep()
        (older,), (newer,) = map(self.lines, contracts)
        self.assertEqual('budget_exhausted', newer['reason'])
        self.assertLess(newer['end_time'], older['end_time'])
        self.assertIsNone(older['reason'])
        self.pass_time(60)
        self.good(self.market(RENTER).delete(f'/v1/contracts/{contracts[0]}'), 204)
        self.pass_time(60)


class PrepareCase(BookkeepingCase):
    """Budgets are switched on in a market that runs."""

    OPTIONS = (
        *ledgers.LedgerTestCase.OPTIONS[:-1],
        ('ledger', 'enforce', 'false'),
    )

    def manage(self, *arguments):
        command = argparse.Namespace(
            **{'dry_run': False, 'cover': False, **dict.fromkeys(arguments, True)}
        )
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            ledger_commands._prepare(self.marketplace.database, command)
        found = json.loads(printed.getvalue())['projects']
        return {each.pop('project_id'): each for each in found}


class ThousandsTest(PrepareCase):
    MANY, PROJECTS = 3000, 6
    TIMES = ('start_time', 'end_time')

    def copy(self, contract):
        """As many contracts like that one, of next year and of several projects."""
        tables = schema.contracts, schema.contract_lines
        rows = [[], []]
        with self.marketplace.database.writer() as session:
            whole, line = (
                dict(session.execute(sa.select(each)).mappings().one())
                for each in tables
            )
            later = {name: line[name] + 8760 * base.HOUR for name in self.TIMES}
            for number in range(self.MANY):
                uuid = uuidutils.generate_uuid()
                more = {**later, 'project_id': f'project-{number % self.PROJECTS}'}
                rows[0].append({**whole, **more, 'uuid': uuid})
                of_line = {'uuid': uuidutils.generate_uuid(), 'contract_uuid': uuid}
                rows[1].append({**line, **more, **of_line})
            for table, found in zip(tables, rows, strict=True):
                for row in found:
                    del row['id']
                session.execute(sa.insert(table), found)

    def test_it_takes_few_statements_and_no_contract_is_touched(self):
        offer = self.sell(notice=None, price='2')
        self.copy(self.claim(offer, end_time=self.time(5)))
        tables = schema.contracts, schema.offers, schema.bids, schema.events
        before = [self.rows(each) for each in tables]
        lines = self.rows(schema.contract_lines)
        parts = -(-self.MANY // adoption._PART) + 1
        database = self.marketplace.database
        with work.statements(database) as looked:
            needs = self.manage('dry_run')
        self.assertLessEqual(len(looked), parts + 5)
        self.assertEqual(self.MANY // self.PROJECTS, needs['project-1']['contracts'])
        self.assertEqual(lines, self.rows(schema.contract_lines))
        self.assertEqual([], self.rows(schema.transfers))
        with work.statements(database) as done:
            self.manage()
        # Of each part its rows, what they hold, accounts and transfers.
        most = parts + 5 + parts * (6 + self.PROJECTS) + 2 * self.PROJECTS
        self.assertLessEqual(len(done), most)
        self.assertEqual(before, [self.rows(each) for each in tables])
        after = self.rows(schema.contract_lines)
        self.assertEqual({10}, {row.hold for row in after})
        self.assertEqual(
            [dict(row._mapping) | {'hold': 0} for row in after],
            [dict(row._mapping) | {'hold': 0} for row in lines],
        )
        self.assertBooksAgree()
        # Whoever prepares it again, holds nothing twice.
        self.manage()
        self.assertEqual(after, self.rows(schema.contract_lines))


class PrepareTest(PrepareCase):
    def test_what_is_open_holds_its_cost_and_nothing_ends(self):
        contracts = [
            self.claim(self.sell(notice=None, price='2'), end_time=self.time(5))
            for _ in range(3)
        ]
        self.pass_time(60)
        bid = self.bid(price='3', duration=3600, resource_class='none')
        engine = self.new_engine()
        engine.run(self.clock())
        before = [self.show('contracts', each) for each in contracts]
        rows = self.rows(schema.transfers)
        found = self.manage('dry_run')['umbrella']
        self.assertEqual((1, 3), (found['bids'], found['contracts']))
        self.assertEqual(rows, self.rows(schema.transfers))
        self.assertEqual(found['hold'], found['missing'])
        self.manage('cover')
        self.assertEqual(('0.000000', found['hold']), self.account('umbrella'))
        self.assertEqual(before, [self.show('contracts', each) for each in contracts])
        self.assertBooksAgree()
        self.assertEqual({'umbrella'}, {*self.manage()} - {'acme'})
        self.assertEqual(('0.000000', found['hold']), self.account('umbrella'))
        self.marketplace.conf.set_override('enforce', True, group='ledger')
        self.addCleanup(self.marketplace.conf.clear_override, 'enforce', group='ledger')
        market = self.market(RENTER)
        body = {'price': '1', 'end_time': self.time(5)}
        self.refused(market.post('/v1/bids', body))
        # An engine that had read the bid before fills it, with what it holds by now.
        node = self.add_node(resource_class='none')
        self.offer(OWNER, node, price='3')
        engine.run(self.clock())
        engine.run(self.clock())
        filled = self.show('bids', bid['uuid'])
        self.assertEqual('matched', filled['status'])
        self.assertBooksAgree()
        for each in (*contracts, filled['contract_uuid']):
            self.good(market.delete(f'/v1/contracts/{each}'), 204)
        self.pass_time(60)
        self.pass_time(60)
        self.assertEqual('0.000000', self.account('umbrella')[1])
        self.assertBooksAgree()

    def test_the_check_finds_what_does_not_agree(self):
        self.fund('acme', 5)
        database = self.marketplace.database
        with database.reader() as session:
            self.assertEqual([], list(adoption.disagreements(session)))
        account = schema.accounts.c.project_id == 'acme'
        for column in ('balance', 'held'):
            changed = schema.accounts.c[column]
            for more, wrong in ((1, True), (-1, False)):
                with database.writer() as session:
                    session.execute(
                        sa.update(schema.accounts)
                        .where(account)
                        .values({column: changed + more * money.QUANTUM})
                    )
                with database.reader() as session:
                    found = list(adoption.disagreements(session))
                self.assertEqual(wrong, bool(found), found)
