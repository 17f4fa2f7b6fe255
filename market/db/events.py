# SPDX-License-Identifier: Apache-2.0
"""The ordered feed of everything committed, and what is announced of it.

An event has one addressee: ``project_id`` where it concerns a project as the
renter, ``owner_id`` where it concerns it as the owner of the server. What
concerns two parties is told in two events, each saying what that party may know.

Each event is recorded in :mod:`flocx.announce` too: whoever writes one announces it.
"""

import functools

import sqlalchemy as sa

from flocx import announce
from flocx.core import money
from flocx.core import window
from market.db import listing
from market.db import schema
from market.db import visibility

_INSERT = sa.insert(schema.events)
_LAST_TIME = (
    sa.select(schema.events.c.time).order_by(schema.events.c.id.desc()).limit(1)
)
_ID = schema.events.c.id
_NEXT = (
    sa.select(_ID)
    .where(_ID > sa.bindparam('after'))
    .order_by(_ID)
    .limit(sa.bindparam('most', type_=sa.Integer))
)
_LAST = sa.select(schema.event_sequence.c.last)
_PARTIES = _NEXT.add_columns(schema.events.c.project_id, schema.events.c.owner_id)
_OBJECTS = _NEXT.add_columns(schema.events.c.object_type, schema.events.c.object_uuid)
_SEQUENCE = schema.event_sequence.c.last
_MORE = _SEQUENCE + sa.bindparam('more', type_=sa.BigInteger)
_ADVANCE = sa.update(schema.event_sequence)
#: MySQL does not return what it updates, but an expression by this name.
_ADVANCE_MYSQL = _ADVANCE.values(last=sa.func.last_insert_id(_MORE))
_ADVANCE_RETURNING = _ADVANCE.values(last=_MORE).returning(_SEQUENCE)


def of_offer(session, action, offer, now, **more):
    """Tell the owner, and the engines, what became of an offer.

    :param more: further fields of the payload.
    """
    announce.record(session, 'offer', offer.uuid, action)
    _add(
        session,
        'offer',
        offer.uuid,
        action,
        now,
        {
            'status': offer.status,
            'name': offer.name,
            'resource_uuid': offer.resource_uuid,
            'price': money.text(offer.price),
            'start_time': window.text(offer.start_time),
            'end_time': window.text(offer.end_time),
            'reason': offer.reason,
            **more,
        },
        owner_id=offer.project_id,
    )


def of_bid(session, action, bid, now, **more):
    """Tell the bidder, and the engines, what became of a bid.

    :param more: further fields of the payload.
    """
    announce.record(session, 'bid', bid.uuid, action)
    _add(
        session,
        'bid',
        bid.uuid,
        action,
        now,
        {
            'status': bid.status,
            'name': bid.name,
            'contract_uuid': bid.contract_uuid,
            **more,
        },
        project_id=bid.project_id,
    )


def of_contract(session, action, contract, lines, now, **more):
    """Tell the lessee of ``lines``, each owner of their own lines, and the providers.

    :param lines: those of the contract that have changed.
    :param more: further fields of the payload.
    """
    providers = {line.provider_id for line in lines}
    announce.record(session, 'contract', contract.uuid, action, providers)
    add = functools.partial(_add, session, 'contract', contract.uuid, action, now)
    add(_payload(contract, lines) | more, project_id=contract.project_id)
    for owner in sorted({line.owner_id for line in lines}):
        own = [line for line in lines if line.owner_id == owner]
        add(_payload(contract, own) | more, owner_id=owner)


def of_the_past(session, action, contract, moment):
    """Write down what has happened to a contract of one line before it was here.

    :param contract: as it was then.
    """
    add = functools.partial(_add, session, 'contract', contract.uuid, action, moment)
    (line,) = contract.lines
    payload = _payload(contract, [line])
    add(payload, project_id=contract.project_id)
    add(payload, owner_id=line.owner_id)


def of_account(session, action, account, now, **more):
    """Tell the project of an account what became of it; no engine needs to know.

    :param more: further fields of the payload.
    """
    _add(
        session,
        'account',
        account.uuid,
        action,
        now,
        {
            'type': account.type,
            'balance': money.text(account.balance),
            'held': money.text(account.held),
            'overdraft': money.text(account.overdraft),
            **more,
        },
        project_id=account.project_id,
    )


def of_dispute(session, action, dispute, now):
    """Tell both parties what became of a dispute."""
    payload = {
        'transfer_uuid': dispute.transfer_uuid,
        'status': dispute.status,
        'reason': dispute.reason,
        'decision': dispute.decision,
        'amount': dispute.amount and money.text(dispute.amount),
    }
    for project_id in (dispute.project_id, dispute.other_project_id):
        _add(
            session,
            'dispute',
            dispute.uuid,
            action,
            now,
            payload,
            project_id=project_id,
        )


def of_standing_demand(session, action, demand, now):
    """Tell the project of a standing demand what became of it."""
    _add(
        session,
        'standing_demand',
        demand.uuid,
        action,
        now,
        {
            'name': demand.name,
            'status': demand.status,
            'quantity': demand.quantity,
            'max_price': money.text(demand.max_price),
            'refusal': demand.refusal,
            'reason': demand.detail,
        },
        project_id=demand.project_id,
    )


def of_webhook(session, action, webhook, now):
    """Tell the project of a webhook what became of it, or let it be tried."""
    _add(
        session,
        'webhook',
        webhook.uuid,
        action,
        now,
        {'name': webhook.name, 'status': webhook.status, 'reason': webhook.reason},
        project_id=webhook.project_id,
    )


def of_project(session, project_id, last, until, most):
    """Events that a project is addressed by, with ids above ``last``, in order.

    :param until: the last id that is looked at.
    """
    table = schema.events
    return session.execute(
        sa.select(table)
        .where(
            table.c.id > last,
            table.c.id <= until,
            sa.or_(table.c.project_id == project_id, table.c.owner_id == project_id),
        )
        .order_by(table.c.id)
        .limit(most)
    ).all()


def after(session, reader, last, asked, where=()):
    """Events that concern ``reader`` with an id above ``last``, in order, or backwards.

    :param asked: a flocx.core.query.Query.
    """
    table = schema.events
    order = table.c.id.desc() if asked.descending else table.c.id
    return session.execute(
        sa.select(table)
        .where(
            table.c.id > last,
            visibility.events(reader),
            *where,
            *listing.conditions(table, asked.filters),
        )
        .order_by(order)
        .limit(asked.limit)
    ).all()


def before(ident):
    """Condition: with an id below that one."""
    return schema.events.c.id < ident


def about(reader, filters):
    """Condition: of an offer or contract with a server that ``filters`` let by.

    :param filters: those of a query, on ``resource_type`` and ``resource_uuid``. An
        owner finds a contract by their own lines, never by those of others.
    """
    offers, lines = schema.offers, schema.contract_lines
    return schema.events.c.object_uuid.in_(
        sa.union_all(
            sa.select(offers.c.uuid).where(
                visibility.offers_filtered(reader, {name for name, _, _ in filters}),
                *listing.conditions(offers, filters),
            ),
            sa.select(lines.c.contract_uuid).where(
                visibility.lines(reader), *listing.conditions(lines, filters)
            ),
        )
    )


def parties(session, last, limit=1000):
    """Id, project and owner of the events with an id above ``last``, in order."""
    return session.execute(_PARTIES, {'after': last, 'most': limit}).all()


def objects(session, last, limit):
    """Id, and type and uuid of the object, of events with an id above ``last``."""
    return session.execute(_OBJECTS, {'after': last, 'most': limit}).all()


def not_before(session, now):
    """``now``, or the time of the last event where that is later.

    Clocks differ, and whoever asks may have been held up since they looked at
    theirs. What somebody else has seen end is over: nothing of it is given away once
    more.
    """
    last = session.execute(_LAST_TIME).scalar()
    return max(now, last) if last else now


def last_id(session):
    """The id of the newest event, 0 where there was none yet."""
    return session.scalar(_LAST) or 0


def written(session):
    """The id of the last event that a transaction has written which is committed."""
    return session.info['written'][-1]['id']


def _payload(contract, lines):
    return {
        'name': contract.name,
        'start_time': window.text(contract.start_time),
        'end_time': window.text(contract.end_time),
        'lines': [
            {
                'uuid': line.uuid,
                'resource_uuid': line.resource_uuid,
                'resource_type': line.resource_type,
                'price': money.text(line.price),
                'status': line.status,
                'reason': line.reason,
                'end_time': window.text(line.end_time),
                'reclaim_deadline': line.reclaim_deadline
                and window.text(line.reclaim_deadline),
            }
            for line in lines
        ],
    }


def _add(session, object_type, object_uuid, action, now, payload, **addressee):
    """Keep an event until the transaction ends, and write it then."""
    if 'events' not in session.info:
        session.info['events'] = []
        sa.event.listen(session, 'before_commit', _write)
    session.info['events'].append(
        {
            'type': f'{object_type}.{action}',
            'time': now,
            'object_type': object_type,
            'object_uuid': object_uuid,
            'payload': payload,
            'project_id': None,
            'owner_id': None,
            **addressee,
        }
    )


def _write(session):
    """Give the events of a transaction their ids, as the last thing it does.

    The lock on the sequence is held until the commit. So whoever has read the
    event with one id has been able to read all those with lower ids.
    """
    if session.in_nested_transaction() or not session.info['events']:
        return
    waiting, session.info['events'] = session.info['events'], []
    last = _number(session, len(waiting))
    first = last - len(waiting) + 1
    numbered = [{'id': first + place, **event} for place, event in enumerate(waiting)]
    session.execute(_INSERT, numbered)
    session.info.setdefault('written', []).extend(numbered)


def _number(session, more):
    """Lock the sequence and advance it by ``more``; its last number."""
    if session.get_bind().dialect.name == 'mysql':
        return session.execute(_ADVANCE_MYSQL, {'more': more}).lastrowid
    return session.execute(_ADVANCE_RETURNING, {'more': more}).scalar_one()
