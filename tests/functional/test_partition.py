# SPDX-License-Identifier: Apache-2.0
"""Several engines share the work through a tooz backend: here, a folder."""

import tempfile

from flocx import coordination
from flocx import db
from matcher import rounds
from tests.functional import base

#: Enough that each of two engines has some of them, whatever their names.
KINDS = 12


class SharesTest(base.MarketplaceTestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.url = f'file://{folder.name}'

    def engine(self, url=None):
        """An engine with a connection of its own, and its share of the work."""
        share = coordination.Shared(url or self.url, lambda: 'flocx-matcher')
        share.start()
        self.addCleanup(share.stop)
        marketplace = self.marketplace
        database = db.Database(marketplace.conf.database.connection)
        self.addCleanup(database.engine.dispose)
        return rounds.Rounds(marketplace.conf, database, share), share

    def trade(self, kind):
        """An offer and a bid that meet only each other; the bid."""
        node = self.add_node(owner='acme', resource_class=kind)
        self.offer(node=node)
        return self.bid(resource_class=kind, hours=20)

    def status(self, bid):
        return self.show('bids', bid['uuid'])['status']

    def test_each_clears_its_own_and_the_other_takes_over(self):
        (first, share), (second, _) = self.engine(), self.engine()
        bids = [self.trade(f'shared-{number}') for number in range(KINDS)]
        seen = [engine.run(self.clock()) for engine in (first, second)]
        # Nobody did what was another's, and nothing was left.
        self.assertEqual([0, 0], [each.conflicts for each in seen])
        self.assertEqual(KINDS, sum(each.contracts for each in seen))
        self.assertTrue(all(each.contracts for each in seen), seen)
        self.assertEqual({'matched'}, {self.status(bid) for bid in bids})

        share.stop()
        bids = [self.trade(f'left-{number}') for number in range(KINDS)]
        self.assertEqual(KINDS, second.run(self.clock()).contracts)
        self.assertEqual({'matched'}, {self.status(bid) for bid in bids})

    def test_without_its_backend_an_engine_clears_everything(self):
        with self.assertLogs('flocx.coordination', 'WARNING'):
            engine, _ = self.engine('memcached://127.0.0.1:1?timeout=1')
            bid = self.trade('alone')
            engine.run(self.clock())
        self.assertEqual('matched', self.status(bid))
