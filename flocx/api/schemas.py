# SPDX-License-Identifier: Apache-2.0
"""JSON schemas of the API's types, and bodies that are checked by them, once."""

import functools
import json

import jsonschema
import wsme.types

from flocx import exceptions
from flocx.api import types

_SCALARS = {
    wsme.types.text: {'type': ['string', 'null']},
    int: {'type': ['integer', 'null']},
    float: {'type': ['number', 'null']},
    bool: {'type': ['boolean', 'null'], 'description': 'true or false'},
}


def schema(kind, version, schemas=None):
    """The JSON schema of a type at a version of the API.

    :param schemas: the schemas of complex types by name, to refer to and to add to;
        without it they stand where they are used.
    """
    if isinstance(kind, wsme.types.ArrayType | list):
        item = kind.item_type if isinstance(kind, wsme.types.ArrayType) else kind[0]
        items = _not_null(schema(item, version, schemas))
        json_schema = {'type': ['array', 'null'], 'description': 'a JSON list'}
        return {**json_schema, 'items': items}
    if hasattr(kind, 'choices'):
        choices = kind.choices.at(version)
        json_schema = f'one of {", ".join(sorted(choices))}'
        return {'type': 'string', 'enum': choices, 'description': json_schema}
    if isinstance(kind, types.Value):
        return kind.schema
    if kind in _SCALARS:
        return _SCALARS[kind]
    if schemas is None:
        return _complex(kind, version, None)
    if kind.__name__ not in schemas:
        schemas[kind.__name__] = _complex(kind, version, schemas)
    return {'$ref': f'#/components/schemas/{kind.__name__}'}


def _complex(kind, version, schemas):
    fields = types.attributes(kind, version)
    described = {
        'type': 'object',
        'properties': {
            each.name: _of_field(kind, each, version, schemas) for each in fields
        },
        'description': 'a JSON object',
    }
    required = [each.name for each in fields if each.mandatory]
    if required:
        described['required'] = required
    if not issubclass(kind, types.Answer):
        described['additionalProperties'] = False
    return described


def _of_field(kind, field, version, schemas):
    json_schema = schema(field.datatype, version, schemas)
    may_be_null = not field.mandatory and (
        not issubclass(kind, types.Change) or field.name in kind._nullable
    )
    if may_be_null and '$ref' in json_schema:
        return {'anyOf': [json_schema, {'type': 'null'}]}
    if may_be_null and json_schema.get('type') == 'object':
        return {**json_schema, 'type': ['object', 'null']}
    return json_schema if may_be_null else _not_null(json_schema)


def _not_null(json_schema):
    if isinstance(json_schema.get('type'), list):
        return {**json_schema, 'type': json_schema['type'][0]}
    return json_schema


_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    # To JSON schema 1.0 is an integer, and to us it is somebody's mistake.
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        'integer', lambda _, value: type(value) is int
    ),
)


@functools.cache
def _validator(kind, version):
    return _Validator(schema(kind, version))


def read(kind, document, version):
    """{name: value} of what a body says, with its times and prices as such.

    :param document: what JSON was parsed to.
    :raises Invalid: it is not as the schema says; the message begins with the field.
    """
    error = next(_validator(kind, version).iter_errors(document), None)
    if error:
        raise exceptions.Invalid(_message(error))
    return _read(kind, document, '')


def _message(error):
    field = ''.join(
        f'[{each}]' if isinstance(each, int) else f'.{each}'
        for each in error.absolute_path
    ).lstrip('.')
    if error.validator == 'required':
        missing = next(
            each for each in error.validator_value if each not in error.instance
        )
        return f'{_within(field, missing)}: missing'
    if error.validator == 'additionalProperties':
        known = error.schema['properties']
        unknown = sorted(each for each in error.instance if each not in known)
        more = ', '.join(_within(field, each) for each in unknown)
        return f'{more}: there is no such field, or it is not yours to set'
    if error.instance is None:
        return f'{field}: cannot be null'
    wanted = error.schema.get('description')
    if not wanted:
        return f'{field or "The body"}: {error.message[:200]}'
    text = json.dumps(error.instance)
    text = text if len(text) <= 80 else f'{text[:77]}...'
    return f'{field or "The body"}: {text} is not {wanted}'


def _within(field, name):
    return f'{field}.{name}' if field else name


def _read(kind, value, field):
    if value is None:
        return None
    if isinstance(kind, types.Value):
        return kind.read(value, field) if kind.read else value
    if isinstance(kind, wsme.types.ArrayType):
        return [
            _read(kind.item_type, each, f'{field}[{at}]')
            for at, each in enumerate(value)
        ]
    if not wsme.types.iscomplex(kind):
        return value
    return {
        each.name: _read(each.datatype, value[each.name], _within(field, each.name))
        for each in wsme.types.list_attributes(kind)
        if each.name in value
    }
