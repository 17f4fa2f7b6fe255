# SPDX-License-Identifier: Apache-2.0
"""python-esileapclient's own functional tests, at a lease service on a rig.

They are run as they are installed, and none of them is here: each runs the
``openstack`` command of their virtual environment, as users that it makes in a real
Keystone. The servers are files, as in esi-leap; only what writes these is ours, as our
files have another format.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from tests.integration import esi_leap_site
from tests.integration import rigs
from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import keystone

VENV = rigs.ROOT / '.test' / 'esileapclient'
#: The last release with a client of its own. Later ones, over esisdk, end ``offer
#: create`` and ``lease create`` with an error before anything is sent, if they are told
#: ``--resource-type``, as almost all of the tests do (admin/esi.rst).
PACKAGES = (
    'python-esileapclient==0.3.0',
    'openstacksdk==1.2.0',
    'osc-lib==2.8.0',
    'python-openstackclient==6.2.0',
    'tempest==42.0.0',
    'setuptools<80',
    'pytest',
)
SUITE = 'esileapclient.tests.functional.v1'
FULFILLERS = ('fulfiller-1', 'fulfiller-2')
#: What tells its tests where they are.
_CONFIGURATION = """\
[dummy_node]
dummy_node_dir = {nodes}
[keystone]
auth_type = password
auth_url = {identity}
username = admin
password = {password}
project_name = admin
user_domain_name = Default
project_domain_name = Default
"""
_WRITER = '''\
"""Writes servers in the format of the provider, and leaves tests out."""

import json
import os
import uuid

from esileapclient.tests.functional.utils import dummy_node


class DummyNode:
    def __init__(self, node_dir, project_uuid=''):
        self.uuid = str(uuid.uuid4())
        self.path = os.path.join(node_dir, f'{self.uuid}.yaml')
        node = {'uuid': self.uuid, 'owner': project_uuid, 'resource_class': 'dummy'}
        with open(f'{self.path}.new', 'w') as stream:
            json.dump(node | {'properties': {'cpus': 16}}, stream)
        os.replace(f'{self.path}.new', self.path)

    def __del__(self):
        os.remove(self.path)


dummy_node.DummyNode = DummyNode


def pytest_collection_modifyitems(items):
    left_out = json.loads(os.environ['LEFT_OUT'])
    items[:] = [each for each in items if _name(each) not in left_out]


def _name(item):
    # What comes before the class depends on where pytest is installed.
    return '::'.join(item.nodeid.split('::')[-2:])
'''
#: A server of nobody's.
KNOWN = {'name': 'known', 'uuid': '9c2f2a0e-6f0e-4a53-8d2c-6f6f6a3c5b1e'}
_SELF = 'leases a server to its own owner, and nobody trades with themselves'
_FAR = 'begins in the year 9999, and a contract begins within [contracts] max_lead'
_HIDDEN = 'wants a 403 for what others have, which is not found here'
_LONGER = (
    'lends a server for longer than it is leased, which esi-leap 1.0.0 refuses, too'
)
#: Why tests are left out; all others are run. The table of differences has the reasons.
LEFT_OUT = {
    'BasicTests::test_create_invalid_node': 'wants to hear that there is no such file',
    'BasicTests::test_lease_create_basic': _FAR,
    'BasicTests::test_lease_list_basic': _FAR,
    'BasicTests::test_lease_show_basic': _FAR,
    'BasicTests::test_lease_show_offer_deleted': 'wants a lease to be over before its '
    'server is back',
    'BasicTests::test_offer_show_basic': _FAR,
    'PolicyTests::test_lease_create_unauthorized': _HIDDEN,
    'PolicyTests::test_lease_delete_unauthorized': _SELF,
    'PolicyTests::test_offer_claim_unauthorized': _HIDDEN,
    'PolicyTests::test_offer_create_unauthorized': _HIDDEN,
    'PolicyTests::test_offer_delete_unauthorized': _HIDDEN,
    'SubleaseTests::test_lease_create_sublease': _LONGER,
    'SubleaseTests::test_lease_show_sublease_parent_deleted': _LONGER,
    'SubleaseTests::test_offer_claim_sublease': _LONGER,
    'SubleaseTests::test_offer_create_sublease': _LONGER,
    'SubleaseTests::test_offer_show_sublease_parent_deleted': _LONGER,
    'TimeTests::test_lease_create_conflict': _SELF,
    'TimeTests::test_lease_create_multiple': _SELF,
    'TimeTests::test_lease_expire': _SELF,
}
#: How many tests there are of what; of sub-leases none can be run.
TESTS = {'basic': 17, 'policy': 8, 'sublease': 5, 'time': 10}


def left_out(kind):
    """How many tests of a kind are left out."""
    return sum(name.lower().startswith(f'{kind}tests::') for name in LEFT_OUT)


def install():
    stamp = VENV / 'installed'
    if stamp.exists() and stamp.read_text().split('\n') == list(PACKAGES):
        return
    subprocess.run([sys.executable, '-m', 'venv', '--clear', VENV], check=True)
    pip = [VENV / 'bin' / 'python', '-m', 'pip', 'install', '-q', '--prefer-binary']
    subprocess.run([*pip, *PACKAGES], check=True, capture_output=True)
    stamp.write_text('\n'.join(PACKAGES))


class ClientSuite:
    maxDiff = None

    def test_the_basic_tests_of_the_client_of_esi(self):
        self.run_those('basic')

    def test_the_tests_of_policies_of_the_client_of_esi(self):
        self.run_those('policy')

    def test_the_tests_of_times_of_the_client_of_esi(self):
        self.run_those('time')

    def test_of_its_tests_of_subleases_all_are_left_out(self):
        self.assertEqual(TESTS['sublease'], left_out('sublease'))

    def run_those(self, kind):
        install()
        place = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        nodes = place / 'nodes'
        nodes.mkdir()
        # JSON is YAML.
        (nodes / 'known.yaml').write_text(json.dumps(KNOWN))
        site = self.lease_service_of(nodes)
        accounts.publish(self.rig.folder, site.ports)
        outcomes, log = self.outcomes(place, nodes, f'{SUITE}.test_{kind}')
        failed = {name for name, outcome in outcomes.items() if outcome != 'PASSED'}
        self.assertEqual(set(), failed, log[-20000:])
        self.assertEqual(TESTS[kind] - left_out(kind), len(outcomes), log[-20000:])

    def lease_service_of(self, nodes):
        """The site, whose lease service and fulfiller have servers in ``nodes``."""
        dummies = f'nodes = dummy\ndummy_nodes_dir = {nodes}\n'
        configuration = self.rig.folder.etc / 'provider.conf'
        before = configuration.read_text()

        def restart(text):
            for name in FULFILLERS:
                self.rig.process(name).stop()
            folders.write_private(configuration, text)
            self.rig.start(*FULFILLERS)

        self.addCleanup(restart, before)
        restart(before.replace('nodes = ironic\n', dummies))
        site = esi_leap_site.Site(self.rig)
        self.addCleanup(site.down)
        site.start_lease()
        return site

    def outcomes(self, place, nodes, suite):
        """({test: PASSED, FAILED or ERROR}, what was printed)."""
        folders.write_private(
            place / 'esi-leap.conf',
            _CONFIGURATION.format(
                nodes=nodes,
                identity=keystone.url(self.rig.ports),
                password=self.rig.folder.password,
            ),
        )
        (place / 'dummy_nodes.py').write_text(_WRITER)
        # Where the tests look for the command.
        programs = place / '.tox' / 'functional'
        programs.mkdir(parents=True)
        (programs / 'bin').symlink_to(VENV / 'bin')
        command = [VENV / 'bin' / 'python', '-m', 'pytest', '-p', 'dummy_nodes']
        command += ['-p', 'no:cacheprovider', '-q', '-rA', '--tb', 'short']
        command += ['--disable-warnings', '--pyargs']
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        environment |= {
            'OS_ESI_CFG_PATH': str(place / 'esi-leap.conf'),
            'PYTHONPATH': str(place),
            'LEFT_OUT': json.dumps(list(LEFT_OUT)),
            # A server that is there before; else tests that list it are skipped.
            'OS_FUNCTIONAL_NODE_NAME': KNOWN['name'],
            'OS_FUNCTIONAL_NODE_IDENT_NAME': KNOWN['name'],
            'OS_FUNCTIONAL_NODE_UUID': KNOWN['uuid'],
            # Times of the tests are in the zone of the host, and here all is in UTC.
            'TZ': 'UTC',
        }
        done = subprocess.run(
            [*map(str, command), suite],
            cwd=place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        found = re.findall(r'^(PASSED|FAILED|ERROR) \S*::(\w+::\w+)', done.stdout, re.M)
        return {name: outcome for outcome, name in found}, done.stdout
