# SPDX-License-Identifier: Apache-2.0
"""The market in pictures, what happens next, and the engine's rounds."""

import re
from unittest import mock
import urllib.parse
from xml.etree import ElementTree

from django import test
import requests

from flocx_dashboard.content.market import lanes
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

    def trade(self, **fields):
        """A sale of a server of acme to umbrella."""
        self.offer(price='1', **fields)
        bid = self.bid(price='3', resource_class='baremetal')
        self.round()
        return self.show('bids', bid['uuid'])['contract_uuid']

    def test_prices_are_points_and_rows(self):
        self.trade()
        # Only what was delivered, and has served, is shown.
        self.fulfil()
        self.clock.advance(minutes=5)
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
            told = 'let to umbrella: ' in page.content.decode()
            self.assertEqual(kind == 'let', told)
            self.assertContains(page, self.url('contracts:detail', contract))

    def test_a_server_is_one_lane(self):
        node = self.add_node('two-offers', resource_class='laned')
        for start, hours in ((1, 3), (5, 7)):
            self.offer(
                node=node,
                start_time=self.time(start),
                hours=hours,
                name=f'lane-{start}',
            )
        booked = self.offer(node=self.add_node(resource_class='laned'), name='booked')
        self.sent('umbrella-member', 'offers:claim', booked['uuid'])
        page = self.page('acme-reader', 'market:timeline', resource_class='laned')
        found = {lane.name: len(lane.spans) for lane in page.context['picture'].lanes}
        named = self.page('acme-reader', 'market:timeline', name='Two-Off')
        (lane,) = named.context['picture'].lanes
        self.assertEqual('two-offers', lane.name)
        self.assertEqual(2, found.pop('two-offers'))
        self.assertEqual([1], list(found.values()))
        page = self.page('initech-reader', 'market:timeline', resource_class='laned')
        # What is booked has no lane for others.
        self.assertEqual(
            {'lane-1', 'lane-5'},
            {lane.name for lane in page.context['picture'].lanes},
        )
        later = self.page(
            *('initech-reader', 'market:timeline'),
            **{'resource_class': 'laned', 'start_time': '+9d', 'days': '1'},
        )
        self.assertIsNone(later.context['picture'])

    def test_a_server_that_is_gone_is_called_as_its_offer(self):
        node = self.add_node('gone', resource_class='gone')
        offer = self.offer(node=node, name='offer-of-gone')
        self.sent('umbrella-member', 'offers:claim', offer['uuid'], end_time='+2h')
        (self.marketplace.folder / 'nodes' / 'gone.yaml').unlink()
        page = self.page('acme-reader', 'market:timeline', resource_class='gone')
        (lane,) = page.context['picture'].lanes
        self.assertEqual(('offer-of-gone', 2), (lane.name, len(lane.spans)))

    def test_lanes_come_in_pages(self):
        for number in range(3):
            node = self.add_node(f'paged-{number}', resource_class='paged')
            self.offer(node=node, name=f'paged-{number}')
        with mock.patch.object(lanes, 'LANES_PER_PAGE', 2):
            pages = [
                self.page(
                    *('initech-reader', 'market:timeline'),
                    **{'resource_class': 'paged', 'page': number},
                )
                for number in (1, 2)
            ]
        found = [[lane.name for lane in p.context['picture'].lanes] for p in pages]
        self.assertEqual([['paged-0', 'paged-1'], ['paged-2']], found)
        self.assertContains(pages[0], 'Rows 1 to 2 of 3')
        self.assertContains(pages[0], 'Next rows')

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
        for who, given in (
            ('umbrella-reader', 'Contract running ends: you give its servers back'),
            ('umbrella-reader', 'Bid hoping expires, unless it is matched'),
            ('acme-reader', 'Contract running ends: servers of yours come back'),
            ('acme-reader', 'Offer sold ends'),
        ):
            with self.subTest(given):
                self.assertContains(self.page(who, 'overview:index'), given)
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


class OrderTest(base.DashboardTestCase):
    def test_an_administrator_is_shown_what_is_theirs(self):
        offer = self.offer(name='of-others')
        self.sent(
            'umbrella-member', 'offers:claim', offer['uuid'], name='not-of-operators'
        )
        page = self.page('operator-admin', 'overview:index')
        self.assertNotContains(page, 'not-of-operators')
        self.assertEqual(0, page.context['contract_count'])

    def test_contracts_stand_in_the_order_of_what_is_due(self):
        for name, start, end in (
            ('due-third', 3, 9),
            ('due-first', 1, 20),
            ('due-second', 2, 5),
        ):
            offer = self.offer('initech-member')
            self.sent(
                *('umbrella-member', 'offers:claim', offer['uuid']),
                **{'start_time': self.time(start), 'end_time': self.time(end)},
                name=name,
            )
        page = self.page('initech-reader', 'overview:index')
        self.assertEqual(
            ['due-first', 'due-second', 'due-third'],
            [each.name for each in page.context['contracts']],
        )

    def test_the_last_events_are_shown_however_many_there_were(self):
        for number in range(12):
            self.bid('initech-member', name=f'event-{number}')
        page = self.page('initech-reader', 'overview:index')
        found = [each.detail for each in page.context['events']]
        self.assertEqual(10, len(found))
        self.assertTrue(found[0].startswith('event-11'), found)

    def test_what_is_new_since_the_last_visit_is_said(self):
        browser = self.browser('acme-lab-member')
        self.bid('acme-lab-member', name='read')
        self.page('acme-lab-member', 'overview:events')
        self.assertEqual(
            '', self.page('acme-lab-member', 'overview:index').context['unread']
        )
        self.bid('acme-lab-member', name='not-read')
        page = self.page('acme-lab-member', 'overview:index')
        self.assertEqual('1', page.context['unread'])
        page = self.page('acme-lab-member', 'overview:events', after='unread')
        (event,) = page.context['events']
        self.assertTrue(event.is_new)
        self.assertContains(page, 'not-read')
        self.assertEqual(
            '', self.page('acme-lab-member', 'overview:index').context['unread']
        )
        self.assertTrue(any(name.startswith('flocx_read') for name in browser.cookies))

    def test_the_feed_has_the_newest_first_and_earlier_ones_behind_them(self):
        for number in range(5):
            self.bid('acme-web-member', name=f'paged-{number}')
        seen, query = [], {}
        with test.override_settings(API_RESULT_PAGE_SIZE=2):
            while query is not None and len(seen) < 5:
                page = self.page('acme-web-member', 'overview:events', **query)
                seen += [each.detail for each in page.context['events']]
                following = page.context['next']
                query = following and dict(urllib.parse.parse_qsl(following))
        self.assertEqual(
            [f'paged-{number}' for number in (4, 3, 2, 1, 0)],
            [detail.partition(',')[0] for detail in seen[:5]],
        )
        page = self.page('acme-web-member', 'overview:index')
        self.assertEqual('', page.context['unread'])

    def test_the_agenda_has_all_that_is_due(self):
        for number in range(12):
            self.bid('acme-web-member', name=f'due-{number}')
        page = self.page('acme-web-member', 'overview:agenda')
        self.assertEqual(12, len(page.context['agenda']))

    def test_a_calendar_program_subscribes_to_it(self):
        bid = self.bid('acme-internal-member', price='3')
        self.offer()
        self.round()
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        browser, url = self.browser('acme-internal-member'), self.url('overview:agenda')
        page = browser.post(url, {'name': 'my phone'})
        self.assertContains(page, 'my phone')
        address = page.context['address']
        self.assertContains(page, address)
        self.assertIn(contract, requests.get(address, timeout=60).text)
        self.assertNotContains(browser.get(url), address)
        (known,) = page.context['subscribed']
        page = browser.post(url, {'delete': known.uuid})
        self.assertEqual([], page.context['subscribed'])
        self.assertEqual(404, requests.get(address, timeout=60).status_code)

    def test_who_is_told_of_what_happens(self):
        browser, url = self.browser('acme-lab-member'), self.url('overview:webhooks')
        page = browser.post(url, {'url': 'http://hooks.example.org/'})
        self.assertContains(page, 'https')
        self.assertEqual([], page.context['webhooks'])
        page = browser.post(
            url,
            {
                'url': 'https://hooks.example.org/flocx',
                'kind': 'contract.*',
                'name': 'billing',
            },
        )
        secret = page.context['secret']
        self.assertRegex(secret, r'^whsec_')
        self.assertContains(page, secret)
        ((made, told),) = page.context['webhooks']
        self.assertEqual(('billing', ['contract.*']), (made.name, made.event_types))
        self.assertEqual(['contracts'], told)
        page = browser.post(url, {'test': made.uuid})
        self.assertContains(page, 'It is sent an event')
        self.assertNotContains(page, secret)
        page = browser.post(url, {'delete': made.uuid})
        self.assertContains(page, 'Nobody is told.')


class RoundTest(base.DashboardTestCase):
    def test_the_operator_looks_into_the_engine_and_runs_it(self):
        self.offer()
        self.bid()
        told = self.act('operator-admin', 'rounds:index', 'rounds__run')
        self.assertContains(told, '1 bids and 1 offers: 1 contracts.')
        (row,) = self.cells(told)
        self.assertEqual('1', row['contracts'])
        self.assertNotContains(told, '&lt;')
        self.assertRegex(row['time'], r'^[0-9-]+ [0-9:]+ [A-Z]+$')
        (found,) = told.context['table'].data
        page = self.page('operator-admin', 'rounds:detail', found.uuid)
        self.assertContains(page, 'Welfare')
        self.assertContains(page, 'credits')
        none = self.page('operator-admin', 'rounds:index', pricing='none')
        self.assertEqual([], list(none.context['table'].data))

    def test_the_operator_sees_what_looks_odd(self):
        owner, renter = 'acme-lab-member', 'acme-web-member'
        offer = self.offer(owner, node=self.add_node(owner='acme-lab'))
        self.good(self.market(renter).post(f'/v1/offers/{offer["uuid"]}/claim', {}))
        rule = 'within_organisation'
        page = self.page('operator-admin', 'rounds:audit', rule=rule)
        (found,) = page.context['findings']
        self.assertEqual('acme-lab', found['finding'].project_id)
        self.assertContains(page, found['finding'].detail)
        page = self.page('operator-admin', 'rounds:audit', project_id='initech')
        self.assertContains(page, 'Nothing looks odd.')
        page = self.page('operator-admin', 'rounds:audit', start_time='2020-01-01')
        self.assertEqual([], page.context['findings'])
        self.assertContains(page, 'more than 366 days before end_time')
        page = self.page('operator-admin', 'rounds:audit', start_time='x')
        self.assertTrue(page.context['filter_form'].errors)

    def test_it_is_nothing_for_members(self):
        for view in ('rounds:index', 'rounds:audit'):
            answer = self.browser('acme-member').get(self.url(view))
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
            'overview:agenda',
            'overview:webhooks',
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
