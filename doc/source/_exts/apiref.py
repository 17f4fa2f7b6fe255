# SPDX-License-Identifier: Apache-2.0
"""The API reference in the form of os-api-ref, written when it is built.

For each service ``generated/SERVICE.inc`` has its operations, and the ``.yaml`` beside
it their parameters; ``generated/status.yaml`` says what the statuses mean. All comes of
the services' own descriptions, one for each version of the API, so that what a version
added has its ``min_version``; requests and answers are those of ``executed``.
"""

import itertools
import pathlib
import re

import executed
import yaml

from flocx.api import errors
from flocx.api import openapi
from flocx.api import versions
from flocx.core import gates
from lease.api import root as lease
from market.api import root as market
from matcher.api import root as matcher
from provider.api import root as provider

ROOTS = {
    'marketplace': market.Root,
    'marketplace-provider': provider.Root,
    'marketplace-matcher': matcher.Root,
    'lease': lease.Root,
}
#: The order that os-api-ref asks for.
_SECTIONS = 'header', 'path', 'query', 'body'
_MARKUP = re.compile(r'([\\*`|_])')


def write(folder, examples=()):
    """Write what the pages of all services include into a folder."""
    folder.mkdir(exist_ok=True)
    statuses, titles = {}, set()
    for service, root in ROOTS.items():
        documents = {
            version: openapi.document(root.TITLE, root(), gates.parsed(version))
            for version in versions.VERSIONS
        }
        reference = Reference(service, documents, examples)
        lines, parameters = reference.pages(statuses, titles)
        _write(folder / f'{service}.inc', '\n'.join(lines))
        _write(folder / f'{service}.yaml', _dump(parameters))
    _write(folder / 'status.yaml', _dump(statuses))


def _dump(document):
    return yaml.safe_dump(document, sort_keys=False, width=1000)


def _write(path, text):
    """Write what is new: Sphinx reads again what has another time."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


class Reference:
    """The operations of a service, from its descriptions by version."""

    def __init__(self, service, documents, examples=()):
        self.service, self.documents, self.examples = service, documents, examples
        self._parameters = {}

    def pages(self, statuses, titles):
        """The text to include, as lines, and the document of the parameters.

        :param statuses: what the statuses mean, to add to.
        :param titles: pairs of a title and a path that other services have, to add to.
        """
        lines = []
        operations = sorted(self._operations(), key=lambda each: _resource(each[0]))
        for resource, found in itertools.groupby(
            operations, key=lambda each: _resource(each[0])
        ):
            lines += [resource, '=' * len(resource), '']
            for path, method, described in found:
                title = list(described.values())[-1]['summary'].rstrip('.')
                # Of these, os-api-ref makes a label that has to be the only one.
                if (title, path) in titles:
                    title += f' ({self.service})'
                titles.add((title, path))
                lines += [title, '-' * len(title), '']
                lines += self._operation(path, method, described, statuses)
        kept = sorted(
            self._parameters.items(),
            key=lambda each: (_SECTIONS.index(each[1]['in']), each[0].lower()),
        )
        return lines, dict(kept)

    def _operations(self):
        """Triples of a path, a method and {version: the operation}."""
        found = {}
        for version, document in self.documents.items():
            for path, methods in document['paths'].items():
                for method, operation in methods.items():
                    known = found.setdefault((path, method.upper()), {})
                    known[version] = operation
        return [(*which, described) for which, described in found.items()]

    def _operation(self, path, method, described, statuses):
        newest = list(described.values())[-1]
        yield f'.. rest_method:: {method} {path}'
        for name, version in _bounds(self.documents, described).items():
            yield f'   {name}: {version}'
        yield from ('', *newest.get('description', '').splitlines(), '')
        yield from self._statuses(newest['responses'], statuses)
        yield from ('Request', '~~~~~~~', '')
        yield from self._table(described, self._asked(described))
        yield from ('Response', '~~~~~~~~', '')
        yield from self._table(described, self._answered(described))
        for each in executed.examples_of(self.examples, self.service, method, path):
            yield from executed.shown(each)

    def _statuses(self, responses, statuses):
        for kind in ('success', 'error'):
            codes = [
                code for code in responses if (code < '400') == (kind == 'success')
            ]
            yield from (f'.. rest_status_code:: {kind} generated/status.yaml', '')
            for code in codes:
                name = responses[code]['description']
                label = name.replace('.', '-')
                _, meaning = errors.PUBLISHED.get(name, (None, name))
                statuses.setdefault(int(code), {})[label] = _plain(meaning)
                yield f'   - {code}: {label}'
            yield ''

    def _asked(self, described):
        """Pairs of a name and the parameter of that name, by version."""
        for version, operation in described.items():
            for each in operation['parameters']:
                required = each.get('required', False)
                told = each['schema'] | {
                    key: each[key] for key in ('description',) if key in each
                }
                yield version, each['name'], each['in'], required, told
            if 'requestBody' in operation:
                schema = _json(operation['requestBody'])
                yield from self._fields(version, schema)

    def _answered(self, described):
        for version, operation in described.items():
            done = min(operation['responses'])
            schema = _json(operation['responses'][done])
            # Optional is what a request may leave out.
            for *field, _, told in self._fields(version, schema):
                yield *field, True, told

    def _fields(self, version, schema, path='', within=()):
        """The fields of a schema, and those of what is in them."""
        schema = self._resolved(version, schema)
        if id(schema) in within:
            return
        within = (*within, id(schema))
        if 'items' in schema:
            yield from self._fields(version, schema['items'], path, within)
        for name, described in schema.get('properties', {}).items():
            told = self._resolved(version, described)
            required = name in schema.get('required', ())
            yield version, f'{path}{name}', 'body', required, told
            yield from self._fields(version, told, f'{path}{name}.', within)

    def _resolved(self, version, schema):
        if 'anyOf' in schema:
            schema = schema['anyOf'][0]
        if '$ref' not in schema:
            return schema
        name = schema['$ref'].rpartition('/')[2]
        return self.documents[version]['components']['schemas'][name]

    def _table(self, described, found):
        """The table of parameters, of which an operation may have none."""
        rows, having = {}, {}
        for version, name, where, required, told in found:
            having.setdefault((name, where), []).append(version)
            rows[name, where] = {
                'in': where,
                'type': _type(told),
                'required': required,
                'description': _description(told),
            }
        if not rows:
            yield from ('There is no body.', '')
            return
        yield from (f'.. rest_parameters:: generated/{self.service}.yaml', '')
        for (name, where), row in rows.items():
            row |= _bounds(described, having[name, where])
            yield f'   - {name}: {self._key(name, row)}'
        yield ''

    def _key(self, name, row):
        """What a parameter is called among all that there are."""
        for number in itertools.count(1):
            key = name if number == 1 else f'{name}_{number}'
            if self._parameters.setdefault(key, row) == row:
                return key


def _bounds(versions, having):
    """The first and the last of ``having``, as far as not all versions are in it."""
    versions, having = list(versions), list(having)
    first = {'min_version': having[0]} if having[0] != versions[0] else {}
    last = {'max_version': having[-1]} if having[-1] != versions[-1] else {}
    return first | last


def _resource(path):
    """What a path is about: ``/v1/offers/{ident}/claim`` is about offers."""
    return path.split('/')[2].partition('.')[0] if path.count('/') > 1 else path


def _json(part):
    """The schema of a body or an answer, without properties where it has none."""
    return part.get('content', {}).get('application/json', {}).get('schema', {})


def _type(schema):
    found = schema.get('type', 'any')
    return found[0] if isinstance(found, list) else found


def _description(schema):
    """What a schema says of itself, as a sentence in reStructuredText."""
    said = schema.get('description') or (
        f'one of {", ".join(schema["enum"])}' if 'enum' in schema else ''
    )
    null = ', or null' if isinstance(schema.get('type'), list) else ''
    text = _plain(said + null) if said else ''
    return f'{text[:1].upper()}{text[1:]}.'.replace('..', '.') if text else ''


def _plain(text):
    return _MARKUP.sub(r'\\\1', text)


def _configure(app, config):
    config.os_api_ref_min_microversion = versions.VERSIONS[0]
    config.os_api_ref_max_microversion = versions.VERSIONS[-1]


def _generate(app):
    examples = []
    if app.config.apiref_examples:
        _, examples = executed.recorded()
    write(pathlib.Path(app.srcdir) / 'generated', examples)


def setup(app):
    app.add_config_value('apiref_examples', True, 'env')
    app.connect('config-inited', _configure)
    app.connect('builder-inited', _generate)
    return {'parallel_read_safe': True}
