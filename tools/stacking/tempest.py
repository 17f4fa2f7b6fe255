# SPDX-License-Identifier: Apache-2.0
"""Tempest in the guest, with the plugin of this tree, against the DevStack there."""

import pathlib
import time

from tools.lab import progress
from tools.stacking import guest as guests
from tools.stacking import root as roots
from tools.stacking import stack as stacks
from tools.testing import tempests

PLACE = f'{roots.STACK}/tempest'
WORKSPACES = f'{PLACE}/workspaces.yaml'
CLOUD = f'{PLACE}/cloud'
ACCOUNTS = f'{CLOUD}/etc/accounts.yaml'
CONSTRAINTS = f'{roots.STACK}/requirements/upper-constraints.txt'
PLUGIN = f'{roots.STACK}/flocx/tempest'
#: Of the accounts that are there already: user, project, what Tempest asks for.
PEOPLE = (
    ('acme-owner', 'acme', ['member']),
    ('acme-reader', 'acme', ['reader']),
    (stacks.RENTER, 'umbrella', ['renter']),
    ('passer-by', 'elsewhere', ['stranger']),
    ('admin', 'admin', ['admin']),
)
SERVERS = [f'acme-{number}' for number in range(11, 16)]


def run(stack):
    """All tests of the plugin, after the tour; how many did what, and what is left."""
    guest, log = stack.guest, stack.folder.logs / 'tempest.log'
    with progress.during('Installing Tempest', log):
        guest.run(
            f'python3 -m venv {PLACE} && {PLACE}/bin/pip install '
            f'--constraint {CONSTRAINTS} tempest {PLUGIN} && '
            f'cd {PLACE} && bin/tempest init --workspace-path {WORKSPACES} '
            f'--name flocx {CLOUD}',
            'tempest',
        )
    _configure(stack)
    began = time.monotonic()
    with progress.during('Running Tempest', log):
        guest.run(
            f'cd {CLOUD} && {PLACE}/bin/tempest run --workspace-path {WORKSPACES} '
            f'--regex {tempests.PLUGIN} --serial',
            'tempest',
            # What is after it is looked at, too.
            check=False,
        )
    stack.seconds['tempest'] = round(time.monotonic() - began)
    return {**tempests.counted(log.read_text()), 'left': _left(guest)}


def good(found):
    """Whether all tests were run and passed, and nothing is left of them."""
    wrong = [found.get(name, 0) for name in ('skipped', 'failed', 'left')]
    return bool(found.get('passed')) and not any(wrong)


def _configure(stack):
    guest, password = stack.guest, stack.folder.password
    scheme = 'https' if stack.options.tls else 'http'
    identity = {
        'uri_v3': f'{scheme}://{guests.ADDRESS}/identity/v3',
        'region': 'RegionOne',
    }
    if stack.options.tls:
        identity['ca_certificates_file'] = f'{stacks.DATA}/ca-bundle.pem'
    if stack.nodes == 'ironic':
        auth, marketplace = tempests.administrator(password), {'servers': 'ironic'}
    else:
        script = pathlib.Path(__file__).with_name('more.py').read_text()
        guest.write(f'{stacks.TOUR}/more.py', script)
        words = [stacks.PYTHON, f'{stacks.TOUR}/more.py', stacks.NODES, password]
        guest.run(' '.join([*words, *SERVERS]), 'stage')
        guest.write(ACCOUNTS, tempests.accounts(PEOPLE, password))
        auth = tempests.existing(ACCOUNTS)
        marketplace = tempests.with_servers(SERVERS)
    conf = tempests.conf(identity, auth, marketplace)
    guest.write(f'{CLOUD}/etc/tempest.conf', conf)


def _left(guest):
    """Names of users and projects that Tempest has made for itself."""
    names = guest.says(
        f'for kind in user project; do {stacks.DATA}/venv/bin/openstack '
        '--os-cloud devstack-admin $kind list -f value -c Name; done'
    )
    return [name for name in names.split() if 'tempest' in name.lower()]
