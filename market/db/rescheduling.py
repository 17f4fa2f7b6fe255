# SPDX-License-Identifier: Apache-2.0
"""The end of a contract is moved in the database, to earlier or to later."""

import datetime

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import offer as offer_core
from flocx.core import window
from market.db import concurrency
from market.db import contracts
from market.db import lifecycle
from market.db import listing
from market.db import offers
from market.db import schema
from market.db import sublets

_S, _SECOND = core.Status, datetime.timedelta(seconds=1)


def reschedule(session, contract, end, now, price_of, turnaround, **more):
    """Move the end of a contract, to ``end``; return it.

    The price of the time that it has stays.

    :param price_of: given a line, its offer and the window that is added, returns the
        price of that.
    :param turnaround: what stays free between two contracts of a server.
    :param more: columns of the contract that change with it.
    :raises Conflict: a line is not running, or the time is not free, or not the
        offer's any more; nothing is changed, if the caller rolls back.
    :raises Invalid: ``end`` is past, or not after the start.
    """
    if end <= max(now, contract.start_time):
        raise exceptions.Invalid(
            f'end_time: {window.text(end)} is past or not after the start; DELETE '
            'ends a contract now'
        )
    # What was replaced, or ended before the others, stays as it is.
    lines = [line for line in contract.lines if line.status not in core.CLOSED]
    if not lines:
        raise exceptions.Conflict(f'Contract {contract.uuid} is {contract.status}')
    lines = _with_movable_end(_affected(contract, lines, end), end)
    for line in lines:
        changed = _ending(session, contract, line, end, now, price_of, turnaround)
        lifecycle.move(session, line, changed, now)
        lifecycle.count_cancelled(session, line, end, now)
    contract = lifecycle.settle(
        session, contract, 'changed', lines, now, end_time=end, **more
    )
    sublets.require_none_beyond(session, contract)
    return contract


def arrange(session, contract, now, action, more=None, **values):
    """Change what is to become of a contract at its end; return it.

    :param action: of the event; its renter alone is told.
    :param more: further fields of the event's payload, by name.
    :param values: columns of the contract.
    :raises Conflict: somebody else has changed the contract.
    """
    table = schema.contracts
    done = session.execute(
        sa.update(table)
        .where(table.c.uuid == contract.uuid, table.c.generation == contract.generation)
        .values(**values)
    )
    concurrency.require_written(done, 'Contract', contract.uuid)
    return lifecycle.settle(session, contract, action, (), now, more, **values)


def to_extend(session, now, until):
    """Uuids of contracts that end by ``until`` and are to go on, the next end first."""
    table = schema.contracts
    return session.scalars(
        sa.select(table.c.uuid)
        .where(
            table.c.extend_until > now,
            table.c.extend_until > table.c.end_time,
            table.c.end_time > now,
            table.c.end_time <= until,
            table.c.status.in_(sorted(core.OPEN)),
        )
        .order_by(table.c.end_time, table.c.id)
    ).all()


def _affected(contract, lines, end):
    """Those of ``lines`` of which an earlier or later end of ``contract`` is the end.

    A part of a bundle that ends before the others keeps its time.

    :raises Conflict: there are none.
    """
    since = min(end + _SECOND, contract.end_time)
    found = [line for line in lines if line.part is None or line.end_time >= since]
    if not found:
        raise exceptions.Conflict(
            f'end_time: what of contract {contract.uuid} lasts to its end is over'
        )
    return found


def _with_movable_end(lines, end):
    """Those of ``lines`` whose end can be moved to ``end``.

    :raises Conflict: one is not running, or all are reclaimed before that.
    """
    movable = [
        line
        for line in lines
        if line.reclaim_deadline is None or end < line.reclaim_deadline
    ]
    for line in movable:
        if line.status not in core.RUNNING:
            raise exceptions.Conflict(
                f'Line {line.uuid} is {line.status}: its end cannot be moved'
            )
    if not movable:
        deadline = max(line.reclaim_deadline for line in lines)
        raise exceptions.Conflict(
            'end_time: what the contract has was reclaimed or displaced, by '
            f'{window.text(deadline)}; it can only end earlier',
            code='flocx.conflict.reclaimed',
        )
    return movable


def _ending(session, contract, line, end, now, price_of, turnaround):
    """What changes of ``line`` when it ends at ``end``, later or earlier."""
    if end <= line.start_time:
        # It was to begin when another one is taken back.
        return {
            'status': _S.CANCELLED,
            'reason': core.Reason.RELEASED,
            'expire_time': now,
        }
    more = end > line.end_time and _extend(
        session, contract, line, end, now, price_of, turnaround
    )
    return {'end_time': end, **(more or {})}


def _extend(session, contract, line, end, now, price_of, turnaround):
    """Take the time from the end of a line of ``contract`` to ``end`` from its offer.

    :returns: what changes of the line besides its end.
    """
    table = schema.offers
    row = session.execute(sa.select(table).where(table.c.uuid == line.offer_uuid)).one()
    offer = listing.from_row(offer_core.Offer, row)
    if offer.status != offer_core.Status.AVAILABLE:
        raise exceptions.Conflict(
            f'Offer {offer.name or offer.uuid} is {offer.status}: nothing more is '
            'sold of it',
            code='flocx.conflict.not_free',
        )
    more = window.Window(line.end_time, end)
    own = offers.own_lines(contract, line, offer)
    others = offers.held(session, [offer], now, turnaround, own)
    if not any(each.contains(more) for each in offers.free(offer, others, now)):
        raise _not_free(contract, offers.free_after(session, contract, now, turnaround))
    price = price_of(line, offer, more)
    contracts.take(session, offer.uuid, offer.generation, now)
    return {'extensions': line.extended(price)}


def _not_free(contract, latest):
    """The exception for an end after the ``latest`` that the offers allow."""
    if latest > contract.end_time:
        words = f'it can end {window.text(latest)} at the latest'
    else:
        words = 'the time after it is not free on every server'
    name = contract.name or contract.uuid
    return exceptions.Conflict(
        f'Contract {name} cannot end so late: {words}', code='flocx.conflict.not_free'
    )
