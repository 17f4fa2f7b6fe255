# SPDX-License-Identifier: Apache-2.0
"""A description of a service's API, from its controllers and their WSME types.

OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0.
"""

import inspect
import itertools

from oslo_utils import importutils
import pecan
from pecan import rest
import wsme.types

from flocx.api import errors
from flocx.api import types
from flocx.api import versions

#: HTTP methods by the name of a controller's method, and whether it is about one
#: object.
_METHODS = {
    'get_all': ('get', False),
    'get_one': ('get', True),
    'post': ('post', False),
    'patch': ('patch', True),
    'delete': ('delete', True),
}

_SCALARS = {
    wsme.types.text: {'type': ['string', 'null']},
    int: {'type': ['integer', 'null']},
    float: {'type': ['number', 'null']},
    bool: {'type': ['boolean', 'null']},
}

_ERROR = {
    'type': 'object',
    'required': ['errors'],
    'properties': {
        'errors': {
            'type': 'array',
            'items': {
                'type': 'object',
                'required': ['status', 'title', 'detail', 'code'],
                'properties': {
                    'status': {'type': 'integer'},
                    'title': {'type': 'string'},
                    'detail': {'type': 'string'},
                    'code': {'type': 'string'},
                    'request_id': {'type': ['string', 'null']},
                },
            },
        }
    },
}


class OpenAPI:
    """``GET /v1/openapi.json``, without a token."""

    def __init__(self, title, root):
        """:param root: the root controller."""
        self._title, self._root = title, root

    @pecan.expose('json')
    def index(self):
        """Describe the API."""
        return document(self._title, self._root)


def document(title, root):
    """The description of everything below ``root``, a dictionary."""
    schemas = {'Error': _ERROR}
    paths = {}
    for path, method, handler in operations(root.v1, '/v1'):
        described = _operation(handler.operation, path, method, schemas)
        paths.setdefault(path, {})[method] = described
    return {
        'openapi': '3.1.0',
        'info': {'title': title, 'version': versions.VERSIONS[-1]},
        'servers': [{'url': '/'}],
        'security': [{'token': []}],
        'paths': paths,
        'components': {
            'securitySchemes': {
                'token': {'type': 'apiKey', 'in': 'header', 'name': 'X-Auth-Token'}
            },
            'schemas': schemas,
        },
    }


def operations(controller, path):
    """Triples of a path, an HTTP method and the handler that answers there."""
    for name, part in inspect.getmembers(controller):
        if isinstance(part, rest.RestController):
            yield from _resource(part, f'{path}/{name}')


def _resource(controller, path):
    deepest = path
    for name, (method, one) in _METHODS.items():
        handler = getattr(controller, name, None)
        if not hasattr(handler, 'operation'):
            continue
        names = handler.operation.path
        deepest = _with_names(path, names) if names else deepest
        yield (deepest if one or names else path), method, handler
    for name, part in inspect.getmembers(controller):
        if isinstance(part, rest.RestController):
            yield from _resource(part, f'{path}/{name}')


def _with_names(path, names):
    """``path`` with each of ``names`` after the collection that it is in.

    The last part of a path may be no collection, as in ``/offers/{ident}/health``.
    """
    pairs = itertools.zip_longest(path.split('/')[2:], names)
    return '/v1' + ''.join(
        f'/{part}/{{{name}}}' if name else f'/{part}' for part, name in pairs
    )


def _operation(said, path, method, schemas):
    described = {
        'summary': said.summary,
        'operationId': f'{method} {path}',
        'parameters': _parameters(said, method),
        'responses': _responses(said, method, schemas),
    }
    if said.description:
        described['description'] = said.description
    if said.body:
        described['requestBody'] = {
            'required': True,
            'content': {'application/json': {'schema': _schema(said.body, schemas)}},
        }
    return described


def _parameters(said, method):
    parameters = [
        {'name': name, 'in': 'path', 'required': True, 'schema': {'type': 'string'}}
        for name in said.path
    ]
    listed = dict.fromkeys(said.parameters, {'type': 'string'})
    if said.sort_keys is not None:
        listed['limit'] = {'type': 'integer', 'minimum': 1}
    if said.sort_keys:
        listed |= {
            'marker': {'type': 'string'},
            'sort_key': {'type': 'string', 'enum': list(said.sort_keys)},
            'sort_dir': {'type': 'string', 'enum': ['asc', 'desc']},
        }
    parameters += [
        {'name': name, 'in': 'query', 'schema': schema}
        for name, schema in listed.items()
    ]
    headers = ['Idempotency-Key'] if method == 'post' else []
    headers += ['If-Match'] if method in ('patch', 'delete') else []
    return parameters + [
        {'name': name, 'in': 'header', 'schema': {'type': 'string'}}
        for name in [*headers, 'OpenStack-API-Version']
    ]


def _responses(said, method, schemas):
    done = {'description': 'Done'}
    if said.result:
        done['content'] = {
            'application/json': {'schema': _schema(said.result, schemas)}
        }
        if 'format' in said.parameters:
            done['content']['text/csv'] = {'schema': {'type': 'string'}}
    statuses = [400, 401, 403, 406, 413, 503]
    statuses += [404] if said.path or said.body else []
    statuses += [409] if method != 'get' or said.path else []
    statuses += [415] if said.body else []
    statuses += [422] if method == 'post' else []
    refused = {
        str(status): {
            'description': errors.CODES[status],
            'content': {
                'application/json': {'schema': {'$ref': '#/components/schemas/Error'}}
            },
        }
        for status in sorted(statuses)
    }
    return {str(said.status): done, **refused}


def _schema(kind, schemas):
    """The schema of a WSME type; those of complex types go to ``schemas``."""
    if isinstance(kind, types.Checked):
        return kind.schema
    if isinstance(kind, wsme.types.Enum):
        return {'type': 'string', 'enum': sorted(kind.values)}
    if isinstance(kind, wsme.types.ArrayType | list):
        item = kind.item_type if isinstance(kind, wsme.types.ArrayType) else kind[0]
        return {'type': 'array', 'items': _schema(item, schemas)}
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind.__name__ not in schemas:
        # Before its fields, one of which may be of the same type.
        schemas[kind.__name__] = {}
        schemas[kind.__name__] = _complex(kind, schemas)
    return {'$ref': f'#/components/schemas/{kind.__name__}'}


def _complex(kind, schemas):
    attributes = wsme.types.list_attributes(kind)
    described = {
        'type': 'object',
        'properties': {
            each.name: _schema(_resolved(each.datatype), schemas) for each in attributes
        },
    }
    required = [each.name for each in attributes if each.mandatory]
    if required:
        described['required'] = required
    if not issubclass(kind, types.Answer):
        described['additionalProperties'] = False
    return described


def _resolved(datatype):
    """A type that WSME knows by name only until it is used."""
    if isinstance(datatype, str):
        return importutils.import_class(datatype)
    return datatype
