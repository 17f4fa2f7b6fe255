# SPDX-License-Identifier: Apache-2.0
"""Versions that agree with each other, and whose work each commit is."""

import configparser
import pathlib
import re
import subprocess
import unittest

import fixtures

from market.db import migration
from tools.rigging import upgrade
from tools.testing import signed_off

ROOT = signed_off.ROOT
DISTRIBUTIONS = ('', 'client', 'dashboard', 'tempest')
PAGE = ROOT / 'doc/source/contributor/releases.rst'
ROW = re.compile(r'(?m)^   \* - (\d+\.\d+\.\d+)\n     - (.+)\n     - (\d+)$')


class VersionTest(unittest.TestCase):
    def setUp(self):
        self.rows = ROW.findall(PAGE.read_text())

    def test_all_distributions_are_of_the_release_that_is_being_made(self):
        found = set()
        for name in DISTRIBUTIONS:
            parser = configparser.ConfigParser()
            parser.read(ROOT / name / 'setup.cfg')
            found.add(parser['metadata']['version'])
        self.assertEqual({self.rows[-1][0]}, found)

    def test_the_page_has_the_schema_of_each(self):
        *_, (_, _, newest) = self.rows
        self.assertTrue(migration.latest().startswith(newest))
        self.assertEqual(sorted(self.rows, key=lambda row: row[2]), self.rows)

    def test_upgrades_are_tried_from_the_two_before(self):
        before = [commit.strip('`') for _, commit, _ in self.rows[:-1]]
        self.assertEqual(before[-2:], list(upgrade.UPGRADES))


class SignedOffTest(unittest.TestCase):
    def setUp(self):
        self.folder = fixtures.TempDir()
        self.useFixture = self.folder.setUp()
        self.addCleanup(self.folder.cleanUp)
        self.git('init', '--quiet')
        self.commit('first')
        self.since = self.git('rev-parse', 'HEAD').strip()

    def git(self, *words):
        who = ('-c', 'user.name=Ada', '-c', 'user.email=ada@example.org')
        command = ['git', '-C', self.folder.path, *who, *words]
        return subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout

    def commit(self, *words):
        self.git('commit', '--quiet', '--allow-empty', '-m', *words)

    def missing(self):
        return signed_off.missing(pathlib.Path(self.folder.path), self.since)

    def test_those_that_are_not_are_named(self):
        self.assertEqual([], self.missing())
        self.commit('mine', '--signoff')
        self.assertEqual([], self.missing())
        self.commit('anybody', '-m', 'Signed-off-by: Eve <eve@example.org>')
        self.commit('nobody')
        self.assertEqual(2, len(self.missing()))
        self.assertTrue(self.git('rev-parse', 'HEAD').startswith(self.missing()[0]))

    def test_a_short_history_says_nothing(self):
        found = signed_off.missing(pathlib.Path(self.folder.path), 'a' * 40)
        self.assertIsNone(found)
