# SPDX-License-Identifier: Apache-2.0
"""A real Ironic, the provider's view of it, and a contract to deliver.

Servers are simulated, the rights and the states of Ironic are not. The market is one
that remembers what is reported to it and refuses what the state table refuses.
"""

import contextlib
import datetime
import itertools
import os
import shutil
import subprocess
import sys
import types
import typing
import unittest
from unittest import mock

from keystoneauth1 import loading
import openstack
from openstack import exceptions as sdk_exceptions
from oslo_config import cfg
from oslo_utils import uuidutils
import sqlalchemy as sa

from flocx import config
from flocx.core import contract as core
from flocx.core import window
from provider import conf as provider_conf
from provider import fulfilment
from provider.nodes import ironic
from tests import waiting
from tests.integration import networks
from tests.integration import rigs
from tests.integration import tenant_requests
from tests.unit.provider import test_fulfilment
from tools.lab import accounts
from tools.lab import install
from tools.lab import ironic as lab_ironic

FOLDER = rigs.ROOT / '.test' / 'hazards'
S, R = core.Status, core.Reason
HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)


#: What the classes of a module share.
_KEPT = []


def keep():
    """Start a Lab for all classes of a module: for its ``setUpModule``."""
    _KEPT.append(Lab())


def drop():
    """Stop that again: for its ``tearDownModule``."""
    _KEPT.pop().down()


class Lab:
    """Keystone and Ironic with ten servers, half of them acme's."""

    def __init__(self):
        FOLDER.parent.mkdir(exist_ok=True)
        self._lab = networks.Lab(FOLDER, rigs.VENV, flocx=False)
        self._lab.folder.create()
        install.ensure(self._lab.folder)
        self._lab.networks.install()
        self._lab.up()
        self.clouds = self._lab.folder.clouds
        # Where FLOCX itself does not run, nothing is written down of it.
        made = accounts.projects(self._lab.folder, self._lab.ports)
        self.quarantine = made[accounts.QUARANTINE]

    def down(self):
        self._lab.networks.process().stop()
        self._lab.down()

    @property
    def python(self):
        """The interpreter of the environment that Ironic is installed in."""
        return self._lab.folder.python

    def run_tests(self, module):
        """Run the tests of ``module`` where Ironic can be imported; what came of it."""
        (packages,) = self._lab.folder.venv.glob('lib/python*/site-packages')
        # Behind what is here, of which the environment of Ironic has not all.
        program = (
            f'import sys, unittest; sys.path.append({str(packages)!r}); '
            f'unittest.main(module={module!r})'
        )
        return subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', program],
            cwd=rigs.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def ironic_log(self):
        """Where Ironic writes down what it does."""
        return self._lab.folder.logs / 'ironic.log'

    def ironic(self, *who):
        """Requests to Ironic as somebody, see ``tenant_requests.Asking``."""
        return tenant_requests.Asking(self._lab.folder, self._lab.ports, *who)

    def networks(self):
        """The process of a Neutron that was started now."""
        found = self._lab.networks
        found.configure(self._lab.ports)
        process = found.process()
        process.start()
        process.wait()
        return process

    @property
    def provider_conf(self):
        """Where the account of the provider is configured."""
        return self._lab.folder.etc / 'provider.conf'

    def provider(self):
        """The provider's view of Ironic, with its own account."""
        path = self.provider_conf
        account = lab_ironic.account(self._lab.folder, self._lab.ports, 'flocx')
        path.write_text(f'[service_credentials]\n{account}\n')
        conf = cfg.ConfigOpts()
        config.register(conf)
        provider_conf.register(conf)
        conf(['--config-file', str(path)], project='flocx')
        auth = loading.load_auth_from_conf_options(conf, config.CREDENTIALS)
        session = loading.load_session_from_conf_options(
            conf, config.CREDENTIALS, auth=auth
        )
        return conf, ironic.IronicNodes(conf, session)

    @contextlib.contextmanager
    def copied(self, number, **changed):
        """So many servers more, like one that is there but for ``changed``.

        Written into the table of Ironic, whose API would need half a minute to enrol a
        thousand; the uuids.
        """
        uuids = [uuidutils.generate_uuid() for _ in range(number)]
        with self._nodes() as (database, table):
            row = dict(database.execute(sa.select(table)).mappings().first())
            row = {**row, 'name': None, **changed}
            del row['id']
            rows = [{**row, 'uuid': uuid} for uuid in uuids]
            database.execute(sa.insert(table), rows)
        try:
            yield uuids
        finally:
            with self._nodes() as (database, table):
                database.execute(sa.delete(table).where(table.c.uuid.in_(uuids)))

    def write(self, uuid, **values):
        """Put a server into a state in which simulated hardware does not get."""
        with self._nodes() as (database, table):
            database.execute(
                sa.update(table).where(table.c.uuid == uuid).values(**values)
            )

    @contextlib.contextmanager
    def _nodes(self):
        """A transaction in Ironic's database, and its table of nodes."""
        path = self._lab.folder.data / 'ironic.sqlite'
        engine = sa.create_engine(f'sqlite:///{path}', connect_args={'timeout': 30})
        with engine.begin() as database:
            yield database, sa.Table('nodes', sa.MetaData(), autoload_with=database)
        engine.dispose()

    @contextlib.contextmanager
    def configured(self, section, **options):
        """Ironic with these options of a section, for as long."""
        path = self._lab.folder.etc / 'ironic.conf'
        before = path.read_text()
        lines = [f'{name} = {value}' for name, value in options.items()]
        # Of an option that is there twice the last counts.
        self._restart(path, '\n'.join([before, f'[{section}]', *lines, '']))
        try:
            yield
        finally:
            self._restart(path, before)

    def _restart(self, path, configuration):
        ironic = self._lab.process('ironic')
        ironic.stop()
        path.write_text(configuration)
        ironic.start()
        ironic.wait()

    @contextlib.contextmanager
    def policy(self, path):
        """Ironic with the rules of that file, for as long."""
        there = self._lab.folder.etc / 'policy.yaml'
        shutil.copy(path, there)
        try:
            yield
        finally:
            # Rules that are gone are only forgotten with a file that says nothing. An
            # upgrade check of whoever shares the folder takes {} for JSON.
            there.write_text('--- {}\n')

    def cloud(self, name):
        # Of Neutron, which no other test has, the catalogue does not know.
        network = self._lab.networks.url
        with mock.patch.dict(os.environ, {'OS_CLIENT_CONFIG_FILE': str(self.clouds)}):
            return openstack.connect(cloud=name, network_endpoint_override=network)


class DeliveryTestCase(unittest.TestCase):
    """A contract for the next server of acme's, which umbrella's renter has."""

    #: Seconds; where nobody sends requests in loops nothing has to be waited for.
    QUARANTINE_WAIT = 0.2

    #: What of ``[provider]`` is not as by default.
    OPTIONS: typing.ClassVar[dict] = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.lab,) = _KEPT
        cls.conf, cls.nodes = cls.lab.provider()
        cls.owner = cls.lab.cloud('acme-owner')
        cls.renter = cls.lab.cloud('umbrella-renter')
        cls.admin = cls.lab.cloud('admin')
        cls.names = itertools.cycle(
            sorted(
                node.name
                for node in cls.nodes.all()
                if node.owner == cls.owner.current_project_id
            )
        )

    def setUp(self):
        super().setUp()
        self.node = self.nodes.get(next(self.names))
        self.began = datetime.datetime.now(datetime.UTC)
        self.over = self.began + 2 * HOUR
        self.market = test_fulfilment.Market()
        self.delivering = self.fulfiller(self.market, self.QUARANTINE_WAIT)
        self.line = self.rent(self.market, self.node, self.renter.current_project_id)
        self.addCleanup(self.clean)

    def fulfiller(self, market, quarantine_wait):
        """What delivers the lines of ``market``."""
        options = {name: self.conf.provider[name] for name in self.conf.provider} | {
            'retry_interval': 0.1,
            'fulfil_interval': 0.2,
            'retry_max_interval': 0.3,
            # The contract began an hour ago, and a slow Ironic is no reason here.
            'delivery_deadline': 2 * 3600,
            'quarantine_wait': quarantine_wait,
            'quarantine_project_id': self.lab.quarantine,
            **self.OPTIONS,
        }
        return fulfilment.Fulfilment(
            types.SimpleNamespace(provider=types.SimpleNamespace(**options)),
            self.nodes,
            market,
        )

    def rent(self, market, node, renter):
        """The line of a contract that has begun, of the project ``renter``."""
        line = market.add(
            S.CREATED,
            node=node.uuid,
            owner_id=node.owner,
            start_time=window.text(self.began - HOUR),
            end_time=window.text(self.began + HOUR),
        )
        market.contracts[-1]['project_id'] = renter
        market.classes[line['offer_uuid']] = node.resource_class
        return line

    def clean(self):
        """Leave the server as it was found."""
        with contextlib.suppress(sdk_exceptions.SDKException):
            self.line['status'] = str(S.WAIT_CANCEL)
            # Whatever was waited for in the test is over by then.
            self.become(S.CANCELLED, self.over + HOUR)

    def seen(self):
        return self.nodes.get(self.node.uuid)

    def become(self, status, now=None):
        """Deliver until the line is in ``status``."""
        with contextlib.suppress(TimeoutError):
            self.deliver(lambda: self.line['status'] == status, now)
        self.assertEqual(str(status), self.line['status'], self.seen())

    def deliver(self, done, now=None):
        """Pass by pass, until ``done()``; each is a second after the one before it."""
        passes = itertools.count()

        def look():
            if done():
                return True
            moment = now or datetime.datetime.now(datetime.UTC)
            if now:
                moment += datetime.timedelta(seconds=next(passes))
            self.delivering.run(moment)
            return False

        if not waiting.until(look):
            raise TimeoutError(self.seen())

    def end(self):
        self.become(S.ENDED, self.over)

    def deploy(self, who=None):
        baremetal = (who or self.renter).baremetal
        baremetal.set_node_provision_state(self.node.uuid, 'active')
        self.reach('active')

    def reach(self, *states):
        self.until(lambda: self.seen().provision_state in states)

    def until(self, true):
        self.assertTrue(waiting.until(true), self.seen())

    def change(self, who, *operations):
        who.baremetal.patch_node(self.node.uuid, list(operations))
