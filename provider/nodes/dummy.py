# SPDX-License-Identifier: Apache-2.0
"""Servers in YAML files, for trials, for tests and for sites without Ironic.

A file ``NAME.yaml`` says what a node is::

    uuid: 5f4e6d0c-4d35-4c36-9d2e-0a3b5f8e6a11
    owner: acme
    resource_class: baremetal.large
    properties: {cpus: 64, memory_mb: 262144}

Undeploying and cleaning take no time here; whatever changes is written back.
"""

import dataclasses
import itertools
import os
import pathlib
import threading

from oslo_config import cfg
from oslo_utils import uuidutils
import yaml

from flocx import exceptions
from provider import cleaning_history
from provider import node_settings
from provider import nodes

_FIELDS = {field.name for field in dataclasses.fields(nodes.Node)}

#: The options of ``[provider]`` that only this place has.
OPTS = [
    cfg.StrOpt(
        'dummy_nodes_dir',
        default='/var/lib/flocx/nodes',
        help='With nodes = dummy: the folder with a YAML file for each server.',
    ),
    cfg.StrOpt(
        'dummy_console_url',
        default='tcp://127.0.0.1:6084',
        help='With nodes = dummy: where the serial console of each server is that has '
        'it switched on.',
    ),
]

#: What its history says of a cleaning, as Ironic's does.
_CLEANING = (
    (cleaning_history.STARTED, 'Starting manual cleaning'),
    (cleaning_history.ENDED, 'Manual Cleaning completed successfully'),
)

#: What each verb comes to, at once.
_DONE = {
    'deleted': {'provision_state': 'available', 'power_state': 'power off'},
    'provide': {'provision_state': 'available'},
    'manage': {'provision_state': 'manageable'},
    'abort': {'provision_state': 'inspect failed'},
    'unhold': {'provision_state': 'service wait'},
}


class DummyNodes(nodes.Nodes):
    RESOURCE_TYPE = 'dummy_node'

    OPTS = OPTS

    @classmethod
    def from_conf(cls, conf, session):
        return cls(conf)

    def __init__(self, conf):
        self._folder = pathlib.Path(conf.provider.dummy_nodes_dir)
        self._console_url = conf.provider.dummy_console_url
        self._lock = threading.Lock()
        #: Which node was cleaned by what, in order.
        self._cleaned = []
        #: {uuid: what happened to it}, as Ironic's history has it.
        self._history = {}
        #: {path: (what the file was like, its node)}, and {uuid or name: path}.
        self._known, self._places = {}, {}

    def list(self, context):
        return [
            node
            for node in self.all()
            if context.project_id in (node.owner, node.lessee)
        ]

    def all(self):
        return [self._read(path) for path in sorted(self._folder.glob('*.yaml'))]

    def get(self, ident, context=None):
        _, node = self._find(ident)
        if context and context.project_id not in (node.owner, node.lessee):
            raise exceptions.NotFound(f'Node {ident} not found')
        return node

    def inventory(self, uuid):
        return self.get(uuid).inventory

    def leased_to(self, project_id):
        return [node for node in self.all() if node.lessee == project_id]

    def set_lessee(self, uuid, project_id):
        self._change(uuid, lessee=project_id)
        return self._find(uuid)[1]

    def clear_lessee(self, uuid, project_id, back_to=None):
        node = self.get(uuid)
        if (node.lessee, node.provision_state) != (project_id, 'available'):
            return node
        self._change(uuid, lessee=back_to)
        return self._find(uuid)[1]

    def own_project(self):
        return 'quarantine'

    def settings(self, uuid):
        node = dataclasses.asdict(self.get(uuid))
        node['traits'] = list(node['traits'])
        return node_settings.of(node)

    def restore(self, uuid, before):
        found = node_settings.differences(before, self.settings(uuid))
        if found:
            self._change(uuid, **{each.name: each.value for each in found})
        return []

    def prepare_cleaning(self, node):
        self._change(
            node.uuid,
            automated_clean=True,
            **dict.fromkeys(('protected', 'retired', 'maintenance'), False),
        )

    def keep_out(self, uuid):
        self._change(uuid, maintenance=True)

    def provision(self, uuid, target):
        self._change(uuid, **_DONE[target])

    def set_resource_class(self, uuid, resource_class):
        self._change(uuid, resource_class=resource_class)

    def set_property(self, uuid, name, value):
        properties = {**self.get(uuid).properties, name: value}
        left = {name: each for name, each in properties.items() if each is not None}
        self._change(uuid, properties=left)

    def clean(self, uuid, demand):
        """At once, as everything here."""
        steps = self.clean_steps(demand)
        with self._lock:
            self._cleaned.append((uuid, demand.text))
            self._history.setdefault(uuid, []).extend(
                _entry(event_type, f'{text} with steps={steps}')
                for event_type, text in _CLEANING
            )

    def clean_steps(self, demand):
        """A dummy node knows no runbooks: each is a step of its own name."""
        return demand.clean_steps or [{'interface': 'deploy', 'step': demand.runbook}]

    def steps_under_way(self, uuid):
        return []

    def history(self, uuid):
        return list(self._history.get(uuid, ()))

    def detach(self, uuid):
        """Nothing: a dummy node is on no network."""

    def detach_media(self, uuid):
        """Nothing: a dummy node has no media."""

    def console_off(self, uuid):
        self._change(uuid, console_enabled=False)

    def console_on(self, uuid):
        self._change(uuid, console_enabled=True)

    def console(self, uuid):
        return self._console_url if self.get(uuid).console_enabled else None

    def power_off(self, uuid):
        self._change(uuid, power_state='power off')

    def _find(self, ident):
        # First where it was, or is by its name; it may have gone from there meanwhile.
        named = self._folder / f'{pathlib.PurePath(ident).name}.yaml'
        place = self._places.get(ident, named)
        # Not every name that somebody asks for can be one of a file.
        known = [place] if os.path.exists(place) else []
        for path in itertools.chain(known, self._folder.glob('*.yaml')):
            node = self._read(path)
            if ident in (node.uuid, node.name):
                return path, node
        raise exceptions.NotFound(f'Node {ident} not found')

    def _read(self, path):
        # A file that changes is a new one; to parse YAML takes its time.
        status = path.stat()
        like = status.st_ino, status.st_mtime_ns, status.st_size
        known, node = self._known.get(path, (None, None))
        if known != like:
            node = _node(path)
            self._known[path] = like, node
            self._places |= {node.uuid: path, node.name: path}
        return node

    def _change(self, ident, **values):
        with self._lock:
            path, node = self._find(ident)
            body = {**dataclasses.asdict(node), **values}
            body['traits'] = list(body['traits'])
            # Readers see the old file or the new one, never half of it.
            new = path.with_suffix('.new')
            new.write_text(yaml.safe_dump(body))
            os.replace(new, path)


def _entry(event_type, event):
    return {
        'uuid': uuidutils.generate_uuid(),
        'event_type': event_type,
        'severity': 'INFO',
        'event': event,
    }


def _node(path):
    body = yaml.safe_load(path.read_text())
    return nodes.Node(
        **{
            'name': path.stem,
            **{name: value for name, value in body.items() if name in _FIELDS},
        }
    )
