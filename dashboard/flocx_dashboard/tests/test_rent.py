# SPDX-License-Identifier: Apache-2.0
"""From what somebody needs to a claim or a bid, and the calendar that leads there."""

import datetime
import html
import re

from flocx.core import window
from flocx_dashboard.content.market import calendar
from flocx_dashboard.tests import base


class RentTest(base.DashboardTestCase):
    # Quotes are the engine's.
    WORKERS = True

    def find(self, who='umbrella-member', **query):
        return self.page(who, 'rent:index', **query)

    def press(self, page, button):
        """Send the form of a page whose button has this text."""
        (form,) = (
            each
            for each in re.findall(
                r'<form method="post".*?</form>', page.content.decode(), re.S
            )
            if re.search(button, each)
        )
        fields = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', form))
        path = re.search('action="([^"]*)"', form)[1]
        return self.browser('umbrella-member').post(path, fields, follow=True)

    def test_the_soonest_and_the_cheapest_are_claimed_for_what_was_said(self):
        for price, start in (('2', 0), ('3', 0), ('1', 20), ('1', 20)):
            self.offer(
                node=self.add_node(resource_class='gpu'),
                price=price,
                hours=48,
                **({'start_time': self.time(start)} if start else {}),
            )
        page = self.find(
            resource_class='gpu',
            quantity='2',
            duration='12h',
            end_time='+40h',
            name='pair',
        )
        (first, soonest), (then, cheapest) = page.context['claims']
        self.assertEqual(
            ('As soon as possible', 'The cheapest'), (str(first), str(then))
        )
        self.assertEqual((60, 24), (round(soonest.amount), round(cheapest.amount)))
        self.assertContains(page, 'Claim for 60.00')
        self.assertTrue(page.context['picture'].places)
        told = self.press(page, 'Claim for 24.00')
        self.assertContains(told, 'You have contract')
        (contract,) = [c for c in told.context['table'].data if c.name == 'pair']
        self.assertEqual(
            ['1.000000', '1.000000'], [line['price'] for line in contract.lines]
        )
        length = datetime.datetime.fromisoformat(
            contract.end_time
        ) - datetime.datetime.fromisoformat(contract.start_time)
        self.assertEqual(datetime.timedelta(hours=12), length)

    def test_a_bid_waits_with_its_total_said_before(self):
        self.offer(node=self.add_node(resource_class='patient'), price='4', name='dear')
        page = self.find(
            resource_class='patient', duration='2h', price='1.5', name='patience'
        )
        self.assertContains(page, '<strong>3.00 credits</strong> at most')
        told = self.press(page, 'Place Bid')
        self.assertContains(told, 'Bid patience is placed')
        (bid,) = told.context['table'].data
        self.assertEqual(
            ('1.500000', 7200, 'patient'), (bid.price, bid.duration, bid.resource_class)
        )

    def test_why_nothing_fits_and_what_comes_nearest(self):
        for _ in range(2):
            self.offer(node=self.add_node(resource_class='small'), price='1', hours=10)
        for query, reason, nearest in (
            ({'requirements': 'cpus>=1000'}, 'cpus >= 1000', 'Without cpus >= 1000'),
            ({'quantity': '3'}, '2 servers', '2 servers instead'),
            ({'duration': '16h'}, '10h|9h', 'For 8h instead'),
            ({'resource_class': 'none', 'duration': '1h'}, '.', 'Of any class'),
            (
                {'quantity': '2', 'spread_by': 'cpu_arch'},
                'cpu_arch',
                'Not apart by cpu_arch',
            ),
        ):
            with self.subTest(query):
                query = {'resource_class': 'small', 'duration': '4h', **query}
                page = self.find(end_time='+20h', **query)
                self.assertEqual([], page.context['claims'])
                why = page.content.decode().partition('id="rent-reason"')[2]
                self.assertRegex(html.unescape(why), reason)
                texts = {str(each.text): q for each, q in page.context['alternatives']}
                self.assertIn(nearest, texts)
                found = self.browser('umbrella-member').get(
                    f'{self.url("rent:index")}?{texts[nearest]}'
                )
                self.assertTrue(found.context['claims'])

    def test_what_is_wrong_stands_at_its_field(self):
        for query, field in (
            ({'duration': '3'}, 'duration'),
            ({'resource_class': ''}, 'duration'),
            ({'duration': '2h', 'end_time': 'x'}, 'end_time'),
            ({'duration': '2h', 'requirements': 'disks[ = 1'}, 'requirements'),
            ({'duration': '2h', 'end_time': '+1h'}, 'duration'),
        ):
            with self.subTest(query):
                page = self.find(**query)
                self.assertIn(field, page.context['filter_form'].errors)

    def test_it_is_there_before_anything_is_asked(self):
        page = self.find()
        self.assertContains(page, 'Say what you need')
        self.assertFalse(page.context['filter_form'].errors)
        gone = self.browser('umbrella-member').get(self.url('rent:claim'), follow=True)
        self.assertContains(gone, 'Say what you need')

    def test_an_offer_that_is_gone_meanwhile_is_said_to_be(self):
        offer = self.offer(node=self.add_node(resource_class='gone'), price='1')
        page = self.find(resource_class='gone', duration='2h')
        self.sent('initech-member', 'offers:claim', offer['uuid'])
        told = self.press(page, 'Claim for 2.00')
        self.assertTrue(told.context['form'].errors)

    def test_a_class_costs_something_each_hour(self):
        tomorrow = self.clock().replace(minute=0, second=0) + datetime.timedelta(days=1)
        self.offer(
            node=self.add_node(resource_class='hourly'),
            price='1',
            end_time=window.text(tomorrow.replace(hour=12, microsecond=0)),
        )
        # Of a month something is left, whatever day it is.
        for show, length, day in (('day', 24, 1), ('', 168, 1), ('month', 31, 3)):
            with self.subTest(show):
                page = self.page(
                    *('umbrella-reader', 'market:calendar'),
                    **{'resource_class': 'hourly', 'show': show},
                    start_time=f'+{day}d',
                )
                cells = [each.cell for each in page.context['picture'].places]
                self.assertLessEqual(len(cells), length)
                self.assertContains(page, 'id="calendar-table"')
        tomorrow = self.page(
            *('umbrella-reader', 'market:calendar'),
            **{'resource_class': 'hourly', 'show': 'day', 'start_time': 'tomorrow'},
        )
        prices = [each.cell.price for each in tomorrow.context['picture'].places]
        self.assertEqual(24, len(prices))
        self.assertEqual('1.000000', prices[0])
        self.assertIsNone(prices[-1])
        past = self.page('umbrella-reader', 'market:calendar', start_time='30d ago')
        self.assertContains(past, 'This time is over')

    def test_a_server_is_rented_let_free_or_not_offered(self):
        node = self.add_node('on-calendar')
        offer = self.offer(node=node, price='1.5', start_time=self.time(2), hours=30)
        self.sent(
            *('umbrella-member', 'offers:claim', offer['uuid']),
            **{'start_time': self.time(2), 'end_time': self.time(5), 'name': 'job'},
        )
        query = {'server': offer['resource_uuid'], 'show': 'day', 'start_time': '+2h'}
        page = self.page('acme-member', 'market:calendar', **query)
        places = page.context['picture'].places
        self.assertEqual(24, len(places))
        self.assertLessEqual({'let'}, {each.look for each in places})
        self.assertContains(page, self.url('offers:create', offer['resource_uuid']))
        # What is chosen there is in the form that follows.
        form = self.page(
            *('acme-member', 'offers:create', offer['resource_uuid']),
            **{'start_time': '2027-01-05 09:00', 'end_time': '2027-01-05 12:00'},
        )
        self.assertContains(form, 'value="2027-01-05 09:00"')

    def test_periods_are_days_weeks_and_months(self):
        when = datetime.datetime(2026, 12, 16, 15, 30, tzinfo=datetime.UTC)
        for shown, first, last in (
            ('day', '2026-12-16', '2026-12-17'),
            ('week', '2026-12-14', '2026-12-21'),
            ('month', '2026-12-01', '2027-01-01'),
        ):
            start, end = calendar.period(when, shown)
            self.assertEqual((first, last), (str(start.date()), str(end.date())))
