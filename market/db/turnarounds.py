# SPDX-License-Identifier: Apache-2.0
"""How long hand-backs took, by resource class; engines read it as the market does."""

from oslo_db import exception as db_exc
import sqlalchemy as sa

from flocx import exceptions
from flocx.core import turnaround as core
from market.db import schema

_TABLE = schema.cleaning_times
_ALL = sa.select(_TABLE.c.resource_class, _TABLE.c.seconds)


def taken(session):
    """{resource class: the seconds that its last hand-backs took, the oldest first}."""
    return {row.resource_class: row.seconds for row in session.execute(_ALL)}


def current(session, terms):
    """The ``flocx.core.turnaround.Turnaround`` under ``terms``, of contracts."""
    if terms.max_turnaround <= terms.turnaround:
        return core.Turnaround(terms.turnaround)
    return core.learned(terms.turnaround, terms.max_turnaround, taken(session))


def learn(session, line, now):
    """Remember how long it took to take the server of ``line`` back.

    From the end of the line until its provider reports that the server is clean, as it
    was, and its owner's again: so long the next contract would have had to wait.

    :raises RetryRequest: somebody else remembers the first of the class just now.
    """
    resource_class = line.resource_class or ''
    seconds = max(0, int((now - line.end_time).total_seconds()))
    known = session.execute(
        sa.select(_TABLE.c.seconds)
        .where(_TABLE.c.resource_class == resource_class)
        .with_for_update()
    ).first()
    if known:
        session.execute(
            sa.update(_TABLE)
            .where(_TABLE.c.resource_class == resource_class)
            .values(seconds=core.remembered(known.seconds, seconds), updated_at=now)
        )
        return
    try:
        session.execute(
            sa.insert(_TABLE).values(
                resource_class=resource_class, seconds=[seconds], updated_at=now
            )
        )
    except db_exc.DBDuplicateEntry:
        raise db_exc.RetryRequest(
            exceptions.Conflict('Another server of the class comes back just now')
        ) from None
