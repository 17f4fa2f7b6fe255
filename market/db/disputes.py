# SPDX-License-Identifier: Apache-2.0
"""Disputes about what was booked, and what the operator decides."""

import dataclasses

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import dispute as core
from flocx.core import ledger as ledger_core
from flocx.core import money
from flocx.core import states
from market.db import concurrency
from market.db import events
from market.db import ledger
from market.db import listing
from market.db import schema
from market.db import visibility

_TABLE, _TRANSFERS = schema.disputes, schema.transfers


def add(session, dispute, now):
    """Store a new dispute, and tell both parties.

    :raises Conflict: one of the transfer is open.
    """
    # Who disputes the same meanwhile waits here.
    ledger.lock(session, ledger_core.project_account(dispute.project_id))
    known = session.execute(
        sa.select(_TABLE.c.uuid).where(
            _TABLE.c.transfer_uuid == dispute.transfer_uuid,
            _TABLE.c.project_id == dispute.project_id,
            _TABLE.c.status == core.Status.OPEN,
        )
    ).first()
    if known:
        raise exceptions.Conflict(
            f'Transfer {dispute.transfer_uuid} is disputed already, by dispute '
            f'{known.uuid}'
        )
    session.execute(sa.insert(_TABLE), listing.fields(dispute))
    events.of_dispute(session, 'opened', dispute, now)


def get(session, ident, reader):
    """The dispute of this uuid that ``reader`` may see."""
    row = listing.one(session, _TABLE, ident, visibility.disputes, reader, 'Dispute')
    return listing.from_row(core.Dispute, row)


def page(session, reader, query):
    """A page of the disputes that ``reader`` may see."""
    rows = listing.page(session, _TABLE, visibility.disputes, reader, query)
    return [listing.from_row(core.Dispute, row) for row in rows]


def decide(session, dispute, status, now, *, decision, amount=None, user_id=None):
    """Accept or reject a dispute; return it.

    :param amount: what goes from the other party to who has disputed, in credits.
    :raises Conflict: it was decided already.
    :raises Invalid: the renter would get back more than they have paid.
    """
    states.require(core.TRANSITIONS, 'Dispute', dispute.uuid, dispute.status, status)
    values = {
        'status': status,
        'decision': decision,
        'amount': amount,
        'decided_by': user_id,
        'updated_at': now,
    }
    if status == core.Status.ACCEPTED:
        values['correction_uuid'] = _correct(session, dispute, amount, now, user_id)
    done = session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.uuid == dispute.uuid, _TABLE.c.status == core.Status.OPEN)
        .values(**values)
    )
    concurrency.require_written(done, 'Dispute', dispute.uuid)
    decided = dataclasses.replace(dispute, **values)
    events.of_dispute(session, status, decided, now)
    return decided


def _correct(session, dispute, amount, now, user_id):
    """Book what was accepted, in the open month; return the uuid of the transfer."""
    row = session.execute(
        sa.select(_TRANSFERS).where(_TRANSFERS.c.uuid == dispute.transfer_uuid)
    ).one()
    disputed = listing.from_row(ledger_core.Transfer, row)
    debit, credit = (
        ledger_core.project_account(each)
        for each in (dispute.other_project_id, dispute.project_id)
    )
    if credit == disputed.debit:
        _require_paid(session, disputed, amount)
    entry = ledger.transfer(
        ledger_core.TransferType.CORRECTION,
        debit,
        credit,
        amount,
        now,
        reason=dispute.reason,
        object_type='dispute',
        object_uuid=dispute.uuid,
        contract_uuid=disputed.contract_uuid,
        period=disputed.period,
        corrects=disputed.uuid,
        details={
            **disputed.details,
            'server_seconds': 0,
            'missed_seconds': 0,
            'notice_seconds': 0,
        },
        user_id=user_id,
    )
    owners = {debit: dispute.other_project_id, credit: dispute.project_id}
    ledger.book(session, [entry], now, owners)
    return entry.uuid


def _require_paid(session, disputed, amount):
    """Nothing, if so much of a transfer was not given back yet."""
    # Corrections are of the same line, or of a dispute: ``corrects`` has no index,
    # which every purchase would pay for.
    about = session.scalars(
        sa.select(_TABLE.c.uuid).where(_TABLE.c.transfer_uuid == disputed.uuid)
    ).all()
    rows = session.execute(
        sa.select(_TRANSFERS.c.debit, _TRANSFERS.c.amount).where(
            _TRANSFERS.c.corrects == disputed.uuid,
            _TRANSFERS.c.object_uuid.in_([disputed.object_uuid, *about]),
        )
    )
    left = disputed.amount + sum(
        (row.amount if row.debit == disputed.debit else -row.amount for row in rows),
        ledger_core.ZERO,
    )
    if amount > left:
        raise exceptions.Invalid(
            f'amount: {money.text(amount)} is more than the {money.text(left)} that '
            'were paid'
        )
