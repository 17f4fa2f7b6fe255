# SPDX-License-Identifier: Apache-2.0
"""Bidding, as somebody with a browser does it."""

from flocx_dashboard.tests import base

TERMS = {'price': '2', 'quantity': '1', 'end_time': '+8h'}


class BidTest(base.DashboardTestCase):
    def only(self, **query):
        (bid,) = (
            self.page('umbrella-reader', 'bids:index', **query).context['table'].data
        )
        return bid

    def test_a_bid_is_placed_changed_and_cancelled(self):
        self.sent(
            *('umbrella-member', 'bids:create'),
            **{**TERMS, 'name': 'one', 'duration': '3h', 'key': 'a'},
            requirements='memory_mb >= 65536\ncpu_arch = sparc',
        )
        bid = self.only(name='one')
        self.assertEqual(3 * 3600, bid.duration)
        self.assertEqual(
            [['memory_mb', '>=', 65536], ['cpu_arch', 'eq', 'sparc']], bid.requirements
        )
        page = self.page('umbrella-reader', 'bids:detail', bid.uuid)
        self.assertContains(page, '<code>cpu_arch eq sparc</code>')
        self.assertContains(page, 'Bid placed')
        self.sent(
            *('umbrella-member', 'bids:change', bid.uuid),
            **{'price': '2.5', 'end_time': '+9h', 'generation': bid.generation},
        )
        changed = self.only(status='available')
        self.assertEqual(('2.500000', None), (changed.price, changed.name))
        self.assertLess(bid.end_time, changed.end_time)
        self.act('umbrella-member', 'bids:index', f'bids__cancel__{bid.uuid}')
        self.assertEqual('cancelled', self.show('bids', bid.uuid)['status'])

    def test_a_bid_that_may_be_displaced_says_so(self):
        self.sent(
            *('umbrella-member', 'bids:create'),
            **{**TERMS, 'name': 'spare', 'key': 'spare'},
            **{'interruptible_notice': '30m', 'on_displaced': 'move'},
        )
        bid = self.only(name='spare')
        self.assertEqual((1800, 'move'), (bid.interruptible_notice, bid.on_displaced))
        page = self.page('umbrella-reader', 'bids:detail', bid.uuid)
        self.assertContains(page, 'With a notice of 30m')
        self.assertContains(page, 'then other servers are looked for')
        (row,) = self.cells(self.page('umbrella-reader', 'bids:index', name='spare'))
        self.assertIn('interruptible', row['status'])
        refused = self.send(
            *('umbrella-member', 'bids:create'),
            **{**TERMS, 'key': 'sooner', 'interruptible_notice': '1m'},
        )
        self.assertContains(refused, 'min_interruptible_notice')

    def test_servers_are_held_changed_paused_and_held_no_longer(self):
        page = self.page('umbrella-member', 'bids:standing')
        self.assertContains(page, 'No servers are to be held.')
        terms = {'quantity': '2', 'max_price': '1.5', 'duration': '1d', 'key': 'k'}
        for _ in range(2):
            # Sent twice, it is made once.
            page = self.press('bids:standing', **terms, name='held', end_time='+9d')
        (demand,) = page.context['demands']
        self.assertEqual((2, '1.500000', 86400), self.terms_of(demand))
        page = self.press('bids:standing', **{**terms, 'key': 'l', 'max_price': '-1'})
        self.assertContains(page, 'has-error')
        for pressed, expected in (
            ({'change': demand.uuid, 'number': '3'}, (3, 'active')),
            ({'change': demand.uuid, 'number': 'x'}, (3, 'active')),
            ({'pause': demand.uuid}, (3, 'paused')),
            ({'resume': demand.uuid}, (3, 'active')),
        ):
            (found,) = self.press('bids:standing', **pressed).context['demands']
            self.assertEqual(expected, (found.quantity, found.status))
        page = self.press('bids:standing', end=demand.uuid)
        self.assertContains(page, 'No servers are to be held.')

    @staticmethod
    def terms_of(demand):
        return demand.quantity, demand.max_price, demand.duration

    def press(self, view, **given):
        return self.send('umbrella-member', view, **given)

    def test_a_bid_with_alternatives_is_placed_and_shown(self):
        grouped = {'group_by': 'capabilities.rack', 'spread_by': 'capabilities.shelf'}
        self.sent(
            *('umbrella-member', 'bids:create'),
            **{**TERMS, 'name': 'either', 'price': '1', 'key': 'either', **grouped},
            alternatives='price=1.25,quantity=2,duration=90m\nrequire=gpus>=99\n',
        )
        bid = self.only(name='either')
        self.assertEqual(
            [(2, 5400, '1.250000'), (1, bid.duration, '1.000000')],
            [
                (each['quantity'], each['duration'], each['price'])
                for each in bid.alternatives
            ],
        )
        page = self.page('umbrella-reader', 'bids:detail', bid.uuid)
        self.assertContains(page, '<code>capabilities.rack</code>')
        self.assertContains(page, '<code>capabilities.shelf</code>: 1 of a group')
        self.assertContains(page, 'Or else')
        self.assertContains(page, '1.25 credits per server and hour')
        self.assertContains(page, '<code>gpus &gt;= 99</code>')
        self.assertNotContains(page, 'This was met.')
        self.sent(
            *('umbrella-member', 'bids:create'),
            **{**TERMS, 'name': 'cluster', 'price': '1', 'key': 'cluster'},
            parts='name=head\nname=gpu,quantity=2,offset=1m,price=2.5,require=gpus>=99,'
            'min_quantity=1,group_by=capabilities.rack,spread_by=capabilities.shelf',
        )
        bid = self.only(name='cluster')
        self.assertEqual((3, 60), (bid.quantity, bid.parts[1]['offset']))
        page = self.page('umbrella-reader', 'bids:detail', bid.uuid)
        self.assertContains(page, 'gpu: 2  for ')
        self.assertContains(page, ', 1m after the start, at most 2.50 credits')
        self.assertContains(page, ', 1 of them at least, together in <code>cap')
        self.assertContains(page, 'apart by <code>capabilities.shelf</code> (1 of a')

    def test_several_bids_are_cancelled_and_each_refusal_is_said(self):
        bids = [self.bid(name=f'many-{number}')['uuid'] for number in range(3)]
        self.act('umbrella-member', 'bids:index', 'bids__cancel', *bids[:2])
        told = self.act('umbrella-reader', 'bids:index', f'bids__cancel__{bids[2]}')
        self.assertContains(told, 'market:bids:cancel')
        self.assertEqual(
            ['cancelled', 'cancelled', 'available'],
            [self.show('bids', uuid)['status'] for uuid in bids],
        )

    def test_what_is_wrong_stands_at_its_field(self):
        for text, field, error in (
            ({'price': ''}, 'price', 'required'),
            ({'price': '-1'}, 'price', 'is not a price'),
            ({'duration': '9h'}, 'duration', '.'),
            ({'duration': 'long'}, 'duration', 'is not a duration'),
            ({'min_quantity': '2'}, 'min_quantity', '.'),
            ({'quantity': '9999999'}, 'quantity', '.'),
            ({'start_time': '+9h'}, 'end_time', '.'),
            ({'requirements': '["disks[", "==", 1]'}, 'requirements', 'not JMESPath'),
            ({'group_by': 'rack['}, 'group_by', 'not JMESPath'),
            ({'spread_max': '0'}, 'spread_max', '.'),
            ({'alternatives': 'prize=1'}, 'alternatives', "there is no 'prize'"),
            ({'parts': 'offset=9'}, 'parts', 'has no unit'),
            ({'alternatives': 'price=1\nquantity=many'}, 'alternatives', 'many'),
            ({'requirements': 'x>=many'}, 'requirements', 'compares with a number'),
            ({'name': 'x' * 256}, 'name', 'is not a name'),
        ):
            with self.subTest(text):
                answer = self.send('initech-member', 'bids:create', **{**TERMS, **text})
                errors = answer.context['form'].errors
                self.assertEqual([field], list(errors))
                self.assertRegex(errors[field][0], error)
        page = self.page('initech-reader', 'bids:index')
        self.assertEqual([], list(page.context['table'].data))

    def test_a_match_leads_to_the_contract(self):
        self.offer(price='1')
        bid = self.bid(name='matching')
        row = {'action': 'row_update', 'table': 'bids', 'obj_id': bid['uuid']}
        waiting = self.page('umbrella-member', 'bids:index', **row)
        self.assertContains(waiting, 'warning')
        self.round()
        matched = self.page('umbrella-member', 'bids:index', **row)
        self.assertContains(matched, 'status_up')
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        self.assertContains(matched, self.url('contracts:detail', contract))

    def test_a_form_in_front_of_the_page_is_a_piece_of_one(self):
        answer = self.browser('umbrella-member').get(
            self.url('bids:create'), HTTP_X_REQUESTED_WITH='XMLHttpRequest'
        )
        self.assertContains(answer, 'modal-dialog')
        self.assertNotContains(answer, '<html')


class QuoteTest(base.DashboardTestCase):
    # It is the engine that answers.
    WORKERS = True

    def test_a_quote_while_one_types(self):
        self.offer(price='1.25', name='quoted')
        quote = self.send('umbrella-member', 'bids:quote', **TERMS)
        self.assertContains(quote, '1 server')
        self.assertContains(quote, 'credits')
        quote = self.send(
            'umbrella-member', 'bids:quote', **TERMS, requirements='cpus>=1000'
        )
        self.assertContains(quote, 'No offer meets this bid')
        self.assertContains(quote, '<code>cpus &gt;= 1000</code>')
        quote = self.send('umbrella-member', 'bids:quote', **{**TERMS, 'price': ''})
        self.assertContains(quote, '1.25')
        quote = self.send('umbrella-member', 'bids:quote', **{**TERMS, 'price': '1'})
        self.assertContains(quote, 'it would take 1.25 credits')
        quote = self.send('umbrella-member', 'bids:quote', price='2')
        self.assertContains(quote, 'Fill in the end')
        quote = self.send('umbrella-member', 'bids:quote', price='cheap')
        self.assertContains(quote, 'is not a price')
        quote = self.send('umbrella-guest', 'bids:quote', **TERMS)
        self.assertContains(quote, 'market:quotes:create')
