# SPDX-License-Identifier: Apache-2.0
"""HAProxy, and the database behind it."""

import contextlib
import re
import socket
import time

from tools.lab import processes
from tools.lab import trouble
from tools.rigging import daemons
from tools.rigging import members


class Balancer(members.Member):
    """HAProxy, of which one at a time has the shared address."""

    NAME = ACCOUNT = 'haproxy'
    FILES = {
        '/etc/haproxy/haproxy.cfg': 'haproxy.cfg',
        '/etc/haproxy/check.cnf': 'check.cnf',
        '/etc/haproxy/galera-ready': 'galera-ready',
    }

    def configure(self):
        (self.home / 'galera-ready').chmod(0o700)

    @property
    def socket(self):
        return self.home / 'admin.sock'

    def command(self):
        haproxy = daemons.program('haproxy', 'haproxy')
        return [haproxy, '-db', '-f', f'{self.home}/haproxy.cfg']

    def ready(self):
        return bool(self.ask('show info'))

    def ask(self, command):
        """What it answers; nothing if it does not."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self.socket))
                connection.sendall(command.encode() + b'\n')
                parts = iter(lambda: connection.recv(65536), b'')
                return b''.join(parts).decode()
        except OSError:
            return ''

    @contextlib.contextmanager
    def drained(self, section, server, seconds=60):
        """While the block lasts, a server gets no requests; first it ends those it has.

        :param section: None for a process that the balancer does not know.
        """
        if section is None:
            yield
            return
        self.ask(f'set server {section}/{server} state drain')
        # What was in the queue of those who ask for much is theirs to end, too.
        both = [(section, server), (f'{section}-busy', server)]
        self._wait(lambda row: row['scur'] == '0', both, seconds)
        yield
        self.ask(f'set server {section}/{server} state ready')
        self._wait(lambda row: row['status'] == 'UP', both[:1], seconds)

    def _wait(self, holds, wanted, seconds):
        until = time.monotonic() + seconds
        while not all(holds(self.servers()[each]) for each in wanted):
            if time.monotonic() > until:
                raise trouble.Trouble(f'HAProxy does not let go of {wanted}.')
            time.sleep(0.2)

    def servers(self):
        """{(section, server): its row} of what it passes requests on to."""
        head, *rows = self.ask('show stat').removeprefix('# ').splitlines() or ['']
        rows = [
            dict(zip(head.split(','), row.split(','), strict=False)) for row in rows
        ]
        return {
            (row['pxname'], row['svname']): row
            for row in rows
            if re.match('controller', row.get('svname', ''))
        }


class Database:
    """The database of the cluster, by the balancer."""

    DIALECT, DRIVER, ADVISED = 'mysql', 'pymysql', 'mysqldb'

    def __init__(self, nodes, password, port):
        self._nodes, self._password, self._port = nodes, password, port

    def url(self, name='', driver=None):
        return (
            f'mysql+{driver or self.DRIVER}://flocx:{self._password}'
            f'@127.0.0.1:{self._port}/{name}?charset=utf8mb4'
        )

    def execute(self, statement):
        """Run a statement as the administrator, on the first node."""
        node = self._nodes[0]
        client = daemons.program('mariadb', 'mariadb-client')
        command = [client, '--no-defaults', '-uroot', f'--socket={node.home}/socket']
        processes.run(node.folder, 'sql', [*command, '-e', statement])

    def create(self, name, driver=None):
        """The URL of a new database."""
        self.execute(f'CREATE DATABASE {name}')
        return self.url(name, driver)
