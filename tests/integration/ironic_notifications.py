# SPDX-License-Identifier: Apache-2.0
"""How fulfillers hear of what happens, and share what there is to do, on a rig."""

import contextlib
import uuid

from tooz import coordination

from tests import waiting
from tests.integration import people
from tools.lab import folder as folders
from tools.lab import together
from tools.rigging import fleet
from tools.rigging import services
from tools.rigging import trader

FULFILLERS = ('fulfiller-1', 'fulfiller-2')


class Noticing:
    """Ironic's notifications over RabbitMQ, and what is found without them."""

    def setUp(self):
        super().setUp()
        self.told = people.People(self.rig)
        self.seller = trader.Trader(self.rig, 'acme-owner')
        self.renter = trader.Trader(self.rig, 'umbrella-renter')

    @contextlib.contextmanager
    def fulfillers(self, **options):
        """Let the fulfillers run with other options meanwhile."""
        path = self.rig.folder.etc / 'provider.conf'
        kept = path.read_text()
        lines = kept.splitlines()
        for name, value in options.items():
            (place,) = [n for n, each in enumerate(lines) if each.startswith(name)]
            lines[place] = f'{name} = {value}'
        folders.write_private(path, '\n'.join(lines) + '\n')
        try:
            self._restart()
            yield
        finally:
            folders.write_private(path, kept)
            self._restart()

    def _restart(self):
        together.together(*(self.rig.process(name).stop for name in FULFILLERS))
        self.rig.start(*FULFILLERS)

    def flips(self, node, offer):
        """Maintenance takes an offer off the market, and brings it back."""
        for value, status in ((True, 'error'), (False, 'available')):
            self.told.change('admin', node, maintenance=value)
            self.becomes(self.seller, 'offers', offer['uuid'], status)

    def test_notifications_and_comparing_are_each_enough(self):
        node = fleet.Fleet(self.rig, 'baremetal.few').enrol(8)['acme'][0]
        offer = self.seller.offer(node, '1', 3600)
        # Nobody looks at everything before the hour is over.
        with self.fulfillers(reconcile_interval=3600):
            self.flips(node, offer)
            self._who_deploys_is_told_apart(node, offer)
        with self.fulfillers(notifications_url=''):
            self.flips(node, offer)
        self.seller.withdraw('offers', offer['uuid'])
        self.assertHolds()

    def _who_deploys_is_told_apart(self, node, offer):
        made = self.renter.claim(offer['uuid'], 600)['uuid']
        self.becomes(self.renter, 'contracts', made, 'active')
        # An owner may, says Ironic; it is the renter who pays for the server.
        self.told.provision('acme-owner', node, 'active')
        found = self.becomes(self.renter, 'contracts', made, 'error')
        self.assertEqual('owner_intervened', found['lines'][0]['reason'])
        self.told.provision('acme-owner', node, 'deleted')
        self.told.until(node, provision_state='available')
        self.becomes(self.renter, 'contracts', made, 'active')
        self.told.provision('umbrella-renter', node, 'active')
        self.told.until(node, provision_state='active')
        for power_on, target in ((True, 'power on'), (False, 'power off')):
            self.told.ask(
                'umbrella-renter', 'PUT', f'{node}/states/power', {'target': target}
            )
            self.assertIs(power_on, self._power(made, power_on))
        # What would have told of it has been heard when this has.
        self.told.change('admin', node, maintenance=True)
        self.becomes(self.seller, 'offers', offer['uuid'], 'error')
        self.becomes(self.renter, 'contracts', made, 'active')
        self.told.change('admin', node, maintenance=False)
        self.renter.withdraw('contracts', made)
        self.becomes(self.renter, 'contracts', made, 'ended')

    def _power(self, contract, expected):
        """What the market knows of the power of a server, once it is as expected."""
        return waiting.until(
            lambda: self.renter.show('contracts', contract)['lines'][0]['power_on'],
            lambda found: found is expected,
        )

    def test_workers_share_and_who_dies_is_replaced(self):
        watcher = coordination.get_coordinator(
            f'memcached://{self.rig.cache.address}', uuid.uuid4().bytes.hex().encode()
        )
        watcher.start()
        self.addCleanup(watcher.stop)
        self._members(watcher, 2, 60)
        servers = fleet.Fleet(self.rig, 'baremetal.few').enrol(8)['acme']
        sold = [self.seller.offer(node, '1', 7200)['uuid'] for node in servers]
        self.rig.process(FULFILLERS[0]).kill()
        try:
            made = [self.renter.claim(offer, 3600)['uuid'] for offer in sold]
            for ident in made:
                self.becomes(self.renter, 'contracts', ident, 'active')
            self._members(watcher, 1, services.MEMBERSHIP)
        finally:
            self.rig.start(FULFILLERS[0])
        for ident in made:
            self.renter.withdraw('contracts', ident)
        for ident in made:
            self.becomes(self.renter, 'contracts', ident, 'ended')
        for ident in sold:
            self.seller.withdraw('offers', ident)
        self.assertHolds()

    def _members(self, watcher, number, seconds):
        """Wait until fulfillers, and engines, are so many; engines always two."""

        def members():
            found = {
                group.decode().partition('.')[0]: len(watcher.get_members(group).get())
                for group in watcher.get_groups().get()
            }
            return found.get('flocx-provider')

        self.assertEqual(
            number,
            waiting.until(members, lambda found: found == number, seconds),
        )
