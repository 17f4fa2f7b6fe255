# SPDX-License-Identifier: Apache-2.0
"""Projects that Keystone deletes or disables leave nothing open in the market."""

import json
import subprocess
import sys

import oslo_messaging as messaging

from market import departures
from market import worker
from tests.functional import base


class DeparturesTest(base.MarketplaceTestCase):
    GRACE = 7200
    OPTIONS = (('market', 'project_grace_time', str(GRACE)),)

    def setUp(self):
        super().setUp()
        keystone = self.marketplace.keystone
        self.addCleanup(keystone.deleted.clear)
        self.addCleanup(keystone.disabled.clear)
        self.keystone = keystone
        self.departures = departures.Departures(
            self.marketplace.conf,
            self.marketplace.database,
            departures.Keystone(self.marketplace.conf),
        )

    def claim(self, offer, who='umbrella-member', **values):
        return self.good(
            self.market(who).post(f'/v1/offers/{offer["uuid"]}/claim', values)
        )

    def reasons(self, kind, uuid):
        """The status of an object and what the event of its end gives as the reason."""
        events = self.good(
            self.market('operator-admin').get(f'/v1/events?object_uuid={uuid}'), 200
        )['events']
        found = self.show(kind, uuid)
        return found['status'], events[-1]['payload'].get('reason')

    def contract(self, uuid):
        found = self.show('contracts', uuid)
        return [(line['status'], line['reason']) for line in found['lines']]

    def test_what_a_deleted_project_has_open_is_closed(self):
        running = self.claim(self.offer())
        later = self.claim(self.offer(), start_time=self.time(5), end_time=self.time(6))
        self.fulfil()
        self.assertEqual([('active', None)], self.contract(running['uuid']))
        bid = self.bid(price='0.5')
        offer = self.offer('umbrella-member')
        other = self.bid('initech-member', price='0.5')
        self.keystone.deleted.add('umbrella')
        now = self.clock()
        due = self.departures.run(now)
        self.assertEqual(
            ('cancelled', 'project_deleted'), self.reasons('bids', bid['uuid'])
        )
        self.assertEqual(
            ('cancelled', 'project_deleted'), self.reasons('offers', offer['uuid'])
        )
        self.assertEqual(
            [('cancelled', 'project_deleted')], self.contract(later['uuid'])
        )
        # What runs goes on for the time of grace, and nobody else is concerned.
        self.assertEqual([('active', None)], self.contract(running['uuid']))
        self.assertEqual('available', self.show('bids', other['uuid'])['status'])
        self.assertGreaterEqual(now + self.GRACE * base.HOUR / 3600, due)
        self.clock.advance(seconds=self.GRACE + 1)
        self.departures.run(self.clock())
        self.fulfil(3)
        self.assertEqual([('ended', 'project_deleted')], self.contract(running['uuid']))
        with self.marketplace.database.reader() as session:
            self.assertEqual([], departures.departures.all_known(session))

    def test_a_project_that_is_back_keeps_what_runs(self):
        running = self.claim(self.offer())
        self.fulfil()
        self.keystone.disabled.add('umbrella')
        self.departures.run(self.clock())
        known = self.manage('projects')
        self.assertEqual(
            [('umbrella', 'project_disabled', 1)],
            [(one['project_id'], one['reason'], one['contracts']) for one in known],
        )
        self.keystone.disabled.clear()
        self.clock.advance(seconds=self.GRACE + 1)
        self.departures.run(self.clock())
        self.assertEqual([('active', None)], self.contract(running['uuid']))
        self.assertEqual([], self.manage('projects'))

    def test_a_disabled_domain_disables_its_projects(self):
        bid = self.bid(price='0.5')
        service = self.marketplace.keystone
        service.disabled.add('default')
        looking = departures.Departures(
            self.marketplace.conf, self.marketplace.database, _Trusting(self)
        )
        looking.run(self.clock())
        self.assertEqual(
            ('cancelled', 'project_disabled'), self.reasons('bids', bid['uuid'])
        )

    def test_a_keystone_that_does_not_know_us_is_not_believed(self):
        bid = self.bid(price='0.5')
        self.keystone.deleted.update(('service', 'umbrella'))
        now = self.clock()
        # It is asked again soon, and not with the next interval.
        self.assertEqual(now + base.HOUR / 60, self.departures.run(now))
        self.assertEqual('available', self.show('bids', bid['uuid'])['status'])
        self.keystone.deleted.remove('service')
        self.departures.run(now + base.HOUR / 60)
        self.assertEqual('cancelled', self.show('bids', bid['uuid'])['status'])

    def test_a_notification_names_whom_to_look_at(self):
        self.departures.run(self.clock())
        bid = self.bid(price='0.5')
        woken = []
        endpoint = departures.Notifications(
            self.departures.note, lambda: woken.append(True)
        )
        self.keystone.deleted.add('umbrella')
        handled = endpoint.info(
            {},
            'identity.host',
            'identity.project.deleted',
            {'resource_info': 'umbrella'},
            {},
        )
        self.assertEqual(messaging.NotificationResult.HANDLED, handled)
        self.assertEqual([True], woken)
        # A notification that lies changes nothing: Keystone is asked.
        endpoint.info(
            {},
            'identity.host',
            'identity.project.deleted',
            {'resource_info': 'acme'},
            {},
        )
        self.departures.run(self.clock())
        self.assertEqual('cancelled', self.show('bids', bid['uuid'])['status'])

    def manage(self, *command):
        """What ``flocx-market-manage`` prints, parsed."""
        done = subprocess.run(
            [
                sys.executable,
                '-c',
                'import sys; from market import cmd; sys.exit(cmd.manage())',
                '--config-file',
                str(self.marketplace.folder / 'flocx.conf'),
                *command,
            ],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
        return json.loads(done.stdout)


class _Trusting(departures.Keystone):
    """Asks Keystone as always, in a domain that holds our own project too."""

    def __init__(self, test):
        super().__init__(test.marketplace.conf)

    def require_trusted(self):
        """Our own project is in the domain that is disabled."""


class WorkerTest(base.MarketplaceTestCase):
    OPTIONS = (
        ('market', 'project_check_interval', '1'),
        ('market', 'project_notifications_url', 'kombu+memory://'),
    )

    def test_the_worker_closes_what_is_open_by_itself(self):
        bid = self.bid(price='0.5')
        self.marketplace.keystone.deleted.add('umbrella')
        parts = worker.parts(
            self.marketplace.conf,
            self.marketplace.transport,
            self.marketplace.database,
        )
        for part in parts:
            part.start()
            self.addCleanup(part.stop)
        self.eventually('cancelled', lambda: self.show('bids', bid['uuid'])['status'])
