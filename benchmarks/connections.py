# SPDX-License-Identifier: Apache-2.0
"""What the two plugins of flocx.db save of a request, against oslo.db as shipped.

    python -m benchmarks.connections postgresql+psycopg2://flocx@host/empty_database

The same requests are asked of three applications that share one database, in turns, so
that whatever else the machine does it does to all of them. A plugin stays in flocx.db
as long as it saves a tenth of some request. SQLite, which runs in the process, has
neither.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import argparse
import itertools
import statistics
from unittest import mock

from benchmarks import filling
from benchmarks import growth
from flocx import db
from market.db import migration

OFFERS = 5000
OPERATIONS = ('show', 'list', 'bid', 'claim')

#: How oslo.db is told to connect, by what is measured.
VARIANTS = {
    'as shipped': lambda url: {'connection': url},
    'lazy ping': lambda url: {'connection': db.with_plugin(url, db.LazyPing)},
    'and autocommit reader': lambda url: {
        'connection': db.with_plugin(url, db.LazyPing),
        'slave_connection': db.with_plugin(url, db.AutocommitReader),
    },
}


def stage(connection, variant, numbers):
    """The market in this process, with connections as ``variant`` makes them.

    :param numbers: by which requests choose their offers; none is claimed twice.
    """
    with mock.patch.object(db, 'connections', VARIANTS[variant]):
        made = growth.Stage(db.Database(connection))
    made._numbers = numbers
    return made


def measure(stages, offers, times):
    """{operation: {variant: seconds}}, each asked so many times, in turns.

    It is the time that a tenth of the requests stays below: what else the machine does
    makes requests slower, never faster.
    """
    operations = {name: each.operations(offers) for name, each in stages.items()}
    found = {}
    for operation in OPERATIONS:
        seconds = {variant: [] for variant in stages}
        for _ in range(times):
            for variant, chosen in operations.items():
                seconds[variant].append(chosen[operation]())
        found[operation] = {
            variant: statistics.quantiles(taken, n=10)[0]
            for variant, taken in seconds.items()
        }
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('connection', help='a SQLAlchemy URL of an empty database')
    parser.add_argument('--times', type=int, default=300)
    args = parser.parse_args()
    database = db.Database(args.connection)
    migration.upgrade(database)
    offers = filling.fill(database, OFFERS, 0, growth.asking.now(), filling.ASK)
    numbers = itertools.count()
    stages = {variant: stage(args.connection, variant, numbers) for variant in VARIANTS}
    measure(stages, offers, 20)
    for operation, seconds in measure(stages, offers, args.times).items():
        shipped = seconds['as shipped']
        for variant, taken in seconds.items():
            print(
                f'{operation:6} {variant:22} {1000 * taken:6.2f} ms '
                f'{1 - taken / shipped:6.1%} saved'
            )


if __name__ == '__main__':
    main()
