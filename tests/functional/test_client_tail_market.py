# SPDX-License-Identifier: Apache-2.0
"""What ``openstack market`` tells of the market, from the real services."""

import csv
import io
import json
import pathlib
import re
import threading
from unittest import mock

import fixtures

from flocxclient.sdk import market
from tests.functional import readable
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
        output = self.refused('acme-member', 'offer list --resource-uuid no-such')
        self.assertIn('no-such', output)

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

    def test_properties(self):
        self.offer(node=self.add_node(properties={'memory_mb': 7}))
        found = {
            each['Expression']: each
            for each in self.openstack('umbrella-member', 'property list')
        }
        self.assertEqual(7, found['memory_mb']['Values']['min'])
        self.assertIn('7 to ', self.run_command('umbrella-member', 'property list')[0])

    def test_what_a_word_may_become(self):
        node = self.add_node('complete-me', resource_class='rare')
        self.offer(node=node, name='rare-offer')
        self.bid(name='rare-bid', resource_class='other')
        for who, line, expected in (
            ('umbrella-member', 'offer claim first rare-', ['rare-offer']),
            ('umbrella-member', 'offer delete rare-', []),
            ('acme-member', 'offer delete rare-', ['rare-offer']),
            ('umbrella-member', 'bid show ""', ['rare-bid']),
            ('acme-member', 'offer create complete', ['complete-me']),
            ('acme-member', 'node show complete', ['complete-me']),
            ('umbrella-member', 'find --for 1h --resource-class ra', ['rare']),
            ('umbrella-member', 'event list --limit 3 --offer rare', ['rare-offer']),
            ('umbrella-member', 'price list --interval ""', ['day', 'hour', 'week']),
            ('umbrella-member', 'bid create --name ra', []),
            ('umbrella-member', 'nothing at all', []),
            ('umbrella-member', '', []),
        ):
            with self.subTest(line):
                out, _ = self.run_command(who, f'complete {line}')
                self.assertEqual(expected, out.split())

    def test_who_has_which_server(self):
        node = self.add_node('who-has-me', properties={'capabilities': 'rack:r3'})
        self.offer(node=node, name='racked', hours=24)
        self.openstack('umbrella-member', 'offer claim racked --name racked')
        out, _ = self.run_command(
            *('acme-member', 'contract list --owner --time-range now +1w'),
            *('--require', 'capabilities.rack=r3'),
        )
        ((heading, row),) = readable.tables(out)
        found = dict(zip(heading, row, strict=True))
        self.assertEqual(
            ('racked', 'who-has-me', 'umbrella'),
            tuple(found[name] for name in ('Name', 'Lines', 'Project')),
        )

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
        output = self.refused('umbrella-member', 'usage show --month may')
        self.assertIn('such as 2027-01', output)
        self.assertNotIn('usage: ', output)

    def test_usage_of_a_project(self):
        self.claimed(price='2')
        for who, project in (
            ('umbrella-member', 'umbrella'),
            ('operator-admin', 'acme'),
        ):
            rows = self.openstack(who, 'usage show --project', project)
            self.assertEqual({project}, {row['Project ID'] for row in rows})
        output = self.refused('umbrella-member', 'usage show --project acme')
        self.assertIn('your token is for project umbrella', output)

    def follow(self, *arguments):
        return self.run_command(
            'acme-member', 'event list --follow --limit 2', *arguments
        )[0]

    def happening(self, **fields):
        """An offer that is made, and changed, a moment from now."""

        def happen():
            uuid = self.offer(**fields)['uuid']
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
        for form, lines in (('table', 2), ('csv', 3), ('value', 2), ('yaml', 12)):
            out = self.follow('--after', '0', '--type', 'offer.published', '-f', form)
            self.assertEqual(lines, len(out.splitlines()), out)
        out = self.follow('--after', '0', '--type', 'offer.published', '-c', 'Type')
        self.assertEqual({'Offer', 'published'}, set(out.split()))

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


class FindTest(test_client_tail.CommandTestCase):
    def test_what_can_be_had_and_for_how_much(self):
        def offer(name, price, start, hours):
            node = self.add_node(resource_class='found', properties={'cpus': 48})
            self.offer(
                node=node,
                name=name,
                price=price,
                start_time=self.time(start),
                hours=hours,
            )

        offer('dear', '3', 0, 24)
        offer('cheap', '1.5', 0, 24)
        offer('later', '1', 6, 24)
        offer('short', '0.5', 0, 5)
        command = 'umbrella-member', "find 'cpus>=32' --resource-class found"
        found = self.openstack(*command, '--for', '12h', '--from', self.time(1))
        self.assertEqual(
            [
                ('cheap', '18.000000', self.time(1), self.time(13)),
                ('dear', '36.000000', self.time(1), self.time(13)),
                ('later', '12.000000', self.time(6), self.time(18)),
            ],
            [
                (row['Name'], row['Amount'], row['Start Time'], row['End Time'])
                for row in found
            ],
        )
        soon = self.openstack(
            *(*command, '--for', '12h', '--from', self.time(1)),
            *('--until', self.time(14)),
        )
        self.assertEqual(['cheap', 'dear'], [row['Name'] for row in soon])
        (first,) = self.openstack(*command, '--for', '1h', '--limit', '1')
        self.assertEqual('short', first['Name'])
        out, _ = self.run_command(*command, '--for', '12h')
        self.assertIn('18.00', out)
        self.assertIn('UTC', out)

    def test_why_there_is_nothing(self):
        node = self.add_node(resource_class='brief')
        self.offer(node=node, hours=2)
        for more, reason in (
            (('--resource-class', 'brief'), '1 offers meet this, and none is free'),
            (('cpus>=4096',), 'No offer meets this then'),
        ):
            out, err = self.run_command('umbrella-member', 'find --for 12h', *more)
            self.assertEqual('', out)
            self.assertIn(reason, err)

    def test_not_ones_own(self):
        self.offer(node=self.add_node(resource_class='own'))
        command = 'find --for 1h --resource-class own'
        self.assertEqual(1, len(self.openstack('umbrella-member', command)))
        self.assertEqual([], self.openstack('acme-member', command))


class PreviewTest(test_client_tail.CommandTestCase):
    def test_what_a_claim_would_come_to(self):
        for name, price in (('first', '1'), ('second', '2.5')):
            self.offer(name=name, price=price, hours=24)
        claim = 'umbrella-member', 'offer claim first second --dry-run'
        shown = self.openstack(
            *claim, '--start-time', self.time(1), '--end-time', self.time(3)
        )
        self.assertEqual(
            (['first', 'second'], '3.500000', '7.000000'),
            (shown['offers'], shown['price'], shown['amount']),
        )
        whole = self.openstack(*claim)
        self.assertEqual(self.time(24), whole['end_time'])
        # By default it begins when all of them are free.
        self.offer(name='later', price='1', hours=24, start_time=self.time(2))
        later = self.openstack('umbrella-member', 'offer claim first later --dry-run')
        self.assertEqual(self.time(2), later['start_time'])
        message = self.refused(*claim, '--end-time', self.time(25))
        self.assertIn('offer first is not free then; it is free ', message)
        self.assertEqual([], self.openstack('umbrella-member', 'contract list'))

    def test_what_another_end_would_come_to(self):
        offer = self.offer(price='2', hours=24)['uuid']
        end = self.time(4)
        self.openstack(
            'umbrella-member', f'offer claim {offer} --end-time {end} --name kept'
        )
        for line, amount in (
            ('extend kept --by 3h', '6.000000'),
            ('shorten kept --by 1h', '-2.000000'),
            (f'set kept --end-time {self.time(6)}', '4.000000'),
        ):
            shown = self.openstack('umbrella-member', f'contract {line} --dry-run')
            self.assertEqual(
                (amount, end, self.time(24)),
                (shown['amount'], shown['end_time'], shown['latest_end_time']),
            )
        going = f'contract set kept --dry-run --extend-until {self.time(9)}'
        for more, amount in (('', '10.000000'), ('--extend-max-price 3', '15.000000')):
            shown = self.openstack('umbrella-member', f'{going} {more}')
            self.assertEqual((amount, end), (shown['max_amount'], shown['end_time']))
        shown = self.openstack('umbrella-member', 'contract show kept')
        self.assertEqual((end, None), (shown['end_time'], shown['extend_until']))

    def test_what_leaving_or_taking_back_or_an_outage_would_come_to(self):
        end, made = self.time(4), f'offer create {self.add_node()} --reclaim-notice 1h'
        offer = self.openstack(
            'acme-member', f'{made} --price 2 --end-time {self.time(24)}'
        )['uuid']
        claim = f'offer claim {offer} --start-time {self.time(2)} --end-time {end}'
        self.openstack(
            'umbrella-member', f'{claim} --name left-soon --min-reclaim-notice 1h'
        )
        outage = f'maintenance create {offer} --start-time {self.time(3)}'
        seen = {}
        for who, line in (
            ('umbrella-member', 'contract release left-soon'),
            ('acme-member', 'contract reclaim left-soon'),
            ('acme-member', f'{outage} --end-time {self.time(9)}'),
        ):
            shown = self.openstack(who, f'{line} --dry-run')
            row = shown[0] if isinstance(shown, list) else shown
            seen[line.split()[1]] = {
                name.replace(' ', '_').lower(): value for name, value in row.items()
            }
        self.assertEqual(
            {'release': '-4.000000', 'reclaim': '-4.000000', 'create': '-2.000000'},
            {line: shown['amount'] for line, shown in seen.items()},
        )
        first = tuple(seen['release'].values())[:2]
        self.assertEqual(('left-soon', 'cancelled'), first)
        self.assertEqual(['left-soon'], seen['create']['contracts'])
        self.assertEqual([], self.openstack('acme-member', 'maintenance list'))
        shown = self.openstack('umbrella-member', 'contract show left-soon')
        self.assertEqual(('created', 1), (shown['status'], shown['generation']))

    def test_what_a_server_that_is_given_away_would_come_to(self):
        self.add_node('gift')
        give = f'node provide gift umbrella --end-time {self.time(5)}'
        shown = self.openstack('acme-member', f'{give} --dry-run')
        self.assertEqual(
            ('umbrella', self.time(5), '0.000000', 0),
            tuple(
                shown[name]
                for name in ('project_id', 'end_time', 'price', 'reclaim_notice')
            ),
        )
        for kind in ('contract', 'offer'):
            listing = f'{kind} list --resource-uuid gift'
            self.assertEqual([], self.openstack('acme-member', listing))
        self.openstack('acme-member', give)
        refusal = self.refused('acme-member', f'{give} --dry-run')
        self.assertIn('is not free then', refusal)


class PricesTest(test_client_tail.CommandTestCase):
    """Time passes here at a word, which commands that count from now do not know."""

    def test_prices(self):
        self.claimed(node=self.add_node(resource_class='sold'), price='2.5')
        self.fulfil()
        self.clock.advance(hours=0.1)
        sold = "price list --resource-class sold --time-range '1d ago' +1h"
        (row,) = self.openstack('umbrella-member', f'{sold} --interval hour')
        self.assertEqual(
            ['2.500000', '2.500000', '2.500000', 1],
            [row[name] for name in ('Min', 'Median', 'Max', 'Fills')],
        )
        (sale,) = self.openstack('umbrella-member', f'{sold} --sales --limit 5')
        self.assertEqual('2.500000', sale['Price'])


class WidthTest(test_client_tail.CommandTestCase):
    def test_lists_fit_eighty_columns_and_name_things(self):
        contract = self.claimed(name='fits', price='1.5')
        # There is a price once a server has served.
        self.fulfil()
        self.clock.advance(minutes=1)
        self.offer(name='fits-too')
        self.bid(name='fits')
        for who, line in (
            ('umbrella-member', 'offer list'),
            ('umbrella-member', 'bid list'),
            ('umbrella-member', 'contract list'),
            ('umbrella-member', 'contract show ' + contract['uuid']),
            ('acme-member', 'node list'),
            ('acme-member', 'contract list --owner'),
            ('umbrella-member', 'event list'),
            ('umbrella-member', 'price list'),
            ('umbrella-member', 'usage show'),
            ('umbrella-member', 'find --for 1h'),
        ):
            with self.subTest(line):
                # As on a terminal of that width.
                out, _ = self.run_command(who, f'{line} --max-width 80')
                self.assertNotEqual('', out)
                self.assertLessEqual(max(map(len, out.splitlines())), 80, out)


class TableTest(test_client_tail.CommandTestCase):
    def test_programs_are_given_words_and_documents(self):
        self.claimed()
        out, _ = self.run_command('umbrella-member', 'contract list --long -f csv')
        row = next(csv.DictReader(io.StringIO(out)))
        self.assertEqual('created', json.loads(row['Lines'])[0]['status'])
        self.assertEqual('', row['Purpose'])
        out, _ = self.run_command(
            'umbrella-member', 'offer list -f value -c Availabilities'
        )
        for line in out.splitlines():
            self.assertIsInstance(json.loads(line), list)
        out, err = self.run_command('umbrella-member', 'bid list --name nobody')
        self.assertEqual(('', 'Nothing was found.\n'), (out, err))

    def test_times_in_the_zone_of_the_reader(self):
        self.offer(name='zoned')
        self.useFixture(
            fixtures.EnvironmentVariable('OS_MARKET_TIMEZONE', 'Asia/Kolkata')
        )
        out, _ = self.run_command('umbrella-member', 'offer show zoned')
        self.assertIn(' IST', out)
        self.assertNotIn('UTC', out)
        shown = self.openstack('umbrella-member', 'offer show zoned')
        self.assertTrue(shown['end_time'].endswith('Z'))


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

    def test_who_has_it_until_when_and_when_it_is_free_again(self):
        name = self.add_node()
        offer = self.offer(node=name, hours=24)['uuid']
        shown = self.openstack('acme-member', f'node show {name}')
        self.assertEqual((None, None), (shown['used_by'], shown['used_until']))
        ends = self.time(4), self.time(9)
        for start, end in zip((self.time(0), ends[0]), ends, strict=True):
            start = () if start == self.time(0) else ('--start-time', start)
            self.openstack(
                'umbrella-member', f'offer claim {offer} --end-time {end}', *start
            )
        self.clock.advance(seconds=1)
        threading.Event().wait(1.1)
        shown = self.openstack('acme-member', f'node show {name}')
        self.assertEqual(
            ('umbrella', *ends),
            (shown['used_by'], shown['used_until'], shown['free_again']),
        )


class QuoteTest(test_client_tail.CommandTestCase):
    WORKERS = True

    def test_what_each_start_would_cost(self):
        for price, start, hours in (('7', 0, 6), ('8.5', 4, 12)):
            node = self.add_node(resource_class='drawn')
            times = {'start_time': self.time(start), 'hours': hours}
            self.offer(node=node, price=price, **times)
        command = 'umbrella-member', 'calendar --resource-class drawn --for 2h'
        window = '--from', self.time(1), '--until', self.time(14)
        found = self.openstack(*command, *window)
        self.assertEqual(
            [self.time(number) for number in range(1, 13)],
            [each['Start Time'] for each in found],
        )
        self.assertEqual(
            ['7.000000'] * 4 + ['8.500000'] * 6 + [None] * 2,
            [each['Price'] for each in found],
        )
        self.assertEqual('14.000000', found[0]['Amount'])
        out, _ = self.run_command(*command, *window, '--ascii')
        self.assertIn('1 server for 2h: credits per server and hour', out)
        self.assertIn('.. 7.00   :: 8.50   -- not enough servers', out)
        rows = re.findall(r'(?m)^\w{3} [0-9-]{10}  (.*)', out)
        self.assertEqual((8, 12, 4), tuple(map(''.join(rows).count, '.:-')))
        out, _ = self.run_command(*command, '--by', 'day', *window)
        self.assertIn('Week of', out)
        out, err = self.run_command(*command, '--quantity', '3', *window)
        self.assertEqual('', out)
        self.assertIn('"market property list" shows', err)

    def test_what_is_left_of_credits_is_seen_before(self):
        self.run_command('operator-admin', 'credit grant acme 100')
        left = {}
        for who, line in (
            ('operator-admin', 'grant acme 5'),
            ('operator-admin', 'grant initech 5'),
            ('acme-manager', 'transfer acme-lab 7.50'),
        ):
            left[line] = self.openstack(who, f'credit {line} --dry-run')['new_balance']
        self.assertEqual(['105.000000', '5.000000', '92.500000'], [*left.values()])
        account = self.openstack('acme-manager', 'account show')
        self.assertEqual('100.000000', account['balance'])
        self.assertIn(
            '0.50 are missing',
            self.refused('acme-manager', 'credit transfer acme-lab 100.50 --dry-run'),
        )

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
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        written = folder / 'others.yaml'
        written.write_text('- {require: [cpus>=65], price: 5}\n- {duration: 90m}\n')
        others = '--alternative', str(written), '--alternative', 'price=0.8,duration=3h'
        quote = self.openstack('umbrella-member', 'quote', *terms, *others)
        self.assertEqual(0, quote['alternative'])
        self.assertEqual(
            [1, 0, 1, 0], [len(each['lines']) for each in quote['alternatives']]
        )
        bid = self.openstack(
            *('umbrella-member', 'bid create', *terms, *others, '--name', 'any'),
            *('--price', '0.5'),
        )
        self.assertEqual(
            [(7200, '5.000000'), (5400, '0.500000'), (10800, '0.800000')],
            [(each['duration'], each['price']) for each in bid['alternatives']],
        )
        output, _ = self.run_command('umbrella-member', 'bid show any')
        self.assertIn('1: 1 at 5.00, 2h, ', output)
        changed = self.openstack(
            'umbrella-member', 'bid set any', '--alternative', 'price=0.7,duration=4h'
        )
        self.assertEqual(
            [(14400, '0.700000')],
            [(each['duration'], each['price']) for each in changed['alternatives']],
        )
        # The offer costs more than is bid by now, and a dry run changes nothing.
        for price, servers in (('0.9', 0), ('1.1', 1)):
            quote = self.openstack(
                'umbrella-member', 'bid set any --dry-run', '--price', price
            )
            self.assertEqual(servers, quote['servers'])
        self.assertEqual(
            '0.500000', self.openstack('umbrella-member', 'bid show any')['price']
        )
        changed = self.openstack('umbrella-member', 'bid set any', '--no-alternative')
        self.assertEqual([], changed['alternatives'])
        together = self.openstack(
            'umbrella-member', 'quote', *terms, '--group-by', 'cpus'
        )
        self.assertEqual('64', together['group_value'])
        apart = '--quantity', '2', '--spread-by', 'cpus', '--spread-max', '1'
        self.assertEqual(
            'quantity',
            self.openstack('umbrella-member', 'quote', *terms, *apart)['reason'],
        )
        self.run_command('umbrella-member', 'bid cancel any')
        head = '--part', 'name=head,require=cpus>=64'
        self.assertEqual(
            [0],
            [
                line['part']
                for line in self.openstack('umbrella-member', 'quote', *terms, *head)[
                    'lines'
                ]
            ],
        )
        both = (
            *head,
            '--part',
            'name=gpu,quantity=2,offset=1h,price=0.5,require=gpus>=1,'
            'min_quantity=1,group_by=capabilities.rack,spread_by=cpus,spread_max=2',
        )
        bid = self.openstack(
            *('umbrella-member', 'bid create', *terms, *both, '--name', 'cluster'),
            *('--price', '0.7'),
        )
        self.assertEqual(
            [(0, bid['duration'], None), (3600, bid['duration'] - 3600, '0.500000')],
            [
                (each['offset'], each['duration'], each['price'])
                for each in bid['parts']
            ],
        )
        output, _ = self.run_command('umbrella-member', 'bid show cluster')
        self.assertIn('gpu: 1 to 2 at 0.50, from +1h, for ', output)
        self.assertIn('one capabilities.rack, 2 of a cpus at most, gpus', output)
        dearer = self.openstack(
            'umbrella-member', 'bid set cluster --dry-run', '--price', '0.8'
        )
        self.assertEqual('hardware', dearer['reason'])
        self.run_command('umbrella-member', 'bid cancel cluster')
        for option, wrong, said in (
            ('--alternative', 'price=much', 'price: '),
            ('--alternative', 'colour=red', "there is no 'colour'"),
            ('--alternative', 'nothing.yaml', 'neither a file nor terms'),
            ('--part', 'colour=red', "there is no 'colour'"),
        ):
            words = 'umbrella-member', 'quote', *terms, option, wrong
            self.assertIn(said, self.refused(*words))
        _, output = self.run_command('umbrella-member', 'bid create', *terms)
        self.assertIn('Quote: 1 now, from ', output)
        self.assertIn(f'{float(quote["amount"]):.2f} in all', output)
        _, output = self.run_command(
            'umbrella-member', 'bid create', *terms, '--require', 'cpus>=65'
        )
        self.assertIn('none now. No server on offer meets cpus >= 65.', output)
        _, output = self.run_command(
            'umbrella-member', 'bid create', *terms, '-f', 'json'
        )
        self.assertNotIn('Quote', output)
