# SPDX-License-Identifier: Apache-2.0
"""Whether the ledger's books agree: with themselves, with what is open, with usage."""

import collections
import datetime
import decimal
import uuid

from tools.checker import database
from tools.checker import usage

ZERO = decimal.Decimal(0)
#: How the uuids of accounts are made.
_NAMESPACE = uuid.UUID('5b3b1f0a-7a0c-5d2e-9c5e-6f0f7f9f2b11')
HOLDS = str(uuid.uuid5(_NAMESPACE, 'holds:'))
OPEN = {
    'bid': ('available',),
    'line': (
        *('created', 'wait_fulfill', 'active', 'wait_end', 'wait_cancel', 'error'),
    ),
}
_EVER = datetime.timedelta(days=366 * 100)


def account_of(project):
    """The uuid of a project's account."""
    return str(uuid.uuid5(_NAMESPACE, f'project:{project}'))


def violations(market):
    """Everything in the ledger of a Snapshot that does not agree."""
    yield from _transfers(market)
    yield from _balances(market)
    yield from _holds(market)
    yield from _charges(market)


def _violation(object_type, uuid_, detail):
    return database.Violation('ledger', object_type, uuid_, detail)


def _transfers(market):
    for each in market.transfers:
        if each.amount <= 0 or each.debit == each.credit:
            yield _violation('transfer', each.uuid, 'it transfers nothing')


def _balances(market):
    """Each balance is what was transferred, all are zero, none is below its limit."""
    balance, held, forced = _sums(market)
    known = {row.uuid for row in market.accounts}
    for account in ({*balance, *held} - known) - {None}:
        yield _violation('account', account, 'transfers name it, and there is none')
    for row in market.accounts:
        for name, follows in (('balance', balance), ('held', held)):
            if getattr(row, name) != follows[row.uuid]:
                yield _violation(
                    'account',
                    row.uuid,
                    f'its {name} is {getattr(row, name)}, its transfers come to '
                    f'{follows[row.uuid]}',
                )
        limit = -row.overdraft - forced[row.uuid]
        if row.type == 'project' and row.balance < limit:
            detail = f'{row.balance} is below its limit {limit}'
            yield _violation('account', row.uuid, detail)
    total = sum((row.balance + row.held for row in market.accounts), ZERO)
    if total:
        yield _violation('account', 'all', f'together they come to {total}, not to 0')


def _sums(market):
    """By account: its balance, what is held, and what it was made to pay, limit or no.

    Nobody who buys is made to: it takes a bill.
    """
    balance, held, forced = (collections.Counter() for _ in range(3))
    for each in market.transfers:
        for account, amount in ((each.debit, -each.amount), (each.credit, each.amount)):
            if account == HOLDS:
                held[each.holder] += amount
            else:
                balance[account] += amount
        if not each.within_limit:
            forced[each.debit] += each.amount
    return balance, held, forced


def _holds(market):
    """What is open holds what was transferred for it, and what is closed nothing."""
    held, of_account = collections.Counter(), collections.Counter()
    for each in market.transfers:
        for account, sign in ((each.credit, 1), (each.debit, -1)):
            if account == HOLDS:
                held[each.object_uuid] += sign * each.amount
    rows = [('bid', row) for row in market.bids.values()]
    rows += [('line', row) for row in market.all_lines]
    for object_type, row in rows:
        of_account[account_of(row.project_id)] += row.hold
        yield from _hold(object_type, row, held[row.uuid])
    for row in market.accounts:
        if row.held != of_account[row.uuid]:
            yield _violation(
                'account', row.uuid, f'{row.held} are held for no open bid or contract'
            )


def _hold(object_type, row, booked):
    if row.hold != booked:
        detail = f'it holds {row.hold}, and its transfers come to {booked}'
        yield _violation(object_type, row.uuid, detail)
    if row.hold and row.status not in OPEN[object_type]:
        yield _violation(object_type, row.uuid, f'it is {row.status} and holds')


def _charges(market):
    """What a line was charged is booked between its parties, and was served."""
    booked, budgeted = collections.Counter(), set()
    lines = {line.uuid: line for line in market.all_lines}
    seen = set()
    for each in market.transfers:
        if each.type == 'hold':
            budgeted.add(each.object_uuid)
        if each.type not in ('usage', 'correction') or each.object_uuid not in lines:
            continue
        line = lines[each.object_uuid]
        parties = account_of(line.project_id), account_of(line.owner_id)
        if (each.debit, each.credit) == parties:
            booked[line.uuid] += each.amount
        elif (each.credit, each.debit) == parties:
            booked[line.uuid] -= each.amount
        else:
            yield _violation('transfer', each.uuid, 'it is not between the parties')
        if each.idempotency_key and each.idempotency_key in seen:
            yield _violation('transfer', each.uuid, 'it was booked twice')
        seen.add(each.idempotency_key)
    for line in market.all_lines:
        yield from _charge(market, line, booked[line.uuid], line.uuid in budgeted)


def _charge(market, line, booked, budgeted):
    if line.charged != booked:
        yield _violation(
            'line', line.uuid, f'it was charged {line.charged}, and {booked} are booked'
        )
    if not (budgeted and line.status not in OPEN['line']):
        return
    over = (line.expire_time or line.end_time) + datetime.timedelta(seconds=1)
    found = usage.figures(market, line, over - _EVER, over)
    served = sum((figures[-1] for _, figures in found), ZERO)
    if booked != served:
        yield _violation(
            'line', line.uuid, f'it has served {served}, and {booked} are booked'
        )
