# SPDX-License-Identifier: Apache-2.0
"""Tempest with the plugin of this tree, against a quick start that is up."""

import configparser
import json
import pathlib
import shutil
import subprocess

from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import install
from tools.lab import keystone
from tools.lab import nodes

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUIREMENTS = pathlib.Path(__file__).with_name('tempest-requirements.txt')
LEFT_OUT = shutil.ignore_patterns('.*', '*.egg-info', '__pycache__', 'build', 'dist')
#: Accounts that are there already: user, project, the roles that Tempest asks for.
#: Names of roles that are none choose who is who.
EXISTING = (
    ('acme-owner', 'acme', ['member']),
    ('acme-reader', 'acme', ['reader']),
    ('umbrella-renter', 'umbrella-renter', ['renter']),
    ('umbrella-internal', 'umbrella-internal', ['stranger']),
    ('admin', 'admin', ['admin']),
)
SERVERS = [f'acme-{number:02d}' for number in range(1, 6)]


class Tempest:
    """``run`` it with accounts of its own making, or with ``existing`` ones."""

    def __init__(self, lab):
        self._lab = lab
        self._folder = lab.folder
        self.path = lab.folder.path / 'tempest'
        self._environment = lab.folder.environment()

    def install(self):
        install.add(self._folder, 'tempest', REQUIREMENTS)
        source = self._folder.path / 'tempest-source'
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(ROOT / 'tempest', source, ignore=LEFT_OUT)
        pip = [self._folder.python, '-m', 'pip', 'install', '--force-reinstall']
        offline = ['--no-deps', '--no-build-isolation', source]
        install.run(self._folder, 'Installing the plugin', [*pip, *offline])

    def checks_ids(self):
        """What Tempest's own tool says of the ids of the tests."""
        return self._call('check-uuid', '--package', 'flocx_tempest_plugin')

    def sample(self):
        """A sample of all options, those of the plugin among them."""
        return self._call(
            'oslo-config-generator', '--namespace', 'tempest.config'
        ).stdout

    def run(self, existing=False):
        """Run all tests of the plugin; the completed process, with all that it says."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        workspaces = ['--workspace-path', self.path / 'workspaces.yaml']
        words = ['init', *workspaces, '--name', 'flocx', 'cloud']
        made = self._call('tempest', *words, folder=self.path)
        if made.returncode:
            return made
        self._configure(existing)
        tests = ['--regex', 'flocx_tempest_plugin', '--serial']
        cloud = self.path / 'cloud'
        return self._call('tempest', 'run', *workspaces, *tests, folder=cloud)

    def leftovers(self):
        """What the tests have left in Keystone and Ironic."""
        found = accounts.Keystone(self._folder, self._lab.ports)
        names = [*found.named('projects'), *found.named('users')]
        yard = nodes.Yard(self._folder, self._lab.ports)
        names += [node['name'] or node['uuid'] for node in yard.nodes()]
        return [name for name in names if 'tempest' in name.lower()]

    def _call(self, program, *arguments, folder=None):
        command = [self._folder.venv / 'bin' / program, *arguments]
        return subprocess.run(
            [str(word) for word in command],
            cwd=folder or self.path.parent,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def _configure(self, existing):
        conf = configparser.ConfigParser()
        conf.read_dict(
            {
                'DEFAULT': {'log_dir': 'logs'},
                'oslo_concurrency': {'lock_path': 'locks'},
                'identity': {
                    'uri_v3': keystone.url(self._lab.ports),
                    'auth_version': 'v3',
                    'v3_endpoint_type': 'public',
                    'region': accounts.REGION,
                },
                'service_available': {
                    **dict.fromkeys(
                        ('nova', 'neutron', 'glance', 'cinder', 'swift'), 'false'
                    ),
                    'flocx': 'true',
                },
                'auth': self._existing() if existing else self._administrator(),
                'marketplace': {'servers': 'existing' if existing else 'ironic'},
            }
        )
        if existing:
            conf['marketplace'].update(
                existing_servers=','.join(SERVERS),
                renter_roles='renter',
                stranger_roles='stranger',
            )
        with open(self.path / 'cloud/etc/tempest.conf', 'w') as stream:
            conf.write(stream)

    def _administrator(self):
        return {
            'use_dynamic_credentials': 'true',
            'create_isolated_networks': 'false',
            'admin_username': 'admin',
            'admin_password': self._folder.password,
            'admin_project_name': 'admin',
            'admin_domain_name': 'Default',
        }

    def _existing(self):
        people = self._folder, self._lab.ports
        accounts.create_person(*people, 'acme-reader', 'acme', 'reader')
        known = [
            {
                'username': user,
                'project_name': project,
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
                'domain_name': 'Default',
                'password': self._folder.password,
                'roles': roles,
            }
            for user, project, roles in EXISTING
        ]
        path = self.path / 'cloud/etc/accounts.yaml'
        # JSON is YAML.
        folders.write_private(path, json.dumps(known))
        return {'use_dynamic_credentials': 'false', 'test_accounts_file': str(path)}
