# SPDX-License-Identifier: Apache-2.0
"""The match language on what Ironic's inspection really gives."""

import json
import os
import pathlib
import unittest

from flocx.core import requirements
from provider import hardware
from provider import nodes

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = pathlib.Path(os.environ.get('FLOCX_TEST_DATA', ROOT.parent / 'shared/data'))
INTROSPECTION = DATA / 'introspection-dell-m620.json'

MET = (
    ['cpus', '>=', 1],
    ['cpu_arch', 'eq', 'x86_64'],
    ['inventory.cpu.model_name', 'matches', 'Xeon'],
    ['inventory.disks[?size > `500000000000`]', None],
    ['length(inventory.interfaces)', '>=', 2],
    ['inventory.interfaces[?has_carrier]', None],
)
HIDDEN = ('mac_address', 'bmc_address', 'serial', 'wwn', 'lldp', 'ipv4_address')


@unittest.skipUnless(
    INTROSPECTION.exists(), 'the introspection data is not here; see FLOCX_TEST_DATA'
)
class IntrospectionTest(unittest.TestCase):
    def setUp(self):
        introspection = json.loads(INTROSPECTION.read_text())
        node = nodes.Node(
            uuid='n',
            name='m620',
            owner='acme',
            resource_class='m620',
            properties={
                name: introspection[name]
                for name in ('cpus', 'memory_mb', 'local_gb', 'cpu_arch')
            },
        )
        self.document = hardware.describe(node, introspection['inventory'])

    def test_the_server_is_found_by_what_it_has(self):
        for triple in MET:
            with self.subTest(triple):
                self.assertTrue(
                    requirements.met(requirements.parse([triple]), self.document)
                )

    def test_what_identifies_it_is_not_there_to_be_asked_for(self):
        text = json.dumps(self.document)
        for name in HIDDEN:
            with self.subTest(name):
                self.assertNotIn(f'"{name}"', text)
