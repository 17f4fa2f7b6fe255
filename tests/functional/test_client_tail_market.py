# SPDX-License-Identifier: Apache-2.0
"""What ``openstack market`` tells of the market, from the real services."""

import csv
import io
import json
import threading
from unittest import mock

from flocxclient.sdk import market
from tests.functional import test_client_tail
from tests.functional import test_client_tail_once


class MarketTest(test_client_tail.CommandTestCase):
    def test_offers_by_hardware_and_price(self):
        big = self.add_node(properties={'memory_mb': 524288, 'cpu_arch': 'aarch64'})
        dear, cheap = (
            self.offer(node=self.add_node(properties={'memory_mb': 524288}), price=each)
            for each in ('9', '0.5')
        )
        arm = self.offer(node=big, price='0.5')
        found = self.openstack(
            'umbrella-member',
            "offer list --require 'memory_mb>=524288' --max-price 1",
            '--property',
            'cpu_arch=aarch64',
        )
        self.assertEqual([arm['uuid']], [each['UUID'] for each in found])
        found = self.openstack(
            'umbrella-member',
            "offer list --require 'memory_mb>=524288' --sort price:desc --limit 1",
        )
        self.assertEqual([dear['uuid']], [each['UUID'] for each in found])
        found = self.openstack(
            'umbrella-member',
            "offer list --property 'memory_mb>=524288' --max-price 1",
        )
        self.assertIn(cheap['uuid'], [each['UUID'] for each in found])

    def test_offers_by_the_name_of_the_server(self):
        offer = self.offer(node=self.add_node('by-name'))
        found = self.openstack('acme-member', 'offer list --resource-uuid by-name')
        self.assertEqual([offer['uuid']], [each['UUID'] for each in found])
        said = self.refused('acme-member', 'offer list --resource-uuid no-such')
        self.assertIn('no-such', said)

    def test_book(self):
        for name in ('gpu-1', 'gpu-2'):
            self.offer(node=self.add_node(name, resource_class='gpu'), price='4')
        self.offer(node=self.add_node(resource_class='arm'), price='1')
        self.bid(resource_class='gpu', price='3', quantity=2)
        levels = self.openstack('umbrella-reader', 'book show --resource-class gpu')
        self.assertEqual(
            [('supply', '4.000000', 2), ('demand', '3.000000', 2)],
            [(each['Side'], each['Price'], each['Servers']) for each in levels],
        )
        out, _ = self.run_command('umbrella-member', 'book show --time-range now +1d')
        titles = [line for line in out.splitlines() if line and line[0] not in '+|']
        self.assertTrue({'arm', 'gpu'} <= set(titles), out)
        self.assertNotIn('Resource Class', out)

    def test_an_empty_book(self):
        self.run_command('umbrella-member', 'book show --resource-class none')

    def test_prices(self):
        self.claimed(node=self.add_node(resource_class='sold'), price='2.5')
        sold = "price list --resource-class sold --time-range '1d ago' +1h"
        (row,) = self.openstack('umbrella-member', f'{sold} --interval hour')
        self.assertEqual(
            ['2.500000', '2.500000', '2.500000', 1],
            [row[name] for name in ('Min', 'Median', 'Max', 'Fills')],
        )
        (sale,) = self.openstack('umbrella-member', f'{sold} --sales --limit 5')
        self.assertEqual('2.500000', sale['Price'])

    def test_properties(self):
        self.offer(node=self.add_node(properties={'memory_mb': 7}))
        found = {
            each['Expression']: each
            for each in self.openstack('umbrella-member', 'property list')
        }
        self.assertEqual(7, found['memory_mb']['Values']['min'])
        self.assertIn('7 to ', self.run_command('umbrella-member', 'property list')[0])

    def test_rounds_by_time(self):
        self.offer()
        self.bid()
        self.round()
        command = 'operator-admin', 'round list --time-range'
        self.assertNotEqual([], self.openstack(*command, '1h ago', '+1h'))
        self.assertEqual([], self.openstack(*command, '2h ago', '1h ago'))

    def test_usage(self):
        contract = self.claimed(price='2')
        period = '--time-range', '1d ago', '+1d'
        rows = self.openstack('umbrella-member', 'usage show', *period)
        self.assertEqual(
            {('umbrella', 'renter')}, {(row['Project ID'], row['Role']) for row in rows}
        )
        out, _ = self.run_command(
            'umbrella-member', 'usage show --long -f csv', *period
        )
        lines = list(csv.DictReader(io.StringIO(out)))
        self.assertIn(contract['uuid'], [line['Contract UUID'] for line in lines])

    def test_usage_of_a_month(self):
        self.claimed(price='2')
        month = f'{self.began:%Y-%m}'
        out = self.openstack('umbrella-member', 'usage show --month', month)
        self.assertEqual({f'{month}-01T00:00:00Z'}, {row['Start Time'] for row in out})
        self.assertEqual(
            [], self.openstack('umbrella-member', 'usage show --month 2020-02')
        )
        said = self.refused('umbrella-member', 'usage show --month may')
        self.assertIn('such as 2027-01', said)
        self.assertNotIn('usage: ', said)

    def test_usage_of_a_project(self):
        self.claimed(price='2')
        for who, project in (
            ('umbrella-member', 'umbrella'),
            ('operator-admin', 'acme'),
        ):
            rows = self.openstack(who, 'usage show --project', project)
            self.assertEqual({project}, {row['Project ID'] for row in rows})
        said = self.refused('umbrella-member', 'usage show --project acme')
        self.assertIn('your token is for project umbrella', said)

    def follow(self, *arguments):
        return self.run_command(
            'acme-member', 'event list --follow --limit 2', *arguments
        )[0]

    def happening(self, **said):
        """An offer that is made, and changed, a moment from now."""

        def happen():
            uuid = self.offer(**said)['uuid']
            self.market('acme-member').patch(f'/v1/offers/{uuid}', {'price': '3'})

        timer = threading.Timer(1.5, happen)
        timer.start()
        self.addCleanup(timer.join)

    def test_what_happens_from_now_on(self):
        old = self.offer()['uuid']
        # The service counts from the second.
        threading.Event().wait(1.1)
        self.happening()
        events = [json.loads(line) for line in self.follow('-f', 'json').splitlines()]
        self.assertEqual(
            ['offer.published', 'offer.changed'], [each['Type'] for each in events]
        )
        self.assertNotIn(old, [each['Object UUID'] for each in events])

    def test_each_format(self):
        self.offer()
        self.offer()
        for form, lines in (('table', 2), ('csv', 3), ('value', 2), ('yaml', 10)):
            out = self.follow('--after', '0', '--type', 'offer.published', '-f', form)
            self.assertEqual(lines, len(out.splitlines()), out)
        out = self.follow('--after', '0', '--type', 'offer.published', '-c', 'Type')
        self.assertEqual({'offer.published'}, set(out.split()))

    def test_a_service_that_is_away_for_a_moment_is_followed_on(self):
        self.offer()
        self.offer()
        with test_client_tail_once.losing('GET') as lost:
            out = self.follow('--after', '0', '-f', 'value', '-c', 'ID')
        self.assertEqual([200], lost)
        self.assertEqual(2, len(out.split()))

    def test_ctrl_c_is_how_it_ends(self):
        def interrupted(*_, **__):
            raise KeyboardInterrupt

        with mock.patch.object(market.Proxy, '_events_after', interrupted):
            self.assertEqual('', self.follow())

    def test_of_one_object_by_name(self):
        self.offer(name='watched')
        self.offer()
        found = self.openstack(
            'acme-member', "event list --offer watched --since '1h ago'"
        )
        self.assertEqual(1, len(found))

    def test_of_one_project(self):
        bid = self.bid()
        for project, count in (('umbrella', 1), ('acme', 0)):
            found = self.openstack(
                'operator-admin',
                f"event list --project {project} --since '1h ago' --long",
            )
            about = [each for each in found if each['Object UUID'] == bid['uuid']]
            self.assertEqual(count, len(about))


class OutlookTest(test_client_tail.CommandTestCase):
    def test_why_a_bid_waits(self):
        bid = self.bid(requirements=[['cpus', '>=', 4096]])
        self.round()
        shown = self.openstack('umbrella-member', f'bid show {bid["uuid"]}')
        self.assertEqual('hardware', shown['outlook']['reason'])
        table, _ = self.run_command('umbrella-member', f'bid show {bid["uuid"]}')
        self.assertIn(shown['outlook']['detail'][:20], table)


class NodeTest(test_client_tail.CommandTestCase):
    def test_those_of_an_owner_or_a_lessee(self):
        name = self.add_node()
        for side, count in (('owner', 1), ('lessee', 0)):
            found = self.openstack('acme-member', f'node list --{side} acme')
            self.assertEqual(count, len([n for n in found if n['Name'] == name]))


class QuoteTest(test_client_tail.CommandTestCase):
    WORKERS = True

    def test_quote_and_bid(self):
        offer = self.offer(price='1', hours=24)
        terms = '--price', '2', '--end-time', '+10h', '--duration', '2h'
        for command in ('quote', 'bid create --dry-run'):
            quote = self.openstack(
                'umbrella-member', command, *terms, '--require', 'cpus>=64'
            )
            self.assertEqual(1, quote['servers'])
            self.assertEqual(offer['uuid'], quote['lines'][0]['offer_uuid'])
            self.assertEqual(1, quote['requirements'][0]['offers'])
        self.assertEqual([], self.openstack('umbrella-member', 'bid list'))
        self.assertIn(
            'cpus >= 65: met by 0',
            self.run_command(
                'umbrella-member', 'quote', *terms, '--require', 'cpus>=65'
            )[0],
        )
        _, said = self.run_command('umbrella-member', 'bid create', *terms)
        self.assertIn('Quote: 1 now, from ', said)
        self.assertIn(f'{float(quote["amount"]):.2f} in all', said)
        _, said = self.run_command(
            'umbrella-member', 'bid create', *terms, '--require', 'cpus>=65'
        )
        self.assertIn('no offer meets this bid', said)
        _, said = self.run_command(
            'umbrella-member', 'bid create', *terms, '-f', 'json'
        )
        self.assertNotIn('Quote', said)
