# SPDX-License-Identifier: Apache-2.0
"""How many contracts a round writes in a second.

    python -m benchmarks.writing mysql+pymysql://root@localhost/flocx?unix_socket=...

Fills an empty market database with as many offers as bids, each bid for one of them,
and lets an engine clear it: once with what it computes, once with what it writes.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import argparse
import dataclasses
import datetime
import time

from oslo_config import cfg

from benchmarks import filling
from flocx import config
from flocx import db
from market.db import migration
from matcher import conf as matcher_conf
from matcher import rounds

NOW = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)


@dataclasses.dataclass(frozen=True)
class Timing:
    """A round: its contracts, its seconds, and those of them that it wrote for."""

    contracts: int
    seconds: float
    writing: float


def measure(database, seconds=2):
    """The Timing of a round that may compute for so many seconds."""
    conf = cfg.ConfigOpts()
    config.register(conf)
    matcher_conf.register(conf)
    conf([], default_config_files=[])
    conf.set_override('round_seconds', seconds, 'matcher')
    engine = rounds.Rounds(conf, database)
    engine.prepare(NOW)
    spent = []
    write = engine._write

    def timed(drafts, now):
        started = time.perf_counter()
        written = write(drafts, now)
        spent.append(time.perf_counter() - started)
        return written

    engine._write = timed
    done = engine.run(NOW)
    return Timing(done.contracts, done.seconds, sum(spent))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('connection', help='a SQLAlchemy URL of an empty database')
    parser.add_argument('--contracts', type=int, default=10_000)
    args = parser.parse_args()
    database = db.Database(args.connection)
    migration.upgrade(database)
    filling.fill(database, args.contracts, args.contracts, NOW, 2 * filling.ASK)
    done = measure(database)
    print(
        f'{done.contracts} contracts in {done.writing:.1f} s: '
        f'{done.contracts / done.writing:.0f} a second; the round {done.seconds:.1f} s'
    )


if __name__ == '__main__':
    main()
