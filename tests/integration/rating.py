# SPDX-License-Identifier: Apache-2.0
"""A real CloudKitty beside a lab: its API on SQLite, with InfluxDB, its usual storage.

The API of frames is there with storages of its second version only, each of which is a
server of its own; this one has a package in Debian.
"""

import pathlib
import shutil

from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import install
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import processes
from tools.lab import rest
from tools.rigging import daemons

NAME = 'cloudkitty'
HERE = pathlib.Path(__file__).parent
REQUIREMENTS = HERE / 'cloudkitty-requirements.txt'

CONFIGURATION = """\
[DEFAULT]
transport_url = fake://
auth_strategy = keystone
api_paste_config = {etc}/cloudkitty-paste.ini

[database]
connection = sqlite:///{data}/cloudkitty.sqlite

[storage]
version = 2
backend = influxdb

[storage_influxdb]
host = 127.0.0.1
port = {influxdb}
database = cloudkitty

[oslo_concurrency]
lock_path = {data}

[oslo_policy]
policy_file = {etc}/cloudkitty-policy.yaml

[keystone_authtoken]
www_authenticate_uri = {keystone}
{account}
interface = internal
"""
#: Its own file, without Paste's map of URLs.
PASTE = """\
[pipeline:cloudkitty+keystone]
pipeline = request_id authtoken ck_api

[app:ck_api]
paste.app_factory = cloudkitty.api.app:app_factory

[filter:authtoken]
acl_public_routes = /, /v1, /v2
paste.filter_factory = cloudkitty.api.middleware:AuthTokenMiddleware.factory

[filter:request_id]
paste.filter_factory = oslo_middleware:RequestId.factory
"""
#: As the administrator's guide has it: the marketplace may push frames.
POLICY = """\
"context_is_admin": "role:admin or role:service"
"dataframes:add": "rule:context_is_admin"
"""


class InfluxDB(daemons.Daemon):
    NAME, PORTS = 'influxdb', ('influxdb', 'influxdb-backup')

    @property
    def url(self):
        return f'http://127.0.0.1:{self.ports["influxdb"]}'

    def command(self):
        return [daemons.program('influxd', 'influxdb'), '-config', '/dev/null']

    def environment(self):
        return {
            'INFLUXDB_REPORTING_DISABLED': 'true',
            'INFLUXDB_BIND_ADDRESS': f'127.0.0.1:{self.ports["influxdb-backup"]}',
            'INFLUXDB_HTTP_BIND_ADDRESS': f'127.0.0.1:{self.ports["influxdb"]}',
            'INFLUXDB_HTTP_LOG_ENABLED': 'false',
            'INFLUXDB_META_DIR': f'{self.home}/meta',
            'INFLUXDB_DATA_DIR': f'{self.home}/data',
            'INFLUXDB_DATA_WAL_DIR': f'{self.home}/wal',
            # An account whose name nobody knows to it otherwise has no home.
            'USER': self.NAME,
        }

    def ready(self):
        return rest.answers(f'{self.url}/ping')


class CloudKitty:
    """CloudKitty on ports of its own, without what an earlier one knew."""

    def __init__(self, folder, ports):
        self._folder, self._lab_ports = folder, ports
        self._data = folder.data / NAME
        self._ports = {}
        for name in (*InfluxDB.PORTS, NAME):
            taken = {*ports.values(), *self._ports.values()}
            self._ports[name] = processes.any_port(taken)
        self._storage = InfluxDB(folder, self._ports)

    @property
    def url(self):
        return f'http://127.0.0.1:{self._ports[NAME]}'

    def install(self):
        """Add CloudKitty to the environment, unless it is there.

        :raises Missing: InfluxDB is not installed.
        """
        self._storage.command()
        install.add(self._folder, NAME, REQUIREMENTS)

    def start(self, add_cleanup):
        """Start it from nothing; what ends it is given to ``add_cleanup``."""
        shutil.rmtree(self._storage.home, ignore_errors=True)
        self._storage.prepare()
        self._configure()
        storage = self._storage.process()
        add_cleanup(storage.stop)
        storage.start()
        storage.wait()
        create = f'{self._storage.url}/query?q=CREATE+DATABASE+cloudkitty'
        rest.expect('POST', create)
        # The migrations of its rating modules do not run on SQLite; what is pushed is
        # rated already.
        self._run('cloudkitty-dbsync', 'upgrade', '--module', NAME)
        self._run('cloudkitty-storage-init')
        process = processes.Process(
            self._folder,
            NAME,
            [self._folder.python, HERE / 'serve_cloudkitty.py']
            + ['127.0.0.1', self._ports[NAME], *self._arguments],
            [self.url],
        )
        add_cleanup(process.stop)
        process.start()
        process.wait()

    def publish(self, add_cleanup):
        """Let Keystone's catalogue name it."""
        api = accounts.Keystone(self._folder, self._lab_ports)
        service = api.create('service', 'services', name=NAME, type='rating')
        path = f'{api.url}/services/{service}'
        add_cleanup(rest.expect, 'DELETE', path, token=api.token)
        for interface in ('public', 'internal', 'admin'):
            api.create(
                'endpoint',
                'endpoints',
                service_id=service,
                interface=interface,
                url=self.url,
                region_id=accounts.REGION,
            )

    @property
    def _arguments(self):
        return ['--config-file', self._folder.etc / 'cloudkitty.conf']

    def _run(self, program, *arguments):
        command = [self._folder.python, self._folder.venv / 'bin' / program]
        processes.run(self._folder, program, [*command, *self._arguments, *arguments])

    def _configure(self):
        etc = self._folder.etc
        self._data.mkdir(parents=True, exist_ok=True)
        for path in self._data.glob('cloudkitty.sqlite*'):
            path.unlink()
        accounts.create_service(self._folder, self._lab_ports, NAME)
        text = CONFIGURATION.format(
            etc=etc,
            data=self._data,
            influxdb=self._ports['influxdb'],
            keystone=keystone.url(self._lab_ports),
            account=ironic.account(self._folder, self._lab_ports, NAME),
        )
        folders.write_private(etc / 'cloudkitty.conf', text)
        (etc / 'cloudkitty-paste.ini').write_text(PASTE)
        (etc / 'cloudkitty-policy.yaml').write_text(POLICY)
