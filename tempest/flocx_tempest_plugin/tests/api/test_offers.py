# SPDX-License-Identifier: Apache-2.0
"""Offers of a server, by its owner, and who sees them."""

import decimal

from tempest.lib import decorators
from tempest.lib import exceptions
from tempest.lib.common.utils import data_utils

from flocx_tempest_plugin.tests import base


class OffersTest(base.MarketplaceTest):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        (cls.node,) = cls.servers()

    def setUp(self):
        super().setUp()
        # Each test has the whole time of the server.
        for offer in self.owner.market.list_offers(resource_uuid=self.node):
            base.forgive(self.owner.provider.delete_offer, offer['uuid'])

    @decorators.idempotent_id('76131023-77c1-492f-a132-d706790a26dc')
    @decorators.attr(type='smoke')
    def test_an_offer_is_made_shown_changed_and_withdrawn(self):
        made = self.offer(self.node)
        self.assertEqual(self.node, made['resource_uuid'])
        self.assertEqual(self.owner.project, made['project_id'])
        shown = self.renter.market.show_offer(made['uuid'])
        self.assertEqual('available', shown['status'])
        self.assertEqual(1, decimal.Decimal(shown['price']))
        self.owner.market.change_offer(made['uuid'], price='1.25')
        shown = self.renter.market.show_offer(made['uuid'])
        self.assertEqual(decimal.Decimal('1.25'), decimal.Decimal(shown['price']))
        self.owner.provider.delete_offer(made['uuid'])
        # To the others it has never been.
        self.assertRaises(
            exceptions.NotFound, self.renter.market.show_offer, made['uuid']
        )
        shown = self.owner.market.show_offer(made['uuid'])
        self.assertEqual('cancelled', shown['status'])

    @decorators.idempotent_id('09f7c6dd-2ade-476e-a48b-8c604f89a4da')
    def test_a_list_is_filtered_and_comes_in_pages(self):
        first = self.offer(self.node, seconds=3600)
        later = {'start_time': first['end_time'], 'price': '3.00'}
        second = self.offer(self.node, seconds=7200, **later)
        both = [first['uuid'], second['uuid']]
        self.assertEqual(both, self.listed())
        self.assertEqual(both[:1], self.listed(limit=1))
        self.assertEqual(both[1:], self.listed(limit=1, marker=both[0]))
        self.assertEqual(both[1:], self.listed(price='gt:2'))

    def listed(self, **query):
        ours = {'resource_uuid': self.node, 'sort_key': 'price', 'sort_dir': 'asc'}
        ours |= {'status': 'available'}
        found = self.owner.market.list_offers(**ours, **query)
        return [offer['uuid'] for offer in found]

    @decorators.idempotent_id('c2682d6b-c0c7-4a5b-9b3d-47958deacca3')
    def test_what_is_for_one_project_others_do_not_see(self):
        made = self.offer(self.node, price='0', lessee_id=self.renter.project)
        self.assertEqual(
            made['uuid'], self.renter.market.show_offer(made['uuid'])['uuid']
        )
        for call in (self.stranger.market.show_offer, self.stranger.market.claim_offer):
            self.assertRaises(exceptions.NotFound, call, made['uuid'])

    @decorators.attr(type='negative')
    @decorators.idempotent_id('da62383b-050d-4b6c-9418-e656ccf3d556')
    def test_one_time_of_a_server_is_offered_once(self):
        self.offer(self.node)
        self.assertRaises(exceptions.Conflict, self.offer, self.node)

    @decorators.attr(type='negative')
    @decorators.idempotent_id('2ae8332d-58a3-446b-9985-3eff65a8347b')
    def test_nobody_offers_what_is_not_theirs(self):
        wanted = {
            'resource_uuid': self.node,
            'price': '1',
            'end_time': base.moment(600),
        }
        self.assertRaises(
            exceptions.NotFound, self.stranger.provider.create_offer, **wanted
        )
        wanted['resource_uuid'] = data_utils.rand_uuid()
        self.assertRaises(
            exceptions.NotFound, self.owner.provider.create_offer, **wanted
        )
