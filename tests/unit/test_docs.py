# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows is what happens."""

import json
import pathlib
import re
import textwrap
import unittest

from flocx import exceptions
from flocx.core import requirements

ROOT = pathlib.Path(__file__).resolve().parents[2]
MATCH_LANGUAGE = ROOT / 'doc/source/user/match-language.rst'

# Each command line of README.rst, and what runs it.
COMMANDS = {
    'tools/quickstart': 'tests/integration/test_quickstart.py',
    'tools/test': '.ci/run',
}


def literal_blocks(text):
    """The indented blocks that follow a paragraph which ends with ``::``."""
    found = re.findall(r'::\n\n((?:    .*\n|\n)+)', text)
    return [textwrap.dedent(block).strip() for block in found]


class ReadmeTest(unittest.TestCase):
    def test_every_command_has_something_that_runs_it(self):
        text = (ROOT / 'README.rst').read_text()
        shown = {
            line.removeprefix('$ ')
            for block in literal_blocks(text)
            for line in block.splitlines()
            if line.startswith('$ ')
        }
        self.assertEqual(set(COMMANDS), shown)

    def test_what_runs_it_names_it(self):
        for command, runner in COMMANDS.items():
            with self.subTest(command):
                self.assertIn(command.split()[0], (ROOT / runner).read_text())


class MatchLanguageTest(unittest.TestCase):
    """The examples of the match language are parsed and evaluated."""

    def setUp(self):
        self.text = MATCH_LANGUAGE.read_text()
        self.hardware = self.json('')

    def json(self, kind):
        start = r'\.\. code-block:: json\n' + (f'   :class: {kind}\n' if kind else '')
        (block,) = re.findall(start + r'\n((?:   .*\n)+)', self.text)
        return json.loads(block)

    def test_what_is_said_to_be_met_is_met(self):
        for triple in self.json('met'):
            with self.subTest(triple):
                self.assertTrue(
                    requirements.met(requirements.parse([triple]), self.hardware)
                )

    def test_what_is_said_not_to_be_met_is_not(self):
        for triple in self.json('not-met'):
            with self.subTest(triple):
                self.assertFalse(
                    requirements.met(requirements.parse([triple]), self.hardware)
                )

    def test_what_is_said_to_be_refused_is_refused(self):
        for triple in self.json('refused'):
            with self.subTest(triple):
                with self.assertRaisesRegex(exceptions.Invalid, r'requirements\[0\]'):
                    requirements.parse([triple])

    def test_every_operator_is_explained(self):
        for operator in filter(None, requirements.OPERATORS):
            with self.subTest(operator):
                self.assertIn(f'``{operator}``', self.text)
