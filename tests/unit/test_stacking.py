# SPDX-License-Identifier: Apache-2.0
"""What tools/devstack decides before it starts anything."""

import pathlib
import re
import tempfile
import unittest
from unittest import mock

from tools.lab import trouble
from tools.stacking import main
from tools.stacking import root
from tools.stacking import settings
from tools.stacking import sources
from tools.stacking import stack
from tools.stacking import tempest
from tools.stacking import tour
from tools.testing import tempests

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLI = 'openstack-cli-server'


def parsed(*arguments):
    return main.parse(['check', *arguments])


class LocalConfTest(unittest.TestCase):
    def lines(self, *arguments):
        return settings.local_conf(parsed(*arguments), 'secret').splitlines()

    def services(self, *arguments):
        (line,) = [
            line
            for line in self.lines(*arguments)
            if line.startswith('enable_service ')
        ]
        return line.split()[1:]

    def test_the_least(self):
        lines = self.lines()
        self.assertEqual('[[local|localrc]]', lines[0])
        self.assertEqual(['mysql', 'rabbit', 'key', CLI], self.services())
        self.assertIn('FLOCX_NODES=dummy', lines)
        self.assertEqual('enable_plugin flocx file:///git/flocx.git main', lines[-1])

    def test_with_all(self):
        arguments = '--tls', '--horizon', '--nodes=ironic', '--database=postgresql'
        self.assertEqual(
            ['postgresql', 'rabbit', 'key', CLI, 'tls-proxy', 'horizon'],
            self.services(*arguments),
        )
        plugins = [
            line.split()[1]
            for line in self.lines(*arguments)
            if line.startswith('enable_plugin ')
        ]
        # FLOCX writes into the configuration of an Ironic that is there.
        self.assertEqual(['ironic', 'flocx'], plugins)


class SourcesTest(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = pathlib.Path(place.name)

    def test_what_a_variant_needs(self):
        for arguments, more in (
            (['check'], []),
            (['check', '--nodes', 'ironic', '--horizon'], ['ironic', 'horizon']),
            (['upgrade', '--from', 'HEAD'], ['grenade']),
        ):
            with self.subTest(arguments):
                wanted = sources.wanted(main.parse(arguments))
                self.assertEqual([*sources.ALWAYS, *more], wanted)

    def test_who_says_nothing_is_told_what_to_say(self):
        with mock.patch.dict('os.environ', clear=True):
            with self.assertRaises(trouble.Trouble) as caught:
                sources.check(None, ['devstack'])
        self.assertIn('--sources', str(caught.exception))
        self.assertIn(sources.VARIABLE, str(caught.exception))

    def test_what_is_missing_is_named(self):
        (self.folder / 'devstack.git').mkdir()
        with mock.patch.dict('os.environ', {sources.VARIABLE: str(self.folder)}):
            self.assertEqual(self.folder, sources.check(None, ['devstack']))
            with self.assertRaises(trouble.Trouble) as caught:
                sources.check(None, ['devstack', 'keystone'])
        self.assertIn('keystone.git', str(caught.exception))
        self.assertNotIn('devstack.git', str(caught.exception))


class RootTest(unittest.TestCase):
    def test_the_index_of_this_machine_is_the_guests(self):
        text = root.pip_conf({'index-url': 'https://index.example/', 'retries': '9'})
        self.assertIn('index-url = https://index.example/\n', text)
        self.assertNotIn('retries', text)
        self.assertNotIn('index-url', root.pip_conf({}))


class TourTest(unittest.TestCase):
    def test_it_begins_where_somebody_is_logged_in(self):
        steps = tour.steps('dummy')
        self.assertEqual('acme-owner', steps[0].cloud)
        self.assertEqual('openstack market node list --long', steps[0].command.line)
        self.assertEqual(
            {'acme-owner', 'umbrella-renter'}, {step.cloud for step in steps}
        )

    def test_with_ironic_the_renter_deploys(self):
        lines = [step.command.line for step in tour.steps('ironic')]
        after = lines.index(tour.HANDED_OVER)
        self.assertEqual(
            [line for line, _ in tour.DEPLOY], lines[after + 1 : after + 3]
        )
        self.assertEqual(len(tour.steps('dummy')) + len(tour.DEPLOY), len(lines))


TOTALS = """
======
Totals
======
Ran: 30 tests in 68.1 sec.
 - Passed: 29
 - Skipped: 1
 - Expected Fail: 0
 - Failed: 0
Sum of execute time for each test: 60.2 sec.
"""


class TempestTest(unittest.TestCase):
    def test_its_totals_are_read(self):
        found = tempests.counted(TOTALS)
        self.assertEqual(
            {'passed': 29, 'skipped': 1, 'expected fail': 0, 'failed': 0}, found
        )
        self.assertEqual({}, tempests.counted('tempest: command not found'))

    def test_all_of_it_has_to_pass_and_nothing_to_be_left(self):
        good = {'passed': 29, 'skipped': 0, 'failed': 0, 'left': []}
        self.assertTrue(tempest.good(good))
        for name, value in (
            ('passed', 0),
            ('skipped', 1),
            ('failed', 1),
            ('left', ['tempest-x']),
        ):
            with self.subTest(name):
                self.assertFalse(tempest.good({**good, name: value}))
        self.assertFalse(tempest.good({'left': []}))


class UnitsTest(unittest.TestCase):
    def test_one_that_came_back_is_not_healthy(self):
        for state, restarts, healthy in (
            ('active', '0', True),
            ('active', '1', False),
            ('failed', '0', False),
        ):
            with self.subTest(state=state, restarts=restarts):
                unit = {'Id': 'x', 'ActiveState': state, 'NRestarts': restarts}
                self.assertEqual(healthy, stack.healthy(unit))


class UpgradeTest(unittest.TestCase):
    """What grenade finds where it looks for it."""

    def test_all_that_is_called_is_there(self):
        folder = ROOT / 'devstack/upgrade'
        self.assertIn(
            'register_project_for_upgrade flocx', (folder / 'settings').read_text()
        )
        for name in ('upgrade.sh', 'shutdown.sh', 'resources.sh'):
            with self.subTest(name):
                self.assertTrue((folder / name).stat().st_mode & 0o100)
        library = (ROOT / 'devstack/lib/flocx').read_text()
        text = (folder / 'upgrade.sh').read_text()
        for called in re.findall(r'(?m)^(\w+_flocx)$', text):
            self.assertIn(f'function {called} ', library)
