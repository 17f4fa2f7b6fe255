# SPDX-License-Identifier: Apache-2.0
"""Private MariaDB, PostgreSQL and RabbitMQ, each in a temporary folder.

They end with the fixture. Where a package is missing (bindep.txt names them) the
test is skipped and says which.
"""

import importlib.util
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

    def create(self, name):
        """The URL of a new database."""
        return self.daemon.create(name, self.DRIVER)


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
