# SPDX-License-Identifier: Apache-2.0
"""Ironic and the market are asked in one way, whoever's token it is with."""

import http.server
import json
import threading

from keystoneauth1 import loading
from keystoneauth1 import token_endpoint

from flocx import context
from flocx import exceptions
from flocx.api import app
from provider import conf as provider_conf
from provider import marketplace
from tests.functional import base

#: What sends a request again, and how.
RETRIES = (
    'connect_retries',
    'connect_retry_delay',
    'status_code_retries',
    'status_code_retry_delay',
)


#: As Ironic says which versions of its API it has.
VERSIONS = {
    'versions': [
        {
            'id': 'v1',
            'status': 'CURRENT',
            'min_version': '1.1',
            'version': '1.100',
            'links': [{'rel': 'self', 'href': '/'}],
        }
    ]
}


class Unreliable(http.server.BaseHTTPRequestHandler):
    """Says nothing, or hangs up as often as it was told to before it answers."""

    def do_GET(self):
        server = self.server
        if self.path == '/':
            # Which versions there are is asked once, and not for each caller.
            self.answer(300, VERSIONS)
            return
        server.asked += 1
        if server.silent:
            server.released.wait(60)
        elif server.hang_up:
            server.hang_up -= 1
        else:
            self.answer(404)
        self.close_connection = True

    def answer(self, status, document=None):
        body = json.dumps(document or {}).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_POST = do_GET

    def log_message(self, *args):
        """Nobody reads it."""


class SessionsTest(base.MarketplaceTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Unreliable)
        cls.server.released = threading.Event()
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        cls.addClassCleanup(cls.server.released.set)
        url = f'http://127.0.0.1:{cls.server.server_port}'
        retries = [
            (group, name, value)
            for group in ('ironic', 'marketplace')
            for name, value in (
                ('endpoint_override', url),
                ('connect_retries', '2'),
                ('connect_retry_delay', '0.01'),
                ('status_code_retries', '1'),
                ('status_code_retry_delay', '0.02'),
            )
        ]
        cls.OPTIONS = (
            *retries,
            ('provider', 'nodes', 'ironic'),
            ('service_credentials', 'timeout', '1'),
            # Over HTTP they are only looked for.
            ('service_credentials', 'cafile', __file__),
            ('service_credentials', 'certfile', __file__),
            ('service_credentials', 'keyfile', __file__),
        )
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.server.asked, self.server.silent, self.server.hang_up = 0, False, 0
        self.caller = context.RequestContext(
            auth_token='acme-member', project_id='acme'
        )
        self.nodes = self.marketplace.provider.nodes
        self.market_of_provider = self.marketplace.provider.marketplace
        self.nodes._baremetal()

    def publish(self):
        terms = {'resource_uuid': 'any', 'end_time': self.time(2), 'price': '1'}
        return self.provider('acme-member').post('/v1/offers', terms)

    def test_an_ironic_that_says_nothing_is_not_waited_for_for_ever(self):
        """The caller's own token asks it, in ``POST /v1/offers``."""
        self.server.silent = True
        refused = self.publish()
        self.assertEqual(503, refused.status_code, refused.text)
        self.assertIn('Ironic does not answer', base.error(refused)['detail'])

    def test_a_connection_that_breaks_is_tried_again(self):
        caller = self.caller
        for name, ask in (
            ('the caller asks Ironic', lambda: self.publish().status_code),
            ('the provider asks Ironic', lambda: self.code(self.nodes.get, 'any')),
            (
                'the caller asks the market',
                lambda: self.code(self.market_of_provider.withdraw, caller, 'any'),
            ),
            ('the provider asks the market', lambda: self.code(self.report)),
        ):
            with self.subTest(name):
                self.server.asked, self.server.hang_up = 0, 2
                self.assertEqual(404, ask(), name)
                self.assertEqual(3, self.server.asked)

    def report(self):
        self.market_of_provider.handover('any', 'any')

    def code(self, ask, *args):
        try:
            ask(*args)
        except exceptions.FlocxError as error:
            return error.status
        return 200

    def test_all_sessions_are_alike(self):
        """Time-outs, authorities, certificates and retries, as the options say."""
        own = self.nodes._baremetal(), self.market_of_provider._caller(None)
        callers = (
            self.nodes._baremetal(self.caller),
            self.market_of_provider._caller(self.caller),
        )
        for each in (*own, *callers):
            session = each.session
            self.assertEqual(
                (1, __file__, (__file__, __file__)),
                (session.timeout, session.verify, session.cert),
                each,
            )
            self.assertEqual(
                [2, 0.01, 1, 0.02], [getattr(each, name) for name in RETRIES], each
            )

    def test_a_market_abroad_is_asked_by_its_own_options(self):
        conf = self.marketplace.conf
        conf.set_override('timeout', 7, provider_conf.MARKETPLACE)
        self.addCleanup(conf.clear_override, 'timeout', provider_conf.MARKETPLACE)
        session = loading.load_session_from_conf_options(
            conf,
            provider_conf.MARKETPLACE,
            auth=token_endpoint.Token('http://127.0.0.1:1', 'a token'),
        )
        abroad = marketplace.Marketplace(conf, session)
        for who in (None, self.caller):
            self.assertEqual(7, abroad._caller(who).session.timeout)

    def test_keystone_is_not_waited_for_for_ever(self):
        """To check a token, and to read the limits in it."""
        conf = self.marketplace.conf
        self.assertEqual(60, conf.oslo_limit.timeout)
        checking = app._Authenticated(None, conf, 'marketplace', {}.get)
        self.assertEqual(60, checking._checked._conf.get('http_connect_timeout'))
