# SPDX-License-Identifier: Apache-2.0
"""Contracts, as their two parties see them in a browser."""

from flocx_dashboard import formats
from flocx_dashboard.tests import base


class ContractTest(base.DashboardTestCase):
    def contract(self, name, hours=4, **agreed):
        """A contract of umbrella with acme that has just been made."""
        offer = self.offer(name=f'{name}-offer', hours=max(24, hours))
        if agreed:
            self.sent(
                *('acme-member', 'offers:change', offer['uuid']),
                **{'name': offer['name'], 'price': '1', 'lessee_id': ''},
                **{'generation': offer['generation'], 'reclaim_notice': '30m'},
                **{'end_time': '+20h'},
            )
        self.sent(
            *('umbrella-member', 'offers:claim', offer['uuid']),
            **{'end_time': f'+{hours}h', 'name': name, **agreed},
        )
        (contract,) = (
            self.page('umbrella-reader', 'contracts:index', name=name)
            .context['table']
            .data
        )
        return contract

    def test_both_parties_see_it_and_nobody_else(self):
        contract = self.contract('seen')
        for who, role, other in (
            ('umbrella-reader', 'renter', 'Renter'),
            ('acme-reader', 'owner', 'Owner'),
        ):
            page = self.page(who, 'contracts:index', role=role, name='seen')
            self.assertEqual([other], [row['role'] for row in self.cells(page)])
            page = self.page(who, 'contracts:detail', contract.uuid)
            self.assertContains(page, 'Contract made')
        gone = self.browser('initech-reader').get(
            self.url('contracts:detail', contract.uuid)
        )
        self.assertEqual(302, gone.status_code)

    def test_its_end_is_moved(self):
        contract = self.contract('moved')
        before = formats.instant(contract.end_time)
        for by, hours in (('2h', 2), ('-3h', -1)):
            generation = self.show('contracts', contract.uuid)['generation']
            self.sent(
                *('umbrella-member', 'contracts:end', contract.uuid),
                **{'by': by, 'generation': generation},
            )
            now = formats.instant(self.show('contracts', contract.uuid)['end_time'])
            self.assertEqual(hours * 3600, (now - before).total_seconds())

    def test_it_goes_on_by_itself_until_its_renter_has_enough(self):
        contract = self.contract('goes-on')
        url = ('umbrella-member', 'contracts:go_on', contract.uuid)
        for until, most in (('+2d', '1.75'), ('', '')):
            generation = self.show('contracts', contract.uuid)['generation']
            terms = {'extend_until': until, 'extend_max_price': most}
            self.sent(*url, **terms, generation=generation)
            page = self.page('umbrella-reader', 'contracts:detail', contract.uuid)
            self.assertEqual(bool(until), '1.75 credits' in page.content.decode())

    def test_how_far_it_can_be_extended_is_said_before(self):
        contract = self.contract('said-before')
        url = ('umbrella-member', 'contracts:end', contract.uuid)
        longest = self.page(*url).context['longest']
        offer = self.show('offers', contract.lines[0]['offer_uuid'])
        self.assertEqual(offer['end_time'], longest.end_time)
        added = formats.instant(longest.end_time) - formats.instant(contract.end_time)
        self.assertEqual(
            round(added.total_seconds() / 3600, 3), round(float(longest.amount), 3)
        )
        change = {'end_time': longest.end_time, 'generation': contract.generation}
        self.sent(*url, **change)
        page = self.page(*url)
        self.assertIsNone(page.context['longest'].end_time)
        self.assertContains(page, 'cannot be extended')

    def test_what_another_end_comes_to_is_said_before(self):
        contract = self.contract('comes-to')
        for typed, words in (
            ({'by': '2h'}, '<strong>6.00 credits</strong> in all. The change alone'),
            ({'by': '2h'}, 'comes to 2.00 credits'),
            ({'by': '-3h'}, 'comes to -3.00 credits'),
            ({'by': '90d'}, r'it can end [0-9: -]+ UTC at the latest'),
            ({'by': '3'}, 'Longer by: .*unit'),
            ({}, '^$'),
        ):
            with self.subTest(typed):
                typed = {**typed, 'generation': contract.generation}
                answer = self.send(
                    'umbrella-member', 'contracts:end_total', contract.uuid, **typed
                )
                self.assertRegex(answer.content.decode().strip(), words)
        after = self.show('contracts', contract.uuid)
        self.assertEqual(contract.end_time, after['end_time'])

    def test_an_end_that_cannot_be_is_refused(self):
        contract = self.contract('refused')
        for text, field, error in (
            ({}, '__all__', 'either'),
            ({'by': '1h', 'end_time': '+1d'}, '__all__', 'either'),
            ({'by': '90d'}, '__all__', 'UTC at the latest'),
            ({'end_time': '1d ago'}, 'end_time', '.'),
        ):
            with self.subTest(text):
                answer = self.send(
                    *('umbrella-member', 'contracts:end', contract.uuid),
                    **{**text, 'generation': contract.generation},
                )
                errors = answer.context['form'].errors
                self.assertEqual([field], list(errors))
                self.assertRegex(errors[field][0], error)

    def test_it_is_released_on_its_page(self):
        contract = self.contract('released')
        self.fulfil()
        self.assertEqual('active', self.show('contracts', contract.uuid)['status'])
        page = self.page('umbrella-member', 'contracts:detail', contract.uuid)
        self.assertContains(page, 'Release')
        self.assertContains(page, 'Servers handed over')
        told = self.browser('umbrella-member').post(
            self.url('contracts:release', contract.uuid), follow=True
        )
        self.assertContains(told, 'Contract released is released')
        self.fulfil()
        ended = self.page('acme-reader', 'contracts:index', status='ended')
        self.assertIn('released', [row['name'] for row in self.cells(ended)])

    def test_its_owner_reclaims_it(self):
        contract = self.contract('reclaimed', min_reclaim_notice='20m')
        self.fulfil()
        url = self.url('contracts:reclaim', contract.uuid)
        for who, offered in (('acme-member', True), ('umbrella-member', False)):
            page = self.page(who, 'contracts:detail', contract.uuid)
            self.assertEqual(offered, url in page.content.decode())
        self.sent('acme-member', 'contracts:reclaim', contract.uuid)
        for who in ('acme-member', 'umbrella-member'):
            page = self.page(who, 'contracts:detail', contract.uuid)
            self.assertContains(page, 'Servers reclaimed by their owner')
            self.assertNotContains(page, url)
        refused = self.send(
            *('umbrella-member', 'contracts:end', contract.uuid),
            by='9h',
            generation=self.show('contracts', contract.uuid)['generation'],
        )
        self.assertIn('reclaimed', str(refused.context['form'].errors))
        self.sent('umbrella-member', 'contracts:release', contract.uuid)

    def test_its_owner_plans_an_outage(self):
        contract = self.contract('outage', hours=30)
        offer = contract.lines[0]['offer_uuid']
        page = self.page('acme-member', 'offers:detail', offer)
        self.assertContains(page, self.url('offers:outage', offer))
        self.sent(
            *('acme-member', 'offers:outage', offer),
            **{'start_time': '+26h', 'end_time': '+27h', 'reason': 'firmware'},
        )
        page = self.page('umbrella-member', 'contracts:detail', contract.uuid)
        self.assertContains(page, 'Outage planned')
        self.assertContains(page, 'firmware')

    def test_several_are_released_in_the_list(self):
        contracts = [self.contract(f'several-{number}').uuid for number in range(2)]
        told = self.act(
            'umbrella-member', 'contracts:index', 'contracts__release', *contracts
        )
        self.assertContains(told, 'Released contracts: several-0, several-1')
        for uuid in contracts:
            self.assertIn(
                self.show('contracts', uuid)['status'], ('wait_cancel', 'cancelled')
            )

    def test_an_owner_is_not_offered_what_is_the_renters(self):
        contract = self.contract('not-theirs')
        page = self.page('acme-member', 'contracts:detail', contract.uuid)
        self.assertNotContains(page, self.url('contracts:release', contract.uuid))
        told = self.act(
            'acme-member', 'contracts:index', f'contracts__release__{contract.uuid}'
        )
        self.assertContains(told, 'not allowed')


class BillTest(base.DashboardTestCase):
    OPTIONS = (('contracts', 'notice', '900'),)

    def test_its_page_says_what_was_bought_later_and_what_cancelling_cost(self):
        offer = self.offer(price='1', hours=200)
        path = f'/v1/offers/{offer["uuid"]}/claim'
        renter, owner = self.market('umbrella-member'), self.market('acme-member')
        made = self.good(renter.post(path, {'end_time': self.time(4)}))
        offer = self.show('offers', offer['uuid'])
        change = {'price': '3', 'generation': offer['generation']}
        self.good(owner.patch(f'/v1/offers/{offer["uuid"]}', change), 200)
        longer = {'end_time': self.time(6), 'generation': made['generation']}
        self.good(renter.patch(f'/v1/contracts/{made["uuid"]}', longer), 200)
        page = self.page('umbrella-reader', 'contracts:detail', made['uuid'])
        self.assertRegex(base.text(page.content.decode()), r'from [0-9: -]+ UTC: 3\.00')
        later = {'start_time': self.time(100), 'end_time': self.time(110)}
        made = self.good(renter.post(path, later))
        self.good(renter.delete(f'/v1/contracts/{made["uuid"]}'), 204)
        page = self.page('umbrella-reader', 'contracts:detail', made['uuid'])
        (line,) = page.context['lines']
        self.assertEqual(900, line['notice_seconds'])
        self.assertIn('15m billed for cancelling', base.text(page.content.decode()))
