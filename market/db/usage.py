# SPDX-License-Identifier: Apache-2.0
"""The lines and interruptions that bills are made of."""

import collections

import sqlalchemy as sa

from flocx.core import contract as core
from flocx.core import window
from market.db import listing
from market.db import schema


def lines(session, period, project_id=None):
    """Lines with time in ``period``, rented or let by ``project_id`` or by anybody.

    Returns pairs of a line and its interruptions, in the order of their contracts.
    """
    table = schema.contract_lines
    query = sa.select(table).where(
        sa.or_(
            sa.and_(
                table.c.start_time < period.end,
                table.c.end_time > period.start,
                table.c.status != core.Status.CANCELLED,
            ),
            # The notice of a line that was cancelled before it began.
            sa.and_(
                table.c.status == core.Status.CANCELLED,
                table.c.notice_seconds > 0,
                table.c.expire_time >= period.start,
                table.c.expire_time < period.end,
            ),
        )
    )
    if project_id:
        query = query.where(
            sa.or_(table.c.project_id == project_id, table.c.owner_id == project_id)
        )
    found = [
        listing.from_row(core.Line, row)
        for row in session.execute(query.order_by(table.c.id))
    ]
    broken = _interruptions(session, period, project_id)
    return [(line, broken[line.uuid]) for line in found]


def _interruptions(session, period, project_id):
    table, lines = schema.interruptions, schema.contract_lines
    query = sa.select(table).where(
        table.c.start_time < period.end,
        sa.or_(table.c.end_time.is_(None), table.c.end_time > period.start),
    )
    if project_id:
        query = query.join(lines, lines.c.uuid == table.c.line_uuid).where(
            sa.or_(lines.c.project_id == project_id, lines.c.owner_id == project_id)
        )
    found = collections.defaultdict(list)
    for row in session.execute(query):
        end = row.end_time or period.end
        if row.start_time < end:
            found[row.line_uuid].append(window.Window(row.start_time, end))
    return found
