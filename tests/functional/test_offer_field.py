# SPDX-License-Identifier: Apache-2.0
"""The commit that the contributor guide shows adds a field of an offer, as it says."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import fixtures
import testtools

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_PAGES = _ROOT / 'doc' / 'source' / 'contributor'
_COPIED = (
    'flocx',
    'market',
    'matcher',
    'provider',
    'client',
    'tests',
    'doc/source/api',
)
MOST_EDITS = 8


class OfferFieldTest(testtools.TestCase):
    def test_it_takes_few_edits(self):
        edits = re.findall(
            r'^diff --git', (_PAGES / 'offer-field.diff').read_text(), re.MULTILINE
        )
        self.assertLessEqual(len(edits), MOST_EDITS)

    @unittest.skipUnless(shutil.which('git'), 'git is what applies it')
    def test_it_does_what_the_page_says(self):
        copy = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in _COPIED:
            ignored = shutil.ignore_patterns('__pycache__', '*.egg-info')
            shutil.copytree(_ROOT / name, copy / name, ignore=ignored)
        self.run_in(copy, 'git', 'apply', '-C1', str(_PAGES / 'offer-field.diff'))
        self.run_in(
            copy, sys.executable, '-m', 'unittest', 'tests.functional.offer_field'
        )

    def run_in(self, folder, *command):
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, 'PYTHONPATH': f'{folder}:{folder}/client'},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr[-3000:])
