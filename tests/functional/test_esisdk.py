# SPDX-License-Identifier: Apache-2.0
"""esisdk's own functional tests, as they are installed, at the lease service.

Those of them that lease a server to the project that owns it cannot pass here, where
nobody trades with themselves (doc/source/admin/esi.rst).
"""

import json
import os
import pathlib
import subprocess
import sys

import fixtures

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
