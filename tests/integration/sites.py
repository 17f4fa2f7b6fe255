# SPDX-License-Identifier: Apache-2.0
"""A second OpenStack beside a rig: its own Keystone, Ironic and provider.

Nothing of it reaches the rig's broker or database; of the market it knows the URL,
and an account in the market's Keystone. Both Keystones know the same users and
projects, and the keys that sign tokens, as those of two regions of one company do.
"""

import json
import shutil

import sqlalchemy as sa

from tests.integration import rigs
from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import processes
from tools.rigging import services

OPENSTACK = ('keystone', 'ironic')
FLOCX = ('provider', 'fulfiller-1')
ACCOUNT = 'provider-abroad'
#: What of a Keystone is not about who somebody is.
NOT_COPIED = ('service', 'endpoint', 'region', 'alembic_version', 'revocation_event')

CONFIGURATION = """\
[keystone_authtoken]
www_authenticate_uri = {keystone}
{account}
interface = internal
service_token_roles = service
service_token_roles_required = true

[service_credentials]
{account}

[marketplace]
endpoint_override = {market}
auth_type = password
auth_url = {abroad}
username = {user}
password = {password}
project_name = service
user_domain_name = Default
project_domain_name = Default

[provider]
nodes = ironic
follow = events
# What is done before the hour is over, an event was the reason for.
fulfil_interval = 3600
reconcile_interval = 5
retry_interval = 0.5
retry_max_interval = 5
"""


class Site:
    """Has ``folder`` and ``ports``, as a rig has."""

    CLOUD = 'admin-abroad'

    def __init__(self, rig):
        self._rig = rig
        self.folder = folders.Folder(rig.folder.path / 'site', rigs.VENV)
        self.ports = {'market': rig.ports['market'], 'matcher': rig.ports['matcher']}

    def up(self):
        self.folder.create()
        # Who has an account at both has one password.
        self.folder.remember('password', self._rig.folder.password)
        for name in (*OPENSTACK, 'provider'):
            taken = {*self.ports.values(), *self._rig.ports.values()}
            self.ports[name] = processes.any_port(taken)
        keystone.configure(self.folder)
        ironic.configure(self.folder, self.ports)
        keystone.prepare(self.folder, self.ports)
        ironic.prepare(self.folder)
        self._know_the_same_people()
        self._start('keystone')
        accounts.publish(self.folder, self.ports)
        self._configure()
        self._start('ironic', *FLOCX)

    def join_clouds(self):
        """Let the rig's clouds.yaml name the administrator of this site too."""
        accounts.write_clouds(self.folder, self.ports)
        ours = json.loads(self.folder.clouds.read_text())['clouds']['admin']
        clouds = json.loads(self._rig.folder.clouds.read_text())
        clouds['clouds'][self.CLOUD] = ours
        folders.write_private(self._rig.folder.clouds, json.dumps(clouds))

    def down(self):
        for name in (*FLOCX, *reversed(OPENSTACK)):
            self._process(name).stop()
        shutil.rmtree(self.folder.path)

    def _process(self, name):
        if name in FLOCX:
            return services.process(self.folder, self.ports, name)
        made = {'keystone': keystone.process, 'ironic': ironic.process}
        return made[name](self.folder, self.ports)

    def _start(self, *names):
        started = [self._process(name) for name in names]
        for process in started:
            process.start()
        for process in started:
            process.wait(240)

    def _know_the_same_people(self):
        """Copy who there is, and the keys of tokens, before its Keystone starts."""
        kept = self.folder.data / 'fernet-keys'
        shutil.rmtree(kept)
        shutil.copytree(self._rig.folder.data / 'fernet-keys', kept)
        theirs = sa.create_engine(self._rig.database.url('keystone'))
        ours = sa.create_engine(f'sqlite:///{self.folder.data}/keystone.sqlite')
        tables = sa.MetaData()
        with theirs.connect() as source, ours.begin() as target:
            tables.reflect(target)
            for table in tables.sorted_tables:
                if table.name in NOT_COPIED:
                    continue
                target.execute(sa.delete(table))
                if rows := [
                    dict(each) for each in source.execute(sa.select(table)).mappings()
                ]:
                    target.execute(sa.insert(table), rows)
        theirs.dispose()
        ours.dispose()

    def _configure(self):
        """The account is one of the market's Keystone only, made after the copy."""
        api = accounts.Keystone(self._rig.folder, self._rig.ports)
        user = api.named('users').get(ACCOUNT) or api.create(
            'user',
            'users',
            name=ACCOUNT,
            domain_id='default',
            password=self.folder.password,
        )
        api.grant(api.named('projects')['service'], user, api.named('roles')['service'])
        text = CONFIGURATION.format(
            keystone=keystone.url(self.ports),
            account=ironic.account(self.folder, self.ports, 'flocx'),
            market=services.url(self.ports, 'market'),
            abroad=keystone.url(self._rig.ports),
            user=ACCOUNT,
            password=self.folder.password,
        )
        folders.write_private(self.folder.etc / 'provider.conf', text)
