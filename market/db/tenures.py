# SPDX-License-Identifier: Apache-2.0
"""What interruptible contracts have of the servers on offer."""

import collections
import datetime
import functools

import sqlalchemy as sa

from flocx.core import contract as contract_core
from flocx.core import tenure
from market.db import bids
from market.db import offers as offers_db
from market.db import schema

_LINES, _CONTRACTS = schema.contract_lines, schema.contracts

_COLUMNS = (
    *('uuid', 'contract_uuid', 'resource_class', 'part', 'start_time', 'end_time'),
    *('price', 'extensions', *offers_db.SLOT),
)

#: With more offers than this it is cheaper to read all lines.
_FEW = 500


def of(session, offers, now, turnaround, margin=datetime.timedelta()):
    """{slot: [Tenure]} of the servers of ``offers`` that a firm bid may displace.

    What is being displaced, or reclaimed, is not displaced again; nor is a server that
    is in trouble or on its way back.

    :param turnaround: what stays free between two contracts of a server.
    :param margin: what is added to each notice.
    """
    few = len(offers) <= _FEW
    uuids = {offer.resource_uuid for offer in offers}
    parameters = {'now': now, **({'resource_uuids': list(uuids)} if few else {})}
    rows = session.execute(_interruptible(few), parameters).all()
    ceilings = _ceilings(session, rows)
    found = collections.defaultdict(list)
    for row in rows:
        last = row.extensions[-1].price if row.extensions else row.price
        found[tuple(getattr(row, name) for name in offers_db.SLOT)].append(
            tenure.Tenure(
                line_uuid=row.uuid,
                contract_uuid=row.contract_uuid,
                start_time=row.start_time,
                end_time=row.end_time,
                notice=datetime.timedelta(seconds=row.notice) + margin,
                gap=turnaround.gap(row.resource_class),
                ceiling=max(ceilings.get((row.bid_uuid, row.part), last), last),
            )
        )
    return found


@functools.cache
def _interruptible(few):
    found = (
        sa.select(
            *(_LINES.c[name] for name in _COLUMNS),
            _CONTRACTS.c.bid_uuid,
            _CONTRACTS.c.interruptible_notice.label('notice'),
        )
        .join(_CONTRACTS, _CONTRACTS.c.uuid == _LINES.c.contract_uuid)
        .where(
            _CONTRACTS.c.interruptible_notice.is_not(None),
            _LINES.c.status.in_(sorted(contract_core.RUNNING)),
            _LINES.c.reclaim_deadline.is_(None),
            _LINES.c.end_time > sa.bindparam('now'),
        )
        .order_by(_LINES.c.start_time, _LINES.c.id)
    )
    if few:
        some = sa.bindparam('resource_uuids', expanding=True)
        found = found.where(_LINES.c.resource_uuid.in_(some))
    return found


def _ceilings(session, rows):
    """{(bid uuid, part): what it offers per hour}; not of bids that were purged."""
    found = {}
    for bid in bids.with_uuids(session, {row.bid_uuid for row in rows} - {None}):
        for row in bid.awarded.rectangles:
            found[bid.uuid, row.part] = row.price
    return found
