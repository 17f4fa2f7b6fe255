# SPDX-License-Identifier: Apache-2.0
"""Bids: what projects want to rent, and for how much."""

import sys

from flocxclient.osc import command
from flocxclient.osc import prices
from flocxclient.osc import requirements
from flocxclient.osc import times
from flocxclient.osc import waiting

FIELDS = (
    'uuid',
    'name',
    'project_id',
    'quantity',
    'min_quantity',
    'start_time',
    'end_time',
    'duration',
    'price',
    'requirements',
    'resource_class',
    'purpose',
    'status',
    'contract_uuid',
    'created_at',
    'updated_at',
)


class CreateBid(command.ShowOne):
    """Bid for servers.

    The auction engine matches the bid with offers whose hardware meets every
    requirement; no server costs more than the price. Once it is matched the
    bid names its contract.
    """

    fields = FIELDS
    _epilog = command.examples(
        'openstack market bid create --price 2.50 --quantity 2 --duration 36h '
        '--end-time +3d \\',
        "    --require 'memory_mb>=65536' --require 'cpu_arch=x86_64' --wait",
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--price',
            metavar='<price>',
            required=True,
            type=command.argument(prices.price),
            help='The most you pay, per server and hour; required.',
        )
        parser.add_argument(
            '--quantity',
            metavar='<number>',
            type=int,
            help='How many servers; default 1.',
        )
        parser.add_argument(
            '--min-quantity',
            metavar='<number>',
            type=int,
            help='How few are of use; default all of them.',
        )
        self.add_window(parser, True, 'Until when; required.')
        parser.add_argument(
            '--duration',
            metavar='<duration>',
            type=command.argument(times.duration),
            help='For how long, anywhere between the two times: '
            + times.DURATIONS
            + '; default all the time between.',
        )
        parser.add_argument(
            '--require',
            metavar='<requirement>',
            action='append',
            dest='requirements',
            type=command.argument(requirements.parse),
            help='What the hardware must meet; may be repeated. A JMESPath, '
            'an operator and a value: ' + requirements.FORMS.replace('%', '%%') + '.',
        )
        parser.add_argument(
            '--resource-class',
            metavar='<class>',
            help='The class of server, as Ironic has it.',
        )
        parser.add_argument('--name', metavar='<name>', help='A name for the bid.')
        parser.add_argument(
            '--purpose', metavar='<text>', help='What the servers are for.'
        )
        self.add_wait(parser, 'the bid is matched')
        return parser

    def take_action(self, parsed_args):
        bid = self.market.create_bid(
            **command.given(
                parsed_args,
                'name',
                'quantity',
                'min_quantity',
                'start_time',
                'end_time',
                'duration',
                'price',
                'requirements',
                'resource_class',
                'purpose',
            )
        )
        if parsed_args.wait:
            bid = waiting.until(
                lambda: self.market.get_bid(bid.uuid),
                ('matched',),
                ('expired', 'cancelled'),
                f'bid {bid.uuid}',
                parsed_args.wait_timeout,
                sys.stderr,
            )
        return self.shown(bid)


class ListBids(command.Lister):
    """List your bids."""

    fields = (
        'uuid',
        'name',
        'quantity',
        'price',
        'start_time',
        'end_time',
        'status',
        'contract_uuid',
    )
    long_fields = (
        'min_quantity',
        'duration',
        'resource_class',
        'requirements',
        'purpose',
        'project_id',
        'created_at',
    )
    _epilog = command.examples('openstack market bid list --status available --long')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--status',
            metavar='<status>',
            help='available (not matched yet), matched, expired, cancelled or any.',
        )
        parser.add_argument('--name', metavar='<name>', help='Those with this name.')
        parser.add_argument(
            '--resource-class',
            metavar='<class>',
            help='Those for this class of server.',
        )
        self.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        query = command.given(parsed_args, 'status', 'name', 'resource_class')
        return self.listed(
            self.market.bids(**query, **self.paging(parsed_args)), parsed_args
        )


class ShowBid(command.ShowOne):
    """Show a bid."""

    fields = FIELDS
    _epilog = command.examples('openstack market bid show weekend-training')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('bid', metavar='<bid>', help='The bid, by uuid or name.')
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_bid(parsed_args.bid))


class DeleteBid(command.Delete):
    """Cancel bids that are not matched yet; "cancel" is the same."""

    noun = 'bid'
    _epilog = command.examples('openstack market bid cancel weekend-training')

    def delete(self, name, parsed_args):
        self.market.delete_bid(name)
