# SPDX-License-Identifier: Apache-2.0
"""esi-leap and FLOCX on one Ironic, while a site moves from the one to the other."""

import json
import os
import pathlib
import subprocess
import tempfile

from tests import profiles
from tests.integration import esi_leap
from tests.integration import machines

S = machines.S

_CONFIGURATION = """\
[DEFAULT]
transport_url = fake://
[database]
connection = sqlite:///{folder}/esi_leap.sqlite
[oslo_concurrency]
lock_path = {folder}/lock
[oslo_messaging_notifications]
driver = noop
[keystone]
{account}
[ironic]
{account}
"""

#: What esi-leap's manager does with a lease, which is made if it is not there.
_PROGRAM = """\
import datetime, json, sys
from oslo_utils import uuidutils
from esi_leap.common import service
from esi_leap.objects import lease as leases
service.prepare_service(['esi-leap', '--config-file', sys.argv[1]])
asked = json.loads(sys.argv[2])
if 'uuid' in asked:
    lease = leases.Lease.get(asked['uuid'])
    lease.cancel()
else:
    now = datetime.datetime.now()
    lease = leases.Lease(
        uuid=uuidutils.generate_uuid(),
        start_time=now,
        end_time=now + datetime.timedelta(hours=2),
        resource_type='ironic_node',
        **asked,
    )
    lease.create()
    lease.fulfill()
print(json.dumps({'uuid': lease.uuid, 'status': lease.status}))
"""


@profiles.only_nightly('installs esi-leap')
class SideBySideTest(machines.DeliveryTestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ('.esi-leap', 'lock'):
            (self.folder / name).mkdir()
        self.python = esi_leap.install() / 'python'
        self.conf_file = self.folder / '.esi-leap' / 'esi-leap.conf'
        text = self.lab.provider_conf.read_text()
        account = text.removeprefix('[service_credentials]\n')
        self.conf_file.write_text(
            _CONFIGURATION.format(folder=self.folder, account=account)
        )
        self.run_program(self.python.parent / 'esi-leap-dbsync', 'create_schema')
        esi_leap.let_writers_in(self.folder / 'esi_leap.sqlite')
        self.other = self.nodes.get(next(self.names))

    def run_program(self, *words):
        done = subprocess.run(
            [str(self.python), *map(str, words)],
            env={**os.environ, 'HOME': str(self.folder), 'TZ': 'UTC'},
            capture_output=True,
            text=True,
            check=False,
        )
        # It tells of its errors in what it prints.
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def esi_leap(self, **asked):
        """What esi-leap says of a lease that it makes, or ends."""
        out = self.run_program('-c', _PROGRAM, self.conf_file, json.dumps(asked))
        return json.loads(out.splitlines()[-1])

    def leased(self, node):
        """A lease of esi-leap's, of the node, to the renter."""
        made = self.esi_leap(
            resource_uuid=node.uuid,
            project_id=self.renter.current_project_id,
            owner_id=node.owner,
        )
        self.assertEqual('active', made['status'])
        self.addCleanup(self.nodes.set_lessee, node.uuid, None)
        self.addCleanup(self.nodes.set_property, node.uuid, 'lease_uuid', None)
        return made['uuid']

    def document(self, node):
        """All that Ironic has of a node, but when it was asked."""
        return self.nodes.settings(node.uuid), self.nodes.get(node.uuid)

    def test_neither_touches_what_the_other_has(self):
        lease = self.leased(self.other)
        seen = self.nodes.get(self.other.uuid)
        self.assertEqual(
            (self.renter.current_project_id, lease),
            (seen.lessee, seen.properties['lease_uuid']),
        )
        theirs = self.document(self.other)
        # Somebody has bought it from its owner all the same.
        waits = self.rent(self.market, self.other, self.lab.quarantine)
        self.become(S.ACTIVE)
        self.deliver(lambda: waits['status'] == S.WAIT_FULFILL)
        waits['status'] = str(S.CANCELLED)
        self.assertEqual(theirs, self.document(self.other))
        ours = self.document(self.node)
        self.assertEqual('deleted', self.esi_leap(uuid=lease)['status'])
        given_back = self.nodes.get(self.other.uuid)
        self.assertEqual(
            (None, False), (given_back.lessee, 'lease_uuid' in given_back.properties)
        )
        self.assertEqual(ours, self.document(self.node))
        # And the other way round.
        lease = self.leased(self.other)
        theirs = self.document(self.other)
        self.end()
        self.assertIsNone(self.seen().lessee)
        self.assertEqual(theirs, self.document(self.other))

    def test_what_esi_leap_takes_from_us_is_left_to_it(self):
        """It does not look whether somebody has a server."""
        self.become(S.ACTIVE)
        stranger = 'somebody'
        made = self.esi_leap(
            resource_uuid=self.node.uuid,
            project_id=stranger,
            owner_id=self.node.owner,
        )
        self.addCleanup(self.nodes.set_lessee, self.node.uuid, None)
        self.end()
        seen = self.seen()
        self.assertEqual(
            (stranger, made['uuid']), (seen.lessee, seen.properties['lease_uuid'])
        )

    def test_what_was_taken_over_comes_back_without_its_marker(self):
        """As ``import esi-leap`` makes a line of it: active, and nothing kept of it."""
        lease = self.leased(self.node)
        self.line.update(uuid=lease, status=str(S.ACTIVE))
        self.line['fulfill_time'] = self.line['start_time']
        self.end()
        seen = self.seen()
        self.assertEqual((None, False), (seen.lessee, 'lease_uuid' in seen.properties))
