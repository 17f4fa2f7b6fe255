# SPDX-License-Identifier: Apache-2.0
"""What projects have open: what quotas limit."""

import datetime
import decimal

import sqlalchemy as sa

from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import window
from market.db import listing
from market.db import schema

_HOUR = decimal.Decimal(3600)
_DAY = datetime.timedelta(days=1)


def _counted(table, statuses):
    """The statement that counts what projects have in one of ``statuses``."""
    return (
        sa.select(sa.func.count())
        .select_from(table)
        .where(
            table.c.project_id.in_(sa.bindparam('project_ids', expanding=True)),
            table.c.status.in_(statuses),
        )
    )


_COUNTED = {
    'open_offers': _counted(schema.offers, sorted(offer_core.OPEN)),
    'open_bids': _counted(schema.bids, [bid_core.Status.AVAILABLE]),
}


_BID_FOR = sa.select(
    sa.func.sum(schema.bids.c.quantity * schema.bids.c.duration)
).where(
    schema.bids.c.project_id.in_(sa.bindparam('project_ids', expanding=True)),
    schema.bids.c.status == bid_core.Status.AVAILABLE,
)


def of_projects(session, project_ids, now, names):
    """{name of the quota: how much of it the projects have in all}, Decimals.

    :param names: of the quotas; what no other needs is not read.
    """
    used = {
        name: decimal.Decimal(session.scalar(counted, {'project_ids': project_ids}))
        for name, counted in _COUNTED.items()
        if name in names
    }
    for name, seconds in _SECONDS.items():
        if name in names:
            used[name] = hours(seconds(session, project_ids, now))
    if used.keys() >= set(names):
        return used
    commitments = [*_lines(session, project_ids, now), *_bids(session, project_ids)]
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


def _lines(session, project_ids, now):
    """Price and seconds still to come of the lines that the projects rent."""
    table = schema.contract_lines
    rows = session.execute(
        sa.select(table).where(
            table.c.project_id.in_(project_ids),
            table.c.status.in_(sorted(contract_core.OPEN)),
            table.c.end_time > now,
        )
    )
    for row in rows:
        for stay, price in listing.from_row(contract_core.Line, row).since(now):
            yield price, stay.seconds


def _reserved(session, project_ids, now):
    """The seconds, of all servers, that the projects have bid for or that begin yet.

    Every bid and claim asks for this, so no more is read than it takes.
    """
    table = schema.contract_lines
    rows = session.execute(
        sa.select(table.c.start_time, table.c.end_time).where(
            table.c.project_id.in_(project_ids),
            table.c.status == contract_core.Status.CREATED,
            table.c.start_time > now,
        )
    )
    begin_yet = sum(window.Window(*row).seconds for row in rows)
    return begin_yet + int(session.scalar(_BID_FOR, {'project_ids': project_ids}) or 0)


def _cancelled(session, project_ids, now):
    """The seconds that the projects gave back in the last day before they began."""
    table = schema.cancellations
    found = session.scalar(
        sa.select(sa.func.sum(table.c.seconds)).where(
            table.c.project_id.in_(project_ids), table.c.time > now - _DAY
        )
    )
    return int(found or 0)


def _bids(session, project_ids):
    """Ceiling and seconds, of all servers together, of the projects' open bids."""
    table = schema.bids
    rows = session.execute(
        sa.select(table.c.price, table.c.quantity, table.c.duration).where(
            table.c.project_id.in_(project_ids),
            table.c.status == bid_core.Status.AVAILABLE,
        )
    )
    for row in rows:
        yield row.price, row.quantity * row.duration


#: Quotas of server-hours, and what tells the seconds of them.
_SECONDS = {'reserved_hours': _reserved, 'cancelled_hours': _cancelled}
