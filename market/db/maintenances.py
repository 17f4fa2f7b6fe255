# SPDX-License-Identifier: Apache-2.0
"""Planned outages in the database: nothing is sold in their time, nor billed.

An outage interrupts the contract lines that overlap it, as an outage that nobody has
planned does, and so bills need to know of nothing else.
"""

import collections
import dataclasses
import datetime

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as contract_core
from flocx.core import maintenance as core
from flocx.core import offer as offer_core
from flocx.core import states
from flocx.core import window
from market.db import concurrency
from market.db import events
from market.db import listing
from market.db import offers
from market.db import schema
from market.db import visibility

_TABLE, _LINES = schema.maintenances, schema.contract_lines
_INTERRUPTIONS = schema.interruptions
_SECOND = datetime.timedelta(seconds=1)
_SERVER = ('provider_id', 'resource_type', 'resource_uuid')
_PLANNED = (
    sa.select(_TABLE)
    .where(
        _TABLE.c.status == core.Status.ANNOUNCED,
        _TABLE.c.end_time > sa.bindparam('now'),
    )
    .order_by(_TABLE.c.uuid)
)
_PLANNED_AMONG = _PLANNED.where(
    _TABLE.c.resource_uuid.in_(sa.bindparam('uuids', expanding=True))
)


def get(session, ident, reader):
    """The outage of this uuid that ``reader`` may see."""
    row = listing.one(
        session, _TABLE, ident, visibility.maintenances, reader, 'Maintenance'
    )
    return listing.from_row(core.Maintenance, row)


def page(session, reader, query):
    """A page of the outages that ``reader`` may see."""
    rows = listing.page(session, _TABLE, visibility.maintenances, reader, query)
    return [listing.from_row(core.Maintenance, row) for row in rows]


def require_owner(session, offer):
    """Nothing, if the project of ``offer`` has its server on the market by itself.

    :raises Conflict: it sub-lets the server, or has neither an open offer of it nor an
        open contract.
    """
    if offer.sublet_of:
        raise exceptions.Conflict(
            f'Offer {offer.uuid} is of a server that is sub-let: outages are its '
            "owner's to announce"
        )
    if offer.status in offer_core.OPEN:
        return
    if session.execute(
        sa.select(_LINES.c.id)
        .where(
            *_of_server(_LINES, offer),
            _LINES.c.owner_id == offer.project_id,
            _LINES.c.status.in_(sorted(contract_core.OPEN)),
        )
        .limit(1)
    ).first():
        return
    raise exceptions.Conflict(
        f'Offer {offer.uuid} is {offer.status}, and no contract has its server'
    )


def announce(session, maintenance, now, notice):
    """Store an outage, and tell the owner and all whose contracts it interrupts.

    :param notice: seconds from now until it may begin, where it interrupts contracts.
    :raises Invalid: it begins sooner; nothing is changed, if the caller rolls back.
    """
    # First: who gives time of these offers away meanwhile finds that they have changed.
    _change_offers(session, maintenance, 'maintenance_announced', now)
    session.execute(sa.insert(_TABLE), listing.fields(maintenance))
    lines = _overlapping(session, maintenance)
    if lines:
        _require_notice(maintenance, now, notice)
        session.execute(
            sa.insert(_INTERRUPTIONS),
            [
                {
                    'line_uuid': line.uuid,
                    'start_time': maintenance.start_time,
                    'end_time': maintenance.end_time,
                    'reason': 'maintenance',
                    'maintenance_uuid': maintenance.uuid,
                }
                for line in lines
            ],
        )
    _tell(session, maintenance, lines, 'maintenance_announced', now)


def _require_notice(maintenance, now, notice):
    earliest = now + datetime.timedelta(seconds=notice)
    if maintenance.start_time < earliest:
        raise exceptions.Invalid(
            f'start_time: contracts have some of this time, and their renters are told '
            f'{notice} seconds before an outage begins: not before '
            f'{window.text(earliest + _SECOND)}'
        )


def end_of_former_owners(session, published, now):
    """End the outages that others have announced of servers that are published now.

    A provider vouches for who owns them; what somebody has planned for a server that is
    not theirs any more, nobody is going to do.

    :param published: offers.
    """
    owners = {each.server: each.project_id for each in published if not each.sublet_of}
    for part in listing.parts(uuid for _, _, uuid in owners):
        for outage in _planned(session, _PLANNED_AMONG, now=now, uuids=part):
            if owners.get(outage.server, outage.project_id) != outage.project_id:
                cancel(session, outage, now)


def end_of_owner(session, offer, now):
    """End the outages that the project of ``offer`` has announced of its server."""
    its = _TABLE.c.project_id == offer.project_id
    theirs = _PLANNED.where(its, *_of_server(_TABLE, offer))
    for outage in _planned(session, theirs, now=now):
        cancel(session, outage, now)


def _planned(session, statement, **parameters):
    rows = session.execute(statement, parameters).all()
    return [listing.from_row(core.Maintenance, row) for row in rows]


def cancel(session, maintenance, now):
    """Call an outage off, or end it now; return it as it is then.

    :raises Conflict: it is over, or was called off.
    """
    status = core.Status.CANCELLED
    states.require(
        core.TRANSITIONS, 'Maintenance', maintenance.uuid, maintenance.status, status
    )
    if now >= maintenance.end_time:
        raise exceptions.Conflict(
            f'Maintenance {maintenance.uuid} was over at '
            f'{window.text(maintenance.end_time)}'
        )
    _change_offers(session, maintenance, 'maintenance_cancelled', now)
    begun = now > maintenance.start_time
    values = {'status': status, 'updated_at': now}
    if begun:
        values['end_time'] = now
    done = session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.uuid == maintenance.uuid, _TABLE.c.status == maintenance.status)
        .values(**values)
    )
    concurrency.require_written(done, 'Maintenance', maintenance.uuid)
    lines = _interrupted(session, maintenance)
    its = _INTERRUPTIONS.c.maintenance_uuid == maintenance.uuid
    if begun:
        session.execute(sa.update(_INTERRUPTIONS).where(its).values(end_time=now))
    else:
        session.execute(sa.delete(_INTERRUPTIONS).where(its))
    maintenance = dataclasses.replace(maintenance, **values)
    _tell(session, maintenance, lines, 'maintenance_cancelled', now)
    return maintenance


def _of_server(table, model):
    return [table.c[name] == getattr(model, name) for name in _SERVER]


def _change_offers(session, maintenance, action, now):
    table = schema.offers
    found = session.execute(
        sa.select(table)
        .where(
            *_of_server(table, maintenance),
            table.c.status.in_(sorted(offer_core.OPEN)),
        )
        .order_by(table.c.uuid)
        .with_for_update()
    ).all()
    for row in found:
        offers.change(session, listing.from_row(offer_core.Offer, row), action, now)


def _overlapping(session, maintenance):
    """The open lines with some of the outage's time."""
    return session.execute(
        sa.select(_LINES)
        .where(
            *_of_server(_LINES, maintenance),
            _LINES.c.status.in_(sorted(contract_core.OPEN)),
            _LINES.c.start_time < maintenance.end_time,
            _LINES.c.end_time > maintenance.start_time,
        )
        .order_by(_LINES.c.uuid)
        .with_for_update()
    ).all()


def _interrupted(session, maintenance):
    """The lines that the outage interrupts."""
    return session.execute(
        sa.select(_LINES)
        .join(_INTERRUPTIONS, _INTERRUPTIONS.c.line_uuid == _LINES.c.uuid)
        .where(_INTERRUPTIONS.c.maintenance_uuid == maintenance.uuid)
        .order_by(_LINES.c.uuid)
    ).all()


def _tell(session, maintenance, rows, action, now):
    lines = collections.defaultdict(list)
    for row in rows:
        lines[row.contract_uuid].append(listing.from_row(contract_core.Line, row))
    table = schema.contracts
    for contract_uuid in sorted(lines):
        row = session.execute(
            sa.select(table).where(table.c.uuid == contract_uuid)
        ).one()
        events.of_contract(
            session,
            action,
            listing.from_row(contract_core.Contract, row),
            lines[contract_uuid],
            now,
            maintenance={
                'uuid': maintenance.uuid,
                'start_time': window.text(maintenance.start_time),
                'end_time': window.text(maintenance.end_time),
                'reason': maintenance.reason,
            },
        )
