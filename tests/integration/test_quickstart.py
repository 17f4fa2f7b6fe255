# SPDX-License-Identifier: Apache-2.0
"""tools/quickstart, as a newcomer runs it: a real Keystone and a real Ironic."""

import json
import os
import pathlib
import subprocess
import sys
import types
import unittest

from tests import profiles
from tests import waiting
from tests.integration import keystone_rights
from tests.integration import tempest_runs
from tools.lab import folder
from tools.testing import console

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Neither the folder of whoever works in this checkout, nor a new one each time:
# installing takes longer than everything else.
FOLDER = ROOT / '.test' / 'quickstart'
STEPS = list(range(1, 9))


def quickstart(*arguments, inside=()):
    command = [*inside, sys.executable, 'tools/quickstart', '--dir', str(FOLDER)]
    command += arguments
    return subprocess.run(
        command,
        cwd=ROOT,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


class UpTest(
    keystone_rights.Departures,
    keystone_rights.Limits,
    keystone_rights.AccessRules,
    unittest.TestCase,
):
    """One that stays up, for as long as there is something to be done with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        FOLDER.parent.mkdir(exist_ok=True)
        up = quickstart('--up')
        cls.addClassCleanup(cls._down)
        if up.returncode or '--down' not in up.stdout:
            raise AssertionError(up.stdout)
        kept = folder.Folder(FOLDER)
        cls.lab = types.SimpleNamespace(folder=kept, ports=kept.recall('ports', {}))

    @staticmethod
    def _down():
        down = quickstart('--down')
        if down.returncode or 'nothing was running' in down.stdout:
            raise AssertionError(down.stdout)

    def test_by_hand_as_the_documentation_says(self):
        """The tour of the user guide, typed into a shell, as it stands there."""
        environment = {
            name: value for name, value in os.environ.items() if name[:3] != 'OS_'
        }
        environment['PATH'] = f'{FOLDER}/venv/bin:{os.environ["PATH"]}'
        environment['OS_CLIENT_CONFIG_FILE'] = f'{FOLDER}/etc/clouds.yaml'
        for command in console.commands(ROOT / 'doc/source/user/tour.rst'):
            if command.line.startswith('export OS_CLOUD='):
                environment['OS_CLOUD'] = command.line.partition('=')[2]
            elif command.line.startswith('openstack '):
                with self.subTest(command.line):
                    self.assertSays(command, environment)
        with self.subTest('openstack esi'):
            self.lease_as_at_esi(environment)

    @profiles.only_nightly('takes two minutes of the processor')
    def test_tempest(self):
        """The plugin, with accounts that Tempest makes and with those of the lab."""
        tempest = tempest_runs.Tempest(self.lab)
        tempest.install()
        ids = tempest.checks_ids()
        self.assertEqual(0, ids.returncode, ids.stdout)
        self.assertIn('[marketplace]', tempest.sample())
        for existing in (False, True):
            with self.subTest(existing=existing):
                done = tempest.run(existing)
                self.assertEqual(0, done.returncode, done.stdout)
                self.assertIn('- Skipped: 0', done.stdout)
                self.assertEqual([], tempest.leftovers())

    def lease_as_at_esi(self, environment):
        """What users of esi-leap type, with the command that they have."""
        # It is no part of the quickstart; the tests have it.
        programs = os.path.dirname(sys.executable)
        environment = environment | {'PATH': f'{programs}:{environment["PATH"]}'}

        def esi(who, line, *more):
            done = subprocess.run(
                ['openstack', '--os-cloud', who, 'esi', *line.split(), *more],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(0, done.returncode, done.stderr)
            return json.loads(done.stdout) if more else done.stdout

        def shown(what):
            return esi('acme-owner', what, '-f', 'json')

        json_too = '-f', 'json'
        offer = esi('acme-owner', 'offer create acme-04 --name esi', *json_too)
        self.assertEqual('acme-04', offer['resource'])
        lease = esi('umbrella-renter', 'offer claim esi', *json_too)['uuid']

        def status():
            return shown(f'lease show {lease}')['status']

        self.assertEqual('active', waiting.until(status, lambda now: now == 'active'))
        (node,) = (each for each in shown('node list') if each['Name'] == 'acme-04')
        self.assertEqual('umbrella-renter', node['Lessee'])
        self.assertEqual(lease, node['Lease UUID'])
        esi('acme-owner', 'offer delete esi')
        self.assertEqual('deleted', waiting.until(status, lambda now: now == 'deleted'))
        events = shown('event list')
        self.assertEqual(
            ['fulfill.end', 'delete.start', 'delete.end'],
            [
                each['Event Type'].removeprefix('esi_leap.lease.')
                for each in events
                if each['Object UUID'] == lease
            ],
        )

    def assertSays(self, command, environment):
        # What only looks may look again: hardware takes its time.
        def look():
            done = subprocess.run(
                ['/bin/bash', '-c', command.line],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(0, done.returncode, done.stderr)
            return console.difference(command, done.stdout)

        difference = waiting.until(
            look,
            lambda found: found is None,
            seconds=60 if console.LOOKS.search(command.line) else 0,
        )
        self.assertIsNone(difference, difference)


class OnceTest(unittest.TestCase):
    def setUp(self):
        FOLDER.parent.mkdir(exist_ok=True)
        self.report = FOLDER.parent / 'quickstart.json'
        self.report.unlink(missing_ok=True)
        self.addCleanup(quickstart, '--down')

    def test_once_shows_all_steps_and_leaves_nothing_running(self):
        done = quickstart('--once', '--json', str(self.report))
        self.assertEqual(0, done.returncode, done.stdout)
        report = json.loads(self.report.read_text())
        held = [step['step'] for step in report['steps'] if step['ok']]
        self.assertEqual(STEPS, held, done.stdout)
        self.assertTrue(report['contract'])
        self.assertIn('nothing was running', quickstart('--down').stdout)

    @profiles.only_nightly('takes the tour once more')
    def test_once_where_there_is_no_ipv4(self):
        """In a network of its own, whose only address is ::1."""
        alone = 'ip link set lo up && ip addr del 127.0.0.1/8 dev lo && exec "$@"'
        inside = ['unshare', '--net', 'sh', '-c', alone, 'sh']
        if subprocess.run([*inside, 'true'], check=False).returncode:
            self.skipTest('a network of its own needs root, and iproute2')
        done = quickstart('--once', '--ipv6', '--json', str(self.report), inside=inside)
        self.assertEqual(0, done.returncode, done.stdout)
        held = [step['step'] for step in json.loads(self.report.read_text())['steps']]
        self.assertEqual(STEPS, held, done.stdout)
