# SPDX-License-Identifier: Apache-2.0
"""What a project has open: what its quotas limit."""

import decimal

import sqlalchemy as sa

from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import money
from flocx.core import offer as offer_core
from market.db import schema

_HOUR = decimal.Decimal(3600)


def _counted(table, statuses):
    """The statement that counts what a project has in one of ``statuses``."""
    return (
        sa.select(sa.func.count())
        .select_from(table)
        .where(
            table.c.project_id == sa.bindparam('project_id'),
            table.c.status.in_(statuses),
        )
    )


_COUNTED = {
    'open_offers': _counted(schema.offers, sorted(offer_core.OPEN)),
    'open_bids': _counted(schema.bids, [bid_core.Status.AVAILABLE]),
}


def of_project(session, project_id, now, names):
    """{name of the quota: how much of it ``project_id`` has}, Decimals.

    :param names: of the quotas; what no other needs is not read.
    """
    used = {
        name: decimal.Decimal(session.scalar(counted, {'project_id': project_id}))
        for name, counted in _COUNTED.items()
        if name in names
    }
    if used.keys() >= set(names):
        return used
    commitments = [*_lines(session, project_id, now), *_bids(session, project_id)]
    return used | {
        'server_hours': sum(
            (hours(seconds) for _, seconds in commitments), decimal.Decimal(0)
        ),
        'committed_amount': sum(
            (money.amount(price, seconds) for price, seconds in commitments),
            decimal.Decimal(0),
        ),
    }


def hours(seconds):
    """``seconds`` in hours, to 6 places."""
    return money.quantised(decimal.Decimal(seconds) / _HOUR)


def _lines(session, project_id, now):
    """Price and seconds still to come of the lines that the project rents."""
    table = schema.contract_lines
    rows = session.execute(
        sa.select(table.c.price, table.c.start_time, table.c.end_time).where(
            table.c.project_id == project_id,
            table.c.status.in_(sorted(contract_core.OPEN)),
            table.c.end_time > now,
        )
    )
    for row in rows:
        left = row.end_time - max(row.start_time, now)
        yield row.price, int(left.total_seconds())


def _bids(session, project_id):
    """Ceiling and seconds, of all servers together, of the project's open bids."""
    table = schema.bids
    rows = session.execute(
        sa.select(table.c.price, table.c.quantity, table.c.duration).where(
            table.c.project_id == project_id,
            table.c.status == bid_core.Status.AVAILABLE,
        )
    )
    for row in rows:
        yield row.price, row.quantity * row.duration
