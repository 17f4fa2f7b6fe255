# SPDX-License-Identifier: Apache-2.0
"""Webhooks in the database: which there are, and how far each receiver is.

How far it is, is written after each event that it has taken: whoever goes on after a
crash sends the next one, or the last one once more.
"""

import dataclasses
import datetime

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import webhook as core
from market.db import events
from market.db import listing
from market.db import organisations
from market.db import schema
from market.db import visibility

_TABLE = schema.webhooks
_ENABLED = _TABLE.c.status == core.Status.ENABLED


def add(session, webhook, most):
    """Store a new webhook, which is sent what happens from now on; return it.

    :param most: how many a project may have.
    :raises Forbidden: it has as many.
    """
    organisations.lock_project(session, webhook.project_id)
    number = session.scalar(
        sa.select(sa.func.count()).where(_TABLE.c.project_id == webhook.project_id)
    )
    if number >= most:
        raise exceptions.Forbidden(
            f'Quota webhooks: the project has {number}, and may have {most}',
            code='flocx.quota',
        )
    session.execute(sa.insert(_TABLE), listing.fields(webhook))
    return webhook


def get(session, ident, reader):
    """The webhook of this uuid or name that ``reader`` may see."""
    row = listing.one(session, _TABLE, ident, visibility.webhooks, reader, 'Webhook')
    return _from_row(row)


def page(session, reader, query):
    """A page of the webhooks that ``reader`` may see."""
    rows = listing.page(session, _TABLE, visibility.webhooks, reader, query)
    return [_from_row(row) for row in rows]


def change(session, webhook, now, **values):
    """Change a webhook. One that is enabled begins with what happens from now on."""
    if values.get('status') == core.Status.ENABLED != webhook.status:
        values |= {**_FRESH, 'last_event_id': events.last_id(session), 'reason': None}
    session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.uuid == webhook.uuid)
        .values(updated_at=now, **values)
    )


#: Of one that does not fail.
_FRESH = {'attempts': 0, 'failing_since': None, 'next_attempt_time': None}


def remove(session, webhook):
    """Delete a webhook."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.uuid == webhook.uuid))


def disable_project(session, project_id, reason, now):
    """Send nothing more to a project that is gone."""
    session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.project_id == project_id, _ENABLED)
        .values(status=core.Status.DISABLED, reason=reason, updated_at=now)
    )


def behind(session, last):
    """{uuid: when it is tried next, or None} of those that have not seen all events."""
    rows = session.execute(
        sa.select(_TABLE.c.uuid, _TABLE.c.next_attempt_time).where(
            _ENABLED, _TABLE.c.last_event_id < last
        )
    )
    return {row.uuid: row.next_attempt_time for row in rows}


def of_projects(session, project_ids):
    """The same of all of these projects."""
    found = {}
    for part in listing.parts(project_ids):
        rows = session.execute(
            sa.select(_TABLE.c.uuid, _TABLE.c.next_attempt_time).where(
                _ENABLED, _TABLE.c.project_id.in_(part)
            )
        )
        found |= {row.uuid: row.next_attempt_time for row in rows}
    return found


def failing(session):
    """How many did not take what they were sent last, and wait for the next try."""
    return session.scalar(
        sa.select(sa.func.count()).where(_ENABLED, _TABLE.c.attempts > 0)
    )


def lock(session, uuid, now, seconds):
    """Keep others from sending to a webhook; return it, None where one of them does.

    :param seconds: after which others may, if we have died.
    """
    until = now + datetime.timedelta(seconds=seconds)
    free = sa.or_(_TABLE.c.locked_until.is_(None), _TABLE.c.locked_until <= now)
    done = session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.uuid == uuid, _ENABLED, free)
        .values(locked_until=until)
    )
    if not done.rowcount:
        return None
    row = session.execute(sa.select(_TABLE).where(_TABLE.c.uuid == uuid)).one()
    return _from_row(row)


def is_enabled(session, uuid):
    """Whether there is such a webhook, and it is sent anything."""
    row = sa.select(_TABLE.c.uuid).where(_TABLE.c.uuid == uuid, _ENABLED)
    return session.execute(row).first() is not None


def delivered(session, webhook, event_id):
    """Write down that a webhook has an event, or does not want it.

    :returns: the webhook as it is then; None where somebody has changed it meanwhile.
    """
    values = {'last_event_id': event_id, **_FRESH, 'reason': None}
    done = _write(session, webhook, **values)
    return dataclasses.replace(webhook, **values) if done else None


def failed(session, webhook, now, until, reason, *, counts):
    """Write down that a webhook did not take an event, and when it is tried again.

    :param counts: whether it is the receiver's failure, for which it may be disabled.
    """
    since = webhook.failing_since or (now if counts else None)
    _write(
        session,
        webhook,
        attempts=webhook.attempts + 1,
        failing_since=since,
        next_attempt_time=until,
        reason=reason,
    )


def give_up(session, webhook, reason, now):
    """Disable a webhook, and tell its project."""
    values = {
        'status': core.Status.DISABLED,
        'reason': reason,
        'next_attempt_time': None,
        'updated_at': now,
    }
    if _write(session, webhook, **values):
        webhook = dataclasses.replace(webhook, **values)
        events.of_webhook(session, 'disabled', webhook, now)


def unlock(session, uuid):
    """Let others send to a webhook."""
    session.execute(
        sa.update(_TABLE).where(_TABLE.c.uuid == uuid).values(locked_until=None)
    )


def _write(session, webhook, **values):
    """Change what the one who has locked it found; one that was changed stays so.

    Whose webhook was disabled, or enabled again, meanwhile has the last word.
    """
    done = session.execute(
        sa.update(_TABLE)
        .where(
            _TABLE.c.uuid == webhook.uuid,
            _TABLE.c.updated_at == webhook.updated_at,
            _TABLE.c.last_event_id == webhook.last_event_id,
            _ENABLED,
        )
        .values(**values)
    )
    return done.rowcount == 1


def server_names(session, uuids):
    """{uuid of a server: what its owner calls it}, of those that have a name."""
    table, found = schema.servers, {}
    for part in listing.parts(uuids):
        rows = session.execute(
            sa.select(table.c.resource_uuid, table.c.name).where(
                table.c.resource_uuid.in_(part), table.c.name.is_not(None)
            )
        )
        found |= {row.resource_uuid: row.name for row in rows}
    return found


def _from_row(row):
    values = dict(row._mapping)
    values.pop('locked_until')
    values.pop('id')
    return core.Webhook(**values)
