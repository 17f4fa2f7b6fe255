# SPDX-License-Identifier: Apache-2.0
"""The market in pictures, what happens next, and the engine's rounds."""

import re
from xml.etree import ElementTree

from flocx_dashboard.tests import base

SVG = '{http://www.w3.org/2000/svg}'


class MarketTest(base.DashboardTestCase):
    def pictures(self, page):
        """The pictures of a page, as trees: each has to be well-formed."""
        return [
            ElementTree.fromstring(
                each.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"')
            )
            for each in re.findall(r'<svg class="flocx-chart".*?</svg>', page, re.S)
        ]

    def trade(self, **said):
        """A sale of a server of acme to umbrella."""
        self.offer(price='1', **said)
        bid = self.bid(price='3')
        self.round()
        return self.show('bids', bid['uuid'])['contract_uuid']

    def test_prices_are_points_and_rows(self):
        self.trade()
        page = self.page('initech-reader', 'market:index', interval='hour')
        (picture,) = self.pictures(page.content.decode())
        points = picture.findall(f'.//{SVG}circle')
        self.assertEqual(len(page.context['prices']), len(points))
        self.assertContains(page, 'id="prices-table"')
        self.assertContains(page, 'baremetal')
        nothing = self.page('initech-reader', 'market:index', resource_class='none')
        self.assertContains(nothing, 'Nothing was sold in this time')
        wrong = self.page('initech-reader', 'market:index', start_time='800d ago')
        self.assertRegex(wrong.context['filter_form'].errors['start_time'][0], '366')

    def test_supply_and_demand_are_stairs_and_rows(self):
        node = self.add_node(resource_class='<gpu>')
        self.offer(node=node, price='2')
        self.bid(price='1.5', resource_class='<gpu>')
        page = self.page('initech-reader', 'market:book', resource_class='<gpu>')
        (picture,) = self.pictures(page.content.decode())
        names = [each.text for each in picture.findall(f'.//{SVG}text')]
        self.assertIn('Supply', names)
        self.assertIn('Demand', names)
        self.assertContains(page, 'the prices do not meet')
        # A class that somebody called like a tag is none.
        self.assertNotContains(page, '<gpu>')

    def test_servers_and_contracts_are_bars(self):
        contract = self.trade(name='on-the-timeline')
        for who, kind in (('umbrella-reader', 'rented'), ('acme-reader', 'let')):
            page = self.page(who, 'market:timeline')
            (picture,) = self.pictures(page.content.decode())
            bars = picture.findall(f".//{SVG}g[@class='flocx-bar flocx-bar-{kind}']")
            self.assertTrue(bars)
            self.assertContains(page, self.url('contracts:detail', contract))

    def test_no_picture_needs_what_a_strict_policy_forbids(self):
        self.trade()
        for view in ('market:index', 'market:book', 'market:timeline'):
            page = self.page('umbrella-reader', view).content.decode()
            for picture in re.findall(r'<svg class="flocx-chart".*?</svg>', page, re.S):
                self.assertNotRegex(picture, r'style=|<style|<script|\son\w+=|https?:')


class OverviewTest(base.DashboardTestCase):
    def test_what_happens_next_and_what_it_cost(self):
        offer = self.offer(name='sold', price='6')
        self.sent(
            *('umbrella-member', 'offers:claim', offer['uuid']),
            **{'end_time': '+1h', 'name': 'running'},
        )
        self.bid(name='hoping', price='0.5')
        self.fulfil()
        self.clock.advance(minutes=30)
        for who, said in (
            ('umbrella-reader', 'Contract running ends: you give its servers back'),
            ('umbrella-reader', 'Bid hoping expires, unless it is matched'),
            ('acme-reader', 'Contract running ends: servers of yours come back'),
            ('acme-reader', 'Offer sold ends'),
        ):
            with self.subTest(said):
                self.assertContains(self.page(who, 'overview:index'), said)
        spent = self.page('umbrella-reader', 'overview:index').context['spent']
        self.assertRegex(spent, r'^3\.0')
        earned = self.page('acme-reader', 'overview:usage')
        self.assertRegex(earned.context['earned'], r'^[3-9]\.')
        table = self.browser('acme-reader').get(self.url('overview:usage_csv'))
        self.assertEqual(
            b'role,contract_uuid,resource_uuid,resource_class,price,server_hours,'
            b'missed_hours,amount',
            table.content.splitlines()[0],
        )
        self.assertIn(b'owner,', table.content)
        events = self.page('acme-reader', 'overview:events', object_type='contract')
        self.assertContains(events, 'Servers handed over')


class RoundTest(base.DashboardTestCase):
    def test_the_operator_looks_into_the_engine_and_runs_it(self):
        self.offer()
        self.bid()
        told = self.act('operator-admin', 'rounds:index', 'rounds__run')
        self.assertContains(told, '1 bids and 1 offers: 1 contracts.')
        (row,) = self.cells(told)
        self.assertEqual('1', row['contracts'])
        (found,) = told.context['table'].data
        page = self.page('operator-admin', 'rounds:detail', found.uuid)
        self.assertContains(page, 'Welfare')
        self.assertContains(page, 'credits')
        none = self.page('operator-admin', 'rounds:index', pricing='none')
        self.assertEqual([], list(none.context['table'].data))

    def test_it_is_nothing_for_members(self):
        answer = self.browser('acme-member').get(self.url('rounds:index'))
        self.assertEqual(403, answer.status_code)
        self.assertNotContains(
            self.page('acme-member', 'overview:index'), self.url('rounds:index')
        )


class TroubleTest(base.DashboardTestCase):
    def test_every_page_is_there_before_anything_happened(self):
        for view in (
            'overview:index',
            'overview:usage',
            'overview:events',
            'offers:index',
            'offers:mine',
            'offers:servers',
            'offers:hardware',
            'bids:index',
            'bids:create',
            'contracts:index',
            'market:index',
            'market:book',
            'market:timeline',
        ):
            with self.subTest(view):
                self.page('initech-reader', view)

    def test_a_token_that_is_not_valid_any_more_leads_to_the_login(self):
        browser = self.browser('initech-member')
        self.marketplace.keystone.revoked.add('initech-member')
        self.addCleanup(self.marketplace.keystone.revoked.clear)
        self.addCleanup(self._browsers.pop, 'initech-member')
        answer = browser.get(self.url('offers:index'))
        self.assertEqual(302, answer.status_code)
        self.assertIn('/auth/login', answer['Location'])

    def test_a_service_that_is_away_is_said_to_be(self):
        browser = self.browser('umbrella-reader')
        url = self.marketplace.catalog['marketplace-provider']
        self.addCleanup(
            self.marketplace.catalog.__setitem__, 'marketplace-provider', url
        )
        del self.marketplace.catalog['marketplace-provider']
        self._browsers.pop('umbrella-reader')
        page = self.page('umbrella-reader', 'overview:index')
        self.assertContains(page, 'no marketplace-provider service')
        self._browsers['umbrella-reader'] = browser
