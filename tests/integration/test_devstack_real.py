# SPDX-License-Identifier: Apache-2.0
"""A real stack.sh, with the sources that the caller points at: ``tools/devstack``."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tests import profiles
from tools.lab import trouble
from tools.stacking import main
from tools.stacking import root as roots
from tools.stacking import sources

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The Debian in it and what was downloaded serve the next night, too.
FOLDER = ROOT / '.test' / 'devstack'
#: The first release, before the first migration that another release had to bear.
FIRST = '8e8a7b0'


@profiles.only_nightly('runs stack.sh, a quarter of an hour each')
class DevStackTest(unittest.TestCase):
    def devstack(self, command, *arguments):
        """Run it, unless something is missing; its report."""
        try:
            options = main.parse([command, *arguments])
            sources.check(None, sources.wanted(options))
            roots.check_machine()
        except trouble.Trouble as error:
            self.skipTest(str(error))
        with tempfile.NamedTemporaryFile() as report:
            done = subprocess.run(
                [
                    sys.executable,
                    'tools/devstack',
                    command,
                    f'--folder={FOLDER}',
                    f'--json={report.name}',
                    *arguments,
                ],
                cwd=ROOT,
                env=os.environ,
                text=True,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.assertEqual(0, done.returncode, done.stdout)
            return json.loads(pathlib.Path(report.name).read_text())

    def test_the_least(self):
        report = self.devstack('check', '--tempest')
        self.assertEqual([], report['left'])

    def test_with_tls_and_the_dashboard(self):
        self.devstack('check', '--tls', '--horizon')

    def test_with_ironic(self):
        self.devstack('check', '--nodes', 'ironic', '--tempest')

    def test_an_upgrade(self):
        report = self.devstack('upgrade', '--from', FIRST)
        old, new = report['revisions']
        self.assertNotEqual(old, new)

    def test_in_containers(self):
        self.devstack('containers')
