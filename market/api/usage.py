# SPDX-License-Identifier: Apache-2.0
"""/v1/usage: server-hours and amounts, as renter and as owner."""

import csv
import datetime
import decimal
import io

import pecan

from flocx import exceptions
from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.api import versions
from flocx.core import gates
from flocx.core import ledger
from flocx.core import money
from flocx.core import query
from flocx.core import usage as core
from flocx.core import window
from market import market_stats
from market import usage_groups
from market.api import transaction
from market.db import usage

PARAMETERS = {
    'start_time': window.instant,
    'end_time': window.instant,
    'month': gates.Gated(ledger.parse_month, gates.Gate('1.1')),
    'by': gates.Gated(query.one_of(usage_groups.KEYS), gates.Gate('1.1')),
    'project_id': query.text,
    'format': query.one_of(['json', 'csv']),
}
#: The format where nobody asks for one, by what the client accepts.
_BY_MEDIA_TYPE = {'application/json': 'json', 'text/csv': 'csv'}
_COLUMNS = (
    'project_id',
    'role',
    'contract_uuid',
    'line_uuid',
    'resource_uuid',
    'resource_class',
    'price',
    'server_seconds',
    'server_hours',
    'missed_seconds',
    'missed_hours',
    'amount',
    'start_time',
    'notice_seconds',
)
#: Columns that came after the first version of the API.
_SINCE = {'start_time': gates.Gate('1.1'), 'notice_seconds': gates.Gate('1.1')}


class Usage(types.Answer):
    start_time = types.Instant
    end_time = types.Instant
    usage = types.Json
    groups = types.Field(types.Json, since='1.1')


class UsageController(routing.Resource):
    @expose.expose(
        Usage,
        rule='market:usage:show',
        parameters=PARAMETERS,
        media_types=tuple(_BY_MEDIA_TYPE),
    )
    def get_all(self):
        """Server-hours and amounts for a period, running contracts up to now.

        ``missed`` is time that was promised but not served; it costs nothing. A line
        whose time has several prices is billed with one row for each, from the
        ``start_time`` of the row on. ``notice_seconds`` are billed of a line that was
        cancelled before it began. Both columns are there since 1.1.

        ``month`` is a month such as 2026-11, in the place of the two times. With
        ``by`` the answer has ``groups`` too: sums by class, server, project, partner
        (the other party) or month. Both since 1.1.
        """
        service, context, now = transaction.request_context()
        asked = paging.values()
        period = _period(asked, now)
        project_id = project(context, asked.get('project_id'))
        columns = _columns(versions.asked(pecan.request))
        with service.database.reader() as session:
            lines = usage.lines(session, period, project_id)
        rows = [
            {name: row[name] for name in columns}
            for line, broken in lines
            for used in core.of_line(line, broken, period, now)
            for row in _rows(line, used, project_id)
        ]
        if asked.get('format', _BY_MEDIA_TYPE[pecan.request.media_type]) == 'csv':
            return pecan.Response(
                _csv(columns, rows), content_type='text/csv', charset='UTF-8'
            )
        groups = {}
        if 'by' in asked:
            found = usage_groups.grouped(lines, asked['by'], project_id, period, now)
            groups['groups'] = found
        return Usage.of(
            start_time=period.start,
            end_time=period.end,
            usage=_by_project(rows),
            **groups,
        )


def _period(asked, now):
    """The window that is asked for."""
    if 'month' not in asked:
        end = asked.get('end_time', window.through(now))
        return window.Window(asked.get('start_time', _month(end)), end)
    for name in ('start_time', 'end_time'):
        if name in asked:
            raise exceptions.Invalid(f'{name}: the month says it already')
    return ledger.month_window(asked['month'])


def _month(end):
    """The start of the month that ends at ``end`` or that it lies in."""
    last = end - datetime.timedelta(seconds=1)
    return last.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def project(context, asked):
    """Whose usage is meant; None means everybody's, which is for the operator."""
    if context.is_admin:
        return asked
    if asked not in (None, context.project_id):
        raise exceptions.Forbidden(
            f'project_id: your token is for project {context.project_id}, not {asked}; '
            'only an administrator sees the usage of others'
        )
    return context.project_id


def _rows(line, used, project):
    """The line as its renter and as its owner are billed, if they are asked for."""
    for role, party in (('renter', line.project_id), ('owner', line.owner_id)):
        if project in (None, party):
            yield dict(
                zip(
                    _COLUMNS,
                    (
                        party,
                        role,
                        line.contract_uuid,
                        line.uuid,
                        line.resource_uuid,
                        line.resource_class,
                        money.text(used.price),
                        used.served,
                        market_stats.hours(used.served),
                        used.missed,
                        market_stats.hours(used.missed),
                        money.text(used.amount),
                        window.text(used.start_time),
                        used.notice,
                    ),
                    strict=True,
                )
            )


def _by_project(rows):
    groups = {}
    for row in rows:
        groups.setdefault((row['project_id'], row['role']), []).append(row)
    return [
        {
            'project_id': project,
            'role': role,
            'server_seconds': sum(row['server_seconds'] for row in lines),
            'server_hours': market_stats.hours(
                sum(row['server_seconds'] for row in lines)
            ),
            'missed_seconds': sum(row['missed_seconds'] for row in lines),
            'missed_hours': market_stats.hours(
                sum(row['missed_seconds'] for row in lines)
            ),
            # The sum of the lines as they are shown: it agrees to the last digit.
            'amount': money.text(
                sum(
                    (decimal.Decimal(row['amount']) for row in lines),
                    decimal.Decimal(0),
                )
            ),
            'lines': [
                {
                    name: value
                    for name, value in row.items()
                    if name not in ('project_id', 'role')
                }
                for row in lines
            ],
        }
        for (project, role), lines in sorted(groups.items())
    ]


def _columns(version):
    return [
        name for name in _COLUMNS if name not in _SINCE or _SINCE[name].lets(version)
    ]


def _csv(columns, rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator='\r\n')
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
