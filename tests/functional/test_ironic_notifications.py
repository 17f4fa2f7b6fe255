# SPDX-License-Identifier: Apache-2.0
"""Ironic's notifications, over oslo.messaging, make the fulfiller look at once."""

import datetime
from unittest import mock

from oslo_context import context
import oslo_messaging as messaging

from provider import ironic_notifications
from provider import reconciliation
from tests.functional import base


class _Serializer(messaging.NoOpSerializer):
    """Ironic's sends the context along."""

    def serialize_context(self, context):
        return context.to_dict()


class NoticingTest(base.MarketplaceTestCase):
    WORKERS = True
    OPTIONS = (
        # Nothing is found by looking at everything: it would take an hour.
        ('provider', 'reconcile_interval', '3600'),
        ('provider', 'fulfil_interval', '3600'),
        ('provider', 'retry_interval', '600'),
        ('provider', 'retry_max_interval', '3600'),
        ('provider', 'notifications_url', 'fake://'),
    )

    def setUp(self):
        super().setUp()
        conf = self.marketplace.conf
        # As Ironic sends them: to a topic for the versioned ones, in its exchange.
        conf.set_override('control_exchange', ironic_notifications.EXCHANGE)
        transport = messaging.get_notification_transport(conf, url='fake://')
        conf.clear_override('control_exchange')
        self.ironic = messaging.Notifier(
            transport,
            publisher_id='ironic-conductor.lab',
            driver='messagingv2',
            topics=[conf.provider.notifications_topic],
            retry=0,
            serializer=_Serializer(),
        )

    def happens(self, name, event, project='acme', **values):
        """The machine room changes, and Ironic tells of it."""
        nodes = self.marketplace.provider.nodes
        if values:
            nodes._change(name, **values)
        self.ironic.info(
            context.RequestContext(user_id='somebody', project_id=project),
            f'baremetal.node.{event}',
            {
                'ironic_object.name': 'NodeSetProvisionStatePayload',
                'ironic_object.data': {'uuid': nodes.get(name).uuid, 'name': name},
            },
        )

    def rented(self):
        """A server under contract; its name, and what shows the contract."""
        name = self.add_node()
        offer = self.offer(node=name)
        renter = self.market('umbrella-member')
        contract = self.good(
            renter.post(f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)})
        )

        def line():
            return self.show('contracts', contract['uuid'])['lines'][0]

        self.becomes('active', line)
        return name, contract['uuid'], line

    def missed(self, contract):
        """For how many seconds the server of a contract was not there."""
        (usage,) = self.market('umbrella-member').get('/v1/usage').json()['usage']
        lines = [u for u in usage['lines'] if u['contract_uuid'] == contract]
        return lines[0]['missed_seconds']

    def becomes(self, status, show):
        self.eventually(status, lambda: show()['status'], 20)
        return show()

    def test_an_unfit_server_is_off_the_market_at_once(self):
        name = self.add_node()
        offer = self.offer(node=name)['uuid']
        for values, status in (
            ({'maintenance': True}, 'error'),
            ({'maintenance': False}, 'available'),
        ):
            self.happens(name, 'maintenance_set.end', **values)
            self.becomes(status, lambda: self.show('offers', offer))

    def test_another_lessee_is_noticed_at_once(self):
        name, _, line = self.rented()
        self.happens(name, 'update.end', lessee='somebody')
        self.assertEqual('lessee_changed', self.becomes('error', line)['reason'])
        self.happens(name, 'update.end', lessee='umbrella')
        self.becomes('active', line)

    def test_an_owner_who_sets_a_let_server_aside_is_told_of(self):
        """From one state in which a server rests to another, nothing ever starts."""
        name, _, line = self.rented()
        self.happens(name, 'provision_set.success', provision_state='manageable')
        self.assertEqual('owner_intervened', self.becomes('error', line)['reason'])
        self.happens(name, 'provision_set.end', 'ironic', provision_state='available')
        self.becomes('active', line)

    def test_an_owner_who_deploys_or_undeploys_a_let_server_is_told_of(self):
        name, contract, line = self.rented()
        self.happens(name, 'provision_set.start', provision_state='deleting')
        self.assertEqual('owner_intervened', self.becomes('error', line)['reason'])
        for who in ('umbrella-member', 'acme-member'):
            events = self.market(who).get('/v1/events', object_uuid=contract).json()
            (told,) = [e for e in events['events'] if e['type'] == 'contract.error']
            self.assertEqual('owner_intervened', told['payload']['lines'][0]['reason'])
        before = self.missed(contract)
        self.eventually(True, lambda: self.missed(contract) > before)
        self.happens(name, 'provision_set.end', provision_state='available')
        self.becomes('active', line)
        self.assertGreater(self.missed(contract), before)

    def test_a_renter_who_deploys_is_no_news(self):
        name, _, line = self.rented()
        for who in ('umbrella', 'service', None):
            self.happens(name, 'provision_set.start', who, provision_state='active')
        other = self.add_node()
        self.offer(node=other)
        self.happens(other, 'maintenance_set.end', maintenance=True)
        self.assertEqual('active', line()['status'])

    def test_a_server_that_gets_ready_is_handed_over_at_once(self):
        name = self.add_node()
        offer = self.offer(node=name)
        self.marketplace.provider.nodes._change(name, provision_state='cleaning')
        contract = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)}
            )
        )['uuid']

        def line():
            return self.show('contracts', contract)['lines'][0]

        self.becomes('wait_fulfill', line)
        self.happens(name, 'provision_set.end', provision_state='available')
        self.becomes('active', line)

    def test_what_is_told_late_or_makes_no_sense_does_no_harm(self):
        noticed = ironic_notifications.NodeChanges(None, None, None)
        handled = messaging.NotificationResult.HANDLED
        event = 'baremetal.node.provision_set.start'
        for payload in (
            {},
            {'ironic_object.data': {}},
            {'ironic_object.data': {'a': 1}},
        ):
            self.assertEqual(handled, noticed.info({}, 'i', event, payload, {}))
        noticed.run(self.clock())
        # What an owner did before the contract began, is their own affair.
        name, _, line = self.rented()
        before = self.clock() - datetime.timedelta(hours=1)
        provider = self.marketplace.provider
        reconciliation.Reconciliation(
            self.marketplace.conf, provider.nodes, provider.marketplace
        ).look(
            [provider.nodes.get(name).uuid],
            self.clock(),
            {provider.nodes.get(name).uuid: {'acme': before}},
        )
        self.assertEqual('active', line()['status'])

    def test_only_what_was_looked_at_is_judged(self):
        """A server in front of the market may leave out a query that is long."""
        looked_at, other = self.add_node(), self.add_node()
        offers = [self.offer(node=name)['uuid'] for name in (looked_at, other)]
        provider = self.marketplace.provider
        everything = provider.marketplace.offers()
        uuid = provider.nodes.get(looked_at).uuid
        provider.nodes._change(looked_at, maintenance=True)
        with mock.patch.object(provider.marketplace, 'offers', lambda **_: everything):
            reconciliation.Reconciliation(
                self.marketplace.conf, provider.nodes, provider.marketplace
            ).look([uuid], self.clock(), {uuid: {}})
        found = {each['uuid']: each['status'] for each in provider.marketplace.offers()}
        self.assertEqual(['error', 'available'], [found[each] for each in offers])
