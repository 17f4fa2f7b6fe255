# SPDX-License-Identifier: Apache-2.0
"""The market database in memory: real SQL, and a server that has its moments."""

import contextlib

from oslo_db import exception as db_exc

from flocx import db
from tests.simulation import unfilled

_MOMENTS = """
SELECT count(*), min(CASE WHEN moment > ? THEN moment END) FROM (
SELECT start_time AS moment FROM offers WHERE status IN ('available', 'error')
UNION ALL SELECT end_time FROM offers WHERE status IN ('available', 'error')
UNION ALL SELECT start_time FROM bids WHERE status = 'available'
UNION ALL SELECT end_time FROM bids WHERE status = 'available'
UNION ALL SELECT strftime('%Y-%m-%d %H:%M:%S.000000', json_extract(value, '$.end_time'))
FROM bids, json_each(alternatives) WHERE status = 'available'
UNION ALL SELECT start_time FROM contract_lines
WHERE status NOT IN ('ended', 'cancelled')
UNION ALL SELECT end_time FROM contract_lines
WHERE status NOT IN ('ended', 'cancelled'))"""
_DUE = """
SELECT count(*) FROM contract_lines WHERE
status IN ('created', 'wait_fulfill') AND start_time <= ?
OR status = 'active' AND end_time <= ? OR status IN ('wait_end', 'wait_cancel')"""


class Database(db.Database):
    """A transaction is one effect; before and after it others may run.

    It may lose against another one, be refused, or be committed without anybody
    being told.
    """

    def __init__(self, listeners):
        super().__init__('sqlite://?plugin=flocx', listeners)
        # No other thread waits for the processor.
        self._facade.configure(thread_checkin=False)
        self.tasks = self.storm = None

    def moments(self, now):
        """How often what is open begins or ends, and when next (None: not any more)."""
        many, soon = self._ask(_MOMENTS, unfilled.text(now))
        return many, soon and unfilled.moment(soon)

    def due(self, now):
        """How many lines begin or end, or are waited for by their provider."""
        return self._ask(_DUE, *[unfilled.text(now)] * 2)[0]

    def _ask(self, query, *values):
        # Of the world itself, and often: not through all that a service needs.
        with self.engine.connect() as connection:
            return connection.connection.execute(query, values).fetchone()

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
