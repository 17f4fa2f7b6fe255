# SPDX-License-Identifier: Apache-2.0
"""What providers are late with."""

import sqlalchemy as sa

from flocx.core import contract as core
from market.db import schema

_S = core.Status


def late(session, moment):
    """How many servers should have been handed over, or taken back, by ``moment``.

    Those count too for which Ironic is tried again and again.
    """
    table = schema.contract_lines
    waits = sa.or_(
        sa.and_(
            table.c.status.in_([_S.CREATED, _S.WAIT_FULFILL]),
            table.c.start_time <= moment,
        ),
        sa.and_(
            table.c.status.in_([_S.ACTIVE, _S.WAIT_END, _S.WAIT_CANCEL]),
            table.c.end_time <= moment,
        ),
    )
    return session.execute(
        sa.select(sa.func.count())
        .select_from(table)
        .where(table.c.status.in_(core.OPEN), waits)
    ).scalar_one()
