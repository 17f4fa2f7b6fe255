# SPDX-License-Identifier: Apache-2.0
"""Whether the ledger of a world agrees; all amounts are in millionths of a credit."""

import collections
import fractions
import uuid

from tests.simulation import unfilled

_NAMESPACE = uuid.UUID('5b3b1f0a-7a0c-5d2e-9c5e-6f0f7f9f2b11')
_HOLDS = str(uuid.uuid5(_NAMESPACE, 'holds:'))
_CLOSED = ('ended', 'cancelled', 'matched', 'expired')
#: What a purchase takes of a balance, if there is enough.
_BOUGHT = ('hold', 'transfer')


def account_of(project):
    """The uuid of a project's account."""
    return str(uuid.uuid5(_NAMESPACE, f'project:{project}'))


def wrong(rows):
    """What does not agree, as sentences.

    :param rows: {table: its rows, dictionaries}.
    """
    balance, held, of_object = _follow(rows['transfers'])
    for row in rows['accounts']:
        for name, due in (('balance', balance), ('held', held)):
            if row[name] != due[row['uuid']]:
                yield (
                    f'account of {row["project_id"]}: {name} {row[name]}, its '
                    f'transfers {due[row["uuid"]]}'
                )
    total = sum(row['balance'] + row['held'] for row in rows['accounts'])
    if total:
        yield f'accounts: together {total}'
    yield from _limits(rows['transfers'], rows['accounts'])
    yield from _holds(rows, of_object)


def _holds(rows, of_object):
    open_ = collections.Counter()
    for row in (*rows['bids'], *rows['contract_lines']):
        open_[account_of(row['project_id'])] += row['hold']
        if row['hold'] != of_object[row['uuid']]:
            yield f'{row["uuid"]}: holds {row["hold"]}, booked {of_object[row["uuid"]]}'
        if row['hold'] and row['status'] in _CLOSED:
            yield f'{row["uuid"]}: a hold of {row["hold"]} is left behind'
    for row in rows['accounts']:
        if row['held'] != open_[row['uuid']]:
            yield f'account of {row["project_id"]}: {row["held"]} held for nothing'


def unpaid(rows, paid, segments):
    """What closed lines with a budget were not charged as they have served.

    :param paid: for how many seconds somebody pays, and ``segments`` of which time, as
        in ``invariants``.
    """
    budgeted = {
        row['object_uuid'] for row in rows['transfers'] if row['type'] == 'hold'
    }
    booked = collections.Counter()
    for row in rows['transfers']:
        if row['type'] in ('usage', 'correction'):
            booked[row['object_uuid'], row['debit'], row['credit']] += row['amount']
    broken = collections.defaultdict(list)
    for row in rows['interruptions']:
        end = row['end_time'] and unfilled.moment(row['end_time'])
        broken[row['line_uuid']].append((unfilled.moment(row['start_time']), end))
    for line in rows['contract_lines']:
        if line['uuid'] not in budgeted or line['status'] not in _CLOSED:
            continue
        due = sum(
            round(
                fractions.Fraction(
                    price * paid(line, start, end, broken[line['uuid']]), 3600
                )
            )
            for start, end, price in segments(line)
        )
        parties = account_of(line['project_id']), account_of(line['owner_id'])
        found = booked[(line['uuid'], *parties)]
        if not due == found == line['charged']:
            yield f'line {line["uuid"]}: due {due}, booked {found}'


def _follow(transfers):
    balance, held, of_object = (collections.Counter() for _ in range(3))
    for row in transfers:
        for account, amount in (
            (row['debit'], -row['amount']),
            (row['credit'], row['amount']),
        ):
            if account == _HOLDS:
                held[row['holder']] += amount
                of_object[row['object_uuid']] += amount
            else:
                balance[account] += amount
    return balance, held, of_object


def _limits(transfers, accounts):
    """No purchase has left an account below its limit: in the order of the books.

    A transaction that releases a hold and holds again does so in one.
    """
    limit = {row['uuid']: -row['overdraft'] for row in accounts}
    balance, bought = collections.Counter(), set()
    moment = None
    for row in [*sorted(transfers, key=lambda row: row['id']), None]:
        if row is None or row['time'] != moment:
            for account in sorted(bought):
                if balance[account] < limit[account]:
                    yield f'account {account}: bought beyond its limit'
            moment, bought = row and row['time'], set()
        if row is None:
            continue
        balance[row['debit']] -= row['amount']
        balance[row['credit']] += row['amount']
        if row['type'] in _BOUGHT and row['within_limit']:
            bought.add(row['debit'])
