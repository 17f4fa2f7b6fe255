# SPDX-License-Identifier: Apache-2.0
"""A machine room: nodes that are busy, slow, away or never heard of again."""

import dataclasses

from flocx import exceptions
from provider import nodes

#: From which provision states each target is reached, and through which.
_FROM = {
    'deleted': ('active', 'deploy failed'),
    'provide': ('manageable',),
    'manage': ('clean failed', 'available'),
}
_ON_THE_WAY = {'deleted': ['deleting', 'cleaning'], 'provide': ['cleaning']}


class Room(nodes.Nodes):
    """Ironic as the provider sees it.

    ``history`` has every change of a lessee: time, node, the old and the new one, and
    whether it was the provider who made it.
    """

    RESOURCE_TYPE = 'ironic_node'

    def __init__(self, tasks, storm, clock):
        self._tasks, self._storm, self._clock = tasks, storm, clock
        self._nodes, self._until = {}, {}
        self.history = []

    # What the owners and the hardware do

    def add(self, node):
        self._nodes[node.uuid] = node

    def now(self, uuid):
        """The node as it is, whether Ironic answers or not."""
        return self._nodes[uuid]

    def uuids(self):
        return list(self._nodes)

    def meddle(self, uuid, **values):
        """Somebody but the provider changes a node."""
        self._become(uuid, by_provider=False, **values)

    def deploy(self, uuid):
        """The renter puts something on their server."""
        self.meddle(uuid, provision_state='active', power_state='power on')

    def moments(self):
        """When nodes have done what they do now."""
        return [until for until, _ in self._until.values()]

    def work(self):
        """Let nodes go on with what they do, where its time has come."""
        for uuid, (until, states) in list(self._until.items()):
            if until <= self._clock():
                self._become(uuid, provision_state=states[0])
                if len(states) > 1:
                    self._begin(uuid, states[1:])
                else:
                    del self._until[uuid]

    def repair(self):
        """An operator brings everything to an end that hangs."""
        self._until.clear()
        for uuid, node in self._nodes.items():
            if node.provision_state not in ('available', 'active'):
                self._become(uuid, provision_state='available')
            self._become(uuid, maintenance=False)

    # What the provider asks

    def list(self, context):
        return [
            node
            for node in self.all()
            if context.project_id in (node.owner, node.lessee)
        ]

    def all(self):
        return self._call('list', lambda: list(self._nodes.values()))

    def get(self, ident, context=None):
        return self._call(f'get {ident}', lambda: self._found(ident))

    def inventory(self, uuid):
        return {}

    def set_lessee(self, uuid, project_id):
        self._change(f'lessee of {uuid}: {project_id}', uuid, lessee=project_id)

    def clear_lessee(self, uuid, project_id, back_to=None):
        if self.get(uuid).lessee == project_id:
            action = (
                f'lessee of {uuid} back to {back_to}'
                if back_to
                else (f'no lessee of {uuid}')
            )
            self._change(action, uuid, lessee=back_to)

    def unprotect(self, uuid):
        self._change(f'unprotect {uuid}', uuid, protected=False)

    def provision(self, uuid, target):
        self._call(
            f'{target} {uuid}', lambda: self._provision(uuid, target), changes=True
        )

    def console_off(self, uuid):
        self._change(f'console off {uuid}', uuid, console_enabled=False)

    def detach(self, uuid):
        self._call(f'detach {uuid}', lambda: None, changes=True)

    def power_off(self, uuid):
        self._change(f'power off {uuid}', uuid, power_state='power off')

    def _found(self, ident):
        if ident not in self._nodes:
            raise exceptions.NotFound(f'Node {ident} not found')
        return self._nodes[ident]

    def _change(self, action, uuid, **values):
        self._call(action, lambda: self._become(uuid, **values), changes=True)

    def _call(self, action, operation, changes=False):
        self._tasks.point(f'Ironic: {action}')
        if self._storm.strikes('ironic 503'):
            raise exceptions.Unavailable('Ironic does not answer: 503')
        if changes and self._storm.strikes('ironic 409'):
            raise exceptions.Conflict('Node is locked by host')
        answer = operation()
        self._tasks.point(f'Ironic: {action}: done')
        if self._storm.strikes('ironic late'):
            raise exceptions.Unavailable('Ironic does not answer: timeout')
        return answer

    def _become(self, uuid, by_provider=True, **values):
        node = self._found(uuid)
        if 'lessee' in values and values['lessee'] != node.lessee:
            self.history.append(
                (self._clock(), uuid, node.lessee, values['lessee'], by_provider)
            )
        self._nodes[uuid] = dataclasses.replace(node, **values)

    def _provision(self, uuid, target):
        state = self._found(uuid).provision_state
        if state not in _FROM[target]:
            raise exceptions.Invalid(f'Node {uuid} is {state}: it cannot be {target}')
        if target == 'manage':
            self._become(uuid, provision_state='manageable')
        else:
            self._clean(uuid, _ON_THE_WAY[target])

    def _clean(self, uuid, states):
        last = 'available'
        if self._storm.strikes('cleaning fails'):
            last = 'clean failed'
        if self._storm.strikes('cleaning hangs'):
            last = 'clean wait'
        self._become(uuid, provision_state=states[0])
        self._begin(uuid, [*states[1:], last])

    def _begin(self, uuid, states):
        seconds = self._storm.pick((1, 5, 60, 600))
        self._until[uuid] = self._clock() + seconds * self._storm.SECOND, states
