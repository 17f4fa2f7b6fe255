# SPDX-License-Identifier: Apache-2.0
import importlib.metadata
import shlex
import subprocess
import sys
import unittest

from flocxclient import plugin

COMMANDS = {
    entry_point.name.replace('_', ' '): entry_point.load()
    for entry_point in importlib.metadata.entry_points(group='openstack.market.v1')
}


def examples(command):
    """The example command lines of a command, as arguments."""
    epilog = command._epilog.replace('\\\n', '')
    return [
        shlex.split(line)
        for line in epilog.splitlines()
        if line.startswith('    openstack ')
    ]


class TestCommands(unittest.TestCase):
    def test_every_help_has_an_example_that_parses(self):
        for name, command in COMMANDS.items():
            with self.subTest(name):
                lines = examples(command)
                self.assertTrue(lines)
                for line in lines:
                    self.assertIs(command, self.parse(line))

    def parse(self, line):
        """The command that ``line`` calls, if it takes the arguments."""
        self.assertEqual('openstack', line[0])
        words = next(n for n in (4, 3, 2) if ' '.join(line[1 : n + 1]) in COMMANDS)
        command = COMMANDS[' '.join(line[1 : words + 1])]
        command(None, None).get_parser('openstack').parse_args(line[words + 1 :])
        return command

    def test_every_option_has_help(self):
        for name, command in COMMANDS.items():
            parser = command(None, None).get_parser(name)
            self.assertTrue(parser.description, name)
            for action in parser._actions:
                self.assertTrue(action.help, (name, action.dest))
            self.assertIn('Examples:\n\n    openstack', parser.format_help())

    def test_help_of_wrong_values_says_what_is_right(self):
        parser = COMMANDS['market bid create'](None, None).get_parser('bid')
        parser.exit_on_error = False
        for arguments, message in (
            (['--price', 'nan'], 'such as 1.25'),
            (['--end-time', 'soon'], 'tomorrow 09:00'),
            (['--duration', 'long'], '36h'),
            (['--require', 'a>b'], 'with a number'),
        ):
            with self.assertRaisesRegex(Exception, message):
                parser.parse_args(arguments)

    def test_now_is_left_to_the_service(self):
        parser = COMMANDS['market bid create'](None, None).get_parser('bid')
        parsed = parser.parse_args(
            ['--price', '1', '--start-time', 'now', '--end-time', '+1d']
        )
        self.assertIsNone(parsed.start_time)
        self.assertRegex(parsed.end_time, '^[0-9-]+T[0-9:]+Z$')


class TestPlugin(unittest.TestCase):
    def test_commands_are_in_the_group_of_the_default_version(self):
        self.assertIn(plugin.DEFAULT_API_VERSION, plugin.API_VERSIONS)
        self.assertIn('market offer list', COMMANDS)

    def loaded(self, *modules):
        """The names of the modules that importing ``modules`` loads."""
        code = f'import sys, {", ".join(modules)}\nprint(*sys.modules, sep="\\n")'
        return set(
            subprocess.run(
                [sys.executable, '-c', code],
                check=True,
                text=True,
                stdout=subprocess.PIPE,
            ).stdout.split()
        )

    def test_every_run_of_openstack_loads_next_to_nothing(self):
        names = self.loaded('flocxclient.plugin') - self.loaded('osc_lib.utils')
        self.assertEqual(
            {'flocxclient', 'flocxclient.i18n', 'flocxclient.plugin'}, names
        )

    def test_help_loads_no_sdk(self):
        names = self.loaded('flocxclient.osc.offers', 'flocxclient.osc.bids')
        self.assertNotIn('flocxclient.sdk', names)

    def test_no_server_package_is_needed(self):
        names = self.loaded(
            *sorted(
                {command.__module__ for command in COMMANDS.values()}
                | {'flocxclient.sdk.services', 'flocxclient.sdk.errors'}
            )
        )
        roots = {name.partition('.')[0] for name in names}
        self.assertFalse(
            roots
            & {'flocx', 'market', 'matcher', 'provider', 'pecan', 'openstackclient'}
        )
