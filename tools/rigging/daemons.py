# SPDX-License-Identifier: Apache-2.0
"""Private MariaDB, PostgreSQL, RabbitMQ and memcached, each in a folder of its own.

Databases listen on a socket in that folder, the others on a free port of the
loopback. ``bindep.txt`` names the packages. Root starts each under the account that
its package has made, everybody else under their own.
"""

import abc
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from tools.lab import processes
from tools.lab import trouble


class Missing(trouble.Trouble):
    """A program that is not installed."""

    def __init__(self, program, package):
        super().__init__(f'{program} is missing.', f'Install {package}.')


def program(name, package, *places):
    """The path of a program.

    :raises Missing: there is none.
    """
    for pattern in (*places, '/usr/sbin', '/usr/bin'):
        for folder in sorted(glob.glob(pattern), reverse=True):
            if (found := pathlib.Path(folder) / name).exists():
                return str(found)
    raise Missing(name, package)


class Daemon(abc.ABC):
    """A daemon whose data is in ``home``; ``process`` starts and stops it."""

    NAME = ACCOUNT = ''
    #: What its ports are called in the rig's ``ports``.
    PORTS = ()
    STOP = signal.SIGTERM

    def __init__(self, folder, ports):
        self.folder, self.ports = folder, ports
        self.home = folder.data / self.NAME

    def prepare(self):
        """Make what it needs before it starts for the first time.

        :raises Missing: it is not installed.
        :raises Trouble: its account may not reach the folder.
        """
        self.command()
        if self.home.exists():
            return
        self.home.mkdir(mode=0o700)
        self._own(self.home)
        if subprocess.run([*self._account(), 'test', '-w', self.home]).returncode:
            raise trouble.Trouble(
                f'The account {self.ACCOUNT} may not reach {self.home}.',
                'Choose a folder below one that all may enter, such as /var/tmp.',
            )
        try:
            self.fill()
        except BaseException:
            # Half of it would be taken for the whole the next time.
            shutil.rmtree(self.home, ignore_errors=True)
            raise

    def process(self):
        process = processes.Process(
            self.folder,
            self.NAME,
            [*self._account(), *self.command()],
            [self.ready],
            self.folder.environment(HOME=str(self.home), **self.environment()),
        )
        process.signal = self.STOP
        return process

    @abc.abstractmethod
    def command(self):
        """What it is started with.

        :raises Missing: it is not installed.
        """

    @abc.abstractmethod
    def ready(self):
        """Whether it answers."""

    def environment(self):
        return {}

    def fill(self):
        """Make what the daemon needs in its home, which is its account's alone."""
        self.home.chmod(0o700)

    def _account(self):
        if os.geteuid() != 0 or not self.ACCOUNT:
            return []
        account = [f'--reuid={self.ACCOUNT}', f'--regid={self.ACCOUNT}']
        return ['setpriv', *account, '--init-groups']

    def _own(self, path):
        if os.geteuid() == 0 and self.ACCOUNT:
            shutil.chown(path, self.ACCOUNT)

    def _call(self, *command):
        """Run a program under the daemon's account to its end."""
        processes.run(
            self.folder,
            self.NAME,
            [*self._account(), *command],
            HOME=str(self.home),
            TMPDIR=str(self.home),
        )

    def _succeeds(self, *command):
        """Whether a program that asks the daemon is content with the answer."""
        return not subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.folder.environment(),
        ).returncode


class Database(Daemon):
    """A database server; ``create`` makes an empty database."""

    #: ``DRIVER`` needs nothing but a wheel; ``ADVISED`` is what sites should have.
    DIALECT = DRIVER = ADVISED = ''

    @abc.abstractmethod
    def url(self, name='', driver=None):
        """The URL of a database for SQLAlchemy; without a name, of the server."""

    @abc.abstractmethod
    def execute(self, statement):
        """Run a statement as the administrator."""

    def create(self, name, driver=None):
        """The URL of a new database."""
        self.execute(f'CREATE DATABASE {name}')
        return self.url(name, driver)


class MariaDB(Database):
    NAME, DIALECT = 'mariadb', 'mysql'
    DRIVER, ADVISED = 'pymysql', 'mysqldb'
    ACCOUNT = 'mysql'

    @property
    def _socket(self):
        return f'{self.home}/socket'

    def url(self, name='', driver=None):
        return (
            f'mysql+{driver or self.DRIVER}://root@localhost/{name}'
            f'?unix_socket={self._socket}&charset=utf8mb4'
        )

    def fill(self):
        # A server that starts removes the temporary tables of all others that share
        # its folder for them, so each has one of its own.
        (self.home / 'temporary').mkdir()
        self._own(self.home / 'temporary')
        self._call(
            program('mariadb-install-db', 'mariadb-server'),
            '--no-defaults',
            f'--datadir={self.home}/data',
            f'--tmpdir={self.home}/temporary',
            '--auth-root-authentication-method=normal',
            '--skip-test-db',
        )

    def command(self):
        return [
            program('mariadbd', 'mariadb-server'),
            '--no-defaults',
            f'--datadir={self.home}/data',
            f'--tmpdir={self.home}/temporary',
            f'--socket={self._socket}',
            f'--pid-file={self.home}/pid',
            '--skip-networking',
            '--max-connections=500',
            '--character-set-server=utf8mb4',
            # What is committed survives the process, if not the machine.
            '--innodb-flush-log-at-trx-commit=2',
            '--innodb-flush-method=nosync',
            '--innodb-doublewrite=0',
            '--sync-frm=0',
        ]

    def _client(self):
        client = program('mariadb', 'mariadb-client')
        return [client, '--no-defaults', '-uroot', f'--socket={self._socket}']

    def ready(self):
        return self._succeeds(*self._client(), '-e', 'SELECT 1')

    def execute(self, statement):
        processes.run(self.folder, 'sql', [*self._client(), '-e', statement])


class PostgreSQL(Database):
    NAME = DIALECT = 'postgresql'
    DRIVER = ADVISED = 'psycopg2'
    ACCOUNT = 'postgres'
    STOP = signal.SIGINT
    PLACE = '/usr/lib/postgresql/*/bin'

    def url(self, name='postgres', driver=None):
        return f'postgresql+{driver or self.DRIVER}://postgres@/{name}?host={self.home}'

    def fill(self):
        self._call(
            program('initdb', 'postgresql', self.PLACE),
            '-D',
            f'{self.home}/data',
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
            f'{self.home}/data',
            '-c',
            'listen_addresses=',
            '-c',
            f'unix_socket_directories={self.home}',
            '-c',
            'max_connections=300',
            # What is committed survives the process, if not the machine.
            '-c',
            'fsync=off',
        ]

    def ready(self):
        asked = ('-q', '-h', self.home, '-U', 'postgres')
        return self._succeeds(
            program('pg_isready', 'postgresql-client', self.PLACE), *asked
        )

    def execute(self, statement):
        psql = program('psql', 'postgresql-client', self.PLACE)
        command = [psql, '-q', '-h', self.home, '-U', 'postgres', '-c', statement]
        processes.run(self.folder, 'sql', command)


class PortMapper(Daemon):
    """epmd, which a broker needs, and would start as a daemon that outlives it."""

    NAME, PORTS = 'epmd', ('epmd',)
    ACCOUNT = 'rabbitmq'

    def command(self):
        mapper = program('epmd', 'erlang-base')
        return [mapper, '-address', '127.0.0.1', '-port', self.ports['epmd']]

    def ready(self):
        return self._succeeds(*map(str, self.command()), '-names')


class RabbitMQ(Daemon):
    """A broker; ``url`` is what oslo.messaging calls it."""

    NAME, PORTS = 'rabbitmq', ('rabbitmq', 'distribution', 'epmd')
    ACCOUNT = 'rabbitmq'

    @property
    def url(self):
        return f'rabbit://guest:guest@127.0.0.1:{self.ports["rabbitmq"]}/'

    def fill(self):
        (self.home / 'plugins').write_text('[].')

    def environment(self):
        port, home = self.ports['rabbitmq'], self.home
        return {
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_EPMD_PORT': str(self.ports['epmd']),
            'RABBITMQ_NODENAME': f'flocx{port}@localhost',
            'RABBITMQ_NODE_IP_ADDRESS': '127.0.0.1',
            'RABBITMQ_NODE_PORT': str(port),
            'RABBITMQ_DIST_PORT': str(self.ports['distribution']),
            'RABBITMQ_MNESIA_BASE': f'{home}/mnesia',
            'RABBITMQ_LOG_BASE': f'{home}/logs',
            'RABBITMQ_LOGS': '-',
            'RABBITMQ_PID_FILE': f'{home}/pid',
            'RABBITMQ_ENABLED_PLUGINS_FILE': f'{home}/plugins',
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
            'TMPDIR': str(home),
        }

    def command(self):
        return [program('rabbitmq-server', 'rabbitmq-server', '/usr/lib/rabbitmq/bin')]

    def ready(self):
        try:
            with socket.create_connection(
                ('127.0.0.1', self.ports['rabbitmq']), 2
            ) as connection:
                connection.sendall(b'AMQP\0\0\x09\x01')
                # A method frame: it talks AMQP and not only accepts.
                return connection.recv(1) == b'\x01'
        except OSError:
            return False


class Memcached(Daemon):
    NAME, PORTS = 'memcached', ('memcached',)
    ACCOUNT = 'memcache'

    @property
    def address(self):
        return f'127.0.0.1:{self.ports["memcached"]}'

    def command(self):
        port = self.ports['memcached']
        memcached = program('memcached', 'memcached')
        return [memcached, '-l', '127.0.0.1', '-p', port, '-U', 0, '-m', 64]

    def ready(self):
        try:
            with socket.create_connection(
                ('127.0.0.1', self.ports['memcached']), 2
            ) as connection:
                connection.sendall(b'version\r\n')
                return connection.recv(7) == b'VERSION'
        except OSError:
            return False


DATABASES = {each.NAME: each for each in (MariaDB, PostgreSQL)}
