# SPDX-License-Identifier: Apache-2.0
"""The market database in memory: real SQL, and a server that has its moments."""

import contextlib

from oslo_db import exception as db_exc

from flocx import db


class Database(db.Database):
    """A transaction is one effect; before and after it others may run.

    It may lose against another one, be refused, or be committed without anybody
    being told.
    """

    def __init__(self):
        super().__init__('sqlite://')
        # No other thread waits for the processor.
        self._facade.configure(thread_checkin=False)
        self.tasks = self.storm = None

    @contextlib.contextmanager
    def reader(self):
        self._point('reads')
        with super().reader() as session:
            yield session
        self._point('has read')

    @contextlib.contextmanager
    def writer(self):
        self._point('writes')
        with super().writer() as session:
            yield session
            if self._strikes('deadlock'):
                raise db_exc.DBDeadlock()
            if self._strikes('database away'):
                raise db_exc.DBConnectionError()
        self._point('has written')
        if self._strikes('acknowledgement lost'):
            raise db_exc.DBConnectionError()

    def _point(self, what):
        if self.tasks:
            self.tasks.point(what)

    def _strikes(self, what):
        return self.storm is not None and self.storm.strikes(what)
