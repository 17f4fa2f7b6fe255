# SPDX-License-Identifier: Apache-2.0
"""Requests to Ironic's API that follow from a seed: each route, verb and field of it.

What there is to ask for comes from Ironic itself (``ironic_routes.py``), so that a
route or a field of a later release is asked for without anybody thinking of it. Values
are of the kind that is taken where that is known: what is refused for its form shows
nothing.
"""

import dataclasses
import json
import pathlib
import re
import subprocess
import uuid

from tools.lab import accounts
from tools.lab import ironic
from tools.lab import rest

HERE = pathlib.Path(__file__).parent
#: Patches, and how often each is sent.
_OPERATIONS = ('add', 'add', 'replace', 'replace', 'remove')
_DEPTH = 3


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing to try: a route, and the verb or field that it is tried with."""

    route: dict
    focus: str | None = None

    @property
    def writes(self):
        return self.route['method'] != 'GET'

    def __str__(self):
        focus = f' {self.focus}' if self.focus else ''
        return f'{self.route["method"]} {self.route["path"]}{focus}'


@dataclasses.dataclass(frozen=True)
class Request:
    """What is sent; ``body`` is JSON or None."""

    method: str
    path: str
    body: object

    def __str__(self):
        body = '' if self.body is None else f' {json.dumps(self.body)}'
        return f'{self.method} {self.path}{body}'


class Asking:
    """Requests to Ironic as somebody: ``(status, document)`` of each.

    :param role: what they are made in the project, if they are not there.
    """

    def __init__(self, folder, ports, user, project=None, role=None):
        if role:
            accounts.create_person(folder, ports, user, project, role)
        self._token = accounts.log_in(folder, ports, user, project)
        self._url = f'{ironic.url(ports)}/v1'

    def __call__(self, method, path, body=None):
        status, _, document = rest.call(
            method,
            self._url + path,
            body,
            self._token,
            headers={'X-OpenStack-Ironic-API-Version': 'latest'},
        )
        return status, document


class Catalog:
    """All that the Ironic of an environment takes."""

    def __init__(self, python):
        """:param python: the interpreter of an environment with Ironic."""
        done = subprocess.run(
            [str(python), str(HERE / 'ironic_routes.py')],
            check=True,
            capture_output=True,
            text=True,
        )
        self.known = json.loads(done.stdout)

    def cases(self):
        """Every Case, in an order that is always the same."""
        return [
            Case(route, focus)
            for route in self.known['routes']
            for focus in self._focuses(route) or [None]
        ]

    def _focuses(self, route):
        if route['path'].endswith('/states/provision'):
            return [*self.known['verbs'], 'rebuild']
        if route['path'].endswith('/states/power'):
            return [
                word
                for word in self.known['words']['states']
                if 'power' in word or 'reboot' in word
            ]
        alone = route['path'].count('{') == 1 and route['path'].endswith('}')
        return self.fields(route) if route['method'] == 'PATCH' and alone else None

    def fields(self, route):
        """The fields of the objects that a route is about, as the API names them."""
        names = [
            each
            for each in route['path'].split('/')
            if each and not each.startswith('{') and self._object(each)
        ]
        found = set(self.kinds(names[-1])) if names else set()
        for schema in route['schemas']:
            found |= set(schema.get('properties', ()))
        ids = {each for each in found if each.endswith('_id')}
        return sorted(found | {f'{each}_uuid'.replace('_id_', '_') for each in ids})

    def kinds(self, collection):
        """{field: of which kind its values are} of the objects of a collection."""
        return self.known['fields'].get(self._object(collection), {})

    def _object(self, collection):
        """The object that a part of a path names in the plural, or None."""
        name = collection.replace('_', '').removesuffix('s')
        return next(
            (each for each in self.known['fields'] if each.endswith(name)), None
        )


class Requests:
    """Draws a Request for each Case."""

    def __init__(self, catalog, draw, there):
        """
        :param draw: a ``random.Random``.
        :param there: {name of a parameter or field: values that mean something}.
        """
        self._known, self._draw, self._catalog = catalog.known, draw, catalog
        self._there = {**self._everywhere(), **there}

    def _everywhere(self):
        words = self._known['words']
        return {
            'boot_device': words['boot_devices'],
            'component': words['components'],
            'indicator': ['led-0', 'psu', 'chassis'],
            'state': words['indicator_states'],
            'trait': ['CUSTOM_A', 'CUSTOM_B', 'HW_CPU_X86_VMX'],
            'traits': [['CUSTOM_A'], ['CUSTOM_B', 'HW_CPU_X86_VMX'], []],
            'resource_class': ['baremetal', 'large', 'CUSTOM'],
            'driver_name': ['fake-hardware'],
            'driver': ['fake-hardware'],
            'method': ['first_method', 'second_method', 'fourth_method_shared_lock'],
            'method_name': ['first_method', 'third_method_sync', 'log_passthrough'],
            'setting_name': ['bios_setting'],
            'rescue_password': ['secret'],
            'configdrive': [{'meta_data': {'a': 'b'}}, 'http://127.0.0.1/drive'],
            'capabilities': ['boot_mode:uefi', 'boot_mode:bios,a:b'],
            'image_url': ['http://127.0.0.1/image.iso', 'file:///image.iso'],
            'reason': ['broken', ''],
            'target': ['uefi', 'bios', True, False],
            'vif': [{'id': str(uuid.UUID(int=1))}],
            'vif_id': [str(uuid.UUID(int=1))],
            'body': [{'traits': ['CUSTOM_A']}, {'traits': []}],
            'device_types': ['cdrom', 'disk'],
            **dict.fromkeys(_SWITCHES, [True, False]),
            'agent_version': ['9.0.0'],
            'callback_url': ['http://127.0.0.1:1'],
            'target_raid_config': [
                {'logical_disks': [{'size_gb': 100, 'raid_level': '1'}]},
                {},
            ],
            'network_data': [{}, {'links': [], 'networks': [], 'services': []}],
            'volume_type': ['iscsi', 'fibre_channel'],
            'connector_id': ['iqn.2026-11.org.example:renter', '52:54:00:00:00:01'],
            'type': ['iqn', 'ip', 'mac', 'wwnn', 'wwpn', 'port'],
            'boot_index': [0, 1],
            'address': ['52:54:00:aa:bb:01', '52:54:00:aa:bb:02'],
            'name': [None, 'renamed', 'another-name'],
            **{f'{each}_steps': [self._known['steps']] for each in _KINDS},
        }

    def of(self, case):
        """The Request that is drawn for ``case``."""
        route = case.route
        path = re.sub(r'\{(\w+)\}', lambda found: self._ident(found[1]), route['path'])
        body = None
        if route['method'] == 'PATCH':
            body = self._patch(case)
        elif route['method'] in ('POST', 'PUT'):
            body = self._body(case)
        return Request(route['method'], path, body)

    def _ident(self, name):
        return str(self._pick(self._there.get(name) or ['nothing']))

    def _pick(self, several):
        return several[self._draw.randrange(len(several))]

    def _patch(self, case):
        fields = self._catalog.fields(case.route) or ['uuid']
        found = [self._operation(case, case.focus or self._pick(fields))]
        while self._draw.random() < 0.1:
            found.append(self._operation(case, self._pick(fields)))
        return found

    def _operation(self, case, field):
        op, path = self._pick(_OPERATIONS), f'/{field}'
        if self._draw.random() < 0.2:
            path += f'/{self._pick(("cpus", "capabilities", "renter", "image_source"))}'
        if op == 'remove':
            return {'op': op, 'path': path}
        name = case.route['path'].strip('/').split('/')[-2]
        kind = self._catalog.kinds(name).get(field)
        return {'op': op, 'path': path, 'value': self._value(field, kind)}

    def _body(self, case):
        route = case.route
        if case.focus:
            wanted = _BELONGS.get(case.focus, ())
            return {
                'target': case.focus,
                **self._arguments(route, lambda name: 0.8 if name in wanted else 0.03),
            }
        schemas = [each for each in route['schemas'] if _is_body(each, route)]
        if schemas:
            return self._of(self._pick(schemas))
        if route['body']:
            return self._object(route['body'])
        return self._arguments(route, lambda name: 0.9)

    def _arguments(self, route, chance):
        """Those that are neither in the path nor the focus, each by its chance."""
        return {
            name: self._value(name)
            for name in route['arguments']
            if f'{{{name}}}' not in route['path']
            and name != 'node_ident'
            and (name != 'target' or not route['path'].endswith(_FOCUSED))
            and self._draw.random() < chance(name)
        }

    def _object(self, name):
        """What an object of that name may be made of."""
        if name in self._there:
            return self._pick(self._there[name])
        fields = self._catalog.kinds(name)
        return {
            field: self._value(field, kind)
            for field, kind in fields.items()
            if field in self._there or self._draw.random() < 0.1
        }

    def _value(self, name, kind=None):
        if name.endswith('_steps'):
            return self._steps()
        if name in self._there and self._draw.random() < 0.9:
            return self._pick(self._there[name])
        if name.endswith('_interface'):
            return self._pick(['fake', f'no-{name[:-10]}', 'noop', 'agent', None])
        some = [each for each in _SOME if each in (kind or '')]
        if some and self._draw.random() < 0.9:
            return self._pick(_SOME[some[0]])
        return self._pick([*(each[0] for each in _SOME.values()), None, self._uuid()])

    def _uuid(self):
        return str(uuid.UUID(int=self._draw.getrandbits(128), version=4))

    def _steps(self):
        steps = []
        for _ in range(self._draw.randrange(1, 3)):
            step = {'interface': 'deploy', **self._pick(self._known['steps'])}
            steps.append({**step, 'args': {}, 'priority': 90})
            if self._draw.random() < 0.7:
                del steps[-1]['priority']
        return steps

    def _of(self, schema, name='', depth=0):
        """A value that ``schema``, a JSON schema, takes, as far as it is understood."""
        several = schema.get('oneOf') or schema.get('anyOf')
        if several:
            return self._of(self._pick(several), name, depth)
        if 'enum' in schema:
            return self._pick(schema['enum'])
        if name in self._there and self._draw.random() < 0.9:
            return self._pick(self._there[name])
        kinds = schema.get('type', 'string')
        kind = self._pick(kinds) if isinstance(kinds, list) else kinds
        if kind == 'object':
            return self._fields_of(schema, depth)
        if kind == 'array':
            item = schema.get('items', {})
            return [self._of(item, name, depth + 1)] if depth < _DEPTH else []
        return {
            'integer': self._draw.randrange(10),
            'number': self._draw.randrange(10),
            'boolean': self._draw.random() < 0.5,
            'null': None,
        }.get(kind, self._pick(('text', 'CUSTOM_TEXT', self._uuid())))

    def _fields_of(self, schema, depth):
        required = schema.get('required', ())
        return {
            name: self._of(below, name, depth + 1)
            for name, below in schema.get('properties', {}).items()
            if depth < _DEPTH and (name in required or self._draw.random() < 0.3)
        }


#: Arguments that are yes or no.
_SWITCHES = ('enabled', 'persistent', 'disable_ramdisk')
#: Values by a part of the name of their kind.
_SOME = {
    'dict': ({'renter': 'was here'}, {'cpus': 1}, {}),
    'list': (['text'], []),
    'boolean': (True, False),
    'integer': (1, 0),
    'string': ('text', 'fake', '', None),
}
#: What goes with a provision state that is asked for; anything else is refused.
_BELONGS = {
    'active': ('configdrive', 'deploy_steps'),
    'deploy': ('configdrive', 'deploy_steps'),
    'rebuild': ('configdrive', 'deploy_steps'),
    'clean': ('clean_steps',),
    'service': ('service_steps',),
    'rescue': ('rescue_password',),
}
#: Steps are given for each of these.
_KINDS = ('clean', 'deploy', 'service')
_FOCUSED = ('/states/provision', '/states/power')


def _is_body(schema, route):
    """Whether ``schema`` is not only about what the path names."""
    return any(
        f'{{{name}}}' not in route['path'] for name in schema.get('properties', ())
    )
