# SPDX-License-Identifier: Apache-2.0
"""esisdk's own functional tests, as they are installed, at the lease service.

Those of them that lease a server to the project that owns it cannot pass here, where
nobody trades with themselves (doc/source/admin/esi.rst). What esi-ui, which has no
tests, calls of esisdk is called besides.
"""

import json
import os
import pathlib
import subprocess
import sys

from esi import connection
import fixtures
from keystoneauth1 import session
from keystoneauth1.identity import v3

from tests.functional import base

_PACKAGE = 'esi.tests.functional.lease'
_SELF = 'leases a server to its own owner, which is a conflict here'
#: Why tests of the package are left out; all others are run.
LEFT_OUT = {
    'offer.TestESILEAPOffer.test_offer_claim': _SELF,
    'offer.TestESILEAPOffer.test_offer_claim_multiple': _SELF,
    'lease.TestESILEAPLease.test_lease_create_show_delete': _SELF,
    'lease.TestESILEAPLease.test_lease_list': _SELF,
    'lease.TestESILEAPLease.test_lease_update_valid': _SELF,
    'lease.TestESILEAPLease.test_lease_update_invalid': _SELF,
    'event.TestESILEAPEvent.test_event_list': _SELF,
}
#: Prints the ids of the tests of modules.
_LIST = """\
import sys, unittest
def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test.id()
print(*each(unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])))
"""


class EsisdkTest(base.MarketplaceTestCase):
    REAL_TIME = True

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        auth = {
            'auth_url': f'{self.marketplace.identity}/v3',
            'username': 'acme-member',
            'password': 'acme-member',
            'project_name': 'acme',
            'user_domain_name': 'Default',
            'project_domain_name': 'Default',
        }
        # The base class of the tests wants to know several; one is used.
        names = ('devstack-admin', 'devstack', 'devstack-alt', 'devstack-system-admin')
        clouds = dict.fromkeys(names, {'auth': auth, 'region_name': 'RegionOne'})
        (self.home / 'clouds.yaml').write_text(json.dumps({'clouds': clouds}))
        self.nodes = [self.add_node() for _ in range(3)]

    def run_python(self, *words):
        uuids = [self.marketplace.node(name).uuid for name in self.nodes]
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        environment |= {
            'HOME': str(self.home),
            'OS_CLIENT_CONFIG_FILE': str(self.home / 'clouds.yaml'),
            'NODE_1_UUID': uuids[0],
            'NODE_2_UUID': uuids[1],
            'NODE_1_TYPE': 'dummy_node',
            'NODE_2_TYPE': 'dummy_node',
            'NODE_3_NAME': self.nodes[2],
        }
        return subprocess.run(
            [sys.executable, '-W', 'ignore', *words],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def test_its_own_tests_pass(self):
        modules = [
            f'{_PACKAGE}.test_esi_leap_{name}'
            for name in ('offer', 'lease', 'node', 'event')
        ]
        prefix = f'{_PACKAGE}.test_esi_leap_'
        listed = self.run_python('-c', _LIST, *modules).stdout.split()
        there = {each.removeprefix(prefix) for each in listed}
        # What is left out is there, and what is there is run.
        self.assertEqual(set(), LEFT_OUT.keys() - there)
        wanted = sorted(there - LEFT_OUT.keys())
        self.assertGreaterEqual(len(wanted), 6)
        done = self.run_python(
            '-m', 'testtools.run', *(f'{prefix}{each}' for each in wanted)
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn(f'Ran {len(wanted)} tests', done.stdout)

    def test_esi_ui_calls(self):
        """All that ``esi_ui/api/esi_api.py`` calls, and reads of the answers.

        Its forms send what JavaScript makes of a date, and leave out what is empty.
        """
        owner, lessee = self.connect('acme-member'), self.connect('umbrella-member')
        until = f'{self.time(48).removesuffix("Z")}.000Z'
        first, second = (self.marketplace.node(name).uuid for name in self.nodes[:2])
        owner.lease.create_offer(resource_uuid=first, end_time=until)
        (offer,) = _offers(lessee)
        self.assertEqual(('acme', 'available'), (offer['project'], offer['status']))
        self.assertIn(['cpus', 64], offer['resource_properties'])
        self.assertEqual(1, len(offer['availabilities']))
        start = f'{self.time(1).removesuffix("Z")}.000Z'
        lessee.claim_offer(offer['uuid'], start_time=start, end_time=until)
        owner.lease.create_lease(resource_uuid=second, project_id='umbrella')
        self.fulfil()
        nodes = _nodes(lessee)
        # One is leased and shown by Ironic; of the other only the lease is seen.
        self.assertEqual(
            {first: ['created'], second: ['active']},
            {uuid: [each['status'] for each in node['leases']] for uuid, node in nodes},
        )
        for _, node in nodes:
            self.assertEqual(('acme', 'baremetal'), (node['owner'], node['class']))
            for lease in node['leases']:
                self.assertEqual('umbrella', lease['project'])
                lessee.lease.delete_lease(lease['uuid'])
        owner.lease.delete_offer(offer['uuid'])
        self.assertEqual([], _offers(owner))
        self.fulfil(passes=2)
        self.assertEqual([], _nodes(lessee))

    def connect(self, user):
        auth = v3.Password(
            auth_url=f'{self.marketplace.identity}/v3',
            username=user,
            password=user,
            project_name=user.partition('-')[0],
            user_domain_name='Default',
            project_domain_name='Default',
        )
        return connection.ESIConnection(session=session.Session(auth=auth))


def _offers(connected):
    """What the table of offers of esi-ui shows."""
    return [
        {
            'uuid': offer.uuid,
            'project': offer.project,
            'resource': offer.resource,
            'resource_class': offer.resource_class,
            'status': offer.status,
            'times': [_moment(offer.start_time), _moment(offer.end_time)],
            'availabilities': [
                [_moment(start), _moment(end)] for start, end in offer.availabilities
            ],
            'resource_properties': [
                [name, value] for name, value in offer.resource_properties.items()
            ],
        }
        for offer in connected.list_offers()
    ]


def _nodes(connected):
    """Pairs of a uuid and what the table of nodes shows: the leased ones besides."""
    leases = {}
    for lease in connected.lease.leases():
        leases.setdefault(lease.resource_uuid, []).append(lease)
    shown = []
    for node in connected.lease.nodes():
        states = (
            *(node.provision_state, node.target_provision_state, node.power_state),
            *(node.target_power_state, node.maintenance),
        )
        shown.append(
            (node.id, _row(node, node.name, leases.pop(node.id, ()), states=states))
        )
    for uuid, those in leases.items():
        shown.append((uuid, _row(those[0], those[0].resource, those)))
    return shown


def _row(source, name, leases, **more):
    return {
        'name': name,
        'owner': source.owner,
        'class': source.resource_class,
        'properties': [[name, value] for name, value in source.properties.items()],
        'leases': [
            {
                'uuid': lease.id,
                'project': lease.project,
                'status': lease.status,
                'times': [_moment(lease.start_time), _moment(lease.end_time)],
            }
            for lease in leases
        ],
        **more,
    }


def _moment(text):
    """A time as esi-ui cuts it."""
    return text.replace('T', ' ', 1)[0:19]
