# SPDX-License-Identifier: Apache-2.0
"""What bids and contracts hold of the account of their project, and what becomes of it.

A bid holds what it costs at most and, once it is filled, its contract what was agreed.
When a line closes, what it has served is paid to the owner of the server, and the rest
is free again. How much an object holds stands in its own row, so that nothing of this
costs a statement where nothing is held: without budgets (``[ledger] enforce``).
"""

import collections
import dataclasses

import sqlalchemy as sa

from flocx.core import contract as contract_core
from flocx.core import ledger as core
from flocx.core import money
from flocx.core import window
from market.db import concurrency
from market.db import ledger
from market.db import schema

_T = core.TransferType
_LINES = schema.contract_lines
_INTERRUPTIONS = sa.select(schema.interruptions).where(
    schema.interruptions.c.line_uuid.in_(sa.bindparam('line_uuids', expanding=True))
)


def with_holds(contract):
    """``contract`` with what each of its lines is to hold."""
    return dataclasses.replace(
        contract,
        lines=tuple(
            dataclasses.replace(line, hold=core.to_hold(line))
            for line in contract.lines
        ),
    )


def bid_changed(session, bid, before, now, within_limit=True):
    """Hold what ``bid`` is to hold now; ``before`` is what it held.

    :raises Forbidden: the project has too little.
    """
    _book_holds(
        session,
        [_bid_hold(bid, bid.hold - before, now, within_limit)],
        bid.project_id,
        now,
    )


def contracts_made(session, made, now):
    """Hold what contracts are to hold that are made, and no more what their bids held.

    :param made: pairs of a contract, its lines with what they hold, and the bid that
        it fills, or None.
    :raises Forbidden: the project has too little.
    """
    transfers, owners = [], {}
    for contract, bid in made:
        if bid and bid.hold:
            transfers.append(_bid_hold(bid, -bid.hold, now))
        # What a bid has held suffices for its contract, as no line costs more.
        transfers += [
            _line_hold(line, line.hold, now, within_limit=not bid)
            for line in contract.lines
        ]
        owners[core.project_account(contract.project_id)] = contract.project_id
    ledger.book(session, [each for each in transfers if each], now, owners)


def line_changed(session, line, values, now):
    """What else changes of ``line`` as ``values`` change it: what it holds.

    A line that closes is settled. One that holds nothing is charged with the month.

    :raises Forbidden: its time becomes more, and the project has too little.
    """
    if not line.hold:
        return {}
    after = dataclasses.replace(line, **values)
    if after.status in contract_core.CLOSED:
        return settle(session, after, now)
    held = core.to_hold(after)
    hold = _line_hold(line, held - line.hold, now, within_limit=True)
    _book_holds(session, [hold], line.project_id, now)
    return {'hold': held}


def line_replaced(session, line, other, now):
    """``other``, in the place of ``line``, with what it holds; and what that holds.

    The renter pays what they would have paid: nothing is asked of their balance.
    """
    if not line.hold:
        return other, None
    ends = line.reclaim_deadline is not None
    left = line.hold if ends else core.ZERO
    other = dataclasses.replace(other, hold=core.to_hold(other))
    transfers = [
        _line_hold(line, left - line.hold, now),
        _line_hold(other, other.hold, now),
    ]
    _book_holds(session, transfers, line.project_id, now)
    return other, left


def adopt(session, contract, now):
    """``contract`` with open lines that hold what they may still cost.

    It may have been made without a budget.

    :raises Conflict: somebody has changed a line meanwhile.
    :raises Forbidden: its project has too little.
    """
    lines, transfers = [], []
    for line in contract.lines:
        held = core.ZERO if line.status in contract_core.CLOSED else core.to_hold(line)
        if held and not line.hold:
            done = session.execute(
                sa.update(_LINES)
                .where(
                    _LINES.c.uuid == line.uuid,
                    _LINES.c.status == line.status,
                    _LINES.c.hold == line.hold,
                )
                .values(hold=held)
            )
            concurrency.require_written(done, 'Contract', contract.uuid)
            transfers.append(_line_hold(line, held, now, within_limit=True))
            line = dataclasses.replace(line, hold=held)
        lines.append(line)
    _book_holds(session, transfers, contract.project_id, now)
    return dataclasses.replace(contract, lines=tuple(lines))


def hold_all(session, name, held, now):
    """Hold what bids or lines of whatever projects say, which held nothing before.

    Nothing is asked of the balances of their projects.

    :param name: ``bid`` or ``line``.
    """
    make = {'bid': _bid_hold, 'line': _line_hold}[name]
    transfers = [make(each, each.hold, now, within_limit=False) for each in held]
    projects = {each.project_id for each in held}
    owners = {core.project_account(each): each for each in projects}
    ledger.book(session, transfers, now, owners)


def settle(session, line, now):
    """Pay what the closed ``line`` has served, and free what else it held.

    :returns: what changes of the line.
    """
    broken = interruptions(session, [line.uuid])[line.uuid]
    known = ledger.billed(session, [line.uuid]) if line.charged else []
    charges = core.charges(line, broken, now)
    current = core.month(now)
    over = any(each.period < current for each in charges)
    closed = ledger.closed_through(session) if over else ''
    entries = usage_entries(line, charges, known, closed, now)
    charge(session, [(line, core.ZERO, entries)], now)
    return {'hold': core.ZERO, 'charged': line.charged + charged(entries)}


def charge(session, settled, now):
    """Book what lines are charged, which is paid of what they hold.

    :param settled: triples of a line, what it holds from now on, and its entries.
    """
    transfers, owners = [], {}
    for line, held, entries in settled:
        transfers += [_line_hold(line, held - line.hold, now), *entries]
        for project in (line.project_id, line.owner_id):
            owners[core.project_account(project)] = project
    ledger.book(session, [each for each in transfers if each], now, owners)


def usage_entries(line, charges, known, closed, now):
    """What is yet to be booked of ``charges`` of ``line``, where ``known`` is booked.

    They are transfers from the account of the renter to that of the owner, or back,
    where more was booked than is due.

    :param closed: the last month that is closed.
    """
    first, booked = {}, collections.defaultdict(lambda: core.ZERO)
    renter = core.project_account(line.project_id)
    for each in known:
        piece = each.period, each.details['start_time']
        first.setdefault(piece, each)
        booked[piece] += each.amount if each.credit != renter else -each.amount
    due = {
        (each.period, window.text(each.used.start_time)): each.used for each in charges
    }
    entries = []
    for piece in sorted({*due, *booked}):
        used = due.get(piece)
        more = (used.amount if used else core.ZERO) - booked[piece]
        if more:
            entry = _entry(line, piece, used, more, first.get(piece), closed, now)
            entries.append(entry)
    return entries


def _entry(line, piece, used, more, corrected, closed, now):
    period, start = piece
    renter = core.project_account(line.project_id)
    owner = core.project_account(line.owner_id)
    debit, credit = (renter, owner) if more > 0 else (owner, renter)
    price = used.price if used else core.ZERO
    return ledger.transfer(
        _T.CORRECTION if corrected else _T.USAGE,
        debit,
        credit,
        abs(more),
        now,
        month=ledger.booking_month(period, now, closed),
        idempotency_key=None if corrected else f'usage:{line.uuid}:{period}:{start}',
        object_type='line',
        object_uuid=line.uuid,
        contract_uuid=line.contract_uuid,
        period=period,
        corrects=corrected and corrected.uuid,
        details={
            'start_time': start,
            'price': money.text(price),
            'server_seconds': used.served if used else 0,
            'missed_seconds': used.missed if used else 0,
            'notice_seconds': used.notice if used else 0,
            'resource_uuid': line.resource_uuid,
            'resource_class': line.resource_class,
            'project_id': line.project_id,
            'owner_id': line.owner_id,
        },
    )


def charged(entries):
    """How much more the renter has to pay by ``entries``."""
    return sum(
        (
            each.amount
            if each.debit == core.project_account(each.details['project_id'])
            else -each.amount
            for each in entries
        ),
        core.ZERO,
    )


def interruptions(session, line_uuids):
    """{line: the windows in which it was interrupted}, a defaultdict."""
    found = collections.defaultdict(list)
    for row in session.execute(_INTERRUPTIONS, {'line_uuids': list(line_uuids)}):
        end = row.end_time or window.FOREVER
        if row.start_time < end:
            found[row.line_uuid].append(window.Window(row.start_time, end))
    return found


def _book_holds(session, transfers, project_id, now):
    owners = {core.project_account(project_id): project_id}
    ledger.book(session, [each for each in transfers if each], now, owners)


def _bid_hold(bid, more, now, within_limit=True):
    return _hold(
        bid.project_id,
        more,
        now,
        within_limit,
        object_type='bid',
        object_uuid=bid.uuid,
    )


def _line_hold(line, more, now, within_limit=False):
    return _hold(
        line.project_id,
        more,
        now,
        object_type='line',
        object_uuid=line.uuid,
        contract_uuid=line.contract_uuid,
        within_limit=within_limit,
    )


def _hold(project_id, more, now, within_limit, **of):
    """The transfer that holds ``more``, or frees as much where it is less than 0."""
    account = core.project_account(project_id)
    if more > 0:
        return ledger.transfer(
            _T.HOLD,
            account,
            core.HOLDS,
            more,
            now,
            holder=account,
            within_limit=within_limit,
            **of,
        )
    if more < 0:
        return ledger.transfer(
            _T.RELEASE, core.HOLDS, account, -more, now, holder=account, **of
        )
    return None
