# SPDX-License-Identifier: Apache-2.0
"""Credits that the operator gives: once, or as many each month."""

import dataclasses

import sqlalchemy as sa

from flocx.core import grant as core
from flocx.core import ledger as ledger_core
from flocx.core import states
from market.db import concurrency
from market.db import ledger
from market.db import listing
from market.db import schema
from market.db import visibility

_TABLE = schema.grants
_T = ledger_core.TransferType


def add(session, grant, account_type, now, user_id=None):
    """Store a new grant and give its credits for the first time.

    :raises Invalid: the account, or all together, would have more than one can have.
    """
    account = ledger.open_account(session, account_type, grant.project_id, now)
    session.execute(sa.insert(_TABLE), listing.fields(grant))
    give(session, grant, account, grant.month, now, user_id)
    for each in (account.uuid, ledger_core.OPERATOR):
        ledger.require_small(session, each)


def give(session, grant, account, month, now, user_id=None):
    """Give the credits of ``grant`` for ``month``, once."""
    ledger.book(
        session,
        [
            ledger.transfer(
                _T.GRANT,
                ledger_core.OPERATOR,
                account.uuid,
                grant.amount,
                now,
                idempotency_key=f'grant:{grant.uuid}:{month}',
                reason=grant.reason,
                object_type='grant',
                object_uuid=grant.uuid,
                user_id=user_id,
            )
        ],
        now,
    )
    ledger.tell(
        session,
        dataclasses.replace(account, balance=account.balance + grant.amount),
        'credited',
        now,
    )


def get(session, ident, reader):
    """The grant of this uuid that ``reader`` may see."""
    row = listing.one(session, _TABLE, ident, visibility.grants, reader, 'Grant')
    return listing.from_row(core.Grant, row)


def page(session, reader, query):
    """A page of the grants that ``reader`` may see."""
    rows = listing.page(session, _TABLE, visibility.grants, reader, query)
    return [listing.from_row(core.Grant, row) for row in rows]


def end(session, grant, now):
    """Give nothing more of ``grant``; what was given stays.

    :raises Conflict: it has ended, or was given once and no more.
    """
    ended = core.Status.ENDED
    states.require(core.TRANSITIONS, 'Grant', grant.uuid, grant.status, ended)
    done = session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.uuid == grant.uuid, _TABLE.c.status == grant.status)
        .values(status=ended, updated_at=now)
    )
    concurrency.require_written(done, 'Grant', grant.uuid)


def due(session, month):
    """The grants of which something is to be given, or lapses, as ``month`` begins."""
    rows = session.execute(
        sa.select(_TABLE)
        .where(
            _TABLE.c.month < month,
            sa.or_(
                _TABLE.c.status == core.Status.ACTIVE,
                sa.and_(
                    _TABLE.c.status == core.Status.ENDED, _TABLE.c.expires.is_(True)
                ),
            ),
        )
        .order_by(_TABLE.c.id)
    )
    return [listing.from_row(core.Grant, row) for row in rows]


def renew(session, grant, current, now):
    """Let lapse what is left of ``grant``, if it does so, and give it once more.

    What expires is given for the month ``current`` only, all else for each month.
    It is done once, whatever workers try.
    """
    active = grant.status == core.Status.ACTIVE
    month = current if grant.expires else ledger_core.next_month(grant.month)
    done = session.execute(
        sa.update(_TABLE)
        .where(
            _TABLE.c.uuid == grant.uuid,
            _TABLE.c.month == grant.month,
            _TABLE.c.status == grant.status,
        )
        .values(
            month=month,
            updated_at=now,
            status=grant.status if active else core.Status.LAPSED,
        )
    )
    if not done.rowcount:
        return
    account = ledger.lock(session, grant.account_uuid)
    if grant.expires:
        account = _lapse(session, grant, account, now)
    if active:
        give(session, grant, account, month, now)


def _lapse(session, grant, account, now):
    left = ledger_core.lapsing(grant.amount, _spent(session, grant), account.balance)
    if not left:
        return account
    ledger.book(
        session,
        [
            ledger.transfer(
                _T.LAPSE,
                account.uuid,
                ledger_core.OPERATOR,
                left,
                now,
                idempotency_key=f'lapse:{grant.uuid}:{grant.month}',
                object_type='grant',
                object_uuid=grant.uuid,
            )
        ],
        now,
    )
    return dataclasses.replace(account, balance=account.balance - left)


def _spent(session, grant):
    """What was held, paid and handed on since ``grant`` was given last, in that month.

    What came back of it is taken off.
    """
    table, types = schema.transfers, ledger_core.TransferType
    given = (
        sa.select(table.c.id)
        .where(table.c.idempotency_key == f'grant:{grant.uuid}:{grant.month}')
        .scalar_subquery()
    )
    spent, back = table.c.debit == grant.account_uuid, table.c.credit
    rows = session.execute(
        sa.select(table.c.debit, table.c.amount).where(
            table.c.id > given,
            table.c.month == grant.month,
            sa.or_(
                sa.and_(
                    spent,
                    table.c.type.in_([types.HOLD, types.TRANSFER, *ledger_core.BILLED]),
                ),
                sa.and_(back == grant.account_uuid, table.c.type == types.RELEASE),
            ),
        )
    )
    return sum(
        (
            row.amount if row.debit == grant.account_uuid else -row.amount
            for row in rows
        ),
        ledger_core.ZERO,
    )
