# SPDX-License-Identifier: Apache-2.0
"""/v1/statements: what was booked for a project, month by month."""

import pecan
import wsme.types

from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import ledger as core
from flocx.core import query
from market import statements as statement
from market.api import transaction
from market.api import usage
from market.db import statements

_TEXT = wsme.types.text
_MEDIA_TYPES = {'application/json': 'json', 'text/csv': 'csv'}


class Statement(types.Answer):
    month = _TEXT
    project_id = _TEXT
    status = _TEXT
    opening_balance = types.Amount
    granted = types.Amount
    lapsed = types.Amount
    transferred = types.Amount
    spent = types.Amount
    earned = types.Amount
    closing_balance = types.Amount
    lines = types.Json


class Month(types.Declared):
    month = _TEXT
    status = _TEXT


class StatementList(types.Declared):
    statements = [Month]


class Statements(routing.Resource):
    @expose.expose(
        StatementList,
        rule='market:statements:list',
        parameters={'project_id': query.text},
        since='1.1',
    )
    def get_all(self):
        """List the months in which something was booked for a project.

        An administrator names the ``project_id``; without it, it is the caller's.
        """
        service, context, _ = transaction.request_context()
        project_id = _project(context, paging.values())
        with service.database.reader() as session:
            closed = statements.closed_through(session)
            months = statements.months(session, core.project_account(project_id))
        return {
            'statements': [
                {'month': each, 'status': 'closed' if each <= closed else 'open'}
                for each in months
            ]
        }

    @expose.expose(
        Statement,
        rule='market:statements:show',
        parameters={
            'project_id': query.text,
            'format': query.one_of(['json', 'csv']),
        },
        media_types=tuple(_MEDIA_TYPES),
        since='1.1',
    )
    def get_one(self, month):
        """Show what was booked in a month, such as 2026-11.

        That of a ``closed`` month never changes. Corrections are lines of the month
        in which they were booked, and ``corrects`` is the transfer that they correct.
        """
        service, context, _ = transaction.request_context()
        core.parse_month(month)
        asked = paging.values()
        project_id = _project(context, asked)
        account = core.project_account(project_id)
        with service.database.reader() as session:
            document = statement.statement(
                project_id,
                account,
                month,
                statements.balance_before(session, account, month),
                statements.entries(session, account, month),
                month <= statements.closed_through(session),
            )
        if asked.get('format', _MEDIA_TYPES[pecan.request.media_type]) == 'csv':
            return pecan.Response(
                statement.table(document), content_type='text/csv', charset='UTF-8'
            )
        return document


def _project(context, asked):
    return usage.project(context, asked.get('project_id')) or context.project_id
