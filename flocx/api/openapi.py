# SPDX-License-Identifier: Apache-2.0
"""A description of a service's API, from its controllers and their WSME types.

OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0.
"""

from flocx.api import errors
from flocx.api import routing
from flocx.api import schemas as json_schemas
from flocx.core import gates

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


#: What the parameters are for that many operations have.
_MEANINGS = {
    'ident': 'the uuid of an object, or its name where just one has it',
    'limit': 'how many are listed at most',
    'marker': 'the uuid of the last one that was listed, to go on after it',
    'sort_dir': 'ascending or descending',
    'Idempotency-Key': 'a text of the caller: a request that comes again with the same '
    'one does nothing more, and is answered as the first was',
    'If-Match': 'the ETag of the object as it was read: if it has changed since, '
    'nothing is done',
    'OpenStack-API-Version': 'the version that the request was written for, such as '
    '"marketplace 1.1"; without it, the oldest',
}


def document(title, root, version):
    """The description of everything below ``root`` at a version, a dictionary."""
    schemas = {'Error': _ERROR}
    paths = {}
    for path, method, handler in routing.operations(root.v1):
        if handler.operation.gate.lets(version):
            described = _operation(handler.operation, path, method, schemas, version)
            paths.setdefault(path, {})[method.lower()] = described
    return {
        'openapi': '3.1.0',
        'info': {'title': title, 'version': '.'.join(map(str, version))},
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


def _operation(exposed, path, method, schemas, version):
    described = {
        'summary': exposed.summary,
        'operationId': f'{method.lower()} {path}',
        'parameters': _parameters(exposed, method, version),
        'responses': _responses(exposed, method, schemas, version),
    }
    if exposed.public:
        described['security'] = []
    if exposed.description:
        described['description'] = exposed.description
    if exposed.body:
        described['requestBody'] = {
            'required': True,
            'content': {
                'application/json': {
                    'schema': json_schemas.schema(exposed.body, version, schemas)
                }
            },
        }
    return described


def _parameters(exposed, method, version):
    listed = dict.fromkeys(
        gates.served(exposed.parameters, version), {'type': 'string'}
    )
    if exposed.sort_keys is not None:
        listed['limit'] = {'type': 'integer', 'minimum': 1}
    if exposed.sort_keys:
        listed |= {
            'marker': {'type': 'string'},
            'sort_key': {'type': 'string', 'enum': list(exposed.sort_keys)},
            'sort_dir': {'type': 'string', 'enum': ['asc', 'desc']},
        }
    headers = ['Idempotency-Key'] if method == 'POST' else []
    headers += ['If-Match'] if method in ('PATCH', 'DELETE') else []
    text = {'type': 'string'}
    return [
        *(_parameter(name, 'path', text, required=True) for name in exposed.path),
        *(_parameter(name, 'query', schema) for name, schema in listed.items()),
        *(
            _parameter(name, 'header', text)
            for name in [*headers, 'OpenStack-API-Version']
        ),
    ]


def _parameter(name, place, schema, **more):
    described = {'name': name, 'in': place, **more, 'schema': schema}
    if name in _MEANINGS:
        described['description'] = _MEANINGS[name]
    return described


def _responses(exposed, method, schemas, version):
    done = {'description': 'Done'}
    if exposed.result:
        done['content'] = {
            media_type: {
                'schema': json_schemas.schema(exposed.result, version, schemas)
                if media_type == 'application/json'
                else {'type': 'string'}
            }
            for media_type in exposed.media_types
        }
    statuses = [400, 401, 403, 406, 413, 503]
    statuses += [404] if exposed.path or exposed.body else []
    statuses += [409] if method != 'GET' or exposed.path else []
    statuses += [415] if exposed.body else []
    statuses += [422] if method == 'POST' else []
    refused = {
        str(status): {
            'description': errors.CODES[status],
            'content': {
                'application/json': {'schema': {'$ref': '#/components/schemas/Error'}}
            },
        }
        for status in sorted(statuses)
    }
    return {str(exposed.status): done, **refused}
