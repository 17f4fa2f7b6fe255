# SPDX-License-Identifier: Apache-2.0
"""Nodes: the servers that the caller owns and can offer."""

from flocxclient.osc import command

FIELDS = (
    'uuid',
    'name',
    'resource_class',
    'provision_state',
    'power_state',
    'maintenance',
    'lessee',
)


class ListNodes(command.Lister):
    """List the servers that you own and can offer."""

    fields = FIELDS
    long_fields = ('properties',)
    _epilog = command.examples('openstack market node list --long')

    def take_action(self, parsed_args):
        return self.listed(self.provider.nodes(), parsed_args)


class ShowNode(command.ShowOne):
    """Show a server of yours, with the hardware that an offer would state."""

    fields = FIELDS + ('properties',)
    _epilog = command.examples('openstack market node show node-7')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'node', metavar='<node>', help='The server, by uuid or name.'
        )
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.provider.get_node(parsed_args.node))
