# SPDX-License-Identifier: Apache-2.0
"""Two deployments and one market: the second provider has nothing but HTTPS."""

from tests.integration import people
from tests.integration import rigs
from tests.integration import sites
from tools.lab import accounts
from tools.rigging import fleet
from tools.rigging import trader

KIND = 'baremetal.abroad'


class Abroad:
    # Another Keystone, Ironic and provider are brought up for it.
    @rigs.long
    def test_a_server_of_another_openstack_is_sold_delivered_and_taken_back(self):
        site = sites.Site(self.rig)
        self.addCleanup(site.down)
        site.up()
        # Whoever cannot prove that they are the market is told nothing.
        self.assertTrue(site.says('fulfiller-1', 'certificate verify failed'))
        site.trust()
        node, *_ = fleet.Fleet(site, KIND).enrol(2)['acme']
        here, there = people.People(self.rig), people.People(site)
        project = accounts.projects(site.folder, site.ports)['umbrella-renter']
        owner = trader.Trader(site, 'acme-owner')
        renter = trader.Trader(self.rig, 'umbrella-renter')

        # A login at one Keystone is good for the market and for their own Ironic.
        offer = owner.offer(node, '1', 7200)
        self.assertEqual(16, int(offer['properties']['cpus']))
        with self.assertRaises(trader.Gave) as refused:
            trader.Trader(self.rig, 'acme-owner').offer(node, '1', 7200)
        self.assertEqual(404, refused.exception.status)

        bid = renter.bid('2', 600, 3600, resource_class=KIND)
        bid = renter.until('bids', bid['uuid'], ['matched'])
        self.assertEqual('matched', bid['status'], bid)
        contract = bid['contract_uuid']
        self.becomes(renter, 'contracts', contract, 'active')
        self.assertEqual(project, there.until(node, lessee=project)['lessee'])
        self.assertEqual(404, here.ask('admin', 'GET', node)[0])
        self.assertEqual(202, there.provision('umbrella-renter', node, 'active'))
        there.until(node, provision_state='active')

        # Reconciliation reports across the border too.
        there.change('acme-owner', node, lessee='somebody')
        found = self.becomes(renter, 'contracts', contract, 'error')
        self.assertEqual('lessee_changed', found['lines'][0]['reason'])
        there.change('acme-owner', node, lessee=project)
        self.becomes(renter, 'contracts', contract, 'active')

        renter.withdraw('contracts', contract)
        self.becomes(renter, 'contracts', contract, 'ended')
        there.until(node, lessee=None, provision_state='available')
        owner.withdraw('offers', offer['uuid'])
        site.join_clouds()
        self.assertHolds(ironics=('admin', site.CLOUD))
