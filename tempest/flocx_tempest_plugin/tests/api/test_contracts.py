# SPDX-License-Identifier: Apache-2.0
"""Contracts: claimed, read by both parties, moved, given back."""

from tempest.lib import decorators
from tempest.lib import exceptions

from flocx_tempest_plugin.tests import base


class ContractsTest(base.MarketplaceTest):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        (cls.node,) = cls.servers()
        cls.sold = cls.offer(cls.node)

    def setUp(self):
        super().setUp()
        # It begins later, so that nothing has to be undone at the server.
        wanted = {'start_time': base.moment(1800), 'end_time': base.moment(3600)}
        self.contract = self.claim(self.sold, **wanted)
        self.addCleanup(self._release, self.renter, self.contract['uuid'])

    @decorators.idempotent_id('495068dd-4cdf-4678-9ba1-26ced3c837b7')
    @decorators.attr(type='smoke')
    def test_both_parties_see_it_and_nobody_else(self):
        uuid = self.contract['uuid']
        for person in (self.renter, self.owner):
            (line,) = person.market.show_contract(uuid)['lines']
            self.assertEqual(self.sold['uuid'], line['offer_uuid'])
            self.assertEqual(self.node, line['resource_uuid'])
        self.assertRaises(exceptions.NotFound, self.stranger.market.show_contract, uuid)

    @decorators.idempotent_id('ff7a21d9-303a-4352-918c-213f7de60af2')
    def test_it_is_extended_and_given_up(self):
        uuid = self.contract['uuid']
        later = base.moment(5400)
        self.renter.market.change_contract(uuid, end_time=later)
        self.assertEqual(later, self.renter.market.show_contract(uuid)['end_time'])
        self.renter.market.release_contract(uuid)
        over = base.until(
            lambda: self.renter.market.show_contract(uuid)['status'],
            lambda status: status in base.OVER,
            'the contract is over',
        )
        self.assertEqual('cancelled', over)

    @decorators.idempotent_id('a639588c-c1a7-4078-9c5c-ed47c32ec0cd')
    def test_events_tell_both(self):
        uuid = self.contract['uuid']
        for person in (self.renter, self.owner):
            told = person.market.list_events(object_uuid=uuid)
            self.assertIn('contract.created', [event['type'] for event in told])
        self.assertEqual([], self.stranger.market.list_events(object_uuid=uuid))

    @decorators.attr(type='negative')
    @decorators.idempotent_id('1ff12234-f612-4024-ba7b-eb56aa482513')
    def test_time_that_is_sold_is_not_sold_again(self):
        wanted = {'start_time': base.moment(2400), 'end_time': base.moment(3000)}
        self.assertRaises(exceptions.Conflict, self.claim, self.sold, **wanted)
        self.assertRaises(
            exceptions.Conflict, self.claim, self.sold, self.stranger, **wanted
        )

    @decorators.attr(type='negative')
    @decorators.idempotent_id('fd504460-6944-4226-8393-3663d7ffb3f1')
    def test_strangers_cannot_end_it(self):
        release = self.stranger.market.release_contract
        self.assertRaises(exceptions.NotFound, release, self.contract['uuid'])
