# SPDX-License-Identifier: Apache-2.0
"""What bids and contracts from before the budgets hold from now on."""

import collections
import dataclasses
import decimal

import sqlalchemy as sa

from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import ledger as core
from market.db import bids
from market.db import budgets
from market.db import contracts
from market.db import events
from market.db import ledger
from market.db import schema
from market.db import visibility

_BIDS, _LINES, _ACCOUNTS = schema.bids, schema.contract_lines, schema.accounts


@dataclasses.dataclass
class Needs:
    """What the open bids and contracts of a project are to hold, in credits."""

    bids: int = 0
    contracts: int = 0
    hold: decimal.Decimal = core.ZERO


def objects(session):
    """Pairs of ``bid`` or ``contract`` and the uuid of one that holds too little."""
    waiting = session.scalars(
        sa.select(_BIDS.c.uuid)
        .where(
            _BIDS.c.status == bid_core.Status.AVAILABLE,
            _BIDS.c.hold == 0,
            _BIDS.c.price > 0,
        )
        .order_by(_BIDS.c.id)
    )
    found = [('bid', uuid) for uuid in waiting]
    running = session.scalars(
        sa.select(_LINES.c.contract_uuid)
        .where(
            _LINES.c.status.in_(sorted(contract_core.OPEN)),
            _LINES.c.hold == 0,
        )
        .distinct()
        .order_by(_LINES.c.contract_uuid)
    )
    return found + [('contract', uuid) for uuid in running]


def needs(session, found):
    """{project: its Needs} of the ``objects`` found."""
    projects = collections.defaultdict(Needs)
    for model, uuid in found:
        if model == 'bid':
            bid = bids.with_uuid(session, uuid)
            project, more = bid.project_id, core.most_of_bid(bid)
            projects[project].bids += 1
        else:
            contract = contracts.get(session, uuid, visibility.OPERATOR)
            project, more = contract.project_id, _to_hold(contract)
            if not more:
                continue
            projects[project].contracts += 1
        projects[project].hold += more
    return projects


def _to_hold(contract):
    return sum(
        (
            core.to_hold(line)
            for line in contract.lines
            if line.status not in contract_core.CLOSED and not line.hold
        ),
        core.ZERO,
    )


def balances(session):
    """{project: (balance, overdraft)} of the accounts of projects."""
    rows = session.execute(
        sa.select(_ACCOUNTS).where(_ACCOUNTS.c.type == core.AccountType.PROJECT)
    )
    return {row.project_id: (row.balance, row.overdraft) for row in rows}


def adopt(session, model, uuid, now):
    """Let a bid or contract hold what it may still cost, whatever its project has."""
    if model == 'contract':
        contract = contracts.get(session, uuid, visibility.OPERATOR)
        budgets.adopt(session, contract, now, within_limit=False)
        return
    bid = bids.with_uuid(session, uuid)
    held = dataclasses.replace(
        bid, hold=core.most_of_bid(bid), generation=bid.generation + 1, updated_at=now
    )
    # An engine that has read it before reads it again, and its contract holds as much.
    done = session.execute(
        sa.update(_BIDS)
        .where(
            _BIDS.c.uuid == uuid,
            _BIDS.c.generation == bid.generation,
            _BIDS.c.status == bid_core.Status.AVAILABLE,
        )
        .values(hold=held.hold, generation=held.generation, updated_at=now)
    )
    if done.rowcount:
        budgets.bid_changed(session, held, bid.hold, now, within_limit=False)
        events.of_bid(session, 'changed', held, now)


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
