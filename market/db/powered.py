# SPDX-License-Identifier: Apache-2.0
"""When the servers of contract lines were powered on, as their providers report it."""

import collections
import datetime

import sqlalchemy as sa

from flocx.core import contract as core
from flocx.core import window
from market.db import schema

_LINES, _TABLE = schema.contract_lines, schema.powered

#: A server that is on again so soon counts as on in between: switched in a loop it
#: makes a row in this time, and not one with each turn.
_SOON = datetime.timedelta(minutes=1)


def record(session, line_uuid, power_on, now):
    """Keep that a server is powered on, or off, from ``now`` on.

    Saying again what is known changes nothing; nor does anything that is said of a line
    which has not begun or is closed.
    """
    line = session.execute(
        sa.select(_LINES.c.status, _LINES.c.power_on)
        .where(_LINES.c.uuid == line_uuid, _LINES.c.fulfill_time.is_not(None))
        .with_for_update()
    ).first()
    if (
        line is None
        or line.power_on is power_on
        or core.Status(line.status) in core.CLOSED
    ):
        return
    session.execute(
        sa.update(_LINES).where(_LINES.c.uuid == line_uuid).values(power_on=power_on)
    )
    if power_on:
        _begin(session, line_uuid, now)
    else:
        session.execute(
            sa.update(_TABLE)
            .where(_TABLE.c.line_uuid == line_uuid, _TABLE.c.end_time.is_(None))
            .values(end_time=now)
        )


def _begin(session, line_uuid, now):
    goes_on = session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.line_uuid == line_uuid, _TABLE.c.end_time >= now - _SOON)
        .values(end_time=None)
    )
    if not goes_on.rowcount:
        session.execute(sa.insert(_TABLE).values(line_uuid=line_uuid, start_time=now))


def windows(session, line_uuids):
    """{line: the windows in which its server was on}, a defaultdict."""
    found = collections.defaultdict(list)
    for row in session.execute(
        sa.select(_TABLE)
        .where(_TABLE.c.line_uuid.in_(line_uuids))
        .order_by(_TABLE.c.id)
    ):
        end = row.end_time or window.FOREVER
        if row.start_time < end:
            found[row.line_uuid].append(window.Window(row.start_time, end))
    return found
