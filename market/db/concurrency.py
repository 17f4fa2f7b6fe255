# SPDX-License-Identifier: Apache-2.0
"""Rows that others may change at the same time: locked, or refused when they did."""

import sqlalchemy as sa

from flocx import exceptions
from market.db import listing


def changed_meanwhile(model, uuid):
    """The Conflict of who found an object closed, or not as it was read.

    :param model: what the object is called in a message, as ``Offer``.
    """
    return exceptions.Conflict(
        f'{model} {uuid} was closed or changed meanwhile; read it again',
        code='flocx.conflict.generation',
    )


def require_written(result, model, uuid):
    """Nothing, if a conditional UPDATE of one row has found it as it was read.

    :raises Conflict: it has not.
    """
    if result.rowcount != 1:
        raise changed_meanwhile(model, uuid)


def locked(session, table, uuids, status):
    """{uuid: generation} of the rows with ``status``, which nobody else changes now.

    They are locked in the order of their uuids, until the transaction ends.
    """
    found = {}
    for part in listing.parts(sorted(uuids)):
        rows = session.execute(
            sa.select(table.c.uuid, table.c.generation)
            .where(table.c.uuid.in_(part), table.c.status == status)
            .order_by(table.c.uuid)
            .with_for_update()
        )
        found.update((row.uuid, row.generation) for row in rows)
    return found
