# SPDX-License-Identifier: Apache-2.0
"""The usage of contract lines is booked month by month, and each month is closed once.

What a line with a budget has served is booked as it closes (``market.db.budgets``); all
other usage of a month as that is over. Both compare what is due with what was booked,
so it does no harm to do either again, or by several workers at once.
"""

import collections

import sqlalchemy as sa

from flocx.core import contract as contract_core
from flocx.core import ledger as core
from market.db import budgets
from market.db import ledger
from market.db import listing
from market.db import schema

_LINES = schema.contract_lines
_S = contract_core.Status

#: How many rows are read at a time.
_SIZE = 500


def lines_of(session, month):
    """The uuids of the lines that may have been served, or given back, in ``month``."""
    period = core.month_window(month)
    found = session.scalars(
        sa.select(_LINES.c.uuid)
        .where(
            sa.or_(
                sa.and_(
                    _LINES.c.start_time < period.end,
                    _LINES.c.end_time > period.start,
                    _LINES.c.fulfill_time.is_not(None),
                ),
                sa.and_(
                    _LINES.c.notice_seconds > 0,
                    _LINES.c.expire_time >= period.start,
                    _LINES.c.expire_time < period.end,
                ),
            )
        )
        .order_by(_LINES.c.id)
    )
    return list(found)


def charge(session, line_uuids, month, now):
    """Book what is due of lines for ``month``; return how many transfers that takes."""
    closed = ledger.closed_through(session)
    rows = session.execute(
        sa.select(_LINES)
        .where(_LINES.c.uuid.in_(line_uuids))
        .order_by(_LINES.c.uuid)
        .with_for_update()
    ).all()
    lines = [listing.from_row(contract_core.Line, row) for row in rows]
    broken = budgets.interruptions(session, line_uuids)
    booked = collections.defaultdict(list)
    for each in ledger.billed(session, line_uuids, month):
        booked[each.object_uuid].append(each)
    settled = []
    for line in lines:
        entries = budgets.usage_entries(
            line,
            core.charges(line, broken[line.uuid], now, month),
            booked[line.uuid],
            closed,
            now,
        )
        if entries:
            settled.append(_charged(session, line, entries))
    budgets.charge(session, settled, now)
    return sum(len(entries) for _, _, entries in settled)


def _charged(session, line, entries):
    """The line, what it holds from now on, and its entries."""
    charged = line.charged + budgets.charged(entries)
    hold = core.ZERO
    if line.hold:
        hold = max(core.most_of_line(line) - charged, core.ZERO)
    session.execute(
        sa.update(_LINES)
        .where(_LINES.c.uuid == line.uuid)
        .values(charged=charged, hold=hold)
    )
    return line, hold, entries


def next_month(session, now, after):
    """The month that is to be closed next, or None where none is over yet.

    :param after: how long after its end a month is closed, a timedelta.
    """
    closed = ledger.closed_through(session)
    month = core.next_month(closed) if closed else _first(session)
    if month is None or core.month_window(month).end + after > now:
        return None
    return month


def _first(session):
    """The month in which the first contract begins or something was booked first."""
    starts = [
        session.scalar(sa.select(sa.func.min(_LINES.c.start_time))),
        session.scalar(sa.select(sa.func.min(schema.transfers.c.time))),
    ]
    return min((core.month(each) for each in starts if each), default=None)


def stream(session, start=None, end=None, beside=budgets.interruptions):
    """Pairs of a line that was handed over and its interruptions, in order.

    Read a part at a time, so that it takes as little memory however many there are.

    :param start, end: those with some time in between only, if they are given.
    :param beside: what reads what stands beside each line instead of those: given the
        session and the uuids of some lines, it returns a dictionary by uuid.
    """
    where = [_LINES.c.fulfill_time.is_not(None) | (_LINES.c.notice_seconds > 0)]
    if start:
        where.append(_LINES.c.end_time > start)
    if end:
        where.append(
            (_LINES.c.start_time < end)
            | ((_LINES.c.notice_seconds > 0) & (_LINES.c.expire_time < end))
        )
    last = 0
    while True:
        rows = session.execute(
            sa.select(_LINES)
            .where(_LINES.c.id > last, *where)
            .order_by(_LINES.c.id)
            .limit(_SIZE)
        ).all()
        if not rows:
            return
        found = beside(session, [row.uuid for row in rows])
        for row in rows:
            line = listing.from_row(contract_core.Line, row)
            yield line, found[line.uuid]
        last = rows[-1].id


def count(session):
    """How many lines there are in all."""
    return session.scalar(sa.select(sa.func.count()).select_from(_LINES))


def booked(session, month):
    """The transfers of usage that are booked in ``month``, lists of some, in order."""
    table, last = schema.transfers, 0
    while True:
        rows = session.execute(
            sa.select(table)
            .where(
                table.c.id > last,
                table.c.month == month,
                table.c.type.in_(core.BILLED),
            )
            .order_by(table.c.id)
            .limit(_SIZE)
        ).all()
        if not rows:
            return
        yield [listing.from_row(core.Transfer, row) for row in rows]
        last = rows[-1].id
