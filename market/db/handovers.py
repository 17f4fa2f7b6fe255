# SPDX-License-Identifier: Apache-2.0
"""What a provider keeps about a line while its server is handed over and taken back.

The market does not read it. It is kept here because every fulfiller of a provider
reaches the market, and because it has to live exactly as long as the line is open.
"""

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as core
from market.db import schema

_TABLE = schema.handovers


def get(session, line_uuid):
    """The version and the data; 0 and None where nothing was kept yet."""
    row = session.execute(
        sa.select(_TABLE.c.version, _TABLE.c.data).where(
            _TABLE.c.line_uuid == line_uuid
        )
    ).first()
    return (row.version, row.data) if row else (0, None)


def put(session, line, version, data):
    """Replace what is kept about ``line``; return its new version.

    :param version: that of the data which the new ones rest on, 0 for none.
    :raises Conflict: somebody else has replaced it meanwhile, or the line is closed.
    """
    # Locked as in a report, which closes the line and forgets what is kept about it.
    status = session.execute(
        sa.select(schema.contract_lines.c.status)
        .where(schema.contract_lines.c.uuid == line.uuid)
        .with_for_update()
    ).scalar_one()
    if core.Status(status) in core.CLOSED:
        raise exceptions.Conflict(f'Line {line.uuid} is {status}')
    known, _ = get(session, line.uuid)
    if known != version:
        raise exceptions.Conflict(
            f'version: what is kept about line {line.uuid} is at version {known}, '
            f'not {version}; read it again',
            code='flocx.conflict.generation',
        )
    if known:
        session.execute(
            sa.update(_TABLE)
            .where(_TABLE.c.line_uuid == line.uuid)
            .values(version=known + 1, data=data)
        )
    else:
        session.execute(
            sa.insert(_TABLE).values(line_uuid=line.uuid, version=1, data=data)
        )
    return known + 1


def forget(session, line_uuid):
    """Delete what is kept about a line that is closed."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.line_uuid == line_uuid))
