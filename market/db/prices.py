# SPDX-License-Identifier: Apache-2.0
"""What servers were sold for and delivered, and between which organisations."""

import collections
import dataclasses
import datetime

import sqlalchemy as sa

from flocx.core import contract as core
from flocx.core import window
from market.db import listing
from market.db import schema


@dataclasses.dataclass(frozen=True)
class Sale:
    """A line that was handed over, of a contract that was made at ``time``.

    ``parties`` are the organisations of its owner and its renter.
    """

    line: core.Line
    time: datetime.datetime
    parties: tuple[str, str]
    interruptions: list[window.Window]


def sales(session, period, until, resource_class=None):
    """Sales of contracts that were made in ``period``, oldest first.

    Left out is what was handed over after ``until`` or never, what was offered to one
    project only, and what an organisation sold to itself: it is no market price.
    """
    lines, contracts = schema.contract_lines, schema.contracts
    owner, renter = (schema.organisations.alias(name) for name in ('owner', 'renter'))
    by = sa.func.coalesce(owner.c.organisation_id, lines.c.owner_id)
    to = sa.func.coalesce(renter.c.organisation_id, lines.c.project_id)
    query = (
        sa.select(lines, contracts.c.created_at, by.label('by'), to.label('to'))
        .join(contracts, contracts.c.uuid == lines.c.contract_uuid)
        .join(schema.offers, schema.offers.c.uuid == lines.c.offer_uuid)
        .outerjoin(owner, owner.c.project_id == lines.c.owner_id)
        .outerjoin(renter, renter.c.project_id == lines.c.project_id)
        .where(
            contracts.c.created_at >= period.start,
            contracts.c.created_at < period.end,
            schema.offers.c.lessee_id.is_(None),
            lines.c.fulfill_time <= until,
            by != to,
        )
        .order_by(contracts.c.created_at, lines.c.id)
    )
    if resource_class:
        query = query.where(lines.c.resource_class == resource_class)
    rows = session.execute(query).all()
    broken = _interruptions(session, [row.uuid for row in rows], until)
    return [_sale(row, broken[row.uuid]) for row in rows]


def _sale(row, broken):
    values = dict(row._mapping)
    time, parties = values.pop('created_at'), (values.pop('by'), values.pop('to'))
    del values['id']
    return Sale(core.Line(**values), time, parties, broken)


def _interruptions(session, uuids, until):
    """{uuid of a line: the windows before ``until`` in which it did not serve}."""
    table = schema.interruptions
    found = collections.defaultdict(list)
    for part in listing.parts(uuids):
        for row in session.execute(
            sa.select(table).where(
                table.c.line_uuid.in_(part), table.c.start_time < until
            )
        ):
            end = row.end_time or until
            if row.start_time < end:
                found[row.line_uuid].append(window.Window(row.start_time, end))
    return found
