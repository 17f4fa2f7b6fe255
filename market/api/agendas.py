# SPDX-License-Identifier: Apache-2.0
"""/v1/agendas: what is due, for calendar programs that know nothing of Keystone."""

import secrets

from oslo_utils import uuidutils
import pecan
import wsme.types

from flocx import context as flocx_context
from flocx import db
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import agenda as core
from flocx.core import query
from flocx.core import tokens
from market import agenda as market_agenda
from market.api import transaction
from market.db import agendas

_TEXT, _Field = wsme.types.text, fields.Field

MEDIA_TYPE = 'text/calendar'

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    name=_Field(types.Name, fields.OPTIONAL),
    project_id=_Field(_TEXT),
    user_id=_Field(_TEXT),
    created_at=_Field(types.Instant, sort=True),
)
AgendaRequest, Agenda = FIELDS.request('AgendaRequest'), FIELDS.answer('Agenda')
AgendaList = types.collection('agendas', Agenda)


class NewAgenda(Agenda):
    """An agenda as it is made: only then there is its address, with the token."""

    url = _TEXT


class Calendars(routing.Resource):
    """/v1/agendas/{agenda}/calendar: needs no token of Keystone but its own."""

    @expose.expose(
        types.Json,
        parameters={'token': query.text},
        media_types=(MEDIA_TYPE,),
        public=True,
    )
    def get_one(self, uuid):
        """Read what is due for a project as a calendar (RFC 5545).

        With the ``token`` that is in the address of the agenda, and no other.
        """
        request = pecan.request
        service, now = request.service, request.now
        with service.database.reader() as session:
            agenda = agendas.opened(session, uuid, request.GET.get('token', ''))
            reader = flocx_context.RequestContext(
                project_id=agenda.project_id, is_admin=False
            )
            due = agendas.due(session, reader, now)
        response = pecan.Response(
            market_agenda.calendar(agenda, due, now),
            content_type=MEDIA_TYPE,
            charset='utf-8',
        )
        response.cache_control = 'private, no-store'
        return response


class Agendas(routing.Resource):
    calendar = Calendars()

    @expose.expose(
        AgendaList,
        rule='market:agendas:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List the agendas of the project, which calendar programs subscribe to."""
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = agendas.page(session, context, asked)
        return paging.page('agendas', rows, asked.limit, Agenda.of)

    @expose.expose(Agenda, rule='market:agendas:show', since='1.1')
    def get_one(self, ident):
        """Show an agenda, without its address."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return Agenda.of(agendas.get(session, ident, context))

    @expose.expose(
        NewAgenda,
        body=AgendaRequest,
        status=201,
        rule='market:agendas:create',
        since='1.1',
    )
    @db.retried
    def post(self, body):
        """Make an agenda of what is due for the project.

        ``url`` is where calendar programs read it. Whoever knows it can, until the
        agenda is deleted; it is shown this once.
        """
        service, context, now = transaction.request_context()
        token = tokens.text(secrets.token_bytes(tokens.RANDOM_BYTES))
        # What the project is locked by, while its agendas are counted.
        service.quotas.organisation(context)
        agenda = core.Agenda(
            uuid=uuidutils.generate_uuid(),
            name=body.get('name'),
            project_id=context.project_id,
            user_id=context.user_id,
            token_hash=tokens.hashed(token),
            created_at=now,
        )
        with service.database.writer() as session:
            agendas.add(session, agenda)
        url = f'{pecan.request.application_url}/v1/agendas/{agenda.uuid}'
        pecan.response.location = url
        return {**Agenda.of(agenda), 'url': f'{url}/calendar?token={token}'}

    @expose.expose(status=204, since='1.1')
    @db.retried
    def delete(self, ident):
        """Delete an agenda: its address leads to nothing any more."""
        service, context, _ = transaction.request_context()
        with service.database.writer() as session:
            agenda = agendas.get(session, ident, context)
            service.policy.authorize(
                context, 'market:agendas:delete', {'project_id': agenda.project_id}
            )
            agendas.delete(session, agenda)
