# SPDX-License-Identifier: Apache-2.0
"""The commands of esi-leap, as python-esileapclient has them, against ours."""

from osc_lib import clientmanager

from tests.functional import test_client


class EsiTest(test_client.ClientTestCase):
    """What the owner ``acme`` and the lessee ``umbrella`` do at a site of esi-leap."""

    GROUP = 'esi'

    def run_command(self, who, *words, options=()):
        # The client is kept for a process, as if there were one command in each.
        kept = vars(clientmanager.ClientManager).get('lease')
        if kept:
            kept._handle = None
        return super().run_command(who, *words, options=options)

    def test_smoke(self):
        node = self.add_node()
        offer = self.run_json('acme-member', 'offer', 'create', node, '--name', 'spare')
        print(offer)
        shown = self.run_json('umbrella-member', 'offer', 'show', 'spare')
        print(shown)
        print(self.run_json('umbrella-member', 'offer', 'list', '--long'))
        lease = self.run_json('umbrella-member', 'offer', 'claim', offer['uuid'])
        print(lease)
        print(self.run_json('umbrella-member', 'lease', 'list', '--long'))
        print(self.run_json('operator-admin', 'lease', 'list', '--all'))
        print(self.run_json('umbrella-member', 'lease', 'show', lease['uuid']))
        print(self.run_json('acme-member', 'node', 'list', '--long'))
        print(self.run_json('acme-member', 'event', 'list'))
        self.done('acme-member', 'offer', 'delete', 'spare')
        print(self.run_json('acme-member', 'lease', 'list', '--status', 'any'))
