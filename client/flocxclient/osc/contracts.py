# SPDX-License-Identifier: Apache-2.0
"""Contracts: servers that change hands for a while; ESI's leases."""

import sys

from flocxclient import fields
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import previews
from flocxclient.osc import waiting


def wait_active(market, contract, timeout):
    """The contract once its servers are handed over."""
    return waiting.until(
        lambda: market.get_contract(contract.uuid),
        ('active',),
        ('ended', 'cancelled', 'error'),
        f'contract {contract.uuid}',
        timeout,
        sys.stderr,
    )


class ListContracts(command.Lister):
    """List your contracts: the open ones, unless --status is given.

    A contract is what ESI calls a lease. With --owner the table says which project has
    which of your servers.
    """

    table = fields.CONTRACT
    columns = {'lines': 'Servers'}
    _epilog = command.examples(
        'openstack market contract list --renter',
        'openstack market contract list --owner --status any --long',
        "openstack market contract list --property 'memory_mb>=65536'",
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--all',
            action='store_const',
            const='any',
            dest='status',
            help=_('The closed ones too, as --status any.'),
        )
        self.add_filters(parser)
        role = parser.add_mutually_exclusive_group()
        role.add_argument(
            '--owner',
            action='store_const',
            const='owner',
            dest='role',
            help=_('Those for servers of yours.'),
        )
        role.add_argument(
            '--renter',
            action='store_const',
            const='renter',
            dest='role',
            help=_('Those by which you rent.'),
        )
        parser.add_argument(
            '--offer',
            '--offer-uuid',
            metavar='<offer>',
            help=_('Those made from this offer, by uuid or name.'),
        )
        parser.add_argument(
            '--bid',
            '--bid-uuid',
            metavar='<bid>',
            help=_('The one that filled this bid, by uuid or name.'),
        )
        self.add_time_range(parser, _('Those whose time meets this window.'))
        parser.add_argument(
            '--project',
            metavar='<project>',
            help=_('Those of this renter, by id or name.'),
        )
        parser.add_argument(
            '--resource-uuid',
            metavar='<server>',
            help=_('Those with this server, by uuid; your own by name too.'),
        )
        parser.add_argument(
            '--resource-class',
            metavar='<class>',
            help=_('Those with this class of server.'),
        )
        parser.add_argument(
            '--resource-type',
            metavar='<type>',
            help=_('Those with this type of resource, such as ironic_node.'),
        )
        command.add_requirements(
            parser,
            _('Those with a server that meets this'),
            ('--require', '--property'),
        )
        self.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        query = {
            **self.filters(parsed_args),
            **command.given(
                parsed_args, 'role', 'resource_class', 'resource_type', 'requirements'
            ),
            **self.period(parsed_args),
        }
        for option, parameter, fetch in (
            ('offer', 'offer_uuid', self.market.get_offer),
            ('bid', 'bid_uuid', self.market.get_bid),
            ('resource_uuid', 'resource_uuid', self.node),
        ):
            named = getattr(parsed_args, option)
            if named is not None:
                query[parameter] = identity.uuid_of(fetch, named)
        if parsed_args.project is not None:
            query['project_id'] = projects.project_id(
                self.connection, parsed_args.project
            )
        if parsed_args.role == 'owner':
            self.columns = {'lines': 'ServerNames'}
            self.also = ('project_id',)
        return self.listed(
            self.market.contracts(**query, **self.paging(parsed_args)), parsed_args
        )


class ShowContract(command.ShowOne):
    """Show a contract with its servers; owners see only their own."""

    table = fields.CONTRACT
    _epilog = command.examples('openstack market contract show weekend-training')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'contract')
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_contract(parsed_args.contract))


class ReclaimContract(command.ShowOne):
    """Take back servers of yours, with the notice that their offers said.

    The renter is told at once and keeps them until the deadline, or leaves earlier.
    Withdraw or change the offer first, unless the time may be sold again.
    """

    table = fields.CONTRACT
    _epilog = command.examples(
        'openstack market contract reclaim weekend-training --dry-run',
        'openstack market contract reclaim weekend-training --line <uuid>',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'contract')
        parser.add_argument(
            '--line',
            metavar='<line>',
            action='append',
            dest='lines',
            help=_('Only this server, by the uuid of its line; may be repeated.'),
        )
        previews.add_dry_run(parser, _('until when the renter keeps what, and pays'))
        return parser

    def take_action(self, parsed_args):
        if parsed_args.dry_run:
            before = self.market.get_contract(parsed_args.contract)
            after = self.market.reclaim_contract(
                before, parsed_args.lines, dry_run=True
            )
            return previews.ENDING, previews.ending(self, before, after)
        return self.shown(
            self.market.reclaim_contract(parsed_args.contract, parsed_args.lines)
        )


class DeleteContract(command.Delete, command.Lister):
    """Cancel contracts before they start, or release their servers early.

    "cancel" and "release" are the same command. A released server is
    undeployed and cleaned, and the rest of its time goes back to the offer. What its
    owner has reclaimed is billed no further.

    The table is what --dry-run shows.
    """

    model = 'contract'
    _epilog = command.examples(
        'openstack market contract release weekend-training --dry-run',
        'openstack market contract release weekend-training --wait',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--line',
            metavar='<line>',
            help=_(
                'Only this server, by the uuid of its line, which its owner '
                'has reclaimed; the contract keeps the others.'
            ),
        )
        self.add_wait(parser, _('the servers are back with their owners'))
        previews.add_dry_run(
            parser, _('when they would end, and what is not paid then')
        )
        return parser

    def take_action(self, parsed_args):
        if not parsed_args.dry_run:
            super().take_action(parsed_args)
            return (), ()
        return columns.labels(previews.ENDING), [
            self.ending(name, parsed_args.line) for name in parsed_args.names
        ]

    def ending(self, name, line):
        """What would become of a contract, as a row."""
        before = self.market.get_contract(name)
        lines = [line] if line is not None else None
        after = self.market.release_contract(before, lines, dry_run=True)
        return previews.ending(self, before, after)

    def produce_output(self, parsed_args, column_names, data):
        if not parsed_args.dry_run:
            return 0
        return super().produce_output(parsed_args, column_names, data)

    def delete(self, name, parsed_args):
        # A name may come to mean another contract while this one ends.
        contract = self.market.get_contract(name)
        if parsed_args.line is not None:
            self.market.release_line(contract, parsed_args.line)
            return
        self.market.delete_contract(contract)
        if parsed_args.wait:
            waiting.until(
                lambda: self.market.get_contract(contract.uuid),
                ('ended', 'cancelled'),
                ('error',),
                f'contract {contract.uuid}',
                parsed_args.wait_timeout,
                sys.stderr,
            )
