# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment of the eight steps, and the tour still completes.

``flocx-standalone`` runs as a process of its own and is killed, once after each step
and once while it is under way, when the caller says again what was not answered.
What was answered once has to be there ever after.
"""

import pathlib
import socket
import threading

import fixtures as fixture
import requests
import testtools
import yaml

from flocx import standalone
from tests import fixtures
from tests import processes
from tests import waiting
from tests.emulated import keystone
from tests.functional import base

#: After how many seconds of a step the process is killed; they hit requests, rounds
#: and passes of the fulfiller at other moments in each step.
MOMENTS = (0.004, 0.011, 0.02, 0.035, 0.06, 0.1, 0.17, 0.3)


class Standalone(fixture.Fixture):
    """The process; ``urls`` are those of the APIs by service type."""

    def _setUp(self):
        self.folder = pathlib.Path(self.useFixture(fixture.TempDir()).path)
        (self.folder / 'nodes').mkdir()
        cloud = keystone.Keystone()
        identity = self.useFixture(fixtures.Served(cloud)).url
        # The mechanism does not matter here, and this one is there at once.
        options, self.urls = [('matcher', 'allocation', 'immediate')], cloud.catalog
        cloud.catalog['identity'] = f'{identity}/v3'
        for name, kind in (
            ('market', 'marketplace'),
            ('provider', 'marketplace-provider'),
            ('matcher', 'marketplace-matcher'),
        ):
            port = _free_port()
            options.append(('standalone', f'{name}_port', port))
            cloud.catalog[kind] = f'http://127.0.0.1:{port}'
        options.append(('standalone', 'lease_port', _free_port()))
        options.append(('console', 'port', '0'))
        self.path = fixtures.write_configuration(self.folder, identity, options)
        self.process, self._lock = None, threading.Lock()
        self.addCleanup(self.kill)
        self.start()

    def start(self):
        """Start it, unless it runs, and wait until it answers."""
        with self._lock:
            if self.process is None:
                self.process = processes.start(
                    standalone.main,
                    ['flocx-standalone', f'--config-file={self.path}'],
                    self.folder / 'output',
                )
            self._wait(120)

    def _wait(self, seconds):
        def up():
            return all(map(_answers, list(self.urls.values())[1:]))

        alive = self.process.is_alive
        waiting.until(lambda: not alive() or up(), seconds=seconds)
        if not up():
            raise RuntimeError((self.folder / 'output').read_text()[-3000:])

    def kill(self):
        """Leave it no time for anything."""
        with self._lock:
            if self.process:
                self.process.kill()
                self.process.join()
                self.process = None

    def lessee(self, name):
        node = yaml.safe_load((self.folder / 'nodes' / f'{name}.yaml').read_text())
        return node.get('lessee')


class CrashTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.standalone = self.useFixture(Standalone())
        fixtures.write_node(self.standalone.folder, 'node')
        self.accepted = []

    def caller(self, who, kind='marketplace'):
        return base.Caller(self.standalone.urls[kind], who)

    # Saying something until it is answered

    def insisting(self, attempt):
        """What ``attempt`` returns, once the process has lived through it."""

        def look():
            try:
                return [attempt()]
            except (requests.RequestException, NotYet):
                self.standalone.start()
                return []

        found = waiting.until(look, seconds=90)
        return found[0] if found else attempt()

    def make(self, kind, who, name, create):
        """Create an object with a name, unless an earlier attempt has; its JSON."""

        def attempt():
            path = f'/v1/{kind}'
            found = self.caller(who).get(path, name=name, status='any')
            if found.status_code == 200 and found.json()[kind]:
                (one,) = found.json()[kind]
                return one
            response = create()
            if response.status_code != 201:
                raise NotYet(response.text)
            return response.json()

        made = self.insisting(attempt)
        self.accepted.append(f'/v1/{kind}/{made["uuid"]}')
        return made

    def until(self, look, expected):
        def attempt():
            found = look()
            if found != expected:
                raise NotYet(f'{found} is not {expected}')

        self.insisting(attempt)

    def show(self, path):
        response = self.caller('operator-admin').get(path)
        if response.status_code != 200:
            raise NotYet(response.text)
        return response.json()

    def end(self, path, who):
        """Release a contract or cancel an offer; it may have been heard before."""

        def attempt():
            response = self.caller(who).delete(path)
            if response.status_code not in (204, 409):
                raise NotYet(response.text)

        self.insisting(attempt)

    # The eight steps

    def publish(self, **fields):
        return self.caller('acme-member', 'marketplace-provider').post(
            '/v1/offers', {'resource_uuid': 'node', 'end_time': self.end_time, **fields}
        )

    def step_1(self):
        self.aside = self.make(
            'offers',
            'acme-member',
            'aside',
            lambda: self.publish(name='aside', lessee_id='acme-lab'),
        )
        path = f'/v1/offers/{self.aside["uuid"]}/claim'
        self.claim = self.make(
            'contracts',
            'acme-lab-member',
            'claim',
            lambda: self.caller('acme-lab-member').post(path, {'name': 'claim'}),
        )
        self.until(lambda: self.standalone.lessee('node'), 'acme-lab')

    def step_2(self):
        path = f'/v1/contracts/{self.claim["uuid"]}'
        self.until(lambda: self.show(path)['status'], 'active')
        self.end(path, 'acme-lab-member')
        self.until(lambda: self.show(path)['status'], 'ended')
        self.until(lambda: self.standalone.lessee('node'), None)

    def step_3(self):
        self.end(f'/v1/offers/{self.aside["uuid"]}', 'acme-member')
        self.open = self.make(
            'offers',
            'acme-member',
            'open',
            lambda: self.publish(name='open', price='1'),
        )

    def step_4(self):
        self.assertEqual(64, self.open['properties']['cpus'])
        terms = {'name': 'wish', 'price': '2', 'end_time': self.bid_end}
        self.bid = self.make(
            'bids',
            'umbrella-member',
            'wish',
            lambda: self.caller('umbrella-member').post('/v1/bids', terms),
        )

    def step_5(self):
        path = f'/v1/offers/{self.open["uuid"]}'
        self.until(lambda: self.show(path)['status'], 'available')

    def step_6(self):
        path = f'/v1/bids/{self.bid["uuid"]}'
        self.until(lambda: self.show(path)['status'], 'matched')

    def step_7(self):
        bid = self.insisting(lambda: self.show(f'/v1/bids/{self.bid["uuid"]}'))
        self.contract = f'/v1/contracts/{bid["contract_uuid"]}'
        self.accepted.append(self.contract)
        contract = self.insisting(lambda: self.show(self.contract))
        self.assertEqual(self.bid['uuid'], contract['bid_uuid'])

    def step_8(self):
        self.until(lambda: self.standalone.lessee('node'), 'umbrella')
        self.until(lambda: self.show(self.contract)['status'], 'active')
        self.end(self.contract, 'umbrella-member')
        self.until(lambda: self.show(self.contract)['status'], 'ended')
        self.until(lambda: self.standalone.lessee('node'), None)

    def tour(self):
        """The steps, one by one; what was accepted is there after each."""
        now = base.RealTime()()
        self.end_time = base.window.text(now + 24 * base.HOUR)
        self.bid_end = base.window.text(now + 12 * base.HOUR)
        for number in range(1, 9):
            yield number, getattr(self, f'step_{number}')
            self.standalone.start()
            for path in self.accepted:
                self.show(path)
        self.require_told_once()

    def require_told_once(self):
        """Neither a gap nor a repetition in what the owner was told."""
        for path in (f'/v1/contracts/{self.claim["uuid"]}', self.contract):
            response = self.caller('acme-reader').get(
                '/v1/events', object_uuid=path.rpartition('/')[2]
            )
            types = [each['type'] for each in response.json()['events']]
            self.assertEqual(
                [
                    'contract.created',
                    'contract.active',
                    'contract.released',
                    'contract.ended',
                ],
                [each for each in types if each != 'contract.wait_end'],
            )


class KilledBetweenStepsTest(CrashTestCase):
    def test_the_tour_completes(self):
        for _, step in self.tour():
            step()
            self.standalone.kill()


class KilledWithinStepsTest(CrashTestCase):
    def test_the_tour_completes(self):
        for number, step in self.tour():
            killer = threading.Timer(MOMENTS[number - 1], self.standalone.kill)
            killer.start()
            step()
            killer.join()


class NotYet(Exception):
    """What is waited for has not happened."""


def _answers(url):
    try:
        return requests.get(f'{url}/v1', timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]
