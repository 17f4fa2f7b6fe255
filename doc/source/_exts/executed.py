# SPDX-License-Identifier: Apache-2.0
"""The reference of an API: every operation, with an example that was executed.

``.. operations:: marketplace`` describes the operations of a service from its own
description, and shows for each the requests of ``api/requests.yaml`` with the answers
that the services gave while the documentation was built. An operation without an
example, and an example that is not answered as it says, is a warning, and so an
error. ``.. error-codes::`` is the table of the published codes of errors.
"""

from concurrent import futures
import datetime
import json
import multiprocessing
import pathlib
import re
import time
import urllib.parse

from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
import requests
from sphinx.util import logging
import yaml

from flocx.api import errors

LOG = logging.getLogger(__name__)

_STORY = pathlib.Path(__file__).parents[1] / 'api' / 'requests.yaml'

#: What an example shows of an answer's headers.
_HEADERS = ('Location', 'ETag')

#: Of an operation's answers, those that any can have are said once for all.
_COMMON = {'401', '406', '413', '503'}

_TIME = re.compile(r'\$T\+(\d+)')
_REFERENCE = re.compile(r'\$([a-z-]+)\.([\w.]+)')

#: {service: its description} and the examples, once they were executed.
_told = {}


def execute(story):
    """The descriptions of the services, and each request with its answer."""
    # Here, in a process of its own: it configures this process as a service.
    from tests import billed
    from tests import fixtures

    with fixtures.Marketplace(workers=True) as marketplace:
        for name in (f'rack-{number}' for number in range(1, 7)):
            marketplace.add_node(name)
        # What a month came to: it takes too long to be waited for.
        now = datetime.datetime.now(datetime.UTC)
        billed.bill(marketplace.database, 'umbrella', 'acme', now, '1.25')
        descriptions = {
            service: requests.get(
                f'{url}/v1/openapi.json',
                headers={'OpenStack-API-Version': 'marketplace latest'},
                timeout=60,
            ).json()
            for service, url in marketplace.catalog.items()
            if service != 'identity'
        }
        examples, answers = [], {}
        start = datetime.datetime.now(datetime.UTC).replace(
            minute=0, second=0, microsecond=0
        )
        for step in story:
            step = _filled(step, answers, start)
            step['response'] = _ask(marketplace.catalog[step['service']], step)
            answers[step['name']] = step['response']['json']
            examples.append(step)
    return descriptions, examples


def _filled(step, answers, start):
    """``step`` with the times and the fields of answers that it refers to."""

    def moment(match):
        later = start + datetime.timedelta(hours=int(match[1]))
        return later.strftime('%Y-%m-%dT%H:%M:%SZ')

    def field(match):
        value = answers[match[1]]
        for part in match[2].split('.'):
            value = value[int(part) if part.isdigit() else part]
        return value

    return json.loads(_REFERENCE.sub(field, _TIME.sub(moment, json.dumps(step))))


def _ask(url, step):
    method, path = step['request'].split()
    headers = {**step.get('headers', {})}
    if 'as' in step:
        headers['X-Auth-Token'] = step['as']
    if 'service-token' in step:
        headers['X-Service-Token'] = step['service-token']
    until = time.monotonic() + 30
    while True:
        answer = requests.request(
            method, url + path, headers=headers, json=step.get('body'), timeout=60
        )
        is_json = answer.headers.get('Content-Type', '').startswith('application/json')
        document = answer.json() if is_json and answer.content else None
        waits_for = step.get('until')
        if not waits_for or (document or {}).get(waits_for) or time.monotonic() > until:
            break
        time.sleep(0.2)
    return {
        'status': answer.status_code,
        'reason': answer.reason,
        'headers': {k: v for k, v in answer.headers.items() if k in _HEADERS},
        'json': document,
        'text': answer.text,
    }


def recorded():
    """The same of ``requests.yaml``; what was not answered as it says is a warning."""
    story = yaml.safe_load(_STORY.read_text())
    context = multiprocessing.get_context('spawn')
    with futures.ProcessPoolExecutor(1, mp_context=context) as executor:
        descriptions, examples = executor.submit(execute, story).result()
    for each in examples:
        status = each['response']['status']
        if status != each.get('status', 200):
            LOG.warning('example %s: %s %s', each['name'], status, each['response'])
    return descriptions, examples


def _run(app):
    _told['descriptions'], _told['examples'] = recorded()


class Operations(Directive):
    required_arguments = 1

    def run(self):
        service = self.arguments[0]
        lines = []
        description = _told['descriptions'][service]
        for path, methods in description['paths'].items():
            for method, operation in methods.items():
                lines += _operation(service, method.upper(), path, operation)
        self.state.document.settings.record_dependencies.add(str(_STORY))
        self.state_machine.insert_input(
            list(StringList(lines, source=f'operations of {service}')),
            f'operations of {service}',
        )
        return []


def _operation(service, method, path, operation):
    title = f'{method} {path}'
    yield from (title, '-' * len(title), '', operation['summary'], '')
    yield from (*operation.get('description', '').splitlines(), '')
    names = [
        f'``{each["name"]}``'
        for each in operation['parameters']
        if each['in'] == 'query'
    ]
    if names:
        yield from (f'Parameters: {", ".join(names)}.', '')
    statuses = sorted(operation['responses'].keys() - _COMMON)
    yield from (f'Answers: {", ".join(statuses)}.', '')
    found = examples_of(_told['examples'], service, method, path)
    if not found:
        LOG.warning('%s %s of %s has no example', method, path, service)
    for each in found:
        yield from shown(each)


def examples_of(examples, service, method, path):
    """Those of an operation."""
    return [
        each
        for each in examples
        if each['service'] == service and _is_of(each, method, path)
    ]


def _is_of(example, method, path):
    asked, url = example['request'].split()
    pattern = re.sub(r'\\{\w+\\}', '[^/]+', re.escape(path))
    return asked == method and re.fullmatch(pattern, urllib.parse.urlsplit(url).path)


def shown(step):
    """One request and its answer, as HTTP."""
    yield from (step['says'], '', '.. code-block:: http', '')
    headers = {'X-Auth-Token': '$TOKEN', **step.get('headers', {})}
    if 'service-token' in step:
        headers['X-Service-Token'] = '$SERVICE_TOKEN'
    body = step.get('body')
    if body is not None:
        headers['Content-Type'] = 'application/json'
    request = f'{step["request"]} HTTP/1.1'
    yield from _indented(request, headers, body and json.dumps(body, indent=2))
    yield from ('', '.. code-block:: http', '')
    answer = step['response']
    text = answer['text']
    headers = dict(answer['headers'])
    if answer['json'] is not None:
        text = json.dumps(_shortened(answer['json']), indent=2)
        headers['Content-Type'] = 'application/json'
    status = f'HTTP/1.1 {answer["status"]} {answer["reason"]}'
    yield from _indented(status, headers, text)
    yield ''


def _indented(first, headers, body):
    yield f'   {first}'
    for name, value in headers.items():
        yield f'   {name}: {value}'
    yield ''
    for line in (body or '').splitlines():
        yield f'   {line}'


def _shortened(value):
    """An answer with two of each list: the others look alike."""
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value[:2]]
    return value


class ErrorCodes(Directive):
    def run(self):
        lines = ['.. list-table::', '   :header-rows: 1', '', '   * - code']
        lines += ['     - status', '     - meaning']
        for code, (status, meaning) in errors.PUBLISHED.items():
            lines += [f'   * - ``{code}``', f'     - {status or "any"}']
            lines += [f'     - {meaning}']
        self.state_machine.insert_input([*lines, ''], 'error codes')
        return []


def setup(app):
    app.connect('builder-inited', _run)
    app.add_directive('operations', Operations)
    app.add_directive('error-codes', ErrorCodes)
    return {'parallel_read_safe': True}
