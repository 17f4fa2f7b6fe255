# SPDX-License-Identifier: Apache-2.0
"""Events reach who wants them: signed, in order, at least once, and nobody else."""

import base64
import datetime
from http import server
import json
import os
import signal
import smtplib
import socket
import ssl
import sys
import threading

from aiosmtpd import controller
import fixtures
from oslo_config import cfg
import trustme

from flocx import config
from flocx import db
from flocx.core import webhook as core
from market import conf as market_conf
from market import worker
from market.db import webhooks
from market.webhooks import dispatcher
from tests import processes
from tests import waiting
from tests.functional import base
from tests.functional import test_monitoring

SECRET = core.PREFIX + base64.b64encode(b'0123456789abcdef01234567').decode()


class Receiver(fixtures.Fixture):
    """An HTTPS server on the loopback that keeps what it is sent.

    :ivar answer: given a request, returns the status, or a URL to redirect to.
    """

    def __init__(self, authority):
        self.sent, self.answer, self._authority = [], lambda request: 204, authority

    def _setUp(self):
        receiver = self

        class Handler(server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers['Content-Length'])
                self.body = self.rfile.read(length)
                receiver.sent.append(self)
                found = receiver.answer(self)
                self.send_response(302 if isinstance(found, str) else found)
                if isinstance(found, str):
                    self.send_header('Location', found)
                self.end_headers()

            def log_message(self, *_):
                """Nothing."""

        serving = server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        # Who sends may go away, or not like the certificate.
        serving.handle_error = lambda *_: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert('localhost').configure_cert(context)
        serving.socket = context.wrap_socket(serving.socket, server_side=True)
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        self.addCleanup(serving.server_close)
        self.addCleanup(serving.shutdown)
        self.url = f'https://localhost:{serving.server_address[1]}/hook'

    def events(self):
        return [json.loads(each.body) for each in self.sent]


class WebhookTestCase(base.MarketplaceTestCase):
    VERSION = 'latest'
    ALLOWED = '127.0.0.0/8,::1/128'

    @classmethod
    def setUpClass(cls):
        cls.authority = trustme.CA()
        folder = fixtures.TempDir()
        folder.setUp()
        cls.addClassCleanup(folder.cleanUp)
        cafile = os.path.join(folder.path, 'authority.pem')
        cls.authority.cert_pem.write_to_path(cafile)
        cls.OPTIONS = (
            *cls.OPTIONS,
            ('webhooks', 'cafile', cafile),
            ('webhooks', 'allowed_networks', cls.ALLOWED),
            ('webhooks', 'interval', '0.1'),
            ('webhooks', 'per_project', '3'),
        )
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.receiver = self.useFixture(Receiver(self.authority))
        self.sending = self.dispatcher()

    def dispatcher(self):
        """What sends, as the worker has it, but when it looks."""
        conf = self.marketplace.conf
        made, _ = worker._webhooks(conf, self.marketplace.database)
        made._clock = self.clock
        self.addCleanup(made.stop)
        return made

    def look(self, sending=None):
        """Let what is due be sent, and wait for it."""
        sending = sending or self.sending
        sending.run(self.clock())
        waiting.until(lambda: not sending._busy)

    def hook(self, url=None, who='acme-member', **values):
        body = {'url': url or self.receiver.url, 'secret': SECRET, **values}
        body = {name: value for name, value in body.items() if value is not None}
        made = self.good(self.market(who).post('/v1/webhooks', body))
        self.addCleanup(self.market(who).delete, f'/v1/webhooks/{made["uuid"]}')
        # Events of other tests are nobody's business here.
        self.look()
        return made

    def shown(self, made, who='acme-reader'):
        return self.show('webhooks', made['uuid'], who)


class WebhooksTest(WebhookTestCase):
    def test_what_happens_is_sent_once_and_in_order(self):
        made = self.hook()
        theirs = self.hook(who='umbrella-member')
        offer = self.offer()
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        contract = self.good(self.market('umbrella-member').post(claim))
        self.bid('initech-member', price='0.01')
        self.look()
        found = {}
        for each in self.receiver.events():
            found.setdefault(each['webhook_uuid'], []).append(each)
        self.assertEqual(
            ['offer.published', 'contract.created'],
            [each['type'] for each in found[made['uuid']]],
        )
        (renters,) = found[theirs['uuid']]
        self.assertEqual(contract['uuid'], renters['object_uuid'])
        listed = self.market('acme-reader').get('/v1/events', object_uuid=offer['uuid'])
        (event,) = self.good(listed, 200)['events']
        sent = {
            name: value
            for name, value in found[made['uuid']][0].items()
            if name != 'webhook_uuid'
        }
        self.assertEqual(event, sent)
        for request in self.receiver.sent:
            headers = request.headers
            ident, moment = headers['webhook-id'], int(headers['webhook-timestamp'])
            self.assertEqual(
                core.signature(SECRET, ident, moment, request.body),
                headers['webhook-signature'],
            )
        self.look()
        self.assertEqual(3, len(self.receiver.sent))
        # Who comes next does not begin again.
        self.look(self.dispatcher())
        self.assertEqual(3, len(self.receiver.sent))

    def test_only_what_is_wanted(self):
        made = self.hook(event_types=['contract.*', 'offer.cancelled'])
        offer = self.offer()
        self.look()
        self.assertEqual([], self.receiver.sent)
        path = f'/v1/webhooks/{made["uuid"]}/test'
        tested = self.good(self.market('acme-member').post(path), 202)
        self.good(self.market('acme-member').delete(f'/v1/offers/{offer["uuid"]}'), 204)
        self.look()
        self.assertEqual(
            ['webhook.test', 'offer.cancelled'],
            [each['type'] for each in self.receiver.events()],
        )
        self.assertEqual(tested['last_event_id'], self.receiver.events()[0]['id'])
        self.assertGreater(self.shown(made)['last_event_id'], tested['last_event_id'])

    def test_a_secret_is_shown_to_nobody(self):
        made = self.hook(name='billing')
        bodies = [
            self.market(who).get(f'/v1/webhooks{path}').text
            for who in ('acme-member', 'operator-admin')
            for path in ('', f'/{made["uuid"]}')
        ]
        self.receiver.answer = lambda request: 500
        self.offer()
        self.look()
        log = (self.marketplace.folder / 'flocx.log').read_text()
        self.assertIn(made['uuid'], log)
        for text in (str(made), *bodies, log):
            self.assertNotIn(SECRET, text)
            self.assertNotIn(SECRET.removeprefix(core.PREFIX), text)
        wrong = core.PREFIX + base64.b64encode(b'short').decode()
        answer = self.market('acme-member').post(
            '/v1/webhooks', {'url': self.receiver.url, 'secret': wrong}
        )
        self.assertEqual(400, answer.status_code)
        self.assertNotIn(wrong, answer.text)

    def test_what_is_refused(self):
        market = self.market('acme-member')
        for name, values in (
            ('url', {'url': 'http://example.org/'}),
            ('url', {'url': 'https://user:password@example.org/'}),
            # Nobody has said by which server mail is sent.
            ('url', {'url': 'mailto:ops@example.org', 'secret': None}),
            ('secret', {'secret': None}),
            ('event_types', {'event_types': ['everything']}),
            ('event_types', {'event_types': ['a.b'] * 51}),
        ):
            body = {'url': self.receiver.url, 'secret': SECRET, **values}
            answer = market.post('/v1/webhooks', body)
            self.assertEqual(400, answer.status_code, values)
            self.assertIn(name, base.error(answer)['detail'])
        for _ in range(3):
            self.hook()
        answer = market.post(
            '/v1/webhooks', {'url': self.receiver.url, 'secret': SECRET}
        )
        self.assertEqual(
            (403, 'flocx.quota'), (answer.status_code, base.error(answer)['code'])
        )

    def deliveries(self):
        """How many were taken, and how many failed."""
        return [
            test_monitoring.value(
                'flocx_webhook_deliveries', receiver='http', outcome=outcome
            )
            for outcome in ('ok', 'failed')
        ]

    def test_what_fails_is_sent_again_later_each_time(self):
        made = self.hook()
        self.receiver.answer = lambda request: 503
        self.offer()
        waits, counted = [], self.deliveries()
        for tries in range(1, 4):
            self.look()
            shown = self.shown(made)
            self.assertEqual(
                (tries, 'answered 503'), (shown['attempts'], shown['reason'])
            )
            # Not before its time.
            self.look()
            self.assertEqual(tries, len(self.receiver.sent))
            wait = base.parsed(shown['next_attempt_time']) - self.clock()
            waits.append(wait.total_seconds())
            self.clock.advance(seconds=waits[-1] + 1)
        # They are drawn, and kept in whole seconds; the clock is between two of these.
        self.assertTrue(1 < waits[0] <= 6 and waits[2] > 8, waits)
        self.assertEqual(1, test_monitoring.value('flocx_webhooks_failing', ''))
        self.receiver.answer = lambda request: 204
        self.look()
        self.look()
        self.assertEqual(0, test_monitoring.value('flocx_webhooks_failing', ''))
        ok, failed = self.deliveries()
        self.assertEqual((1, 3), (ok - counted[0], failed - counted[1]))
        self.assertEqual(4, len(self.receiver.sent))
        (ident,) = {each.headers['webhook-id'] for each in self.receiver.sent}
        self.assertIn(made['uuid'], ident)
        shown = self.shown(made)
        self.assertEqual(
            (0, None, None),
            tuple(shown[n] for n in ('attempts', 'reason', 'failing_since')),
        )

    def test_who_fails_for_a_week_is_disabled(self):
        made = self.hook()
        self.receiver.answer = lambda request: 500
        self.offer()
        for _ in range(9):
            self.look()
            self.clock.advance(days=1)
        shown = self.shown(made)
        self.assertEqual(
            ('disabled', 'answered 500'), (shown['status'], shown['reason'])
        )
        number = len(self.receiver.sent)
        self.assertEqual(8, number)
        told = self.market('acme-reader').get('/v1/events', object_uuid=made['uuid'])
        self.assertEqual(
            ['webhook.disabled'],
            [each['type'] for each in self.good(told, 200)['events']],
        )
        self.offer(hours=999)
        self.look()
        path = f'/v1/webhooks/{made["uuid"]}'
        self.assertEqual(
            409, self.market('acme-member').post(f'{path}/test').status_code
        )
        self.receiver.answer = lambda request: 200
        enabled = self.market('acme-member').patch(path, {'status': 'enabled'})
        self.assertEqual('enabled', self.good(enabled, 200)['status'])
        self.look()
        self.assertEqual(number, len(self.receiver.sent))
        self.offer(hours=999)
        self.look()
        self.assertEqual(number + 1, len(self.receiver.sent))

    def test_who_is_gone_is_disabled_at_once(self):
        made = self.hook()
        self.receiver.answer = lambda request: 410
        self.offer()
        self.look()
        self.assertEqual('disabled', self.shown(made)['status'])

    def test_redirects_are_not_followed(self):
        other = self.useFixture(Receiver(self.authority))
        made = self.hook()
        self.receiver.answer = lambda request: other.url
        self.offer()
        self.look()
        self.assertEqual((1, 0), (len(self.receiver.sent), len(other.sent)))
        self.assertEqual('answered 302', self.shown(made)['reason'])

    def test_who_is_not_who_they_say_gets_nothing(self):
        stranger = self.useFixture(Receiver(trustme.CA()))
        made = self.hook(stranger.url)
        self.offer()
        self.look()
        self.assertEqual([], stranger.sent)
        self.assertIn('SSL', self.shown(made)['reason'])

    def test_who_does_not_answer_keeps_nobody_waiting(self):
        conf = self.marketplace.conf
        # As long as may be: a machine may take its time for what follows.
        for name, value in (('workers', 2), ('timeout', 30)):
            conf.set_override(name, value, 'webhooks')
            self.addCleanup(conf.clear_override, name, 'webhooks')
        sending = self.dispatcher()
        released = threading.Event()
        dead = self.useFixture(Receiver(self.authority))
        dead.answer = lambda request: 503
        self.hook(dead.url)
        self.hook()
        self.offer()
        self.look(sending)
        self.clock.advance(minutes=1)
        # From now on it takes a request and says nothing.
        dead.answer = lambda request: released.wait(60) and 204
        self.addCleanup(released.set)

        def received():
            # Who is still busy with the event before is looked at again.
            sending.run(self.clock())
            return len(self.receiver.sent)

        for number in range(2, 5):
            self.offer()
            self.eventually(number, received)
        waiting.until(lambda: len(dead.sent) == 2)
        # The other one is done soon after its answer.
        waiting.until(lambda: len(sending._busy) == 1)
        released.set()
        waiting.until(lambda: not sending._busy)

    def test_an_answer_that_never_ends_is_ended(self):
        """Byte by byte, so that no read of it takes too long."""
        conf = self.marketplace.conf
        conf.set_override('timeout', 1, 'webhooks')
        self.addCleanup(conf.clear_override, 'timeout', 'webhooks')
        sending = self.dispatcher()
        ended = threading.Event()

        def drip(request):
            with request.connection as connection:
                try:
                    connection.sendall(b'HTTP/1.1 200 OK\r\nX: ')
                    while not ended.wait(0.1):
                        connection.sendall(b'x')
                except OSError:
                    ended.set()
            return 200

        self.addCleanup(ended.set)
        self.receiver.answer = drip
        made = self.hook()
        self.offer()
        self.look(sending)
        self.assertEqual(1, self.shown(made)['attempts'])
        self.assertTrue(ended.wait(30))

    def test_two_workers_send_once(self):
        other = self.dispatcher()
        self.hook()
        self.look(other)
        held, go_on = threading.Event(), threading.Event()

        def slow(request):
            held.set()
            go_on.wait(30)
            return 204

        self.receiver.answer = slow
        self.offer()
        self.sending.run(self.clock())
        self.assertTrue(held.wait(30))
        self.look(other)
        go_on.set()
        waiting.until(lambda: not self.sending._busy)
        self.clock.advance(seconds=1)
        self.look(other)
        self.assertEqual(1, len(self.receiver.sent))

    def test_nothing_is_lost_when_a_worker_is_killed(self):
        self.hook()
        events = [self.offer()['uuid'] for _ in range(3)]
        pid = []

        def killed(request):
            if len(self.receiver.sent) == 2:
                os.kill(pid[0], signal.SIGKILL)
            return 204

        self.receiver.answer = killed
        child = processes.start(
            send_events,
            ['worker', str(self.marketplace.folder), self.clock().isoformat()],
            self.marketplace.folder / 'worker.out',
        )
        pid.append(child.pid)
        child.join(60)
        self.assertEqual(-signal.SIGKILL, child.exitcode)
        # Others stay away until it is sure that it is dead.
        self.look(self.dispatcher())
        self.assertEqual(2, len(self.receiver.sent))
        self.clock.advance(seconds=dispatcher._LOCK)
        self.look(self.dispatcher())
        found = [each['object_uuid'] for each in self.receiver.events()]
        self.assertEqual([events[0], events[1], *events[1:]], found)

    def test_a_project_that_is_gone_is_sent_nothing(self):
        made = self.hook()
        with self.marketplace.database.writer() as session:
            webhooks.disable_project(session, 'acme', 'project_deleted', self.clock())
        self.offer()
        self.look()
        self.assertEqual([], self.receiver.sent)
        self.assertEqual('project_deleted', self.shown(made)['reason'])


class NowhereTest(WebhookTestCase):
    """By default no request goes to where the marketplace is."""

    ALLOWED = ''

    def test_no_request_goes_to_the_site(self):
        taken = []
        port = self.receiver.url.rpartition(':')[2]
        for name, address in (
            ('localhost', None),
            ('127.0.0.1', None),
            ('[::1]', None),
            ('[::ffff:127.0.0.1]', None),
            # Asked for, and not listened on, which is what the rule is about.
            ('0.0.0.0', None),  # noqa: S104
            # Numbers that the look-up takes for an address: 127.0.0.1 in decimal,
            # octal and hexadecimal, and short.
            ('2130706433', None),
            ('0177.0.0.1', None),
            ('0x7f000001', None),
            ('127.1', None),
            ('[fe80::1%25lo]', None),
            ('[64:ff9b::7f00:1]', None),
            ('[fd00::1]', None),
            ('100.64.0.1', None),
            ('224.0.0.1', None),
            ('169.254.169.254', None),
            ('10.0.0.1', None),
            # A name that means another address as soon as it is connected to.
            ('rebound.example.org', '127.0.0.1'),
        ):
            with self.subTest(name):
                made = self.hook(f'https://{name}:{port}')
                self.offer()
                if address:
                    self.useFixture(
                        fixtures.MonkeyPatch('socket.getaddrinfo', _resolved(address))
                    )
                self.sending.run(self.clock())
                waiting.until(lambda: not self.sending._busy)
                found = self.shown_by_database(made)
                self.assertIn('not a public address', found.reason)
                taken += self.receiver.sent
                with self.marketplace.database.writer() as session:
                    webhooks.remove(session, found)
        self.assertEqual([], taken)

    def shown_by_database(self, made):
        with self.marketplace.database.reader() as session:
            return webhooks.get(session, made['uuid'], webhooks.visibility.OPERATOR)


def _resolved(address):
    known = socket.getaddrinfo

    def found(host, *args, **kwargs):
        return known(address if 'example' in str(host) else host, *args, **kwargs)

    return found


class Mailbox:
    """What a mail server has taken."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return '250 OK'


class MailTest(WebhookTestCase):
    OPTIONS = (
        ('webhooks', 'smtp_host', '127.0.0.1'),
        ('webhooks', 'smtp_security', 'none'),
        ('webhooks', 'mail_from', 'market@example.org'),
        ('webhooks', 'mail_domains', 'example.org'),
    )

    def setUp(self):
        super().setUp()
        self.mailbox = Mailbox()
        serving = controller.Controller(self.mailbox, '127.0.0.1', 0)
        # A port that is free.
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            serving.port = free.getsockname()[1]
        serving.start()
        self.addCleanup(serving.stop)
        conf = self.marketplace.conf
        conf.set_override('smtp_port', serving.port, 'webhooks')
        self.addCleanup(conf.clear_override, 'smtp_port', 'webhooks')

    def mail_hook(self, address='ops@example.org', **values):
        return self.hook(f'mailto:{address}', secret=None, **values)

    def test_people_read_what_happened_to_which_server(self):
        made = self.mail_hook(event_types=['contract.*'])
        offer = self.offer(node=self.add_node('rack-seven'))
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        body = {'end_time': self.time(3), 'name': 'thesis'}
        contract = self.good(self.market('umbrella-member').post(claim, body))
        self.look()
        ((to, text),) = self.mailbox.mails
        self.assertEqual(['ops@example.org'], to)
        self.assertIn('Subject: Your rack-seven was rented from', text)
        self.assertIn('From: market@example.org', text)
        self.assertIn('Auto-Submitted: auto-generated', text)
        self.assertIn('Name: thesis', text)
        self.assertIn(contract['uuid'], text)
        self.assertIn(made['uuid'], text)
        self.assertNotIn(self.marketplace.node('rack-seven').uuid, text)

    def test_what_is_no_address_gets_no_mail(self):
        for wrong in ('ops', 'ops@example.com', 'a@example.org,b@example.org'):
            answer = self.market('acme-member').post(
                '/v1/webhooks', {'url': f'mailto:{wrong}'}
            )
            self.assertEqual(400, answer.status_code, wrong)

    def test_a_mail_server_that_is_away_disables_nobody(self):
        made = self.mail_hook()
        self.useFixture(
            fixtures.MonkeyPatch('smtplib.SMTP.connect', _away(smtplib.SMTP.connect))
        )
        self.offer()
        for _ in range(9):
            self.look()
            self.clock.advance(days=1)
        shown = self.shown(made)
        self.assertEqual(('enabled', None), (shown['status'], shown['failing_since']))
        _away.is_over = True
        self.addCleanup(setattr, _away, 'is_over', False)
        self.look()
        self.assertEqual(1, len(self.mailbox.mails))


def _away(connect):
    def tried(*args, **kwargs):
        if not _away.is_over:
            raise ConnectionRefusedError
        return connect(*args, **kwargs)

    return tried


_away.is_over = False


def send_events():
    """What a worker does, in a process of its own that is killed."""
    folder, now = sys.argv[1:]
    conf = cfg.ConfigOpts()
    config.prepare(
        conf, ['--config-file', f'{folder}/flocx.conf'], 'test', market_conf.register
    )
    sending, _ = worker._webhooks(conf, db.Database(conf.database.connection))
    sending._clock = base.Clock(datetime.datetime.fromisoformat(now))
    sending.run(sending._clock())
    threading.Event().wait(60)
