# SPDX-License-Identifier: Apache-2.0
"""Nodes: the servers that the caller owns or leases."""

from flocxclient import fields
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import costs
from flocxclient.osc import times


class ListNodes(command.Lister):
    """List the servers that you own or lease, with what they are promised for.

    Contracts and offers are those that are open, those to come included. With
    --long the servers' offers are shown too, and what they are made of.
    """

    table = fields.NODE
    _epilog = command.examples(
        'openstack market node list',
        'openstack market node list --resource-class gpu --provision-state available',
        'openstack market node list --owner acme --power-state "power on"',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_filters(parser)
        for side, what in (
            ('owner', _('Those of this owner, by id or name.')),
            ('lessee', _('Those of this lessee, by id or name.')),
        ):
            parser.add_argument(
                f'--{side}',
                metavar='<project>',
                help=what,
            )
        self.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        query = self.filters(parsed_args)
        for side, named in command.given(parsed_args, 'owner', 'lessee').items():
            query[side] = projects.project_id(self.connection, named)
        return self.listed(
            self.provider.nodes(**query, **self.paging(parsed_args)), parsed_args
        )


class ShowNode(command.ShowOne):
    """Show a server of yours: who has it, until when, and when it is free again.

    "used by" is the project that it is promised to now, and "free again" is from when
    on no contract has it. Its offers and contracts follow, and what it is made of.
    """

    table = fields.NODE
    _epilog = command.examples(
        'openstack market node show node-7',
        'openstack market node show node-7 -f value -c free_again',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'node')
        return parser

    def take_action(self, parsed_args):
        node = self.provider.get_node(parsed_args.node)
        names, values = self.shown(node)
        promise = costs.current(node.contracts, self.now)
        user = promise['project_id'] if promise else node.lessee
        again = costs.free_again(node.contracts, self.now)
        summary = {
            'used_by': user and self.names.name('project', user),
            'used_until': promise and self.column('Time', promise['end_time']),
            # While the market does not answer, nobody knows.
            'free_again': None
            if node.contracts is None
            else self.column('Time', times.render(again)),
        }
        after = names.index('uuid') + 1
        return (
            (*names[:after], *summary, *names[after:]),
            (*values[:after], *summary.values(), *values[after:]),
        )
