# SPDX-License-Identifier: Apache-2.0
"""What a renter does around the end, or leaves on a server: nothing of it lasts."""

import contextlib
import datetime
import json
import threading

from tests import waiting
from tests.integration import machines

S = machines.S
#: More than Ironic lets what it has allowed wait for the lock of a server.
QUARANTINE_WAIT = datetime.timedelta(seconds=5)


class Leftovers:
    """Tests of a DeliveryTestCase."""

    def changed(self):
        """When the provision state of the server last changed."""
        return self.document()['provision_updated_at']

    def document(self):
        """The server with all its fields, as its operator sees it."""
        return self.nodes._ask('GET', f'/nodes/{self.node.uuid}')

    @contextlib.contextmanager
    def looping(self, threads, pause):
        """The renter deploys and undeploys, again and again, in so many threads.

        :param pause: seconds between two requests of one of them.
        """
        self.delivering._teardown._wait = QUARANTINE_WAIT
        stopped = threading.Event()

        def loop():
            cloud = self.lab.cloud('umbrella-renter')
            while True:
                for target in ('active', 'deleted'):
                    with contextlib.suppress(Exception):
                        cloud.baremetal.set_node_provision_state(self.node.uuid, target)
                    if stopped.wait(pause):
                        return

        running = [threading.Thread(target=loop) for _ in range(threads)]
        for thread in running:
            thread.start()
        try:
            yield
        finally:
            stopped.set()
            for thread in running:
                thread.join()

    def test_deployments_sent_in_a_loop_by_three_threads_around_the_end(self):
        """The renter keeps no rights until the server is empty."""
        self.become(S.ACTIVE)
        with self.looping(threads=3, pause=0.1):
            self.end()
        node = self.seen()
        self.assertEqual((None, 'available'), (node.lessee, node.provision_state))

    def test_a_deployment_that_waits_for_the_lock_does_not_outlive_the_contract(self):
        """One that Ironic has allowed before is undeployed, and found by nobody."""
        self.become(S.ACTIVE)
        with self.looping(threads=1, pause=0.03):
            self.end()
        # Ironic tries for so long to get the lock for what it has allowed.
        waiting.until(lambda: not self.seen().reservation)
        node = self.seen()
        self.assertEqual((None, 'available'), (node.lessee, node.provision_state))
        # And the next one to rent it gets it.
        self.line.update(status=str(S.CREATED), reason=None, fulfill_time=None)
        self.market.kept.clear()
        self.become(S.ACTIVE)

    def test_a_server_that_was_used_and_never_deployed_is_cleaned(self):
        """What the renter did with power and media, nobody can know."""
        self.become(S.ACTIVE)
        before = self.changed()
        media = {'device_type': 'cdrom', 'image_url': 'http://192.0.2.1/own.iso'}
        member = self.lab.ironic('umbrella-member', 'umbrella-renter', 'member')
        path = f'/nodes/{self.node.uuid}'
        self.assertLess(member('POST', f'{path}/vmedia', media)[0], 300)
        power = {'target': 'power on'}
        self.assertEqual(202, member('PUT', f'{path}/states/power', power)[0])
        self.until(lambda: self.seen().power_state == 'power on')
        self.end()
        self.assertLess(before, self.changed())
        self.assertEqual('power off', self.seen().power_state)

    def test_fields_and_an_allocation_of_a_member_are_gone(self):
        """Neither the next renter nor the offer of the server sees them."""
        before = self.nodes.settings(self.node.uuid)
        self.become(S.ACTIVE)
        member = self.lab.ironic('umbrella-member', 'umbrella-renter', 'member')
        path = f'/nodes/{self.node.uuid}'
        wanted = {
            'resource_class': self.node.resource_class,
            'candidate_nodes': [self.node.uuid],
        }
        status, made = member('POST', '/allocations', wanted)
        self.assertEqual(201, status, made)
        self.until(lambda: self.document()['allocation_uuid'] == made['uuid'])
        for name, value in (
            ('extra', {'mine': 'for ever'}),
            ('description', 'mine'),
            ('resource_class', 'wrong'),
        ):
            patch = [{'op': 'add', 'path': f'/{name}', 'value': value}]
            self.assertEqual(200, member('PATCH', path, patch)[0], name)
        self.end()
        self.assertEqual(before, self.nodes.settings(self.node.uuid))
        after = self.document()
        self.assertEqual(
            (None, None), (after['allocation_uuid'], after['instance_uuid'])
        )
        self.assertEqual(
            404, self.lab.ironic('admin')('GET', f'/allocations/{made["uuid"]}')[0]
        )

    def test_volumes_and_instance_settings_of_a_manager_are_gone(self):
        own = {'rack': 'r1'}
        self.change(self.owner, {'op': 'add', 'path': '/extra', 'value': own})
        before = self.nodes.settings(self.node.uuid)
        self.become(S.ACTIVE)
        for path, value in (
            ('/extra', {'mine': 'for ever'}),
            ('/instance_info', {'capabilities': 'mine'}),
            ('/instance_name', 'mine'),
            ('/automated_clean', True),
        ):
            self.change(self.renter, {'op': 'add', 'path': path, 'value': value})
        baremetal = self.renter.baremetal
        where = {'node_uuid': self.node.uuid}
        baremetal.set_node_power_state(self.node.uuid, 'power off')
        self.until(lambda: not self.seen().reservation)
        baremetal.create_volume_connector(
            type='iqn',
            connector_id=f'iqn.2026-11.org.example:{self.node.uuid}',
            **where,
        )
        baremetal.create_volume_target(
            volume_type='iscsi',
            boot_index=0,
            volume_id=self.node.uuid,
            properties={'target_lun': 1},
            **where,
        )
        # As of hardware that nobody has switched since Ironic knows it.
        self.lab.write(self.node.uuid, power_state=None)
        self.end()
        self.assertEqual(before, self.nodes.settings(self.node.uuid))

    def test_raid_that_a_renter_has_changed_is_noticed(self):
        """What it is to become is put back; what it is takes an operator."""
        path = f'/nodes/{self.node.uuid}'
        interface = self.document()['raid_interface']
        change = {'op': 'add', 'path': '/raid_interface', 'value': 'fake'}
        self.change(self.admin, change)
        put_back = {**change, 'value': interface}
        self.addCleanup(self.change, self.admin, put_back)
        self.become(S.ACTIVE)
        disks = {'logical_disks': [{'size_gb': 100, 'raid_level': '1'}]}
        admin = self.lab.ironic('admin')
        self.assertEqual(204, admin('PUT', f'{path}/states/raid', disks)[0])
        self.lab.write(self.node.uuid, raid_config=json.dumps(disks))
        self.become(S.ERROR, self.over)
        self.assertEqual('restore_failed', self.line['reason'])
        self.assertEqual(self.lab.quarantine, self.seen().lessee)
        self.assertEqual({}, self.document()['target_raid_config'])
        self.lab.write(self.node.uuid, raid_config='{}')
        self.line['status'] = str(S.WAIT_END)
        self.end()
        self.assertIsNone(self.seen().lessee)

    def test_maintenance_that_a_renter_has_set_is_over(self):
        """The server is cleaned all the same, and goes back on sale."""
        self.become(S.ACTIVE)
        self.deploy()
        self.renter.baremetal.set_node_maintenance(self.node.uuid, 'broken')
        self.end()
        node = self.seen()
        self.assertEqual(
            (None, 'available', False),
            (node.lessee, node.provision_state, node.maintenance),
        )

    def test_the_table_of_steps_is_held_against_the_state_machine_of_ironic(self):
        """In the environment that has Ironic, where none of it is skipped."""
        done = self.lab.run_tests('tests.unit.provider.test_teardown')
        self.assertRegex(done.stderr, r'Ran \d+ tests in [^\n]*\n\nOK\n$')
