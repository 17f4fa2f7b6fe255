# SPDX-License-Identifier: Apache-2.0
"""tools/quickstart, as a newcomer runs it: a real Keystone and a real Ironic."""

import json
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Neither the folder of whoever works in this checkout, nor a new one each time:
# installing takes longer than everything else.
FOLDER = ROOT / '.test' / 'quickstart'
STEPS = list(range(1, 9))


def quickstart(*arguments):
    command = [sys.executable, 'tools/quickstart', '--dir', str(FOLDER), *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        FOLDER.parent.mkdir(exist_ok=True)
        self.report = FOLDER.parent / 'quickstart.json'
        self.report.unlink(missing_ok=True)
        self.addCleanup(quickstart, '--down')

    def assertShowsAllSteps(self, *arguments):
        done = quickstart('--json', str(self.report), *arguments)
        self.assertEqual(0, done.returncode, done.stdout)
        report = json.loads(self.report.read_text())
        held = [step['step'] for step in report['steps'] if step['ok']]
        self.assertEqual(STEPS, held, done.stdout)
        self.assertTrue(report['contract'])
        return done.stdout

    def test_once_shows_all_steps_and_leaves_nothing_running(self):
        self.assertShowsAllSteps('--once')
        self.assertIn('nothing was running', quickstart('--down').stdout)

    def test_what_is_left_running_is_stopped_by_down(self):
        shown = self.assertShowsAllSteps()
        self.assertIn('--down', shown)
        stopped = quickstart('--down')
        self.assertEqual(0, stopped.returncode, stopped.stdout)
        self.assertNotIn('nothing was running', stopped.stdout)
