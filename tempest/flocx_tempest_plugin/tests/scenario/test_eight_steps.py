# SPDX-License-Identifier: Apache-2.0
"""From a server that its owner has to one that comes back clean."""

import decimal

from tempest import config
from tempest.lib import decorators
from tempest.lib import exceptions

from flocx_tempest_plugin.tests import base

CONF = config.CONF
ASK, CEILING = '1.00', '3.00'


class EightStepsTest(base.MarketplaceTest):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        cls.own, cls.sold = cls.servers(2)

    @decorators.idempotent_id('c2933ef7-ef9e-4c48-8e81-22c2cdefac61')
    @decorators.attr(type='slow')
    def test_a_project_of_one_s_own_then_the_market(self):
        # 1 and 2: for one project, at no price, and given back early.
        own = self.offer(self.own, price='0', lessee_id=self.renter.project)
        self.assertRaises(
            exceptions.NotFound, self.stranger.market.show_offer, own['uuid']
        )
        lent = self.claim(own)
        self.arrives(lent['uuid'], 'active')
        self.assertLessee(self.own, self.renter.project)
        self.renter.market.release_contract(lent['uuid'])
        self.arrives(lent['uuid'], 'ended')
        self.assertLessee(self.own, None)
        free = self.renter.market.show_offer(own['uuid'])['availabilities']
        self.assertEqual(own['end_time'], free[-1][1])
        self.owner.provider.delete_offer(own['uuid'])

        # 3 and 4: on the market, where others see it, and bid.
        offer = self.offer(self.sold, price=ASK)
        properties = self.renter.market.show_offer(offer['uuid'])['properties']
        self.assertTrue(properties)
        wanted = {'price': CEILING, 'resource_class': offer['resource_class']}
        bid = self.bid(seconds=1800, **wanted)

        # 5 and 6: the engine gets both, and makes a contract between the limits.
        matched = base.until(
            lambda: self.renter.market.show_bid(bid['uuid']),
            lambda now: now['status'] == 'matched',
            'the bid is matched',
        )
        contract = matched['contract_uuid']
        self.arrives(contract, 'active')
        (line,) = self.renter.market.show_contract(contract)['lines']
        # What is enrolled has a class of its own; of others there may be more.
        if CONF.marketplace.servers == 'ironic':
            self.assertEqual(offer['uuid'], line['offer_uuid'])
        price = decimal.Decimal(line['price'])
        self.assertTrue(decimal.Decimal(ASK) <= price <= decimal.Decimal(CEILING))

        # 7: both parties see it, and nobody else.
        (seen,) = self.owner.market.show_contract(contract)['lines']
        self.assertEqual(self.owner.project, seen['owner_id'])
        self.assertRaises(
            exceptions.NotFound, self.stranger.market.show_contract, contract
        )

        # 8: the server is used, comes back clean, and both are told.
        self.assertLessee(self.sold, self.renter.project)
        self.deploy()
        self.renter.market.release_contract(contract)
        self.arrives(contract, 'ended')
        self.assertLessee(self.sold, None)
        for person in (self.renter, self.owner):
            told = person.market.list_events(object_uuid=contract)
            wanted = {'contract.created', 'contract.active', 'contract.ended'}
            self.assertLessEqual(wanted, {event['type'] for event in told})

    def arrives(self, contract, status):
        base.until(
            lambda: self.renter.market.show_contract(contract)['status'],
            lambda now: now == status,
            f'the contract is {status}',
        )

    def assertLessee(self, node, project):
        self.assertEqual(project, self.owner.provider.show_node(node)['lessee'])

    def deploy(self):
        if not CONF.marketplace.deploy or CONF.marketplace.servers != 'ironic':
            return
        self.renter.ironic.provision(self.sold, 'active')
        base.until(
            lambda: self.renter.ironic.show_node(self.sold)['provision_state'],
            lambda state: state == 'active',
            'the server is deployed',
        )
