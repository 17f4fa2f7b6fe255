# SPDX-License-Identifier: Apache-2.0
"""Books usage between two projects, where a test needs a bill and no contract."""

from flocx.core import ledger as core
from market.db import ledger


def bill(database, renter, owner, now, amount='1'):
    """The uuid of a transfer of usage from ``renter`` to ``owner``."""
    accounts = {core.project_account(each): each for each in (renter, owner)}
    entry = ledger.transfer(
        *(core.TransferType.USAGE, *accounts),
        *(core.amount(amount), now),
        object_type='line',
        period=core.month(now),
        details={
            'start_time': now.strftime('%Y-%m-%dT%H:%M:%SZ'),
            'price': amount,
            'server_seconds': 3600,
            'missed_seconds': 0,
            'notice_seconds': 0,
            'resource_uuid': 'rack-1',
            'resource_class': 'baremetal',
            'project_id': renter,
            'owner_id': owner,
        },
    )
    with database.writer() as session:
        ledger.book(session, [entry], now, accounts)
    return entry.uuid
