# SPDX-License-Identifier: Apache-2.0
"""What is done after the answer."""

import pathlib
import subprocess
import sys
import threading
import unittest

from flocx import background

ROOT = pathlib.Path(__file__).resolve().parents[2]


class BackgroundTest(unittest.TestCase):
    def test_deeds_are_done_in_order(self):
        done, ended = [], threading.Event()
        worker = background.Background(200)
        for number in range(100):
            self.assertTrue(worker.submit(done.append, number))
        worker.submit(ended.set)
        self.assertTrue(ended.wait(30))
        self.assertEqual(list(range(100)), done)

    def test_what_is_too_much_is_not_taken(self):
        begun, free = threading.Event(), threading.Event()
        self.addCleanup(free.set)
        worker = background.Background(1)

        def block():
            begun.set()
            free.wait(60)

        self.assertTrue(worker.submit(block))
        self.assertTrue(begun.wait(30))
        self.assertTrue(worker.submit(block))
        self.assertFalse(worker.submit(block))

    def test_a_process_ends_although_one_never_does(self):
        program = (
            'import threading\n'
            'from flocx import background\n'
            'background.EXIT_TIMEOUT = 0.1\n'
            'background.Background(1).submit(threading.Event().wait)\n'
        )
        done = subprocess.run(
            [sys.executable, '-c', program], cwd=ROOT, timeout=60, check=False
        )
        self.assertEqual(0, done.returncode)
