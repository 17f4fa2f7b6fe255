# SPDX-License-Identifier: Apache-2.0
"""esi-leap itself, from PyPI, beside the services of ``tests.fixtures``.

It runs as it is installed, in a virtual environment of its own in ``.test/``, on an
SQLite database that its own migrations make. Its nodes are its ``dummy_node``: JSON
files.
"""

import contextlib
import datetime
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import fixtures
import requests
import webob
import webob.dec

from benchmarks import esileap
from tests import fixtures as market_fixtures
from tests import waiting
from tests.functional import test_devstack

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / '.test' / 'esi-leap'

#: user: their project and roles, at esi-leap and at the lease service.
PEOPLE = {
    'owen': ('acme', ['member', 'reader', 'esi_leap_owner']),
    'lea': ('umbrella', ['member', 'reader', 'esi_leap_lessee']),
    'ina': ('initech', ['member', 'reader', 'esi_leap_lessee']),
    'ada': ('operator', ['admin', 'member', 'reader', 'esi_leap_admin']),
}

_CONFIGURATION = """\
[DEFAULT]
transport_url = fake://
[api]
host_ip = 127.0.0.1
port = {port}
[database]
connection = sqlite:///{folder}/esi_leap.sqlite
[oslo_concurrency]
lock_path = {folder}/lock
[keystone_authtoken]
www_authenticate_uri = {identity}/v3
{account}
[keystone]
{account}
[ironic]
{account}
"""
_ACCOUNT = """\
auth_type = password
auth_url = {identity}/v3
username = operator-admin
password = operator-admin
project_name = operator
user_domain_name = Default
project_domain_name = Default
"""


@webob.dec.wsgify
def _ironic(_):
    """Ironic without a node: esi-leap asks it for all with each list."""
    return webob.Response(json_body={'nodes': []})


def install():
    """The folder with the programs of an installed esi-leap."""
    stamp, programs = VENV / 'installed', VENV / 'bin'
    wanted = [f'esi-leap=={esileap.VERSION}', *esileap.PACKAGES]
    if not stamp.exists() or stamp.read_text().split() != wanted:
        _run(sys.executable, '-m', 'venv', '--clear', VENV)
        _run(programs / 'python', '-m', 'pip', 'install', '-q', *wanted)
        stamp.write_text('\n'.join(wanted))
    return programs


def let_writers_in(path):
    """esi-leap leaves transactions that only read open, which would keep them out."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute('PRAGMA journal_mode=WAL')


def _run(*command, **kwargs):
    subprocess.run([*map(str, command)], check=True, capture_output=True, **kwargs)


class EsiLeap(fixtures.Fixture):
    """Its API on the Keystone of a ``tests.fixtures.Marketplace``; ``url`` is its root.

    ``database`` is the URL of its database.
    """

    def __init__(self, marketplace):
        self._marketplace = marketplace

    def _setUp(self):
        programs = install()
        self._folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('.esi-leap', 'nodes', 'lock'):
            (self._folder / name).mkdir()
        self._marketplace.keystone.accounts |= PEOPLE
        catalog = self._marketplace.catalog
        catalog['baremetal'] = self.useFixture(market_fixtures.Served(_ironic)).url
        (port,) = test_devstack.free_ports(1)
        self.url = f'http://127.0.0.1:{port}'
        self._path = self._folder / 'esi_leap.sqlite'
        self.database = f'sqlite:///{self._path}'
        identity = self._marketplace.identity
        # Where it looks by itself, whatever it was started with.
        (self._folder / '.esi-leap' / 'esi-leap.conf').write_text(
            _CONFIGURATION.format(
                port=port,
                folder=self._folder,
                identity=identity,
                account=_ACCOUNT.format(identity=identity),
            )
        )
        environment = {
            **os.environ,
            'HOME': str(self._folder),
            'TZ': 'UTC',
            # It reads this option before it reads its configuration.
            'OS_DUMMY_NODE__DUMMY_NODE_DIR': str(self._folder / 'nodes'),
        }
        python = programs / 'python'
        _run(python, programs / 'esi-leap-dbsync', 'create_schema', env=environment)
        let_writers_in(self._path)
        log = (self._folder / 'log').open('w')
        self.addCleanup(log.close)
        # Under eventlet it waits now and then for what has long arrived, and answers
        # only when that connection is cut, after minutes.
        command = [python, programs / 'uwsgi', '--http-socket', f'127.0.0.1:{port}']
        command += ['--wsgi-file', programs / 'esi-leap-api-wsgi', '--need-app']
        command += ['--add-header', 'Connection: close', '--buffer-size', '65535']
        command += ['--master', '--no-orphans', '--processes', '2', '--lazy-apps']
        # The list asks Ironic and Keystone in threads.
        command += ['--enable-threads', '--die-on-term']
        process = subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        waiting.until(self._answers)

    def _answers(self):
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(self.url, timeout=60).ok
        return False

    def end_lease(self, uuid, end):
        """Let a lease end then, whatever its API says to that."""
        end = datetime.datetime.fromisoformat(end).isoformat(' ', 'microseconds')
        with contextlib.closing(sqlite3.connect(self._path, timeout=60)) as connection:
            connection.execute(
                'UPDATE leases SET end_time = ? WHERE uuid = ?', (end, uuid)
            )
            connection.commit()

    def add_node(self, uuid, owner):
        """A node of the project ``owner``."""
        node = {
            'project_owner_id': owner,
            'resource_class': 'baremetal',
            'properties': dict(market_fixtures.HARDWARE),
        }
        (self._folder / 'nodes' / uuid).write_text(json.dumps(node))
