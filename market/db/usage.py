# SPDX-License-Identifier: Apache-2.0
"""The lines and interruptions that bills are made of."""

import collections
import functools

import sqlalchemy as sa

from flocx.core import contract as core
from flocx.core import window
from market.db import listing
from market.db import schema

_LINES = schema.contract_lines
_START, _END = sa.bindparam('start'), sa.bindparam('end')
_PARTY = sa.or_(
    _LINES.c.project_id == sa.bindparam('project_id'),
    _LINES.c.owner_id == sa.bindparam('project_id'),
)


def lines(session, period, project_id=None):
    """Lines with time in ``period``, rented or let by ``project_id`` or by anybody.

    Returns pairs of a line and its interruptions, in the order of their contracts.
    """
    asked = {'start': period.start, 'end': period.end, 'project_id': project_id}
    found = [
        listing.from_row(core.Line, row)
        for row in session.execute(_lines(bool(project_id)), asked)
    ]
    broken = collections.defaultdict(list)
    for row in session.execute(_interruptions(bool(project_id)), asked):
        end = row.end_time or period.end
        if row.start_time < end:
            broken[row.line_uuid].append(window.Window(row.start_time, end))
    return [(line, broken[line.uuid]) for line in found]


@functools.cache
def _lines(of_project):
    """The statement that finds lines, of one project or all."""
    query = sa.select(_LINES).where(
        sa.or_(
            sa.and_(
                _LINES.c.start_time < _END,
                _LINES.c.end_time > _START,
                _LINES.c.status != core.Status.CANCELLED,
            ),
            # The notice of a line that was cancelled before it began.
            sa.and_(
                _LINES.c.status == core.Status.CANCELLED,
                _LINES.c.notice_seconds > 0,
                _LINES.c.expire_time >= _START,
                _LINES.c.expire_time < _END,
            ),
        )
    )
    return (query.where(_PARTY) if of_project else query).order_by(_LINES.c.id)


@functools.cache
def _interruptions(of_project):
    """The statement that finds interruptions, of one project's lines or all."""
    table = schema.interruptions
    query = sa.select(table).where(
        table.c.start_time < _END,
        sa.or_(table.c.end_time.is_(None), table.c.end_time > _START),
    )
    if of_project:
        return query.join(_LINES, _LINES.c.uuid == table.c.line_uuid).where(_PARTY)
    return query
