# SPDX-License-Identifier: Apache-2.0
"""What bids and contracts from before the budgets hold from now on."""

import collections
import collections.abc
import dataclasses
import decimal
import functools

import sqlalchemy as sa

from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import ledger as core
from market.db import bids
from market.db import budgets
from market.db import events
from market.db import ledger
from market.db import listing
from market.db import schema

_BIDS, _LINES, _ACCOUNTS = schema.bids, schema.contract_lines, schema.accounts
#: How many bids or lines are read, or hold something, at once.
_PART = 500


@dataclasses.dataclass
class Needs:
    """What the open bids and contracts of a project are to hold, in credits."""

    bids: int = 0
    contracts: set = dataclasses.field(default_factory=set)
    hold: decimal.Decimal = core.ZERO


@dataclasses.dataclass(frozen=True)
class _Model:
    """Bids, or the lines of contracts: where they are, and what one is to hold.

    ``waits`` is the condition of those that hold nothing and may have to.
    """

    table: sa.Table
    waits: sa.ColumnElement
    read: collections.abc.Callable
    most: collections.abc.Callable


_MODELS = {
    'bid': _Model(
        _BIDS,
        sa.and_(
            _BIDS.c.status == bid_core.Status.AVAILABLE,
            _BIDS.c.hold == 0,
            _BIDS.c.price > 0,
        ),
        bids.from_row,
        core.most_of_bid,
    ),
    'line': _Model(
        _LINES,
        sa.and_(_LINES.c.status.in_(sorted(contract_core.OPEN)), _LINES.c.hold == 0),
        functools.partial(listing.from_row, contract_core.Line),
        core.to_hold,
    ),
}


def needs(session):
    """{project: its Needs}, and the parts in which :func:`adopt` is to be called.

    The parts are pairs of ``bid`` or ``line`` and a list of uuids.
    """
    projects, parts = collections.defaultdict(Needs), []
    for name, model in _MODELS.items():
        for found in _read(session, model):
            short = [(each, model.most(each)) for each in found]
            short = [(each, more) for each, more in short if more]
            for each, more in short:
                need = projects[each.project_id]
                need.hold += more
                if name == 'bid':
                    need.bids += 1
                else:
                    need.contracts.add(each.contract_uuid)
            if short:
                parts.append((name, [each.uuid for each, _ in short]))
    return projects, parts


def _read(session, model):
    """What waits, lists of some, in the order in which it was made."""
    last = 0
    while True:
        rows = session.execute(
            sa.select(model.table)
            .where(model.table.c.id > last, model.waits)
            .order_by(model.table.c.id)
            .limit(_PART)
        ).all()
        if not rows:
            return
        yield [model.read(row) for row in rows]
        last = rows[-1].id


def balances(session):
    """{project: (balance, overdraft)} of the accounts of projects."""
    rows = session.execute(
        sa.select(_ACCOUNTS).where(_ACCOUNTS.c.type == core.AccountType.PROJECT)
    )
    return {row.project_id: (row.balance, row.overdraft) for row in rows}


def adopt(session, name, uuids, now):
    """Let bids or lines hold what they may still cost, whatever their projects have.

    Those that have closed meanwhile, or hold something, are left as they are. Nothing
    else of them changes. It takes as many statements for one as for hundreds.

    :param name: ``bid`` or ``line``.
    """
    model = _MODELS[name]
    rows = session.execute(
        sa.select(model.table)
        .where(model.table.c.uuid.in_(uuids), model.waits)
        .order_by(model.table.c.uuid)
        .with_for_update()
    ).all()
    held = []
    for each in map(model.read, rows):
        if more := model.most(each):
            held.append(dataclasses.replace(each, hold=more))
    if not held:
        return
    if name == 'bid':
        # An engine that has read it before reads it again, and its contract holds as
        # much.
        held = [
            dataclasses.replace(each, generation=each.generation + 1, updated_at=now)
            for each in held
        ]
    _write(session, model, held, now)
    budgets.hold_all(session, name, held, now)
    for each in held if name == 'bid' else ():
        events.of_bid(session, 'changed', each, now)


def _write(session, model, held, now):
    """Store what rows hold, which the caller has locked, with one statement."""
    columns = model.table.c
    amounts = {each.uuid: sa.literal(each.hold, columns.hold.type) for each in held}
    values = {'hold': sa.case(amounts, value=columns.uuid)}
    if 'generation' in columns:
        values |= {'generation': columns.generation + 1, 'updated_at': now}
    session.execute(
        sa.update(model.table).where(columns.uuid.in_(list(amounts))).values(**values)
    )


def cover(session, project_id, missing, now):
    """Grant a project what it lacks to stay within its limit."""
    account = ledger.open_account(session, core.AccountType.PROJECT, project_id, now)
    ledger.book(
        session,
        [
            ledger.transfer(
                core.TransferType.GRANT,
                core.OPERATOR,
                account.uuid,
                missing,
                now,
                reason='covers what was bought before the budgets',
            )
        ],
        now,
    )


def disagreements(session):
    """What in the ledger does not agree, as sentences: none, if all is right."""
    due, held = _following(session), _held(session)
    accounts = session.execute(sa.select(_ACCOUNTS)).all()
    for row in accounts:
        change = due.pop(row.uuid, core.Change())
        yield from _of_account(row, change, held.pop(row.uuid, core.ZERO))
    for account in {*due, *held}:
        yield f'account {account}: something was booked on it, and there is none'
    total = sum((row.balance + row.held for row in accounts), core.ZERO)
    if total:
        yield f'all accounts together come to {total}, not to 0'


def _of_account(row, change, held):
    label = f'account {row.uuid} of {row.project_id}'
    for name in ('balance', 'held'):
        kept, follows = getattr(row, name), getattr(change, name)
        if kept != follows:
            yield f'{label}: {name} is {kept}, and its transfers come to {follows}'
    if row.held != held:
        yield f'{label}: {row.held} are held, and its bids and contracts hold {held}'


def _following(session):
    """{account: the Change that its transfers come to}."""
    due = collections.defaultdict(core.Change)
    table = schema.transfers
    rows = session.execute(
        sa.select(
            table.c.debit,
            table.c.credit,
            table.c.holder,
            sa.func.sum(table.c.amount).label('amount'),
        ).group_by(table.c.debit, table.c.credit, table.c.holder)
    )
    for row in rows:
        for account, change in core.changes([row]).items():
            due[account].balance += change.balance
            due[account].held += change.held
    return due


def _held(session):
    found = collections.Counter()
    for each in (_BIDS, _LINES):
        rows = session.execute(
            sa.select(each.c.project_id, sa.func.sum(each.c.hold))
            .where(each.c.hold > 0)
            .group_by(each.c.project_id)
        )
        for project_id, amount in rows:
            found[core.project_account(project_id)] += amount
    return found
