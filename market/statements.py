# SPDX-License-Identifier: Apache-2.0
"""A statement: what was booked for a project in one month. Pure.

It follows from transfers that are never changed, in their order, and holds nothing of
when it was asked for: that of a closed month is the same to the byte, always.
"""

import csv
import io

from flocx.core import ledger as core
from flocx.core import money
from flocx.core import window
from market import market_stats

_T = core.TransferType

#: The columns of a statement's lines, and of its CSV.
COLUMNS = (
    'transfer_uuid',
    'time',
    'type',
    'role',
    'period',
    'contract_uuid',
    'line_uuid',
    'resource_uuid',
    'resource_class',
    'other_project_id',
    'price',
    'server_seconds',
    'server_hours',
    'missed_seconds',
    'notice_seconds',
    'amount',
    'corrects',
    'reason',
)


def statement(project_id, account, month, opening, entries, closed):
    """What was booked in ``month``, JSON.

    :param account: the uuid of the project's account.
    :param opening: what it had, held or not, as the month began.
    :param entries: its transfers in the month, in order.
    :param closed: whether the month is closed.
    """
    lines = [_line(each, account) for each in entries]
    sums = dict.fromkeys(
        ('granted', 'lapsed', 'transferred', 'spent', 'earned'), core.ZERO
    )
    for each in entries:
        sums[_kind(each, account)] += _signed(each, account)
    return {
        'month': month,
        'project_id': project_id,
        'status': 'closed' if closed else 'open',
        'opening_balance': money.text(opening),
        **{name: money.text(amount) for name, amount in sums.items()},
        'closing_balance': money.text(opening + sum(sums.values())),
        'lines': lines,
    }


def table(document):
    """The lines of a statement as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator='\r\n')
    writer.writeheader()
    writer.writerows(document['lines'])
    return text.getvalue()


def _signed(entry, account):
    return entry.amount if entry.credit == account else -entry.amount


def _role(entry, account):
    """``renter`` or ``owner`` of what was billed, None of other transfers."""
    if entry.type not in core.BILLED:
        return None
    renter = core.project_account(entry.details['project_id'])
    return 'renter' if account == renter else 'owner'


def _kind(entry, account):
    role = _role(entry, account)
    if role:
        return {'renter': 'spent', 'owner': 'earned'}[role]
    kinds = {_T.GRANT: 'granted', _T.LAPSE: 'lapsed', _T.TRANSFER: 'transferred'}
    return kinds[entry.type]


def _line(entry, account):
    role, details = _role(entry, account), entry.details or {}
    other = {'renter': 'owner_id', 'owner': 'project_id'}.get(role)
    seconds = details.get('server_seconds')
    found = {
        'transfer_uuid': entry.uuid,
        'time': window.text(entry.time),
        'type': entry.type,
        'role': role,
        'period': entry.period,
        'contract_uuid': entry.contract_uuid,
        'line_uuid': entry.object_uuid if entry.object_type == 'line' else None,
        'other_project_id': details.get(other),
        'server_hours': None if seconds is None else market_stats.hours(seconds),
        'amount': money.text(_signed(entry, account)),
        'corrects': entry.corrects,
        'reason': entry.reason,
    }
    return {name: found.get(name, details.get(name)) for name in COLUMNS}
