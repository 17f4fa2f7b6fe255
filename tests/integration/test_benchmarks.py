# SPDX-License-Identifier: Apache-2.0
"""The instruments measure: a small run of those that need but a database."""

import json
import subprocess
import sys

import testtools

from benchmarks import floor
from tests.integration import daemons
from tests.integration import rigs


class InstrumentsTest(testtools.TestCase):
    def run_small(self, name, *arguments):
        """What the benchmark of that name prints, on an empty database."""
        url = daemons.MariaDB.new()
        command = [sys.executable, '-m', f'benchmarks.{name}', url, *arguments]
        done = subprocess.run(command, cwd=rigs.ROOT, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_growth(self):
        output = self.run_small('growth', '--sizes', '100', '200', '--times', '2')
        operations = json.loads(output)['operations']
        expected = {'list', 'show', 'claim', 'round', 'bid', 'rebuild'}
        self.assertEqual(expected, set(operations))
        for found in operations.values():
            self.assertEqual({'100', '200'}, set(found['median_ms']))
            self.assertIsInstance(found['exponent'], float)

    def test_consoles(self):
        """So many idle sessions take less than 100 MB."""
        command = [sys.executable, '-m', 'benchmarks.consoles', '200']
        done = subprocess.run(command, cwd=rigs.ROOT, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual(200, found['sessions'])
        self.assertLess(found['sessions_mb'], 100)

    def test_floor(self):
        """No request executes more statements, or takes a tenth more work, than it did.

        If that is meant, ``python -m benchmarks.floor --record`` says so.
        """
        command = [sys.executable, '-m', 'benchmarks.floor', '--times', '3']
        done = subprocess.run(command, cwd=rigs.ROOT, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        found = json.loads(done.stdout)
        before = floor.recorded()
        self.assertEqual(set(before), set(found))
        for name, now in found.items():
            with self.subTest(name):
                self.assertEqual(before[name]['statements'], now['statements'])
                self.assertLess(now['work'], 1.1 * before[name]['work'])

    def test_writing(self):
        self.assertIn('100 contracts in', self.run_small('writing', '--contracts=100'))
