# SPDX-License-Identifier: Apache-2.0
"""The samples for uWSGI, started as they are but for port and number of processes."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import fixtures
import requests
import testtools

from flocx import db
from market.db import migration
from tests import fixtures as market_fixtures
from tests import waiting
from tests.emulated import keystone
from tests.functional import test_devstack

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: A list that each service answers a reader of a project, or an administrator.
LISTS = {
    'market': '/v1/offers',
    'provider': '/v1/nodes',
    'matcher': '/v1/mechanisms',
}
#: One of them by IPv6 alone.
ADDRESSES = {'market': '127.0.0.1', 'provider': '127.0.0.1', 'matcher': '[::1]'}


class SamplesTest(testtools.TestCase):
    SECONDS = 180

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (self.folder / 'nodes').mkdir()
        emulated = keystone.Keystone()
        identity = self.useFixture(market_fixtures.Served(emulated)).url
        emulated.catalog['identity'] = f'{identity}/v3'
        self.conf = market_fixtures.write_configuration(self.folder, identity)
        database = db.Database(f'sqlite:///{self.folder}/flocx.sqlite')
        migration.upgrade(database)
        database.engine.dispose()

    def start(self, service, place):
        sample = (ROOT / f'etc/uwsgi/{service}.ini').read_text()
        for name, value in (('http-socket', place), ('processes', 1)):
            sample, found = re.subn(f'(?m)^{name} = .*', f'{name} = {value}', sample)
            self.assertEqual(1, found)
        path = self.folder / f'{service}.ini'
        path.write_text(sample)
        log = open(self.folder / f'{service}.log', 'w')
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [f'{os.path.dirname(sys.executable)}/uwsgi', '--ini', str(path)],
            cwd=self.folder,
            env={
                **os.environ,
                'OS_FLOCX_CONFIG_FILES': str(self.conf),
                'PYTHONPATH': str(ROOT),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        # By itself, and not as one that was killed.
        self.assertEqual(0, process.wait(self.SECONDS))

    def answer(self, service, url, process):
        def look():
            try:
                return [requests.get(url, timeout=60)]
            except requests.ConnectionError:
                return []

        def over(found):
            return found or process.poll() is not None

        found = waiting.until(look, over, self.SECONDS)
        self.assertTrue(found, (self.folder / f'{service}.log').read_text())
        return found[0]

    def test_each_answers(self):
        ports = test_devstack.free_ports(len(LISTS))
        for (service, path), port in zip(LISTS.items(), ports, strict=True):
            with self.subTest(service):
                place = f'{ADDRESSES[service]}:{port}'
                url, process = f'http://{place}', self.start(service, place)
                healthy = self.answer(service, f'{url}/healthcheck', process)
                self.assertEqual(200, healthy.status_code)
                listed = requests.get(
                    url + path, headers={'X-Auth-Token': 'acme-reader'}, timeout=60
                )
                self.assertEqual(200, listed.status_code, listed.text)
                self.assertEqual(401, requests.get(url + path, timeout=60).status_code)
                self.reloaded(service, f'{url}/healthcheck', process)

    def reloaded(self, service, url, process):
        """On SIGHUP it reads its configuration again, and refuses nobody meanwhile."""
        log = self.folder / f'{service}.log'
        loads = log.read_text().count('WSGI app 0')
        process.send_signal(signal.SIGHUP)

        def look():
            self.assertEqual(200, requests.get(url, timeout=60).status_code)
            return log.read_text().count('WSGI app 0') > loads

        self.assertTrue(waiting.until(look, seconds=self.SECONDS), log.read_text())
