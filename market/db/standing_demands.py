# SPDX-License-Identifier: Apache-2.0
"""Standing demands in the database, and what each of them holds."""

import collections
import dataclasses

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import standing_demand as core
from flocx.core import states
from flocx.core import window
from market.db import bids
from market.db import concurrency
from market.db import contracts
from market.db import events
from market.db import listing
from market.db import organisations
from market.db import schema
from market.db import visibility

_TABLE, _PURCHASES = schema.standing_demands, schema.standing_purchases
_BIDS, _CONTRACTS, _LINES = schema.bids, schema.contracts, schema.contract_lines
_CONTRACTS_OF = sa.select(_CONTRACTS.c.uuid).join(
    _PURCHASES, _PURCHASES.c.bid_uuid == _CONTRACTS.c.bid_uuid
)


@dataclasses.dataclass(frozen=True)
class Holding:
    """What a standing demand has at a moment.

    ``held`` servers are its now, ``reserved`` ones begin later, ``wanted`` ones are bid
    for.
    """

    held: int = 0
    reserved: int = 0
    wanted: int = 0
    contracts: tuple = ()
    bids: tuple = ()


def add(session, demand, now, most):
    """Store a new standing demand.

    :param most: how many of them a project may have that are not over.
    :raises Forbidden: it has as many.
    """
    organisations.lock_project(session, demand.project_id)
    number = session.scalar(
        sa.select(sa.func.count()).where(
            _TABLE.c.project_id == demand.project_id,
            _TABLE.c.status.in_(sorted(core.OPEN)),
        )
    )
    if number >= most:
        raise exceptions.Forbidden(
            f'Quota standing_demands: the project has {number}, and may have {most}',
            code='flocx.quota',
        )
    session.execute(sa.insert(_TABLE), listing.fields(demand))
    events.of_standing_demand(session, 'created', demand, now)


def get(session, ident, reader):
    """The standing demand of this uuid or name that ``reader`` may see."""
    visible = visibility.standing_demands
    row = listing.one(session, _TABLE, ident, visible, reader, 'Standing demand')
    return _from_row(row)


def page(session, reader, query):
    """A page of the standing demands that ``reader`` may see."""
    rows = listing.page(session, _TABLE, visibility.standing_demands, reader, query)
    return [_from_row(row) for row in rows]


def active(session):
    """The uuids of those that servers are bought for."""
    return session.scalars(
        sa.select(_TABLE.c.uuid)
        .where(_TABLE.c.status == core.Status.ACTIVE)
        .order_by(_TABLE.c.id)
    ).all()


def locked(session, uuid):
    """A standing demand that nobody else changes, or buys for, until the commit."""
    row = session.execute(
        sa.select(_TABLE).where(_TABLE.c.uuid == uuid).with_for_update()
    ).first()
    return row and _from_row(row)


def change(session, demand, action, now, **values):
    """Change a standing demand; return it as it is then.

    :param action: what the event calls it.
    :raises Conflict: it is over, or somebody else has changed it meanwhile.
    """
    if 'status' in values and values['status'] != demand.status:
        states.require(
            core.TRANSITIONS,
            'Standing demand',
            demand.uuid,
            demand.status,
            values['status'],
        )
    values.update(generation=demand.generation + 1, updated_at=now)
    done = session.execute(
        sa.update(_TABLE)
        .where(
            _TABLE.c.uuid == demand.uuid,
            _TABLE.c.generation == demand.generation,
            _TABLE.c.status.in_(sorted(core.OPEN)),
        )
        .values(**values)
    )
    concurrency.require_written(done, 'Standing demand', demand.uuid)
    after = dataclasses.replace(demand, **values)
    events.of_standing_demand(session, action, after, now)
    return after


def withdraw_bids(session, demand, now):
    """Cancel the bids that were made for a standing demand and are open.

    :raises Conflict: one of them has been matched just now.
    """
    for bid in _open_bids(session, demand.uuid):
        bids.move(session, bid, bid_core.Status.CANCELLED, now)


def end(session, demand, now, reason=None):
    """End a standing demand: nothing more is bought, and what it holds runs out."""
    withdraw_bids(session, demand, now)
    more = {'detail': reason} if reason else {}
    status = core.Status.ENDED
    return change(session, demand, 'ended', now, status=status, **more)


def record(session, demand, bid):
    """Keep that a bid was made for a demand, and forget those that came to nothing."""
    closed = {bid_core.Status.EXPIRED, bid_core.Status.CANCELLED}
    session.execute(
        sa.delete(_PURCHASES).where(
            _PURCHASES.c.demand_uuid == demand.uuid,
            _PURCHASES.c.bid_uuid.in_(
                sa.select(_BIDS.c.uuid).where(_BIDS.c.status.in_(sorted(closed)))
            ),
        )
    )
    session.execute(
        sa.insert(_PURCHASES).values(demand_uuid=demand.uuid, bid_uuid=bid.uuid)
    )


def contract_until(session, demand, end, but):
    """A contract by which a demand holds a server until ``end``, or None.

    :param but: the uuids of contracts that are not meant.
    """
    uuid = session.scalar(
        _CONTRACTS_OF.where(
            _PURCHASES.c.demand_uuid == demand.uuid,
            _CONTRACTS.c.status.in_(sorted(contract_core.RUNNING)),
            _CONTRACTS.c.end_time == end,
            _CONTRACTS.c.uuid.not_in(sorted(but)),
        )
        .order_by(_CONTRACTS.c.id)
        .limit(1)
    )
    return uuid and contracts.get(session, uuid, visibility.OPERATOR)


def taken(session, demand):
    """The time of each server that a standing demand has, or may get by a bid."""
    windows = [each.window for each in _open_bids(session, demand.uuid)]
    for row in session.execute(
        sa.select(
            _LINES.c.start_time,
            _LINES.c.end_time,
            _CONTRACTS.c.extend_until,
            _CONTRACTS.c.extend_refusal,
        )
        .join(_CONTRACTS, _CONTRACTS.c.uuid == _LINES.c.contract_uuid)
        .join(_PURCHASES, _PURCHASES.c.bid_uuid == _CONTRACTS.c.bid_uuid)
        .where(
            _PURCHASES.c.demand_uuid == demand.uuid,
            _LINES.c.status.in_(sorted(contract_core.OPEN)),
        )
    ):
        end = row.end_time
        if row.extend_until and not row.extend_refusal:
            # Its renter has asked for it to go on by itself.
            end = max(end, row.extend_until)
        windows.append(window.Window(row.start_time, end))
    return windows


def holdings(session, demands, now):
    """{uuid of a standing demand: its Holding}, a defaultdict."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    uuids = [each.uuid for each in demands]
    own = _PURCHASES.c.demand_uuid.in_(uuids)
    for row in session.execute(
        sa.select(_PURCHASES.c.demand_uuid, _BIDS.c.uuid)
        .join(_BIDS, _BIDS.c.uuid == _PURCHASES.c.bid_uuid)
        .where(own, _BIDS.c.status == bid_core.Status.AVAILABLE)
        .order_by(_BIDS.c.id)
    ):
        found[row.demand_uuid]['bids'].append(row.uuid)
    for row in session.execute(
        sa.select(_PURCHASES.c.demand_uuid, _CONTRACTS.c.uuid, _LINES.c.start_time)
        .join(_CONTRACTS, _CONTRACTS.c.bid_uuid == _PURCHASES.c.bid_uuid)
        .join(_LINES, _LINES.c.contract_uuid == _CONTRACTS.c.uuid)
        .where(
            own,
            _LINES.c.status.in_(sorted(contract_core.OPEN)),
            _LINES.c.end_time > now,
        )
        .order_by(_LINES.c.id)
    ):
        kind = 'held' if row.start_time <= now else 'reserved'
        found[row.demand_uuid][kind].append(row.uuid)
    return {uuid: _holding(found[uuid]) for uuid in uuids}


def _holding(found):
    return Holding(
        held=len(found['held']),
        reserved=len(found['reserved']),
        wanted=len(found['bids']),
        contracts=tuple(dict.fromkeys(found['held'] + found['reserved'])),
        bids=tuple(found['bids']),
    )


def _open_bids(session, uuid):
    rows = session.execute(
        sa.select(_BIDS)
        .join(_PURCHASES, _PURCHASES.c.bid_uuid == _BIDS.c.uuid)
        .where(
            _PURCHASES.c.demand_uuid == uuid,
            _BIDS.c.status == bid_core.Status.AVAILABLE,
        )
        .order_by(_BIDS.c.id)
    )
    return [bids.from_row(row) for row in rows]


def _from_row(row):
    demand = listing.from_row(core.StandingDemand, row)
    return dataclasses.replace(
        demand,
        lineage=tuple(demand.lineage),
        requirements=tuple(map(tuple, demand.requirements)),
    )
