# SPDX-License-Identifier: Apache-2.0
"""The published codes of errors are those that the code gives."""

import pathlib
import re
import unittest

from flocx import exceptions
from flocx.api import errors
from flocxclient.sdk import errors as client_errors

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ('flocx', 'lease', 'market', 'matcher', 'provider')
CODE = re.compile(r"""code\s*=\s*['"](flocx\.[a-z_.]+)['"]""")


def given():
    """Every code that is given somewhere in the services."""
    found = set(errors.CODES.values()) | {'flocx.error'}
    for service in SERVICES:
        for path in (ROOT / service).rglob('*.py'):
            found.update(CODE.findall(path.read_text()))
    return found


class CodesTest(unittest.TestCase):
    def test_every_code_is_published(self):
        self.assertEqual(set(), given() - errors.PUBLISHED.keys())

    def test_the_commands_know_a_remedy_for_each(self):
        # What is wrong with the request its detail says; the others no command causes.
        clear = {'flocx.invalid', 'flocx.error', 'flocx.method_not_allowed'}
        clear |= {'flocx.version_not_acceptable', 'flocx.media_type', 'flocx.too_large'}
        for code, (status, _) in errors.PUBLISHED.items():
            known = code in client_errors.REMEDIES or status in client_errors.REMEDIES
            self.assertEqual(code not in clear, known, code)
        codes = {code for code in client_errors.REMEDIES if isinstance(code, str)}
        self.assertEqual(set(), codes - errors.PUBLISHED.keys())

    def test_nothing_else_is(self):
        self.assertEqual(set(), errors.PUBLISHED.keys() - given())

    def test_each_has_the_status_of_its_category(self):
        by_code = {
            kind.code: kind.status
            for kind in (
                exceptions.FlocxError,
                *exceptions.FlocxError.__subclasses__(),
            )
        }
        by_code |= {code: status for status, code in errors.CODES.items()}
        for code, (status, meaning) in errors.PUBLISHED.items():
            with self.subTest(code):
                if code in by_code:
                    self.assertEqual(by_code[code], status)
                self.assertTrue(meaning.endswith('.'))
