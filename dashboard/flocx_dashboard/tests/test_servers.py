# SPDX-License-Identifier: Apache-2.0
"""A server's own page, and the names that lead to it."""

import datetime

from flocx_dashboard import formats
from flocx_dashboard.tests import base


class ServerTest(base.DashboardTestCase):
    def setUp(self):
        super().setUp()
        self.node = self.add_node(resource_class='shown')
        self.offer_made = self.offer(node=self.node, price='6', name='rack-three')
        self.sent(
            *('umbrella-member', 'offers:claim', self.offer_made['uuid']),
            **{'end_time': '+4h', 'name': 'their-job'},
        )
        self.fulfil()
        self.clock.advance(minutes=30)
        self.uuid = self.offer_made['resource_uuid']

    def test_it_says_who_has_it_and_what_it_earns(self):
        page = self.page('acme-reader', 'offers:server', self.uuid)
        words = base.text(page.content.decode())
        self.assertIn(f'Server {self.node}', words)
        self.assertRegex(words, r'Used by\s*umbrella')
        self.assertRegex(words, r'Earned\s*3\.0')
        (sale,) = page.context['sales']
        self.assertEqual('their-job', sale['title'])
        self.assertEqual('umbrella', base.text(sale['renter']))
        start, end = (formats.instant(sale[n]) for n in ('start_time', 'end_time'))
        hours = (end - start) / datetime.timedelta(hours=1)
        self.assertAlmostEqual(6 * hours, float(sale['amount']), 2)
        (offer,) = page.context['offers']
        self.assertEqual('rack-three', offer.name)
        self.assertTrue(page.context['free'])
        self.assertTrue(page.context['picture'].lanes[0].bars)
        self.assertContains(page, 'Servers handed over')

    def test_its_hand_backs_are_listed_with_how_long_they_took(self):
        (sale,) = self.page('acme-reader', 'offers:server', self.uuid).context['sales']
        contract = sale['contract'].uuid
        renter = self.market('umbrella-member')
        self.good(renter.delete(f'/v1/contracts/{contract}'), 204)
        self.clock.advance(minutes=7)
        self.fulfil(passes=2)
        page = self.page('acme-reader', 'offers:server', self.uuid)
        (sale,) = page.context['sales']
        self.assertEqual('ended', sale['status'])
        self.assertGreaterEqual(sale['returned_in'], 7 * 60)
        self.assertContains(page, 'after its end')
        # To the operator, that is the last that its provider reported.
        page = self.page('operator-admin', 'rounds:health')
        (found,) = page.context['providers']
        told = formats.instant(found['provider'].last_report_time)
        self.assertLess(datetime.timedelta(0), told - formats.instant(sale['end_time']))
        self.assertContains(page, 'In time')

    def test_who_rents_it_sees_their_part(self):
        page = self.page('umbrella-reader', 'offers:server', self.uuid)
        (sale,) = page.context['sales']
        self.assertEqual('their-job', sale['title'])
        self.assertNotContains(page, 'Earned')
        gone = self.browser('initech-reader').get(self.url('offers:server', self.uuid))
        self.assertEqual(302, gone.status_code)

    def test_wherever_it_is_named_the_name_leads_to_it(self):
        url = self.url('offers:server', self.uuid)
        (sale,) = self.page('acme-reader', 'offers:server', self.uuid).context['sales']
        for view in (
            ('offers:servers',),
            ('offers:detail', self.offer_made['uuid']),
            ('contracts:detail', sale['contract'].uuid),
            ('overview:usage',),
            ('market:timeline',),
        ):
            with self.subTest(view[0]):
                self.assertContains(self.page('acme-reader', *view), url)
        self.assertContains(self.page('acme-reader', 'money:index', by='server'), url)

    def test_an_administrator_knows_everybodys_name(self):
        (sale,) = self.page('acme-reader', 'offers:server', self.uuid).context['sales']
        page = self.page('operator-admin', 'contracts:detail', sale['contract'].uuid)
        self.assertRegex(base.text(page.content.decode()), r'Renter\s*umbrella')
        self.assertContains(page, 'rack-three')


class NameTest(base.DashboardTestCase):
    def test_a_bid_and_its_contract_know_each_others_names(self):
        self.offer(price='1')
        bid = self.bid(name='wanted', price='3')
        self.round()
        uuid = self.show('bids', bid['uuid'])['contract_uuid']
        (row,) = self.cells(self.page('umbrella-reader', 'bids:index'))
        self.assertEqual('wanted', row['contract'])
        self.assertContains(
            self.page('umbrella-reader', 'bids:detail', bid['uuid']), '>wanted</a>'
        )
        page = self.page('umbrella-reader', 'contracts:detail', uuid)
        self.assertContains(page, '>wanted</a>')

    def test_a_server_says_until_when_it_is_used_and_when_it_is_free_again(self):
        offer = self.offer(node=self.add_node('used'), price='1')
        path = f'/v1/offers/{offer["uuid"]}/claim'
        contract = self.good(self.market('umbrella-member').post(path))
        self.clock.advance(seconds=2)
        page = self.page('acme-reader', 'offers:server', offer['resource_uuid'])
        self.assertEqual(contract['end_time'], page.context['free_again'])
