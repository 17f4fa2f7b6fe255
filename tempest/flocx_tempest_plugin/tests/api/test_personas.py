# SPDX-License-Identifier: Apache-2.0
"""What a reader, a member, a stranger and an operator may do."""

from tempest.lib import decorators
from tempest.lib import exceptions

from flocx_tempest_plugin.tests import base


class PersonasTest(base.MarketplaceTest):
    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        (cls.node,) = cls.servers()
        cls.made = cls.offer(cls.node)

    @decorators.idempotent_id('39c4deb9-be6e-4ad9-8976-2458f48eca35')
    def test_a_reader_reads_what_a_member_does(self):
        uuid = self.made['uuid']
        self.assertEqual(uuid, self.reader.market.show_offer(uuid)['uuid'])
        self.assertEqual(self.node, self.reader.provider.show_node(self.node)['uuid'])
        self.reader.market.show_usage()
        self.reader.market.list_bids()

    @decorators.attr(type='negative')
    @decorators.idempotent_id('f055f9ad-e12b-43ba-af87-a25f76d0eabf')
    def test_a_reader_changes_nothing(self):
        market, uuid = self.reader.market, self.made['uuid']
        wanted = {'price': '1', 'end_time': base.moment(600)}
        for call, arguments, fields in (
            (self.reader.provider.create_offer, (), {'resource_uuid': self.node}),
            (market.create_bid, (), wanted),
            (market.change_offer, (uuid,), {'price': '9'}),
            (market.claim_offer, (uuid,), {}),
            (self.reader.provider.delete_offer, (uuid,), {}),
        ):
            if call == self.reader.provider.create_offer:
                fields = fields | wanted
            self.assertRaises(exceptions.Forbidden, call, *arguments, **fields)

    @decorators.attr(type='negative')
    @decorators.idempotent_id('f6e29064-55f9-454e-ae72-83e458ab0f65')
    def test_who_sees_an_offer_cannot_change_it(self):
        uuid = self.made['uuid']
        for person in (self.renter, self.stranger):
            self.assertRaises(
                exceptions.Forbidden, person.market.change_offer, uuid, price='9'
            )
        self.assertRaises(
            exceptions.NotFound, self.stranger.provider.show_node, self.node
        )

    @decorators.attr(type='negative')
    @decorators.idempotent_id('144936dd-259b-4d19-b53a-3a757a31d9b5')
    def test_rounds_are_the_operator_s(self):
        self.operator.matcher.list_rounds(limit=1)
        for person in (self.owner, self.renter):
            self.assertRaises(exceptions.Forbidden, person.matcher.list_rounds)
            self.assertRaises(exceptions.Forbidden, person.matcher.run_round)

    @decorators.attr(type='negative')
    @decorators.idempotent_id('f64e51fb-4a59-41b4-a1bf-bdf91f5b1d4b')
    def test_what_a_service_says_no_member_may_say(self):
        health = f'/v1/offers/{self.made["uuid"]}/health'
        for body in ({'status': 'error', 'reason': 'maintenance'},):
            self.assertRaises(
                exceptions.Forbidden, self.owner.market.change, health, body
            )
