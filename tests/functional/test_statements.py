# SPDX-License-Identifier: Apache-2.0
"""Statements of closed months never change, and both sides agree; disputes correct."""

import csv
import decimal
import io
from unittest import mock

from flocx.core import ledger as core
from flocx.core import money
from flocx.core import usage
from tests.functional import ledgers
from tests.functional import test_ledger

OPERATOR, OWNER, RENTER, THIRD = (
    *(ledgers.OPERATOR, ledgers.OWNER, ledgers.RENTER),
    'initech-member',
)


class StatementTest(test_ledger.BookkeepingCase):
    def setUp(self):
        super().setUp()
        # A month of its own for each test.
        self.keep(months=1)
        self.began = self.clock()
        self.month = core.month(self.began)
        self.fund('acme', '0.000001')
        self.fund('umbrella', 1000)
        self.addCleanup(self.assertBooksAgree)

    def statement(self, who, month=None, **query):
        path = f'/v1/statements/{month or self.month}'
        return self.good(self.market(who).get(path, **query), 200)

    def served(self, hours=3, **terms):
        """The line of a contract that has ended."""
        self.began = self.clock()
        contract = self.claim(
            self.sell(notice=None, price='1.234567', **terms), end_time=self.time(hours)
        )
        self.pass_time(60)
        self.pass_time(hours * 3600)
        (line,) = self.lines(contract)
        return line

    def long(self):
        """A contract that runs on for months."""
        self.began = self.clock()
        offer = self.offer(OWNER, hours=2200, price='0.333333')
        contract = self.claim(offer, end_time=self.time(2100))
        self.pass_time(60)
        return contract

    def test_a_closed_month_is_the_same_to_the_byte(self):
        line = self.served()
        contract = self.long()
        preview = self.statement(RENTER)
        self.assertEqual('open', preview['status'])
        month = self.month
        self.keep(months=1)
        path = f'/v1/statements/{month}'
        taken = {
            (who, kind): self.market(who).get(path, format=kind).content
            for who in (RENTER, OWNER)
            for kind in ('json', 'csv')
        }
        document = self.statement(RENTER, month)
        self.assertEqual('closed', document['status'])
        self.assertIn(line['uuid'], [each['line_uuid'] for each in document['lines']])
        # Whatever happens afterwards.
        (entry,) = self.entries(RENTER, object_uuid=line['uuid'], type='usage')
        dispute = self.dispute(RENTER, entry['uuid'])
        self.decide(dispute, status='accepted', amount='0.5', decision='so be it')
        self.good(self.market(RENTER).delete(f'/v1/contracts/{contract}'), 204)
        self.pass_time(60)
        self.keep(months=2)
        for (who, kind), content in taken.items():
            again = self.market(who).get(path, format=kind).content
            self.assertEqual(content, again, (who, kind))

    def test_both_sides_come_to_the_same(self):
        for _ in range(2):
            self.served()
        cancelled = self.claim(self.sell(notice=None), start_time=self.time(20))
        self.good(self.market(RENTER).delete(f'/v1/contracts/{cancelled}'), 204)
        running = self.long()
        month = self.month
        self.keep(months=1)
        renter, owner = (self.statement(who, month) for who in (RENTER, OWNER))
        self.assertEqual(
            [
                (each['line_uuid'], f'-{each["amount"]}')
                for each in owner['lines']
                if each['role']
            ],
            [
                (each['line_uuid'], each['amount'])
                for each in renter['lines']
                if each['role']
            ],
        )
        self.assertEqual(owner['earned'], renter['spent'].removeprefix('-'))
        self.assertEqual(3, len([each for each in renter['lines'] if each['role']]))
        for document in (renter, owner):
            moved = ('granted', 'lapsed', 'transferred', 'spent', 'earned')
            self.assertEqual(
                decimal.Decimal(document['closing_balance']),
                sum(
                    (decimal.Decimal(document[name]) for name in moved),
                    decimal.Decimal(document['opening_balance']),
                ),
            )
        following = self.statement(RENTER, core.month(self.clock()))
        self.assertEqual(renter['closing_balance'], following['opening_balance'])
        rows = self.market(RENTER).get(f'/v1/statements/{month}', format='csv').text
        found = list(csv.DictReader(io.StringIO(rows)))
        self.assertEqual(
            [each['amount'] for each in renter['lines']],
            [each['amount'] for each in found],
        )
        usage = self.good(self.market(RENTER).get('/v1/usage', month=month), 200)
        (billed,) = usage['usage']
        self.assertEqual(f'-{billed["amount"]}', renter['spent'])
        self.good(self.market(RENTER).delete(f'/v1/contracts/{running}'), 204)
        self.pass_time(60)

    def test_usage_in_groups(self):
        line = self.served()
        for by, group in (
            ('class', self.kind),
            ('server', line['resource_uuid']),
            ('project', 'umbrella'),
            ('partner', 'acme'),
            ('month', self.month),
        ):
            found = self.market(RENTER).get('/v1/usage', month=self.month, by=by)
            groups = self.good(found, 200)['groups']
            self.assertEqual(
                [('renter', group)], [(each['role'], each[by]) for each in groups]
            )
            self.assertEqual(self.billed(line)[1], groups[0]['amount'])
        market = self.market(RENTER)
        ages = {
            'start_time': '2000-01-01T00:00:00Z',
            'end_time': '9000-01-01T00:00:00Z',
        }
        with mock.patch.object(
            usage, 'of_line', autospec=True, side_effect=usage.of_line
        ) as computed:
            found = market.get('/v1/usage', by='month', **ages)
            months = {each['month'] for each in self.good(found, 200)['groups']}
        # Of the 84,000 months those in which there were lines.
        self.assertLess(computed.call_count, 1000)
        self.assertIn(self.month, months)
        for wrong in ({'by': 'colour'}, {'month': '2026-13'}, {'month': 'x'}):
            self.assertEqual(400, market.get('/v1/usage', **wrong).status_code)
        both = market.get('/v1/usage', month=self.month, start_time=self.time(0))
        self.assertEqual(400, both.status_code)

    def test_nobody_sees_the_statements_of_others(self):
        self.served()
        path = f'/v1/statements/{self.month}'
        refused = self.market(THIRD).get(path, project_id='umbrella')
        self.assertEqual(403, refused.status_code)
        seen = self.good(self.market(OPERATOR).get(path, project_id='umbrella'), 200)
        self.assertEqual(self.statement(RENTER), seen)
        self.assertEqual([], self.statement(THIRD)['lines'])
        listed = self.good(self.market(RENTER).get('/v1/statements'), 200)
        self.assertIn({'month': self.month, 'status': 'open'}, listed['statements'])
        for wrong in ('2026', '2026-13', 'latest', '1999-01', '9999-12'):
            answer = self.market(RENTER).get(f'/v1/statements/{wrong}')
            self.assertEqual(400, answer.status_code, wrong)

    # Disputes

    def dispute(self, who, transfer, status=201, reason='it was off'):
        body = {'transfer_uuid': transfer, 'reason': reason}
        answer = self.market(who).post('/v1/disputes', body)
        self.assertEqual(status, answer.status_code, answer.text)
        return answer.json().get('uuid')

    def decide(self, dispute, expected=200, who=OPERATOR, **body):
        answer = self.market(who).patch(f'/v1/disputes/{dispute}', body)
        self.assertEqual(expected, answer.status_code, answer.text)
        return answer.json()

    def test_a_dispute_that_is_accepted_is_corrected_in_the_open_month(self):
        line = self.served()
        month = self.month
        self.keep(months=1)
        (entry,) = self.entries(RENTER, object_uuid=line['uuid'], type='usage')
        before = {name: self.account(name)[0] for name in ('umbrella', 'acme')}
        dispute = self.dispute(RENTER, entry['uuid'])
        self.dispute(RENTER, entry['uuid'], status=409)
        other = self.dispute(OWNER, entry['uuid'])
        self.dispute(THIRD, entry['uuid'], status=404)
        too_much = money.text(decimal.Decimal(entry['amount']) + money.QUANTUM)
        for body in (
            {'status': 'accepted', 'decision': 'x'},
            {'status': 'accepted', 'decision': 'x', 'amount': too_much},
            {'status': 'accepted', 'decision': 'x', 'amount': '0'},
            {'status': 'accepted', 'decision': 'x', 'amount': 'NaN'},
            {'status': 'accepted', 'decision': 'x', 'amount': '-1'},
            {'status': 'accepted', 'decision': 'x', 'amount': '1e400'},
            {'status': 'rejected', 'decision': 'x', 'amount': '1'},
            {'status': 'open', 'decision': 'x'},
            {'status': 'rejected'},
        ):
            self.decide(dispute, expected=400, **body)
        self.decide(dispute, 403, RENTER, status='rejected', decision='mine')
        self.assertEqual(before, {name: self.account(name)[0] for name in before})
        done = self.decide(
            dispute, status='accepted', amount='1.5', decision='the owner says so'
        )
        self.decide(dispute, 409, status='rejected', decision='no')
        self.decide(other, status='rejected', decision='it was not')
        for name, sign in (('umbrella', 1), ('acme', -1)):
            moved = decimal.Decimal(self.account(name)[0]) - decimal.Decimal(
                before[name]
            )
            self.assertEqual(sign * decimal.Decimal('1.5'), moved)
        correction = self.show('transfers', done['correction_uuid'], 'umbrella-reader')
        self.assertEqual(
            (entry['uuid'], month, core.month(self.clock())),
            (correction['corrects'], correction['period'], correction['month']),
        )
        found = self.statement(RENTER, core.month(self.clock()))
        (told,) = [each for each in found['lines'] if each['corrects']]
        self.assertEqual('1.500000', told['amount'])
        self.assertEqual(
            ['dispute.opened', 'dispute.accepted'], self.names(RENTER, dispute)
        )
        self.assertEqual(
            ['dispute.opened', 'dispute.accepted'], self.names(OWNER, dispute)
        )
        # What is due was booked; that a month is looked at again changes nothing.
        self.keep(months=1)
        self.assertEqual(
            1, len(self.entries(RENTER, object_uuid=line['uuid'], type='usage'))
        )

    def names(self, who, dispute):
        found = self.market(who).get('/v1/events', object_uuid=dispute)
        return [each['type'] for each in self.good(found, 200)['events']]

    def test_an_owner_who_was_paid_too_little(self):
        line = self.served()
        (entry,) = self.entries(OWNER, object_uuid=line['uuid'], type='usage')
        before = decimal.Decimal(self.account('acme')[0])
        dispute = self.dispute(OWNER, entry['uuid'])
        self.decide(dispute, status='accepted', amount='2', decision='it was longer')
        self.assertEqual(before + 2, decimal.Decimal(self.account('acme')[0]))
        (grant,) = self.entries(RENTER, type='grant', month=self.month)[:1]
        self.dispute(RENTER, grant['uuid'], status=409)
