# SPDX-License-Identifier: Apache-2.0
"""flocx-provider-manage and flocx-provider-status, at a real Keystone and Ironic."""

import os
import re
import subprocess
import sys

NAME = 'flocx-quarantine-of-a-test'


class ProviderCommands:
    """Tests of a DeliveryTestCase."""

    def command(self, function, *arguments, cloud=None):
        """What a program of ``provider.manage`` did, as a process of its own."""
        environment = {
            name: value for name, value in os.environ.items() if name[:3] != 'OS_'
        }
        environment['OS_CLIENT_CONFIG_FILE'] = str(self.lab.clouds)
        environment['PYTHONWARNINGS'] = 'ignore'
        if cloud:
            environment['OS_CLOUD'] = cloud
        program = (
            f'import sys; from provider import manage; sys.exit(manage.{function}())'
        )
        return subprocess.run(
            [sys.executable, '-c', program, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def configured(self, **options):
        """The arguments with which a program has these options, and its account."""
        path = self.lab.clouds.with_name('provider-command.conf')
        kept = self.lab.provider_conf.read_text()
        lines = [f'{name} = {value}' for name, value in options.items()]
        path.write_text('\n'.join([kept, '[provider]', *lines, '']))
        self.addCleanup(path.unlink, missing_ok=True)
        return '--config-file', str(path)

    def test_a_quarantine_project_is_made_once_and_has_no_members(self):
        made = [
            self.command(
                'manage', 'quarantine', 'create', '--name', NAME, *how, cloud=cloud
            )
            for how, cloud in (
                (('--os-cloud', 'operator'), None),
                (('--os-cloud', 'operator'), None),
                ((), 'operator'),
            )
        ]
        for done in made:
            self.assertEqual(0, done.returncode, done.stderr)
        (printed,) = {done.stdout for done in made}
        found = re.fullmatch(
            r'\[provider\]\nquarantine_project_id = ([0-9a-f]{32})\n', printed
        )
        self.assertTrue(found, printed)
        identity = self.lab.cloud('operator').identity
        project = identity.get_project(found[1])
        self.addCleanup(identity.delete_project, project.id)
        self.assertEqual((NAME, 'default'), (project.name, project.domain_id))
        given = identity.role_assignments(scope_project_id=project.id)
        self.assertEqual([], list(given))

    def test_who_may_not_make_projects_is_told_so(self):
        done = self.command(
            'manage', 'quarantine', 'create', '--name', NAME, '--os-cloud', 'acme-owner'
        )
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertRegex(done.stderr, '^Keystone: .*403')
        self.assertNotIn('Traceback', done.stderr)

    def test_a_command_that_is_not_there(self):
        for arguments in ([], ['quarantine'], ['quarantine', 'destroy']):
            done = self.command('manage', *arguments)
            self.assertEqual(2, done.returncode, done.stdout)
            self.assertIn('quarantine', done.stdout + done.stderr)
            self.assertNotIn('Traceback', done.stderr)

    def check(self, name, *options):
        """(result, details) of an upgrade check of that name, and the exit code."""
        done = self.command('status', *options, 'upgrade', 'check')
        text = re.sub(r'\s*\|\n\| {2,}', ' ', done.stdout)
        found = re.search(
            rf'\| Check: {name} +\|\n\| Result: (\w+) +\|(?:\n\| Details: ([^|]*)\|)?',
            text,
        )
        self.assertTrue(found, done.stdout + done.stderr)
        return found[1], ' '.join((found[2] or '').split()), done.returncode

    def test_the_check_says_whether_there_is_a_quarantine_project(self):
        result, details, code = self.check('Quarantine project', *self.configured())
        self.assertEqual(('Warning', 1), (result, code))
        self.assertIn('flocx-provider-manage quarantine create', details)
        there = self.configured(quarantine_project_id=self.lab.quarantine)
        self.assertEqual('Success', self.check('Quarantine project', *there)[0])

    def test_the_check_finds_servers_that_are_not_cleaned(self):
        there = self.configured(quarantine_project_id=self.lab.quarantine)
        self.assertEqual('Success', self.check('Servers', *there)[0])
        self.change(
            self.admin, {'op': 'add', 'path': '/automated_clean', 'value': False}
        )
        put_back = {'op': 'add', 'path': '/automated_clean', 'value': None}
        self.addCleanup(self.change, self.admin, put_back)
        result, details, code = self.check('Servers', *there)
        self.assertEqual(('Warning', 1), (result, code))
        self.assertIn(self.node.name, details)

    def test_the_check_tells_an_account_without_rights_from_ironic_being_away(self):
        path = self.lab.clouds.with_name('provider-command.conf')
        kept = self.lab.provider_conf.read_text()
        self.addCleanup(path.unlink, missing_ok=True)
        path.write_text(
            re.sub(
                '(username|project_name) = .*',
                lambda found: f'{found[1]} = ' + ('umbrella-renter'),
                kept,
            )
        )
        result, details, code = self.check('Servers', '--config-file', str(path))
        self.assertEqual(('Warning', 1), (result, code))
        self.assertIn('rbac_service_role_elevated_access', details)
        path.write_text(f'{kept}\n[ironic]\nendpoint_override = http://127.0.0.1:9\n')
        result, details, code = self.check('Servers', '--config-file', str(path))
        self.assertEqual(('Failure', 2), (result, code))
        self.assertIn('Ironic does not answer', details)
