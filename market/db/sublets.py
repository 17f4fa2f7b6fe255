# SPDX-License-Identifier: Apache-2.0
"""What is sub-let of a line ends with it: its offers, and the lines made of them.

Locks are taken in one order, offers before lines, as where contracts are written.
"""

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import offer as offer_core
from flocx.core import window
from market.db import listing
from market.db import offers
from market.db import schema

_S = core.Status


def truncate_offers(session, lines, now):
    """Let no open offer of what ``lines`` have go beyond them."""
    table = schema.offers
    by_uuid = {line.uuid: line for line in lines}
    found = session.execute(
        sa.select(table)
        .where(
            table.c.sublet_of.in_(by_uuid), table.c.status.in_(sorted(offer_core.OPEN))
        )
        .order_by(table.c.uuid)
        .with_for_update()
    ).all()
    for row in found:
        line, offer = by_uuid[row.sublet_of], listing.from_row(offer_core.Offer, row)
        if line.status not in core.RUNNING or line.end_time <= offer.start_time:
            cancelled = offer_core.Status.CANCELLED
            offers.change(session, offer, 'cancelled', now, status=cancelled)
        elif line.end_time < offer.end_time:
            offers.change(session, offer, 'changed', now, end_time=line.end_time)


def require_none_beyond(session, contract):
    """Nothing, if what is sub-let of ``contract`` is over when its lines are.

    :raises Conflict: a line goes beyond; the message names it.
    """
    ends = {
        line.uuid: line.start_time if line.status == _S.CANCELLED else line.end_time
        for line in contract.lines
    }
    for row in _lines(session, ends):
        if row.end_time > ends[row.sublet_of]:
            raise exceptions.Conflict(
                f'Line {row.sublet_of} is sub-let until {window.text(row.end_time)} '
                f'by line {row.uuid}',
                code='flocx.conflict.sublet',
            )


def contracts_of(session, line):
    """The uuids of the contracts with an open line that is sub-let of ``line``."""
    return sorted({row.contract_uuid for row in _lines(session, [line.uuid])})


def orphaned_lines(session, line, status):
    """The lines that can never be delivered, as ``line`` becomes ``status``.

    Nothing has been done for them in Ironic yet.

    :raises Conflict: for another something has; ``line`` closes after it.
    """
    if line.sublet_of or status in core.RUNNING | {_S.ERROR}:
        return []
    found = _lines(session, [line.uuid])
    begun = [row for row in found if row.status != _S.CREATED]
    if begun and status in core.CLOSED:
        raise exceptions.Conflict(
            f'Line {line.uuid}: line {begun[0].uuid}, which it is sub-let by, has not '
            'given the server back yet',
            code='flocx.conflict.sublet',
        )
    return [row for row in found if row.status == _S.CREATED]


def _lines(session, uuids):
    """The open lines of what is sub-let of the lines ``uuids``, locked."""
    table = schema.contract_lines
    return session.execute(
        sa.select(table)
        .where(table.c.sublet_of.in_(uuids), table.c.status.in_(sorted(core.OPEN)))
        .order_by(table.c.uuid)
        .with_for_update()
    ).all()
