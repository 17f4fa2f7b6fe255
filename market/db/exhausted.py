# SPDX-License-Identifier: Apache-2.0
"""Accounts that run low, or are below their limit, and what their projects have."""

import sqlalchemy as sa

from flocx.core import contract as contract_core
from flocx.core import ledger as core
from market.db import ledger
from market.db import listing
from market.db import schema

_ACCOUNTS, _LINES = schema.accounts, schema.contract_lines
_SPENT = (core.AccountType.PROJECT, core.AccountType.ORGANISATION)
_BELOW = _ACCOUNTS.c.balance + _ACCOUNTS.c.overdraft < 0


def tell(session, low, now):
    """Tell projects whose balance has become low, or is spent, once each time.

    :param low: credits below which a balance is low.
    """
    rows = session.execute(
        sa.select(_ACCOUNTS)
        .where(
            _ACCOUNTS.c.type.in_(_SPENT),
            sa.or_(
                _ACCOUNTS.c.notified.is_not(None),
                _ACCOUNTS.c.balance < low,
                _ACCOUNTS.c.balance + _ACCOUNTS.c.overdraft <= 0,
            ),
        )
        .order_by(_ACCOUNTS.c.uuid)
        .with_for_update()
    ).all()
    for row in rows:
        account = listing.from_row(core.Account, row)
        level = core.level(account, low)
        if level == account.notified:
            continue
        session.execute(
            sa.update(_ACCOUNTS)
            .where(_ACCOUNTS.c.uuid == account.uuid)
            .values(notified=level)
        )
        if level:
            ledger.tell(session, account, level, now)


def below_limit(session):
    """The projects whose accounts are below their limit, in order."""
    return list(
        session.scalars(
            sa.select(_ACCOUNTS.c.project_id)
            .where(_BELOW, _ACCOUNTS.c.type == core.AccountType.PROJECT)
            .order_by(_ACCOUNTS.c.project_id)
        )
    )


def is_below_limit(session, project_id):
    """Whether the account of a project is below its limit."""
    uuid = core.project_account(project_id)
    found = session.execute(
        sa.select(_ACCOUNTS.c.id).where(_BELOW, _ACCOUNTS.c.uuid == uuid)
    )
    return found.first() is not None


def running(session, project_id):
    """The uuids of contracts of a project that can be ended, the newest first."""
    table = schema.contracts
    return list(
        session.scalars(
            sa.select(table.c.uuid)
            .where(
                table.c.project_id == project_id,
                table.c.uuid.in_(
                    sa.select(_LINES.c.contract_uuid).where(
                        _LINES.c.project_id == project_id,
                        _LINES.c.status.in_(sorted(contract_core.RUNNING)),
                        _LINES.c.reason.is_distinct_from(
                            contract_core.Reason.BUDGET_EXHAUSTED
                        ),
                    )
                ),
            )
            .order_by(table.c.id.desc())
        )
    )
