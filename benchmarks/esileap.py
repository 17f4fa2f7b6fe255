# SPDX-License-Identifier: Apache-2.0
"""esi-leap, as its documentation deploys it, on the Keystone and the daemons of a rig.

Nothing of it is changed and its options have their defaults, but for where others are
to be found. Its nodes are its ``dummy_node``: JSON files, which spare it Ironic but for
the list, which asks Ironic for all nodes whatever the offers are of.
"""

import json
import pathlib

from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import install
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import processes

VERSION = '1.0.0'
# What it needs beside its own requirements is what OpenStack's services have, too.
PACKAGES = ('PyMySQL', 'python-memcached', 'pyuwsgi')
RESOURCE_TYPE = 'dummy_node'
#: user: its role in esi-leap, beside the one that it has.
ROLES = {
    'acme-owner': 'esi_leap_owner',
    'umbrella-owner': 'esi_leap_owner',
    'acme-renter': 'esi_leap_lessee',
    'umbrella-renter': 'esi_leap_lessee',
}
SERVICE = 'esi-leap'

CONFIGURATION = """\
[DEFAULT]
transport_url = {broker}

[database]
connection = {database}

[oslo_concurrency]
lock_path = {data}/lock

[keystone_authtoken]
www_authenticate_uri = {keystone}
memcached_servers = {cache}
interface = internal
{account}

[keystone]
{account}

[ironic]
{account}
"""


def alone(process, count):
    """``process``, uWSGI, with ``count`` processes that each do one thing at a time.

    For each request esi-leap reads its configuration again, into what all threads of a
    process share: two at once get errors.
    """
    for name, value in (('--processes', count), ('--threads', 1)):
        process.command[process.command.index(name) + 1] = str(value)
    return process


class EsiLeap:
    """One esi-leap API on the rig ``rig``, which is up."""

    def __init__(self, rig, venv=None):
        """:param venv: where to install it; in the folder of the rig, if not said."""
        self._rig = rig
        self._folder = folders.Folder(
            rig.folder.path, venv or rig.folder.path / 'esi-leap'
        )
        self.nodes = rig.folder.data / 'esi-leap-nodes'
        self._database = 'esileap'
        self.port = processes.any_port(rig.ports.values())

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    @property
    def database(self):
        """The URL of its database."""
        return self._rig.database.url(self._database)

    def install(self):
        """A virtual environment of its own."""
        stamp = self._folder.venv / 'installed'
        wanted = [f'esi-leap=={VERSION}', *PACKAGES]
        if stamp.exists() and stamp.read_text().split() == wanted:
            return
        venv = [self._rig.folder.python, '-m', 'venv', '--clear', self._folder.venv]
        install.run(self._folder, 'Making a virtual environment for esi-leap', venv)
        pip = [self._folder.python, '-m', 'pip', 'install', '--prefer-binary']
        install.run(self._folder, f'Installing {wanted[0]}', [*pip, *wanted])
        stamp.write_text('\n'.join(wanted))

    def prepare(self):
        """Accounts, an empty database and the configuration."""
        self.nodes.mkdir(exist_ok=True)
        lock = self._rig.folder.data / 'esi-leap' / 'lock'
        lock.mkdir(parents=True, exist_ok=True)
        self._create_accounts()
        self._rig.database.execute(f'DROP DATABASE IF EXISTS {self._database}')
        database = self._rig.database.create(self._database)
        folders.write_private(
            self._configuration,
            CONFIGURATION.format(
                broker=self._rig.broker.url,
                cache=self._rig.cache.address,
                database=database,
                data=lock.parent,
                keystone=keystone.url(self._rig.ports),
                account=ironic.account(self._rig.folder, self._rig.ports, SERVICE),
            ),
        )
        sync = self._folder.venv / 'bin' / 'esi-leap-dbsync'
        processes.run(
            self._folder, 'esi-leap-dbsync', [self._python, sync, 'create_schema']
        )

    def add_nodes(self, owner, properties, uuids):
        """Nodes of the project ``owner``, all alike."""
        for uuid in uuids:
            node = {
                'project_owner_id': owner,
                'resource_class': 'baremetal',
                'properties': properties,
            }
            (self.nodes / uuid).write_text(json.dumps(node))

    def process(self, count):
        """Its API under uWSGI, as the market's, with so many processes."""
        program = self._folder.venv / 'bin'
        ours = alone(self._rig.process('market'), count)
        place = ours.command.index('--module')
        command = [self._python, program / 'uwsgi', *ours.command[2:place]]
        command += ['--wsgi-file', program / 'esi-leap-api-wsgi']
        command += ours.command[place + 2 :]
        command[command.index('--http-socket') + 1] = f'127.0.0.1:{self.port}'
        return processes.Process(
            self._folder,
            'esi-leap',
            command,
            [self.url],
            # It reads this option before it reads its configuration.
            self._folder.environment(OS_DUMMY_NODE__DUMMY_NODE_DIR=str(self.nodes)),
        )

    def manager(self):
        """Its manager, which hands servers over and takes them back."""
        program = self._folder.venv / 'bin' / 'esi-leap-manager'
        return processes.Process(
            self._folder, 'esi-leap-manager', [self._python, program], []
        )

    @property
    def _python(self):
        return self._folder.python

    @property
    def _configuration(self):
        """Where it looks by itself, whatever it was started with."""
        home = pathlib.Path(self._folder.environment()['HOME']) / '.esi-leap'
        home.mkdir(exist_ok=True)
        return home / 'esi-leap.conf'

    def _create_accounts(self):
        """It reads all projects and all nodes: the roles of both."""
        api = accounts.Keystone(self._rig.folder, self._rig.ports)
        users, roles = api.named('users'), api.named('roles')
        project_ids = api.named('projects')
        if SERVICE not in users:
            password = self._rig.folder.password
            users[SERVICE] = api.create(
                'user', 'users', name=SERVICE, domain_id='default', password=password
            )
        for role in ('admin', 'service'):
            api.grant(project_ids['service'], users[SERVICE], roles[role])
        for user, role in ROLES.items():
            if role not in roles:
                roles[role] = api.create('role', 'roles', name=role)
            project = project_ids[accounts.PEOPLE[user][0]]
            api.grant(project, users[user], roles[role])
