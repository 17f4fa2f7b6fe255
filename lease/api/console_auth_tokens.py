# SPDX-License-Identifier: Apache-2.0
"""/v1/console_auth_tokens of esi-leap: open the serial console of a server."""

import pecan
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from lease.api import fields
from market.db import console_tokens

_TEXT = wsme.types.text


def _seconds(value, field):
    """The command line sends what was typed."""
    try:
        return int(value)
    except ValueError:
        raise exceptions.Invalid(f'{field}: {value} is no number of seconds') from None


class ConsoleAuthTokenRequest(types.Declared):
    """A server that is leased, and for how many seconds its token opens sessions."""

    node_uuid_or_name = types.required(types.Identifier)
    token_ttl = types.Value(
        'seconds',
        {
            'type': ['integer', 'string', 'null'],
            'description': 'a number of seconds',
            'maxLength': 20,
        },
        _seconds,
    )


class ConsoleAuthToken(types.Answer):
    node_uuid = _TEXT
    token = _TEXT
    access_url = _TEXT


class ConsoleAuthTokens(routing.Resource):
    @expose.expose(
        ConsoleAuthToken,
        body=ConsoleAuthTokenRequest,
        status=201,
        rule='lease:console_auth_tokens:create',
    )
    def post(self, body):
        """Switch the serial console of a server on that the project leases.

        A WebSocket client opens it at ``access_url``, which holds the token. Sessions
        end with the lease.
        """
        service, context, _, _ = fields.request_context()
        issued = service.consoles.issue(
            context, body['node_uuid_or_name'], body.get('token_ttl')
        )
        return ConsoleAuthToken.of(issued)

    @expose.expose(status=200, rule='lease:console_auth_tokens:delete')
    @db.retried
    def delete(self, ident):
        """Delete the tokens of the project for a server, and end their sessions."""
        service, context, _, _ = fields.request_context()
        node = service.provider.nodes.get(ident, context)
        with service.database.writer() as session:
            console_tokens.forget_server(
                session, context.project_id, service.provider_id, node.uuid
            )
        return pecan.Response(json_body=None)
