# SPDX-License-Identifier: Apache-2.0
"""Rounds of the auction, and the mechanisms they may follow."""

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command


class ListRounds(command.Lister):
    """List the rounds of the auction: what the engine saw and did."""

    table = fields.ROUND
    _epilog = command.examples(
        'openstack market round list --limit 10 --sort time:desc',
        'openstack market round list --time-range "1d ago" now',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_time_range(parser, _('Those that were run in this time.'))
        self.add_filters(parser)
        self.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        from flocxclient.sdk import filters

        query = self.filters(parsed_args)
        if parsed_args.time_range:
            start, end = parsed_args.time_range
            query['time'] = [
                filters.Comparison('gte', start),
                filters.Comparison('lt', end),
            ]
        return self.listed(
            self.matcher.rounds(**query, **self.paging(parsed_args)), parsed_args
        )


class ShowRound(command.ShowOne):
    """Show a round of the auction."""

    table = fields.ROUND
    _epilog = command.examples(
        'openstack market round show 6e0c5c9c-2a0c-4a1c-8d3f-0f6f4a1b7a55'
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('round', metavar='<round>', help=_('The round, by uuid.'))
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.matcher.get_round(parsed_args.round))


class RunRound(command.ShowOne):
    """Clear the market now (admin); otherwise it happens by itself."""

    table = fields.ROUND
    _epilog = command.examples('openstack market round run')

    def take_action(self, parsed_args):
        return self.shown(self.matcher.run_round())


class ListMechanisms(command.Lister):
    """List the ways of allocating and of pricing that the engine knows."""

    fields = ('type', 'name', 'default', 'description')
    _epilog = command.examples('openstack market mechanism list')

    def take_action(self, parsed_args):
        return columns.labels(self.fields), [
            self.values(each, self.fields) for each in self.matcher.mechanisms()
        ]
