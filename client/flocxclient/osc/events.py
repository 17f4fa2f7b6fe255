# SPDX-License-Identifier: Apache-2.0
"""Events: what happened, in order."""

from flocxclient.osc import command


class ListEvents(command.Lister):
    """List what happened to your offers, bids and contracts, oldest first."""

    fields = ('id', 'time', 'type', 'object_type', 'object_uuid')
    long_fields = ('project_id', 'owner_id', 'payload')
    _epilog = command.examples(
        'openstack market event list --after 1200 --long',
        'openstack market event list --after 1200 --wait 30 -f json',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--after',
            metavar='<id>',
            type=int,
            default=0,
            help='Only those after this one, the last that you have seen.',
        )
        parser.add_argument(
            '--limit',
            metavar='<number>',
            type=int,
            help='Show so many at most; default all.',
        )
        parser.add_argument(
            '--wait',
            metavar='<seconds>',
            type=int,
            help='If there is none yet, wait so long for the next; at most 60.',
        )
        parser.add_argument('--type', metavar='<type>', help='Only those of this type.')
        parser.add_argument(
            '--object-uuid',
            metavar='<uuid>',
            help='Only those of this offer, bid or contract.',
        )
        return parser

    def take_action(self, parsed_args):
        query = command.given(
            parsed_args, 'after', 'limit', 'wait', 'type', 'object_uuid'
        )
        return self.listed(self.market.events(**query), parsed_args)
