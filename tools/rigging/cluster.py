# SPDX-License-Identifier: Apache-2.0
"""The rig as three controllers have it, set up with the files of the page about it.

Each controller has an address of its own on the loopback, so that all ports are those
of the page, and what one sends to another can be told from all else.
"""

import os
import secrets
import subprocess
import time

from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import progress
from tools.lab import together
from tools.rigging import balancer
from tools.rigging import faults
from tools.rigging import members
from tools.rigging import page as pages
from tools.rigging import rig as rigs
from tools.rigging import services

CLUSTER = '/etc/flocx/cluster.conf'
DATABASE = '/etc/flocx/database.conf'
COORDINATION = '/etc/flocx/coordination.conf'
#: Which of them each service has, after what a rig of one host has.
CONFIGURED = {
    'market': (CLUSTER, DATABASE),
    'matcher': (CLUSTER, DATABASE, COORDINATION),
    'provider': (CLUSTER, COORDINATION),
}
#: How many of each kind there are, one on each controller.
NUMBERS = {name: 2 for name in services.APIS} | {
    'worker': 2,
    'engine': 3,
    'fulfiller': 3,
}
WSGI_PORTS = {'market': 7780, 'provider': 7781, 'matcher': 7782}
NAMES = tuple(
    f'{kind}-{number}'
    for kind, most in NUMBERS.items()
    for number in range(1, most + 1)
)
#: As many as may run during the first start, when each compiles or copies something.
FOUND_TIMEOUT = 120


class Cluster(rigs.Rig):
    """A rig whose daemons are three, and whose processes of FLOCX two or three."""

    MORE_PORTS = {
        'haproxy': (*services.APIS, 'database', 'coordination'),
        **{
            f'rabbitmq-{host % 10}': (f'distribution-{host % 10}',)
            for host in pages.HOSTS
        },
    }
    PORTS = (*rigs.OPENSTACK, 'epmd', *sum(MORE_PORTS.values(), ()))

    def __init__(self, path=None, venv=None, budgets=False, disks=False):
        """:param disks: whether nodes have disks of their own; False for as last."""
        super().__init__(path, venv, 'galera', budgets)
        self._kept['disks'] = disks or self.folder.recall('rig', {}).get('disks', False)
        self._network = self.folder.recall('network')
        # The faults that are still to come, in a run of chaos.
        self._deck = []
        # What runs with another release than the others, and that.
        self._before, self._behind, self._without = None, set(), ()

    @property
    def network(self):
        """What the addresses of its hosts begin with, drawn once."""
        if not self._network:
            first, second = (1 + secrets.randbelow(254) for _ in range(2))
            self._network = f'127.{first}.{second}.'
            self.folder.remember('network', self._network)
        return self._network

    @property
    def _page(self):
        shared = {
            3306: ('127.0.0.1', self.ports['database']),
            11211: ('127.0.0.1', self.ports['coordination']),
        }
        for name, port in WSGI_PORTS.items():
            shared[port] = ('127.0.0.1', self.ports[name])
        words = {
            # The account that a new broker has may only be used on the loopback.
            'rabbit://flocx:SECRET@': 'rabbit://guest:guest@',
            ',flocx:SECRET@': ',guest:guest@',
            'SECRET': self.folder.password,
            'CHECK': self.folder.password,
            '/etc/haproxy': str(self.folder.data / 'haproxy'),
            '/run/haproxy': str(self.folder.data / 'haproxy'),
        }
        return pages.Page(self.network, shared, words)

    def _members(self, kind, hosts=pages.HOSTS):
        made, disks = self._page, self._kept['disks']
        return [
            kind(self.folder, self.ports, made, host, f'{self.network}{host}', disks)
            for host in hosts
        ]

    @property
    def nodes(self):
        """Of the database."""
        return self._members(members.Galera)

    @property
    def brokers(self):
        return self._members(members.RabbitMQ)

    @property
    def caches(self):
        return self._members(members.Memcached, pages.HOSTS[:2])

    @property
    def balancer(self):
        (made,) = self._members(balancer.Balancer, [None])
        return made

    @property
    def database(self):
        return balancer.Database(
            self.nodes, self.folder.password, self.ports['database']
        )

    def _daemons(self):
        addresses = [f'{self.network}{host}' for host in pages.HOSTS]
        mapper = members.PortMapper(self.folder, self.ports, addresses)
        every = [*self.nodes, mapper, *self.brokers, *self.caches, self.balancer]
        return {each.NAME: each for each in every}

    @property
    def flocx(self):
        missing = {
            name for name in self._behind if name.rpartition('-')[0] in self._without
        }
        return tuple(name for name in NAMES if name not in missing)

    @property
    def names(self):
        return (*self._daemons(), *rigs.OPENSTACK, *self.flocx)

    def begin_with(self, before, without=()):
        """Let all processes be of an earlier release, see :meth:`forward`.

        :param before: the folder of this rig with the environment of that release.
        :param without: kinds of processes that it does not have.
        """
        self._before, self._without = before, without
        self._behind = set(NAMES)

    def forward(self, name):
        """Replace a process by that of this release."""
        self.process(name).stop()
        self._behind.discard(name)
        self.start(name)

    def back(self, name):
        """Replace it by that of the earlier one."""
        self.process(name).stop()
        self._behind.add(name)
        if name in self.flocx:
            self.start(name)

    @property
    def first_release(self):
        return self._before if self._behind else self.folder

    def process(self, name):
        kind, _, number = name.rpartition('-')
        folder = self._before if name in self._behind else self.folder
        if kind in services.APIS:
            address = f'{self.network}{10 + int(number)}:{WSGI_PORTS[kind]}'
            # There are two of them already.
            return services.api(folder, name, kind, address, 1)
        if kind in services.WORKERS:
            return services.worker(folder, name, kind)
        return super().process(name)

    @property
    def databases(self):
        return ('haproxy', *(node.NAME for node in self.nodes))

    @property
    def redundant(self):
        alone = ('haproxy', 'epmd', *rigs.OPENSTACK)
        return tuple(name for name in self.names if name not in alone)

    def draw_fault(self, draw):
        """Each kind of fault once, that of nodes first, before one comes again."""
        if not self._deck:
            self._deck = self._faults(draw)
        kind, which = self._deck.pop(0)
        names = [name for name in self.names if of_kind(name) == kind]
        return draw.choice(names), which

    def _faults(self, draw):
        """All kinds of faults: {kind of process, what befalls it}."""
        of_nodes = faults.NODE
        if os.geteuid() == 0:
            of_nodes += faults.ROOT_NODE if self._kept['disks'] else (faults.Isolate,)
        nodes = [(kind, each) for kind in ('galera', 'rabbitmq') for each in of_nodes]
        alone = ('haproxy', 'memcached', *rigs.OPENSTACK)
        others = [(kind, each) for kind in NUMBERS for each in faults.SEVERAL]
        for kind in alone:
            others += [(kind, faults.Kill), (kind, faults.Fault)]
        return draw.sample(nodes, len(nodes)) + draw.sample(others, len(others))

    def address(self, name):
        """That of the host on which a daemon runs."""
        return self._daemons()[name].address

    def disk(self, name):
        """Where the disk of a daemon is mounted."""
        return self._daemons()[name].disk

    def refuses(self, name, seconds=40):
        """Whether a node that sees no other stops serving within so many seconds."""
        node = self._daemons()[name]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not node.serves():
                return True
            time.sleep(0.5)
        return False

    def release(self):
        """Unmount the disks; what is on them is gone."""
        for each in self._daemons().values():
            disk = getattr(each, 'disk', None)
            if disk and disk.is_mount():
                subprocess.run(['umount', disk], check=True)

    def _start_daemons(self):
        with progress.during('Starting Galera, RabbitMQ, HAProxy and memcached'):
            together.together(*(each.prepare for each in self._daemons().values()))
            together.together(
                self._start_galera,
                self._start_brokers,
                lambda: self.start('haproxy', *(each.NAME for each in self.caches)),
            )

    def _start_galera(self):
        nodes = self.nodes
        if not any(node.process().pid for node in nodes):
            may = [node.may_found() for node in nodes]
            founders = [node for node, may_it in zip(nodes, may, strict=True) if may_it]
            # Where none was the last, all have crashed, and find each other.
            for node in founders[:1] or (nodes[:1] if set(may) == {None} else []):
                process = node.founding()
                process.start()
                process.wait(FOUND_TIMEOUT)
        if not self._filled.exists():
            # One after the other: each copies what the first has.
            for node in nodes:
                self.start(node.NAME)
            self._create_accounts()
        self.start(*(node.NAME for node in nodes))

    def _create_accounts(self):
        password = self.folder.password
        for statement in (
            f"CREATE USER IF NOT EXISTS 'flocx'@'127.%' IDENTIFIED BY '{password}'",
            "GRANT ALL ON *.* TO 'flocx'@'127.%'",
            f"CREATE USER IF NOT EXISTS 'check'@'127.%' IDENTIFIED BY '{password}'",
        ):
            self.database.execute(statement)

    def _start_brokers(self):
        self.start('epmd')
        first, *others = [each.NAME for each in self.brokers]
        if not self._filled.exists():
            self.start(first)
        self.start(first, *others)

    def _configure(self):
        text = self._page.file(CLUSTER)
        broker = next(
            line.partition(' = ')[2]
            for line in text.splitlines()
            if line.startswith('transport_url')
        )
        caches = ','.join(f'{each.address}:11211' for each in self.caches)
        keystone.configure(
            self.folder,
            f'connection = {self.database.url("keystone")}',
            rigs.CACHE.format(address=caches),
        )
        path = ironic.configure(
            self.folder,
            self.ports,
            f'connection = {self.database.url("ironic")}',
            broker,
        )
        folders.write_private(path, f'{path.read_text()}\n{text}')
        services.configure(
            self.folder,
            self.ports,
            broker,
            caches,
            self.database.url('flocx', self.database.ADVISED),
            self._kept['budgets'],
        )
        for name, more in CONFIGURED.items():
            path = self.folder.etc / f'{name}.conf'
            added = '\n'.join(self._page.file(each) for each in more)
            folders.write_private(path, f'{path.read_text()}\n{added}')
        accounts.write_clouds(self.folder, self.ports)


def of_kind(name):
    """What a process is called without its number."""
    return name.partition('-')[0]


def of(path=None, venv=None, database=None, budgets=False, cluster=False, disks=False):
    """The rig in that folder, which is a cluster if it was one, or is to be one."""
    kept = folders.Folder(path or folders.CHECKOUT / '.rig').recall('rig', {})
    if cluster or disks or kept.get('database') == 'galera':
        return Cluster(path, venv, budgets, disks)
    return rigs.Rig(path, venv, database, budgets)
