# SPDX-License-Identifier: Apache-2.0
"""The page about money: by month, by what it was spent on, and as files."""

import csv
import datetime
import io

from django import test
from django.utils import timezone

from flocx_dashboard.charts import money
from flocx_dashboard.tests import base
from flocx_dashboard.tests import test_market
from flocxclient.sdk import statistics


class MoneyTest(base.DashboardTestCase):
    OPTIONS = (('ledger', 'enforce', 'true'),)

    pictures = test_market.MarketTest.pictures
    trade = test_market.MarketTest.trade

    def setUp(self):
        super().setUp()
        operator = self.at('marketplace', 'operator-admin')
        operator.headers['OpenStack-API-Version'] = 'marketplace latest'
        body = {'project_id': 'umbrella', 'amount': '1000'}
        self.good(operator.post('/v1/grants', body))

    def served(self):
        contract = self.trade(node=self.add_node('seen-in-the-bill'))
        self.fulfil()
        self.clock.advance(hours=2)
        renter = self.market('umbrella-member')
        self.good(renter.delete(f'/v1/contracts/{contract}'), 204)
        self.fulfil(passes=2)

    def test_it_says_what_was_spent_on_what(self):
        self.served()
        page = self.page('umbrella-reader', 'money:index')
        (picture,) = self.pictures(page.content.decode())
        bars = picture.findall(f'.//{test_market.SVG}rect')
        self.assertEqual(1, len(bars))
        self.assertContains(page, 'credits</strong> to spend')
        self.assertContains(page, 'baremetal')
        by_server = self.page('acme-reader', 'money:index', by='server')
        self.assertContains(by_server, 'seen-in-the-bill')
        self.assertContains(by_server, 'Owner')
        by_project = self.page('umbrella-reader', 'money:index', by='partner')
        self.assertEqual('acme', by_project.context['groups'][0]['group'])
        nobody = self.page('initech-reader', 'money:index', month='2020-01')
        self.assertContains(nobody, 'has no account yet')
        self.assertContains(nobody, 'Nothing was used or served in this month')
        wrong = self.page('umbrella-reader', 'money:index', month='2027-13')
        self.assertIn('2027-13', wrong.context['filter_form'].errors['month'][0])

    def test_it_is_there_as_files(self):
        self.served()
        browser = self.browser('umbrella-reader')
        answer = browser.get(self.url('money:groups_csv'), {'by': 'class'})
        (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
        self.assertEqual(('renter', 'baremetal'), (row['role'], row['group']))
        month = self.clock().strftime('%Y-%m')
        answer = browser.get(self.url('money:statement_csv', month))
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        self.assertIn('usage', {each['type'] for each in rows})
        listed = self.page('umbrella-reader', 'money:index')
        self.assertContains(listed, self.url('money:statement_csv', month))
        for path, query in (
            (self.url('money:statement_csv', '2027-13'), {}),
            (self.url('money:groups_csv'), {'by': 'colour'}),
        ):
            self.assertEqual(400, browser.get(path, query).status_code)


class PictureTest(test.SimpleTestCase):
    def groups(self, *triples):
        return [
            statistics.UsageGroup(role=role, group=month, amount=amount)
            for role, month, amount in triples
        ]

    def test_nothing_is_no_picture(self):
        shown = money.months(timezone.now(), 3)
        self.assertIsNone(money.picture([], shown))
        before = self.groups(('renter', '2001-01', '5'))
        self.assertIsNone(money.picture(before, shown))

    def test_months_are_the_last_ones(self):
        now = datetime.datetime(2027, 2, 3, tzinfo=datetime.UTC)
        self.assertEqual(['2026-12', '2027-01', '2027-02'], money.months(now, 3))

    def test_bars_are_as_high_as_the_amounts_and_side_by_side(self):
        shown = ['2027-01', '2027-02']
        picture = money.picture(
            self.groups(
                ('renter', '2027-01', '10'),
                ('owner', '2027-01', '5'),
                ('renter', '2027-02', '0.000000'),
            ),
            shown,
        )
        (spent,), (earned,) = (each.bars for each in picture.series)
        self.assertAlmostEqual(2, spent.height / earned.height, 2)
        self.assertAlmostEqual(spent.y + spent.height, picture.frame.bottom, 1)
        self.assertLessEqual(spent.x + spent.width, earned.x + 0.1)
        self.assertIn('10.00', spent.title)
