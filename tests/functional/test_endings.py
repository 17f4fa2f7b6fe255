# SPDX-License-Identifier: Apache-2.0
"""Many contracts end in one second: every server comes back, cleaned, and once."""

import collections
from unittest import mock

from provider.nodes import dummy
from tests import profiles
from tests.functional import base

SERVERS = profiles.number('FLOCX_ENDING_SERVERS', 20, 40)


class EndingsTest(base.MarketplaceTestCase):
    def test_all_are_taken_back_and_cleaned(self):
        end = self.time(24)
        names = [self.add_node() for _ in range(SERVERS)]
        made = []
        for name in names:
            offer = self.offer(node=name, end_time=end)
            path = f'/v1/offers/{offer["uuid"]}/claim'
            body = {'end_time': end}
            made.append(self.good(self.market('umbrella-member').post(path, body)))
        self.fulfil()
        nodes = self.marketplace.provider.nodes
        self.assertEqual({'umbrella'}, {nodes.get(name).lessee for name in names})
        # Some are deployed when the end comes, and some are not.
        for name in names[::2]:
            nodes._change(name, provision_state='active', power_state='power on')
        self.clock.advance(hours=24)
        asked, cleared = collections.Counter(), collections.Counter()
        provision, clear = dummy.DummyNodes.provision, dummy.DummyNodes.clear_lessee

        def provisioned(self, uuid, target):
            asked[uuid] += target in ('deleted', 'provide')
            provision(self, uuid, target)

        def clearing(self, uuid, *arguments):
            cleared[uuid] += 1
            return clear(self, uuid, *arguments)

        with (
            mock.patch.object(dummy.DummyNodes, 'provision', provisioned),
            mock.patch.object(dummy.DummyNodes, 'clear_lessee', clearing),
        ):
            self.fulfil(passes=4)
        ended = {self.show('contracts', each['uuid'])['status'] for each in made}
        self.assertEqual({'ended'}, ended)
        for name in names:
            node = nodes.get(name)
            self.assertEqual(
                (None, 'available', 'power off', 1, 1),
                (
                    node.lessee,
                    node.provision_state,
                    node.power_state or 'power off',
                    asked[node.uuid],
                    cleared[node.uuid],
                ),
            )
