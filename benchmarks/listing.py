# SPDX-License-Identifier: Apache-2.0
"""How long a page of a long list takes, and whether it matters which page it is.

    python -m benchmarks.listing mysql+pymysql://root@localhost/flocx?unix_socket=...

Fills an empty market database with offers, and prints for several lists how long
the first page takes and one in the middle, and how the database plans them.
"""

import argparse
import dataclasses
import datetime
import decimal
import time
import types
import uuid

import sqlalchemy as sa

from flocx import db
from flocx.core import query
from market.db import migration
from market.db import offers
from market.db import schema

NOW = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)

#: A project that owns one offer in fifty, and that some offers are meant for.
READER = types.SimpleNamespace(
    project_id='project-7',
    lineage=('project-7', 'project-1'),
    is_admin=False,
    provider_id=None,
)
HARDWARE = {'cpus': 64, 'memory_mb': 262144, 'cpu_arch': 'x86_64', 'traits': ['A', 'B']}

_AVAILABLE = ('status', 'in', ('available',))
LISTS = {
    'all that is available': query.Query(filters=(_AVAILABLE,)),
    'with any status': query.Query(),
    'newest first': query.Query(descending=True, filters=(_AVAILABLE,)),
    'by price': query.Query(sort_key='price', filters=(_AVAILABLE,)),
    'by end': query.Query(sort_key='end_time', filters=(_AVAILABLE,)),
    'by uuid': query.Query(sort_key='uuid', filters=(_AVAILABLE,)),
}


@dataclasses.dataclass(frozen=True)
class Timing:
    """Seconds that a page took; ``plan`` is how the database finds the middle one."""

    first: float
    middle: float
    plan: str


def fill(database, count, batch=2000):
    """``count`` offers of 50 projects, a tenth of them closed or not for all."""
    migration.upgrade(database)
    for start in range(0, count, batch):
        rows = [_offer(number) for number in range(start, min(start + batch, count))]
        with database.writer() as session:
            session.execute(sa.insert(schema.offers), rows)
    with database.engine.connect() as connection:
        if database.engine.dialect.name == 'mysql':
            connection.execute(sa.text('ANALYZE TABLE offers'))


def _offer(number):
    made = NOW + datetime.timedelta(seconds=number)
    return {
        'uuid': str(uuid.UUID(int=number * 2654435761 % 2**64)),
        'name': f'offer-{number}',
        'project_id': f'project-{number % 50}',
        'provider_id': 'provider',
        'resource_type': 'dummy_node',
        'resource_uuid': f'server-{number}',
        'resource_class': f'class-{number % 5}',
        'properties': HARDWARE,
        'lessee_id': f'project-{number % 11}' if number % 20 == 0 else None,
        'start_time': NOW,
        'end_time': NOW + (1 + number * 37 % 5000) * HOUR,
        'price': decimal.Decimal(number * 7919 % 10007) / 100,
        'status': 'expired' if number % 17 == 0 else 'available',
        'reason': None,
        'generation': 1,
        'created_at': made,
        'updated_at': made,
    }


def measure(database, asked, count, times=5):
    """The Timing of the list ``asked`` in a table of ``count`` offers.

    Each is the fastest of ``times`` pairs: what else the machine does only adds.
    """
    page = dataclasses.replace(asked, limit=100)
    middle = dataclasses.replace(page, marker=_middle(database, page, count))
    _seconds(database, page), _seconds(database, middle)
    pairs = [
        (_seconds(database, page), _seconds(database, middle)) for _ in range(times)
    ]
    return Timing(*map(min, zip(*pairs, strict=True)), _plan(database, middle))


def rows_read(database, asked, count):
    """How many rows MariaDB reads for the first page, and for one in the middle."""
    page = dataclasses.replace(asked, limit=100)
    middle = dataclasses.replace(page, marker=_middle(database, page, count))
    return _rows_read(database, page), _rows_read(database, middle)


def _rows_read(database, page):
    def so_far(session):
        found = session.execute(sa.text("SHOW SESSION STATUS LIKE 'Handler_read%'"))
        return sum(int(value) for _, value in found)

    with database.reader() as session:
        before = so_far(session)
        offers.held(session, offers.page(session, READER, page), NOW)
        after = so_far(session)
        # To ask how many have been read is itself to read some.
        return after - before - (so_far(session) - after)


def _middle(database, page, count):
    """The uuid of the row in the middle of the list."""
    table = schema.offers
    key = table.c[page.sort_key]
    with database.reader() as session:
        return session.execute(
            sa.select(table.c.uuid)
            .where(table.c.status == 'available', table.c.lessee_id.is_(None))
            .order_by(key, table.c.id)
            .offset(count * 2 // 5)
            .limit(1)
        ).scalar_one()


def _seconds(database, page):
    started = time.perf_counter()
    with database.reader() as session:
        rows = offers.page(session, READER, page)
        offers.held(session, rows, NOW)
    if len(rows) != page.limit + 1:
        raise RuntimeError(f'{len(rows)} rows in a page')
    return time.perf_counter() - started


def _plan(database, page):
    """What EXPLAIN says of the statement that reads ``page``."""
    seen = []

    def keep(connection, cursor, statement, parameters, context, many):
        if 'LIMIT' in statement and 'ORDER BY' in statement:
            seen.append((statement, parameters))

    sa.event.listen(database.engine, 'before_cursor_execute', keep)
    try:
        with database.writer() as session:
            offers.page(session, READER, page)
    finally:
        sa.event.remove(database.engine, 'before_cursor_execute', keep)
    statement, parameters = seen[-1]
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f'EXPLAIN {statement}', parameters)
        return '\n'.join(' '.join(map(str, row)) for row in rows)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('connection', help='a SQLAlchemy URL of an empty database')
    parser.add_argument('--offers', type=int, default=100_000)
    args = parser.parse_args()
    database = db.Database(args.connection)
    started = time.perf_counter()
    fill(database, args.offers)
    print(f'{args.offers} offers in {time.perf_counter() - started:.1f} s')
    for name, asked in LISTS.items():
        found = measure(database, asked, args.offers)
        print(
            f'{name:<24} first {found.first * 1000:7.1f} ms, '
            f'middle {found.middle * 1000:7.1f} ms\n    {found.plan}'
        )


if __name__ == '__main__':
    main()
