# SPDX-License-Identifier: Apache-2.0
"""What servers were sold for, without saying by whom and to whom."""

import sqlalchemy as sa

from flocx.core import contract as core
from market.db import schema


def fills(session, window, resource_class=None):
    """Lines of contracts made in ``window``, oldest first.

    Rows have ``resource_class``, ``time`` of the contract, ``price`` per server and
    hour, and ``start_time`` and ``end_time`` of the line.
    """
    lines, contracts = schema.contract_lines, schema.contracts
    query = (
        sa.select(
            lines.c.resource_class,
            contracts.c.created_at.label('time'),
            lines.c.price,
            lines.c.start_time,
            lines.c.end_time,
        )
        .join(contracts, contracts.c.uuid == lines.c.contract_uuid)
        .join(schema.offers, schema.offers.c.uuid == lines.c.offer_uuid)
        .where(
            contracts.c.created_at >= window.start,
            contracts.c.created_at < window.end,
            # What an organisation gives to its own projects is no market price.
            schema.offers.c.lessee_id.is_(None),
            # What was never handed over was sold to nobody; what has taken its place
            # is a line of its own.
            sa.or_(
                lines.c.reason.is_(None),
                lines.c.reason.not_in(sorted(core.UNDELIVERABLE)),
                lines.c.fulfill_time.is_not(None),
            ),
        )
        .order_by(contracts.c.created_at, lines.c.id)
    )
    if resource_class:
        query = query.where(lines.c.resource_class == resource_class)
    return session.execute(query)
