# SPDX-License-Identifier: Apache-2.0
"""The transfers that statements are made of."""

import sqlalchemy as sa

from flocx.core import ledger as core
from market.db import listing
from market.db import schema

_TABLE = schema.transfers
#: What is held is still the project's own: statements say nothing of it.
_TOLD = sorted(
    {*core.TransferType} - {core.TransferType.HOLD, core.TransferType.RELEASE}
)


def entries(session, account, month):
    """The transfers of ``account`` that are booked in ``month``, in order."""
    rows = session.execute(
        sa.select(_TABLE)
        .where(_of(account), _TABLE.c.month == month, _TABLE.c.type.in_(_TOLD))
        .order_by(_TABLE.c.id)
    )
    return [listing.from_row(core.Transfer, row) for row in rows]


def balance_before(session, account, month):
    """What ``account`` had, held or not, as ``month`` began."""
    rows = session.execute(
        sa.select(_TABLE.c.credit, sa.func.sum(_TABLE.c.amount).label('amount'))
        .where(_of(account), _TABLE.c.month < month, _TABLE.c.type.in_(_TOLD))
        .group_by(_TABLE.c.credit)
    )
    return sum(
        (row.amount if row.credit == account else -row.amount for row in rows),
        core.ZERO,
    )


def months(session, account):
    """The months in which something was booked for ``account``, in order."""
    return list(
        session.scalars(
            sa.select(_TABLE.c.month)
            .where(_of(account), _TABLE.c.type.in_(_TOLD))
            .distinct()
            .order_by(_TABLE.c.month)
        )
    )


def closed_through(session):
    """The last month that is closed, '' where none is."""
    return session.scalar(sa.select(schema.ledger_state.c.closed_through))


def _of(account):
    return sa.or_(_TABLE.c.debit == account, _TABLE.c.credit == account)
