# SPDX-License-Identifier: Apache-2.0
"""Ten servers in Ironic, inspected, cleaned and for hire.

The inventories are what Ironic's ramdisk posts, with all that must never
reach a market: MAC and IP addresses, serial numbers, WWNs, the BMC's address.
"""

import time

from tools.lab import accounts
from tools.lab import ironic
from tools.lab import rest
from tools.lab import trouble

OWNERS = ('acme', 'umbrella')
PER_OWNER = 5
VERSION = {'X-OpenStack-Ironic-API-Version': '1.115'}
READY_SECONDS = 90
FIELDS = 'uuid,name,provision_state,properties,last_error'

# resource class: cores, memory in MB, disk in GB, processor, GPUs
KINDS = {
    'baremetal.small': (16, 65536, 480, 'AMD EPYC 7302P', 0),
    'baremetal.large': (64, 262144, 1920, 'AMD EPYC 7543', 0),
    'baremetal.gpu': (64, 524288, 3840, 'Intel Xeon Platinum 8358', 4),
}
# The states in which a server waits for us, and what brings it on.
ON_FROM = {
    'enroll': 'manage',
    'inspect failed': 'manage',
    'clean failed': 'manage',
}
# Where our work ends: a server that somebody uses is not ours to move.
ARRIVED = ('available', 'active', 'deploying', 'deploy failed', 'deleting')


def names(owner):
    return [f'{owner}-{number:02d}' for number in range(1, PER_OWNER + 1)]


def kind(number):
    return list(KINDS)[number % len(KINDS)]


def enrol(folder, ports):
    """Bring all ten to ``available``; repeating it changes nothing.

    All are on their way at once, but one request asks for all of them: ten
    callers that poll would keep Ironic from its work.
    """
    yard = Yard(folder, ports)
    project_ids = accounts.projects(folder, ports)
    numbers = {}
    for owner in OWNERS:
        for name in names(owner):
            numbers[name] = len(numbers)
            if not yard.node(name):
                yard.create(name, project_ids[owner], numbers[name])
    until = time.monotonic() + READY_SECONDS
    while True:
        waiting = [
            node
            for node in yard.nodes()
            if node['name'] in numbers and node['provision_state'] not in ARRIVED
        ]
        if not waiting:
            return
        if time.monotonic() > until:
            raise _late(waiting[0])
        for node in waiting:
            yard.push(node, numbers[node['name']])
        time.sleep(0.1)


def _late(node):
    return trouble.Trouble(
        f'{node["name"]} is still {node["provision_state"]} after '
        f'{READY_SECONDS} s: {node["last_error"]}',
        'The logs of Ironic may say why.',
    )


def inventory(number):
    """The inspection document of the server with that number."""
    cores, memory, disk, processor, _ = KINDS[kind(number)]
    return {
        'interfaces': [
            {
                'name': f'eno{port}',
                'mac_address': f'52:54:00:f1:{number:02x}:{port:02x}',
                'ipv4_address': f'192.0.2.{10 + number}',
                'ipv6_address': None,
                'has_carrier': port == 1,
                'lldp': [[1, f'04525400f1{number:02x}'], [5, '746f722d31']],
                'vendor': '0x8086',
                'product': '0x1572',
                'speed_mbps': 25000,
            }
            for port in (1, 2)
        ],
        'cpu': {
            'architecture': 'x86_64',
            'count': cores,
            'model_name': processor,
            'frequency': '2800.0000',
            'flags': ['aes', 'avx2', 'svm' if 'AMD' in processor else 'vmx'],
        },
        'memory': {'physical_mb': memory, 'total': memory * 2**20},
        'disks': [
            {
                'name': '/dev/nvme0n1',
                'model': 'Samsung PM9A3',
                'size': disk * 10**9 + 2 * 2**30,
                'rotational': False,
                'serial': f'S64GNE0R{number:06d}',
                'wwn': f'0x5002538f{number:08x}',
            }
        ],
        'system_vendor': {
            'manufacturer': 'Example Servers',
            'product_name': f'ES-{cores}',
            'serial_number': f'ES{number:08d}',
        },
        'boot': {'current_boot_mode': 'uefi', 'pxe_interface': None},
        'hostname': f'ramdisk-{number:02d}',
        'bmc_address': f'198.51.100.{10 + number}',
    }


def secrets(number):
    """What a market must not show of that server."""
    return [
        f'52:54:00:f1:{number:02x}',
        f'192.0.2.{10 + number}',
        f'198.51.100.{10 + number}',
        f'S64GNE0R{number:06d}',
        f'0x5002538f{number:08x}',
        f'ES{number:08d}',
    ]


class Yard:
    """Ironic as the one who racks the servers sees it."""

    def __init__(self, folder, ports):
        self.url = f'{ironic.url(ports)}/v1'
        self.token = accounts.log_in(folder, ports, 'admin')

    def node(self, name):
        status, _, document = self._call('GET', f'nodes/{name}')
        return document if status == 200 else None

    def nodes(self):
        """All servers, with what deciding about them takes."""
        _, _, document = self._call('GET', f'nodes?fields={FIELDS}')
        return document['nodes']

    def create(self, name, owner, number):
        status, _, document = self._call(
            'POST',
            'nodes',
            {
                'name': name,
                'owner': owner,
                'driver': 'fake-hardware',
                'inspect_interface': 'agent',
                'resource_class': kind(number),
                'properties': {'capabilities': f'boot_mode:uefi,rack:r{number % 4}'},
            },
        )
        if status != 201:
            raise rest.Refused('POST', 'nodes', status, document)
        return document

    def push(self, node, number):
        """One step towards ``available``, if it is our turn."""
        state = node['provision_state']
        if state == 'inspect wait':
            return self._play_ramdisk(node, number)
        target = ON_FROM.get(state)
        if state == 'manageable':
            # The inspection hooks fill this in.
            inspected = 'memory_mb' in node['properties']
            target = 'provide' if inspected else 'inspect'
        if target is None:
            return False
        path = f'nodes/{node["uuid"]}/states/provision'
        # A server that is locked for a moment answers 409: ask again.
        return self._call('PUT', path, {'target': target})[0] == 202

    def _play_ramdisk(self, node, number):
        """Post what the ramdisk would, and like it without a token."""
        document = inventory(number)
        gpu = {'vendor_id': '10de', 'product_id': '20b2'}
        status, _, _ = rest.call(
            'POST',
            f'{self.url}/continue_inspection?node_uuid={node["uuid"]}',
            {
                'inventory': document,
                'root_disk': document['disks'][0],
                'pci_devices': [gpu] * KINDS[kind(number)][4],
            },
            headers=VERSION,
        )
        return status == 202

    def _call(self, method, path, body=None):
        return rest.call(
            method, f'{self.url}/{path}', body, self.token, headers=VERSION
        )
