# SPDX-License-Identifier: Apache-2.0
"""What an operator turns on, runs or reads: notifications, audit, log, purge."""

import io
import json
import os
import pathlib
import resource
import subprocess
import sys
import threading

import fixtures
import oslo_messaging as messaging
from osprofiler import profiler
from osprofiler import web
import webob

from lease import notifications
from market import service as market_service
from market.db import events
from market.db import purge
from tests.functional import base

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Listener:
    """Keeps what an oslo.messaging listener gets."""

    def __init__(self):
        self.got, self._lock = [], threading.Lock()

    def info(self, context, publisher, kind, payload, metadata):
        with self._lock:
            self.got.append((publisher, kind, payload))


class NotificationTest(base.MarketplaceTestCase):
    OPTIONS = (
        ('DEFAULT', 'transport_url', 'kombu+memory://'),
        ('oslo_messaging_notifications', 'driver', 'messagingv2'),
        ('audit_middleware_notifications', 'driver', 'messagingv2'),
        ('audit_middleware_notifications', 'topics', 'audit'),
        ('api', 'audit_map_file', str(ROOT / 'etc' / 'flocx' / 'audit_map.conf')),
    )

    def listen(self, topic):
        listener = Listener()
        server = messaging.get_notification_listener(
            messaging.get_notification_transport(self.marketplace.conf),
            [messaging.Target(topic=topic)],
            [listener],
            executor='threading',
        )
        server.start()
        self.addCleanup(server.wait)
        self.addCleanup(server.stop)
        return listener.got

    def test_every_event_is_a_notification_with_a_versioned_payload(self):
        got = self.listen('flocx_versioned_notifications')
        bid = self.bid()
        self.market('umbrella-member').delete(f'/v1/bids/{bid["uuid"]}')

        def about(bid):
            return [
                (kind, payload)
                for _, kind, payload in got
                if payload['flocx_object.data']['object_uuid'] == bid['uuid']
            ]

        self.eventually(2, lambda: len(about(bid)))
        self.assertEqual(
            ['flocx.bid.placed', 'flocx.bid.cancelled'],
            [kind for kind, _ in about(bid)],
        )
        events = self.market('umbrella-reader').get(
            '/v1/events', object_uuid=bid['uuid']
        )
        for (_, payload), event in zip(
            about(bid), events.json()['events'], strict=True
        ):
            self.assertEqual('Event', payload['flocx_object.name'])
            self.assertEqual('1.0', payload['flocx_object.version'])
            del event['type']
            self.assertEqual(event, payload['flocx_object.data'])

    def state(self):
        """Where the place in the feed is kept of who tells of leases: nothing yet."""
        state = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'last'
        self.marketplace.conf.set_override('notifications_state', str(state), 'lease')
        return state

    def tell_of_leases(self):
        """As somebody who has just been started."""
        telling = notifications.Notifications(
            self.marketplace.conf,
            self.marketplace.database,
            self.marketplace.provider,
            notifications.notifier(self.marketplace.conf),
        )
        return telling.run(self.clock())

    def test_who_has_no_place_in_the_feed_goes_on_with_what_happens(self):
        """An empty file, words, a number of another database: as if there was none."""
        got = self.listen(self.marketplace.conf.lease.notifications_topic)
        state = self.state()
        for number, torn in enumerate(('', 'torn', '-1', '9' * 30, '999999999', '\0')):
            offer = self.offer()
            claim = self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)}
            )
            contract = self.good(claim)['uuid']
            self.fulfil()
            state.write_text(torn)
            with self.assertLogs('lease.notifications', 'ERROR') as said:
                self.assertIsNone(self.tell_of_leases())
            self.assertIn(str(state), said.output[0])
            with self.marketplace.database.reader() as session:
                self.assertEqual(str(events.last_id(session)), state.read_text())
            self.assertEqual([state], list(state.parent.iterdir()))
            # What happens from then on is told: how it begins to end, and ends.
            self.market('umbrella-member').delete(f'/v1/contracts/{contract}')
            self.fulfil(passes=2)
            self.tell_of_leases()
            told = 2 * (number + 1)
            self.eventually(told, lambda: len(got))

    def test_leases_are_told_as_esi_leap_tells_them(self):
        """What esi-event-actions, which runs scripts for them, reads of each."""
        got = self.listen(self.marketplace.conf.lease.notifications_topic)
        self.state()
        run = self.tell_of_leases
        # What is past is not told.
        self.assertIsNone(run())
        node = self.add_node(power_state='power off')
        offer = self.offer(node=node)
        contract = self.market('umbrella-member').post(
            f'/v1/offers/{offer["uuid"]}/claim',
            {'end_time': self.time(2), 'purpose': 'course'},
        )
        contract = self.good(contract)
        self.fulfil()
        run()
        self.market('umbrella-member').delete(f'/v1/contracts/{contract["uuid"]}')
        self.fulfil(passes=2)
        # Whoever is started anew goes on where the last one ended.
        run()
        run()
        self.eventually(3, lambda: len(got))
        self.assertEqual(
            ['fulfill.end', 'delete.start', 'delete.end'],
            [kind.removeprefix('esi_leap.lease.') for _, kind, _ in got],
        )
        publisher, _, payload = got[0]
        self.assertTrue(publisher.startswith('esi-leap-manager.'))
        data = payload['esi_leap_object.data']
        (line,) = contract['lines']
        self.assertEqual(
            (node, self.marketplace.node(node).uuid, 'available', 'power off'),
            tuple(
                data[f'node_{name}']
                for name in ('name', 'uuid', 'provision_state', 'power_state')
            ),
        )
        self.assertEqual(
            (line['uuid'], 'umbrella', 'acme', 'course', contract['end_time']),
            tuple(
                data[name]
                for name in ('uuid', 'project_id', 'owner_id', 'purpose', 'end_time')
            ),
        )

    def test_what_is_refused_is_no_notification(self):
        got = self.listen('flocx_versioned_notifications')
        bid = self.bid()
        path = f'/v1/bids/{bid["uuid"]}'
        for refused in (
            self.market('umbrella-reader').delete(path),
            self.market('umbrella-member').patch(path, {'quantity': 4}),
            self.market('umbrella-member').request('DELETE', path, {'If-Match': '"9"'}),
        ):
            self.assertIn(refused.status_code, (400, 403, 409))
        self.market('umbrella-member').delete(path)

        def told():
            return [
                kind
                for _, kind, payload in got
                if payload['flocx_object.data']['object_uuid'] == bid['uuid']
            ]

        self.eventually(['flocx.bid.placed', 'flocx.bid.cancelled'], told)

    def test_requests_are_audited(self):
        got = self.listen('audit')
        bid = self.bid()
        offer = self.offer()
        self.market('umbrella-member').post(
            f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)}
        )

        def outcomes():
            return {
                (
                    payload['action'],
                    payload['target']['typeURI'],
                    payload['requestPath'],
                    payload['outcome'],
                )
                for _, kind, payload in got
                if kind == 'audit.http.response'
            }

        wanted = {
            ('create', 'service/marketplace/v1/offers', '/v1/offers', 'success'),
            ('create', 'service/marketplace/v1/bids', '/v1/bids', 'success'),
            (
                'update/claim',
                'service/marketplace/v1/offers/offer',
                f'/v1/offers/{offer["uuid"]}/claim',
                'success',
            ),
        }
        self.eventually(wanted, lambda: wanted & outcomes(), seconds=10)
        initiators = {payload['initiator']['id'] for _, _, payload in got}
        self.assertIn('umbrella-member', initiators)
        self.assertTrue(bid['uuid'])


class BrokerAwayTest(base.MarketplaceTestCase):
    """Nothing listens on the port of the broker."""

    OPTIONS = (
        ('DEFAULT', 'transport_url', 'rabbit://guest:guest@127.0.0.1:9/'),
        ('oslo_messaging_notifications', 'driver', 'messagingv2'),
    )

    def test_requests_neither_wait_nor_fail(self):
        started = self.clock()
        offer = self.offer()
        bid = self.bid()
        market = self.market('umbrella-member')
        claimed = market.post(
            f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)}
        )
        self.assertEqual(201, claimed.status_code)
        for path in (
            f'/v1/contracts/{claimed.json()["uuid"]}',
            f'/v1/bids/{bid["uuid"]}',
        ):
            self.assertEqual(204, market.delete(path).status_code)
        self.assertLess((self.clock() - started).total_seconds(), 5)
        # What the broker was not told is in the feed.
        events = market.get('/v1/events').json()['events']
        self.assertEqual(4, len(events))


class EdgeTest(base.MarketplaceTestCase):
    OPTIONS = (('cors', 'allowed_origin', 'https://dashboard.example'),)

    def test_a_dashboard_on_another_site_may_ask(self):
        answer = self.market(None).request(
            'OPTIONS',
            '/v1/bids',
            {
                'Origin': 'https://dashboard.example',
                'Access-Control-Request-Method': 'POST',
                'Access-Control-Request-Headers': 'X-Auth-Token, Idempotency-Key',
            },
        )
        self.assertEqual(200, answer.status_code)
        cors = answer.headers
        self.assertEqual(
            'https://dashboard.example', cors['Access-Control-Allow-Origin']
        )
        self.assertIn('POST', cors['Access-Control-Allow-Methods'])
        self.assertIn('Idempotency-Key', cors['Access-Control-Allow-Headers'])

    def test_and_reads_our_headers(self):
        answer = self.market('umbrella-reader').request(
            'GET', '/v1/bids', {'Origin': 'https://dashboard.example'}
        )
        self.assertIn('ETag', answer.headers['Access-Control-Expose-Headers'])

    def test_no_other_site_may(self):
        answer = self.market(None).request(
            'OPTIONS',
            '/v1/bids',
            {
                'Origin': 'https://elsewhere.example',
                'Access-Control-Request-Method': 'POST',
            },
        )
        self.assertNotIn('Access-Control-Allow-Origin', answer.headers)

    def test_every_request_is_a_line_in_the_log(self):
        answer = self.market('umbrella-reader').get('/v1/bids', name='logged')
        request_id = answer.headers['X-OpenStack-Request-ID']

        def lines():
            log = (self.marketplace.folder / 'flocx.log').read_text()
            return [
                line
                for line in log.splitlines()
                if 'GET /v1/bids?name=logged -> 200' in line
            ]

        self.eventually(1, lambda: len(lines()))
        self.assertRegex(lines()[0], r', \d+ bytes, \d+\.\d{3} s$')
        self.assertIn(request_id, lines()[0])
        self.assertNotIn('umbrella-reader', lines()[0].partition('GET ')[2])

    def test_a_request_that_is_too_long_is_a_413(self):
        answer = self.market('umbrella-member').request(
            'POST',
            '/v1/bids',
            {'Content-Type': 'application/json'},
            data=b'{"name": "' + b'x' * 200_000 + b'"}',
        )
        self.assertEqual(413, answer.status_code)
        self.assertEqual('flocx.too_large', base.error(answer)['code'])

    def test_a_body_is_read_also_if_nobody_asked_for_it(self):
        """Else a proxy that still sends it would say that the service is away."""
        body = io.BytesIO(b'{"name": "nobody"}')
        request = webob.Request.blank('/v1/bids', method='POST')
        request.body_file, request.content_length = body, len(body.getvalue())
        answer = request.get_response(market_service.application(self.marketplace.conf))
        self.assertEqual(401, answer.status_int)
        self.assertEqual(len(body.getvalue()), body.tell())

    def test_more_open_files_than_select_can_bear(self):
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
        if 0 <= allowed[0] < 4096:
            resource.setrlimit(resource.RLIMIT_NOFILE, (4096, allowed[1]))
            self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, allowed)
        for _ in range(1024):
            self.addCleanup(os.close, os.open(os.devnull, os.O_RDONLY))
        answer = self.market('umbrella-member').get('/v1/offers')
        self.assertEqual(200, answer.status_code)


class ProfilerTest(base.MarketplaceTestCase):
    OPTIONS = (
        ('profiler', 'enabled', 'true'),
        ('profiler', 'hmac_keys', 'key'),
        ('profiler', 'trace_sqlalchemy', 'true'),
        ('profiler', 'connection_string', 'messaging://'),
    )

    def test_requests_are_answered_traced_or_not(self):
        market = self.market('umbrella-member')
        self.assertEqual(200, market.get('/v1/offers').status_code)
        profiler.init('key')
        self.addCleanup(profiler.clean)
        headers = web.get_trace_id_headers()
        answer = market.request('GET', '/v1/offers', headers)
        self.assertEqual(200, answer.status_code)


class HousekeepingTest(base.MarketplaceTestCase):
    def count(self, before, dry_run):
        return purge.purge(self.marketplace.database, before, dry_run)

    def test_what_a_dry_run_counts_is_what_is_removed(self):
        market = self.market('umbrella-member')
        for number in range(4):
            offer = self.offer(hours=1 + number)
            bid = self.bid(hours=1 + number)
            contract = self.good(market.post(f'/v1/offers/{offer["uuid"]}/claim'))
            if number % 2:
                market.delete(f'/v1/contracts/{contract["uuid"]}')
                market.delete(f'/v1/bids/{bid["uuid"]}')
                self.market('acme-member').delete(f'/v1/offers/{offer["uuid"]}')
        market.post(
            '/v1/bids',
            {'price': '1', 'end_time': self.time(3)},
            headers={'Idempotency-Key': 'old'},
        )
        self.fulfil(2)
        self.clock.advance(days=10)
        self.round()
        self.fulfil(2)
        self.clock.advance(days=40)
        self.bid(hours=24 * 60)
        before = self.clock() - 30 * 24 * base.HOUR
        counted = self.count(before, dry_run=True)
        self.assertTrue(all(counted[name] for name in ('bids', 'events')), counted)
        self.assertEqual(counted, self.count(before, dry_run=False))
        self.assertEqual(0, sum(self.count(before, dry_run=True).values()))
        self.assertEqual(1, len(market.get('/v1/bids').json()['bids']))

    def run_command(self, name, *arguments, service='market', code=0):
        """What one of a service's cmd prints, in a process of its own: it ends it."""
        done = subprocess.run(
            [
                sys.executable,
                '-c',
                f'import sys; from {service} import cmd; sys.exit(cmd.{name}())',
                '--config-file',
                str(self.marketplace.folder / 'flocx.conf'),
                *arguments,
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        self.assertEqual(code, done.returncode, done.stderr)
        return done.stdout

    def test_the_commands(self):
        printed = self.run_command(
            'manage', 'purge', '--older-than', '400', '--dry-run'
        )
        self.assertEqual(
            {
                'offers',
                'bids',
                'contracts',
                'events',
                'rounds',
                'standing_demands',
                'idempotency_keys',
                'cancellations',
                'maintenances',
            },
            set(json.loads(printed)),
        )
        moved = self.run_command('manage', 'db', 'online_data_migrations')
        self.assertEqual({}, json.loads(moved))
        for service in ('market', 'matcher'):
            said = self.run_command('status', 'upgrade', 'check', service=service)
            self.assertIn('Success', said)
        # It is a warning that no project is named for what nobody has.
        said = self.run_command('status', 'upgrade', 'check', service='lease', code=1)
        self.assertIn('quarantine_project_id is not set', said)
        self.assertIn('Database schema', said)
