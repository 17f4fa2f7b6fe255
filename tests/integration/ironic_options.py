# SPDX-License-Identifier: Apache-2.0
"""What options and rules of Ironic mean for FLOCX: a real Ironic."""

import subprocess
import sys
import typing
import unittest
from unittest import mock

from openstack import exceptions as sdk_exceptions
from oslo_utils import uuidutils

from flocx import exceptions
from provider import cleaning_history
from provider import ownership
from provider import reconciliation
from tests import waiting
from tests.integration import machines
from tests.integration import rigs

S, R = machines.S, machines.R
STATUS = 'from provider import manage; manage.status()'


class LesseeSource:
    """``[conductor] automatic_lessee_source`` in each of its values."""

    def deploy_as_nova(self, project):
        """The owner deploys an instance of ``project``."""
        for path, value in (
            ('/instance_uuid', uuidutils.generate_uuid()),
            ('/instance_info', {'project_id': project}),
        ):
            self.change(self.owner, {'op': 'add', 'path': path, 'value': value})
        self.deploy(self.owner)

    def undeploy(self):
        self.owner.baremetal.set_node_provision_state(self.node.uuid, 'deleted')
        self.reach('available')

    def upgrade_check(self):
        path = self.lab._lab.folder.etc / 'provider.conf'
        done = subprocess.run(
            [sys.executable, '-c', STATUS, '--config-file', str(path)]
            + ['upgrade', 'check'],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    def trade(self, project, lessee):
        """A deployment before the contract, and one of the renter's under it.

        :param lessee: whom Ironic makes the lessee with the former.
        """
        self.deploy_as_nova(project)
        self.assertEqual(lessee, self.seen().lessee)
        self.assertEqual(
            lessee is not None, 'automatic_lessee_source' in self.upgrade_check()
        )
        self.become(S.WAIT_FULFILL)
        self.assertEqual(lessee, self.seen().lessee)
        self.undeploy()
        self.assertIsNone(self.seen().lessee)
        self.become(S.ACTIVE)
        renter = self.renter.current_project_id
        self.deploy()
        self.assertEqual(renter, self.seen().lessee)
        self.assertEqual([], self.nodes.with_automatic_lessee())
        self.end()
        node = self.seen()
        self.assertEqual((None, 'available'), (node.lessee, node.provision_state))

    def test_lessee_source_none(self):
        self.trade(self.owner.current_project_id, None)

    def test_lessee_source_instance(self):
        """Ironic's default; the project is the renter's, who has not got it by us."""
        with self.lab.configured('conductor', automatic_lessee_source='instance'):
            renter = self.renter.current_project_id
            self.trade(renter, renter)

    def test_lessee_source_request(self):
        with self.lab.configured('conductor', automatic_lessee_source='request'):
            owner = self.owner.current_project_id
            self.trade(self.renter.current_project_id, owner)


class Parent:
    def test_a_part_of_what_another_owner_has_is_seen_and_not_sold(self):
        """Ironic lists child nodes only for who asks for them.

        It links nodes of one owner only; one of them may change its owner later.
        """
        owner = self.owner.current_project_id
        parent = next(
            node
            for node in self.nodes.all()
            if node.owner == owner and node.uuid != self.node.uuid
        )
        path = '/parent_node'
        self.change(self.admin, {'op': 'add', 'path': path, 'value': parent.uuid})
        self.addCleanup(self.change, self.admin, {'op': 'remove', 'path': path})
        self.assertEqual(parent.uuid, self.listed().parent_node)
        node = self.listed()
        ownership.check(node, owner, parent=self.nodes.parent(node))
        self.give(parent, self.renter.current_project_id)
        self.addCleanup(self.give, parent, owner)
        with self.assertRaisesRegex(exceptions.Conflict, 'of another owner'):
            ownership.check(node, owner, parent=self.nodes.parent(node))

    def listed(self):
        return {node.uuid: node for node in self.nodes.all()}[self.node.uuid]

    def give(self, node, owner):
        change = {'op': 'add', 'path': '/owner', 'value': owner}
        self.admin.baremetal.patch_node(node.uuid, [change])


class Erasure:
    """Line 3 of what has to hold: a site names what has to have run."""

    STEP = 'bios.factory_reset'

    def setUp(self):
        self.OPTIONS = {'clean_steps': {'*': [self.STEP]}}
        super().setUp()
        self.market.cleaned_by = self.STEP
        path = '/bios_interface'
        self.change(self.admin, {'op': 'add', 'path': path, 'value': 'fake'})

    def cleanings(self):
        """What Ironic remembers of cleaning that was asked for."""
        history = self.nodes.history(self.node.uuid)
        return [each for each in history if 'manual_cleaning' in each['event_type']]

    def test_the_steps_were_done(self):
        """Also where the renter has made another class of the server."""
        known = len(self.cleanings())
        self.become(S.ACTIVE)
        wrong = {'op': 'add', 'path': '/resource_class', 'value': 'wrong'}
        self.change(self.renter, wrong)
        self.deploy()
        self.end()
        started, ended = self.cleanings()[known:]
        self.assertIn("'factory_reset'", started['event'])
        self.assertIn('completed successfully', ended['event'])
        node = self.seen()
        self.assertEqual((None, 'available'), (node.lessee, node.provision_state))
        self.assertEqual(self.node.resource_class, node.resource_class)

    def test_a_cleaning_of_its_owner_is_no_proof(self):
        """It is asked for in the same moment, with a step that does next to nothing."""
        args = {'settings': []}
        trivial = [{'interface': 'bios', 'step': 'apply_configuration', 'args': args}]
        known, clean = len(self.cleanings()), self.nodes.clean
        asked = []

        def clean_first(uuid, demand):
            if not asked:
                asked.append(uuid)
                self.owner.baremetal.set_node_provision_state(
                    uuid, 'clean', clean_steps=trivial
                )
                # That it is done before ours is looked for is the worst case.
                self.reach('manageable')
            else:
                clean(uuid, demand)

        self.become(S.ACTIVE)
        with mock.patch.object(self.nodes, 'clean', clean_first):
            self.end()
        events = [each['event'] for each in self.cleanings()[known:]]
        self.assertIn("'apply_configuration'", events[0])
        self.assertIn('completed successfully', events[1])
        self.assertIn("'factory_reset'", events[2])
        self.assertEqual(4, len(events), events)
        self.assertIsNone(self.seen().lessee)

    def test_what_is_seen_under_way_counts_where_the_history_names_nothing(self):
        """As with a ramdisk, of which the start of a cleaning is not written down."""
        self.become(S.ACTIVE)
        unnamed, seen = self.nodes.history, []
        under_way = self.nodes.steps_under_way

        def history(uuid):
            return [
                {**each, 'event': each['event'].partition(' with')[0]}
                for each in unnamed(uuid)
                if each['event_type'] != cleaning_history.STARTED
            ]

        def steps(uuid):
            seen.append(under_way(uuid))
            return seen[-1]

        # The step takes as long as hardware does, so that it is seen under way.
        slow = self.lab.configured('fake', bios_delay=3)
        patched = {'history': history, 'steps_under_way': steps}
        with slow, mock.patch.multiple(self.nodes, **patched):
            self.end()
        self.assertIn('factory_reset', {each['step'] for some in seen for each in some})

    def test_what_ironic_does_not_record_is_not_proven(self):
        self.become(S.ACTIVE)
        with self.lab.configured('conductor', record_step_flows_in_history='false'):
            self.become(S.ERROR, self.over)
            self.assertEqual(R.CLEAN_UNPROVEN, self.line['reason'])
            self.assertEqual(self.lab.quarantine, self.seen().lessee)
        node = self.seen()
        self.assertEqual(('manageable', True), (node.provision_state, node.maintenance))
        # The way out: reconciliation finds that an operator has looked at it.
        self.admin.baremetal.unset_node_maintenance(self.node.uuid)
        parties = self.renter.current_project_id, self.lab.quarantine
        status, _ = reconciliation.standing(
            {**self.line, 'fulfill_time': self.line['start_time']},
            parties,
            self.seen(),
            self.over,
        )
        self.assertEqual(S.WAIT_END, status)
        self.line['status'] = str(S.WAIT_END)
        self.end()
        self.assertIsNone(self.seen().lessee)


class Runbook:
    """The same by a runbook, which an administrator has approved."""

    NAME = 'CUSTOM_ERASE'
    OPTIONS: typing.ClassVar[dict] = {'clean_runbooks': {'*': NAME}}

    def test_the_runbook_was_done(self):
        self.market.cleaned_by = f'runbook:{self.NAME}'
        admin = self.lab.cloud('admin').baremetal
        version = {'microversion': '1.112'}
        made = admin.post(
            '/runbooks',
            json={
                'name': self.NAME,
                'steps': [
                    {
                        'interface': 'bios',
                        'step': 'factory_reset',
                        'args': {},
                        'order': 1,
                    }
                ],
            },
            **version,
        )
        self.assertEqual(201, made.status_code, made.text)
        self.addCleanup(admin.delete, f'/runbooks/{self.NAME}', **version)
        admin.put(f'/runbooks/{self.NAME}/traits/{self.NAME}', **version)
        admin.put(f'/nodes/{self.node.uuid}/traits/{self.NAME}', microversion='1.37')
        path = '/bios_interface'
        self.change(self.admin, {'op': 'add', 'path': path, 'value': 'fake'})
        self.become(S.ACTIVE)
        self.deploy()
        self.end()
        events = [each['event'] for each in self.nodes.history(self.node.uuid)]
        self.assertTrue(
            any(
                'manual cleaning' in each and 'factory_reset' in each for each in events
            )
        )
        self.assertIsNone(self.seen().lessee)


class RenterSteps:
    """``etc/ironic/renter-steps.yaml`` in a real Ironic."""

    STEPS = ({'interface': 'bios', 'step': 'factory_reset'},)

    def setUp(self):
        super().setUp()
        path = '/bios_interface'
        self.change(self.admin, {'op': 'add', 'path': path, 'value': 'fake'})
        self.become(S.ACTIVE)
        self.renter.baremetal.set_node_provision_state(self.node.uuid, 'manage')
        self.reach('manageable')

    def refused(self, who, **steps):
        """The status with which Ironic refuses them, None if it does not."""
        with self.lab.policy(rigs.ROOT / 'etc' / 'ironic' / 'renter-steps.yaml'):
            try:
                who.baremetal.set_node_provision_state(self.node.uuid, 'clean', **steps)
            except sdk_exceptions.HttpException as error:
                return error.status_code
        return None

    def test_without_them_a_renter_resets_the_bios(self):
        self.renter.baremetal.set_node_provision_state(
            self.node.uuid, 'clean', clean_steps=list(self.STEPS)
        )
        self.assertTrue(
            waiting.until(lambda: self.seen().provision_state == 'manageable')
        )
        self.end()

    def test_a_renter_runs_no_step(self):
        for step in (*self.STEPS, {'interface': 'deploy', 'step': 'erase_devices'}):
            status = self.refused(self.renter, clean_steps=[step])
            self.assertEqual(403, status, step)
        self.end()

    @unittest.expectedFailure
    def test_upstream_an_owner_runs_them(self):
        """Ironic 39 answers 500 to rules for steps that it has not registered."""
        self.assertIsNone(self.refused(self.owner, clean_steps=list(self.STEPS)))
