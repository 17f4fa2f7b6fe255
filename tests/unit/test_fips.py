# SPDX-License-Identifier: Apache-2.0
"""What tests/fips makes of Python, so that tox -e fips forbids what it says."""

import os
import pathlib
import subprocess
import sys
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / 'fips'


class FipsTest(unittest.TestCase):
    def said(self, expression):
        """What a process prints that evaluates it; None if it was forbidden."""
        done = subprocess.run(
            [sys.executable, '-c', f'import hashlib, uuid; print({expression})'],
            env={**os.environ, 'PYTHONPATH': str(FOLDER)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            self.assertIn('unsupported', done.stderr)
            return None
        return done.stdout.strip()

    def test_what_proves_nothing_is_allowed(self):
        empty = "hashlib.{}(b'', usedforsecurity=False).hexdigest()"
        self.assertEqual(
            'd41d8cd98f00b204e9800998ecf8427e', self.said(empty.format('md5'))
        )
        self.assertTrue(self.said("uuid.uuid5(uuid.NAMESPACE_DNS, 'example.org')"))
        self.assertTrue(self.said("hashlib.sha256(b'').hexdigest()"))

    def test_what_proves_is_not(self):
        for forbidden in (
            "hashlib.md5(b'')",
            "hashlib.sha1(b'')",
            "hashlib.new('MD5')",
            "hashlib.new('sha-1')",
        ):
            with self.subTest(forbidden):
                self.assertIsNone(self.said(forbidden))
