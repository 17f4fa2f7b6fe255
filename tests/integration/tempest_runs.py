# SPDX-License-Identifier: Apache-2.0
"""Tempest with the plugin of this tree, against a quick start that is up."""

import pathlib
import shutil
import subprocess

from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import install
from tools.lab import keystone
from tools.lab import nodes
from tools.testing import tempests

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUIREMENTS = pathlib.Path(__file__).with_name('tempest-requirements.txt')
LEFT_OUT = shutil.ignore_patterns('.*', '*.egg-info', '__pycache__', 'build', 'dist')
#: Accounts that are there already: user, project, the roles that Tempest asks for.
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
        return self._call('check-uuid', '--package', tempests.PLUGIN)

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
        tests = ['--regex', tempests.PLUGIN, '--serial']
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
        etc = self.path / 'cloud/etc'
        if existing:
            self._write_accounts(etc / 'accounts.yaml')
            auth = tempests.existing(etc / 'accounts.yaml')
            marketplace = tempests.with_servers(SERVERS)
        else:
            auth = tempests.administrator(self._folder.password)
            marketplace = {'servers': 'ironic'}
        identity = {
            'uri_v3': keystone.url(self._lab.ports),
            'region': accounts.REGION,
        }
        conf = tempests.conf(identity, auth, marketplace)
        folders.write_private(etc / 'tempest.conf', conf)

    def _write_accounts(self, path):
        people = self._folder, self._lab.ports
        accounts.create_person(*people, 'acme-reader', 'acme', 'reader')
        text = tempests.accounts(EXISTING, self._folder.password)
        folders.write_private(path, text)
