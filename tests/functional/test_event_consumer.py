# SPDX-License-Identifier: Apache-2.0
"""A provider in another OpenStack: the market over HTTPS, and no common broker."""

import pathlib
import threading
import types
from unittest import mock

import fixtures
from oslo_config import cfg

from flocx import config
from flocx import context
from flocx import exceptions
from provider import assembly
from provider import cmd
from provider import conf as provider_conf
from provider import event_consumer
from provider import fulfilment
from provider import publishing
from tests import fixtures as market_fixtures
from tests.functional import base


class FollowingTest(base.MarketplaceTestCase):
    REAL_TIME = True
    OPTIONS = (
        # What is done before an hour has passed, an event was the reason for.
        ('provider', 'fulfil_interval', '3600'),
        ('provider', 'follow', 'events'),
        ('matcher', 'allocation', 'immediate'),
    )

    def setUp(self):
        super().setUp()
        # No transport is made: the broker is in the market's own OpenStack.
        for part in cmd.parts(self.marketplace.conf, None, self.marketplace.provider):
            part.start()
            self.addCleanup(part.stop)

    def claim(self, offer):
        return self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)}
            )
        )['uuid']

    def line(self, contract):
        return self.show('contracts', contract)['lines'][0]

    def test_a_contract_is_delivered_when_its_event_comes(self):
        offer = self.offer()
        contract = self.claim(offer)
        self.eventually('active', lambda: self.line(contract)['status'], 30)
        self.good(
            self.market('umbrella-member').delete(f'/v1/contracts/{contract}'), 204
        )
        self.eventually('ended', lambda: self.line(contract)['status'], 30)

    @mock.patch.object(event_consumer, 'WAIT', 1)
    def test_it_looks_when_the_market_is_there_again(self):
        market = self.marketplace.provider.marketplace
        own, failed, woken = market._own, threading.Event(), threading.Event()
        own.endpoint_override = 'http://127.0.0.1:1'
        self.addCleanup(setattr, own, 'endpoint_override', None)

        def events(after, wait):
            try:
                return market.events(after, wait)
            except exceptions.Unavailable:
                failed.set()
                raise

        follower = event_consumer.Follower(
            types.SimpleNamespace(events=events),
            types.SimpleNamespace(wake=woken.set),
            most=1,
        )
        follower.start()
        self.addCleanup(follower.stop)
        self.assertTrue(failed.wait(60))
        self.assertFalse(woken.is_set())
        own.endpoint_override = None
        self.assertTrue(woken.wait(60))
        woken.clear()
        self.claim(self.offer())
        self.assertTrue(woken.wait(60))
        # Nothing happens while it is away again; a pass may have failed all the same.
        failed.clear()
        own.endpoint_override = 'http://127.0.0.1:1'
        self.assertTrue(failed.wait(60))
        woken.clear()
        own.endpoint_override = None
        self.assertTrue(woken.wait(60))


class AbroadTest(base.MarketplaceTestCase):
    """A second provider, whose account at the market is not the one at its Ironic."""

    ABROAD = 'service-service2'

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (self.folder / 'nodes').mkdir()
        account = {
            'auth_type': 'password',
            'auth_url': f'{self.marketplace.identity}/v3',
            'username': self.ABROAD,
            'password': self.ABROAD,
            'project_name': 'service',
            'user_domain_name': 'Default',
            'project_domain_name': 'Default',
        }
        path = market_fixtures.write_configuration(
            self.folder,
            self.marketplace.identity,
            [('marketplace', *option) for option in account.items()],
        )
        conf = cfg.ConfigOpts()
        config.register(conf)
        provider_conf.register(conf)
        conf(['--config-file', str(path)], project='flocx')
        self.provider_abroad = assembly.build(conf)
        self.delivering = fulfilment.Fulfilment(
            conf, self.provider_abroad.nodes, self.provider_abroad.marketplace
        )

    def test_each_provider_delivers_its_own_servers_and_sees_no_others(self):
        uuid = market_fixtures.write_node(self.folder, 'abroad')
        offer = publishing.Publishing(
            self.provider_abroad.conf.provider,
            self.provider_abroad.nodes,
            self.provider_abroad.marketplace,
        ).one(
            context.RequestContext(auth_token='acme-member', project_id='acme'),
            resource_uuid='abroad',
            end_time=self.time(24),
            price='1',
        )
        self.assertEqual(
            (self.ABROAD, uuid), (offer['provider_id'], offer['resource_uuid'])
        )
        home = self.offer()
        contract = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', {'offers': [home['uuid']]}
            )
        )['uuid']

        def statuses():
            lines = self.show('contracts', contract)['lines']
            return {line['provider_id']: line['status'] for line in lines}

        self.clock.advance(seconds=1)
        self.delivering.run(self.clock())
        self.assertEqual(
            {'service-service': 'created', self.ABROAD: 'active'}, statuses()
        )
        self.assertEqual('umbrella', self.provider_abroad.nodes.get('abroad').lessee)
        self.fulfil()
        self.assertEqual(
            {'service-service': 'active', self.ABROAD: 'active'}, statuses()
        )
        found, _ = self.provider_abroad.marketplace.events(0, 0)
        self.assertEqual({contract}, {event['object_uuid'] for event in found})


class ProvidersEventsTest(base.MarketplaceTestCase):
    """What the account of a provider may read of the feed."""

    OWN, OTHER = 'service-service', 'service-service2'

    def events(self, who, **params):
        found = self.good(self.market(who).get('/v1/events', **params), 200)
        return found['events'], found['last']

    def test_a_provider_reads_of_its_own_servers_and_not_what_is_said(self):
        _, last = self.events(self.OWN, after='latest')
        offer = self.offer()
        self.bid(price='0.000001')
        contract = self.good(
            self.market('umbrella-member').post(f'/v1/offers/{offer["uuid"]}/claim')
        )
        found, newest = self.events(self.OWN, after=last)
        self.assertEqual(
            [
                ('offer.published', offer['uuid'], 'acme', None),
                ('contract.created', contract['uuid'], 'acme', None),
            ],
            [(e['type'], e['object_uuid'], e['owner_id'], e['payload']) for e in found],
        )
        self.assertEqual(newest, found[-1]['id'])
        self.assertEqual(([], newest), self.events(self.OWN, after=newest))
        self.assertEqual([], self.events(self.OTHER, after=last)[0])
        self.assertEqual([], self.events(self.OTHER, object_type='contract')[0])
        # The owner is told what it says, as ever.
        (told, *_) = self.events('acme-reader', after=last)[0]
        self.assertEqual('1.000000', told['payload']['price'])

    def test_latest_is_where_nothing_has_happened_yet(self):
        self.offer()
        found, last = self.events('acme-reader', after='latest')
        self.assertEqual([], found)
        offer = self.offer()
        (told,) = self.events('acme-reader', after=last, wait=5)[0]
        self.assertEqual(offer['uuid'], told['object_uuid'])
        refused = self.market('acme-reader').get('/v1/events', after='newest')
        self.assertEqual(400, refused.status_code)
