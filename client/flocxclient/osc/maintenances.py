# SPDX-License-Identifier: Apache-2.0
"""Planned outages: time in which a server serves nobody and costs nothing."""

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import previews


class CreateMaintenance(command.ShowOne):
    """Announce a planned outage of a server of yours.

    The renters of contracts that overlap it are told. Its time is not billed, and
    nothing more is sold of it.
    """

    table = fields.MAINTENANCE
    _epilog = command.examples(
        'openstack market maintenance create node-7-in-may --start-time "sat 09:00" '
        '--end-time "sat 12:00" --reason firmware'
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'offer',
            metavar='<offer>',
            help=_(
                'An offer of the server, by uuid or name; also one that is '
                'over, as long as a contract has the server.'
            ),
        )
        for option, what in (
            ('--start-time', _('From when; required.')),
            ('--end-time', _('Until when; required.')),
        ):
            parser.add_argument(
                option,
                metavar='<time>',
                required=True,
                type=command.argument(self.moment),
                help=what,
            )
        parser.add_argument(
            '--reason', metavar='<text>', help=_('What the renters are told.')
        )
        previews.add_dry_run(parser, _('which contracts have it then, and lose what'))
        identity.add_idempotency_key(parser)
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'idempotency_key')
        if parsed_args.dry_run:
            return self.expected(parsed_args)
        offer = identity.uuid_of(self.market.get_offer, parsed_args.offer)
        return self.shown(
            self.market.create_maintenance(
                parsed_args.idempotency_key,
                offer=offer,
                **command.given(parsed_args, 'start_time', 'end_time', 'reason'),
            )
        )

    def expected(self, parsed_args):
        """What an outage would come to, as columns and values."""
        offer = self.market.get_offer(parsed_args.offer)
        window = parsed_args.start_time, parsed_args.end_time
        found = self.market.contracts(
            role='owner',
            resource_uuid=offer.resource_uuid,
            start_time=window[0],
            end_time=window[1],
        )
        return previews.OUTAGE, previews.outage(self, offer, list(found), *window)


class ListMaintenances(command.Lister):
    """List planned outages of servers that you own or rent."""

    table = fields.MAINTENANCE
    _epilog = command.examples('openstack market maintenance list --long')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_filters(parser)
        self.add_time_range(parser, _('Those that meet this window.'))
        self.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        query = {**self.filters(parsed_args), **self.period(parsed_args)}
        return self.listed(
            self.market.maintenances(**query, **self.paging(parsed_args)), parsed_args
        )


class ShowMaintenance(command.ShowOne):
    """Show a planned outage."""

    table = fields.MAINTENANCE
    _epilog = command.examples('openstack market maintenance show <uuid>')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'maintenance', metavar='<maintenance>', help=_('The outage, by uuid.')
        )
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_maintenance(parsed_args.maintenance))


class DeleteMaintenance(command.Delete):
    """Call planned outages off or, once they have begun, end them now."""

    model = 'maintenance'
    _epilog = command.examples('openstack market maintenance delete <uuid>')

    def delete(self, name, parsed_args):
        self.market.delete_maintenance(name)
