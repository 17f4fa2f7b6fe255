# SPDX-License-Identifier: Apache-2.0
"""Claims: taking what is offered, without an auction."""

import decimal

from osc_lib import exceptions

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import contracts
from flocxclient.osc import costs
from flocxclient.osc import identity
from flocxclient.osc import quotes
from flocxclient.osc import rescheduling
from flocxclient.osc import times

#: What --dry-run shows; the price is for all the servers together, per hour.
PREVIEW = ('offers', 'start_time', 'end_time', 'price', 'amount')


class ClaimOffer(command.ShowOne):
    """Take offers directly, at their price, without an auction.

    The answer is the contract. So a project takes a server that its own
    organisation set aside for it. Several offers become one contract for the
    same time, all of them or none.
    """

    table = fields.CONTRACT
    _epilog = command.examples(
        'openstack market offer claim node-8-for-lab --end-time +36h --wait',
        'openstack market offer claim node-8-for-lab node-9-for-lab --name pair',
        'openstack market offer claim node-8-for-lab --end-time +36h --dry-run',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'offer', nargs='+')
        self.add_window(
            parser,
            False,
            _('Until when; default: the end of the stretch in which all are free.'),
        )
        parser.add_argument(
            '--name', metavar='<name>', help=_('A name for the contract.')
        )
        parser.add_argument(
            '--purpose', metavar='<text>', help=_('What the servers are for.')
        )
        quotes.add_notice(parser)
        rescheduling.add_extend(self, parser, _('the contract'))
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help=_('Show what the offers would come to, and do not take them.'),
        )
        identity.add_idempotency_key(parser)
        self.add_wait(parser, _('the contract is active'))
        return parser

    def take_action(self, parsed_args):
        if parsed_args.dry_run:
            return self.expected(parsed_args)
        identity.require_given(parsed_args, 'idempotency_key')
        contract = self.market.claim_offer(
            *parsed_args.offers,
            idempotency_key=parsed_args.idempotency_key,
            **command.given(
                parsed_args,
                'start_time',
                'end_time',
                'name',
                'purpose',
                'min_reclaim_notice',
                *rescheduling.EXTEND,
            ),
        )
        if parsed_args.wait:
            contract = contracts.wait_active(
                self.market, contract, parsed_args.wait_timeout
            )
        return self.shown(contract)

    def expected(self, parsed_args):
        """What a claim would come to, as columns and values."""
        offers = [self.market.get_offer(each) for each in parsed_args.offers]
        given = (parsed_args.start_time, parsed_args.end_time)
        try:
            start, end, amounts = costs.claimed(
                offers, *(each and times.parse(each) for each in given), self.now
            )
        except costs.NotFree as refused:
            offer = refused.offer
            free_times = self.column('Windows', offer.availabilities)
            raise exceptions.CommandError(
                _('offer {uuid} is not free then; it is free {time}').format(
                    uuid=offer.name or offer.uuid,
                    time=free_times.human_readable() or 'at no time',
                )
            ) from refused
        return PREVIEW, (
            columns.Names([each.name or each.uuid for each in offers]),
            self.column('Time', times.render(start)),
            self.column('Time', times.render(end)),
            self.column('Money', f'{sum(map(_price, offers)):.6f}'),
            self.column('Money', f'{sum(amounts):.6f}'),
        )


def _price(offer):
    return decimal.Decimal(offer.price)
