# SPDX-License-Identifier: Apache-2.0
"""The tokens that open consoles: only while their line runs and nobody sub-rents.

What is found here is good for a session that runs, too: with the last second of a line,
or the first one of what is sub-let of it, there is nothing to be found any more.
"""

import datetime

from oslo_utils import uuidutils
import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as contract_core
from flocx.core import tokens as core
from market.db import listing
from market.db import schema
from market.db import visibility

_TABLE, _LINES = schema.console_tokens, schema.contract_lines
_SUBLET = schema.contract_lines.alias('sublet')
_BEGUN = sorted(contract_core.OPEN - {contract_core.Status.CREATED})

#: A line whose renter has the server at the time ``now``.
_RUNS = (
    _LINES.c.status == contract_core.Status.ACTIVE,
    _LINES.c.end_time > sa.bindparam('now'),
    ~sa.exists()
    .where(_SUBLET.c.sublet_of == _LINES.c.uuid)
    # What is sub-let is not its lessor's from the moment on at which it is prepared.
    .where(_SUBLET.c.status.in_(_BEGUN)),
)
_RUNNING = (_TABLE.c.line_uuid.in_(sa.select(_LINES.c.uuid).where(*_RUNS)),)


def add(session, line_uuid, token_hash, now, *, seconds, most, provider_id):
    """Store a token for the console of the server of a line; return it.

    :param seconds: for how long it opens sessions.
    :param most: how many tokens a line has; the oldest gives way to the new one.
    :param provider_id: who delivers the line.
    :raises NotFound: this provider delivers no such line.
    :raises Conflict: its renter does not have the server now.
    """
    line = session.execute(
        sa.select(_LINES)
        .where(_LINES.c.uuid == line_uuid, _LINES.c.provider_id == provider_id)
        # Whoever ends it, or adds another token, waits.
        .with_for_update()
    ).first()
    if line is None:
        raise exceptions.NotFound(f'Line {line_uuid} not found')
    require_running(session, line, now)
    _make_room(session, line_uuid, most - 1)
    values = {
        'uuid': uuidutils.generate_uuid(),
        'token_hash': token_hash,
        'line_uuid': line.uuid,
        'created_at': now,
        'expires_at': now + datetime.timedelta(seconds=seconds),
        **{name: getattr(line, name) for name in _OF_LINE},
    }
    session.execute(sa.insert(_TABLE), values)
    return core.ConsoleToken(**values, end_time=line.end_time)


_OF_LINE = (
    'contract_uuid',
    'project_id',
    'provider_id',
    'resource_type',
    'resource_uuid',
)


def require_running(session, line, now):
    """Nothing, if the renter of ``line`` has the server.

    :raises Conflict: they do not.
    """
    running = sa.select(_LINES.c.uuid).where(_LINES.c.uuid == line.uuid, *_RUNS)
    if session.execute(running, {'now': now}).first() is None:
        raise exceptions.Conflict(
            f'Line {line.uuid} is {line.status} until {line.end_time:%Y-%m-%dT%H:%M}'
            ', or its server is sub-let: only who has a server now has its console'
        )


def _make_room(session, line_uuid, most):
    kept = session.scalars(
        sa.select(_TABLE.c.id)
        .where(_TABLE.c.line_uuid == line_uuid)
        .order_by(_TABLE.c.id.desc())
    ).all()
    if kept[most:]:
        session.execute(sa.delete(_TABLE).where(_TABLE.c.id.in_(kept[most:])))


def get(session, ident, reader):
    """The token of this uuid that ``reader`` may see, whether it opens anything."""
    row = listing.one(
        session, _TABLE, ident, visibility.console_tokens, reader, 'Console token'
    )
    return _with_ends(session, [row])[0]


def page(session, reader, query, now):
    """A page of the tokens that are good, among those that ``reader`` may see."""
    rows = listing.page(
        session, _TABLE, visibility.console_tokens, reader, query, _RUNNING, now=now
    )
    return _with_ends(session, rows)


def _with_ends(session, rows):
    ends = {}
    for part in listing.parts({row.line_uuid for row in rows}):
        found = sa.select(_LINES.c.uuid, _LINES.c.end_time)
        ends |= dict(session.execute(found.where(_LINES.c.uuid.in_(part))).all())
    return [
        listing.from_row(core.ConsoleToken, row, end_time=ends[row.line_uuid])
        for row in rows
    ]


def remove(session, token):
    """Take a token away; sessions that it has opened end."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.uuid == token.uuid))


def forget(session, line_uuid):
    """Take all tokens of a line away."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.line_uuid == line_uuid))


def forget_server(session, project_id, provider_id, resource_uuid):
    """Take all tokens of a project for a server away."""
    session.execute(
        sa.delete(_TABLE).where(
            _TABLE.c.project_id == project_id,
            _TABLE.c.provider_id == provider_id,
            _TABLE.c.resource_uuid == resource_uuid,
        )
    )
