# SPDX-License-Identifier: Apache-2.0
"""/v1/nodes/{node}/console_tokens: open the serial console of a server."""

import pecan
import wsme.types

from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from flocx.core import window
from provider.console import tokens

_TEXT = wsme.types.text


class ConsoleTokenRequest(types.Declared):
    """For how many seconds the token opens sessions, if not for the usual time."""

    seconds = types.Field(types.Integer(1, 604800))


class IssuedConsoleToken(types.Answer):
    uuid = _TEXT
    resource_uuid = _TEXT
    line_uuid = _TEXT
    token = _TEXT
    access_url = _TEXT
    expires_at = types.Instant
    end_time = types.Instant


class ConsoleTokens(routing.Resource):
    @expose.expose(
        IssuedConsoleToken,
        body=ConsoleTokenRequest,
        status=201,
        rule='provider:console_tokens:create',
        since='1.1',
    )
    def post(self, ident, body):
        """Switch the serial console of a server on that the project rents.

        A WebSocket client opens it at ``access_url``, which holds the token: it is told
        once, and opens sessions until ``expires_at``. These end when the server is
        given back, and when the token is deleted at the market.
        """
        provider, context = pecan.request.service, pecan.request.context
        consoles = tokens.Consoles(
            provider.conf.console, provider.nodes, provider.marketplace
        )
        done = consoles.issue(context, ident, body.get('seconds'))
        moments = {
            name: window.instant(done.kept[name], name)
            for name in ('expires_at', 'end_time')
        }
        return IssuedConsoleToken.of(
            **moments,
            uuid=done.kept['uuid'],
            line_uuid=done.kept['line_uuid'],
            resource_uuid=done.node_uuid,
            token=done.token,
            access_url=done.access_url,
        )
