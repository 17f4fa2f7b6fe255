# SPDX-License-Identifier: Apache-2.0
"""A machine room: nodes that are busy, slow, away or never heard of again."""

import dataclasses

from flocx import exceptions
from provider import node_settings
from provider import nodes

#: From which provision states each target is reached, and through which.
_FROM = {
    'deleted': ('active', 'deploy failed'),
    'provide': ('manageable',),
    'manage': ('clean failed', 'available'),
    'abort': ('clean wait',),
}
#: In these Ironic lets nobody change a node.
_BUSY = ('deploying', 'deleting', 'cleaning', 'clean wait')
#: For so many seconds a request that was authorised waits for the lock of the node.
_LOCK_SECONDS = 3
#: Who has a node between two lessees.
QUARANTINE = 'quarantine'
_ON_THE_WAY = {'deleted': ['deleting', 'cleaning'], 'provide': ['cleaning']}


class Room(nodes.Nodes):
    """Ironic as the provider sees it.

    ``lessee_changes`` has every change of a lessee: time, node, the old and the new
    one, and whether it was the provider who made it.
    """

    RESOURCE_TYPE = 'ironic_node'

    def __init__(self, tasks, storm, clock):
        self._tasks, self._storm, self._clock = tasks, storm, clock
        self._nodes, self._until = {}, {}
        #: Until when it answers nobody, or None.
        self.away_until = None
        self.lessee_changes, self.wrong = [], []
        #: What lessees have written on nodes, and those that were somebody's since
        #: they were cleaned.
        self._written, self._used, self._taken = {}, set(), set()
        #: Nodes whose cleaning began when nobody had any rights, and is not spoilt.
        self._being_cleaned = set()
        self._authorised = []

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
        if 'lessee' in values:
            # What its owner has taken, they may use as it is.
            self._taken.add(uuid)
        self._become(uuid, by_provider=False, **values)

    @property
    def waiting(self):
        """Whether a request of a lessee's waits to be done."""
        return bool(self._authorised)

    def ask(self, uuid, what):
        """The lessee asks for something, and Ironic finds that they may."""
        if self._is_away():
            return
        if self._found(uuid).lessee not in (None, QUARANTINE):
            self._authorised.append((self._clock(), uuid, what))

    def _is_away(self):
        return self.away_until is not None and self._clock() < self.away_until

    def serve(self):
        """Do one of the requests that wait, whoever has the node by now."""
        place = self._storm.below(len(self._authorised))
        asked, uuid, what = self._authorised.pop(place)
        if self._clock() - asked > _LOCK_SECONDS * self._storm.SECOND:
            return
        node = self._found(uuid)
        if what == 'deploy' and (
            node.provision_state != 'available' or node.maintenance
        ):
            return
        self._tasks.note(f'Ironic does what was asked for: {what} {uuid}')
        if what == 'deploy':
            self.meddle(uuid, provision_state='deploying', power_state='power on')
            self._begin(uuid, ['active'])
        elif what == 'undeploy' and node.provision_state == 'active':
            self._clean(uuid, _ON_THE_WAY['deleted'])
        elif what == 'maintenance':
            self.meddle(uuid, maintenance=not node.maintenance)
        elif node.provision_state not in _BUSY:
            self._written[uuid] = (*self._written.get(uuid, ()), what)
        self._spoil(uuid)

    def _spoil(self, uuid):
        self._used.add(uuid)
        self._being_cleaned.discard(uuid)

    def left(self):
        """What is found on nodes that nobody has."""
        return [
            f'node {uuid}: {what} of a former lessee'
            for uuid, node in self._nodes.items()
            if node.lessee is None and uuid not in self._taken
            for what in self._leftovers(uuid)
        ]

    def _leftovers(self, uuid):
        if uuid in self._used:
            yield 'something uncleaned'
        yield from self._written.get(uuid, ())
        if self._nodes[uuid].provision_state == 'active':
            yield 'an instance'

    def moments(self):
        """When nodes have done what they do now."""
        return [until for until, _ in self._until.values()]

    def work(self):
        """Let nodes go on with what they do, where its time has come."""
        for uuid, (until, states) in list(self._until.items()):
            if until <= self._clock():
                self._become(uuid, provision_state=states[0])
                if states[0] == 'available' and uuid in self._being_cleaned:
                    self._being_cleaned.discard(uuid)
                    self._used.discard(uuid)
                if len(states) > 1:
                    self._begin(uuid, states[1:])
                else:
                    del self._until[uuid]

    def repair(self):
        """An operator brings everything to an end that hangs."""
        while self._authorised:
            self.serve()
        self._until.clear()
        for uuid, node in list(self._nodes.items()):
            if node.provision_state not in ('available', 'active'):
                if node.lessee in (None, QUARANTINE):
                    self._used.discard(uuid)
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

    def leased_to(self, project_id):
        return self._call(
            f'list of {project_id}',
            lambda: [
                node for node in self._nodes.values() if node.lessee == project_id
            ],
        )

    def set_lessee(self, uuid, project_id):
        self._require_rest(uuid)
        return self._change(f'lessee of {uuid}: {project_id}', uuid, lessee=project_id)

    def clear_lessee(self, uuid, project_id, back_to=None):
        node = self.get(uuid)
        if (node.lessee, node.provision_state) != (project_id, 'available'):
            return node
        action = (
            f'lessee of {uuid} back to {back_to}'
            if back_to
            else (f'no lessee of {uuid}')
        )
        return self._change(action, uuid, lessee=back_to)

    def own_project(self):
        return QUARANTINE

    def settings(self, uuid):
        return self._call(f'settings of {uuid}', lambda: self._settings(uuid))

    def _settings(self, uuid):
        node = self._found(uuid)
        fields = {
            **dataclasses.asdict(node),
            'extra': list(self._written.get(uuid, ())),
        }
        return node_settings.of(fields)

    def restore(self, uuid, before):
        def put_back():
            for each in node_settings.differences(before, self._settings(uuid)):
                if each.name == 'extra':
                    self._written[uuid] = tuple(each.value)
                else:
                    self._become(uuid, **{each.name: each.value})
            return node_settings.differences(before, self._settings(uuid))

        return self._call(f'restore {uuid}', put_back, changes=True)

    def prepare_cleaning(self, node):
        self._change(
            f'prepare {node.uuid}', node.uuid, maintenance=False, automated_clean=True
        )

    def set_resource_class(self, uuid, resource_class):
        self._change(f'class of {uuid}', uuid, resource_class=resource_class)

    def set_property(self, uuid, name, value):
        """Nothing: no lease here was taken over, so that no node has a marker."""

    def _demanded(self, *_):
        """Nothing is demanded of a cleaning in these worlds, so nobody may ask.

        tests/functional/test_named_cleaning.py demands it, and
        tests/integration/ironic_options.py of a real Ironic.
        """
        raise AssertionError('a cleaning was asked for that no option demands')

    clean = clean_steps = steps_under_way = history = _demanded

    def keep_out(self, uuid):
        self._change(f'keep out of {uuid}', uuid, maintenance=True)

    def detach_media(self, uuid):
        def detach():
            left = [each for each in self._written.get(uuid, ()) if each != 'media']
            self._written[uuid] = tuple(left)

        self._call(f'no media at {uuid}', detach, changes=True)

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
        return self._call(action, lambda: self._become(uuid, **values), changes=True)

    def _call(self, action, operation, changes=False):
        self._tasks.point(f'Ironic: {action}')
        if self._is_away():
            raise exceptions.Unavailable('Ironic does not answer: it is away')
        if self._storm.strikes('ironic 503'):
            raise exceptions.Unavailable('Ironic does not answer: 503')
        if changes and self._storm.strikes('ironic 409'):
            raise exceptions.Conflict('Node is locked by host')
        answer = operation()
        self._tasks.point(f'Ironic: {action}: done')
        if self._storm.strikes('ironic late'):
            raise exceptions.Unavailable('Ironic does not answer: timeout')
        return answer

    def _require_rest(self, uuid):
        state = self._call(f'state of {uuid}', lambda: self._found(uuid))
        if state.provision_state in _BUSY:
            raise exceptions.Conflict(f'Node {uuid} is {state.provision_state}')

    def _become(self, uuid, by_provider=True, **values):
        node = self._found(uuid)
        if 'lessee' in values and values['lessee'] != node.lessee:
            if by_provider and values['lessee'] != QUARANTINE:
                self.wrong += [
                    f'node {uuid}: {what}, given to {values["lessee"]}'
                    for what in self._leftovers(uuid)
                ]
            if values['lessee'] not in (None, QUARANTINE):
                self._taken.discard(uuid)
                self._spoil(uuid)
            self.lessee_changes.append(
                (self._clock(), uuid, node.lessee, values['lessee'], by_provider)
            )
        self._nodes[uuid] = dataclasses.replace(node, **values)
        return self._nodes[uuid]

    def _provision(self, uuid, target):
        state = self._found(uuid).provision_state
        if state not in _FROM[target]:
            raise exceptions.Invalid(f'Node {uuid} is {state}: it cannot be {target}')
        if target == 'manage':
            self._become(uuid, provision_state='manageable')
        elif target == 'abort':
            self._until.pop(uuid, None)
            self._become(uuid, provision_state='clean failed', maintenance=True)
        else:
            self._clean(uuid, _ON_THE_WAY[target])

    def _clean(self, uuid, states):
        last = 'available'
        if self._storm.strikes('cleaning fails'):
            last = 'clean failed'
        if self._storm.strikes('cleaning hangs'):
            last = 'clean wait'
        if self._found(uuid).lessee in (None, QUARANTINE):
            self._being_cleaned.add(uuid)
        self._become(uuid, provision_state=states[0])
        self._begin(uuid, [*states[1:], last])

    def _begin(self, uuid, states):
        seconds = self._storm.pick((1, 5, 60, 600))
        self._until[uuid] = self._clock() + seconds * self._storm.SECOND, states
