# SPDX-License-Identifier: Apache-2.0
"""Print, as JSON, all that the API of the installed Ironic takes.

Run by the Python of an environment that has Ironic. What there is follows from Ironic's
controllers, objects and constants, so that what a later release adds is in it: the
routes with the arguments of each, and the JSON schemas of its bodies; the fields of
each object; and the words that Ironic's states, devices and modes are called by.
"""

import functools
import inspect
import json
import re
import sys

from ironic import objects
from ironic.api.controllers import v1
from ironic.common import boot_devices
from ironic.common import boot_modes
from ironic.common import components
from ironic.common import indicator_states
from ironic.common import policy
from ironic.common import service
from ironic.common import states
from ironic.drivers.modules import fake
from pecan import rest

#: The method of HTTP for each method of a RestController, and whether it is about one
#: object, which its path names.
_REST = {
    'get': ('GET', False),
    'get_all': ('GET', False),
    'get_one': ('GET', True),
    'post': ('POST', False),
    'put': ('PUT', False),
    'patch': ('PATCH', True),
    'delete': ('DELETE', True),
    '_default': ('POST', True),
}
_STEPS = ('clean', 'deploy', 'service')
#: Steps of the conductor itself; Ironic names them where it looks for them.
_RESERVED = ('hold', 'wait', 'power_on', 'power_off', 'reboot')
#: What wraps a method is asked for its schemas no deeper.
_WRAPPED = 6


def routes(controller, path='', inside=False):
    """Each route below ``controller``, a dictionary.

    :param inside: whether an object is named before: the collections that are shown
        inside another are not gone through once more.
    """
    for name, (method, one) in _REST.items():
        function = _exposed(controller, name)
        if function:
            for ident in _idents(function, path) if one else ('',):
                yield _route(method, path + ident, function)
    for name, methods in getattr(controller, '_custom_actions', {}).items():
        function = _exposed(controller, name)
        for method in methods if function else ():
            yield _route(method, f'{_of_one(controller, path)}/{name}', function)
    below = _of_one(controller, path)
    if inside and below != path:
        return
    for name, found in _controllers(controller):
        yield from routes(found, f'{below}/{name}', inside or below != path)


def _of_one(controller, path):
    """The path of one object of a collection; of anything else its own."""
    function = _exposed(controller, 'get_one')
    return path + _idents(function, path)[0] if function else path


def _idents(function, path):
    """What may follow ``path``, so that it names one object."""
    for each in _parameters(function):
        ident = f'/{{{each.name}}}'
        if ident not in path:
            return [ident] if each.default is each.empty else [ident, '']
    return ['']


def _parameters(function):
    return [
        each
        for each in inspect.signature(function).parameters.values()
        if each.name != 'self' and each.kind is each.POSITIONAL_OR_KEYWORD
    ]


def documented():
    """Each route that a rule of Ironic's policy is about."""
    for rule in policy.list_policies():
        for operation in getattr(rule, 'operations', ()):
            yield {
                'method': operation['method'],
                'path': f'/{operation["path"].lstrip("/")}',
                'arguments': [],
                'body': None,
                'schemas': [],
            }


def _controllers(controller):
    """Those below a controller, by the part of the path."""
    for name, found in inspect.getmembers(type(controller)):
        if isinstance(found, rest.RestController):
            yield name, found
    for name, found in getattr(controller, '_subcontroller_map', {}).items():
        yield name, _made(found)


def _made(found):
    """A controller, whose constructor may ask for whose it is."""
    if not inspect.isclass(found):
        return found
    made = found.__new__(found)
    for name in inspect.signature(found.__init__).parameters:
        setattr(made, name, None)
    return made


def _exposed(controller, name):
    function = getattr(type(controller), name, None)
    return function if getattr(function, 'exposed', False) else None


def _route(method, path, function):
    return {
        'method': method,
        'path': path,
        'arguments': [each.name for each in _parameters(function)],
        'body': _body(function),
        'schemas': list(_schemas(function)),
    }


def _body(function):
    """The argument that is the whole body; None where each key of it is one."""
    while function:
        if 'body_arg' in function.__code__.co_freevars:
            return inspect.getclosurevars(function).nonlocals['body_arg']
        function = getattr(function, '__wrapped__', None)
    return None


def _schemas(function):
    """The JSON schemas that a method holds its body or arguments against."""
    seen = set()
    waiting = [(function, 0)]
    while waiting:
        found, depth = waiting.pop()
        if id(found) in seen or depth > _WRAPPED:
            continue
        seen.add(id(found))
        if _is_schema(found):
            yield found
        else:
            waiting += ((each, depth + 1) for each in _inside(found))


def _is_schema(found):
    return isinstance(found, dict) and (
        'properties' in found or found.get('type') in ('array', 'object')
    )


def _inside(found):
    if isinstance(found, functools.partial):
        yield from (found.func, *found.args, *found.keywords.values())
    elif inspect.isfunction(found):
        yield from (
            cell.cell_contents for cell in found.__closure__ or () if _filled(cell)
        )
        for name in ('request_body_schemas', 'request_query_schemas'):
            known = getattr(found, name, None)
            yield from (each[0] for each in getattr(known, '_schemas', ()))
    elif isinstance(found, (list, tuple)):
        yield from found
    elif isinstance(found, dict):
        yield from found.values()


def _filled(cell):
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def words(module):
    """The texts among the constants of a module."""
    found = set()
    for name, value in vars(module).items():
        if name.isupper():
            several = value if isinstance(value, (list, tuple, set, dict)) else [value]
            found |= {each for each in several if isinstance(each, str)}
    return sorted(found)


def steps():
    """What simulated hardware can do while it is cleaned, deployed or serviced."""
    found = []
    for interface in vars(fake).values():
        if not inspect.isclass(interface) or not hasattr(interface, 'interface_type'):
            continue
        for name, method in inspect.getmembers(interface, inspect.isfunction):
            if any(getattr(method, f'_is_{kind}_step', False) for kind in _STEPS):
                found.append({'interface': interface.interface_type, 'step': name})
    return [*found, *({'step': name} for name in _RESERVED)]


def _plain(path):
    """The path whatever its parameters are called."""
    return re.sub(r'\{[^}]*\}', '{}', path)


def main():
    service.prepare_command(['ironic'])
    objects.register_all()
    known = {}
    # Of a route that both have, the controller says more.
    for each in (*documented(), *routes(v1.Controller())):
        known[_plain(each['path']), each['method']] = each
    found = [known[key] for key in sorted(known)]
    said = {
        'routes': found,
        'fields': {
            name.lower(): {
                field: type(kind._type).__name__.lower()
                for field, kind in sorted(found.fields.items())
            }
            for name, found in vars(objects).items()
            if inspect.isclass(found)
        },
        'steps': steps(),
        'verbs': sorted(states.VERBS),
        'words': {
            module.__name__.rpartition('.')[2]: words(module)
            for module in (
                states,
                boot_devices,
                boot_modes,
                components,
                indicator_states,
            )
        },
    }
    json.dump(said, sys.stdout, default=str)


if __name__ == '__main__':
    main()
