# SPDX-License-Identifier: Apache-2.0
"""Bills, against sums that are worked out here with fractions."""

import csv
import datetime
import decimal
import fractions
import io
import random

from tests.functional import base

MICRO = decimal.Decimal('0.000001')


def rounded(exact):
    """A Fraction as six places, half to even."""
    whole, rest = divmod(exact * 10**6, 1)
    half = fractions.Fraction(1, 2)
    up = rest > half or (rest == half and whole % 2)
    return f'{decimal.Decimal(int(whole) + bool(up)) * MICRO:.6f}'


class UsageTest(base.MarketplaceTestCase):
    """Time here passes at a word; whoever reads the usage has their own start."""

    def usage(self, who='umbrella-reader', **params):
        answer = self.market(who).get('/v1/usage', **params)
        return self.good(answer, 200)

    def bill(self, contract, who='umbrella-reader', **params):
        """The one line of the usage that is of the contract."""
        params = {'start_time': self.time(-1), 'end_time': self.time(1000), **params}
        found = [
            line
            for group in self.usage(who, **params)['usage']
            for line in group['lines']
            if line['contract_uuid'] == contract['uuid']
        ]
        return found[0] if found else None

    def contract(self, price='1.234567', hours=10, **fields):
        offer = self.offer(price=price, hours=100)
        return self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim',
                {'end_time': self.time(hours), **fields},
            )
        )

    def line(self, contract):
        return self.show('contracts', contract['uuid'])['lines'][0]

    def report(self, contract, status, reason=None):
        line = contract['lines'][0]
        self.good(
            self.market('service-service').patch(
                f'/v1/contracts/{contract["uuid"]}/lines/{line["uuid"]}',
                {'status': status, 'reason': reason},
            ),
            200,
        )
        return self.clock()

    def seconds(self, since, until):
        return int((base.parsed(until) - base.parsed(since)).total_seconds())

    def assertBilled(self, seconds, contract, **params):
        """The bill says about these seconds, and exactly what they cost."""
        bill = self.bill(contract, **params)
        self.assertTrue(abs(bill['server_seconds'] - seconds) <= 2, (seconds, bill))
        served = fractions.Fraction(bill['server_seconds'])
        self.assertEqual(
            rounded(fractions.Fraction(bill['price']) * served / 3600), bill['amount']
        )
        self.assertEqual(rounded(served / 3600), bill['server_hours'])
        return bill

    def test_a_running_contract_is_billed_up_to_now(self):
        contract = self.contract()
        self.report(contract, 'active')
        self.clock.advance(hours=2, minutes=7, seconds=13)
        self.assertBilled(2 * 3600 + 7 * 60 + 13, contract)
        self.clock.advance(hours=1)
        self.assertBilled(3 * 3600 + 7 * 60 + 13, contract)

    def test_what_began_in_the_running_second_is_shown(self):
        kind = 'this-second'
        offer = self.offer(node=self.add_node(resource_class=kind))
        # A second begins here, and everything below is in it.
        self.clock.advance(microseconds=10**6 - self.clock().microsecond)
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        contract = self.good(self.market('umbrella-member').post(claim, {}))
        self.assertIn(contract['uuid'], str(self.usage()))

    def test_a_contract_that_is_over_is_billed_to_its_end(self):
        contract = self.contract(hours=5)
        self.report(contract, 'active')
        self.clock.advance(hours=7)
        self.report(contract, 'wait_end')
        self.clock.advance(hours=1)
        # The time that cleaning takes is nobody's bill.
        self.report(contract, 'ended', 'expired')
        line = self.line(contract)
        bill = self.bill(contract)
        self.assertEqual(
            self.seconds(line['fulfill_time'], line['end_time']), bill['server_seconds']
        )

    def test_late_delivery_is_not_billed_and_is_shown(self):
        contract = self.contract(hours=10)
        self.clock.advance(hours=3)
        self.assertBilled(0, contract)
        self.report(contract, 'active')
        self.clock.advance(hours=1)
        bill = self.assertBilled(3600, contract)
        self.assertTrue(abs(bill['missed_seconds'] - 3 * 3600) <= 2, bill)

    def test_what_was_never_delivered_costs_nothing(self):
        contract = self.contract(hours=4)
        self.clock.advance(hours=5)
        self.report(contract, 'ended', 'not_delivered')
        bill = self.bill(contract)
        self.assertEqual('0.000000', bill['amount'])
        self.assertTrue(abs(bill['missed_seconds'] - 4 * 3600) <= 2, bill)

    def test_an_interruption_is_not_billed(self):
        contract = self.contract(hours=10)
        self.report(contract, 'active')
        self.clock.advance(hours=2)
        self.report(contract, 'error', 'lessee_changed')
        self.clock.advance(hours=1)
        # While it lasts, and afterwards.
        self.assertBilled(2 * 3600, contract)
        self.report(contract, 'active')
        self.clock.advance(hours=3)
        bill = self.assertBilled(5 * 3600, contract)
        self.assertTrue(abs(bill['missed_seconds'] - 3600) <= 2, bill)

    def test_a_release_stops_the_bill(self):
        contract = self.contract(hours=10)
        self.report(contract, 'active')
        self.clock.advance(hours=2)
        self.market('umbrella-member').delete(f'/v1/contracts/{contract["uuid"]}')
        self.clock.advance(hours=5)
        self.report(contract, 'ended', 'released')
        self.assertBilled(2 * 3600, contract)

    def test_what_was_cancelled_is_on_no_bill(self):
        contract = self.contract(hours=10, start_time=self.time(5))
        self.market('umbrella-member').delete(f'/v1/contracts/{contract["uuid"]}')
        self.clock.advance(hours=8)
        self.assertIsNone(self.bill(contract))

    def test_the_owner_has_the_same_line(self):
        contract = self.contract()
        self.report(contract, 'active')
        self.clock.advance(hours=2)
        end = self.time(1)
        self.assertEqual(
            self.bill(contract, end_time=end),
            self.bill(contract, 'acme-reader', end_time=end),
        )
        groups = self.usage('acme-reader', start_time=self.time(-1), end_time=end)
        self.assertEqual({'owner'}, {each['role'] for each in groups['usage']})
        self.assertIsNone(self.bill(contract, 'initech-reader', end_time=end))

    def test_periods_add_up_to_the_whole(self):
        dice = random.Random(4)
        contract = self.contract(price='0.777777', hours=40)
        self.report(contract, 'active')
        for _ in range(4):
            self.clock.advance(seconds=dice.uniform(3000, 9000))
            self.report(contract, 'error', 'broken')
            self.clock.advance(seconds=dice.uniform(100, 4000))
            self.report(contract, 'active')
        self.clock.advance(hours=2)
        start, end = self.began.replace(microsecond=0), self.clock()
        whole = self.bill(contract, start_time=text(start), end_time=text(end))
        for _ in range(5):
            cuts = sorted(
                start + datetime.timedelta(seconds=dice.uniform(0, 60000))
                for _ in range(3)
            )
            edges = [start, *(each for each in cuts if each < end), end]
            parts = [
                self.bill(contract, start_time=text(low), end_time=text(high))
                for low, high in zip(edges, edges[1:], strict=False)
                if text(low) != text(high)
            ]
            for name in ('server_seconds', 'missed_seconds'):
                self.assertEqual(
                    whole[name], sum(each[name] for each in parts if each), edges
                )

    def test_sums_agree_with_their_lines_and_with_the_csv(self):
        for price in ('0.333333', '1.111111', '0.000001', '2'):
            self.report(self.contract(price=price), 'active')
        self.clock.advance(hours=1, seconds=1)
        asked = {'start_time': self.time(-1), 'end_time': self.time(1)}
        groups = self.usage(**asked)['usage']
        for group in groups:
            lines = group['lines']
            self.assertEqual(
                sum(decimal.Decimal(line['amount']) for line in lines),
                decimal.Decimal(group['amount']),
            )
            self.assertEqual(
                sum(line['server_seconds'] for line in lines), group['server_seconds']
            )
        answer = self.market('umbrella-reader').get('/v1/usage', format='csv', **asked)
        self.assertTrue(answer.headers['Content-Type'].startswith('text/csv'))
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        flat = [
            {'project_id': group['project_id'], 'role': group['role'], **line}
            for group in groups
            for line in group['lines']
        ]
        self.assertEqual(
            [{name: str(value) for name, value in each.items()} for each in flat], rows
        )

    def test_columns_of_a_later_version_are_not_in_an_earlier_one(self):
        self.report(self.contract(), 'active')
        self.clock.advance(hours=1)
        new, market = {'start_time', 'notice_seconds'}, self.market('umbrella-reader')
        for get, expected in ((market.get, set()), (market.newest, new)):
            (group,) = self.good(get('/v1/usage'), 200)['usage']
            self.assertEqual(expected, new & set(group['lines'][0]))
            heading = get('/v1/usage', format='csv').text.splitlines()[0].split(',')
            self.assertEqual(expected, new & set(heading))

    def test_the_operator_sees_everybody_and_one(self):
        self.report(self.contract(), 'active')
        self.clock.advance(hours=1)
        asked = {'start_time': self.time(-1), 'end_time': self.time(1)}
        everybody = self.usage('operator-admin', **asked)['usage']
        self.assertEqual(
            {('acme', 'owner'), ('umbrella', 'renter')},
            {(each['project_id'], each['role']) for each in everybody},
        )
        one = self.usage('operator-admin', project_id='umbrella', **asked)['usage']
        self.assertEqual(['umbrella'], [each['project_id'] for each in one])

    def test_a_period_without_a_start_is_that_of_a_month(self):
        for end, start in (
            ('2027-02-01T00:00:00Z', '2027-01-01T00:00:00Z'),
            ('2027-02-01T00:00:01Z', '2027-02-01T00:00:00Z'),
            ('2027-03-31T23:00:00-04:00', '2027-04-01T00:00:00Z'),
        ):
            self.assertEqual(start, self.usage(end_time=end)['start_time'])

    def test_nobody_else_sees_a_project_s_bill(self):
        refused = self.market('acme-reader').get('/v1/usage', project_id='umbrella')
        self.assertEqual(403, refused.status_code)
        self.assertIn('project_id', base.error(refused)['detail'])


def text(moment):
    return moment.astimezone(datetime.UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
