# SPDX-License-Identifier: Apache-2.0
"""What providers are late with, how each of them does, and which are silent."""

import collections
import dataclasses
import datetime

from oslo_db import exception as db_exc
import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import offer as offer_core
from market.db import schema

_S = core.Status
_LINES, _PROVIDERS = schema.contract_lines, schema.providers
#: A provider is silent once it was not heard of for so many of its intervals: one
#: report may be lost, and the next be late.
_INTERVALS = 3

#: When something is to be done for a line; those in trouble wait for people.
_DUE = sa.case(
    (_LINES.c.status.in_([_S.CREATED, _S.WAIT_FULFILL]), _LINES.c.start_time),
    (
        _LINES.c.status.in_([_S.ACTIVE, _S.WAIT_END, _S.WAIT_CANCEL]),
        _LINES.c.end_time,
    ),
)


def late(session, moment):
    """How many servers should have been handed over, or taken back, by ``moment``.

    Those count too for which Ironic is tried again and again.
    """
    return session.execute(
        sa.select(sa.func.count())
        .select_from(_LINES)
        .where(_LINES.c.status.in_(core.OPEN), _DUE <= moment)
    ).scalar_one()


@dataclasses.dataclass(frozen=True)
class Provider:
    """How a provider does; ``provider_id`` is the account that it publishes with."""

    provider_id: str
    #: Servers with an open offer or line, and open lines.
    servers: int = 0
    lines: int = 0
    #: Lines that something should have been done for, and lines in trouble.
    late: int = 0
    failed: int = 0
    #: When the first line is due; in the past where that is late.
    next_due_time: datetime.datetime | None = None
    #: When it last said that a server was handed over or taken back.
    last_report_time: datetime.datetime | None = None
    #: When it last said that it is at work, and how often it wants to say so, in
    #: seconds; None where it never has.
    last_seen_time: datetime.datetime | None = None
    report_interval: int | None = None
    #: Whether nobody would hand over or take back what comes next: it has something
    #: open, and was not heard of for some of its intervals.
    silent: bool = False


def of_providers(session, moment, now):
    """Each Provider that was heard of, has anything open or was sold anything of.

    :param moment: what was due until then is late.
    """
    found = collections.defaultdict(dict)
    parts = _open(session, moment), _reports(session), _servers(session)
    for rows in (*parts, _seen(session)):
        for row in rows:
            found[row.provider_id].update(row._mapping)
    return [_judged(Provider(**found[ident]), now) for ident in sorted(found)]


def silent(session, now):
    """The ids of the providers that are silent at ``now``."""
    return [each.provider_id for each in of_providers(session, now, now) if each.silent]


def seen(session, provider_id, interval, now):
    """Keep that a provider is at work, and says so again after ``interval`` seconds.

    :raises RetryRequest: it says so for the first time, twice at once.
    """
    values = {'report_interval': interval, 'last_seen_time': now}
    own = _PROVIDERS.c.provider_id == provider_id
    if session.execute(sa.update(_PROVIDERS).where(own).values(**values)).rowcount:
        return
    try:
        session.execute(sa.insert(_PROVIDERS).values(provider_id=provider_id, **values))
    except db_exc.DBDuplicateEntry:
        raise db_exc.RetryRequest(
            exceptions.Conflict(f'Provider {provider_id} reports twice at once')
        ) from None


def _judged(provider, now):
    """``provider``, and whether it is silent."""
    if provider.last_seen_time is None or not (provider.servers or provider.lines):
        return provider
    wait = datetime.timedelta(seconds=_INTERVALS * provider.report_interval)
    return dataclasses.replace(provider, silent=provider.last_seen_time + wait < now)


def _seen(session):
    return session.execute(
        sa.select(
            _PROVIDERS.c.provider_id,
            _PROVIDERS.c.last_seen_time,
            _PROVIDERS.c.report_interval,
        )
    )


def _open(session, moment):
    return session.execute(
        sa.select(
            _LINES.c.provider_id,
            sa.func.count().label('lines'),
            _count(_DUE <= moment).label('late'),
            _count(_LINES.c.status == _S.ERROR).label('failed'),
            sa.func.min(_DUE).label('next_due_time'),
        )
        .where(_LINES.c.status.in_(core.OPEN))
        .group_by(_LINES.c.provider_id)
    )


def _count(condition):
    return sa.func.count(sa.case((condition, 1)))


def _reports(session):
    reported = sa.func.coalesce(_LINES.c.expire_time, _LINES.c.fulfill_time)
    return session.execute(
        sa.select(_LINES.c.provider_id, sa.func.max(reported).label('last_report_time'))
        # What ends before it was handed over may have been cancelled by others.
        .where(_LINES.c.fulfill_time.is_not(None))
        .group_by(_LINES.c.provider_id)
    )


def _servers(session):
    tables = (schema.offers, offer_core.OPEN), (_LINES, core.OPEN)
    servers = sa.union(
        *(
            sa.select(
                table.c.provider_id, table.c.resource_type, table.c.resource_uuid
            ).where(table.c.status.in_(statuses))
            for table, statuses in tables
        )
    ).subquery()
    return session.execute(
        sa.select(servers.c.provider_id, sa.func.count().label('servers')).group_by(
            servers.c.provider_id
        )
    )
