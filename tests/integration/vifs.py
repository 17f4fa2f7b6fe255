# SPDX-License-Identifier: Apache-2.0
"""What a renter has attached is detached: a real Ironic, and a real Neutron."""

import itertools

from tests.integration import machines
from tests.integration import networks

S = machines.S


class Vifs:
    """Servers on a flat network; ``networks`` says what of Neutron there is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.neutron = cls.lab.networks()
        cls.network = cls.lab.cloud('operator').network
        made = cls.network.create_network(
            name=networks.NETWORK,
            provider_network_type='flat',
            provider_physical_network='rack',
            is_shared=True,
        )
        cls.network.create_subnet(network_id=made.id, ip_version=4, cidr='192.0.2.0/24')

    def attach(self):
        """A port of the renter's, which they have attached to the server."""
        self.is_on('flat')
        # What a test run that was killed has left.
        for vif in self.attached():
            self.admin.baremetal.detach_vif_from_node(self.node.uuid, vif)
        # The network is taken away after what is attached to it.
        self.addCleanup(self.is_on, 'noop')
        self.addCleanup(self.clean)
        (net,) = self.renter.network.networks(name=networks.NETWORK)
        port = self.renter.network.create_port(network_id=net.id)
        self.renter.baremetal.attach_vif_to_node(self.node.uuid, port.id)
        self.assertEqual([port.id], self.attached())
        seen = self.network.get_port(port.id)
        self.assertEqual(self.node.uuid, seen.binding_host_id)
        self.assertIn(seen.mac_address, self.addresses())
        return port

    def is_on(self, interface):
        """Let the server have this network interface."""
        change = {'op': 'replace', 'path': '/network_interface', 'value': interface}
        self.change(self.admin, change)

    def attached(self):
        return self.admin.baremetal.list_node_vifs(self.node.uuid)

    def addresses(self):
        """Those of the server's network cards."""
        ports = self.admin.baremetal.ports(node=self.node.uuid)
        return {port.address for port in ports}

    def assertDetached(self, port):
        """Neither knows of the other; the port itself is the renter's still."""
        self.assertEqual([], self.attached())
        seen = self.network.get_port(port.id)
        self.assertEqual('', seen.binding_host_id)
        self.assertNotIn(seen.mac_address, self.addresses())
        self.assertEqual(self.renter.current_project_id, seen.project_id)

    def test_attached_to_a_network_by_the_renter(self):
        """Of a server that is not deployed Ironic itself detaches nothing."""
        self.become(S.ACTIVE)
        port = self.attach()
        self.end()
        self.assertDetached(port)

    def test_attached_to_a_network_and_deployed_by_the_renter(self):
        self.become(S.ACTIVE)
        port = self.attach()
        self.deploy()
        self.end()
        self.assertDetached(port)

    def test_attached_to_a_network_that_does_not_answer(self):
        """It is in quarantine until Neutron is back: later nobody would detach it."""
        self.become(S.ACTIVE)
        port = self.attach()
        for start in (self.neutron.wait, self.neutron.start):
            self.addCleanup(start)
        self.neutron.stop()
        tried = itertools.count()
        self.deliver(lambda: next(tried) == 5, self.over)
        self.assertEqual(
            ('wait_end', self.lab.quarantine),
            (self.line['status'], self.seen().lessee),
        )
        # Ironic would begin to clean it, and leave it at that for ever.
        kept = self.market.kept[self.line['uuid']][1]
        self.assertEqual('quarantined', kept['phase'])
        self.neutron.start()
        self.neutron.wait()
        self.end()
        self.assertDetached(port)
