# SPDX-License-Identifier: Apache-2.0
"""Serial consoles: who gets one, for how long, and what ends it."""

import socketserver
import threading

from websockets import exceptions as ws_exceptions
from websockets.sync import client

from flocx.core import tokens
from market.db import console_tokens
from provider.console import conf
from provider.console import proxy
from tests import waiting
from tests.functional import base
from tests.functional import test_monitoring

#: As the API says it; what the tests wait for at most is longer.
_CLOSED = 1008


class _Echo(socketserver.BaseRequestHandler):
    """A server at the other end of the serial line: it says again what it is told."""

    def handle(self):
        while data := self.request.recv(1024):
            self.request.sendall(b'> ' + data)


class ConsoleTestCase(base.MarketplaceTestCase):
    VERSION = 'latest'

    @classmethod
    def setUpClass(cls):
        serial = socketserver.ThreadingTCPServer(('127.0.0.1', 0), _Echo)
        serial.daemon_threads = True
        threading.Thread(target=serial.serve_forever, daemon=True).start()
        cls.addClassCleanup(serial.server_close)
        cls.addClassCleanup(serial.shutdown)
        cls.OPTIONS = (
            *cls.OPTIONS,
            (
                'provider',
                'dummy_console_url',
                f'tcp://127.0.0.1:{serial.server_address[1]}',
            ),
            ('console', 'port', '0'),
            ('console', 'check_interval', '0.1'),
            ('console', 'max_sessions_per_line', '2'),
            ('market', 'console_tokens_per_line', '3'),
        )
        super().setUpClass()

    def setUp(self):
        super().setUp()
        provider = self.marketplace.provider
        self.proxy = proxy.Proxy(
            self.marketplace.conf.console,
            provider.nodes,
            provider.marketplace,
            clock=self.clock,
        )
        self.proxy.start()
        self.addCleanup(self.proxy.stop)

    def rented(self, who='umbrella-member', **terms):
        """A node and the contract by which somebody has it."""
        node = self.add_node()
        offer = self.offer(node=node, **terms)
        body = {'end_time': self.time(4), 'min_reclaim_notice': 0}
        path = f'/v1/offers/{offer["uuid"]}/claim'
        contract = self.good(self.market(who).post(path, body))
        self.fulfil()
        self.assertEqual(who.partition('-')[0], self.marketplace.node(node).lessee)
        return node, contract

    def asked(self, node, who='umbrella-member', **body):
        return self.provider(who).post(f'/v1/nodes/{node}/console_tokens', body)

    def token(self, node, who='umbrella-member', **body):
        return self.good(self.asked(node, who, **body))

    def connect(self, token):
        url = f'ws://127.0.0.1:{self.proxy.port}/?token={token}'
        return self.enterContext(
            client.connect(url, proxy=None, subprotocols=['binary'])
        )

    def talks(self, connection):
        connection.send(b'hello')
        self.assertEqual(b'> hello', connection.recv(timeout=30))

    def ends(self, connection, code=_CLOSED):
        """The session is closed by the proxy, and gone there."""
        error = self.assertRaises(
            ws_exceptions.ConnectionClosed, connection.recv, timeout=30
        )
        self.assertEqual(code, error.rcvd.code)
        waiting.until(lambda: not self.proxy.sessions)
        return error.rcvd.reason

    def refused(self, token, status=403):
        error = self.assertRaises(ws_exceptions.InvalidStatus, self.connect, token)
        self.assertEqual(status, error.response.status_code)
        return error.response.body.decode()


class ConsoleTest(ConsoleTestCase):
    def test_who_rents_a_server_has_its_console(self):
        node, contract = self.rented()
        made = self.token(node, seconds=60)
        self.assertEqual(self.marketplace.node(node).uuid, made['resource_uuid'])
        self.assertEqual(contract['lines'][0]['end_time'], made['end_time'])
        self.assertEqual(
            self.marketplace.conf.console.public_url + f'?token={made["token"]}',
            made['access_url'],
        )
        self.assertTrue(self.marketplace.node(node).console_enabled)
        first, second = (self.connect(made['token']) for _ in range(2))
        self.talks(first)
        self.talks(second)
        self.assertEqual(2, test_monitoring.value('flocx_console_sessions', ''))
        self.assertEqual('binary', first.subprotocol)
        # A server has no more sessions than that.
        self.assertIn('2 sessions', self.refused(made['token'], 503))
        # What is kept is no token, and is shown nowhere.
        (listed,) = self.listed(line_uuid=contract['lines'][0]['uuid'])
        self.assertEqual(made['uuid'], listed['uuid'])
        kept = tokens.hashed(made['token'])
        self.assertNotIn(kept, str(listed))
        log = (self.marketplace.folder / 'flocx.log').read_text()
        self.assertNotIn(made['token'], log)
        # It opens no more sessions when it has expired; those that run go on.
        self.clock.advance(seconds=60)
        second.close()
        waiting.until(lambda: len(self.proxy.sessions) == 1)
        self.assertIn('opens no console', self.refused(made['token']))
        self.talks(first)

    def listed(self, who='umbrella-member', **params):
        found = self.market(who).get('/v1/console_tokens', **params)
        return self.good(found, 200)['console_tokens']

    def test_nobody_else_has_it(self):
        node, _ = self.rented()
        other, _ = self.rented('initech-member')
        theirs = self.token(other, 'initech-member')
        for who, status in (
            ('acme-member', 409),
            ('initech-member', 404),
            ('operator-admin', 404),
            ('umbrella-reader', 403),
        ):
            self.assertEqual(status, self.asked(node, who).status_code, who)
        self.assertEqual([], self.listed('acme-member'))
        self.assertEqual([], self.listed(uuid=theirs['uuid']))
        path = f'/v1/console_tokens/{theirs["uuid"]}'
        for method in ('GET', 'DELETE'):
            answer = self.market('umbrella-member').request(method, path)
            self.assertEqual(404, answer.status_code)
        guessed = 'A' * len(theirs['token'])
        refused = test_monitoring.value('flocx_console_refused', code='flocx.forbidden')
        for wrong in (guessed, '', 'short', theirs['uuid'], theirs['token'] + 'A'):
            self.assertIn('opens no console', self.refused(wrong))
        self.assertEqual(
            refused + 5,
            test_monitoring.value('flocx_console_refused', code='flocx.forbidden'),
        )
        # A provider keeps tokens for its own lines only, and nobody else any.
        line = {'token_hash': '0' * 64, 'seconds': 60, 'line_uuid': theirs['line_uuid']}
        for who, status in (
            ('service-service', 201),
            ('service-service2', 404),
            ('acme-member', 403),
        ):
            self.marketplace.keystone.accounts['service-service2'] = (
                'service',
                ['service'],
            )
            answer = self.market(who).post('/v1/console_tokens', line)
            self.assertEqual(status, answer.status_code, who)

    def test_a_time_that_is_too_long_is_refused(self):
        node, _ = self.rented()
        for wrong in (0, 86401, 'long', 10**9):
            answer = self.asked(node, seconds=wrong)
            self.assertEqual(400, answer.status_code)
            self.assertIn('seconds', base.error(answer)['detail'])
        self.assertFalse(self.marketplace.node(node).console_enabled)

    def test_the_oldest_of_many_gives_way(self):
        node, _ = self.rented()
        made = [self.token(node) for _ in range(4)]
        self.assertEqual(
            [each['uuid'] for each in made[1:]],
            [each['uuid'] for each in self.listed(line_uuid=made[0]['line_uuid'])],
        )
        self.refused(made[0]['token'])
        self.talks(self.connect(made[1]['token']))

    def test_it_ends_with_the_contract(self):
        node, contract = self.rented()
        made = self.token(node)
        connection = self.connect(made['token'])
        self.talks(connection)
        path = f'/v1/contracts/{contract["uuid"]}'
        self.good(self.market('umbrella-member').delete(path), 204)
        self.clock.advance(seconds=1)
        # Before anything is done at the server.
        self.assertIn('given back', self.ends(connection))
        self.refused(made['token'])
        self.assertEqual(409, self.asked(node).status_code)
        self.fulfil(5)
        server = self.marketplace.node(node)
        self.assertEqual((None, False), (server.lessee, server.console_enabled))
        with self.marketplace.database.reader() as session:
            rows = session.execute(console_tokens._TABLE.select()).all()
        self.assertNotIn(made['line_uuid'], [row.line_uuid for row in rows])

    def test_it_ends_within_five_seconds(self):
        """At the next question, of which there is one every four seconds at least."""
        (interval,) = (each for each in conf.OPTS if each.name == 'check_interval')
        self.assertLessEqual(interval.default, interval.type.max)
        self.assertLessEqual(interval.type.max, 4)
        node, contract = self.rented()
        connection = self.connect(self.token(node)['token'])
        self.talks(connection)
        path = f'/v1/contracts/{contract["uuid"]}'
        self.good(self.market('umbrella-member').delete(path), 204)
        self.clock.advance(seconds=1)
        questions, ask = [], self.proxy._good
        self.proxy._good = lambda: questions.append(1) or ask()
        self.ends(connection)
        # Before the first there may have been one that is not counted.
        self.assertLessEqual(len(questions), 1)

    def test_it_ends_with_its_time_though_nobody_answers(self):
        node, _ = self.rented()
        connection = self.connect(self.token(node)['token'])
        self.talks(connection)
        self.patch_market(TimeoutError('away'))
        self.clock.advance(hours=4)
        self.assertIn('over', self.ends(connection))

    def patch_market(self, error):
        """From now on the marketplace does not answer the proxy."""

        def away():
            raise error

        self.proxy._good = away

    def test_it_ends_with_its_token(self):
        node, _ = self.rented()
        made = self.token(node)
        connection = self.connect(made['token'])
        self.talks(connection)
        path = f'/v1/console_tokens/{made["uuid"]}'
        self.assertEqual(403, self.market('umbrella-reader').delete(path).status_code)
        self.talks(connection)
        self.good(self.market('umbrella-member').delete(path), 204)
        self.ends(connection)

    def test_it_is_not_the_lessors_while_the_server_is_sub_let(self):
        node, contract = self.rented()
        made = self.token(node)
        connection = self.connect(made['token'])
        self.talks(connection)
        terms = {'sublet_of': contract['lines'][0]['uuid']}
        offer = self.good(
            self.provider('umbrella-member').post(
                '/v1/offers',
                {'resource_uuid': node, 'end_time': self.time(2), 'price': '1'},
            )
        )
        self.assertEqual(terms['sublet_of'], offer['sublet_of'])
        self.good(
            self.market('initech-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(1)}
            )
        )
        self.fulfil(2)
        self.ends(connection)
        self.assertEqual(404, self.asked(node).status_code)
        self.talks(self.connect(self.token(node, 'initech-member')['token']))

    def test_a_console_that_is_gone_is_said_to_be(self):
        node, _ = self.rented()
        made = self.token(node)
        conf = self.marketplace.conf
        url = conf.provider.dummy_console_url
        nodes = self.marketplace.provider.nodes
        self.addCleanup(setattr, nodes, '_console_url', url)
        nodes._console_url = 'tcp://127.0.0.1:1'
        self.assertIn('reached', self.ends(self.connect(made['token']), 1001))

    def test_by_the_api_of_esi_leap(self):
        node, _ = self.rented()
        lessee = self.at('lease', 'umbrella-member')
        path = '/v1/console_auth_tokens'
        body = {'node_uuid_or_name': node, 'token_ttl': '60'}
        made = self.good(lessee.post(path, body))
        self.assertEqual({'node_uuid', 'token', 'access_url'}, set(made))
        connection = self.connect(made['token'])
        self.talks(connection)
        owner = self.at('lease', 'acme-member')
        self.assertEqual(409, owner.post(path, body).status_code)
        for wrong in ('0', '-1', 'soon'):
            answer = lessee.post(path, {**body, 'token_ttl': wrong})
            self.assertEqual(400, answer.status_code)
        # An owner may ask, and closes nobody's console with it.
        self.assertEqual(200, owner.delete(f'{path}/{node}').status_code)
        self.talks(connection)
        answer = lessee.delete(f'{path}/{node}')
        self.assertEqual((200, None), (answer.status_code, answer.json()))
        self.ends(connection)
