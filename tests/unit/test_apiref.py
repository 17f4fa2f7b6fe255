# SPDX-License-Identifier: Apache-2.0
"""The reference that os-api-ref reads has all that the services describe."""

import importlib.util
import pathlib
import re
import sys
import tempfile
import unittest
from unittest import mock

import yaml

from flocx.api import routing
from flocx.api import types
from flocx.core import gates

EXTENSIONS = pathlib.Path(__file__).resolve().parents[2] / 'doc/source/_exts'
if importlib.util.find_spec('sphinx') is None:
    raise unittest.SkipTest('sphinx is not installed')
with mock.patch.object(sys, 'path', [str(EXTENSIONS), *sys.path]):
    import apiref

METHOD = re.compile(r'(?m)^\.\. rest_method:: (\w+ \S+)$')
SECTIONS = ['header', 'path', 'query', 'body']


def described(**versions):
    """Descriptions of one operation whose answer has the fields of each version."""
    return {
        name.replace('_', '.').lstrip('v'): {
            'paths': {
                '/v1/things': {
                    'get': {
                        'summary': 'List things.',
                        'parameters': [],
                        'responses': {
                            '200': {
                                'description': 'Done',
                                'content': {
                                    'application/json': {
                                        'schema': {
                                            'type': 'object',
                                            'properties': dict.fromkeys(
                                                fields, {'type': ['string', 'null']}
                                            ),
                                        }
                                    }
                                },
                            }
                        },
                    }
                }
            }
        }
        for name, fields in versions.items()
    }


class ReferenceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        apiref.write(cls.folder)

    def read(self, service):
        parameters = yaml.safe_load((self.folder / f'{service}.yaml').read_text())
        return (self.folder / f'{service}.inc').read_text(), parameters

    def test_each_operation_is_there_once(self):
        for service, root in apiref.ROOTS.items():
            text, _ = self.read(service)
            wanted = [
                f'{method} {path}' for path, method, _ in routing.operations(root().v1)
            ]
            self.assertEqual(sorted(wanted), sorted(METHOD.findall(text)))

    def test_parameters_stand_in_the_order_of_os_api_ref(self):
        for service in apiref.ROOTS:
            _, parameters = self.read(service)
            order = [
                (SECTIONS.index(each['in']), name.lower())
                for name, each in parameters.items()
            ]
            self.assertEqual(sorted(order), order)

    def test_each_field_that_a_version_added_says_so(self):
        found = 0
        for service, root in apiref.ROOTS.items():
            text, parameters = self.read(service)
            for path, method, handler in routing.operations(root().v1):
                operation = handler.operation
                if operation.gate != gates.Gate() or not operation.body:
                    continue
                part = text.partition(f'rest_method:: {method} {path}\n')[2]
                request = part.partition('Request\n~')[2].partition('Response\n~')[0]
                for each in types.attributes(operation.body, (99, 0)):
                    key = re.search(rf'   - {each.name}: (\S+)', request)[1]
                    since = gates.gate(each).since
                    found += since is not None
                    self.assertEqual(since, parameters[key].get('min_version'))
        self.assertGreater(found, 5)

    def test_versions_add_and_take_away(self):
        documents = described(v1_0=['old', 'name'], v1_1=['name'], v1_2=['name', 'new'])
        _, parameters = apiref.Reference('market', documents).pages({}, set())
        self.assertEqual(
            {'in', 'type', 'required', 'description'}, set(parameters['name'])
        )
        self.assertEqual('1.0', parameters['old']['max_version'])
        self.assertEqual('1.2', parameters['new']['min_version'])

    def test_statuses_say_what_they_mean(self):
        statuses = yaml.safe_load((self.folder / 'status.yaml').read_text())
        self.assertIn('flocx-conflict', statuses[409])
        self.assertIn('in a status', statuses[409]['flocx-conflict'])
