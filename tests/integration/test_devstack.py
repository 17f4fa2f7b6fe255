# SPDX-License-Identifier: Apache-2.0
"""What DevStack would have systemd start is started, and a server changes hands."""

import datetime
import functools
import shlex
import signal
import subprocess

import requests
import testtools

from tests import fixtures as market_fixtures
from tests import waiting
from tests.emulated import keystone
from tests.functional import base
from tests.functional import test_devstack


class RunningTest(testtools.TestCase):
    """uWSGI and the workers, with the accounts that were asked for and no others."""

    def setUp(self):
        super().setUp()
        self.keystone = keystone.Keystone()
        identity = self.useFixture(market_fixtures.Served(self.keystone)).url
        self.machine = self.useFixture(
            test_devstack.DevStack(
                f'{identity}/v3',
                BROKER='fake://',
                ENABLED_SERVICES='key',
                FLOCX_NODES='dummy',
            )
        )
        self.machine.stack()
        self.keystone.catalog['identity'] = f'{identity}/v3'
        for name, kind in test_devstack.SERVICES.items():
            port = self.machine.ports[name]
            self.keystone.catalog[kind] = f'http://127.0.0.1:{port}/{kind}'
        for user, *roles in self.machine.calls('create_service_user'):
            self.keystone.accounts[user] = ('service', ['service', *roles])
        self.hurry()
        for name, command, *rest in self.machine.calls('run_process'):
            # A group and a user, which are root's to choose, and the environment.
            self.start(name, command, dict(each.split('=') for each in rest[2:]))

    def hurry(self):
        """Nothing wakes the workers, which are processes without a broker."""
        for name, option in (
            ('matcher', 'round_interval'),
            ('provider', 'fulfil_interval'),
        ):
            with open(self.machine.conf / f'{name}.conf', 'a') as file:
                file.write(f'\n[{name}]\n{option} = 0.2\n')

    def start(self, name, command, environment):
        log = open(self.machine.folder / f'{name}.log', 'w')
        self.addCleanup(log.close)
        process = subprocess.Popen(
            shlex.split(command),
            cwd=self.machine.folder,
            env=self.machine.environment() | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.send_signal, signal.SIGTERM)

    def logs(self):
        return ''.join(
            f'\n== {path.name}\n{path.read_text()[-3000:]}'
            for path in self.machine.folder.glob('*.log')
        )

    def at(self, kind, token):
        return base.Caller(self.keystone.catalog[kind], token)

    def health(self, kind):
        return self.at(kind, None).get('/healthcheck').status_code

    def eventually(self, expected, look, seconds=180):
        def answer():
            try:
                return look()
            except requests.ConnectionError:
                return None

        found = waiting.until(answer, lambda found: found == expected, seconds)
        self.assertEqual(expected, found, self.logs() if found != expected else '')

    def test_a_server_changes_hands(self):
        for kind in test_devstack.SERVICES.values():
            self.eventually(200, functools.partial(self.health, kind))
        nodes = self.machine.folder / 'data' / 'flocx'
        market_fixtures.write_node(nodes, 'rack-1')
        end = '2099-01-01T00:00:00Z'
        answer = self.at('marketplace-provider', 'acme-member').post(
            '/v1/offers', {'resource_uuid': 'rack-1', 'price': '1', 'end_time': end}
        )
        self.assertEqual(201, answer.status_code, answer.text + self.logs())
        renter = self.at('marketplace', 'umbrella-member')
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
        wanted = {'price': '2', 'end_time': until.isoformat(), 'duration': 3600}
        bid = renter.post('/v1/bids', wanted)
        self.assertEqual(201, bid.status_code, bid.text)
        # The address is that behind the proxy, with the path of the service.
        self.assertEqual(
            f'{renter.url}/v1/bids/{bid.json()["uuid"]}', bid.headers['Location']
        )
        self.eventually(
            ['active'],
            lambda: [
                each['status']
                for each in renter.get('/v1/contracts').json()['contracts']
            ],
        )
        self.assertIn('lessee: umbrella', (nodes / 'nodes/rack-1.yaml').read_text())
        rounds = self.at('marketplace-matcher', 'operator-admin').get('/v1/rounds')
        self.assertEqual(200, rounds.status_code, rounds.text)
