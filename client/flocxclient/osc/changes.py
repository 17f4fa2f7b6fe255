# SPDX-License-Identifier: Apache-2.0
"""Changing what is on the market."""

from osc_lib import exceptions

from flocxclient import fields
from flocxclient import i18n
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import owner_terms
from flocxclient.osc import prices
from flocxclient.osc import quotes
from flocxclient.osc import rescheduling
from flocxclient.osc import times


class _Set(command.ShowOne):
    """A command that changes fields of one object and shows it then."""

    model = ''

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'name_or_uuid',
            metavar=f'<{self.model}>',
            help=_('The {model}, by uuid or name.').format(
                model=i18n.model(self.model)
            ),
        )
        name = parser.add_mutually_exclusive_group()
        name.add_argument('--name', metavar='<name>', help=_('A new name.'))
        name.add_argument('--no-name', action='store_true', help=_('Have no name.'))
        parser.add_argument(
            '--price',
            metavar='<price>',
            type=command.argument(prices.price),
            help=self.price_help,
        )
        parser.add_argument(
            '--end-time',
            metavar='<time>',
            type=command.argument(self.moment),
            help=self.end_help,
        )
        identity.add_generation(parser, self.model)
        return parser

    def changes(self, parsed_args):
        """The fields to change, of which there must be one."""
        changes = command.given(parsed_args, 'name', 'price', 'end_time')
        if parsed_args.no_name:
            changes['name'] = None
        return changes

    def take_action(self, parsed_args):
        changes = self.changes(parsed_args)
        if not changes:
            raise exceptions.CommandError(
                _('nothing to change is given: say what, see --help')
            )
        return self.shown(
            self.update(
                parsed_args.name_or_uuid,
                generation=parsed_args.if_generation,
                **changes,
            )
        )


class SetOffer(_Set):
    """Change the name, asks, end, target, notice or lengths of an offer of yours.

    Contracts made from it stay as they are.
    """

    model = 'offer'
    table = fields.OFFER
    price_help = _('The least you take from now on, per server and hour.')
    end_help = _('A new end: later if nobody else offers the server then, or earlier.')
    _epilog = command.examples(
        'openstack market offer set node-7-in-may --price 1.10 --end-time +4w',
        'openstack market offer set node-8-for-lab --no-lessee',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        lessee = parser.add_mutually_exclusive_group()
        lessee.add_argument(
            '--lessee',
            metavar='<project>',
            help=_('Only for this project and its sub-projects, by id or name.'),
        )
        lessee.add_argument(
            '--no-lessee', action='store_true', help=_('For everybody, at its price.')
        )
        notice = parser.add_mutually_exclusive_group()
        notice.add_argument(
            '--reclaim-notice',
            metavar='<duration>',
            type=command.argument(times.duration),
            help=_(
                'With how much notice you may take the server back from who '
                'rents it from now on: {durations}.'
            ).format(durations=times.DURATIONS),
        )
        notice.add_argument(
            '--no-reclaim',
            action='store_true',
            help=_('Never take it back from who rents it from now on.'),
        )
        owner_terms.add_lengths(parser, changing=True)
        owner_terms.add_asks(parser, changing=True)
        return parser

    def changes(self, parsed_args):
        changes = {
            **super().changes(parsed_args),
            **command.given(parsed_args, 'reclaim_notice'),
            **owner_terms.changed(parsed_args),
        }
        if parsed_args.no_reclaim:
            changes['reclaim_notice'] = None
        if parsed_args.no_lessee:
            changes['lessee_id'] = None
        if parsed_args.lessee is not None:
            changes['lessee_id'] = projects.project_id(
                self.connection, parsed_args.lessee
            )
        return changes

    def update(self, name_or_uuid, **changes):
        return self.market.update_offer(name_or_uuid, **changes)


class SetBid(_Set):
    """Change the name, price, end, least notice, alternatives or extension of a bid.

    It must not be matched yet.
    """

    model = 'bid'
    table = fields.BID
    price_help = _('The most you pay from now on, per server and hour.')
    end_help = _(
        'A new end of the time in which you want the servers. A bid '
        'for the whole of that time, without a --duration, is then '
        'for the whole new one.'
    )
    _epilog = command.examples(
        'openstack market bid set weekend-training --price 3.20',
        "openstack market bid set weekend-training --alternative 'price=2,duration=1d'",
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        quotes.add_notice(parser)
        others = parser.add_mutually_exclusive_group()
        quotes.add_alternatives(
            self, others, _('In place of all that it has: other terms')
        )
        others.add_argument(
            '--no-alternative',
            action='store_true',
            help=_('Have no other terms than its own.'),
        )
        rescheduling.add_extend(self, parser, _('its contract'))
        rescheduling.add_no_extend(parser)
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help=_(
                'Show what the changed bid would get and pay now, and change nothing.'
            ),
        )
        return parser

    def take_action(self, parsed_args):
        if not parsed_args.dry_run:
            return super().take_action(parsed_args)
        bid = self.market.get_bid(parsed_args.name_or_uuid)
        terms = quotes.of_bid(bid) | self.changes(parsed_args)
        given = {name: value for name, value in terms.items() if value is not None}
        return quotes.shown(self, self.market.quote(**given))

    def changes(self, parsed_args):
        changes = {
            **super().changes(parsed_args),
            **command.given(parsed_args, 'min_reclaim_notice', 'alternatives'),
            **rescheduling.extend_changes(parsed_args),
        }
        if parsed_args.no_alternative:
            changes['alternatives'] = None
        return changes

    def update(self, name_or_uuid, **changes):
        return self.market.update_bid(name_or_uuid, **changes)
