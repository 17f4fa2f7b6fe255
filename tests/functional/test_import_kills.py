# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment of ``import esi-leap``; repeated, it comes to the same."""

import datetime
import itertools
import json
import os
import pathlib
import random
import signal
import sys
import uuid

import fixtures
from oslo_utils import timeutils
import sqlalchemy as sa
import testtools

from flocx import db
from market import cmd
from market.db import schema
from tests import fixtures as market_fixtures
from tests import processes
from tests import profiles
from tests.functional import test_import_esi_leap

#: How often it is killed at moments that are drawn.
KILLS = profiles.number('FLOCX_IMPORT_KILLS', 8, 200)
#: Drawn up to this moment of a run; the last ones have fewer when most is known.
MOMENTS = 70
#: Rows of esi-leap's tables, which are taken 200 at a time.
OFFERS, LEASES, SERVERS = 250, 450, 40
#: One time for all runs: what is written has it.
NOW = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)
THEN = NOW.astimezone(test_import_esi_leap.ZONE).replace(tzinfo=None)
#: What a run comes to, and where SQLAlchemy tells of it just before. After a commit the
#: connection is given back.
EVENTS = {
    'commit': ((sa.Engine, 'commit'),),
    'moment': (
        (sa.Engine, 'before_cursor_execute'),
        (sa.Engine, 'commit'),
        (sa.pool.Pool, 'checkin'),
    ),
}


def main():
    """``flocx-market-manage``, which dies where the first two words say.

    They are a name of :data:`EVENTS`, and how many of these it comes to.
    """
    what, number = sys.argv[1], int(sys.argv[2])
    del sys.argv[1:3]
    timeutils.set_time_override(NOW)
    passed = itertools.count(1)

    def look(*_):
        if next(passed) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    for target, name in EVENTS[what]:
        sa.event.listen(target, name, look)
    return cmd.manage()


class Course:
    """Rows of esi-leap's tables, at random: some are refused, as they overlap."""

    def __init__(self, seed):
        self._draw = random.Random(seed)
        self._servers = [self._uuid() for _ in range(SERVERS)]
        self.offers = [self._offer() for _ in range(OFFERS)]
        self.leases = [self._lease() for _ in range(LEASES)]
        self.events = [event for lease in self.leases for event in self._events(lease)]

    def _uuid(self):
        return str(uuid.UUID(int=self._draw.getrandbits(128), version=4))

    def _row(self, statuses, longest):
        start = self._draw.randint(-2000, 2000)
        return {
            'uuid': self._uuid(),
            'resource_type': 'dummy_node',
            'resource_uuid': self._draw.choice(self._servers),
            'project_id': self._draw.choice(('acme', 'umbrella', 'initech')),
            'status': self._draw.choice(statuses),
            'created_at': self._at(start - 1),
            'start_time': self._at(start),
            'end_time': self._at(start + self._draw.randint(1, longest)),
        }

    def _offer(self):
        return self._row(('available', 'expired', 'deleted'), 500)

    def _lease(self):
        row = self._row(('created', 'active', 'wait fulfill', 'expired', 'deleted'), 50)
        over = row['status'] in ('expired', 'deleted')
        return row | {
            'owner_id': 'service',
            'purpose': 'course',
            'offer_uuid': self._draw.choice((None, *(o['uuid'] for o in self.offers))),
            'fulfill_time': row['start_time'] if over else None,
            'expire_time': row['end_time'] if over else None,
        }

    def _events(self, lease):
        names = ('fulfill.end', 'delete.start', 'delete.end')
        for name in names[: self._draw.randint(0, 3)]:
            yield {
                'event_type': f'esi_leap.lease.{name}',
                'event_time': lease['start_time'],
                'object_type': 'lease',
                'object_uuid': lease['uuid'],
            }

    @staticmethod
    def _at(hours):
        return THEN + datetime.timedelta(hours=hours)

    def write(self, url):
        engine = sa.create_engine(url)
        test_import_esi_leap.METADATA.create_all(engine)
        with engine.begin() as connection:
            for table, rows in (
                (test_import_esi_leap.OFFERS, self.offers),
                (test_import_esi_leap.LEASES, self.leases),
                (test_import_esi_leap.EVENTS, self.events),
            ):
                connection.execute(sa.insert(table), rows)
        engine.dispose()


class Target:
    """An empty database of the marketplace, and runs of the import into it."""

    def __init__(self, folder, origin):
        folder.mkdir()
        self._folder, self._origin = folder, origin
        self._conf = market_fixtures.write_configuration(folder, 'http://nowhere')
        self.database = db.Database(f'sqlite:///{folder}/flocx.sqlite')
        market_fixtures.Schema.copy_to(self.database)
        self.database.engine.dispose()
        self.report = None

    def run(self, what='moment', number=0):
        """Whether it was killed, at the ``number``th of what it passes; 0 for never."""
        out, err = self._folder / 'out', self._folder / 'err'
        out.unlink(missing_ok=True)
        words = ['flocx-market-manage', what, str(number)]
        words += ['--config-file', str(self._conf), 'import', 'esi-leap']
        words += ['--url', self._origin, '--provider', 'service-service']
        words += ['--timezone', str(test_import_esi_leap.ZONE)]
        process = processes.start(main, words, str(out), str(err))
        process.join()
        if process.exitcode == -signal.SIGKILL:
            return True
        if process.exitcode:
            raise AssertionError(err.read_text())
        self.report = json.loads(out.read_text())
        return False

    def rows(self):
        """{table: its rows} of all that is stored but how often servers were locked."""
        with self.database.reader() as session:
            return {
                table.name: sorted(
                    map(tuple, session.execute(sa.select(table))), key=repr
                )
                for table in schema.metadata.sorted_tables
                if table is not schema.servers
            }


class KilledImportTest(testtools.TestCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.origin = f'sqlite:///{self.folder}/esi_leap.sqlite'
        Course(1).write(self.origin)
        self.numbers = itertools.count()
        undisturbed = self.target()
        self.assertFalse(undisturbed.run())
        self.expected, self.report = undisturbed.rows(), undisturbed.report
        # It was about something, and in several parts.
        for kind in ('offers', 'leases'):
            self.assertGreater(self.report[kind]['taken'], 150, self.report[kind])
            self.assertGreater(len(self.report[kind]['refused']), 5)

    def target(self):
        target = Target(self.folder / str(next(self.numbers)), self.origin)
        self.addCleanup(target.database.engine.dispose)
        return target

    def assert_the_same(self, target):
        self.assertEqual(self.expected, target.rows())
        for kind in ('offers', 'leases'):
            found, expected = target.report[kind], self.report[kind]
            self.assertEqual(expected['refused'], found['refused'])
            self.assertEqual(expected['taken'], found['known'] + found['taken'])

    def test_killed_before_each_commit(self):
        target = self.target()
        # Each run comes one commit further than the one before it.
        killed = list(
            itertools.takewhile(
                lambda number: target.run('commit', number), itertools.count(1)
            )
        )
        self.assertGreater(len(killed), 4)
        self.assert_the_same(target)

    def test_killed_at_any_moment(self):
        draw, left = random.Random(1), KILLS
        while left > 0:
            target = self.target()
            while left > 0 and target.run('moment', draw.randint(1, MOMENTS)):
                left -= 1
            target.run()
            self.assert_the_same(target)
