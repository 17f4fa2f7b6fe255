# SPDX-License-Identifier: Apache-2.0
"""Offers and bids straight into the tables of an empty market."""

import datetime
import decimal
import uuid

import sqlalchemy as sa

from flocx.core import bid
from market.db import listing
from market.db import schema

DAY = datetime.timedelta(days=1)
#: Servers of a class, and so bids that compete for the same.
RACK = 50
#: What a server and hour costs; who bids less waits.
ASK, TOO_LOW = decimal.Decimal(1), decimal.Decimal('0.5')
#: How many rows one transaction inserts.
_ROWS_AT_ONCE = 2000


def classes(count):
    """The resource classes of so many offers, without the last if it is not full."""
    return [f'class-{number}' for number in range(max(1, count // RACK))]


def fill(database, offers, bids, now, ceiling, first=0):
    """So many offers for a week, and bids for a day of a server, of the same classes.

    :param ceiling: what the bids are ready to pay, a Decimal.
    :param first: how many of each there are already.
    :returns: the uuids of the offers.
    """
    numbers = range(first, first + offers)
    _insert(database, schema.offers, (_offer(each, now) for each in numbers))
    placed = range(first, first + bids)
    _insert(database, schema.bids, (_bid(each, now, ceiling) for each in placed))
    return [_uuid('offer', number) for number in numbers]


def _insert(database, table, rows):
    rows = list(rows)
    for at in range(0, len(rows), _ROWS_AT_ONCE):
        with database.writer() as session:
            session.execute(sa.insert(table), rows[at : at + _ROWS_AT_ONCE])


def _uuid(kind, number):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f'{kind}-{number}'))


def _offer(number, now):
    return {
        'uuid': _uuid('offer', number),
        'project_id': f'owner-{number % 50}',
        'provider_id': 'provider',
        'resource_type': 'dummy_node',
        'resource_uuid': f'server-{number}',
        'resource_class': f'class-{number // RACK}',
        'properties': {'cpus': 64},
        'start_time': now,
        'end_time': now + 7 * DAY,
        'price': ASK,
        'status': 'available',
        'generation': 1,
        'created_at': now,
        'updated_at': now,
    }


def _bid(number, now, ceiling):
    return listing.fields(
        bid.Bid(
            uuid=_uuid('bid', number),
            project_id=f'renter-{number % 20}',
            lineage=(f'renter-{number % 20}',),
            start_time=now,
            end_time=now + 2 * DAY,
            duration=86400,
            price=ceiling,
            resource_class=f'class-{number // RACK}',
            created_at=now,
            updated_at=now,
        )
    )
