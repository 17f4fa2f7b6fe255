# SPDX-License-Identifier: Apache-2.0
"""Many servers in Ironic, without inspection: what trading under faults needs."""

import concurrent.futures
import time

from tools.lab import accounts
from tools.lab import ironic
from tools.lab import nodes
from tools.lab import rest
from tools.lab import trouble

OWNERS = ('acme', 'umbrella')
HARDWARE = {'cpus': 16, 'memory_mb': 65536, 'local_gb': 480, 'cpu_arch': 'x86_64'}
FIELDS = 'uuid,name,provision_state,lessee,resource_class,last_error'
# The conductor starts no more at once anyhow.
AT_ONCE = 8
TARGETS = {'enroll': 'manage', 'manageable': 'provide', 'clean failed': 'manage'}


class Fleet:
    """The servers of one resource class, half of them each owner's."""

    def __init__(self, rig, resource_class):
        self._folder, self._ports = rig.folder, rig.ports
        self._url = f'{ironic.url(rig.ports)}/v1'
        self._class = resource_class
        self._token = accounts.log_in(rig.folder, rig.ports, 'admin')

    def enrol(self, number, seconds=600):
        """Have ``number`` of them available; {owner: uuids}, in order.

        :raises Trouble: they are not, after so many seconds.
        """
        project_ids = accounts.projects(self._folder, self._ports)
        there = {node['name'] for node in self.nodes()}
        wanted = {
            f'{self._class.rpartition(".")[2]}-{place:04d}': OWNERS[place % 2]
            for place in range(number)
        }
        missing = [name for name in wanted if name not in there]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            owners = [project_ids[wanted[name]] for name in missing]
            list(pool.map(self._create, missing, owners))
            self._bring_on(pool, set(wanted), time.monotonic() + seconds)
        found = {owner: [] for owner in OWNERS}
        for node in sorted(self.nodes(), key=lambda node: node['name']):
            if node['name'] in wanted:
                found[wanted[node['name']]].append(node['uuid'])
        return found

    def _bring_on(self, pool, names, until):
        while True:
            waiting = [
                node
                for node in self.nodes()
                if node['name'] in names and node['provision_state'] != 'available'
            ]
            if not waiting:
                return
            if time.monotonic() > until:
                raise trouble.Trouble(f'{len(waiting)} servers are not available.')
            list(pool.map(self._push, waiting))
            time.sleep(0.2)

    def nodes(self):
        """All servers of the class, as Ironic has them."""
        found, marker = [], ''
        while True:
            query = f'resource_class={self._class}&fields={FIELDS}&limit=1000{marker}'
            page = self._call('GET', f'nodes?{query}')[2]['nodes']
            found += page
            if len(page) < 1000:
                return found
            marker = f'&marker={page[-1]["uuid"]}'

    def _create(self, name, owner):
        status, _, document = self._call(
            'POST',
            'nodes',
            {
                'name': name,
                'owner': owner,
                'driver': 'fake-hardware',
                'resource_class': self._class,
                'properties': HARDWARE,
            },
        )
        if status != 201:
            raise rest.Refused('POST', 'nodes', status, document)

    def _push(self, node):
        target = TARGETS.get(node['provision_state'])
        if target:
            # A server that is locked, or a conductor that is busy: ask again.
            path = f'nodes/{node["uuid"]}/states/provision'
            self._call('PUT', path, {'target': target})

    def _call(self, method, path, body=None):
        return rest.call(
            method, f'{self._url}/{path}', body, self._token, headers=nodes.VERSION
        )
