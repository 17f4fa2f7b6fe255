# SPDX-License-Identifier: Apache-2.0
"""The hardware document: what the market may know, and nothing else."""

import json
import os
import pathlib
import re
import unittest

from provider import hardware
from provider import nodes

#: Real introspection data; it is not part of the source tree.
REAL = pathlib.Path(
    os.environ.get('FLOCX_TEST_DATA')
    or pathlib.Path(__file__).resolve().parents[4] / 'shared' / 'data'
) / ('introspection-dell-m620.json')

#: Each of these is somebody's secret, in a form of its own.
MACS = ('b8:2a:72:4f:a3:ea', 'B8-2A-72-4F-A3-EB', 'enxb82a724fa3ec')
ADDRESSES = ('10.1.12.14', '172.16.10.65', 'fe80::ba2a:72ff:fe4f:a3ee', '2001:db8::1')
SERIALS = ('SN-7H3K9', 'S4CR33TSERIAL')
WWNS = ('0x5123abcd9876542b', '50:00:c5:00:a1:b2:c3:d4')
LLDP = ('04e4c722c00b75', 'r4-pA-c23-nexus3548')
SECRETS = MACS + ADDRESSES + SERIALS + WWNS + LLDP

INVENTORY = {
    'bmc_address': ADDRESSES[0],
    'bmc_v6address': ADDRESSES[2],
    'bmc_mac': MACS[0],
    'hostname': ADDRESSES[1],
    'cpu': {
        'architecture': 'x86_64',
        'count': 32,
        'model_name': 'Intel Xeon',
        'frequency': '2000.0',
        'flags': ['vmx', {'serial': SERIALS[0]}, [SERIALS[1]]],
        'serial_number': SERIALS[0],
    },
    'memory': {'physical_mb': 65536, 'total': 1, 'serial': SERIALS[0]},
    'disks': [
        {
            'name': '/dev/sda',
            'size': 600127266816,
            'rotational': True,
            'model': 'ST9600205SS',
            'vendor': 'SEAGATE',
            'serial': SERIALS[0],
            'wwn': WWNS[0],
            'wwn_with_extension': WWNS[0],
            'by_path': '/dev/disk/by-path/pci-0000:02:00.0-scsi-0:0:0:0',
        },
        {'name': f'/dev/disk/by-id/wwn-{WWNS[0]}', 'model': WWNS[1], 'size': 1},
        {'name': f'/dev/disk/by-id/ata-Samsung_{SERIALS[1]}', 'size': 2},
        SERIALS[0],
    ],
    'interfaces': [
        {
            'name': 'eth0',
            'mac_address': MACS[0],
            'ipv4_address': ADDRESSES[1],
            'ipv6_address': ADDRESSES[2],
            'lldp': [[1, LLDP[0]]],
            'client_id': f'ff:00:00:00:{MACS[0]}',
            'vendor': '0x15b3',
            'product': '0x1003',
            'has_carrier': True,
        },
        {'name': MACS[2], 'vendor': MACS[1], 'product': ADDRESSES[3]},
        {'name': {'mac': MACS[0]}, 'speed_mbps': [MACS[0]]},
    ],
    'system_vendor': {
        'manufacturer': 'Dell Inc.',
        'product_name': 'PowerEdge M620',
        'serial_number': SERIALS[0],
        'firmware': {'version': SERIALS[1]},
    },
    'boot': {'current_boot_mode': 'bios', 'pxe_interface': MACS[0]},
    'lldp_raw': {'eth0': [[1, LLDP[0]]]},
    'parsed_lldp': {'eth0': {'switch_system_name': LLDP[1]}},
    'pci_devices': [
        {'vendor_id': '10de', 'product_id': '20b2', 'bus': MACS[0], 'serial': LLDP[1]}
    ],
}
PROPERTIES = {
    'cpus': '32',
    'memory_mb': 65536,
    'local_gb': 558,
    'cpu_arch': 'x86_64',
    'capabilities': f'boot_mode:bios,rack:r1,mac:{MACS[0]},bmc_address:'
    f'{ADDRESSES[0]},serial:{SERIALS[0]},node_ip:{ADDRESSES[1]},uplink:{ADDRESSES[1]},'
    f'lldp_switch:{LLDP[1]},disk_wwn:{WWNS[0]}',
    'ipmi_address': ADDRESSES[0],
    'serial': SERIALS[0],
    'root_device': {'wwn': WWNS[0], 'serial': SERIALS[1]},
    'vendor': {'deep': {'mac': MACS[0]}},
}


def node(**values):
    return nodes.Node(
        **{
            'uuid': 'n',
            'owner': 'acme',
            'resource_class': 'baremetal.large',
            'properties': PROPERTIES,
            'traits': ('CUSTOM_GPU', 'CUSTOM_A'),
            **values,
        }
    )


def strings(value):
    """Every text in a document, names included."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


class AllowListTest(unittest.TestCase):
    maxDiff = None

    def test_nothing_of_the_secrets_survives(self):
        published = json.dumps(hardware.describe(node(), INVENTORY)).lower()
        for secret in SECRETS:
            self.assertNotIn(secret.lower(), published)
            self.assertNotIn(re.sub('[:-]', '', secret.lower()), published)

    def test_what_buyers_need_does(self):
        document = hardware.describe(node(), INVENTORY)
        self.assertEqual(
            {'cpus': 32, 'memory_mb': 65536, 'local_gb': 558, 'cpu_arch': 'x86_64'},
            {name: document[name] for name in list(document)[:4]},
        )
        self.assertEqual(
            {'boot_mode': 'bios', 'rack': 'r1', 'uplink': None},
            {'uplink': None, **document['capabilities']},
        )
        self.assertEqual(['CUSTOM_A', 'CUSTOM_GPU'], document['traits'])
        self.assertEqual('baremetal.large', document['resource_class'])
        inventory = document['inventory']
        self.assertEqual(
            {
                'name': '/dev/sda',
                'size': 600127266816,
                'rotational': True,
                'model': 'ST9600205SS',
                'vendor': 'SEAGATE',
            },
            inventory['disks'][0],
        )
        self.assertEqual('eth0', inventory['interfaces'][0]['name'])
        self.assertEqual('PowerEdge M620', inventory['system_vendor']['product_name'])
        self.assertEqual(
            [{'vendor_id': '10de', 'product_id': '20b2'}], inventory['pci_devices']
        )
        self.assertIn('vmx', inventory['cpu']['flags'])

    def test_a_field_that_nobody_has_thought_about_stays_private(self):
        for where in ({}, {'cpu': {}}, {'disks': [{}]}, {'system_vendor': {}}):
            message = json.loads(json.dumps(where) or '{}')
            for part in (message, *message.values()):
                (part[0] if isinstance(part, list) else part)['brand_new'] = 'private'
            published = hardware.describe(node(), message)
            self.assertNotIn('brand_new', set(strings(published)))
            self.assertNotIn('private', set(strings(published)))

    def test_d41_the_owner_is_not_what_properties_claim(self):
        forged = {**PROPERTIES, 'project_owner_id': 'umbrella', 'lessee': 'umbrella'}
        published = hardware.describe(node(properties=forged), {})
        self.assertNotIn('umbrella', set(strings(published)))

    def test_whatever_ironic_holds_gives_a_document_of_json(self):
        for properties in (
            {},
            {'cpus': None, 'memory_mb': 'much', 'local_gb': [], 'cpu_arch': 5},
            {'cpus': float('inf'), 'memory_mb': float('nan'), 'local_gb': 1.5},
            {'capabilities': {'boot_mode': 'uefi', 'x': None, 'serial': 'S'}},
            {'capabilities': 'no colon,,:,a:b:c'},
            {'capabilities': ['a']},
        ):
            for inventory in (
                {},
                {'cpu': None, 'disks': None, 'interfaces': {}, 'memory': 'x'},
                {'cpu': [], 'disks': {}, 'interfaces': 'x', 'pci_devices': [None]},
                {'memory': {'physical_mb': float('nan'), 'total': float('inf')}},
            ):
                document = hardware.describe(node(properties=properties), inventory)
                json.dumps(document, allow_nan=False)

    @unittest.skipUnless(REAL.exists(), f'{REAL.name} is not part of the source tree')
    def test_real_introspection_data(self):
        real = json.loads(REAL.read_text())
        private = set()
        for name in ('all_interfaces', 'interfaces', 'macs', 'boot_interface'):
            private |= set(strings(real[name]))
        private |= {real['ipmi_address'], real['inventory']['bmc_address']}
        disks = [real['root_disk'], *real['inventory']['disks']]
        for disk in disks:
            private |= {
                str(value)
                for key, value in disk.items()
                if re.search('wwn|serial|by_path|hctl', key) and value
            }
        for port in real['inventory']['interfaces']:
            private |= {text for text in strings(port['lldp'])}
            private |= {
                str(port[key])
                for key in ('mac_address', 'ipv4_address', 'ipv6_address', 'client_id')
                if port.get(key)
            }
        private.add(real['inventory']['system_vendor']['serial_number'])
        # Short words like "eth0" or "mac" are names and no secrets.
        private = {text for text in private if len(text) > 8 and text not in real}
        self.assertGreater(len(private), 30)
        document = hardware.describe(
            node(
                properties={
                    name: real[name]
                    for name in ('cpus', 'memory_mb', 'local_gb', 'cpu_arch')
                }
            ),
            real['inventory'],
        )
        published = set(strings(document))
        for secret in private:
            for text in published:
                self.assertNotIn(secret.lower(), text.lower())
        self.assertEqual(32, document['cpus'])
        self.assertTrue(document['inventory']['disks'])
        self.assertTrue(document['inventory']['cpu']['model_name'])
