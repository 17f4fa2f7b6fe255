# SPDX-License-Identifier: Apache-2.0
"""Offers: servers that their owners rent out."""

import datetime

from osc_lib import exceptions

from flocxclient import fields
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import bulk
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import owner_terms
from flocxclient.osc import prices
from flocxclient.osc import publications
from flocxclient.osc import times


class CreateOffer(bulk.FileMixin, command.ShowOne):
    """Offer a server of yours on the market, or many on the same terms.

    The provider service checks that you own the server, or lease it by a
    contract of yours, which sub-lets it, adds its hardware to the offer and
    publishes it. An offer with --lessee is for that project
    and its sub-projects only.

    Many servers are named by --node, or found by --resource-class, --trait,
    --require and --rented. Then what became of each is shown, and a server that
    is refused does not keep the others away; the command fails if any was.
    Offers on terms of their own come from a --file.
    """

    table = fields.OFFER
    options = {
        'resource': None,
        'name': '--name',
        'price': '--price',
        'start_time': '--start-time',
        'end_time': '--end-time',
        'reclaim_notice': '--reclaim-notice',
        'min_length': '--min-length',
        'max_length': '--max-length',
        'block': '--block',
        'block_size': '--block-size',
        'ask_at': '--ask-at',
        'ask_falls': '--ask-falls',
        'lessee': '--lessee',
        'resource_type': '--resource-type',
    }
    needed = ('end_time',)
    alone = ('resource', 'nodes', 'resource_class', 'traits', 'requirements', 'rented')
    _epilog = command.examples(
        'openstack market offer create node-7 --price 1.25 --end-time +2w',
        'openstack market offer create node-8 --lessee lab --end-time 2027-03-01',
        'openstack market offer create node-9 --price 1 --end-time +4w --min-length 4h '
        '--max-length 7d',
        'openstack market offer create node-9 --price 1 --end-time +4w --ask-at '
        '"weekdays 20:00-08:00 Europe/Berlin=0.50" --ask-falls 48h=0.20',
        'openstack market offer create --node n1 --node n2 --price 1 --end-time +2w',
        'openstack market offer create --node n1 --node n2 --block rack-3 --price 1 '
        '--end-time +2w',
        'openstack market offer create --resource-class gpu '
        "--require 'memory_mb>=65536' --price 3 --end-time +2w",
        'openstack market offer create --file rack-3.csv --end-time 2027-03-01',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'resource',
            metavar='<resource>',
            nargs='?',
            help=_('The server, by uuid or name.'),
        )
        publications.add_selection(parser)
        parser.add_argument(
            '--price',
            metavar='<price>',
            type=command.argument(prices.price),
            help=_(
                'The least you take, per server and hour. May be left out '
                'with --lessee: your own project has it for nothing.'
            ),
        )
        self.add_window(
            parser, False, _('Until when; required, here or in each row of --file.')
        )
        parser.add_argument('--name', metavar='<name>', help=_('A name for the offer.'))
        parser.add_argument(
            '--reclaim-notice',
            metavar='<duration>',
            type=command.argument(times.duration),
            help=_(
                'With how much notice you may take the server back from who '
                'rents it: {durations}; default never.'
            ).format(durations=times.DURATIONS),
        )
        owner_terms.add_lengths(parser)
        owner_terms.add_block(parser)
        owner_terms.add_asks(parser)
        parser.add_argument(
            '--lessee',
            metavar='<project>',
            help=_('Only for this project, by id or name.'),
        )
        parser.add_argument(
            '--resource-type',
            metavar='<type>',
            help=_('The type of the resource; default ironic_node.'),
        )
        self.add_file(parser, _('Check the rows of --file, and offer nothing.'))
        identity.add_idempotency_key(parser)
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'file', 'resource', 'idempotency_key')
        if parsed_args.file is not None:
            return self.create_rows(parsed_args)
        if parsed_args.dry_run:
            raise exceptions.CommandError(
                _('--dry-run checks the rows of a --file; an offer costs nothing')
            )
        self.require_needed(parsed_args)
        ways = publications.ways(parsed_args)
        if parsed_args.resource and not ways:
            return self.shown(self.create(parsed_args))
        if parsed_args.resource or len(ways) != 1:
            raise exceptions.CommandError(
                _(
                    'name one server, or several with --node, or have them found '
                    'by --resource-class, --trait, --require and --rented'
                )
            )
        done = publications.publish(
            self.provider,
            self.app.stderr,
            parsed_args.idempotency_key,
            self._terms(parsed_args),
            **ways,
        )
        self.failed = any(each['error'] for each in done)
        return publications.shown(self, done)

    def require_needed(self, parsed_args):
        super().require_needed(parsed_args)
        if parsed_args.price is None and parsed_args.lessee is None:
            raise exceptions.CommandError(
                _(
                    '--price is needed, unless the offer is for one project '
                    '(--lessee); an offer to all for nothing is --price 0'
                )
            )

    def create(self, parsed_args):
        """Offer the server that the arguments name; the Offer."""
        self._require_server(parsed_args)
        return self.provider.create_offer(
            parsed_args.idempotency_key,
            resource_uuid=parsed_args.resource,
            **self._terms(parsed_args),
        )

    def preview(self, parsed_args):
        """What the arguments would offer, in words."""
        self._require_server(parsed_args)
        self._terms(parsed_args)
        node = self.node(parsed_args.resource)
        end = times.render_local(parsed_args.end_time, self.zone)
        price = columns.money(parsed_args.price or '0')
        return f'would offer {node.name or node.uuid} at {price} until {end}'

    @staticmethod
    def _require_server(parsed_args):
        if not parsed_args.resource:
            raise exceptions.CommandError(
                _('resource: no server is named; give its name or uuid')
            )

    def _terms(self, parsed_args):
        """The offer that the options say, for the API."""
        offer = command.given(
            parsed_args,
            'resource_type',
            'name',
            'start_time',
            'end_time',
            'price',
            'reclaim_notice',
            *owner_terms.LENGTHS,
            *('block', 'block_size'),
        )
        offer.update(owner_terms.given_asks(parsed_args))
        if parsed_args.lessee is not None:
            offer['lessee_id'] = projects.project_id(
                self.connection, parsed_args.lessee
            )
        return offer


class ListOffers(command.Lister):
    """List offers: the available ones, unless --status is given."""

    table = fields.OFFER
    _epilog = command.examples(
        'openstack market offer list --now --resource-class gpu',
        'openstack market offer list --availability-range "tomorrow 09:00" +3d',
        "openstack market offer list --require 'memory_mb>=65536' --max-price 2",
        'openstack market offer list --status any --sort price -f json',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_filters(parser)
        self.add_time_range(parser, _('Those whose window meets this one.'))
        free = parser.add_mutually_exclusive_group()
        free.add_argument(
            '--availability-range',
            nargs=2,
            metavar=('<start>', '<end>'),
            type=command.argument(self.moment),
            help=_('Those that are free throughout this window.'),
        )
        free.add_argument(
            '--now',
            action='store_true',
            dest='free_now',
            help=_('Those that are free right now.'),
        )
        parser.add_argument(
            '--project',
            metavar='<project>',
            help=_('Those of this owner, by id or name.'),
        )
        parser.add_argument(
            '--resource-uuid',
            metavar='<server>',
            help=_('Those of this server, by uuid; your own by name too.'),
        )
        parser.add_argument(
            '--lessee',
            metavar='<project>',
            help=_('Those for this project alone, by id or name.'),
        )
        parser.add_argument(
            '--max-price',
            metavar='<price>',
            type=command.argument(prices.price),
            help=_('Those that cost no more, per server and hour.'),
        )
        command.add_requirements(
            parser, _('Those whose hardware meets this'), ('--require', '--property')
        )
        self.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        from flocxclient.sdk import filters

        query = {
            **self.filters(parsed_args),
            **command.given(parsed_args, 'requirements'),
            **self.period(parsed_args),
        }
        if parsed_args.resource_uuid is not None:
            query['resource_uuid'] = identity.uuid_of(
                self.node, parsed_args.resource_uuid
            )
        if parsed_args.max_price:
            query['price'] = filters.Comparison('lte', parsed_args.max_price)
        free = parsed_args.availability_range
        if parsed_args.free_now:
            free = [
                times.render(self.now),
                times.render(self.now + datetime.timedelta(seconds=1)),
            ]
        if free:
            query['available_start_time'], query['available_end_time'] = free
        for option, parameter in (('project', 'project_id'), ('lessee', 'lessee_id')):
            named = getattr(parsed_args, option)
            if named is not None:
                query[parameter] = projects.project_id(self.connection, named)
        return self.listed(
            self.market.offers(**query, **self.paging(parsed_args)), parsed_args
        )


class ShowOffer(command.ShowOne):
    """Show an offer with its hardware and the time that is still free."""

    table = fields.OFFER
    _epilog = command.examples('openstack market offer show node-7-in-may')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'offer')
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_offer(parsed_args.offer))


class DeleteOffer(command.Delete):
    """Take offers off the market; contracts already made stay."""

    model = 'offer'
    _epilog = command.examples(
        'openstack market offer delete node-7-in-may node-8-in-may'
    )

    def delete(self, name, parsed_args):
        self.market.delete_offer(name)
