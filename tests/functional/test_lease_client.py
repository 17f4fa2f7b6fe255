# SPDX-License-Identifier: Apache-2.0
"""The commands of esi-leap, as python-esileapclient has them, against ours."""

import importlib.metadata

from osc_lib import clientmanager

from tests.functional import test_client

#: Commands that ask several clouds of ``clouds.yaml``, with the same requests.
OF_SEVERAL_CLOUDS = {'mdc offer list', 'mdc offer claim', 'mdc lease list'}

_CONSOLE = ('console', 'auth', 'token')
_OPEN_END = '9999-12-31T23:59:59.999999'


class EsiTest(test_client.ClientTestCase):
    """An owner, ``acme``, and a lessee, ``umbrella``, as at a site of esi-leap."""

    GROUP = 'esi'

    def setUp(self):
        super().setUp()
        self.ran = set()

    def run_command(self, who, *words, options=()):
        # The client is kept for a process, as if there were one command in each.
        kept = vars(clientmanager.ClientManager).get('lease')
        if kept:
            kept._handle = None
        self.ran.add(' '.join(words))
        return super().run_command(who, *words, options=options)

    def deleted(self, who, kind, ident):
        done = self.run_command(who, kind, 'delete', ident)
        self.assertEqual(
            (0, f'Deleted {kind} {ident}\n'), (done.code, done.out), done.err
        )

    def uuids(self, who, *words):
        return [each['UUID'] for each in self.run_json(who, *words)]

    def status(self, who, lease):
        return self.run_json(who, 'lease', 'show', lease)['status']

    def test_a_site_goes_on(self):
        owner, lessee, admin = 'acme-member', 'umbrella-member', 'operator-admin'
        node = self.add_node()
        offer = self.run_json(
            *(owner, 'offer', 'create', node, '--name', 'spare'),
            *('--lessee', 'umbrella'),
        )
        self.assertEqual(_OPEN_END, offer['end_time'])
        self.assertEqual('available', offer['status'])
        shown = self.run_json(lessee, 'offer', 'show', 'spare')
        for name in offer.keys() - {'availabilities'}:
            self.assertEqual(offer[name], shown[name], name)
        for asked in (
            ('--long',),
            ('--project', 'acme', '--status', 'available'),
            ('--resource-uuid', node, '--resource-class', 'baremetal'),
            ('--availability-range', self.naive(1), self.naive(2)),
            ('--property', 'cpus>=64'),
        ):
            self.assertEqual(
                [offer['uuid']], self.uuids(lessee, 'offer', 'list', *asked), asked
            )
        self.assertEqual([], self.uuids('initech-member', 'offer', 'list'))
        lease = self.run_json(
            *(lessee, 'offer', 'claim', offer['uuid'], '--end-time', self.naive(48)),
        )
        self.assertEqual(('umbrella', node), (lease['project'], lease['resource']))
        self.eventually('active', lambda: self.status(lessee, lease['uuid']))
        for who, asked in (
            (lessee, ()),
            (lessee, ('--long', '--status', 'active', '--offer-uuid', offer['uuid'])),
            (owner, ('--owner', 'acme', '--time-range', self.naive(1), self.naive(9))),
        ):
            self.assertEqual([lease['uuid']], self.uuids(who, 'lease', 'list', *asked))
        moved = self.run_json(
            *(admin, 'lease', 'update', lease['uuid'], '--end-time', self.naive(24)),
        )
        self.assertEqual(self.naive(24), moved['end_time'])
        self.assertIn(
            'roles',
            self.refused(
                lessee, 'lease', 'update', lease['uuid'], '--end-time', self.naive(9)
            ),
        )
        (server,) = self.run_json(owner, 'node', 'list', '--long')
        self.assertEqual(
            ('umbrella', offer['uuid'], lease['uuid'], 'False'),
            tuple(
                server[name]
                for name in ('Lessee', 'Offer UUID', 'Lease UUID', 'Maintenance')
            ),
        )
        # An owner who deletes an offer ends its leases.
        self.deleted(owner, 'offer', 'spare')
        self.eventually('deleted', lambda: self.status(lessee, lease['uuid']))
        self.assertEqual([], self.uuids(lessee, 'lease', 'list'))
        given = self.run_json(
            owner, 'lease', 'create', node, 'umbrella', '--purpose', 'loan'
        )
        self.assertEqual('loan', given['purpose'])
        self.eventually('active', lambda: self.status(lessee, given['uuid']))
        opened = self.run_json(lessee, *_CONSOLE, 'create', node, '--token-ttl', '60')
        self.assertIn(opened['token'], opened['access_url'])
        done = self.run_command(lessee, *_CONSOLE, 'delete', node)
        self.assertEqual((0, True), (done.code, node in done.out), done.err)
        self.deleted(lessee, 'lease', given['uuid'])
        self.eventually('deleted', lambda: self.status(owner, given['uuid']))
        events = self.run_json(owner, 'event', 'list')
        self.assertEqual(
            ['fulfill.end', 'delete.start', 'delete.end'] * 2,
            [each['Event Type'].removeprefix('esi_leap.lease.') for each in events],
        )
        later = ('--last-event-id', str(events[2]['ID']))
        self.assertEqual(events[3:], self.run_json(lessee, 'event', 'list', *later))
        for name in self.commands() - OF_SEVERAL_CLOUDS:
            self.assertTrue(any(each.startswith(name) for each in self.ran), name)

    def naive(self, hours):
        return self.time(hours).removesuffix('Z')

    @staticmethod
    def commands():
        """The commands that python-esileapclient brings, without ``esi``."""
        names = importlib.metadata.entry_points(group='openstack.lease.v1').names
        return {name.removeprefix('esi_').replace('_', ' ') for name in names}

    def test_what_goes_wrong_is_said(self):
        node = self.add_node()
        self.run_json('acme-member', 'offer', 'create', node, '--name', 'twice')
        for expected, who, *words in (
            ('not found', 'acme-member', 'offer', 'show', 'nothing'),
            ('not found', 'acme-member', 'lease', 'delete', 'nothing'),
            ('not found', 'umbrella-member', 'offer', 'create', node),
            ('has', 'acme-member', 'offer', 'create', node),
            ('No project named', 'acme-member', 'lease', 'create', node, 'nobody'),
            (
                *('21 days', 'umbrella-member', 'offer', 'claim', 'twice'),
                *('--end-time', self.naive(999)),
            ),
            ('roles', 'umbrella-guest', 'lease', 'list'),
            ('no contract', 'acme-member', *_CONSOLE, 'create', node),
            ('not found', 'umbrella-member', *_CONSOLE, 'create', node),
        ):
            self.assertIn(expected, self.refused(who, *words), words)
