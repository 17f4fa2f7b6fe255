# SPDX-License-Identifier: Apache-2.0
"""Supply and demand as they stand, in columns that name nobody."""

import decimal
import json
import typing

import sqlalchemy as sa

from flocx.core import bid as bid_core
from flocx.core import offer as offer_core
from flocx.core import window as core
from market.db import offers
from market.db import schema


def supply(session, window, now, turnaround):
    """Resource class, price and free time of the offers open to all in ``window``.

    Triples; the third is the list of the windows that nobody has taken.

    :param turnaround: what stays free between two contracts of a server.
    """
    table = schema.offers
    rows = session.execute(
        sa.select(
            table.c.provider_id,
            table.c.resource_type,
            table.c.resource_uuid,
            table.c.sublet_of,
            table.c.resource_class,
            table.c.price,
            table.c.start_time,
            table.c.end_time,
            table.c.project_id,
            table.c.block,
        ).where(
            table.c.status == offer_core.Status.AVAILABLE,
            table.c.lessee_id.is_(None),
            table.c.start_time < window.end,
            table.c.end_time > window.start,
        )
    ).all()
    taken = offers.held(session, rows, now, turnaround)
    for row in rows:
        start = max(row.start_time, window.start, now)
        end = min(row.end_time, window.end)
        if start < end:
            free = core.Window(start, end).minus(taken.get(tuple(row[:4]), ()))
            if free:
                yield row.resource_class, row.price, free


class Demand(typing.NamedTuple):
    """An open bid, or a part of one."""

    resource_class: str | None
    project_id: str
    price: decimal.Decimal
    quantity: int
    duration: int


def demand(session, window):
    """The open bids there, a Demand each; of a bundle each of its parts."""
    table = schema.bids
    rows = session.execute(
        sa.select(
            table.c.resource_class,
            table.c.project_id,
            table.c.price,
            table.c.quantity,
            table.c.duration,
            table.c.parts,
        ).where(
            table.c.status == bid_core.Status.AVAILABLE,
            table.c.start_time < window.end,
            table.c.end_time > window.start,
        )
    )
    for *own, parts in rows:
        whole = Demand(*own)
        if not parts:
            yield whole
        for part in map(bid_core.Part.of, parts or ()):
            yield Demand(
                part.resource_class,
                whole.project_id,
                whole.price if part.price is None else part.price,
                part.quantity,
                part.duration,
            )


def documents(session):
    """The hardware documents of the offers open to all, and of how many each is.

    Servers are bought by the dozen: the database puts what is alike together.
    """
    table = schema.offers
    text = sa.cast(table.c.properties, sa.Text)
    rows = session.execute(
        sa.select(text.label('text'), sa.func.count().label('offers'))
        .where(
            table.c.status == offer_core.Status.AVAILABLE, table.c.lessee_id.is_(None)
        )
        .group_by(text)
    )
    for row in rows:
        yield json.loads(row.text), row.offers
