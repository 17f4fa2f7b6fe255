# SPDX-License-Identifier: Apache-2.0
"""Private MariaDB, PostgreSQL and RabbitMQ, each in a temporary folder.

They listen on sockets in that folder, or on a free port of the loopback, and end
with the fixture. Where a package is missing (bindep.txt names them) the test is
skipped and says which.
"""

import abc
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest

import fixtures
import sqlalchemy as sa


def program(name, package, *places):
    """The path of a program, or the test is skipped."""
    for pattern in (*places, '/usr/sbin', '/usr/bin'):
        for folder in sorted(glob.glob(pattern), reverse=True):
            if (found := pathlib.Path(folder) / name).exists():
                return str(found)
    raise unittest.SkipTest(f'{name} is missing: install {package}')


class Daemon(fixtures.Fixture, abc.ABC):
    """A process of an account of its own, if we are root, else of ours.

    ``ready`` is asked until it raises nothing.
    """

    ACCOUNT = ''
    STOP = signal.SIGTERM
    SECONDS = 60

    def _setUp(self):
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.command()
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.ACCOUNT)
        self.prepare()
        with open(self.folder / 'log', 'w') as log:
            process = subprocess.Popen(
                self.as_account(self.command()),
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment()},
            )
        self.addCleanup(self._stop, process)
        self._wait(process)

    def as_account(self, command):
        if os.geteuid() != 0:
            return command
        return [
            'setpriv',
            f'--reuid={self.ACCOUNT}',
            f'--regid={self.ACCOUNT}',
            '--init-groups',
            *command,
        ]

    def call(self, *command):
        """Run a program to its end; what it said is in the error if it fails."""
        done = subprocess.run(
            self.as_account(list(command)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f'{command[0]}: {done.stdout[-2000:]}')

    @abc.abstractmethod
    def command(self):
        """The daemon's command; skips the test where there is no such program."""

    def environment(self):
        return {}

    def prepare(self):
        """Make what the daemon needs in its folder."""

    def _wait(self, process):
        until = time.monotonic() + self.SECONDS
        while True:
            try:
                return self.ready()
            except Exception:
                if process.poll() is not None or time.monotonic() > until:
                    log = (self.folder / 'log').read_text()[-2000:]
                    raise RuntimeError(f'{type(self).__name__}: {log}') from None
                time.sleep(0.1)

    def _stop(self, process):
        process.send_signal(self.STOP)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Database(Daemon):
    """A database server; ``create`` makes an empty database."""

    @abc.abstractmethod
    def url(self, name=''):
        """The URL of a database for SQLAlchemy; without a name, of the server."""

    def ready(self):
        engine = sa.create_engine(self.url())
        try:
            engine.connect().close()
        finally:
            engine.dispose()

    def create(self, name):
        """The URL of a new database."""
        engine = sa.create_engine(self.url(), isolation_level='AUTOCOMMIT')
        with engine.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE {name}'))
        engine.dispose()
        return self.url(name)


class MariaDB(Database):
    ACCOUNT = DIALECT = 'mysql'

    def url(self, name=''):
        return (
            f'mysql+pymysql://root@localhost/{name}'
            f'?unix_socket={self.folder}/socket&charset=utf8mb4'
        )

    def prepare(self):
        # A server that starts removes the temporary tables of all others that share
        # its folder for them, so each has one of its own.
        (self.folder / 'temporary').mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.folder / 'temporary', self.ACCOUNT)
        self.call(
            program('mariadb-install-db', 'mariadb-server'),
            '--no-defaults',
            f'--datadir={self.folder}/data',
            f'--tmpdir={self.folder}/temporary',
            '--auth-root-authentication-method=normal',
            '--skip-test-db',
        )

    def command(self):
        return [
            program('mariadbd', 'mariadb-server'),
            '--no-defaults',
            f'--datadir={self.folder}/data',
            f'--tmpdir={self.folder}/temporary',
            f'--socket={self.folder}/socket',
            f'--pid-file={self.folder}/pid',
            '--skip-networking',
            '--innodb-flush-log-at-trx-commit=0',
        ]


class PostgreSQL(Database):
    ACCOUNT, DIALECT = 'postgres', 'postgresql'
    STOP = signal.SIGINT
    PLACE = '/usr/lib/postgresql/*/bin'

    def url(self, name='postgres'):
        return f'postgresql+psycopg2://postgres@/{name}?host={self.folder}'

    def prepare(self):
        self.call(
            program('initdb', 'postgresql', self.PLACE),
            '-D',
            f'{self.folder}/data',
            '-U',
            'postgres',
            '--auth=trust',
            '-E',
            'UTF8',
            '--no-sync',
        )

    def command(self):
        return [
            program('postgres', 'postgresql', self.PLACE),
            '-D',
            f'{self.folder}/data',
            '-c',
            'listen_addresses=',
            '-c',
            f'unix_socket_directories={self.folder}',
            '-c',
            'fsync=off',
        ]


class RabbitMQ(Daemon):
    """A broker; ``url`` is what oslo.messaging calls it."""

    ACCOUNT = 'rabbitmq'
    SECONDS = 120

    def prepare(self):
        self.port, self.distribution, self.mapper = (_free_port() for _ in range(3))
        self.url = f'rabbit://guest:guest@127.0.0.1:{self.port}/'
        (self.folder / 'plugins').write_text('[].')
        # The port mapper that the broker starts outlives it.
        self.addCleanup(
            subprocess.run,
            [program('epmd', 'erlang-base'), '-port', str(self.mapper), '-kill'],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def environment(self):
        return {
            'HOME': str(self.folder),
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_EPMD_PORT': str(self.mapper),
            'RABBITMQ_NODENAME': f'test{self.port}@localhost',
            'RABBITMQ_NODE_IP_ADDRESS': '127.0.0.1',
            'RABBITMQ_NODE_PORT': str(self.port),
            'RABBITMQ_DIST_PORT': str(self.distribution),
            'RABBITMQ_MNESIA_BASE': f'{self.folder}/mnesia',
            'RABBITMQ_LOG_BASE': f'{self.folder}/logs',
            'RABBITMQ_LOGS': '-',
            'RABBITMQ_PID_FILE': f'{self.folder}/pid',
            'RABBITMQ_ENABLED_PLUGINS_FILE': f'{self.folder}/plugins',
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
            'LC_ALL': 'C.UTF-8',
        }

    def command(self):
        return [program('rabbitmq-server', 'rabbitmq-server', '/usr/lib/rabbitmq/bin')]

    def ready(self):
        with socket.create_connection(('127.0.0.1', self.port), 2) as connection:
            connection.sendall(b'AMQP\0\0\x09\x01')
            # A method frame: it talks AMQP and not only accepts.
            if connection.recv(1) != b'\x01':
                raise ConnectionError


def _free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]
