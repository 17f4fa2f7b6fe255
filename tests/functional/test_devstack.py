# SPDX-License-Identifier: Apache-2.0
"""The plugin of DevStack: every phase is run.

DevStack's own functions are replaced by those of ``tests/emulated/devstack.sh``, which
write the same files and record what they would install or start. Whether that works
when it is started is in ``tests/integration/test_devstack.py``.
"""

import configparser
import contextlib
import os
import pathlib
import socket
import subprocess
import sys

import fixtures
import testtools

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = {
    'market': 'marketplace',
    'provider': 'marketplace-provider',
    'matcher': 'marketplace-matcher',
}
APIS = [f'flocx-{name}-api' for name in SERVICES]
WORKERS = [
    'flocx-market-worker',
    'flocx-matcher-engine',
    'flocx-provider-fulfiller',
    'flocx-provider-console',
]
PHASES = (
    ('stack', 'pre-install'),
    ('stack', 'install'),
    ('stack', 'post-config'),
    ('stack', 'extra'),
    ('stack', 'test-config'),
)


def free_ports(number):
    """So many ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in found:
            each.bind(('127.0.0.1', 0))
        return [each.getsockname()[1] for each in found]


class DevStack(fixtures.Fixture):
    """A machine that DevStack works on; ``calls`` is what was recorded."""

    def __init__(self, identity='http://127.0.0.1/identity', **variables):
        self._identity, self._variables = identity, variables

    def _setUp(self):
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.conf = self.folder / 'etc' / 'flocx'
        self.panels = self.folder / 'horizon/openstack_dashboard/local/enabled'
        self.apache, self.flocx = self.folder / 'apache', self.folder / 'flocx'
        for each in (self.apache, self.panels, self.folder / 'data'):
            each.mkdir(parents=True)
        self.ironic = self.folder / 'ironic.conf'
        self.ironic.write_text('[DEFAULT]\ndebug = True\n')
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        # The tree, with a dashboard whose panels are known.
        enabled = self.flocx / 'dashboard/flocx_dashboard/enabled'
        enabled.mkdir(parents=True)
        for name in ('_9001_group.py', '_9002_panel.py', '__init__.py'):
            (enabled / name).touch()
        for name in ('devstack', 'etc'):
            (self.flocx / name).symlink_to(ROOT / name)

    def environment(self):
        return {
            'PATH': os.pathsep.join([os.path.dirname(sys.executable), os.defpath]),
            'RECORD': str(self.folder / 'record'),
            'DEST': str(self.folder),
            'DATA_DIR': str(self.folder / 'data'),
            'FLOCX_DIR': str(self.flocx),
            'FLOCX_CONF_DIR': str(self.conf),
            'HORIZON_DIR': str(self.folder / 'horizon'),
            'APACHE_CONF_DIR': str(self.apache),
            'IRONIC_CONF_FILE': str(self.ironic),
            'PYTHON_PREFIX': os.path.dirname(sys.executable),
            'PYTHONPATH': os.pathsep.join([str(ROOT), str(ROOT / 'client')]),
            'UWSGI_PORTS': ','.join(
                f'flocx-{name}-api:{port}' for name, port in self.ports.items()
            ),
            'STACK_USER': str(os.getuid()),
            'DATABASE_TYPE': 'mysql',
            'ENABLED_SERVICES': 'key,mysql,rabbit,horizon,ir-api,ir-cond',
            'ENABLE_DEBUG_LOG_LEVEL': 'False',
            'KEYSTONE_SERVICE_URI': self._identity,
            'REGION_NAME': 'RegionOne',
            'SERVICE_DOMAIN_NAME': 'Default',
            'SERVICE_HOST': '203.0.113.5',
            'SERVICE_PASSWORD': 'service-password',
            'SERVICE_PROJECT_NAME': 'service',
            'SERVICE_PROTOCOL': 'http',
            'SERVICE_TIMEOUT': '60',
            'SSL_BUNDLE_FILE': '',
            'DISABLED_SERVICES': '',
            **self._variables,
        }

    def run(self, mode, phase=''):
        """Run a phase, as stack.sh, unstack.sh and clean.sh do."""
        plugin = 'flocx/devstack'
        script = (
            'set -o errexit -o pipefail; source "$0"; '
            f'source {plugin}/settings; source {plugin}/plugin.sh {mode} {phase}'
        )
        done = subprocess.run(
            ['/bin/bash', '-c', script, str(ROOT / 'tests/emulated/devstack.sh')],
            cwd=self.folder,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f'{mode} {phase}: {done.stdout}')

    def stack(self):
        for mode, phase in PHASES:
            self.run(mode, phase)

    def calls(self, name):
        """The arguments of each recorded call of a function or command."""
        path = self.folder / 'record'
        lines = path.read_text().splitlines() if path.exists() else ()
        found = [line.split('\0')[:-1] for line in lines]
        return [words[1:] for words in found if words[0] == name]

    def option(self, service, group, name):
        parser = configparser.RawConfigParser(strict=False)
        parser.read(self.conf / f'{service}.conf')
        return parser.get(group, name, fallback=None)


class StackTest(testtools.TestCase):
    """One run of stack.sh, with all that can be enabled."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine = DevStack()
        cls.machine.setUp()
        cls.addClassCleanup(cls.machine.cleanUp)
        cls.machine.stack()

    def test_what_is_installed(self):
        machine = self.machine
        self.assertEqual(
            [
                [str(machine.flocx), 'mysql'],
                [f'{machine.flocx}/client'],
                [f'{machine.flocx}/dashboard'],
            ],
            machine.calls('setup_develop'),
        )
        self.assertEqual(
            {'_9001_group.py', '_9002_panel.py'},
            {path.name for path in machine.panels.iterdir()},
        )
        self.assertTrue(all(path.exists() for path in machine.panels.iterdir()))

    def test_what_is_in_the_catalogue(self):
        machine = self.machine
        self.assertEqual(
            [
                [kind, 'RegionOne', f'http://203.0.113.5/{kind}']
                for kind in SERVICES.values()
            ],
            machine.calls('get_or_create_endpoint'),
        )
        self.assertEqual(
            [[f'flocx-{name}', kind] for name, kind in SERVICES.items()],
            [words[:2] for words in machine.calls('get_or_create_service')],
        )
        # No second argument: no role beside ``service``.
        self.assertEqual(
            [[f'flocx-{name}'] for name in SERVICES],
            machine.calls('create_service_user'),
        )
        self.assertEqual(
            'flocx-quarantine',
            machine.option('provider', 'provider', 'quarantine_project_id'),
        )
        # The marketplace sees which projects are gone.
        self.assertEqual(
            [['reader', 'flocx-market', 'all', 'Default']],
            machine.calls('get_or_add_user_system_role'),
        )

    def test_endpoints_behind_tls_proxy(self):
        machine = self.useFixture(
            DevStack(ENABLED_SERVICES='key,mysql,rabbit,tls-proxy,ir-api')
        )
        machine.stack()
        self.assertEqual(
            [f'https://203.0.113.5/{kind}' for kind in SERVICES.values()],
            [words[2] for words in machine.calls('get_or_create_endpoint')],
        )

    def test_what_each_service_may_know(self):
        """The provider, which others run, has nothing of the market's database."""
        machine = self.machine
        database = f'sqlite:///{machine.folder}/data/flocx.sqlite'
        for name in SERVICES:
            self.assertEqual(
                [f'flocx-{name}'] * 2,
                [
                    machine.option(name, group, 'username')
                    for group in ('keystone_authtoken', 'service_credentials')
                ],
            )
            self.assertEqual(
                None if name == 'provider' else database,
                machine.option(name, 'database', 'connection'),
            )
            self.assertEqual(
                'rabbit://stackrabbit:secret@127.0.0.1:5672/flocx',
                machine.option(name, 'DEFAULT', 'transport_url'),
            )
        self.assertEqual('2', machine.option('market', 'contracts', 'notice'))
        self.assertEqual([['flocx']], machine.calls('rpc_backend_add_vhost'))
        self.assertEqual([['flocx']], machine.calls('recreate_database'))

    def test_ironic_takes_the_provider_for_a_service(self):
        machine = self.machine
        parser = configparser.RawConfigParser()
        parser.read(machine.ironic)
        self.assertEqual(
            {
                'debug': 'True',
                'rbac_service_role_elevated_access': 'true',
                'rbac_service_project_name': 'service',
            },
            dict(parser['DEFAULT']),
        )
        self.assertEqual(
            (ROOT / 'etc/ironic/lessee-members.yaml').read_text(),
            (machine.folder / 'policy.d/flocx.yaml').read_text(),
        )

    def test_what_is_started(self):
        machine = self.machine
        started = [words[0] for words in machine.calls('run_process')]
        self.assertEqual([*APIS, *WORKERS], started)
        self.assertEqual(
            ['203.0.113.5', '7784', 'ws://203.0.113.5:7784/'],
            [
                machine.option('provider', 'console', name)
                for name in ('host', 'port', 'public_url')
            ],
        )
        self.assertEqual(
            [f'http://203.0.113.5/{kind}/healthcheck' for kind in SERVICES.values()],
            [words[1] for words in machine.calls('wait_for_service')],
        )


class UndoTest(testtools.TestCase):
    def stacked(self, **variables):
        machine = self.useFixture(DevStack(**variables))
        machine.stack()
        return machine

    def test_unstack_and_clean_leave_nothing(self):
        machine = self.useFixture(DevStack())

        def files():
            # The symbolic links too; the tree that is installed from is not ours.
            return {
                path
                for path in machine.folder.rglob('*')
                if machine.flocx not in path.parents
                and path.name not in ('record', 'flocx.sqlite')
            }

        before = files()
        machine.stack()
        self.assertTrue(files() - before)
        machine.run('unstack')
        stopped = [words[0] for words in machine.calls('stop_process')]
        self.assertEqual({*APIS, *WORKERS}, set(stopped))
        # The workers first: they ask the APIs.
        self.assertEqual(set(WORKERS), set(stopped[: len(WORKERS)]))
        machine.run('clean')
        self.assertEqual(before, files() - {machine.conf.parent})
        self.assertEqual([['delete_vhost', 'flocx']], machine.calls('rabbitmqctl'))

    def test_a_provider_alone(self):
        """Another host has the market; the servers of this one are in files."""
        others = [
            'flocx-market-api',
            'flocx-market-worker',
            'flocx-matcher-api',
            'flocx-matcher-engine',
        ]
        machine = self.stacked(
            DISABLED_SERVICES=','.join(others),
            ENABLED_SERVICES='key',
            FLOCX_NODES='dummy',
        )
        self.assertEqual(
            [
                'flocx-provider-api',
                'flocx-provider-fulfiller',
                'flocx-provider-console',
            ],
            [words[0] for words in machine.calls('run_process')],
        )
        self.assertEqual([['flocx-provider']], machine.calls('create_service_user'))
        self.assertEqual([], machine.calls('recreate_database'))
        self.assertEqual([], list(machine.panels.iterdir()))
        self.assertTrue((machine.folder / 'data/flocx/nodes').is_dir())
        self.assertNotIn('rbac', machine.ironic.read_text())

    def test_nothing_is_done_where_nothing_is_enabled(self):
        machine = self.stacked(DISABLED_SERVICES=','.join([*APIS, *WORKERS]))
        self.assertEqual([], machine.calls('setup_develop'))
        self.assertFalse(machine.conf.exists())
