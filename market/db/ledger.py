# SPDX-License-Identifier: Apache-2.0
"""Accounts and the transfers between them: what is booked, once, and never changed.

Whoever books has what the objects need locked already: accounts come last, in the order
of their uuids, so that two transactions do not wait for each other.
"""

from oslo_db import exception as db_exc
from oslo_utils import uuidutils
import sqlalchemy as sa

from flocx import exceptions
from flocx import metrics
from flocx.core import ledger as core
from flocx.core import money
from market.db import events
from market.db import listing
from market.db import prepared
from market.db import schema
from market.db import visibility

_ACCOUNTS, _TRANSFERS = schema.accounts, schema.transfers
_STATE = schema.ledger_state
_INSERT = sa.insert(_TRANSFERS)
_MONEY = {
    name: sa.bindparam(name, type_=_ACCOUNTS.c.balance.type) for name in ('more', 'on')
}
_change = (
    sa.update(_ACCOUNTS)
    .where(_ACCOUNTS.c.uuid == sa.bindparam('account'))
    .values(
        balance=_ACCOUNTS.c.balance + _MONEY['more'],
        held=_ACCOUNTS.c.held + _MONEY['on'],
        updated_at=sa.bindparam('now', type_=_ACCOUNTS.c.updated_at.type),
    )
)
_within = _change.where(
    _ACCOUNTS.c.balance + _MONEY['more'] >= -_ACCOUNTS.c.overdraft  # what is left
)
#: What a transfer sets that holds something, or frees it.
_HOLD_FIELDS = (
    *('uuid', 'type', 'debit', 'credit', 'amount', 'month', 'time', 'holder'),
    *('object_type', 'object_uuid', 'contract_uuid', 'within_limit'),
)


def _with_hold(change):
    """The statement that does ``change`` and, if it changes an account, adds a hold."""
    row = [
        sa.bindparam(name, type_=_TRANSFERS.c[name].type).label(name)
        for name in _HOLD_FIELDS
    ]
    changed = change.returning(_ACCOUNTS.c.uuid).cte('changed')
    return _INSERT.from_select(_HOLD_FIELDS, sa.select(*row).select_from(changed))


# By whether an account has to stay within its limit.
_CHANGE = {False: prepared.Prepared(_change), True: prepared.Prepared(_within)}
_INSERT_HOLD = prepared.Prepared(_INSERT.inline(), _HOLD_FIELDS)
_CHANGE_AND_HOLD = {
    False: prepared.Prepared(_with_hold(_change)),
    True: prepared.Prepared(_with_hold(_within)),
}
_HOLD_TYPES = {core.TransferType.HOLD, core.TransferType.RELEASE}
_ACCOUNT = sa.select(_ACCOUNTS).where(_ACCOUNTS.c.uuid == sa.bindparam('account'))


def new_uuid():
    """The uuid of a transfer that is yet to be booked."""
    return uuidutils.generate_uuid()


def transfer(transfer_type, debit, credit, amount, now, **more):
    """A Transfer of ``amount`` that is yet to be booked, in the month of ``now``."""
    return core.Transfer(
        uuid=new_uuid(),
        type=transfer_type,
        debit=debit,
        credit=credit,
        amount=amount,
        time=now,
        **{'month': core.month(now), **more},
    )


def book(session, transfers, now, owners=()):
    """Add ``transfers`` and change the balances of their accounts.

    It takes one statement for each account that changes, and one for all transfers.

    :param owners: {account: project} of those accounts that may not be there yet.
    :raises Forbidden: an account that some transfer must leave within its limit has
        too little; nothing is booked, if the caller rolls back.
    """
    if not transfers:
        return
    if len(transfers) == 1 and transfers[0].type in _HOLD_TYPES:
        _book_hold(session, transfers[0], now, owners)
    else:
        guarded = {each.debit for each in transfers if each.within_limit}
        changes = core.changes(transfers)
        for account in sorted(changes):
            change = changes[account]
            if change.balance or change.held:
                limited = account in guarded and change.balance < 0
                values = _values(account, change.balance, change.held, now)
                _require_comparable(session, limited, values, owners)
                done = _CHANGE[limited].execute(session.connection(), values)
                if not done.rowcount:
                    _unchanged(session, limited, values, owners)
        session.execute(_INSERT, [listing.fields(each) for each in transfers])
    metrics.after_commit(session.info, _count, transfers)


def _book_hold(session, made, now, owners):
    """Book a transfer that holds something, or frees it, in the way that is fastest.

    Every bid and every claim does. Where a statement can change one table and add to
    another, it takes one; otherwise two.
    """
    holds = made.type is core.TransferType.HOLD
    held = made.amount if holds else -made.amount
    values = _values(made.holder, -held, held, now)
    limited = holds and made.within_limit
    _require_comparable(session, limited, values, owners)
    connection = session.connection()
    row = {name: getattr(made, name) for name in _HOLD_FIELDS}
    if connection.dialect.name == 'postgresql':
        statement = _CHANGE_AND_HOLD[limited]
        if statement.execute(connection, values | row).rowcount:
            return
        _unchanged(session, limited, values, owners)
    elif not _CHANGE[limited].execute(connection, values).rowcount:
        _unchanged(session, limited, values, owners)
    _INSERT_HOLD.execute(connection, row)


def _values(account, balance, held, now):
    """The parameters of a change of an account."""
    return {'account': account, 'more': balance, 'on': held, 'now': now}


def _require_comparable(session, limited, values, owners):
    """Nothing, if a database can compare what is asked of an account with its limit."""
    if limited and -values['more'] > 2 * money.LIMIT:
        # More than anybody has.
        raise _lacking(session, values['account'], -values['more'], dict(owners))


def _unchanged(session, limited, values, owners):
    """Open the account that was not there, or raise that it has too little."""
    account, more = values['account'], values['more']
    if limited:
        raise _lacking(session, account, -more, dict(owners))
    change = core.Change(more, values['on'])
    _open(session, account, dict(owners).get(account), change, values['now'])


def _count(transfers):
    """Tell the metrics what was booked."""
    for each in transfers:
        metrics.TRANSFERS.labels(each.type).inc()
        metrics.CREDITS.labels(each.type).inc(float(each.amount))
        if each.type == core.TransferType.USAGE:
            metrics.SERVED.inc(each.details['server_seconds'])


def _lacking(session, account, wanted, owners):
    """The Forbidden that says what an account lacks, and who can give it."""
    row = session.execute(_ACCOUNT, {'account': account}).first()
    project = row.project_id if row else owners.get(account)
    balance = row.balance if row else core.ZERO
    left = balance + (row.overdraft if row else core.ZERO)
    overdraft = (
        f' and may be overdrawn by {money.text(row.overdraft)}'
        if row and row.overdraft
        else ''
    )
    return exceptions.Forbidden(
        f'Budget: this takes {money.text(wanted)} credits, and the account of project '
        f'{project} has {money.text(balance)}{overdraft}; '
        f'{money.text(wanted - left)} are missing. A manager of a project above it can '
        'transfer credits to it, and the operator can grant them',
        code='flocx.budget',
    )


def _open(session, account, project_id, change, now):
    """Add the row of an account that is booked on for the first time."""
    account_type = core.AccountType.PROJECT
    if account == core.OPERATOR:
        account_type = core.AccountType.OPERATOR
    elif project_id and account != core.project_account(project_id):
        account_type = core.AccountType.ORGANISATION
    _insert(
        session,
        core.Account(
            uuid=account,
            type=account_type,
            project_id=project_id,
            balance=change.balance,
            held=change.held,
            created_at=now,
            updated_at=now,
        ),
    )


def _insert(session, account):
    try:
        session.execute(sa.insert(_ACCOUNTS), listing.fields(account))
    except db_exc.DBDuplicateEntry:
        raise db_exc.RetryRequest(
            exceptions.Conflict('Another request opens the account just now')
        ) from None


# Accounts


def get(session, ident, reader):
    """The account of this uuid, or of the project of this id, that may be seen."""
    for uuid in (ident, core.project_account(ident)):
        try:
            row = listing.one(
                session, _ACCOUNTS, uuid, visibility.accounts, reader, 'Account'
            )
        except exceptions.NotFound:
            continue
        return listing.from_row(core.Account, row)
    raise exceptions.NotFound(f'Account {ident} not found')


def find(session, ident):
    """The account of this uuid, or of the project of this id, which may have none yet.

    Where it is opened, is for who transfers something to it.
    """
    uuids = (ident, core.project_account(ident))
    rows = session.execute(
        sa.select(_ACCOUNTS).where(_ACCOUNTS.c.uuid.in_(uuids))
    ).all()
    if rows:
        return listing.from_row(core.Account, rows[0])
    only = {
        core.OPERATOR: core.AccountType.OPERATOR,
        core.HOLDS: core.AccountType.HOLDS,
    }
    return core.Account(
        uuid=ident if ident in only else core.project_account(ident),
        type=only.get(ident, core.AccountType.PROJECT),
        project_id=None if ident in only else ident,
        created_at=None,
        updated_at=None,
    )


def page(session, reader, query):
    """A page of the accounts that ``reader`` may see."""
    rows = listing.page(session, _ACCOUNTS, visibility.accounts, reader, query)
    return [listing.from_row(core.Account, row) for row in rows]


def set_overdraft(session, account, overdraft, now):
    """Let ``account`` be overdrawn by as much, in credits; return it."""
    session.execute(
        sa.update(_ACCOUNTS)
        .where(_ACCOUNTS.c.uuid == account.uuid)
        .values(overdraft=overdraft, updated_at=now)
    )
    row = session.execute(_ACCOUNT, {'account': account.uuid}).one()
    changed = listing.from_row(core.Account, row)
    tell(session, changed, 'changed', now)
    return changed


def open_account(session, account_type, project_id, now):
    """The account of a project or organisation, which is opened where it is not."""
    uuid = core.account_uuid(account_type, project_id)
    row = session.execute(_ACCOUNT, {'account': uuid}).first()
    if row:
        return listing.from_row(core.Account, row)
    account = core.Account(
        uuid=uuid,
        type=account_type,
        project_id=project_id,
        created_at=now,
        updated_at=now,
    )
    _insert(session, account)
    return account


def hand_over(session, made, source, target, now):
    """Book the transfer ``made`` between two accounts, and tell who gets something.

    :raises Forbidden: the source has too little.
    :raises Invalid: the target would have more than an account can have.
    """
    owners = {each.uuid: each.project_id for each in (source, target)}
    book(session, [made], now, owners)
    row = require_small(session, target.uuid)
    require_small(session, source.uuid)
    tell(session, listing.from_row(core.Account, row), 'credited', now)


def require_small(session, account_uuid):
    """The row of an account that has, or is overdrawn by, no more than one can be.

    Sums of accounts have to fit into what databases add exactly: on SQLite, integers of
    64 bits. Credits come from the operator's account, so its limit is that of all.

    :raises Invalid: it has more; the caller rolls back what was booked.
    """
    row = session.execute(_ACCOUNT, {'account': account_uuid}).one()
    if abs(row.balance) > money.LIMIT:
        raise exceptions.Invalid(
            f'amount: account {row.uuid} would have {money.text(row.balance)} credits, '
            f'and none can be beyond {money.LIMIT}'
        )
    return row


def lock(session, account_uuid):
    """The account of this uuid, which nobody else changes until the transaction ends.

    :raises NoResultFound: there is none.
    """
    row = session.execute(
        sa.select(_ACCOUNTS).where(_ACCOUNTS.c.uuid == account_uuid).with_for_update()
    ).one()
    return listing.from_row(core.Account, row)


def tell(session, account, action, now, **more):
    """Tell the owner of ``account`` what became of it.

    :param more: further fields of the event's payload.
    """
    events.of_account(session, action, account, now, **more)


# Transfers


def transfers(session, reader, query):
    """A page of the transfers of accounts that ``reader`` may see."""
    rows = listing.page(session, _TRANSFERS, visibility.transfers, reader, query)
    return [listing.from_row(core.Transfer, row) for row in rows]


def get_transfer(session, ident, reader):
    """The transfer of this uuid that ``reader`` may see."""
    row = listing.one(
        session, _TRANSFERS, ident, visibility.transfers, reader, 'Transfer'
    )
    return listing.from_row(core.Transfer, row)


def billed(session, line_uuids, period=None):
    """The transfers of the usage of contract lines, with their corrections, in order.

    :param period: those of this month only.
    """
    found = []
    for part in listing.parts(line_uuids):
        query = sa.select(_TRANSFERS).where(
            _TRANSFERS.c.object_uuid.in_(part),
            _TRANSFERS.c.type.in_(core.BILLED),
        )
        if period:
            query = query.where(_TRANSFERS.c.period == period)
        found += session.execute(query.order_by(_TRANSFERS.c.id)).all()
    return [listing.from_row(core.Transfer, row) for row in found]


def closed_through(session):
    """The last month that is closed, '' where none is.

    Until the transaction ends, no other one closes a month.
    """
    return session.execute(
        sa.select(_STATE.c.closed_through).with_for_update(read=True)
    ).scalar_one()


def close_through(session, month):
    """Close ``month``, and all before it: nothing is booked in them any more."""
    session.execute(
        sa.update(_STATE)
        .where(_STATE.c.closed_through < month)
        .values(closed_through=month)
    )


def booking_month(period, now, closed):
    """In which month usage of the month ``period`` is booked.

    :param closed: what :func:`closed_through` returned.
    """
    return period if period > closed else core.month(now)
