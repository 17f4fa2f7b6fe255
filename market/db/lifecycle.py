# SPDX-License-Identifier: Apache-2.0
"""What becomes of a contract in the database: delivered, moved, replaced, ended."""

import collections
import dataclasses
import datetime

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import reclaim
from flocx.core import states
from flocx.core import window
from market.db import block_members
from market.db import budgets
from market.db import concurrency
from market.db import console_tokens
from market.db import contracts
from market.db import events
from market.db import handovers
from market.db import listing
from market.db import schema
from market.db import sublets
from market.db import turnarounds

_TABLE, _LINES = schema.contracts, schema.contract_lines
_S = core.Status

_SETTLED = _TABLE.c.uuid == sa.bindparam('settled')
_TOUCH = (
    sa.update(_TABLE)
    .where(_SETTLED)
    .values(updated_at=sa.bindparam('now'), generation=_TABLE.c.generation + 1)
)
_ITS_LINES = (
    sa.select(_LINES)
    .where(_LINES.c.contract_uuid == sa.bindparam('settled'))
    .order_by(_LINES.c.id)
    .with_for_update()
)
_SHOW = sa.update(_TABLE).where(_SETTLED).values(status=sa.bindparam('shown'))
_SECOND = datetime.timedelta(seconds=1)


#: In these a line may still last until its end; one in error, too, once it is mended.
_GOES_ON = core.RUNNING | {_S.ERROR}

#: What is said of a contract that nothing is left to end of.
_OVER = collections.defaultdict(
    lambda: 'it was released already, and ends by itself',
    {
        _S.CANCELLED: 'it was cancelled already',
        _S.ENDED: 'it is over already',
        _S.WAIT_END: 'its servers are on their way back already',
        _S.WAIT_CANCEL: 'it is being cancelled already',
    },
)


def close(session, contract, now, notice=0, reason=None, lines=None):
    """Cancel what has not begun and let end what has; return the contract.

    What is delivered, or may be just now, stays with its line until the provider
    reports that the server is clean; its time after the notice is free again. Of what
    has not begun all time is free again at once, and as many seconds of it as the
    notice has are billed. A line that is free to leave (flocx.core.reclaim) ends now,
    and nothing more is billed of it.

    :param notice: for how many seconds the renter still pays, and keeps what has begun.
    :param reason: a contract.Reason, where it is not the lessee who ends it.
    :param lines: those of the contract that are ended, by default all.
    :raises Conflict: every line is closed, or already on its way; or a server is
        sub-let for longer, and nothing is changed, if the caller rolls back. Or it is
        one of a block of which others would stay.
    """
    if lines is None:
        lines = contract.lines
    else:
        block_members.require_whole(session, contract, lines)
    changes = {line: _closing(line, now, notice) for line in lines}
    changed = [line for line in lines if changes[line]]
    if not changed:
        raise exceptions.Conflict(
            f'Contract {contract.uuid} is {contract.status}: {_OVER[contract.status]}'
        )
    for line in changed:
        given = {'reason': reason} if reason else {}
        move(session, line, {**changes[line], **given}, now)
        count_cancelled(session, line, line.start_time, now)
    moved = moved_end(contract, changes)
    if contract.extend_until and len(lines) == len(contract.lines):
        # Who gives a server back wants no more of it.
        moved |= core.NOT_EXTENDED
    contract = settle(session, contract, 'released', changed, now, **moved)
    sublets.require_none_beyond(session, contract)
    return contract


def moved_end(contract, changes):
    """What ``changes``, {line: values or None}, make of the end of ``contract``.

    It ends with the last of its lines. What never began keeps the end that was agreed.
    """
    if not any('end_time' in (each or ()) for each in changes.values()):
        return {}
    ends = [
        values.get('end_time', line.end_time)
        for line, values in ((line, changes.get(line) or {}) for line in contract.lines)
        if values.get('status', line.status) in _GOES_ON or 'end_time' in values
    ]
    return {'end_time': max(ends)}


def count_cancelled(session, line, end, now):
    """Keep account of the time from ``end`` on, given back before ``line`` began."""
    if reclaim.is_free_to_leave(line, now):
        return
    if line.status == _S.CREATED and line.start_time > now and end < line.end_time:
        session.execute(
            sa.insert(schema.cancellations).values(
                project_id=line.project_id,
                line_uuid=line.uuid,
                time=now,
                seconds=window.Window(end, line.end_time).seconds,
            )
        )


def _end(shortened, until):
    """The end of what is shortened to ``until``; it keeps a second at least."""
    return min(shortened.end_time, max(until, shortened.start_time + _SECOND))


def _closing(line, now, notice):
    """What ending it after a notice changes of ``line``, None where it ends anyway."""
    if reclaim.is_free_to_leave(line, now):
        notice = 0
    until = now.replace(microsecond=0) + datetime.timedelta(seconds=notice)
    if line.status == _S.CREATED and line.start_time >= now.replace(microsecond=0):
        length = window.Window(line.start_time, line.end_time).seconds
        return {
            'status': _S.CANCELLED,
            'reason': core.Reason.CANCELLED,
            'expire_time': now,
            'notice_seconds': min(notice, length),
        }
    if line.status in (_S.CREATED, _S.WAIT_FULFILL) and until <= now:
        return {
            'status': _S.WAIT_CANCEL,
            'reason': core.Reason.CANCELLED,
            'end_time': _end(line, until),
        }
    if line.status in core.RUNNING and line.end_time > until:
        return {'reason': core.Reason.RELEASED, 'end_time': _end(line, until)}
    if line.status == _S.ERROR:
        return {
            'status': _S.WAIT_END if line.fulfill_time else _S.WAIT_CANCEL,
            'reason': core.Reason.RELEASED,
            'end_time': _end(line, until),
        }
    return None


def withdraw(session, contract, line, reason, now, **more):
    """End ``line``, whose server is not what was sold any more; return the contract.

    The renter has no part in it: nothing is billed from ``now`` on, and nothing of it
    counts among what they have cancelled.

    :param reason: a contract.Reason.
    :param more: for the event.
    """
    values = _closing(line, now, 0)
    if values is None:
        # It ends already; the parties are told all the same.
        return settle(session, contract, reason, [line], now, more)
    if not line.fulfill_time:
        # What never began keeps the end that was agreed.
        values.pop('end_time', None)
    moved = moved_end(contract, {line: values})
    status = values.get('status', line.status)
    move(session, line, {**values, 'reason': reason}, now)
    _interrupt(session, line, status, reason, now)
    for each in sublets.orphaned_lines(session, line, status):
        _undeliverable(session, each, now)
    return settle(session, contract, reason, [line], now, more, **moved)


def report(session, contract, line, status, reason, now):
    """Take down what the provider did for ``line``; return the contract.

    Saying again what is known already changes nothing.

    :raises Conflict: the line cannot become ``status``; it may have been
        cancelled meanwhile, and the provider has to undo what it did. Or its
        server has not been taken back from the contract before.
    """
    if line.status == status:
        return contract
    states.require(core.TRANSITIONS, 'Line', line.uuid, line.status, status)
    values = {'status': status, 'reason': reason or line.reason}
    if status == _S.ACTIVE:
        free = _returned(session, line, now)
        values['reason'] = line.leaving or reason
        # The clock of whoever is told may be behind that of others who were.
        values['fulfill_time'] = line.fulfill_time or max(now, line.start_time, free)
    if status in core.CLOSED:
        values['expire_time'] = max(now, line.fulfill_time or now)
    move(session, line, values, now)
    _interrupt(session, line, status, values['reason'], now)
    for each in sublets.orphaned_lines(session, line, status):
        _undeliverable(session, each, now)
    contract = settle(session, contract, status, [line], now)
    if (line.status, status) == (_S.WAIT_END, _S.ENDED) and line.fulfill_time:
        # Last, for all servers of a class wait for each other here.
        turnarounds.learn(session, line, now)
    return contract


def _undeliverable(session, row, now):
    """Cancel the line ``row``, which nothing was done for yet."""
    whole = session.execute(
        sa.select(_TABLE).where(_TABLE.c.uuid == row.contract_uuid)
    ).one()
    report(
        session,
        listing.from_row(core.Contract, whole, lines=()),
        listing.from_row(core.Line, row),
        _S.CANCELLED,
        core.Reason.NOT_DELIVERED,
        now,
    )


def replace(session, contract, line, other, offer, now):
    """Put the line ``other``, of ``offer``, beside ``line``; return the contract.

    :raises Conflict: the offer has changed; nothing is written.
    """
    contracts.take(session, offer.uuid, offer.generation, now)
    known = next(each for each in contract.lines if each.uuid == line.uuid)
    other, held = budgets.line_replaced(session, known, other, now)
    if held is not None:
        session.execute(
            sa.update(_LINES).where(_LINES.c.uuid == line.uuid).values(hold=held)
        )
    session.execute(sa.insert(_LINES).values(**listing.fields(other)))
    moved = {'end_time': max(contract.end_time, other.end_time)}
    return settle(session, contract, 'replaced', [line, other], now, **moved)


def _returned(session, line, now):
    """When the last contract before has given the server of ``line`` back, or ``now``.

    In Ironic two contracts of one renter look alike, so that a provider may take
    the server which one still has for that which the next has got.

    :raises Conflict: it has not.
    """
    is_open = _LINES.c.status.in_(sorted(core.OPEN))
    earlier = session.execute(
        sa.select(_LINES.c.uuid, _LINES.c.status, _LINES.c.expire_time)
        .where(
            _LINES.c.provider_id == line.provider_id,
            _LINES.c.resource_type == line.resource_type,
            _LINES.c.resource_uuid == line.resource_uuid,
            _LINES.c.start_time < line.start_time,
            # Its renter has it back when this line ends, and not before it begins.
            _LINES.c.uuid != (line.sublet_of or ''),
            is_open
            | (_LINES.c.fulfill_time.is_not(None) & (_LINES.c.expire_time > now)),
        )
        .order_by(sa.case((is_open, 0), else_=1), _LINES.c.expire_time.desc())
        .limit(1)
    ).first()
    if earlier and earlier.status in core.OPEN:
        raise exceptions.Conflict(
            f'Line {line.uuid}: line {earlier.uuid} before it has not given server '
            f'{line.resource_uuid} back yet, it is {earlier.status}'
        )
    return earlier.expire_time if earlier else now


def _interrupt(session, line, status, reason, now):
    """Keep account of the time in which a delivered server does not serve."""
    table = schema.interruptions
    if line.status == _S.ACTIVE and status == _S.ERROR:
        session.execute(
            sa.insert(table).values(line_uuid=line.uuid, start_time=now, reason=reason)
        )
    elif line.status == _S.ERROR:
        session.execute(
            sa.update(table)
            .where(table.c.line_uuid == line.uuid, table.c.end_time.is_(None))
            .values(end_time=now)
        )


def move(session, line, values, now):
    """Change ``line``, which nobody else has changed meanwhile, and what it holds.

    :raises Conflict: somebody has.
    :raises Forbidden: it is to hold more than its project has.
    """
    values = values | budgets.line_changed(session, line, values, now)
    done = session.execute(
        sa.update(_LINES)
        .where(
            _LINES.c.uuid == line.uuid,
            _LINES.c.status == line.status,
            _LINES.c.end_time == line.end_time,
            _LINES.c.hold == line.hold,
        )
        .values(**values)
    )
    concurrency.require_written(done, 'Contract', line.contract_uuid)
    if values.get('status') in core.CLOSED:
        handovers.forget(session, line.uuid)
        console_tokens.forget(session, line.uuid)


def settle(session, contract, action, changed, now, more=None, **values):
    """Give the contract the status that its lines make, and tell the parties.

    :param more: further fields of the event's payload, by name.
    """
    # Locked, and so read afresh: two providers may report lines of one contract.
    settled = {'settled': contract.uuid}
    session.execute(
        _TOUCH.values(**values) if values else _TOUCH, {**settled, 'now': now}
    )
    lines = tuple(
        listing.from_row(core.Line, row) for row in session.execute(_ITS_LINES, settled)
    )
    status = core.overall([line.status for line in lines])
    session.execute(_SHOW, {**settled, 'shown': status})
    contract = dataclasses.replace(
        contract,
        status=status,
        lines=lines,
        generation=contract.generation + 1,
        updated_at=now,
        **values,
    )
    uuids = {line.uuid for line in changed}
    moved = [line for line in lines if line.uuid in uuids]
    events.of_contract(session, action, contract, moved, now, **(more or {}))
    sublets.truncate_offers(session, moved, now)
    return contract
