# SPDX-License-Identifier: Apache-2.0
"""Serial consoles: tokens that open those of servers that one rents."""

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import times


class CreateConsoleToken(command.ShowOne):
    """Open the serial console of a server that you rent.

    The console is switched on. A WebSocket client that connects to access_url has it
    until the server is given back. Keep the URL secret: it holds the token, which is
    told only now.
    """

    table = fields.CONSOLE_TOKEN
    _epilog = command.examples(
        'openstack market console token create node-7',
        'openstack market console token create node-7 --ttl 1h -f value -c access_url',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'node')
        parser.add_argument(
            '--ttl',
            metavar='<duration>',
            type=command.argument(times.duration),
            help=_(
                'For how long the token opens sessions, such as 1h; by '
                'default as the provider has it, ten minutes if it has '
                'changed nothing.'
            ),
        )
        return parser

    def take_action(self, parsed_args):
        token = self.provider.create_console_token(parsed_args.node, parsed_args.ttl)
        return self.shown(token)


class ListConsoleTokens(command.PagedLister):
    """List the tokens that open consoles of your servers, or hold sessions open."""

    table = fields.CONSOLE_TOKEN
    collection = 'console_tokens'
    _epilog = command.examples('openstack market console token list --long')


class ShowConsoleToken(command.ShowOne):
    """Show until when a token opens sessions, and of which server."""

    table = fields.CONSOLE_TOKEN
    _epilog = command.examples('openstack market console token show <uuid>')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('token', metavar='<token>', help=_('The token, by uuid.'))
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_console_token(parsed_args.token))


class DeleteConsoleToken(command.Delete):
    """Delete tokens, and end the sessions that they have opened."""

    model = 'token'
    _epilog = command.examples('openstack market console token delete <uuid>')

    def delete(self, name, parsed_args):
        self.market.delete_console_token(name)
