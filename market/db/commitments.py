# SPDX-License-Identifier: Apache-2.0
"""Whether an account can be booked all that its project is going to owe.

Without budgets nothing limits what a project buys but the columns of the ledger. So
what it owes and what is open of it together stay below what one purchase may come to.
"""

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import ledger as core
from flocx.core import money
from market.db import bids
from market.db import ledger
from market.db import listing
from market.db import schema

#: What comes to less than this is not looked at: it takes a hundred million such
#: purchases to get beyond a column, and most requests ask for less.
_SMALL = money.LIMIT / 10**6

_ACCOUNTS, _BIDS, _LINES = schema.accounts, schema.bids, schema.contract_lines


def require_bookable(session, project_id, bought):
    """Nothing, if an account can be booked what ``project_id`` owes and has open.

    :param bought: credits; what is written of it already, and what is not looked at
        where it is little.
    :raises Invalid: it is too much; the caller rolls back.
    """
    if bought < _SMALL:
        return
    balance = session.execute(
        sa.select(_ACCOUNTS.c.balance).where(
            _ACCOUNTS.c.uuid == core.project_account(project_id)
        )
    ).scalar()
    owed = max(core.ZERO, -(balance or core.ZERO))
    owed += _open_bids(session, project_id) + _unbooked_lines(session, project_id)
    if owed >= money.LIMIT:
        raise exceptions.Invalid(
            f'price: project {project_id} would owe and have open {money.text(owed)} '
            f'credits with this, and it has to be less than {money.LIMIT}'
        )


def _open_bids(session, project_id):
    """What the open bids of a project may cost beyond what they hold."""
    rows = session.execute(
        sa.select(_BIDS).where(
            _BIDS.c.project_id == project_id,
            _BIDS.c.status == bid_core.Status.AVAILABLE,
        )
    )
    found = map(bids.from_row, rows)
    return sum((core.most_of_bid(each) - each.hold for each in found), core.ZERO)


def _unbooked_lines(session, project_id):
    """What contracts of a project may cost beyond what is held, and what was booked."""
    closed = ledger.closed_through(session)
    open_months = [_LINES.c.end_time > core.month_window(closed).end] if closed else []
    rows = session.execute(
        sa.select(_LINES).where(
            _LINES.c.project_id == project_id,
            _LINES.c.status != contract_core.Status.CANCELLED,
            *open_months,
        )
    )
    found = (listing.from_row(contract_core.Line, row) for row in rows)
    return sum((core.to_hold(each) - each.hold for each in found), core.ZERO)
