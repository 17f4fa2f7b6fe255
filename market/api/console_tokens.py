# SPDX-License-Identifier: Apache-2.0
"""/v1/console_tokens: who may open the serial console of which server."""

import wsme.types

from flocx import db
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from market.api import transaction
from market.db import console_tokens

_TEXT, _REQUIRED, _Field = wsme.types.text, fields.REQUIRED, fields.Field
#: The longest that a token can open sessions: a week.
_MOST_SECONDS = 604800
_HASH = types.Value(
    'hash',
    {
        'type': 'string',
        'description': 'a SHA-256 in hexadecimal',
        'pattern': '^[0-9a-f]{64}$',
    },
)

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    token_hash=_Field(_HASH, _REQUIRED, shown=False),
    seconds=_Field(
        types.Integer(1, _MOST_SECONDS), _REQUIRED, filter=None, shown=False
    ),
    line_uuid=_Field(types.Identifier, _REQUIRED),
    contract_uuid=_Field(_TEXT),
    project_id=_Field(_TEXT),
    provider_id=_Field(_TEXT),
    resource_type=_Field(_TEXT),
    resource_uuid=_Field(_TEXT),
    end_time=_Field(types.Instant, filter=None),
    created_at=_Field(types.Instant, sort=True),
    expires_at=_Field(types.Instant, sort=True),
)
ConsoleTokenRequest = FIELDS.request('ConsoleTokenRequest')
ConsoleToken = FIELDS.answer('ConsoleToken')
ConsoleTokenList = types.collection('console_tokens', ConsoleToken)


class ConsoleTokens(routing.Resource):
    @expose.expose(
        ConsoleTokenList,
        rule='market:console_tokens:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List the tokens for consoles of servers that the project has now.

        A token opens sessions until ``expires_at``; they last until ``end_time``, when
        the time of the line is over, or until the token is deleted. What ends sooner
        ends its tokens, too.
        """
        service, context, now = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = console_tokens.page(session, context, asked, now)
        return paging.page('console_tokens', rows, asked.limit, ConsoleToken.of)

    @expose.expose(ConsoleToken, rule='market:console_tokens:show', since='1.1')
    def get_one(self, ident):
        """Show a token for a console, without the token itself."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return ConsoleToken.of(console_tokens.get(session, ident, context))

    @expose.expose(
        ConsoleToken,
        body=ConsoleTokenRequest,
        status=201,
        rule='market:console_tokens:create',
        since='1.1',
    )
    @db.retried
    def post(self, body):
        """Keep a token, by its SHA-256, for the console of a server that is delivered.

        The token itself is what a provider gives to the renter, and nobody keeps. A
        line has at most ``[market] console_tokens_per_line``; the oldest gives way.
        """
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            made = console_tokens.add(
                session,
                body['line_uuid'],
                body['token_hash'],
                now,
                seconds=body['seconds'],
                most=service.conf.market.console_tokens_per_line,
                provider_id=context.provider_id,
            )
        return ConsoleToken.of(made)

    @expose.expose(status=204, since='1.1')
    @db.retried
    def delete(self, ident):
        """Delete a token, and end the sessions that it has opened."""
        service, context, _ = transaction.request_context()
        with service.database.writer() as session:
            token = console_tokens.get(session, ident, context)
            service.policy.authorize(
                context,
                'market:console_tokens:delete',
                {'project_id': token.project_id},
            )
            console_tokens.remove(session, token)
