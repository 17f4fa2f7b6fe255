# SPDX-License-Identifier: Apache-2.0
"""Requests that an OpenAPI document forbids, made from one that it allows.

Each differs from what is allowed in one thing, so that what is refused is that. They
follow from the document alone: what a later version adds is asked for without a change.
"""

import copy

from tempest.lib.common.utils import data_utils

NOWHERE = 'no-such-thing'
_TIME = '2099-01-31T18:00:00Z'
#: What is not of a type, by the type; a string may be many things that are none.
_OTHER = {
    'string': {'is': 'an object'},
    'integer': 'many',
    'number': 'many',
    'boolean': 'perhaps',
    'array': 'a string',
    'object': 'a string',
}


class Document:
    """The description that a service gives of itself."""

    def __init__(self, described):
        self._paths = described['paths']
        self._schemas = described['components']['schemas']

    def operations(self):
        """(method, path, operation), those that need a token."""
        for path, methods in self._paths.items():
            for method, operation in methods.items():
                if operation.get('security') != []:
                    yield method.upper(), path, operation

    def forbidden_methods(self):
        """(method, path) where no such method is."""
        for path, methods in self._paths.items():
            for method in ('PUT', 'DELETE', 'PATCH', 'POST'):
                if method.lower() not in methods:
                    yield method, located(path)

    def wrong_queries(self, operation):
        """Queries of this operation that are none."""
        yield f'{NOWHERE}=1'
        for parameter in operation['parameters']:
            if parameter['in'] != 'query':
                continue
            name, schema = parameter['name'], parameter['schema']
            if schema.get('type') == 'integer':
                yield f'{name}=many'
            if 'minimum' in schema:
                yield f'{name}={schema["minimum"] - 1}'
            if 'enum' in schema:
                yield f'{name}={NOWHERE}'

    def body(self, operation):
        """The schema of its body; None if it has none."""
        if 'requestBody' not in operation:
            return None
        content = operation['requestBody']['content']['application/json']
        return self._resolved(content['schema'])

    def wrong_bodies(self, schema):
        """(what is wrong, the body), each of which the schema forbids."""
        right = self._sample(schema)
        yield 'a list', [right]
        yield 'a field that is none', right | {NOWHERE: 1}
        for name in schema.get('required', ()):
            lacking = copy.deepcopy(right)
            del lacking[name]
            yield f'no {name}', lacking
        for name, field in schema.get('properties', {}).items():
            for what, value in self._wrong_values(self._resolved(field)):
                yield f'{name}: {what}', right | {name: value}

    def _wrong_values(self, schema):
        """(what is wrong, the value), which the schema forbids."""
        kinds = _kinds(schema)
        if len(kinds - {'null'}) == 1:
            (kind,) = kinds - {'null'}
            yield f'no {kind}', _OTHER[kind]
        if kinds and 'null' not in kinds:
            yield 'null', None
        if 'minimum' in schema:
            yield 'too little', schema['minimum'] - 1
        if 'maximum' in schema:
            yield 'too much', schema['maximum'] + 1
        if 'maxLength' in schema:
            yield 'too long', 'x' * (schema['maxLength'] + 1)
        if schema.get('minLength'):
            yield 'too short', ''
        if 'enum' in schema or 'pattern' in schema or 'format' in schema:
            yield from self._wrong_words(schema)

    @staticmethod
    def _wrong_words(schema):
        if 'enum' in schema:
            yield 'none of them', NOWHERE
        if schema.get('format') == 'date-time':
            yield 'no time', 'the day after tomorrow'
        if schema.get('pattern', '').startswith('^[0-9]'):
            yield 'no number', 'one and a half'

    def _sample(self, schema):
        """Something that the schema allows, with what is required and no more."""
        schema = self._resolved(schema)
        if 'enum' in schema:
            return schema['enum'][0]
        kinds = _kinds(schema)
        for kind, make in self._makers().items():
            if kind in kinds:
                return make(schema)
        return None

    def _makers(self):
        return {
            'object': self._object,
            'array': lambda schema: [],
            'integer': lambda schema: schema.get('minimum', 1),
            'boolean': lambda schema: False,
            'string': _string,
        }

    def _object(self, schema):
        fields = schema.get('properties', {})
        return {name: self._sample(fields[name]) for name in schema.get('required', ())}

    def _resolved(self, schema):
        while '$ref' in schema:
            schema = self._schemas[schema['$ref'].rpartition('/')[2]]
        return schema


def located(path):
    """The path, with objects in it that are nowhere."""
    while '{' in path:
        before, _, after = path.partition('{')
        path = before + data_utils.rand_uuid() + after.partition('}')[2]
    return path


def _kinds(schema):
    kind = schema.get('type', [])
    return {kind} if isinstance(kind, str) else set(kind)


def _string(schema):
    if schema.get('format') == 'date-time':
        return _TIME
    if schema.get('pattern', '').startswith('^[0-9]'):
        return '1.25'
    return data_utils.rand_uuid()
