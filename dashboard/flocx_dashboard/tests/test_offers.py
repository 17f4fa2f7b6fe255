# SPDX-License-Identifier: Apache-2.0
"""Offering, browsing and claiming, as somebody with a browser does it."""

from django import test
from django.core.files import uploadedfile

from flocx_dashboard.tests import base


class OfferTest(base.DashboardTestCase):
    OPTIONS = (('provider', 'clean_steps', '*:[deploy.erase_devices]'),)

    def test_a_server_is_offered_changed_and_withdrawn(self):
        node = self.add_node('rack-1')
        (server,) = [
            row
            for row in self.cells(self.page('acme-member', 'offers:servers'))
            if row['name'] == 'rack-1'
        ]
        self.assertEqual('64 CPUs, 256 GiB, 1,920 GB disk, x86_64', server['hardware'])
        # What is relative would be another time in the next second.
        terms = {'price': '1.5', 'end_time': self.time(48), 'name': 'rack-one'}
        terms['key'] = 'once'
        self.sent('acme-member', 'offers:create', node, **terms)
        # Sent again, by an impatient finger, it is the same offer.
        self.sent('acme-member', 'offers:create', node, **terms)
        offer = self.mine('rack-one')
        self.assertEqual('1.500000', offer.price)
        change = self.page('acme-member', 'offers:change', offer.uuid)
        self.assertContains(change, 'value="1.50"')
        self.sent(
            *('acme-member', 'offers:change', offer.uuid),
            **{'name': 'rack-one', 'price': '2', 'lessee_id': 'acme-lab'},
            **{'end_time': change.context['form']['end_time'].value()},
            generation=offer.generation,
        )
        changed = self.mine('rack-one')
        self.assertEqual(('2.000000', 'acme-lab'), (changed.price, changed.lessee_id))
        # Shown to the minute only, the end is where it was, to the second.
        self.assertEqual(offer.end_time, changed.end_time)
        self.act('acme-member', 'offers:mine', 'my_offers__withdraw', offer.uuid)
        self.assertEqual('cancelled', self.show('offers', offer.uuid)['status'])

    def test_a_block_is_offered_and_claimed_whole(self):
        terms = {'end_time': self.time(48), 'price': '1', 'block': 'rack-3'}
        for name in ('in-rack-3', 'also-in-rack-3'):
            node = self.add_node(name)
            self.sent(
                *('acme-member', 'offers:create', node),
                **{**terms, 'name': name, 'block_size': 2, 'key': name},
            )
        one, other = self.mine('in-rack-3'), self.mine('also-in-rack-3')
        shown = self.page('umbrella-member', 'offers:detail', one.uuid)
        self.assertContains(shown, 'rack-3: sold only together, 2 servers')
        page = self.page('umbrella-member', 'offers:claim', one.uuid)
        form = page.context['form']
        self.assertEqual([other.uuid], form['offers'].value())
        self.assertContains(page, 'These are sold only together')
        self.sent('umbrella-member', 'offers:claim', one.uuid, offers=[other.uuid])
        found = self.good(self.market('umbrella-member').get('/v1/contracts'), 200)
        taken = [
            {line['offer_uuid'] for line in contract['lines']}
            for contract in found['contracts']
        ]
        self.assertIn({one.uuid, other.uuid}, taken)

    def test_servers_are_filtered_sorted_and_paged(self):
        for name in ('tail-2', 'tail-1', 'tail-3'):
            self.add_node(name, resource_class='tail')
        self.add_node('head-1', resource_class='head')
        asked = {'resource_class': 'tail', 'sort_key': 'name', 'sort_dir': 'desc'}
        with test.override_settings(API_RESULT_PAGE_SIZE=2):
            first = self.page('acme-member', 'offers:servers', **asked)
            last = first.context['table'].data[-1].uuid
            rest = self.page('acme-member', 'offers:servers', marker=last, **asked)
        self.assertEqual(
            ['tail-3', 'tail-2'], [row['name'] for row in self.cells(first)]
        )
        self.assertEqual(['tail-1'], [row['name'] for row in self.cells(rest)])
        (named,) = self.cells(self.page('acme-member', 'offers:servers', name='head-1'))
        self.assertEqual('head-1', named['name'])

    def test_a_page_is_about_what_its_address_names(self):
        offer = self.offer(name='exact')
        member = self.browser('acme-member')
        for name in ('exact%2F', '%2Fexact', 'exact%252F', '%252E%252E', '%20', 'exac'):
            for view in ('', 'change/', 'claim/'):
                found = member.get(f'/project/market_offers/{name}/{view}')
                self.assertIn(found.status_code, (302, 404))
            told = self.act(
                'acme-member', 'offers:mine', f'my_offers__withdraw__{name}'
            )
            self.assertNotContains(told, 'Withdrew offer')
            row = {'action': 'row_update', 'table': 'bids', 'obj_id': name}
            member.get(self.url('bids:index'), row)
        self.assertEqual(
            offer['generation'], self.show('offers', offer['uuid'])['generation']
        )

    def test_what_is_booked_is_not_offered_for_a_claim(self):
        offer = self.offer(name='all-booked', node=self.add_node(resource_class='full'))
        self.sent('umbrella-member', 'offers:claim', offer['uuid'])
        page = self.page('initech-member', 'offers:index', resource_class='full')
        (row,) = self.cells(page)
        self.assertEqual('Fully booked', row['status'])
        self.assertNotContains(page, self.url('offers:claim', offer['uuid']))

    def test_what_a_claim_comes_to_is_said_before(self):
        offer, other = (
            self.offer(price=price, name=f'sum-{price}', hours=24)
            for price in ('2', '3')
        )
        page = self.page('umbrella-member', 'offers:claim', offer['uuid'])
        self.assertContains(page, '<strong>48.00 credits</strong> in all')
        for typed, words in (
            ({'end_time': '+5h'}, 'UTC</time>: <strong>10.00 credits'),
            ({'end_time': '+5h', 'offers': [other['uuid']]}, '<strong>25.00 credits'),
            ({'end_time': '+90d'}, 'Offer sum-2 is not free then; it is free 20.* UTC'),
            ({'end_time': 'soon'}, 'Until: .*is not a time'),
        ):
            with self.subTest(typed):
                answer = self.send(
                    'umbrella-member', 'offers:claim_total', offer['uuid'], **typed
                )
                self.assertRegex(answer.content.decode(), words)

    def test_the_first_of_a_class_is_found_by_its_class_at_once(self):
        choices = self.classes()
        self.assertNotIn('brand-new', choices)
        node = self.add_node(resource_class='brand-new')
        terms = {'price': '1', 'end_time': '+1d'}
        self.sent('acme-member', 'offers:create', node, **terms)
        self.assertIn('brand-new', self.classes())

    def classes(self):
        page = self.page('umbrella-member', 'offers:index')
        field = page.context['filter_form'].fields['resource_class']
        return dict(field.choices)

    def mine(self, name):
        page = self.page('acme-member', 'offers:mine', name=name)
        (offer,) = page.context['table'].data
        return offer

    def test_what_the_service_refuses_stands_at_its_field(self):
        node = self.add_node(resource_class='refused')
        for given, field, error in (
            ({'price': 'much'}, 'price', 'is not a price'),
            ({'price': '1.1234567'}, 'price', 'six|6'),
            ({'price': '1', 'end_time': 'soon'}, 'end_time', 'is not a time'),
            ({'price': '1', 'end_time': '1d ago'}, 'end_time', '.'),
            ({'end_time': '+1d'}, 'price', 'missing'),
        ):
            with self.subTest(given):
                given = {'end_time': '+1d', **given}
                answer = self.send('acme-member', 'offers:create', node, **given)
                errors = answer.context['form'].errors
                self.assertEqual([field], list(errors))
                self.assertRegex(errors[field][0], error)
        page = self.page('acme-member', 'offers:mine', resource_class='refused')
        self.assertEqual([], list(page.context['table'].data))

    def test_a_change_of_what_has_changed_is_refused(self):
        offer = self.offer(name='moving')
        answer = self.send(
            *('acme-member', 'offers:change', offer['uuid']),
            **{'name': 'moved', 'price': '3', 'end_time': '+1d', 'generation': 7},
        )
        self.assertRegex(
            answer.context['form'].non_field_errors()[0], 'Reload the page'
        )

    def test_others_see_it_and_not_whose_server_it_is(self):
        offer = self.offer(name='seen')
        page = self.page('umbrella-reader', 'offers:detail', offer['uuid'])
        self.assertContains(page, 'memory_mb')
        self.assertContains(page, 'deploy.erase_devices')
        self.assertNotContains(
            page, self.show('offers', offer['uuid'])['resource_uuid']
        )

    def test_what_is_gone_leads_back_to_the_list(self):
        answer = self.browser('umbrella-reader').get(
            self.url('offers:detail', 'nothing'), follow=True
        )
        self.assertEqual([(self.url('offers:index'), 302)], answer.redirect_chain)
        self.assertContains(answer, 'Offer nothing not found')


class BrowseTest(base.DashboardTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        settings = test.override_settings(API_RESULT_PAGE_SIZE=2)
        settings.enable()
        cls.addClassCleanup(settings.disable)

    def names(self, page):
        return [row['name'] for row in self.cells(page)]

    def browse(self, **query):
        return self.page('umbrella-member', 'offers:index', **query)

    def follow(self, page, text):
        """The page behind a link of the table's foot."""
        table = page.context['table']
        query = {
            'next': table.get_pagination_string,
            'back': table.get_prev_pagination_string,
        }[text]()
        return self.browser('umbrella-member').get(
            f'{self.url("offers:index")}?{query}'
        )

    def test_pages_filters_and_order_are_the_services(self):
        for number, price in enumerate(('5', '3', '4', '1', '2')):
            node = self.add_node(
                properties={'cpus': number + 1, 'memory_mb': 1024, 'cpu_arch': 'arm'},
                resource_class='odd' if number % 2 else 'even',
            )
            self.offer(node=node, price=price, name=f'at-{price}')
        first = self.browse()
        self.assertEqual(['at-1', 'at-2'], self.names(first))
        second = self.follow(first, 'next')
        self.assertEqual(['at-3', 'at-4'], self.names(second))
        last = self.follow(second, 'next')
        self.assertEqual(['at-5'], self.names(last))
        self.assertFalse(last.context['table'].has_more_data())
        self.assertEqual(['at-3', 'at-4'], self.names(self.follow(last, 'back')))
        dear = self.browse(sort_key='price', sort_dir='desc')
        self.assertEqual(['at-5', 'at-4'], self.names(dear))
        self.assertContains(dear, 'aria-sort="descending"')
        self.assertContains(dear, 'sort_key=price&amp;sort_dir=asc')
        self.assertEqual(['at-3', 'at-2'], self.names(self.follow(dear, 'next')))
        for query, names in (
            ({'resource_class': 'odd'}, ['at-1', 'at-3']),
            ({'price': '1.5'}, ['at-1']),
            ({'requirements': 'cpus>=3\ncpu_arch=arm'}, ['at-1', 'at-2']),
            ({'requirements': 'cpus<=2', 'sort_key': 'end_time'}, ['at-5', 'at-3']),
            ({'available_start_time': '+30h'}, []),
            ({'status': 'expired'}, []),
            ({'name': 'at-4'}, ['at-4']),
        ):
            with self.subTest(query):
                self.assertEqual(names, self.names(self.browse(**query)))

    def test_a_filter_that_is_wrong_says_so_at_its_field(self):
        for query, error in (
            ({'requirements': 'disks[ = 1'}, 'not JMESPath'),
            ({'price': 'x'}, 'is not a price'),
            ({'available_end_time': 'never'}, 'is not a time'),
        ):
            with self.subTest(query):
                page = self.browse(**query)
                (field,) = query
                errors = page.context['filter_form'].errors
                self.assertRegex(errors[field][0], error)

    def test_a_page_whose_neighbour_is_gone_is_the_first(self):
        self.assertEqual(200, self.browse(marker='nothing').status_code)


class ClaimTest(base.DashboardTestCase):
    def test_two_offers_become_one_contract(self):
        first, second = (self.offer(price='0', name=name) for name in 'ab')
        page = self.page('umbrella-member', 'offers:claim', first['uuid'])
        choices = dict(page.context['form'].fields['offers'].choices)
        self.assertIn(second['uuid'], choices)
        self.assertNotIn(first['uuid'], choices)
        self.sent(
            *('umbrella-member', 'offers:claim', first['uuid']),
            **{'end_time': '+2h', 'name': 'pair', 'offers': [second['uuid']]},
        )
        (contract,) = (
            self.page('umbrella-reader', 'contracts:index').context['table'].data
        )
        self.assertEqual('pair', contract.name)
        self.assertEqual(
            {first['uuid'], second['uuid']},
            {line['offer_uuid'] for line in contract.lines},
        )
        answer = self.send(
            *('umbrella-member', 'offers:claim', first['uuid']), **{'end_time': '+1h'}
        )
        self.assertTrue(answer.context['form'].errors)

    def test_a_reader_is_told_that_they_may_not(self):
        offer = self.offer()
        answer = self.send('umbrella-reader', 'offers:claim', offer['uuid'])
        self.assertRegex(
            answer.context['form'].non_field_errors()[0], 'market:offers:claim'
        )

    def test_the_hardware_on_offer(self):
        self.offer()
        self.assertContains(
            self.page('umbrella-reader', 'offers:hardware'), '<code>memory_mb</code>'
        )


class BulkTest(base.DashboardTestCase):
    """Many offers from a file, each row by itself."""

    def checked(self, **data):
        return self.send('acme-member', 'offers:file', **data)

    def test_rows_are_checked_and_then_offered_once(self):
        for name in ('bulk-1', 'bulk-2'):
            self.add_node(name)
        text = (
            'server;price;end_time;lessee\n'
            'bulk-1;1.10;;\nbulk-2;;+3d;acme-lab\nno-such;1;;\nbulk-1;much;;\n'
        )
        file = uploadedfile.SimpleUploadedFile('rack.csv', text.encode())
        page = self.checked(file=file, end_time='+2d')
        self.assertEqual((2, 2), (page.context['good'], page.context['bad']))
        self.assertContains(page, 'none that is called no-such')
        self.assertContains(page, 'price: ')
        self.assertRegex(page.context['rows'][0].window[1], r':\d\d [A-Z]+$')
        good = [each.document for each in page.context['rows'] if each.is_good]
        # By a script, a part; then, without one, all of them, the first once more.
        told = self.browser('acme-member').post(
            self.url('offers:file'),
            {'row': good[:1]},
            headers={'X-Requested-With': 'XMLHttpRequest'},
        )
        self.assertEqual([True], [each['good'] for each in told.json()])
        page = self.checked(row=good)
        self.assertEqual(2, page.context['good'])
        offers = list(self.market('acme-member').get('/v1/offers').json()['offers'])
        mine = [each for each in offers if each['project_id'] == 'acme']
        self.assertEqual(
            [('0.000000', 'acme-lab'), ('1.100000', None)],
            sorted((each['price'], each['lessee_id']) for each in mine),
        )

    def test_what_is_no_file_of_offers(self):
        for given, complaint in (
            ({'text': ''}, 'no rows'),
            ({'text': 'server,color\nn,red'}, 'color'),
            ({'text': 'server\nn', 'end_time': 'some day'}, 'some day'),
            ({'file': uploadedfile.SimpleUploadedFile('a.yaml', b'{')}, 'not YAML'),
            ({'file': uploadedfile.SimpleUploadedFile('a.csv', b'\xff')}, 'utf-8'),
        ):
            with self.subTest(complaint):
                page = self.checked(**given)
                self.assertContains(page, complaint)
                self.assertFalse(page.context.get('rows'))
        self.assertEqual(400, self.checked(row='[]').status_code)
