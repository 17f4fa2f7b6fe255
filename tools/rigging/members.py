# SPDX-License-Identifier: Apache-2.0
"""The daemons of a cluster, each on the loopback address of its host."""

import socket
import subprocess

from tools.lab import folder as folders
from tools.rigging import daemons

#: Starts a node of Galera where it was when it ended, be it by a crash, as the unit of
#: Debian does; else it would copy everything from another one.
GALERA = (
    'position=$("$@" --wsrep-recover 2>&1 |'
    ' sed -n "s/.*Recovered position: *//p" | tail -n 1);'
    ' exec "$@" ${position:+"--wsrep-start-position=$position"} $FOUND'
)
#: What of a node's variables says that it can be asked.
WELL = {
    'wsrep_ready': 'ON',
    'wsrep_local_state': '4',
    'wsrep_cluster_status': 'Primary',
}
#: What the arguments of a broker are called.
ADDED = 'SERVER_ADDITIONAL_ERL_ARGS'
#: For daemons that share few processors with many others.
ERLANG = (
    '-kernel inet_dist_use_interface {{{address}}}'
    ' -kernel inet_dist_connect_options [{{ip,{{{address}}}}}]'
    ' +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none'
)


class Member(daemons.Daemon):
    """A daemon of one host; ``page`` has the files that it is set up with."""

    #: {file on the page: its name here}
    FILES = {}
    #: The MB of its disk, where it has one of its own.
    ROOM = None

    def __init__(self, folder, ports, page, host, address, disks=False):
        # Its name has the number of its host.
        self._page, self.host, self.address = page, host, address
        super().__init__(folder, ports)
        self.disk = folder.data / f'{self.NAME}.disk' if disks and self.ROOM else None
        if self.disk:
            self.home = self.disk / self.NAME

    def prepare(self):
        if self.disk and not self.disk.is_mount():
            self.disk.mkdir(exist_ok=True)
            options = f'size={self.ROOM}m,mode=711'
            mount = ['mount', '-t', 'tmpfs', '-o', options, 'flocx-rig', self.disk]
            subprocess.run(mount, check=True)
        super().prepare()
        for path, name in self.FILES.items():
            self._write(name, self._page.file(path, self.host))
        self.configure()

    def configure(self):
        """Write what a package would have set up, and this machine needs."""

    def _write(self, name, text, mode=0o600):
        path = self.home / name
        # Read-only for its account too, which would not let it be written anew.
        path.unlink(missing_ok=True)
        folders.write_private(path, text)
        path.chmod(mode)
        self._own(path)

    def _connects(self, port, ask, answer):
        """Whether what listens there answers ``ask`` with what begins with that."""
        try:
            with socket.create_connection((self.address, port), 2) as connection:
                connection.settimeout(2)
                connection.sendall(ask)
                return connection.recv(len(answer)) == answer
        except OSError:
            return False


class Galera(Member):
    """A node of the database cluster."""

    ACCOUNT, ROOM = 'mysql', 450
    FILES = {'/etc/mysql/mariadb.conf.d/60-galera.cnf': 'galera.cnf'}

    @property
    def NAME(self):
        return f'galera-{self.host % 10}'

    def fill(self):
        (self.home / 'temporary').mkdir()
        self._own(self.home / 'temporary')
        self._call(
            daemons.program('mariadb-install-db', 'mariadb-server'),
            '--no-defaults',
            f'--datadir={self.home}/data',
            f'--tmpdir={self.home}/temporary',
            '--auth-root-authentication-method=normal',
            '--skip-test-db',
        )

    def configure(self):
        own = f"""
[mariadbd]
datadir = {self.home}/data
tmpdir = {self.home}/temporary
socket = {self.home}/socket
pid_file = {self.home}/pid
innodb_flush_method = nosync
innodb_doublewrite = 0
innodb_log_file_size = 32M
sync_frm = 0
"""
        text = (self.home / 'galera.cnf').read_text()
        self._write('galera.cnf', text + own)

    def command(self):
        daemons.program('rsync', 'rsync')
        daemons.program('libgalera_smm.so', 'galera-4', '/usr/lib/galera')
        return [
            '/bin/sh',
            '-c',
            GALERA,
            self.NAME,
            daemons.program('mariadbd', 'mariadb-server'),
            f'--defaults-file={self.home}/galera.cnf',
        ]

    def founding(self):
        """The process that founds the cluster, or founds it anew."""
        process = self.process()
        process.environment['FOUND'] = '--wsrep-new-cluster'
        return process

    def may_found(self):
        """Whether it was the last to end, and misses nothing; None if it is new."""
        try:
            text = (self.home / 'data' / 'grastate.dat').read_text()
        except FileNotFoundError:
            return None
        return 'safe_to_bootstrap: 1' in text

    def ask(self, statement):
        """What the client prints; None if the node does not answer, or refuses."""
        client = daemons.program('mariadb', 'mariadb-client')
        command = [client, '--no-defaults', '-uroot', f'--socket={self.home}/socket']
        try:
            done = subprocess.run(
                [*command, '--connect-timeout=2', '-BNe', statement],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=8,
                env=self.folder.environment(),
            )
        except subprocess.TimeoutExpired:
            return None
        return None if done.returncode else done.stdout

    def ready(self):
        return self.state().items() >= WELL.items()

    def serves(self):
        """Whether it lets somebody read."""
        return self.ask('SELECT COUNT(*) FROM flocx.offers') is not None

    def state(self):
        """What it says of itself and its cluster."""
        found = self.ask("SHOW GLOBAL STATUS LIKE 'wsrep%'") or ''
        return dict(line.split('\t', 1) for line in found.splitlines() if '\t' in line)


class PortMapper(daemons.PortMapper):
    """That of all hosts, each of which has one of its own at a site."""

    def __init__(self, folder, ports, addresses):
        super().__init__(folder, ports)
        self._addresses = ','.join(addresses)

    def command(self):
        mapper = daemons.program('epmd', 'erlang-base')
        return [mapper, '-address', self._addresses, '-port', self.ports['epmd']]

    def ready(self):
        mapper = daemons.program('epmd', 'erlang-base')
        return self._succeeds(mapper, '-port', str(self.ports['epmd']), '-names')


class RabbitMQ(Member):
    """A node of the broker."""

    ACCOUNT, ROOM = 'rabbitmq', 200
    FILES = {
        '/etc/rabbitmq/rabbitmq.conf': 'rabbitmq.conf',
        '/etc/rabbitmq/rabbitmq-env.conf': 'rabbitmq-env.conf',
    }

    @property
    def NAME(self):
        return f'rabbitmq-{self.host % 10}'

    def fill(self):
        (self.home / 'plugins').write_text('[].')
        (self.home / 'plugins').chmod(0o644)

    def configure(self):
        self._write('.erlang.cookie', self.folder.password, 0o400)
        address = self.address.replace('.', ',')
        more = ERLANG.format(address=address)
        text = (self.home / 'rabbitmq-env.conf').read_text()
        self._write(
            'rabbitmq-env.conf',
            f'{text}\n{ADDED}="${ADDED} {more}"\n',
        )

    def environment(self):
        home = self.home
        return {
            'ERL_EPMD_PORT': str(self.ports['epmd']),
            'RABBITMQ_CONF_ENV_FILE': f'{home}/rabbitmq-env.conf',
            'RABBITMQ_CONFIG_FILE': f'{home}/rabbitmq',
            # A broker wants its port to be free on all addresses.
            'RABBITMQ_DIST_PORT': str(self.ports[f'distribution-{self.host % 10}']),
            'RABBITMQ_MNESIA_BASE': f'{home}/mnesia',
            'RABBITMQ_LOG_BASE': f'{home}/logs',
            'RABBITMQ_LOGS': '-',
            'RABBITMQ_PID_FILE': f'{home}/pid',
            'RABBITMQ_ENABLED_PLUGINS_FILE': f'{home}/plugins',
            'TMPDIR': str(home),
        }

    def command(self):
        return [
            daemons.program(
                'rabbitmq-server', 'rabbitmq-server', '/usr/lib/rabbitmq/bin'
            )
        ]

    def ready(self):
        # A method frame: it talks AMQP and not only accepts.
        return self._connects(5672, b'AMQP\0\0\x09\x01', b'\x01')

    serves = ready


class Memcached(Member):
    ACCOUNT = 'memcache'

    @property
    def NAME(self):
        return f'memcached-{self.host % 10}'

    def command(self):
        memcached = daemons.program('memcached', 'memcached')
        return [memcached, '-l', self.address, '-p', '11211', '-U', '0', '-m', '64']

    def ready(self):
        return self._connects(11211, b'version\r\n', b'VERSION')
