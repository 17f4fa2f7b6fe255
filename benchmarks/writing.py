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
import decimal
import time
import uuid

from oslo_config import cfg
import sqlalchemy as sa

from flocx import config
from flocx import db
from flocx.core import bid
from market.db import listing
from market.db import migration
from market.db import schema
from matcher import conf as matcher_conf
from matcher import rounds

NOW = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)

#: Servers of a class, and so bids that compete for the same.
RACK = 50


class Nobody:
    """Takes the place of the providers, who are told of each contract."""

    def contract_changed(self, context, contract):
        pass


@dataclasses.dataclass(frozen=True)
class Timing:
    """A round: its contracts, its seconds, and those of them that it wrote for."""

    contracts: int
    seconds: float
    writing: float


def fill(database, count, batch=2000):
    """So many offers, and as many bids for a server of the same class."""
    migration.upgrade(database)
    for start in range(0, count, batch):
        numbers = range(start, min(start + batch, count))
        with database.writer() as session:
            session.execute(
                sa.insert(schema.offers), [_offer(each) for each in numbers]
            )
            session.execute(sa.insert(schema.bids), [_bid(each) for each in numbers])


def _uuid(kind, number):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f'{kind}-{number}'))


def _offer(number):
    return {
        'uuid': _uuid('offer', number),
        'project_id': f'owner-{number % 50}',
        'provider_id': 'provider',
        'resource_type': 'dummy_node',
        'resource_uuid': f'server-{number}',
        'resource_class': f'class-{number // RACK}',
        'properties': {'cpus': 64},
        'start_time': NOW,
        'end_time': NOW + 7 * DAY,
        'price': decimal.Decimal(1),
        'status': 'available',
        'generation': 1,
        'created_at': NOW,
        'updated_at': NOW,
    }


def _bid(number):
    return listing.fields(
        bid.Bid(
            uuid=_uuid('bid', number),
            project_id=f'renter-{number % 20}',
            lineage=(f'renter-{number % 20}',),
            start_time=NOW,
            end_time=NOW + 2 * DAY,
            duration=86400,
            price=decimal.Decimal(2),
            resource_class=f'class-{number // RACK}',
            created_at=NOW,
            updated_at=NOW,
        )
    )


def measure(database, seconds=2):
    """The Timing of a round that may compute for so many seconds."""
    conf = cfg.ConfigOpts()
    config.register(conf)
    matcher_conf.register(conf)
    conf([], default_config_files=[])
    conf.set_override('round_seconds', seconds, 'matcher')
    engine = rounds.Rounds(conf, database, Nobody())
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
    fill(database, args.contracts)
    done = measure(database)
    print(
        f'{done.contracts} contracts in {done.writing:.1f} s: '
        f'{done.contracts / done.writing:.0f} a second; the round {done.seconds:.1f} s'
    )


if __name__ == '__main__':
    main()
