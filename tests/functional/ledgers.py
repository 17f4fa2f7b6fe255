# SPDX-License-Identifier: Apache-2.0
"""What tests of the ledger share: accounts with so much, and books that agree."""

import collections
import decimal

import sqlalchemy as sa

from flocx.core import ledger as core
from market.db import schema
from tests.functional import test_reclaim

OPERATOR, OWNER, RENTER = 'operator-admin', 'acme-member', 'umbrella-member'


class LedgerTestCase(test_reclaim.ReclaimTestCase):
    """A market with budgets, in which each test begins with what it says."""

    VERSION = 'latest'
    OPTIONS = (
        *test_reclaim.ReclaimTestCase.OPTIONS,
        ('ledger', 'enforce', 'true'),
    )

    def fund(self, project, amount):
        """Let the account of ``project`` have ``amount`` credits to spend."""
        operator = self.market(OPERATOR)
        found = operator.get(f'/v1/accounts/{project}')
        more = decimal.Decimal(amount)
        if found.status_code == 200:
            more -= decimal.Decimal(found.json()['balance'])
        if more > 0:
            body = {'project_id': project, 'amount': f'{more:f}'}
            self.good(operator.post('/v1/grants', body))
        elif more < 0:
            body = {'source': project, 'target': core.OPERATOR, 'amount': f'{-more:f}'}
            self.good(operator.post('/v1/transfers', body))

    def account(self, project):
        """(balance, held) of the account of ``project``, as its members see it."""
        found = self.market(f'{project}-reader').get(f'/v1/accounts/{project}')
        found = self.good(found, 200)
        return found['balance'], found['held']

    def refused(self, response, code='flocx.budget', status=403):
        """The detail of a refusal."""
        self.assertEqual(status, response.status_code, response.text)
        (error,) = response.json()['errors']
        self.assertEqual(code, error['code'])
        return error['detail']

    def rows(self, table):
        with self.marketplace.database.reader() as session:
            return session.execute(sa.select(table)).all()

    def assertBooksAgree(self):
        """Balances follow from transfers, all are zero together, holds are open."""
        due = collections.defaultdict(lambda: [core.ZERO, core.ZERO])
        for each in self.rows(schema.transfers):
            for account, amount in (
                (each.debit, -each.amount),
                (each.credit, each.amount),
            ):
                if account == core.HOLDS:
                    due[each.holder][1] += amount
                else:
                    due[account][0] += amount
        accounts = self.rows(schema.accounts)
        self.assertEqual(
            {name: tuple(values) for name, values in due.items()},
            {row.uuid: (row.balance, row.held) for row in accounts if row.uuid in due},
        )
        self.assertEqual(0, sum(row.balance + row.held for row in accounts))
        held = collections.Counter()
        for table in (schema.bids, schema.contract_lines):
            for row in self.rows(table):
                held[core.project_account(row.project_id)] += row.hold
                if row.status in ('matched', 'ended', 'cancelled', 'expired'):
                    self.assertEqual(0, row.hold, row)
        for row in accounts:
            self.assertEqual(row.held, held[row.uuid], row)
