# SPDX-License-Identifier: Apache-2.0
"""A lessee sub-lets on a real Ironic, each with no more than their own token."""

from tests.integration import people
from tools.lab import accounts
from tools.rigging import fleet
from tools.rigging import trader


class Sublets:
    def test_a_server_goes_from_hand_to_hand_and_back(self):
        """From the owner to the lessee, to whom they sub-let, and all the way back."""
        node = fleet.Fleet(self.rig, 'baremetal.few').enrol(8)['acme'][1]
        owner, lessee, other = (
            trader.Trader(self.rig, user)
            for user in ('acme-owner', 'umbrella-renter', 'acme-renter')
        )
        told = people.People(self.rig)
        project = accounts.projects(self.rig.folder, self.rig.ports)
        offer = owner.offer(node, '1', 7200)
        parent = lessee.claim(offer['uuid'], 3600)['uuid']
        (line,) = lessee.until('contracts', parent, ['active'])['lines']
        self._lessee_may(told, 'umbrella-renter', node)

        # Not beyond their own time, and nobody else at all.
        self._refuses(409, lessee.offer, node, '2', 7200)
        self._refuses(404, other.offer, node, '2', 600)
        sublet = lessee.offer(node, '2', 1800)
        self.assertEqual(line['uuid'], sublet['sublet_of'])

        # What they have running nobody undeploys for them, nor is it handed on.
        self.assertEqual(202, told.provision('umbrella-renter', node, 'active'))
        told.until(node, provision_state='active')
        made = other.claim(sublet['uuid'], 900)['uuid']
        self.becomes(other, 'contracts', made, 'wait_fulfill')
        told.until(node, lessee=project['umbrella-renter'], provision_state='active')
        self.assertEqual(202, told.provision('umbrella-renter', node, 'deleted'))
        self.becomes(other, 'contracts', made, 'active')
        told.until(node, lessee=project['acme-renter'], provision_state='available')
        self.becomes(lessee, 'contracts', parent, 'active')
        self.assertEqual(404, told.ask('umbrella-renter', 'GET', node)[0])
        self._lessee_may(told, 'acme-renter', node)
        self._refuses(409, lessee.withdraw, 'contracts', parent)

        # They leave it running and protected; the lessee gets it clean.
        self.assertEqual(202, told.provision('acme-renter', node, 'active'))
        told.until(node, provision_state='active')
        self.assertEqual(200, told.change('acme-renter', node, protected=True))
        other.withdraw('contracts', made)
        self.becomes(other, 'contracts', made, 'ended')
        told.until(
            node,
            lessee=project['umbrella-renter'],
            provision_state='available',
            protected=False,
        )
        self.assertEqual(404, told.ask('acme-renter', 'GET', node)[0])
        self.assertEqual(200, told.ask('umbrella-renter', 'GET', node)[0])
        self.becomes(lessee, 'contracts', parent, 'active')

        lessee.withdraw('contracts', parent)
        self.becomes(lessee, 'contracts', parent, 'ended')
        told.until(node, lessee=None, provision_state='available')
        self._refuses(404, lessee.offer, node, '2', 600)
        owner.withdraw('offers', offer['uuid'])
        self.assertHolds()

    def _lessee_may(self, told, user, node):
        """What Ironic shows a lessee, and what it lets them change."""
        status, seen = told.ask(user, 'GET', node)
        self.assertEqual(200, status, seen)
        self.assertEqual('baremetal.few', seen['resource_class'])
        for name in ('driver_info', 'driver_internal_info'):
            self.assertNotIn('fake', str(seen[name]), seen)
        self.assertEqual(403, told.change(user, node, lessee='somebody'))
        self.assertEqual(403, told.change(user, node, owner='somebody'))
        self.assertEqual(403, told.ask(user, 'GET', f'{node}/inventory')[0])

    def _refuses(self, status, call, *arguments):
        with self.assertRaises(trader.Gave) as refused:
            call(*arguments)
        self.assertEqual(status, refused.exception.status, refused.exception)
