# SPDX-License-Identifier: Apache-2.0
"""Standing demands: servers that are held until told otherwise."""

from osc_lib import exceptions

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import prices
from flocxclient.osc import quotes
from flocxclient.osc import times

_TERMS = (
    'name',
    'quantity',
    'max_price',
    'duration',
    'end_time',
    'requirements',
    'resource_class',
    'min_reclaim_notice',
    'purpose',
)
#: Seconds for which a bid for what is lacking now waits, by default of the market.
_SLACK = 3600


def _add_terms(command_, parser, required):
    """The options that say how many servers are held, and at what price."""
    parser.add_argument(
        '--quantity',
        metavar='<number>',
        type=command.argument(command.count),
        required=required,
        help=_('How many servers to have at any time.'),
    )
    parser.add_argument(
        '--max-price',
        metavar='<price>',
        type=command.argument(prices.price),
        required=required,
        help=_('The most that each may cost, per server and hour.'),
    )
    parser.add_argument(
        '--duration',
        metavar='<duration>',
        type=command.argument(times.duration),
        required=required,
        help=_('For how long each server is bought at a time: {durations}.').format(
            durations=times.DURATIONS
        ),
    )
    end = parser.add_mutually_exclusive_group()
    end.add_argument(
        '--end-time',
        metavar='<time>',
        type=command.argument(command_.moment),
        help=_('Until when; default until it is deleted. Times are {moments}.').format(
            moments=times.MOMENTS
        ),
    )
    if not required:
        end.add_argument(
            '--no-end-time', action='store_true', help=_('Until it is deleted.')
        )


class CreateStandingDemand(command.ShowOne):
    """Hold so many servers until told otherwise, at most at a price.

    Each is bought for some time, by an ordinary bid, and more of its time before that
    is over; where that cannot be, or costs more, another server is bought. What it
    holds are contracts like any other.
    """

    table = fields.STANDING_DEMAND
    _epilog = command.examples(
        'openstack market standing demand create --name ci --quantity 4 '
        '--max-price 1.50 \\',
        "    --duration 1d --require 'cpus>=32'",
        'openstack market standing demand create --quantity 4 --max-price 1.50 \\',
        '    --duration 1d --dry-run',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_terms(self, parser, True)
        command.add_requirements(
            parser, _('What the hardware must meet'), ('--require', '--property')
        )
        parser.add_argument(
            '--resource-class', metavar='<class>', help=_('Servers of this class.')
        )
        quotes.add_notice(parser)
        parser.add_argument('--name', metavar='<name>', help=_('A name for it.'))
        parser.add_argument(
            '--purpose', metavar='<text>', help=_('What the servers are for.')
        )
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help=_('Show what would be bought now, and buy nothing.'),
        )
        identity.add_idempotency_key(parser)
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'idempotency_key')
        terms = command.given(parsed_args, *_TERMS)
        if parsed_args.dry_run:
            return quotes.shown(self, self.market.quote(**self.bid(terms)))
        return self.shown(
            self.market.create_standing_demand(parsed_args.idempotency_key, **terms)
        )

    def bid(self, terms):
        """The bid for all that would be bought now."""
        given = {**terms, 'price': terms['max_price'], 'min_quantity': 1}
        # As long as a bid waits that begins at once.
        given['end_time'] = times.render(
            times.add(self.now, given['duration'] + _SLACK)
        )
        del given['max_price']
        return given


class SetStandingDemand(command.ShowOne):
    """Change a standing demand, pause it or let it go on.

    Its open bids are cancelled and made again by the new terms. What it holds stays
    until its time is over, whatever changes.
    """

    table = fields.STANDING_DEMAND
    _epilog = command.examples(
        'openstack market standing demand set ci --quantity 6 --max-price 1.80',
        'openstack market standing demand set ci --pause',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_demand(parser)
        _add_terms(self, parser, False)
        name = parser.add_mutually_exclusive_group()
        name.add_argument('--name', metavar='<name>', help=_('A new name.'))
        name.add_argument('--no-name', action='store_true', help=_('Have no name.'))
        status = parser.add_mutually_exclusive_group()
        for option, value, what in (
            ('--pause', 'paused', _('Buy nothing until it goes on.')),
            ('--resume', 'active', _('Let it go on.')),
        ):
            status.add_argument(
                option, action='store_const', const=value, dest='status', help=what
            )
        return parser

    def take_action(self, parsed_args):
        changes = command.given(
            parsed_args,
            *('name', 'quantity', 'max_price', 'duration', 'end_time', 'status'),
        )
        for option, name in (('no_name', 'name'), ('no_end_time', 'end_time')):
            if getattr(parsed_args, option):
                changes[name] = None
        if not changes:
            raise exceptions.CommandError(
                _('nothing to change is given: say what, see --help')
            )
        return self.shown(
            self.market.update_standing_demand(parsed_args.demand, **changes)
        )


class ListStandingDemands(command.PagedLister):
    """List the standing demands of your project, with what each of them holds."""

    collection = 'standing_demands'
    table = fields.STANDING_DEMAND
    _epilog = command.examples('openstack market standing demand list --status any')


class ShowStandingDemand(command.ShowOne):
    """Show a standing demand, what it holds, and why it lacks something."""

    table = fields.STANDING_DEMAND
    _epilog = command.examples('openstack market standing demand show ci')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_demand(parser)
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_standing_demand(parsed_args.demand))


class DeleteStandingDemand(command.Delete):
    """End standing demands: their bids are cancelled, and nothing more is bought.

    What they hold runs until its time is over. To leave earlier, release the contracts.
    """

    model = 'demand'
    _epilog = command.examples('openstack market standing demand delete ci')

    def delete(self, name, parsed_args):
        self.market.delete_standing_demand(name)


def _add_demand(parser):
    parser.add_argument(
        'demand', metavar='<demand>', help=_('The standing demand, by uuid or name.')
    )
