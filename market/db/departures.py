# SPDX-License-Identifier: Apache-2.0
"""Close what a project has open in the market when it leaves Keystone.

Each object is closed in a transaction of its own, which the caller opens; so it does no
harm when several workers do it, or one of them dies on the way.
"""

import collections

import sqlalchemy as sa

from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import offer as offer_core
from flocx.core import standing_demand as demand_core
from market.db import agendas
from market.db import bids
from market.db import contracts
from market.db import lifecycle
from market.db import offers
from market.db import schema
from market.db import standing_demands
from market.db import visibility
from market.db import webhooks

_DEPARTED = schema.departed_projects


def with_open_objects(session):
    """The ids of all projects with an open offer, bid or contract, or an agenda."""
    wanted = (
        (schema.offers, offer_core.OPEN),
        (schema.bids, {bid_core.Status.AVAILABLE}),
        (schema.contracts, contract_core.OPEN),
        (schema.standing_demands, demand_core.OPEN),
    )
    return set(
        session.scalars(
            sa.union(
                *(
                    sa.select(table.c.project_id).where(
                        table.c.status.in_(sorted(statuses))
                    )
                    for table, statuses in wanted
                ),
                sa.select(schema.agendas.c.project_id),
            )
        )
    )


def all_known(session):
    """The rows of all projects that have departed, the first found first."""
    return session.execute(sa.select(_DEPARTED).order_by(_DEPARTED.c.id)).all()


def record(session, project_id, reason, now):
    """Remember that a project has departed; return since when that is known.

    Nobody reads its agendas any more.

    :param reason: a :class:`flocx.core.contract.Reason`.
    """
    agendas.forget(session, project_id)
    known = session.execute(
        sa.select(_DEPARTED).where(_DEPARTED.c.project_id == project_id)
    ).first()
    if known is None:
        webhooks.disable_project(session, project_id, reason, now)
        session.execute(
            sa.insert(_DEPARTED).values(
                project_id=project_id, reason=reason, found_at=now
            )
        )
        return now
    if known.reason != reason:
        session.execute(
            sa.update(_DEPARTED)
            .where(_DEPARTED.c.project_id == project_id)
            .values(reason=reason)
        )
    return known.found_at


def forget(session, project_id):
    """The project is back, or has nothing open any more."""
    session.execute(sa.delete(_DEPARTED).where(_DEPARTED.c.project_id == project_id))


def open_objects(session, project_id):
    """Pairs of a model (``standing_demand``, ``offer``, ...) and a uuid."""
    for model, table, statuses in (
        # First, so that nothing is bought for it any more.
        ('standing_demand', schema.standing_demands, demand_core.OPEN),
        ('bid', schema.bids, {bid_core.Status.AVAILABLE}),
        ('offer', schema.offers, offer_core.OPEN),
        ('contract', schema.contracts, contract_core.OPEN),
    ):
        found = session.scalars(
            sa.select(table.c.uuid)
            .where(
                table.c.project_id == project_id, table.c.status.in_(sorted(statuses))
            )
            .order_by(table.c.uuid)
        )
        yield from ((model, uuid) for uuid in found)


def count_open(session, project_id):
    """How many ``offers``, ``bids`` and ``contracts`` a project has open."""
    found = collections.Counter(
        f'{model}s' for model, _ in open_objects(session, project_id)
    )
    return {name: found[name] for name in ('offers', 'bids', 'contracts')}


def close(session, model, uuid, reason, now, running):
    """Close one object of a project that has departed.

    :param running: whether contracts that have begun end too.
    :returns: whether there is nothing left to close of it.
    :raises Conflict: somebody else changes it, or a server of it is sub-let for longer.
    """
    if model == 'standing_demand':
        demand = standing_demands.locked(session, uuid)
        standing_demands.end(session, demand, now, reason)
        return True
    if model == 'bid':
        bid = bids.get(session, uuid, visibility.OPERATOR)
        bids.move(session, bid, bid_core.Status.CANCELLED, now, reason=reason)
        return True
    if model == 'offer':
        offer = offers.get(session, uuid, visibility.OPERATOR)
        offers.change(
            session,
            offer,
            'cancelled',
            now,
            status=offer_core.Status.CANCELLED,
            reason=reason,
        )
        return True
    contract = contracts.get(session, uuid, visibility.OPERATOR)
    if contract.start_time <= now and not running:
        return False
    lifecycle.close(session, contract, now, reason=reason)
    return True
