# SPDX-License-Identifier: Apache-2.0
"""Contracts and their lines in the database: how they are made, and found."""

import collections
import functools

import sqlalchemy as sa

from flocx.core import bid as bid_core
from flocx.core import contract as core
from flocx.core import offer as offer_core
from market.db import bids
from market.db import budgets
from market.db import concurrency
from market.db import events
from market.db import listing
from market.db import schema
from market.db import visibility

_TABLE, _LINES = schema.contracts, schema.contract_lines
_S = core.Status

_INSERT, _INSERT_LINES = sa.insert(_TABLE), sa.insert(_LINES)
_TAKE = (
    sa.update(schema.offers)
    .where(
        schema.offers.c.uuid == sa.bindparam('taken'),
        schema.offers.c.generation == sa.bindparam('known'),
        schema.offers.c.status == offer_core.Status.AVAILABLE,
    )
    .values(generation=schema.offers.c.generation + 1, updated_at=sa.bindparam('now'))
)


def write(session, contract, generations, now):
    """Store a contract that fills no bid; see ``write_all``.

    :raises Conflict: an offer has changed since then; nothing is written, if the
        caller rolls back.
    :raises Forbidden: its lines hold more than the project has.
    """
    for offer_uuid in sorted({line.offer_uuid for line in contract.lines}):
        take(session, offer_uuid, generations[offer_uuid], now)
    budgets.contracts_made(session, [(contract, None)], now)
    _insert(session, [contract], now)


def write_all(session, proposals, generations, now):
    """Store contracts; here and in ``write`` the time of a server is given away.

    Each of them wholly or not at all. Offers and bids are locked, compared with
    what they were and only then written to, many with one statement.

    :param proposals: pairs of a contract and the bid that it fills, None for a claim.
    :param generations: {offer uuid: the generation that the decisions rest on}.
    :returns: for each proposal None, or the Conflict for which it is not written.
    """
    # Offers before bids and each in the order of uuids, here as everywhere, so that
    # two writers never wait for each other.
    offered = concurrency.locked(
        session,
        schema.offers,
        {line.offer_uuid for contract, _ in proposals for line in contract.lines},
        offer_core.Status.AVAILABLE,
    )
    waiting = concurrency.locked(
        session,
        schema.bids,
        {bid.uuid for _, bid in proposals if bid},
        bid_core.Status.AVAILABLE,
    )
    answers, written = [], []
    for contract, bid in proposals:
        refused = _refused(contract, bid, generations, offered, waiting)
        answers.append(refused)
        if not refused:
            written.append((contract, bid))
            if bid:
                # Filled: not to be filled again by another of these contracts.
                del waiting[bid.uuid]
    _store(session, written, now)
    return answers


def _refused(contract, bid, generations, offered, waiting):
    """Why a contract cannot be written, or None."""
    for line in contract.lines:
        if offered.get(line.offer_uuid) != generations[line.offer_uuid]:
            return concurrency.changed_meanwhile('Offer', line.offer_uuid)
    if bid and waiting.get(bid.uuid) != bid.generation:
        return concurrency.changed_meanwhile('Bid', bid.uuid)
    return None


def _store(session, written, now):
    if not written:
        return
    lines = [line for contract, _ in written for line in contract.lines]
    taken = collections.Counter(line.offer_uuid for line in lines)
    for times in sorted(set(taken.values())):
        uuids = [each for each, count in taken.items() if count == times]
        for part in listing.parts(uuids):
            table = schema.offers
            session.execute(
                sa.update(table)
                .where(table.c.uuid.in_(part))
                .values(generation=table.c.generation + times, updated_at=now)
            )
    bids.match(session, [(bid, contract.uuid) for contract, bid in written if bid], now)
    # A bid that holds something was placed under a budget, and its contract is, too.
    written = [
        (budgets.with_holds(contract) if bid and bid.hold else contract, bid)
        for contract, bid in written
    ]
    budgets.contracts_made(session, written, now)
    _insert(session, [contract for contract, _ in written], now)


def _insert(session, new, now):
    lines = [line for contract in new for line in contract.lines]
    session.execute(_INSERT, [listing.fields(contract) for contract in new])
    session.execute(_INSERT_LINES, [listing.fields(line) for line in lines])
    for contract in new:
        events.of_contract(session, 'created', contract, contract.lines, now)


def take(session, offer_uuid, generation, now):
    """Claim the right to give away time of an offer that nobody has changed since.

    :raises Conflict: it has changed.
    """
    done = session.execute(
        _TAKE, {'taken': offer_uuid, 'known': generation, 'now': now}
    )
    concurrency.require_written(done, 'Offer', offer_uuid)


def get(session, ident, reader):
    """The contract of this uuid or name, with the lines ``reader`` may see."""
    row = listing.one(session, _TABLE, ident, visibility.contracts, reader, 'Contract')
    return _with_lines(session, [row], reader)[0]


def lines_of(session, offer, statuses):
    """The lines of ``offer`` in one of ``statuses``, as (contract, line), uuids."""
    return session.execute(
        sa.select(_LINES.c.contract_uuid, _LINES.c.uuid)
        .where(_LINES.c.offer_uuid == offer.uuid, _LINES.c.status.in_(sorted(statuses)))
        .order_by(_LINES.c.contract_uuid, _LINES.c.id)
    ).all()


def page(session, reader, query, where=(), suits=None, due_before=None):
    """A page of contracts, each with the lines that ``reader`` may see.

    :param due_before: until when a provider has something to do for some line, a
        time; None for all.
    :param suits: whether a hardware document is wanted, that of any of these lines;
        None for all.
    """
    pick = suits and (lambda rows: _with_hardware(session, rows, reader, suits))
    visible = visibility.contracts
    parameters = {}
    if due_before is not None:
        where = (*where, _due())
        parameters['due_before'] = due_before
    rows = listing.search(
        session, _TABLE, visible, reader, query, where, pick, **parameters
    )
    return _with_lines(session, rows, reader)


def _with_hardware(session, rows, reader, suits):
    wanted = set()
    for part in listing.parts(row.uuid for row in rows):
        found = session.execute(
            sa.select(_LINES.c.contract_uuid, schema.offers.c.properties)
            .join(schema.offers, schema.offers.c.uuid == _LINES.c.offer_uuid)
            .where(_LINES.c.contract_uuid.in_(part), visibility.lines(reader))
        )
        wanted.update(each.contract_uuid for each in found if suits(each.properties))
    return [row for row in rows if row.uuid in wanted]


def _with_lines(session, rows, reader):
    lines = {row.uuid: [] for row in rows}
    found = session.execute(
        _lines_of(visibility.Somebody.like(reader)),
        {'contract_uuids': list(lines), **visibility.parameters(reader)},
    )
    for line in found:
        lines[line.contract_uuid].append(listing.from_row(core.Line, line))
    return [
        listing.from_row(core.Contract, row, lines=tuple(lines[row.uuid]))
        for row in rows
    ]


@functools.cache
def _lines_of(reader):
    """The statement that finds the lines of contracts that ``reader`` may see."""
    contracts = sa.bindparam('contract_uuids', expanding=True)
    return (
        sa.select(_LINES)
        .where(_LINES.c.contract_uuid.in_(contracts), visibility.lines(reader))
        .order_by(_LINES.c.id)
    )


@functools.cache
def _due():
    """Condition: a line that its provider has something to do for ``due_before``."""
    before = sa.bindparam('due_before', type_=_LINES.c.start_time.type)
    waiting = sa.or_(
        sa.and_(
            _LINES.c.status.in_([_S.CREATED, _S.WAIT_FULFILL]),
            _LINES.c.start_time <= before,
        ),
        sa.and_(_LINES.c.status == _S.ACTIVE, _LINES.c.end_time <= before),
        _LINES.c.status.in_([_S.WAIT_END, _S.WAIT_CANCEL]),
    )
    return _TABLE.c.uuid.in_(sa.select(_LINES.c.contract_uuid).where(waiting))


def rented_by(project_id):
    """Condition: a contract of this project."""
    return _TABLE.c.project_id == project_id


def with_line(reader, filters):
    """Condition: a contract with a line that ``reader`` sees and ``filters`` let by."""
    return _TABLE.c.uuid.in_(
        sa.select(_LINES.c.contract_uuid).where(
            visibility.lines(reader), *listing.conditions(_LINES, filters)
        )
    )
