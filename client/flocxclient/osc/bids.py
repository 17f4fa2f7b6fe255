# SPDX-License-Identifier: Apache-2.0
"""Bids: what projects want to rent, and for how much."""

import sys

from flocxclient import fields
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import bulk
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import quotes
from flocxclient.osc import waiting

#: How many seconds a quote is worth waiting for when it was not asked for.
QUOTE_TIMEOUT = 5


class CreateBid(bulk.FileMixin, command.ShowOne):
    """Bid for servers.

    The auction engine matches the bid with offers whose hardware meets every
    requirement; no server costs more than the price. Once it is matched the
    bid names its contract. What it would get now is printed first, on stderr,
    unless -f asks for a format for programs; --dry-run stops there. Many bids come
    from a --file.
    """

    table = fields.BID
    options = {
        **{name: f'--{name.replace("_", "-")}' for name in quotes.TERMS},
        'requirements': '--require',
        'parts': '--part',
        'alternatives': '--alternative',
        'interruptible_notice': '--interruptible',
    }
    needed = ('price', 'end_time')
    alone = ('wait',)
    _epilog = command.examples(
        'openstack market bid create --price 2.50 --quantity 2 --duration 36h '
        '--end-time +3d \\',
        "    --require 'memory_mb>=65536' --require 'cpu_arch=x86_64' --wait",
        'openstack market bid create --price 2.50 --end-time +3d --dry-run',
        'openstack market bid create --price 2.50 --end-time +3d --duration 12h \\',
        "    --alternative 'quantity=2,price=1.20'",
        'openstack market bid create --price 2.50 --end-time +3d --duration 12h \\',
        "    --part name=head --part 'quantity=4,offset=1h,require=gpus>=1'",
        'openstack market bid create --price 0.80 --end-time +7d --duration 2d \\',
        '    --interruptible 30m --on-displaced move',
        'openstack market bid create --file course.yaml --duration 2h --dry-run',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        quotes.add_terms(self, parser)
        self.add_file(
            parser, _('Show what the bid would get and pay now, and do not place it.')
        )
        identity.add_idempotency_key(parser)
        self.add_wait(parser, _('the bid is matched'))
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'file', 'idempotency_key')
        if parsed_args.file is not None:
            return self.create_rows(parsed_args)
        self.require_needed(parsed_args)
        terms = quotes.terms(parsed_args)
        if parsed_args.dry_run:
            return quotes.shown(self, self.market.quote(**terms))
        self.announce(terms, parsed_args)
        bid = self.create(parsed_args)
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

    def create(self, parsed_args):
        """Place the bid that the arguments say; the Bid."""
        return self.market.create_bid(
            parsed_args.idempotency_key, **quotes.terms(parsed_args)
        )

    def preview(self, parsed_args):
        """What the bid would get and pay now, in a line."""
        quote = self.market.quote(**quotes.terms(parsed_args))
        return quotes.sentence(quote, self.zone)

    def announce(self, terms, parsed_args):
        """Say what the bid would get now, before it is placed.

        Nothing is printed in formats for programs; and no bid fails or waits long for
        want of a quote.
        """
        from flocxclient.sdk import errors

        if parsed_args.formatter != 'table':
            return
        try:
            quote = self.market.quote(timeout=QUOTE_TIMEOUT, **terms)
            message = quotes.sentence(quote, self.zone)
        except errors.ERRORS as exc:
            if 400 <= (getattr(exc, 'status_code', None) or 0) < 500:
                # What is wrong with the bid, its own answer says.
                return
            message = 'Quote: none to be had just now; the bid is placed without.'
        sys.stderr.write(f'{message}\n')
        sys.stderr.flush()


class ListBids(command.Lister):
    """List your bids."""

    table = fields.BID
    _epilog = command.examples('openstack market bid list --status available --long')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_filters(parser)
        parser.add_argument(
            '--project',
            metavar='<project>',
            help=_('Those of this project, by id or name (admin).'),
        )
        self.add_time_range(parser, _('Those whose window meets this one.'))
        self.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        query = {**self.filters(parsed_args), **self.period(parsed_args)}
        if parsed_args.project is not None:
            query['project_id'] = projects.project_id(
                self.connection, parsed_args.project
            )
        return self.listed(
            self.market.bids(**query, **self.paging(parsed_args)), parsed_args
        )


class ShowBid(command.ShowOne):
    """Show a bid; its outlook is why it waits, as the last round saw it."""

    table = fields.BID
    _epilog = command.examples('openstack market bid show weekend-training')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'bid')
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_bid(parsed_args.bid))


class DeleteBid(command.Delete):
    """Cancel bids that are not matched yet; "cancel" is the same."""

    model = 'bid'
    _epilog = command.examples('openstack market bid cancel weekend-training')

    def delete(self, name, parsed_args):
        self.market.delete_bid(name)
