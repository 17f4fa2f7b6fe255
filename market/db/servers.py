# SPDX-License-Identifier: Apache-2.0
"""Servers that were ever offered: whoever adds an offer of one locks it."""

import collections

from oslo_db import exception as db_exc
import sqlalchemy as sa

from flocx import exceptions
from flocx.core import offer as offer_core
from flocx.core import window
from market.db import schema

_TABLE = schema.servers
_NAMES = ('provider_id', 'resource_type', 'resource_uuid')


def lock(session, wanted):
    """Make others who add offers of these servers wait for our transaction.

    :param wanted: triples, as ``Offer.server``.
    """
    kinds = collections.defaultdict(set)
    for provider_id, resource_type, resource_uuid in wanted:
        kinds[provider_id, resource_type].add(resource_uuid)
    missing = []
    for (provider_id, resource_type), uuids in kinds.items():
        ours = (
            _TABLE.c.provider_id == provider_id,
            _TABLE.c.resource_type == resource_type,
            _TABLE.c.resource_uuid.in_(uuids),
        )
        done = session.execute(
            sa.update(_TABLE).where(*ours).values(generation=_TABLE.c.generation + 1)
        )
        if done.rowcount == len(uuids):
            continue
        known = session.scalars(sa.select(_TABLE.c.resource_uuid).where(*ours))
        missing += [
            dict(zip(_NAMES, (provider_id, resource_type, uuid), strict=True))
            for uuid in sorted(uuids.difference(known))
        ]
    if missing:
        _add(session, missing)


def _add(session, missing):
    try:
        session.execute(
            sa.insert(_TABLE), [{'generation': 1, **each} for each in missing]
        )
    except db_exc.DBDuplicateEntry:
        uuids = ', '.join(each['resource_uuid'] for each in missing)
        raise db_exc.RetryRequest(
            exceptions.Conflict(f'resource_uuid: somebody else offers {uuids} just now')
        ) from None


def offered(session, wanted):
    """{server: [open offer]} of those that may have time of the offers ``wanted``.

    They have uuid, start_time and end_time; ``wanted`` themselves are not among them.
    """
    table = schema.offers
    rows = session.execute(
        sa.select(
            table.c.uuid,
            table.c.start_time,
            table.c.end_time,
            *(table.c[name] for name in _NAMES),
        )
        .where(
            table.c.resource_uuid.in_({offer.resource_uuid for offer in wanted}),
            table.c.uuid.not_in([offer.uuid for offer in wanted]),
            table.c.status.in_(sorted(offer_core.OPEN)),
            table.c.start_time < max(offer.end_time for offer in wanted),
            table.c.end_time > min(offer.start_time for offer in wanted),
        )
        .order_by(table.c.id)
    )
    others = collections.defaultdict(list)
    for row in rows:
        others[tuple(getattr(row, name) for name in _NAMES)].append(row)
    return others


def require_alone(offer, others):
    """Nothing, if none of ``others``, as of :func:`offered`, has time of ``offer``.

    :raises Conflict: one has; the message names it.
    """
    for other in others[offer.server]:
        if other.start_time < offer.end_time and offer.start_time < other.end_time:
            raise exceptions.Conflict(
                f'resource_uuid: offer {other.uuid} has {offer.resource_uuid} from '
                f'{window.text(other.start_time)} to {window.text(other.end_time)}',
                code='flocx.conflict.overlap',
            )
