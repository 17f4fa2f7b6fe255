# SPDX-License-Identifier: Apache-2.0
"""What OpenStack's releases have installed, and the lowest of all, is enough."""

import os
import pathlib
import shutil
import subprocess

import fixtures
import testtools

from tests import profiles

ROOT = pathlib.Path(__file__).resolve().parents[2]


class EnvironmentsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        if not shutil.which('tox'):
            self.skipTest('tox is not installed')

    def tox(self, environment, **variables):
        """Unit and functional tests in a virtualenv of its own, a few examples each."""
        folder = self.useFixture(fixtures.TempDir()).path
        done = subprocess.run(
            ['tox', 'run', '--workdir', folder, '-e', environment],
            cwd=ROOT,
            env={**os.environ, 'FLOCX_TEST_PROFILE': 'quick', **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stdout[-10_000:])

    @profiles.only_nightly('installs a virtualenv for each release of OpenStack')
    def test_under_the_constraints_of_releases(self):
        folder = os.environ.get('FLOCX_CONSTRAINTS')
        if not folder:
            self.skipTest('FLOCX_CONSTRAINTS names no folder of upper constraints')
        for path in sorted(pathlib.Path(folder).glob('*.txt')):
            with self.subTest(path.name):
                self.tox('constraints', TOX_CONSTRAINTS_FILE=str(path))

    @profiles.only_nightly('installs a virtualenv of its own, and compiles some of it')
    def test_with_the_lowest_of_all(self):
        self.tox('lower')
