# SPDX-License-Identifier: Apache-2.0
"""Bringing the rig up, taking it down, and saying what of it runs."""

import json
import pathlib

from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import install
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import nodes
from tools.lab import processes
from tools.lab import progress
from tools.lab import together
from tools.lab import trouble
from tools.rigging import daemons
from tools.rigging import faults
from tools.rigging import services

REQUIREMENTS = folders.CHECKOUT / 'tools' / 'rigging' / 'requirements.txt'
OPENSTACK = ('keystone', 'ironic')
PORTS = (*OPENSTACK, *services.APIS, 'rabbitmq', 'distribution', 'epmd', 'memcached')

# The port mapper keeps names of a broker that runs on; nothing of ours asks it.
SPARED = ('epmd',)
# All of them at once, perhaps on a machine that has other things to do.
START_TIMEOUT = 240

CACHE = """\
backend = oslo_cache.memcache_pool
memcache_servers = {address}
memcache_dead_retry = 2"""


class Rig:
    """Keystone, Ironic, a broker, a database, a cache, and FLOCX on them.

    :param path: the folder in which all of it lives.
    :param venv: where to install; in the folder, if it is not said.
    :param database: ``mariadb`` or ``postgresql``; None for what it had last.
    :param budgets: whether projects need credits, of which they have enough; False for
        as it was last.
    """

    PORTS = PORTS
    #: What ports processes have that are not called like themselves.
    MORE_PORTS = {'rabbitmq': ('distribution',)}

    def __init__(self, path=None, venv=None, database=None, budgets=False):
        self.folder = folders.Folder(path or folders.CHECKOUT / '.rig')
        kept = self.folder.recall('rig', {})
        self.kind = database or kept.get('database', 'mariadb')
        venv = pathlib.Path(venv or kept.get('venv') or self.folder.venv).absolute()
        self.folder = folders.Folder(self.folder.path, venv)
        self._kept = {
            'database': self.kind,
            'venv': str(venv),
            'budgets': budgets or kept.get('budgets', False),
        }
        if kept.get('database', self.kind) != self.kind:
            raise trouble.Trouble(
                f'{self.folder.path} holds a rig on {kept["database"]}.',
                'Use it as it is, choose another --folder, or remove this one.',
            )
        self.ports = self.folder.recall('ports', dict.fromkeys(self.PORTS, 0))

    @property
    def names(self):
        """Of all processes, in the order in which they start."""
        return (self.kind, 'epmd', 'rabbitmq', 'memcached', *OPENSTACK, *self.flocx)

    @property
    def first_release(self):
        """The folder with the environment whose schema a new market has."""
        return self.folder

    @property
    def flocx(self):
        """The names of the processes of FLOCX."""
        return services.NAMES

    @property
    def database(self):
        return daemons.DATABASES[self.kind](self.folder, self.ports)

    @property
    def broker(self):
        return daemons.RabbitMQ(self.folder, self.ports)

    @property
    def cache(self):
        return daemons.Memcached(self.folder, self.ports)

    def process(self, name):
        """The process of that name, running or not."""
        if name in self.flocx:
            return services.process(self.folder, self.ports, name)
        if name in OPENSTACK:
            made = {'keystone': keystone.process, 'ironic': ironic.process}
            return made[name](self.folder, self.ports)
        return self._daemons()[name].process()

    def _daemons(self):
        mapper = daemons.PortMapper(self.folder, self.ports)
        return {each.NAME: each for each in (self.database, mapper, self.broker)} | {
            'memcached': self.cache
        }

    def up(self):
        """Bring up what does not run yet, from an empty disk if need be.

        :raises Missing: a package of ``bindep.txt`` is not installed.
        """
        self.folder.create()
        self._require()
        # The accounts of the daemons have to come through; nobody else reads.
        self.folder.path.chmod(0o711)
        self.folder.data.chmod(0o711)
        for private in (self.folder.etc, self.folder.logs, self.folder.run):
            private.chmod(0o700)
        self._install()
        self.folder.remember('rig', self._kept)
        self._choose_ports()
        self._configure()
        self._start_daemons()
        self._fill_databases()
        with progress.during('Starting Keystone, Ironic and FLOCX'):
            self.start('keystone')
            self._populate_keystone()
            self.start('ironic', *self.flocx)
        if self._kept['budgets']:
            services.fund(self.folder, self.ports)
        self._populate_ironic()

    @property
    def databases(self):
        """The processes without which connections to the database break."""
        return (self.kind,)

    @property
    def redundant(self):
        """The processes whose work others do while they are away."""
        return ()

    def draw_fault(self, draw):
        """The name of a process, and what befalls it."""
        name = draw.choice([name for name in self.names if name not in SPARED])
        return name, draw.choice(faults.SINGLE)

    def _start_daemons(self):
        with progress.during(f'Starting {self.kind}, RabbitMQ and memcached'):
            together.together(*(each.prepare for each in self._daemons().values()))
            self.start(self.kind, 'epmd', 'memcached')
            self.start('rabbitmq')

    def start(self, *names):
        """Start these, and return once each answers."""
        started = [self.process(name) for name in names]
        for process in started:
            process.start()
        for process in started:
            process.wait(START_TIMEOUT)

    def down(self):
        """Stop exactly what was started here; the names of what was running."""
        running = [name for name in self.names if self.process(name).pid]
        backwards = list(reversed(running))
        ours = [name for name in backwards if name in (*self.flocx, *OPENSTACK)]
        # What keeps the data goes last, so that the others can end in order.
        for group in (ours, [name for name in backwards if name not in ours]):
            if group:
                together.together(*(self.process(name).stop for name in group))
        return running

    def status(self):
        """For each process: its name, pid, whether it answers, port and log."""
        return [self._status(name, self.process(name)) for name in self.names]

    def _status(self, name, process):
        return {
            'name': name,
            'pid': process.pid,
            'answers': bool(process.pid) and process.answers(),
            'port': self.ports.get(name),
            'log': str(process.log),
        }

    def _require(self):
        for each in self._daemons().values():
            each.command()
        # The driver of MariaDB is compiled with these.
        for name, package in (('gcc', 'gcc'), ('mariadb_config', 'libmariadb-dev')):
            daemons.program(name, package)

    def _install(self):
        """The lab's environment, and the rig's few packages more."""
        install.ensure(self.folder)
        install.add(self.folder, 'rig', REQUIREMENTS)

    def _choose_ports(self):
        running = {name for name in self.names if self.process(name).pid}
        for name in tuple(running):
            running.update(self.MORE_PORTS.get(name, ()))
        for name in self.PORTS:
            port = self.ports.get(name)
            if not port or name not in running and not processes.free(port):
                self.ports[name] = processes.any_port(self.ports.values())
        self.folder.remember('ports', self.ports)

    def _configure(self):
        keystone.configure(
            self.folder,
            f'connection = {self.database.url("keystone")}',
            CACHE.format(address=self.cache.address),
        )
        ironic.configure(
            self.folder,
            self.ports,
            f'connection = {self.database.url("ironic")}',
            self.broker.url,
        )
        services.configure(
            self.folder,
            self.ports,
            self.broker.url,
            self.cache.address,
            self.database.url('flocx', self.database.ADVISED),
            self._kept['budgets'],
        )
        accounts.write_clouds(self.folder, self.ports)

    @property
    def _filled(self):
        """Exists once the databases hold all that setting up puts there."""
        return self.folder.data / 'filled'

    def _fill_databases(self):
        if self._filled.exists():
            services.migrate(self.first_release)
            return
        with progress.during('Preparing Keystone, Ironic and the market'):
            for name in ('keystone', 'ironic', 'flocx'):
                self.database.create(name)
            together.together(
                lambda: keystone.prepare(self.folder, self.ports),
                lambda: ironic.prepare(self.folder),
                lambda: services.migrate(self.first_release),
            )

    def _populate_keystone(self):
        if not self._filled.exists():
            accounts.create(self.folder, self.ports)
        accounts.publish(self.folder, self.ports)
        made = accounts.projects(self.folder, self.ports)
        if accounts.QUARANTINE not in made:
            # An earlier release did not make it.
            accounts.create(self.folder, self.ports)
            made = accounts.projects(self.folder, self.ports)
        services.quarantine(self.folder, made[accounts.QUARANTINE])

    def _populate_ironic(self):
        if self._filled.exists():
            return
        with progress.during('Enrolling and inspecting ten servers'):
            nodes.enrol(self.folder, self.ports)
        self._filled.write_text('')


def shown(rows):
    """The status of a rig as a table."""
    lines = [f'{"process":<14}{"pid":>8}  {"state":<10}{"port":>6}']
    for row in rows:
        state = 'up' if row['answers'] else 'mute' if row['pid'] else 'down'
        pid, port = row['pid'] or '', row['port'] or ''
        lines.append(f'{row["name"]:<14}{pid:>8}  {state:<10}{port:>6}')
    return '\n'.join(lines)


def as_json(rows):
    return json.dumps(rows, indent=2)
