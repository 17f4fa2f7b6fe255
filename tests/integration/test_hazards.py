# SPDX-License-Identifier: Apache-2.0
"""What Ironic allows its tenants, and what FLOCX makes of it: a real Ironic.

Servers are simulated, the rights and the states of Ironic are not. The market is one
that remembers what is reported to it and refuses what the state table refuses.
"""

import contextlib
import datetime
import itertools
import os
import time
import types
import unittest
from unittest import mock

from keystoneauth1 import loading
import openstack
from openstack import exceptions as sdk_exceptions
from oslo_config import cfg

from flocx import config
from flocx.core import contract as core
from flocx.core import window
from provider import conf as provider_conf
from provider import fulfilment
from provider.nodes import ironic
from tests.integration import rigs
from tests.unit.provider import test_fulfilment
from tools.lab import bringup
from tools.lab import install
from tools.lab import ironic as lab_ironic

FOLDER = rigs.ROOT / '.test' / 'hazards'
S, R = core.Status, core.Reason
HOUR = datetime.timedelta(hours=1)


class Lab:
    """Keystone and Ironic with ten servers, half of them acme's."""

    def __init__(self):
        FOLDER.parent.mkdir(exist_ok=True)
        self._lab = bringup.Lab(FOLDER, rigs.VENV, flocx=False)
        self._lab.folder.create()
        install.ensure(self._lab.folder)
        self._lab.up()
        self.clouds = self._lab.folder.clouds

    def down(self):
        self._lab.down()

    def provider(self):
        """The provider's view of Ironic, with its own account."""
        path = self._lab.folder.etc / 'provider.conf'
        account = lab_ironic.account(self._lab.folder, self._lab.ports, 'flocx')
        path.write_text(f'[service_credentials]\n{account}\n')
        conf = cfg.ConfigOpts()
        config.register(conf)
        provider_conf.register(conf)
        conf(['--config-file', str(path)], project='flocx')
        auth = loading.load_auth_from_conf_options(conf, config.CREDENTIALS)
        session = loading.load_session_from_conf_options(
            conf, config.CREDENTIALS, auth=auth
        )
        return conf, ironic.IronicNodes(conf, session)

    def cloud(self, name):
        with mock.patch.dict(os.environ, {'OS_CLIENT_CONFIG_FILE': str(self.clouds)}):
            return openstack.connect(cloud=name)


class HazardsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.down)
        cls.conf, cls.nodes = cls.lab.provider()
        cls.owner = cls.lab.cloud('acme-owner')
        cls.renter = cls.lab.cloud('umbrella-renter')
        cls.admin = cls.lab.cloud('admin')
        cls.names = itertools.cycle(
            sorted(
                node.name
                for node in cls.nodes.all()
                if node.owner == cls.owner.current_project_id
            )
        )

    def setUp(self):
        super().setUp()
        self.node = self.nodes.get(next(self.names))
        self.began = datetime.datetime.now(datetime.UTC)
        self.market = test_fulfilment.Market()
        options = {name: self.conf.provider[name] for name in self.conf.provider} | {
            'retry_interval': 0.1,
            'fulfil_interval': 0.2,
            'retry_max_interval': 0.3,
        }
        self.delivering = fulfilment.Fulfilment(
            types.SimpleNamespace(provider=types.SimpleNamespace(**options)),
            self.nodes,
            self.market,
        )
        self.line = self.market.add(
            S.CREATED,
            node=self.node.uuid,
            owner_id=self.owner.current_project_id,
            start_time=window.text(self.began - HOUR),
            end_time=window.text(self.began + HOUR),
        )
        self.market.contracts[0]['project_id'] = self.renter.current_project_id
        self.addCleanup(self.clean)

    def clean(self):
        """Leave the server as it was found."""
        with contextlib.suppress(sdk_exceptions.SDKException):
            self.line['status'] = str(S.WAIT_CANCEL)
            self.become(S.CANCELLED)

    def seen(self):
        return self.nodes.get(self.node.uuid)

    def become(self, status, now=None, seconds=30):
        """Deliver until the line is in ``status``."""
        until = time.monotonic() + seconds
        while self.line['status'] != status and time.monotonic() < until:
            self.delivering.run(now or datetime.datetime.now(datetime.UTC))
            now = now and now + datetime.timedelta(seconds=1)
            time.sleep(0.05)
        self.assertEqual(str(status), self.line['status'], self.seen())

    def end(self, status=S.ENDED):
        self.become(status, self.began + 2 * HOUR)

    def deploy(self, who=None):
        baremetal = (who or self.renter).baremetal
        baremetal.set_node_provision_state(self.node.uuid, 'active')
        self.reach('active')

    def reach(self, *states):
        until = time.monotonic() + 30
        while self.seen().provision_state not in states:
            self.assertLess(time.monotonic(), until, self.seen())
            time.sleep(0.05)

    def change(self, who, *operations):
        who.baremetal.patch_node(self.node.uuid, list(operations))

    def test_a_renter_deploys_and_the_machine_is_clean_before_it_goes_back(self):
        """Ironic would hand a running, uncleaned machine to the next lessee."""
        self.become(S.ACTIVE)
        self.deploy()
        seen, clear = [], self.nodes.clear_lessee

        def watched(uuid, renter, back_to):
            seen.append(self.seen().provision_state)
            clear(uuid, renter, back_to)

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
        self.owner.baremetal.set_node_provision_state(self.node.uuid, 'active')
        self.reach('active')
        self.become(S.WAIT_FULFILL)
        self.assertIsNone(self.seen().lessee)
        self.owner.baremetal.set_node_provision_state(self.node.uuid, 'deleted')
        self.become(S.ACTIVE)

    def test_nobody_but_the_fulfiller_tries_again(self):
        """openstacksdk would try five times, and hold a thread meanwhile."""
        self.assertEqual(0, self.nodes._baremetal().status_code_retries)
        self.assertEqual(60, self.nodes._session.timeout)

    def test_lists_are_paged_by_our_own_marker(self):
        """Ironic's link to the next page drops what was asked for."""
        whole = {node.uuid for node in self.nodes.all()}
        with mock.patch.object(ironic, 'PAGE', 3):
            paged = self.nodes.all()
        self.assertEqual(len(whole), len(paged))
        self.assertEqual(whole, {node.uuid for node in paged})
        self.assertTrue(all(node.owner for node in paged))
