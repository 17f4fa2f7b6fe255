# SPDX-License-Identifier: Apache-2.0
"""The real services in this process, with an emulated Keystone and dummy nodes."""

import contextlib
import logging
import pathlib
import sqlite3
import uuid

import fixtures
from oslo_config import cfg
import yaml

from flocx import announce
from flocx import config
from flocx import rpc
from flocx import standalone
from lease import service as lease_service
from market import service as market_service
from market.db import migration
from matcher import cmd as matcher_cmd
from matcher import service as matcher_service
from provider import assembly
from provider import cmd as provider_cmd
from provider import service as provider_service
from tests.emulated import keystone

HARDWARE = {'cpus': 64, 'memory_mb': 262144, 'local_gb': 1920, 'cpu_arch': 'x86_64'}


class Schema:
    """What the migrations make of an empty database, made once in a process."""

    _made = None

    @classmethod
    def copy_to(cls, database):
        """Give an empty database the tables; SQLite alone can take a copy of them."""
        if database.engine.dialect.name != 'sqlite':
            migration.upgrade(database)
            return
        with contextlib.closing(database.engine.raw_connection()) as connection:
            if cls._made is None:
                migration.upgrade(database)
                cls._made = sqlite3.connect(':memory:', check_same_thread=False)
                connection.driver_connection.backup(cls._made)
            else:
                cls._made.backup(connection.driver_connection)
        # Who connects from here on says again how SQLite is to write.
        database.engine.dispose()


class Served(fixtures.Fixture):
    """A WSGI application on a free port of the loopback; ``url`` is its root."""

    def __init__(self, application):
        self._application = application

    def _setUp(self):
        # There are callers, esi-leap for one, that leave a connection open at each
        # call; when there are as many as may be, all wait until the oldest is cut.
        server = standalone.Server(self._application, connection_limit=2000)
        server.start()
        self.addCleanup(server.stop)
        self.url = server.url


def write_configuration(folder, identity, options=()):
    """The path of a configuration file for all services, with all they keep there.

    :param identity: where Keystone is.
    :param options: triples of group, name and value.
    """
    credentials = {
        'auth_type': 'password',
        'auth_url': f'{identity}/v3',
        'username': 'service-service',
        'password': 'service-service',
        'project_name': 'service',
        'user_domain_name': 'Default',
        'project_domain_name': 'Default',
    }
    sections = {
        'DEFAULT': {'transport_url': 'fake://', 'log_file': f'{folder}/flocx.log'},
        'database': {'connection': f'sqlite:///{folder}/flocx.sqlite'},
        'keystone_authtoken': {
            **credentials,
            'www_authenticate_uri': f'{identity}/v3',
            'service_token_roles': 'service',
            'service_token_roles_required': 'true',
        },
        'service_credentials': credentials,
        'oslo_limit': {**credentials, 'endpoint_id': keystone.ENDPOINT},
        'provider': {
            'nodes': 'dummy',
            'fulfil_interval': '0.5',
            'retry_interval': '0.2',
            # Nobody sends requests to dummy nodes that would have to be waited for.
            'quarantine_wait': '0',
            'dummy_nodes_dir': f'{folder}/nodes',
        },
        'matcher': {'round_interval': '0.5', 'round_seconds': '0.2'},
        # Most stories are of few people, and go on at once when somebody gives a server
        # back; tests of what the defaults keep to have market_rules.DEFAULTS.
        # Clocks jump here, so that hand-backs seem to take hours.
        'contracts': {'notice': '0', 'max_turnaround': '0'},
        'market': {'book_min_parties': '1', 'prices_delay': '0'},
    }
    for group, name, value in options:
        sections.setdefault(group, {})[name] = value
    path = folder / 'flocx.conf'
    path.write_text(
        '\n'.join(
            f'[{group}]\n' + '\n'.join(f'{k} = {v}' for k, v in options.items())
            for group, options in sections.items()
        )
    )
    return path


def write_node(folder, name, owner='acme', **values):
    """Put a dummy node where ``write_configuration`` says; return its uuid."""
    values = {
        'uuid': str(uuid.uuid4()),
        'owner': owner,
        'resource_class': 'baremetal',
        'properties': dict(HARDWARE),
        **values,
    }
    (folder / 'nodes' / f'{name}.yaml').write_text(yaml.safe_dump(values))
    return values['uuid']


class Marketplace(fixtures.Fixture):
    """Keystone, the three APIs and, if wanted, their workers.

    ``catalog`` has the URLs by service type; ``database`` is the market's.
    """

    _running = None

    def __init__(self, workers=False, clock=None, options=()):
        """:param options: triples of group, name and value."""
        self._workers, self._clock, self._options = workers, clock, options

    def cleanUp(self, raise_first=True):
        if Marketplace._running is not self:
            return None
        Marketplace._running = None
        return super().cleanUp(raise_first)

    def _setUp(self):
        # A class may be torn down only when the next suite is set up already, and
        # two marketplaces would share one configuration.
        if Marketplace._running:
            Marketplace._running.cleanUp()
        Marketplace._running = self
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (self.folder / 'nodes').mkdir()
        self.keystone = keystone.Keystone()
        self.identity = self.useFixture(Served(self.keystone)).url
        self._configure()
        self.transport = rpc.transport(self.conf)
        self.addCleanup(self.transport.cleanup)
        self.database = announce.database(self.conf, self.transport, 'test')
        Schema.copy_to(self.database)
        clock = {'clock': self._clock} if self._clock else {}
        self.catalog = self.keystone.catalog
        self.catalog['identity'] = f'{self.identity}/v3'
        shared = (self.conf, self.transport, self.database)
        self._serve('marketplace', market_service.application(*shared, **clock))
        self._serve(
            'marketplace-matcher', matcher_service.application(*shared, **clock)
        )
        self.provider = assembly.build(self.conf)
        self._serve(
            'marketplace-provider',
            provider_service.application(self.conf, self.provider, **clock),
        )
        self._serve('lease', lease_service.application(*shared, self.provider, **clock))
        if self._workers:
            self._start(matcher_cmd.parts(*shared))
            self._start(provider_cmd.parts(self.conf, self.transport, self.provider))

    def _serve(self, kind, application):
        self.catalog[kind] = self.useFixture(Served(application)).url

    def _start(self, parts):
        for part in parts:
            part.start()
            self.addCleanup(part.stop)

    def _configure(self):
        self.conf = cfg.CONF
        self.addCleanup(self.conf.reset)
        path = write_configuration(self.folder, self.identity, self._options)
        config.prepare(
            self.conf, ['--config-file', str(path)], 'test', standalone.register
        )
        self.addCleanup(self._stop_logging)

    def _stop_logging(self):
        # Threads that end a little later would look for a file that is gone.
        root = logging.getLogger()
        for handler in list(root.handlers):
            if str(self.folder) in getattr(handler, 'baseFilename', ''):
                root.removeHandler(handler)
                handler.close()

    def add_node(self, name, owner='acme', **values):
        """Put a dummy node into the machine room; return its uuid."""
        return write_node(self.folder, name, owner, **values)

    def node(self, name):
        """What the machine room says of a dummy node."""
        return self.provider.nodes.get(name)
