# SPDX-License-Identifier: Apache-2.0
"""Private MariaDB, PostgreSQL and RabbitMQ, each in a temporary folder.

They end with the fixture. A database server takes longer to come up than most tests
that ask for one, so ``serving`` keeps one of each kind for all tests of a process.
Where a package is missing (bindep.txt names them) the test is skipped and says which.
"""

import atexit
import importlib.util
import itertools
import pathlib
import unittest

import fixtures

from tools.lab import folder as folders
from tools.lab import processes
from tools.rigging import daemons


class Daemon(fixtures.Fixture):
    """One daemon of the rig, and what it needs beside it."""

    DAEMON = None
    BEFORE = ()

    def _setUp(self):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # The daemon's account has to come through.
        path.chmod(0o711)
        folder = folders.Folder(path)
        folder.create()
        ports = {}
        for name in self.DAEMON.PORTS:
            ports[name] = processes.any_port(ports.values())
        for each in (*self.BEFORE, self.DAEMON):
            self.daemon = each(folder, ports)
            self._start()

    def _start(self):
        try:
            self.daemon.prepare()
        except daemons.Missing as error:
            raise unittest.SkipTest(str(error)) from None
        process = self.daemon.process()
        self.addCleanup(process.stop)
        process.start()
        process.wait(120)


class Database(Daemon):
    """A database server; ``create`` makes an empty database."""

    DRIVER = None

    _servers = {}
    _numbers = itertools.count(1)

    @classmethod
    def serving(cls):
        """The server of this kind that all tests of the process share."""
        if cls.DAEMON not in Database._servers:
            server = cls()
            server.setUp()
            atexit.register(server.cleanUp)
            Database._servers[cls.DAEMON] = server
        return Database._servers[cls.DAEMON]

    @classmethod
    def new(cls):
        """The URL of a new database on the server that is shared."""
        name = f'flocx{next(Database._numbers)}'
        return cls.serving().daemon.create(name, cls.DRIVER)


class MariaDB(Database):
    """By the driver that sites are advised to use, where it has been compiled."""

    DAEMON = daemons.MariaDB
    DIALECT = DAEMON.DIALECT
    DRIVER = DAEMON.ADVISED if importlib.util.find_spec('MySQLdb') else DAEMON.DRIVER


class MariaDBByPyMySQL(MariaDB):
    DRIVER = MariaDB.DAEMON.DRIVER


class PostgreSQL(Database):
    DAEMON = daemons.PostgreSQL
    DIALECT = DAEMON.DIALECT


class RabbitMQ(Daemon):
    """A broker; ``url`` is what oslo.messaging calls it."""

    DAEMON = daemons.RabbitMQ
    BEFORE = (daemons.PortMapper,)

    @property
    def url(self):
        return self.daemon.url
