# SPDX-License-Identifier: Apache-2.0
"""Remove what is closed for good."""

import sqlalchemy as sa

from flocx import db
from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import offer as offer_core
from flocx.core import standing_demand as demand_core
from market.db import schema

#: How many rows one transaction removes: locks stay short.
BATCH = 500


def purge(database, before, dry_run=False):
    """Remove what was closed, and told, before the moment ``before``.

    An offer stays while a contract that was made from it stays.

    :returns: {table: rows removed, or that would be}.
    """
    return {
        table.name: _purge(database, table, condition, dry_run)
        for table, condition in _closed(before)
    }


def _closed(before):
    """Tables and conditions, in an order in which no row outlives what it names."""
    contracts, lines = schema.contracts, schema.contract_lines
    offers, bids = schema.offers, schema.bids
    gone = sa.and_(
        contracts.c.status.in_(sorted(contract_core.CLOSED)),
        contracts.c.updated_at < before,
        contracts.c.end_time < before,
    )
    yield contracts, gone
    # A dry run comes here with the contracts that a purge has removed by now.
    yield (
        bids,
        sa.and_(
            bids.c.status != bid_core.Status.AVAILABLE,
            bids.c.updated_at < before,
            ~sa.exists().where(contracts.c.bid_uuid == bids.c.uuid, ~gone),
        ),
    )
    yield (
        offers,
        sa.and_(
            offers.c.status.in_(sorted(set(offer_core.Status) - offer_core.OPEN)),
            offers.c.updated_at < before,
            ~sa.exists().where(
                lines.c.offer_uuid == offers.c.uuid,
                lines.c.contract_uuid == contracts.c.uuid,
                ~gone,
            ),
        ),
    )
    demands = schema.standing_demands
    yield (
        demands,
        sa.and_(
            demands.c.status == demand_core.Status.ENDED,
            demands.c.updated_at < before,
        ),
    )
    yield schema.events, schema.events.c.time < before
    yield schema.rounds, schema.rounds.c.time < before
    yield schema.maintenances, schema.maintenances.c.end_time < before
    yield schema.cancellations, schema.cancellations.c.time < before
    keys = schema.idempotency_keys
    yield keys, keys.c.created_at < before


def _purge(database, table, condition, dry_run):
    if dry_run:
        with database.reader() as session:
            return session.execute(
                sa.select(sa.func.count()).select_from(table).where(condition)
            ).scalar_one()
    removed = 0
    while batch := _remove(database, table, condition):
        removed += batch
    return removed


@db.retried
def _remove(database, table, condition):
    """Remove some rows in a transaction of their own; return how many."""
    with database.writer() as session:
        ids = session.scalars(sa.select(table.c.id).where(condition).limit(BATCH)).all()
        if ids:
            session.execute(sa.delete(table).where(table.c.id.in_(ids)))
    return len(ids)
