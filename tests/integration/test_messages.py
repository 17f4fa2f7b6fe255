# SPDX-License-Identifier: Apache-2.0
"""Casts over a real broker: what is committed is known elsewhere at once."""

from tests.functional import base
from tests.integration import daemons


class RabbitMQTest(base.MarketplaceTestCase):
    WORKERS = True

    @classmethod
    def setUpClass(cls):
        cls.broker = daemons.RabbitMQ()
        cls.broker.setUp()
        cls.addClassCleanup(cls.broker.cleanUp)
        cls.OPTIONS = (
            ('DEFAULT', 'transport_url', cls.broker.url),
            # So long that nothing in this test is owed to a periodic pass.
            ('matcher', 'round_interval', '600'),
            ('provider', 'fulfil_interval', '600'),
        )
        super().setUpClass()

    def test_a_bid_is_matched_and_delivered_without_a_periodic_pass(self):
        node = self.add_node()
        self.offer(node=node)
        bid = self.bid(hours=20)
        self.eventually('matched', lambda: self.show('bids', bid['uuid'])['status'])
        self.eventually('umbrella', lambda: self.marketplace.node(node).lessee)
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        self.eventually('active', lambda: self.show('contracts', contract)['status'])
        self.market('umbrella-member').delete(f'/v1/contracts/{contract}')
        self.eventually('ended', lambda: self.show('contracts', contract)['status'])
