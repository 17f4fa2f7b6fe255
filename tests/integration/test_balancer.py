# SPDX-License-Identifier: Apache-2.0
"""The HAProxy of the page about three controllers, before two servers of a test."""

import collections
from concurrent import futures
import pathlib
import secrets
import shutil
import subprocess
import threading
import unittest

import fixtures
import requests
import testtools

from flocx import standalone
from tests import waiting
from tests.functional import test_devstack
from tools.rigging import page

#: What it calls the API, and where that listens on the page.
API, PORT = 'market', 7780
#: As the page has them: in flight at ease, and of what is more at each server.
AT_EASE, MORE = 8, 2


@unittest.skipUnless(
    shutil.which('haproxy'), 'haproxy is not installed: bindep cluster'
)
class GreedyTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.lock, self.gate = threading.Lock(), threading.Event()
        self.now, self.most = collections.Counter(), collections.Counter()
        network = f'127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}.'
        for host in page.HOSTS[:2]:
            server = standalone.Server(
                self.application, f'{network}{host}', PORT, threads=32
            )
            # This is about who is let through, not about who is served next.
            server._server.task_dispatcher.queue._most = lambda _: 32
            server.start()
            self.addCleanup(server.stop)
        self.addCleanup(self.gate.set)
        self.pool = futures.ThreadPoolExecutor(60)
        self.addCleanup(self.pool.shutdown)
        self.balance(network)

    def balance(self, network):
        ports = dict(zip((7780, 7781, 7782), test_devstack.free_ports(3), strict=True))
        shared = {port: ('127.0.0.1', here) for port, here in ports.items()}
        text = page.Page(network, shared, {}).file('/etc/haproxy/haproxy.cfg')
        # What it does for the APIs; the database is another matter.
        _, begin, apis = text.partition('defaults\n    mode http')
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = folder / 'haproxy.cfg'
        path.write_text(f'global\n    maxconn 1000\n{begin}{apis}')
        process = subprocess.Popen(['haproxy', '-db', '-q', '-f', path])
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.url = f'http://127.0.0.1:{ports[PORT]}/'
        self.assertTrue(waiting.until(self.answers))

    def answers(self):
        try:
            return requests.get(self.url, timeout=60).status_code == 200
        except requests.ConnectionError:
            return False

    def application(self, environ, start_response):
        caller = environ.get('HTTP_X_AUTH_TOKEN')
        with self.lock:
            self.now[caller] += 1
            self.most[caller] = max(self.most[caller], self.now[caller])
        if caller == 'greedy':
            self.gate.wait(60)
        with self.lock:
            self.now[caller] -= 1
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'answered']

    def ask(self, caller):
        headers = {'X-Auth-Token': caller}
        return requests.get(self.url, headers=headers, timeout=60).text

    def test_who_has_fifty_in_flight_waits_for_themselves(self):
        much = [self.pool.submit(self.ask, 'greedy') for _ in range(50)]
        let = AT_EASE + 2 * MORE
        self.assertTrue(waiting.until(lambda: self.now['greedy'] == let), self.now)
        for number in range(20):
            self.assertEqual('answered', self.ask(f'other-{number}'))
        self.assertEqual(let, self.now['greedy'])
        self.gate.set()
        self.assertEqual({'answered'}, {each.result(60) for each in much})
        # Each that ended let another in, and never more of them at a time.
        self.assertLessEqual(self.most['greedy'], let)
