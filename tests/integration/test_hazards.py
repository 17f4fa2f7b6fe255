# SPDX-License-Identifier: Apache-2.0
"""What Ironic allows its tenants, and what FLOCX makes of it: a real Ironic."""

import contextlib
import itertools
from unittest import mock

from openstack import exceptions as sdk_exceptions
from oslo_utils import uuidutils

from provider.nodes import ironic
from provider.nodes import ironic_client
from tests.integration import ironic_options
from tests.integration import leftovers
from tests.integration import lessee_fuzzer
from tests.integration import machines
from tests.integration import provider_commands
from tests.integration import rigs
from tests.integration import side_by_side
from tests.integration import vifs

S, R = machines.S, machines.R

# One Ironic for all classes: bringing it up takes longer than the tests of most.
setUpModule, tearDownModule = machines.keep, machines.drop


class HazardsTest(
    vifs.Vifs,
    provider_commands.ProviderCommands,
    leftovers.Leftovers,
    lessee_fuzzer.LesseeFuzzer,
    machines.DeliveryTestCase,
):
    def test_a_renter_deploys_and_the_machine_is_clean_before_it_goes_back(self):
        """Ironic would hand a running, uncleaned machine to the next lessee."""
        self.become(S.ACTIVE)
        self.deploy()
        seen, clear = [], self.nodes.clear_lessee

        def watched(uuid, renter, back_to):
            seen.append(self.seen().provision_state)
            return clear(uuid, renter, back_to)

        with mock.patch.object(self.nodes, 'clear_lessee', watched):
            self.end()
        self.assertEqual({'available'}, set(seen))
        node = self.seen()
        self.assertEqual((None, 'available'), (node.lessee, node.provision_state))
        self.assertEqual('power off', node.power_state)
        with self.assertRaises(sdk_exceptions.NotFoundException):
            self.renter.baremetal.get_node(self.node.uuid)

    def test_protected_by_the_renter(self):
        """Ironic refuses with a 403 to undeploy what is protected."""
        self.become(S.ACTIVE)
        self.deploy()
        self.change(self.renter, {'op': 'replace', 'path': '/protected', 'value': True})
        self.end()
        self.assertFalse(self.seen().protected)

    def test_left_manageable_by_the_renter(self):
        self.become(S.ACTIVE)
        self.renter.baremetal.set_node_provision_state(self.node.uuid, 'manage')
        self.reach('manageable')
        self.end()
        self.assertEqual('available', self.seen().provision_state)

    def test_cleaned_by_hand_by_the_renter(self):
        """It ends in ``clean failed``, from where Ironic does not come back itself."""
        self.become(S.ACTIVE)
        baremetal = self.renter.baremetal
        baremetal.set_node_provision_state(self.node.uuid, 'manage')
        self.reach('manageable')
        steps = [{'interface': 'deploy', 'step': 'there_is_none'}]
        with contextlib.suppress(sdk_exceptions.SDKException):
            baremetal.set_node_provision_state(
                self.node.uuid, 'clean', clean_steps=steps
            )
        self.reach('clean failed', 'clean wait', 'manageable')
        self.assertEqual('clean failed', self.seen().provision_state)
        self.end()
        self.assertEqual('available', self.seen().provision_state)

    def test_given_to_somebody_else_by_the_owner(self):
        """The owner may change the lessee, also of an active node."""
        self.become(S.ACTIVE)
        self.deploy()
        self.change(self.owner, {'op': 'add', 'path': '/lessee', 'value': 'somebody'})
        self.end()
        node = self.seen()
        self.assertEqual(('somebody', 'active'), (node.lessee, node.provision_state))
        # What the test leaves behind is the owner's to tidy up.
        self.owner.baremetal.set_node_provision_state(self.node.uuid, 'deleted')
        self.reach('available')
        self.change(self.owner, {'op': 'remove', 'path': '/lessee'})

    def test_in_use_by_the_owner_when_the_contract_begins(self):
        instance = uuidutils.generate_uuid()
        path = '/instance_uuid'
        self.change(self.owner, {'op': 'add', 'path': path, 'value': instance})
        self.deploy(self.owner)
        self.become(S.WAIT_FULFILL)
        self.assertEqual(R.NODE_IN_USE, self.line['reason'])
        self.assertEqual((None, 'active'), self.state())
        self.owner.baremetal.set_node_provision_state(self.node.uuid, 'deleted')
        self.become(S.ACTIVE)

    def state(self):
        node = self.seen()
        return node.lessee, node.provision_state

    def test_active_for_nobody_when_the_contract_begins(self):
        """What outlived its contract is undeployed, and cleaned."""
        before = self.changed()
        self.deploy(self.owner)
        self.become(S.ACTIVE)
        self.assertEqual((self.renter.current_project_id, 'available'), self.state())
        self.assertLess(before, self.changed())

    def test_what_the_owner_has_left_does_not_reach_the_renter(self):
        """A console, power and maintenance; Ironic's fake hardware has no media."""
        self.owner.baremetal.enable_node_console(self.node.uuid)
        self.until(lambda: self.seen().console_enabled)
        self.owner.baremetal.set_node_power_state(self.node.uuid, 'power on')
        self.until(lambda: self.seen().power_state == 'power on')
        self.owner.baremetal.set_node_maintenance(self.node.uuid, 'a fan')
        self.become(S.WAIT_FULFILL)
        self.owner.baremetal.unset_node_maintenance(self.node.uuid)
        self.become(S.ACTIVE)
        node = self.seen()
        self.assertEqual((False, 'power off'), (node.console_enabled, node.power_state))

    def test_volumes_are_put_back_when_the_server_is_off(self):
        """Ironic answers 400 to a volume target of a server that is on."""
        self.become(S.ACTIVE)
        baremetal = self.renter.baremetal
        baremetal.set_node_power_state(self.node.uuid, 'power off')
        self.until(lambda: not self.seen().reservation)
        baremetal.create_volume_target(
            volume_type='iscsi',
            boot_index=0,
            volume_id=self.node.uuid,
            properties={'target_lun': 1},
            node_uuid=self.node.uuid,
        )
        get, switch, put_back = (
            getattr(self.nodes, name) for name in ('get', 'power_off', 'restore')
        )

        def late(uuid):
            """As hardware does: it is on for a while longer."""
            self.lab.write(uuid, power_state='power on')
            if next(asked):
                switch(uuid)

        def restore(uuid, before):
            states.append(get(uuid).power_state)
            return put_back(uuid, before)

        def on_again(uuid):
            """The server, which somebody switches on as soon as it is clean."""
            if get(uuid).provision_state == 'available' and not next(seen_clean):
                self.lab.write(uuid, power_state='power on')
            return get(uuid)

        asked, seen_clean, states = itertools.count(), itertools.count(), []
        with mock.patch.multiple(self.nodes, power_off=late, restore=restore):
            baremetal.set_node_power_state(self.node.uuid, 'power on')
            self.until(lambda: self.seen().power_state == 'power on')
            self.deliver(lambda: self.seen().lessee == self.lab.quarantine, self.over)
            with mock.patch.object(self.nodes, 'get', on_again):
                self.end()
        self.assertEqual({'power off'}, set(states))
        self.assertLess(0, next(seen_clean))
        self.assertEqual({}, self.nodes._volumes(self.node.uuid, 'targets'))

    def test_nobody_but_the_fulfiller_tries_again(self):
        """openstacksdk would try five times, and hold a thread meanwhile."""
        self.assertEqual(0, self.nodes._baremetal().status_code_retries)
        self.assertEqual(60, self.nodes._session.timeout)

    def test_lists_are_paged_by_our_own_marker(self):
        """Ironic's link to the next page drops what was asked for."""
        whole = {node.uuid for node in self.nodes.all()}
        with mock.patch.object(ironic_client, 'PAGE', 3):
            paged = self.nodes.all()
        self.assertEqual(len(whole), len(paged))
        self.assertEqual(whole, {node.uuid for node in paged})
        self.assertTrue(all(node.owner for node in paged))

    def test_locked_by_a_conductor(self):
        """Every change of it is refused with a 409, and tried again."""
        self.lab.write(self.node.uuid, reservation='quickstart')
        self.addCleanup(self.lab.write, self.node.uuid, reservation=None)
        self.delivering.run(self.began)
        self.assertEqual((None, 'created'), (self.seen().lessee, self.line['status']))
        self.lab.write(self.node.uuid, reservation=None)
        self.become(S.ACTIVE)

    def test_too_busy_to_clean(self):
        """Beyond max_concurrent_clean Ironic answers 503 to each undeploy."""
        self.become(S.ACTIVE)
        self.deploy()
        with self.lab.copied(50, provision_state='clean wait'):
            tried = itertools.count()
            self.deliver(lambda: next(tried) == 5, self.over)
            node = self.seen()
            self.assertEqual(
                ('wait_end', 'active', self.lab.quarantine),
                (self.line['status'], node.provision_state, node.lessee),
            )
        self.end()
        self.assertEqual('available', self.seen().provision_state)

    def test_more_servers_than_one_page_of_ironic_has(self):
        """It gives a thousand at most, and its link to the next page drops filters."""
        with self.lab.copied(1000, owner='initech') as copies:
            found = [node.uuid for node in self.nodes.all()]
        self.assertEqual(len(found), len(set(found)))
        self.assertLess(set(copies), set(found))
        self.assertIn(self.node.uuid, found)

    def test_rescued_by_the_renter(self):
        self.become(S.ACTIVE)
        self.deploy()
        self.renter.baremetal.set_node_provision_state(
            self.node.uuid, 'rescue', rescue_password='secret'
        )
        self.reach('rescue')
        self.end()
        self.assertEqual('available', self.seen().provision_state)

    def hold(self, doing, target):
        """As a step called ``hold`` leaves it, which waits for somebody for ever."""
        self.lab.write(
            self.node.uuid,
            provision_state=f'{doing} hold',
            target_provision_state=target,
            **{f'{doing}_step': '{"interface": "deploy", "step": "hold"}'},
        )

    def test_held_while_it_is_deployed(self):
        self.become(S.ACTIVE)
        self.hold('deploy', 'active')
        self.end()
        self.assertEqual('available', self.seen().provision_state)

    def test_held_while_it_is_serviced(self):
        """Ironic takes an abort, and does nothing: a hold is no step to abort."""
        self.become(S.ACTIVE)
        self.deploy()
        self.hold('service', 'active')
        self.end()
        self.assertEqual('available', self.seen().provision_state)

    def test_held_while_it_is_cleaned_by_hand(self):
        """It is brought to an end, and cleaned again, by itself."""
        self.become(S.ACTIVE)
        baremetal = self.renter.baremetal
        baremetal.set_node_provision_state(self.node.uuid, 'manage')
        self.reach('manageable')
        self.hold('clean', 'manageable')
        self.deliver(lambda: self.seen().provision_state == 'clean wait', self.over)
        # As Ironic does when nobody has called back for half an hour.
        self.lab.write(self.node.uuid, provision_state='clean failed', clean_step='{}')
        self.end()
        self.assertEqual('available', self.seen().provision_state)

    def test_console_and_power_left_on(self):
        self.become(S.ACTIVE)
        self.owner.baremetal.enable_node_console(self.node.uuid)
        self.until(lambda: self.seen().console_enabled)
        self.renter.baremetal.set_node_power_state(self.node.uuid, 'power on')
        self.until(lambda: self.seen().power_state == 'power on')
        self.end()
        node = self.seen()
        self.assertEqual((False, 'power off'), (node.console_enabled, node.power_state))

    def test_an_account_without_rights_sees_no_servers(self):
        """Ironic says 404, as of what is gone; nothing is given up for it at once."""
        own, self.delivering._nodes = (
            self.delivering._nodes,
            ironic.IronicNodes(self.conf, self.lab.cloud('umbrella-owner').session),
        )
        self.delivering.run(self.began)
        self.assertEqual(
            ('wait_fulfill', R.NODE_GONE), (self.line['status'], self.line['reason'])
        )
        self.delivering._nodes = own
        self.become(S.ACTIVE)

    def test_members_deploy_only_where_the_policy_says_so(self):
        """Ironic lets managers of a lessee deploy, and not its members."""
        member = self.lab.cloud('umbrella-owner')
        self.market.contracts[0]['project_id'] = member.current_project_id
        self.become(S.ACTIVE)
        with self.assertRaises(sdk_exceptions.ForbiddenException):
            self.deploy(member)
        with self.lab.policy(rigs.ROOT / 'etc' / 'ironic' / 'lessee-members.yaml'):
            self.deploy(member)
        self.end()
        self.assertEqual('available', self.seen().provision_state)


class LesseeSourceTest(ironic_options.LesseeSource, machines.DeliveryTestCase):
    pass


class ParentTest(ironic_options.Parent, machines.DeliveryTestCase):
    pass


class ErasureTest(ironic_options.Erasure, machines.DeliveryTestCase):
    pass


class RunbookTest(ironic_options.Runbook, machines.DeliveryTestCase):
    pass


class RenterStepsTest(ironic_options.RenterSteps, machines.DeliveryTestCase):
    pass


class SideBySideTest(side_by_side.SideBySideTest):
    """Here, where the Ironic is that both share."""
