# SPDX-License-Identifier: Apache-2.0
"""What a project and its organisation have open: what quotas limit."""

import collections
import datetime
import decimal
import typing

import sqlalchemy as sa
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions

from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import money
from flocx.core import offer as offer_core
from market.db import listing
from market.db import schema

_DAY = datetime.timedelta(days=1)


class _Seconds(functions.FunctionElement):
    """How many seconds there are from one time to another."""

    inherit_cache, type = True, sa.BigInteger()


@compiler.compiles(_Seconds)
def _seconds(element, compiling, **how):
    start, end = (compiling.process(each, **how) for each in element.clauses)
    if compiling.dialect.name == 'sqlite':
        return f"strftime('%s', {end}) - strftime('%s', {start})"
    if compiling.dialect.name == 'postgresql':
        return f'CAST(EXTRACT(EPOCH FROM {end} - {start}) AS BIGINT)'
    return f'TIMESTAMPDIFF(SECOND, {start}, {end})'


_ORGANISATION = sa.select(schema.organisations.c.project_id).where(
    schema.organisations.c.organisation_id == sa.bindparam('organisation')
)


def _read(table, seconds, *conditions):
    """How many rows each project of the organisation has, and their seconds in all."""
    return (
        sa.select(
            sa.literal_column(f"'{table.name}'").label('source'),
            table.c.project_id,
            sa.func.count().label('rows'),
            sa.func.sum(seconds).label('seconds'),
        )
        .where(table.c.project_id.in_(_ORGANISATION), *conditions)
        .group_by(table.c.project_id)
    )


_BIDS, _LINES, _CANCELLED = schema.bids, schema.contract_lines, schema.cancellations

#: One statement, as it is part of every bid and claim.
_BIDS_AND_RESERVED = sa.union_all(
    _read(
        _BIDS,
        # Of alternatives one at most is met: the largest of them counts, and of a
        # bundle all of its parts.
        sa.func.coalesce(_BIDS.c.server_seconds, _BIDS.c.quantity * _BIDS.c.duration),
        _BIDS.c.status == bid_core.Status.AVAILABLE,
    ),
    _read(
        _LINES,
        _Seconds(_LINES.c.start_time, _LINES.c.end_time),
        _LINES.c.status == contract_core.Status.CREATED,
        _LINES.c.start_time > sa.bindparam('now'),
    ),
    _read(_CANCELLED, _CANCELLED.c.seconds, _CANCELLED.c.time > sa.bindparam('before')),
)

_OFFERS = (
    sa.select(schema.offers.c.project_id, sa.func.count())
    .where(
        schema.offers.c.project_id.in_(_ORGANISATION),
        schema.offers.c.status.in_(sorted(offer_core.OPEN)),
    )
    .group_by(schema.offers.c.project_id)
)

_OPEN_LINES = sa.select(_LINES).where(
    _LINES.c.project_id.in_(_ORGANISATION),
    _LINES.c.status.in_(sorted(contract_core.OPEN)),
    _LINES.c.end_time > sa.bindparam('now'),
)

_OPEN_BIDS = sa.select(
    _BIDS.c.project_id,
    _BIDS.c.price,
    _BIDS.c.quantity,
    _BIDS.c.duration,
    _BIDS.c.parts,
    _BIDS.c.alternatives,
).where(
    _BIDS.c.project_id.in_(_ORGANISATION), _BIDS.c.status == bid_core.Status.AVAILABLE
)


class Usage(typing.NamedTuple):
    """What the project has, and what all projects of its organisation have together.

    Each is {name of a quota: Decimal}.
    """

    project: dict
    organisation: dict


def of(session, project_id, organisation_id, now, names):
    """The Usage of a project that the database knows as one of the organisation.

    :param names: of the quotas; what none of them needs is not read.
    """
    by_project = {}
    for together, read in _READ.items():
        if not together.isdisjoint(names):
            by_project |= read(session, organisation_id, now)
    return Usage(
        {name: amounts[project_id] for name, amounts in by_project.items()},
        {name: sum(amounts.values()) for name, amounts in by_project.items()},
    )


def hours(seconds):
    """``seconds`` in hours, to 6 places."""
    return money.quantised(decimal.Decimal(seconds) / money.SECONDS_PER_HOUR)


def _amounts():
    """How much of something each project has, by its id."""
    return collections.defaultdict(decimal.Decimal)


def _bids_and_reserved(session, organisation_id, now):
    rows = session.execute(
        _BIDS_AND_RESERVED,
        {'organisation': organisation_id, 'now': now, 'before': now - _DAY},
    )
    open_bids, reserved, cancelled = _amounts(), _amounts(), _amounts()
    for source, project_id, number, seconds in rows:
        into = cancelled if source == _CANCELLED.name else reserved
        into[project_id] += hours(int(seconds))
        if source == _BIDS.name:
            open_bids[project_id] = decimal.Decimal(number)
    return {
        'open_bids': open_bids,
        'reserved_hours': reserved,
        'cancelled_hours': cancelled,
    }


def _offers(session, organisation_id, now):
    found = _amounts()
    for project_id, number in session.execute(
        _OFFERS, {'organisation': organisation_id}
    ):
        found[project_id] = decimal.Decimal(number)
    return {'open_offers': found}


def _committed(session, organisation_id, now):
    """Seconds still to come, of all servers, and what they cost at most."""
    bound = {'organisation': organisation_id, 'now': now}
    server_hours, amounts = _amounts(), _amounts()
    for row in session.execute(_OPEN_LINES, bound):
        for stay, price in listing.from_row(contract_core.Line, row).since(now):
            server_hours[row.project_id] += hours(stay.seconds)
            amounts[row.project_id] += money.amount(price, stay.seconds)
    for project_id, *own, alternatives in session.execute(_OPEN_BIDS, bound):
        terms = [_loads(*own), *map(_of_alternative, alternatives or ())]
        server_hours[project_id] += max(
            hours(sum(quantity * duration for _, quantity, duration in loads))
            for loads in terms
        )
        amounts[project_id] += max(
            sum(
                money.amount(price, quantity * duration)
                for price, quantity, duration in loads
            )
            for loads in terms
        )
    return {'server_hours': server_hours, 'committed_amount': amounts}


def _loads(price, quantity, duration, parts):
    """Price, quantity and duration of each part, or of all where there are none."""
    if not parts:
        return [(price, quantity, duration)]
    return [
        (
            price if each['price'] is None else decimal.Decimal(each['price']),
            each['quantity'],
            each['duration'],
        )
        for each in parts
    ]


def _of_alternative(document):
    price = decimal.Decimal(document['price'])
    terms = document['quantity'], document['duration'], document.get('parts')
    return _loads(price, *terms)


#: What is read together, for which quotas.
_READ = {
    frozenset(('open_bids', 'reserved_hours', 'cancelled_hours')): _bids_and_reserved,
    frozenset(('open_offers',)): _offers,
    frozenset(('server_hours', 'committed_amount')): _committed,
}
