# SPDX-License-Identifier: Apache-2.0
"""Bids in the database."""

import dataclasses

import sqlalchemy as sa

from flocx.core import bid as bid_core
from flocx.core import ledger as core
from flocx.core import states
from market.db import budgets
from market.db import concurrency
from market.db import events
from market.db import listing
from market.db import schema
from market.db import visibility

_TABLE = schema.bids
_INSERT = sa.insert(_TABLE)
#: How many bids are looked at where the highest that suits is wanted.
_MOST_READ = 1000
_AVAILABLE = (
    sa.select(_TABLE)
    .where(_TABLE.c.status == bid_core.Status.AVAILABLE)
    .order_by(_TABLE.c.id)
)
_AVAILABLE_AMONG = _AVAILABLE.where(
    _TABLE.c.uuid.in_(sa.bindparam('uuids', expanding=True))
)


def from_row(row):
    """The bid that a row holds."""
    values = dict(row._mapping)
    del values['id'], values['server_seconds']
    values.update(
        lineage=tuple(values['lineage']),
        requirements=tuple(map(tuple, values['requirements'])),
        alternatives=tuple(map(bid_core.Alternative.of, values['alternatives'] or ())),
        parts=tuple(map(bid_core.Part.of, values['parts'] or ())),
    )
    return bid_core.Bid(**values)


def _row(bid):
    """The columns of a bid, by name."""
    values = listing.fields(bid)
    # What a row and an award say, not a bid.
    for name in ('part', 'jointly', 'part_groups'):
        del values[name]
    return values | {
        'parts': [each.document for each in bid.parts] or None,
        'alternatives': _documents(bid),
        'server_seconds': _server_seconds(bid),
    }


def _documents(bid):
    """The alternatives of a bid as JSON has them, None where there are none."""
    return [each.document for each in bid.alternatives] or None


def _server_seconds(bid):
    """What its other columns do not say: None of one rectangle."""
    return bid.server_seconds if bid.alternatives or bid.parts else None


def add(session, bid, now):
    """Store a new bid, and hold what it holds.

    :raises Forbidden: the project has too little.
    """
    budgets.bid_changed(session, bid, core.ZERO, now)
    session.execute(_INSERT, _row(bid))
    events.of_bid(session, 'placed', bid, now)


def get(session, ident, reader):
    """The bid of this uuid or name that ``reader`` may see."""
    return from_row(listing.one(session, _TABLE, ident, visibility.bids, reader, 'Bid'))


def expressions(session, project_id):
    """What the open bids of a project have servers grouped by, a set."""
    rows = session.execute(
        sa.select(_TABLE).where(
            _TABLE.c.status == bid_core.Status.AVAILABLE,
            _TABLE.c.project_id == project_id,
            sa.or_(
                _TABLE.c.group_by.is_not(None),
                _TABLE.c.spread_by.is_not(None),
                _TABLE.c.alternatives.is_not(None),
                _TABLE.c.parts.is_not(None),
            ),
        )
    )
    return {each.expressions for row in rows for each in from_row(row).rectangles} - {
        ()
    }


def with_uuid(session, uuid):
    """The bid of this uuid, whoever asks, or None where it was purged.

    Of alternatives it is the one that was awarded.
    """
    row = session.execute(sa.select(_TABLE).where(_TABLE.c.uuid == uuid)).first()
    return row and from_row(row).awarded


def with_uuids(session, uuids):
    """The bids of these uuids, whoever asks, but those that were purged."""
    found = []
    for part in listing.parts(sorted(uuids)):
        rows = session.execute(sa.select(_TABLE).where(_TABLE.c.uuid.in_(part)))
        found.extend(from_row(row) for row in rows)
    return found


def met_by(session, contract, line):
    """What of its bid a line meets: the option, or the part of it; None of a claim."""
    bid = contract.bid_uuid and with_uuid(session, contract.bid_uuid)
    if not bid or line.part is None:
        return bid
    return bid.rectangles[line.part]


def page(session, reader, query):
    """A page of the bids that ``reader`` may see."""
    rows = listing.page(session, _TABLE, visibility.bids, reader, query)
    return [from_row(row) for row in rows]


def available(session, uuids=None):
    """Every bid that still waits for servers, in order of arrival.

    :param uuids: only those of them that are among these.
    """
    if uuids is None:
        rows = session.execute(_AVAILABLE)
    else:
        rows = session.execute(_AVAILABLE_AMONG, {'uuids': list(uuids)})
    return [from_row(row) for row in rows]


def above(session, offer, price, period):
    """Bids with higher ceilings than ``price`` that one server could fill alone.

    They are of others than the owner of ``offer`` and have some time in common with
    the window ``period``; the highest ceiling comes first. What hardware they ask for
    beyond its class is not looked at. Each alternative is a bid of its own. No server
    fills a bundle alone.
    """
    alone = sa.and_(
        _TABLE.c.price > price,
        _TABLE.c.min_quantity == 1,
        _TABLE.c.parts.is_(None),
        sa.or_(
            _TABLE.c.resource_class.is_(None),
            _TABLE.c.resource_class == offer.resource_class,
        ),
        _TABLE.c.start_time < period.end,
        _TABLE.c.end_time > period.start,
    )
    rows = session.execute(
        sa.select(_TABLE)
        .where(
            _TABLE.c.status == bid_core.Status.AVAILABLE,
            _TABLE.c.project_id != offer.project_id,
            sa.or_(alone, _TABLE.c.alternatives.is_not(None)),
        )
        .order_by(_TABLE.c.price.desc(), _TABLE.c.id)
        .limit(_MOST_READ)
    )
    found = [
        option
        for row in rows
        for option in from_row(row).options
        if option.price > price
        and option.min_quantity == 1
        and not option.parts
        and option.resource_class in (None, offer.resource_class)
        and option.window.overlaps(period)
    ]
    return sorted(found, key=lambda option: -option.price)


def move(session, bid, status, now, **values):
    """Close an available bid as ``status``; return it as it is then.

    :raises Conflict: it is closed already.
    """
    states.require(bid_core.TRANSITIONS, 'Bid', bid.uuid, bid.status, status)
    held = {'hold': core.ZERO} if bid.hold else {}
    return change(session, bid, status, now, status=status, **held, **values)


def change(session, bid, action, now, reason=None, **values):
    """Change an available bid; return it as it is then.

    :param action: what the event calls it.
    :param reason: why, for the event, where it is not the bidder who changes it.
    :raises Conflict: it is closed, or somebody else has changed it meanwhile.
    :raises Forbidden: it is to hold more, and the project has too little.
    """
    values.update(generation=bid.generation + 1, updated_at=now)
    after = dataclasses.replace(bid, **values)
    more = {}
    if 'alternatives' in values or bid.alternatives or bid.parts:
        more = {
            'alternatives': _documents(after),
            'server_seconds': _server_seconds(after),
        }
    done = session.execute(
        sa.update(_TABLE)
        .where(
            _TABLE.c.uuid == bid.uuid,
            _TABLE.c.generation == bid.generation,
            _TABLE.c.status == bid_core.Status.AVAILABLE,
        )
        .values({**values, **more})
    )
    concurrency.require_written(done, 'Bid', bid.uuid)
    budgets.bid_changed(session, after, bid.hold, now)
    events.of_bid(session, action, after, now, **({'reason': reason} if reason else {}))
    return after


def match(session, pairs, now):
    """Fill bids, which the caller has locked.

    :param pairs: of a bid, or the option of it that is met, and the uuid of its
        contract.
    """
    status = bid_core.Status.MATCHED
    for part in listing.parts(pairs):
        which = {}
        for name in ('alternative', 'group_value'):
            met = {bid.uuid: getattr(bid, name) for bid, _ in part}
            met = {uuid: value for uuid, value in met.items() if value is not None}
            if met:
                which[name] = sa.case(met, value=_TABLE.c.uuid, else_=None)
        session.execute(
            sa.update(_TABLE)
            .where(_TABLE.c.uuid.in_([bid.uuid for bid, _ in part]))
            .values(
                status=status,
                generation=_TABLE.c.generation + 1,
                updated_at=now,
                hold=core.ZERO,
                contract_uuid=sa.case(
                    {bid.uuid: contract for bid, contract in part},
                    value=_TABLE.c.uuid,
                ),
                **which,
            )
        )
        _note_part_groups(session, [bid for bid, _ in part if bid.part_groups])
        for bid, contract in part:
            filled = dataclasses.replace(
                bid, status=status, contract_uuid=contract, updated_at=now
            )
            events.of_bid(session, status, filled, now)


def _note_part_groups(session, met):
    """Write down of which group the servers of each part are, where it asks for one.

    :param met: what is met of bundles, with ``part_groups``.
    """
    for bid in met:
        whole = dataclasses.replace(
            with_uuids(session, [bid.uuid])[0], alternative=bid.alternative
        )
        parts = tuple(
            dataclasses.replace(part, group_value=value)
            for part, value in zip(whole.awarded.parts, bid.part_groups, strict=True)
        )
        number = bid.alternative or 0
        if number:
            others = list(whole.alternatives)
            others[number - 1] = dataclasses.replace(others[number - 1], parts=parts)
            values = {'alternatives': [each.document for each in others]}
        else:
            values = {'parts': [each.document for each in parts]}
        session.execute(
            sa.update(_TABLE).where(_TABLE.c.uuid == bid.uuid).values(**values)
        )
