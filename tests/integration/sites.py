# SPDX-License-Identifier: Apache-2.0
"""A second OpenStack beside a rig: its own Keystone, Ironic and provider.

Nothing of it reaches the rig's broker or database; of the market it knows the URL, one
of HTTPS, and an account in the market's Keystone. Both Keystones know the same users,
projects and keys that sign tokens, as those of two regions of one company do.
"""

import json
import pathlib
import shutil
import socket

import sqlalchemy as sa
import trustme

from tests import waiting
from tests.integration import rigs
from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import processes
from tools.rigging import services

OPENSTACK = ('keystone', 'ironic')
FLOCX = ('provider', 'fulfiller-1')
#: The market's front, for those who come from elsewhere.
FRONT = 'market-https'
HOST = '127.0.0.1'
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
endpoint_override = https://{host}:{port}
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
        for name in (*OPENSTACK, 'provider', FRONT):
            taken = {*self.ports.values(), *self._rig.ports.values()}
            self.ports[name] = processes.any_port(taken)
        keystone.configure(self.folder)
        ironic.configure(self.folder, self.ports)
        keystone.prepare(self.folder, self.ports)
        ironic.prepare(self.folder)
        self._know_the_same_people()
        self._certify()
        self._start('keystone', FRONT)
        accounts.publish(self.folder, self.ports)
        self._configure()
        self._start('ironic', *FLOCX)

    def trust(self):
        """Let the provider know who has signed the market's certificate."""
        conf = self.folder.etc / 'provider.conf'
        known = f'[marketplace]\ncafile = {self._authority}\n'
        folders.write_private(conf, f'{conf.read_text()}\n{known}')
        for name in FLOCX:
            self._process(name).stop()
        self._start(*FLOCX)

    def says(self, name, words, seconds=60):
        """Whether the log of this process has these words by then."""
        log = self._process(name).log
        return waiting.until(lambda: words in log.read_text(), seconds=seconds)

    def join_clouds(self):
        """Let the rig's clouds.yaml name the administrator of this site too."""
        accounts.write_clouds(self.folder, self.ports)
        ours = json.loads(self.folder.clouds.read_text())['clouds']['admin']
        clouds = json.loads(self._rig.folder.clouds.read_text())
        clouds['clouds'][self.CLOUD] = ours
        folders.write_private(self._rig.folder.clouds, json.dumps(clouds))

    def down(self):
        for name in (*FLOCX, FRONT, *reversed(OPENSTACK)):
            self._process(name).stop()
        shutil.rmtree(self.folder.path)

    def _process(self, name):
        if name in FLOCX:
            return services.process(self.folder, self.ports, name)
        if name == FRONT:
            return self._front()
        made = {'keystone': keystone.process, 'ironic': ironic.process}
        return made[name](self.folder, self.ports)

    def _front(self):
        here = pathlib.Path(__file__).with_name('serve_https.py')
        address = HOST, self.ports[FRONT]

        def answers():
            with socket.socket() as probe:
                return not probe.connect_ex(address)

        return processes.Process(
            self.folder,
            FRONT,
            [self.folder.python, here, *address, self._certificate],
            [answers],
            self.folder.environment(
                OS_FLOCX_CONFIG_FILES=str(self._rig.folder.etc / 'market.conf')
            ),
        )

    def _certify(self):
        """An authority of our own, and what it has signed for the market."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self._authority)
        signed = authority.issue_cert(HOST)
        signed.private_key_and_cert_chain_pem.write_to_path(self._certificate)

    @property
    def _authority(self):
        return self.folder.etc / 'authority.pem'

    @property
    def _certificate(self):
        return self.folder.etc / 'market.pem'

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
        accounts.create_service(self._rig.folder, self._rig.ports, ACCOUNT)
        text = CONFIGURATION.format(
            keystone=keystone.url(self.ports),
            account=ironic.account(self.folder, self.ports, 'flocx'),
            host=HOST,
            port=self.ports[FRONT],
            abroad=keystone.url(self._rig.ports),
            user=ACCOUNT,
            password=self.folder.password,
        )
        folders.write_private(self.folder.etc / 'provider.conf', text)
