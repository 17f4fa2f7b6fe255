# SPDX-License-Identifier: Apache-2.0
"""What an operator watches: metrics, health, the log, traces; and the sample alerts."""

import datetime
import pathlib
import re
import socket

from oslo_utils import timeutils
from osprofiler import notifier
from osprofiler import profiler
from osprofiler import web
import prometheus_client
from prometheus_client import parser
import requests
import testtools
import yaml

from flocx import database_health
from flocx import health
from flocx import metrics
from market import health as market_health
from market import presence
from market.db import lag
from tests.functional import base

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALERTS = yaml.safe_load((ROOT / 'etc' / 'flocx' / 'alerts.yaml').read_text())


def free_port():
    with socket.socket() as listening:
        listening.bind(('127.0.0.1', 0))
        return listening.getsockname()[1]


def samples(text):
    """{(name, frozenset of labels): value} of what an application exposes."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(name, suffix='_total', **labels):
    """What this process has counted; 0 for what it has not seen yet."""
    return prometheus_client.REGISTRY.get_sample_value(name + suffix, labels) or 0


class MetricsTest(base.MarketplaceTestCase):
    PORT = free_port()
    OPTIONS = (('metrics', 'enabled', 'true'), ('metrics', 'port', str(PORT)))

    def read(self, kind='marketplace'):
        answer = self.at(kind, None).get('/metrics')
        self.assertEqual(200, answer.status_code)
        return samples(answer.text)

    def value(self, name, **labels):
        return self.read().get((name, frozenset(labels.items())), 0)

    def test_errors_by_code_and_requests_by_what_they_are(self):
        refused = {'service': 'market', 'code': 'flocx.not_found'}
        asked = {
            'service': 'market',
            'method': 'GET',
            'collection': 'bids',
            'status': '404',
        }
        errors = self.value('flocx_errors_total', **refused)
        requested = self.value('flocx_request_seconds_count', **asked)
        for name in ('nothing', 'nobody'):
            self.market('umbrella-member').get(f'/v1/bids/{name}')
        self.assertEqual(errors + 2, self.value('flocx_errors_total', **refused))
        self.assertEqual(
            requested + 2, self.value('flocx_request_seconds_count', **asked)
        )

    def test_callers_choose_no_labels(self):
        before = len(self.read())
        for number in range(20):
            self.market('umbrella-member').get(f'/v1/thing-{number}/{number}')
            self.market('umbrella-member').request(f'M{number}', f'/{number}')
        found = self.read()
        # At most the labels of two kinds of answers are new.
        self.assertLess(len(found) - before, 40)
        self.assertNotIn('thing-1', str(found))

    def test_rounds_and_fulfilment(self):
        rounds = self.value('flocx_round_seconds_count')
        contracts = self.value('flocx_round_contracts_total')
        self.offer(), self.bid()
        self.round()
        self.assertEqual(rounds + 1, self.value('flocx_round_seconds_count'))
        self.assertEqual(contracts + 1, self.value('flocx_round_contracts_total'))
        self.assertEqual(1, self.value('flocx_book', kind='bids'))
        self.assertEqual(1, self.value('flocx_book', kind='offers'))
        self.clock.advance(minutes=10)
        self.fulfil()
        self.assertLess(590, self.value('flocx_fulfilment_lag_seconds'))
        self.assertEqual(1, self.value('flocx_fulfilment_due'))
        self.fulfil()
        self.assertEqual(0, self.value('flocx_fulfilment_lag_seconds'))

    def test_a_worker_has_a_port(self):
        server = metrics.Server(self.marketplace.conf)
        server.start()
        # A second one has to do without, and does its work all the same.
        second = metrics.Server(self.marketplace.conf)
        second.start()
        second.stop()
        answer = requests.get(f'http://127.0.0.1:{self.PORT}/metrics', timeout=10)
        self.assertIn('flocx_round_seconds_count', answer.text)
        server.stop()

    def test_each_service_is_asked_alike(self):
        for kind in ('marketplace', 'marketplace-provider', 'marketplace-matcher'):
            self.assertTrue(self.read(kind))


class QuietTest(base.MarketplaceTestCase):
    def test_without_the_option_there_are_no_metrics(self):
        self.assertEqual(404, self.market('operator-admin').get('/metrics').status_code)


class HealthTest(base.MarketplaceTestCase):
    REAL_TIME = True

    def look(self, kind):
        return kind(self.marketplace.conf, {}).healthcheck(80)

    def override(self, name, value, group=None):
        self.marketplace.conf.set_override(name, value, group)
        self.addCleanup(self.marketplace.conf.clear_override, name, group)

    def test_a_database_that_is_well_or_empty_or_away(self):
        self.assertTrue(self.look(database_health.DatabaseHealth).available)
        for url in (
            f'sqlite:///{self.marketplace.folder}/empty.sqlite',
            'mysql+pymysql://flocx:secret@127.0.0.1:9/flocx',
        ):
            self.override('connection', url, 'database')
            found = self.look(database_health.DatabaseHealth)
            self.assertFalse(found.available)
            self.assertNotIn('secret', found.reason)

    def test_a_broker_that_is_away(self):
        self.assertTrue(self.look(health.MessagingHealth).available)
        with socket.create_server(('127.0.0.1', 0)) as broker:
            here, there = broker.getsockname()[1], free_port()
            for ports, well in (((there, here), True), ((there,), False)):
                hosts = ','.join(f'u:secret@127.0.0.1:{port}' for port in ports)
                self.override('transport_url', f'rabbit://{hosts}/')
                found = self.look(health.MessagingHealth)
                self.assertEqual(well, found.available)
                self.assertNotIn('secret', found.reason)

    def test_a_provider_that_is_late(self):
        self.override('health_max_lag', 60, 'market')
        offer = self.offer()
        claimed = self.good(
            self.market('umbrella-member').post(f'/v1/offers/{offer["uuid"]}/claim')
        )
        self.assertTrue(self.look(market_health.LagHealth).available)
        found = self.workload()
        self.assertEqual(('service-service', 1, 0), self.figures(found))
        self.assertEqual(claimed['start_time'], found['next_due_time'])
        self.assertIsNone(found['last_report_time'])
        self.override('health_max_lag', 1, 'market')
        self.eventually(
            '1 servers wait for their provider longer than 1 s',
            lambda: self.look(market_health.LagHealth).reason,
        )
        self.assertEqual(('service-service', 1, 1), self.figures(self.workload()))

    def test_a_provider_that_is_silent_though_nothing_is_due(self):
        self.offer()
        found = self.workload()
        self.assertEqual((None, False), (found['last_seen_time'], found['silent']))
        self.marketplace.provider.marketplace.present(60)
        self.assertEqual(60, self.workload()['report_interval'])
        watching = presence.Presence(self.marketplace.database)
        now = timeutils.utcnow(with_timezone=True).replace(microsecond=0)
        for ago, silent in ((0, False), (29, False), (31, True), (0, False)):
            moment = now - datetime.timedelta(seconds=ago)
            with self.marketplace.database.writer() as session:
                lag.seen(session, 'service-service', 10, moment)
            with self.marketplace.database.reader() as session:
                (found,) = lag.of_providers(session, now, now)
            self.assertEqual(
                (moment, 10, silent),
                (found.last_seen_time, found.report_interval, found.silent),
            )
            watching.run(now)
            self.assertEqual(silent, metrics.PROVIDERS_SILENT._value.get())
        with self.marketplace.database.writer() as session:
            lag.seen(session, 'service-service', 10, now - base.HOUR)
        self.assertTrue(self.workload()['silent'])
        reason = self.look(market_health.LagHealth).reason
        self.assertEqual('Nothing is heard of provider service-service', reason)

    def workload(self):
        answer = self.market('operator-admin').newest('/v1/providers')
        (found,) = self.good(answer, 200)['providers']
        return found

    @staticmethod
    def figures(found):
        return found['provider_id'], found['lines'], found['late']

    def test_the_apis_ask_them(self):
        answer = self.market(None).get('/healthcheck')
        self.assertEqual(200, answer.status_code)
        self.assertIn('flocx_database', self.marketplace.conf.healthcheck.backends)


def step(info):
    """What osprofiler tells of, with the collection or the method that was called."""
    path = info['info'].get('request', {}).get('path', '').split('/')
    method = info['info'].get('function', {}).get('name', '').split('.')
    words = (info['name'].removesuffix('-start'), *path[2:3], method[-1])
    return ' '.join(filter(None, words))


class OneRequestTest(base.MarketplaceTestCase):
    WORKERS = True
    OPTIONS = (
        ('DEFAULT', 'transport_url', 'kombu+memory://'),
        ('profiler', 'enabled', 'true'),
        ('profiler', 'hmac_keys', 'key'),
        ('profiler', 'connection_string', 'messaging://'),
    )

    def lines(self, pattern):
        log = (self.marketplace.folder / 'flocx.log').read_text()
        return [line for line in log.splitlines() if re.search(pattern, line)]

    def test_the_log_leads_from_a_bid_to_its_server(self):
        self.offer()
        answer = self.market('umbrella-member').post(
            '/v1/bids', {'end_time': self.time(5), 'price': '2'}
        )
        bid = answer.json()['uuid']
        asked = answer.headers['X-OpenStack-Request-ID']
        self.eventually(1, lambda: len(self.lines(f'Bid {bid} has changed')))
        self.assertIn(asked, self.lines(f'Bid {bid} has changed')[0])
        self.eventually(1, lambda: len(self.lines(f'Bid {bid} became contract')))
        (line,) = self.lines(f'Bid {bid} became contract')
        contract, pass_id = line[-36:], re.search(r'req-[0-9a-f-]{36}', line)[0]
        told = f'Contract {contract} has changed'
        self.eventually(True, lambda: len(self.lines(told)) >= 1)
        self.assertIn(pass_id, self.lines(told)[0])
        done = f'of contract {contract}, node .*: active'
        self.eventually(1, lambda: len(self.lines(done)))
        delivery = re.search(r'req-[0-9a-f-]{36}', self.lines(done)[0])
        # The market's own line of the report has the id of the pass that made it; where
        # several go together, that of the pass of one of them.
        report = f'PATCH /v1/contracts/{contract}/lines/.* -> 200'
        own = delivery[0] if delivery else ''
        self.eventually(
            True,
            lambda: (
                any(own in each for each in self.lines(report))
                or bool(self.lines('POST /v1/reports -> 200'))
            ),
        )

    def test_a_trace_goes_through_the_services(self):
        """From the request of who bids to those of who delivers."""
        # What runs from the start has nobody's trace.
        self.offer()
        bid = self.bid()['uuid']
        self.eventually('matched', lambda: self.show('bids', bid)['status'])
        seen = []
        notifier.set(lambda info, **_: seen.append(info))
        self.addCleanup(notifier.set, None)
        profiler.init('key')
        self.addCleanup(profiler.clean)
        headers, base_id = web.get_trace_id_headers(), profiler.get().get_base_id()
        profiler.clean()
        body = {'resource_uuid': self.add_node(), 'end_time': self.time(5)}
        owner, renter = self.provider('acme-member'), self.market('umbrella-member')
        self.good(owner.post('/v1/offers', body | {'price': '1'}, headers=headers))
        body = {'end_time': self.time(5), 'price': '2'}
        self.good(renter.post('/v1/bids', body, headers=headers))

        def steps():
            """What was done, and for which step."""
            begun = {
                info['trace_id']: info
                for info in list(seen)
                if info['base_id'] == base_id and info['name'].endswith('-start')
            }
            named = {base_id: 'caller'} | {at: step(begun[at]) for at in begun}
            return {(named.get(begun[at]['parent_id']), named[at]) for at in begun}

        wanted = {
            ('caller', 'wsgi offers'),
            ('wsgi offers', 'wsgi offers'),
            ('wsgi bids', 'rpc changed'),
            ('rpc changed', 'round'),
            ('round', 'rpc contract_changed'),
            ('rpc contract_changed', 'fulfilment'),
            ('fulfilment', 'wsgi contracts'),
        }
        self.eventually(set(), lambda: wanted - steps())
        # What opens a calendar is in its query, which is in no trace.
        latest = {'OpenStack-API-Version': 'marketplace latest', **headers}
        made = self.good(renter.post('/v1/agendas', {}, headers=latest))
        self.assertIn(('caller', 'wsgi agendas'), steps())
        self.assertTrue(requests.get(made['url'], headers=headers, timeout=60).ok)
        traced = str(list(seen))
        self.assertNotIn(made['url'].partition('=')[2], traced)
        self.assertNotIn('/calendar', traced)


class AlertsTest(testtools.TestCase):
    def rules(self):
        return [rule for group in ALERTS['groups'] for rule in group['rules']]

    def test_each_is_about_a_metric_that_there_is(self):
        known = {
            f'{family.name}{suffix}'
            for family in prometheus_client.REGISTRY.collect()
            for suffix in ('', '_total', '_bucket', '_count', '_sum')
        }
        for rule in self.rules():
            named = re.findall(r'\bflocx_\w+', rule['expr'])
            self.assertTrue(named)
            self.assertLessEqual(set(named), known, rule['alert'])

    def test_each_metric_is_watched(self):
        watched = ' '.join(rule['expr'] for rule in self.rules())
        for family in prometheus_client.REGISTRY.collect():
            if family.name.startswith('flocx_'):
                self.assertIn(family.name, watched)

    def test_each_has_its_page(self):
        text = (ROOT / 'doc' / 'source' / 'admin' / 'monitoring.rst').read_text()
        for rule in self.rules():
            self.assertIn(f'\n{rule["alert"]}\n---', text)
            self.assertIn(rule['labels']['severity'], ('page', 'ticket'))
