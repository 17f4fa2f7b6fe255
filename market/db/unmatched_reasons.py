# SPDX-License-Identifier: Apache-2.0
"""Why a bid waits: what the last round that saw it says to its bidder."""

from oslo_db import exception as db_exc
import sqlalchemy as sa

from flocx import exceptions
from market.db import schema

_TABLE = schema.outlooks


def replace(session, outlooks, now):
    """Keep ``outlooks``: what was said of the same bids before is forgotten.

    :param outlooks: objects with ``bid_uuid``, ``reason`` and ``detail``.
    :raises RetryRequest: another engine has just said something of one of them.
    """
    forget(session, [each.bid_uuid for each in outlooks])
    rows = [
        {
            'bid_uuid': each.bid_uuid,
            'reason': each.reason,
            'detail': each.detail[:1024],
            'time': now,
        }
        for each in sorted(outlooks, key=lambda each: each.bid_uuid)
    ]
    try:
        if rows:
            session.execute(sa.insert(_TABLE), rows)
    except db_exc.DBDuplicateEntry:
        raise db_exc.RetryRequest(
            exceptions.Conflict('Another engine says just now why a bid waits')
        ) from None


def forget(session, bid_uuids):
    """Forget why these bids waited; they are closed, or will be told anew."""
    for at in range(0, len(bid_uuids), 500):
        session.execute(
            sa.delete(_TABLE).where(_TABLE.c.bid_uuid.in_(bid_uuids[at : at + 500]))
        )


def get(session, bid_uuid):
    """The row of a bid with ``reason``, ``detail`` and ``time``, or None.

    Only for whom may see the bid.
    """
    return session.execute(
        sa.select(_TABLE).where(_TABLE.c.bid_uuid == bid_uuid)
    ).one_or_none()
