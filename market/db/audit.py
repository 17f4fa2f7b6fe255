# SPDX-License-Identifier: Apache-2.0
"""What the audit looks at: who traded with whom, gave back and changed how much."""

import collections
import dataclasses
import decimal

import sqlalchemy as sa

from flocx.core import contract as core
from market.db import listing
from market.db import schema


@dataclasses.dataclass(frozen=True)
class Trade:
    """A line that was sold; ``parties`` are the organisations of owner and renter."""

    owner_id: str
    renter_id: str
    parties: tuple[str, str]
    resource_class: str | None
    price: decimal.Decimal
    seconds: int


def trades(session, period):
    """The lines of contracts that were made in ``period``, for what was open to all."""
    lines, contracts = schema.contract_lines, schema.contracts
    owner, renter = (schema.organisations.alias(name) for name in ('owner', 'renter'))
    rows = session.execute(
        sa.select(
            lines.c.owner_id,
            lines.c.project_id,
            lines.c.resource_class,
            lines.c.price,
            lines.c.start_time,
            lines.c.end_time,
            sa.func.coalesce(owner.c.organisation_id, lines.c.owner_id).label('by'),
            sa.func.coalesce(renter.c.organisation_id, lines.c.project_id).label('to'),
        )
        .join(contracts, contracts.c.uuid == lines.c.contract_uuid)
        .join(schema.offers, schema.offers.c.uuid == lines.c.offer_uuid)
        .outerjoin(owner, owner.c.project_id == lines.c.owner_id)
        .outerjoin(renter, renter.c.project_id == lines.c.project_id)
        .where(
            contracts.c.created_at >= period.start,
            contracts.c.created_at < period.end,
            schema.offers.c.lessee_id.is_(None),
        )
        .order_by(lines.c.id)
    )
    return [
        Trade(
            owner_id=row.owner_id,
            renter_id=row.project_id,
            parties=(row.by, row.to),
            resource_class=row.resource_class,
            price=row.price,
            seconds=int((row.end_time - row.start_time).total_seconds()),
        )
        for row in rows
    ]


def cancelled(session, period):
    """{project: (how often, seconds)} given back in ``period`` before they began."""
    table = schema.cancellations
    rows = session.execute(
        sa.select(table.c.project_id, sa.func.count(), sa.func.sum(table.c.seconds))
        .where(table.c.time >= period.start, table.c.time < period.end)
        .group_by(table.c.project_id)
    )
    return {project: (count, int(seconds)) for project, count, seconds in rows}


def reserved(session, period):
    """{project: seconds} of contracts made in ``period`` that began, or begin, later.

    What was given back before it began counts as it was.
    """
    lines, contracts = schema.contract_lines, schema.contracts
    rows = session.execute(
        sa.select(
            lines.c.project_id, lines.c.start_time, lines.c.end_time, lines.c.status
        )
        .join(contracts, contracts.c.uuid == lines.c.contract_uuid)
        .where(
            contracts.c.created_at >= period.start,
            contracts.c.created_at < period.end,
            lines.c.start_time > contracts.c.created_at,
            sa.or_(
                lines.c.status != core.Status.CANCELLED,
                lines.c.reason == core.Reason.CANCELLED,
            ),
        )
    )
    found = collections.Counter()
    for row in rows:
        found[row.project_id] += int((row.end_time - row.start_time).total_seconds())
    return found


def taken_back(session, period):
    """{owner: (lines taken back, all of their lines, seconds of planned outages)}.

    Of lines that were handed over and had some of ``period``. One is taken back that
    was reclaimed in it, or that a planned outage interrupts in it.
    """
    lines, broken = schema.contract_lines, schema.interruptions
    outages, seconds = set(), collections.Counter()
    for row in session.execute(
        sa.select(
            broken.c.line_uuid, lines.c.owner_id, broken.c.start_time, broken.c.end_time
        )
        .join(lines, lines.c.uuid == broken.c.line_uuid)
        .where(
            broken.c.maintenance_uuid.is_not(None),
            broken.c.start_time < period.end,
            broken.c.end_time > period.start,
        )
    ):
        outages.add(row.line_uuid)
        its = min(row.end_time, period.end) - max(row.start_time, period.start)
        seconds[row.owner_id] += int(its.total_seconds())
    found, total = collections.Counter(), collections.Counter()
    for row in session.execute(
        sa.select(lines.c.uuid, lines.c.owner_id, lines.c.reclaim_time).where(
            lines.c.fulfill_time.is_not(None),
            lines.c.start_time < period.end,
            lines.c.end_time > period.start,
        )
    ):
        reclaimed = row.reclaim_time and period.start <= row.reclaim_time < period.end
        total[row.owner_id] += 1
        found[row.owner_id] += bool(reclaimed or row.uuid in outages)
    return {owner: (found[owner], total[owner], seconds[owner]) for owner in total}


def changes_of_bids(session, period):
    """{(project, resource class): the most changes of one bid of it in ``period``}."""
    return _changes(session, period, schema.bids, schema.events.c.project_id)


def changes_of_asks(session, period):
    """{(project, resource class): the most asks, less one, of one offer of it}."""
    events, offers = schema.events, schema.offers
    rows = session.execute(
        sa.select(events.c.object_uuid, events.c.payload)
        .where(
            events.c.object_type == 'offer',
            events.c.type.in_(['offer.published', 'offer.changed']),
            events.c.time >= period.start,
            events.c.time < period.end,
        )
        .order_by(events.c.id)
    )
    asks = collections.defaultdict(list)
    for uuid, payload in rows:
        if asks[uuid][-1:] != [payload['price']]:
            asks[uuid].append(payload['price'])
    often = {uuid: len(prices) - 1 for uuid, prices in asks.items()}
    return _by_project(session, offers, often)


def _changes(session, period, table, addressee):
    events = schema.events
    rows = session.execute(
        sa.select(events.c.object_uuid, sa.func.count())
        .where(
            events.c.type == 'bid.changed',
            addressee.is_not(None),
            events.c.time >= period.start,
            events.c.time < period.end,
        )
        .group_by(events.c.object_uuid)
    )
    return _by_project(session, table, {uuid: count for uuid, count in rows})


def _by_project(session, table, counts):
    """The greatest of ``counts``, by uuid, of each project and resource class."""
    found = collections.Counter()
    for part in listing.parts(uuid for uuid, count in counts.items() if count):
        for row in session.execute(
            sa.select(table.c.uuid, table.c.project_id, table.c.resource_class).where(
                table.c.uuid.in_(part)
            )
        ):
            key = row.project_id, row.resource_class
            found[key] = max(found[key], counts[row.uuid])
    return found
