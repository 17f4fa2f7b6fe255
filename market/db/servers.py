# SPDX-License-Identifier: Apache-2.0
"""Servers that were ever offered: whoever adds an offer of one locks it."""

import collections
import dataclasses

from oslo_db import exception as db_exc
import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as contract_core
from flocx.core import offer as offer_core
from flocx.core import window
from market.db import schema

_TABLE = schema.servers
_NAMES = ('provider_id', 'resource_type', 'resource_uuid')
_SLOT = (*_NAMES, 'sublet_of')

_THESE = (
    _TABLE.c.provider_id == sa.bindparam('provider'),
    _TABLE.c.resource_type == sa.bindparam('type'),
    _TABLE.c.resource_uuid.in_(sa.bindparam('uuids', expanding=True)),
)
_LOCK = sa.update(_TABLE).where(*_THESE).values(generation=_TABLE.c.generation + 1)
_KNOWN = sa.select(_TABLE.c.resource_uuid).where(*_THESE)
_INSERT = sa.insert(_TABLE)
_NAMED = sa.select(_TABLE.c.id, _TABLE.c.resource_uuid, _TABLE.c.name).where(*_THESE)
_RENAME = (
    sa.update(_TABLE)
    .where(_TABLE.c.id == sa.bindparam('renamed'))
    .values(name=sa.bindparam('called'))
)


def lock(session, wanted):
    """Make others who add offers of these servers wait for our transaction.

    :param wanted: triples, as ``Offer.server``.
    :returns: those of them that were never offered before.
    """
    kinds = collections.defaultdict(set)
    for provider_id, resource_type, resource_uuid in wanted:
        kinds[provider_id, resource_type].add(resource_uuid)
    missing = []
    for (provider_id, resource_type), uuids in kinds.items():
        these = {'provider': provider_id, 'type': resource_type, 'uuids': list(uuids)}
        done = session.execute(_LOCK, these)
        if done.rowcount == len(uuids):
            continue
        known = session.scalars(_KNOWN, these) if done.rowcount else ()
        missing += [
            dict(zip(_NAMES, (provider_id, resource_type, uuid), strict=True))
            for uuid in sorted(uuids.difference(known))
        ]
    if missing:
        _add(session, missing)
    return {tuple(each[name] for name in _NAMES) for each in missing}


def _add(session, missing):
    try:
        session.execute(_INSERT, [{'generation': 1, **each} for each in missing])
    except db_exc.DBDuplicateEntry:
        uuids = ', '.join(each['resource_uuid'] for each in missing)
        raise db_exc.RetryRequest(
            exceptions.Conflict(f'resource_uuid: somebody else offers {uuids} just now')
        ) from None


def name_all(session, names):
    """Write down what their owners call servers, which are locked.

    :param names: {``Offer.server``: its name}; None leaves it as it is.
    """
    names = {server: name for server, name in names.items() if name is not None}
    kinds = collections.defaultdict(list)
    for provider_id, resource_type, resource_uuid in names:
        kinds[provider_id, resource_type].append(resource_uuid)
    for kind, uuids in kinds.items():
        these = dict(zip(('provider', 'type', 'uuids'), (*kind, uuids), strict=True))
        rows = session.execute(_NAMED, these).all()
        changed = [
            {'renamed': row.id, 'called': names[*kind, row.resource_uuid]}
            for row in rows
            if row.name != names[*kind, row.resource_uuid]
        ]
        if changed:
            session.execute(_RENAME, changed)


def offered(session, wanted):
    """{slot: [open offer]} of those that may have time of the offers ``wanted``.

    They have uuid, start_time and end_time; ``wanted`` themselves are not among them.
    """
    others = collections.defaultdict(list)
    if not wanted:
        return others
    table = schema.offers
    rows = session.execute(
        sa.select(
            table.c.uuid,
            table.c.start_time,
            table.c.end_time,
            *(table.c[name] for name in _SLOT),
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
    for row in rows:
        others[tuple(getattr(row, name) for name in _SLOT)].append(row)
    return others


def require_alone(offer, others):
    """Nothing, if none of ``others``, as of :func:`offered`, has time of ``offer``.

    :raises Conflict: one has; the message names it.
    """
    for other in others[offer.slot]:
        if other.start_time < offer.end_time and offer.start_time < other.end_time:
            raise exceptions.Conflict(
                f'resource_uuid: offer {other.uuid} has {offer.resource_uuid} from '
                f'{window.text(other.start_time)} to {window.text(other.end_time)}',
                code='flocx.conflict.overlap',
            )


def require_rented(session, offer):
    """``offer``, if it is the owner's, or its project rents the server for it.

    The line is locked, so that it does not change before the offer is stored. Where
    its server can be reclaimed, what is sub-let of it can be with as much notice, or
    with less if the offer says so.

    :raises NotFound: there is no such line of the project for the server.
    :raises Conflict: the line is a sub-let itself, is not running, has not the time of
        the offer, is reclaimed, or has a shorter notice than the offer promises.
    """
    if offer.sublet_of is None:
        return offer
    table = schema.contract_lines
    line = session.execute(
        sa.select(table)
        .where(
            table.c.uuid == offer.sublet_of,
            table.c.project_id == offer.project_id,
            *(table.c[name] == getattr(offer, name) for name in _NAMES),
        )
        .with_for_update()
    ).first()
    if line is None:
        raise exceptions.NotFound(f'sublet_of: line {offer.sublet_of} not found')
    why = _why_not(session, offer, line)
    if why:
        raise exceptions.Conflict(
            f'sublet_of: line {line.uuid} {why}', code='flocx.conflict.sublet'
        )
    return _with_notice(offer, line)


def _why_not(session, offer, line):
    """Why ``line`` cannot be sub-let as ``offer`` says, or None."""
    if line.sublet_of:
        return 'has a server that is sub-let, which cannot be sub-let again'
    if line.status not in contract_core.RUNNING:
        return f'is {line.status}'
    if line.reclaim_deadline:
        return f'is reclaimed or displaced, by {window.text(line.reclaim_deadline)}'
    if _interruptible(session, line):
        return 'is of a contract that may be displaced'
    if offer.start_time < line.start_time or line.end_time < offer.end_time:
        return (
            f'has the server from {window.text(line.start_time)} to '
            f'{window.text(line.end_time)} only'
        )
    return None


def _interruptible(session, line):
    table = schema.contracts
    notice = session.scalar(
        sa.select(table.c.interruptible_notice).where(
            table.c.uuid == line.contract_uuid
        )
    )
    return notice is not None


def _with_notice(offer, line):
    if line.reclaim_notice is None:
        return offer
    if offer.reclaim_notice is None:
        return dataclasses.replace(offer, reclaim_notice=line.reclaim_notice)
    if offer.reclaim_notice > line.reclaim_notice:
        raise exceptions.Conflict(
            f'reclaim_notice: line {line.uuid} can be reclaimed with a notice of '
            f'{line.reclaim_notice} seconds, and so can what is sub-let of it',
            code='flocx.conflict.sublet',
        )
    return offer
