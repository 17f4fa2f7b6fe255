# SPDX-License-Identifier: Apache-2.0
"""Bids and quotes: what somebody would pay, before anything is theirs."""

import decimal

from tempest.lib import decorators
from tempest.lib import exceptions

from flocx_tempest_plugin.tests import base

# What no server has: such a bid waits.
NOTHING_HAS = [['cpus', '>=', 100000]]


class BidsTest(base.MarketplaceTest):
    @decorators.idempotent_id('1441df82-9f81-49b3-83f0-28b588df0483')
    @decorators.attr(type='smoke')
    def test_a_bid_is_made_shown_changed_and_withdrawn(self):
        made = self.bid(requirements=NOTHING_HAS)
        shown = self.renter.market.show_bid(made['uuid'])
        self.assertEqual('available', shown['status'])
        self.assertEqual(2, decimal.Decimal(shown['price']))
        self.renter.market.change_bid(made['uuid'], price='2.50')
        shown = self.renter.market.show_bid(made['uuid'])
        self.assertEqual(decimal.Decimal('2.50'), decimal.Decimal(shown['price']))
        self.renter.market.delete_bid(made['uuid'])
        shown = self.renter.market.show_bid(made['uuid'])
        self.assertEqual('cancelled', shown['status'])
        self.assertRaises(
            exceptions.Conflict, self.renter.market.change_bid, made['uuid'], price='1'
        )

    @decorators.idempotent_id('95aa905d-ec02-4974-a9fb-9a41ddf44b6e')
    def test_a_list_has_one_s_own_bids_only(self):
        made = self.bid(requirements=NOTHING_HAS)
        mine = self.renter.market.list_bids(name=made['name'])
        self.assertEqual([made['uuid']], [bid['uuid'] for bid in mine])
        self.assertEqual([], self.stranger.market.list_bids(name=made['name']))
        self.assertEqual([], self.owner.market.list_bids(name=made['name']))

    @decorators.attr(type='negative')
    @decorators.idempotent_id('1d19dbac-fb68-487f-ad9e-48eee7f3bf68')
    def test_a_bid_is_nobody_else_s(self):
        made = self.bid(requirements=NOTHING_HAS)
        for person in (self.owner, self.stranger):
            for call in (person.market.show_bid, person.market.delete_bid):
                self.assertRaises(exceptions.NotFound, call, made['uuid'])

    @decorators.idempotent_id('a3031d1c-5fc0-4f91-8f3d-ce7843256320')
    def test_a_quote_changes_nothing(self):
        wanted = {'price': '2', 'duration': 600, 'end_time': base.moment(3600)}
        quoted = self.renter.market.quote(requirements=NOTHING_HAS, **wanted)
        self.assertFalse(quoted['lines'])
        self.assertEqual([], self.renter.market.list_contracts())
