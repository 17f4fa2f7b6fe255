# SPDX-License-Identifier: Apache-2.0
"""Claims: taking what is offered, without an auction."""

from flocxclient import fields
from flocxclient.osc import command
from flocxclient.osc import contracts
from flocxclient.osc import identity


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
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'offer', nargs='+')
        self.add_window(
            parser,
            False,
            'Until when; default: the end of the stretch in which all are free.',
        )
        parser.add_argument('--name', metavar='<name>', help='A name for the contract.')
        parser.add_argument(
            '--purpose', metavar='<text>', help='What the servers are for.'
        )
        identity.add_idempotency_key(parser)
        self.add_wait(parser, 'the contract is active')
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'idempotency_key')
        contract = self.market.claim_offer(
            *parsed_args.offers,
            idempotency_key=parsed_args.idempotency_key,
            **command.given(parsed_args, 'start_time', 'end_time', 'name', 'purpose'),
        )
        if parsed_args.wait:
            contract = contracts.wait_active(
                self.market, contract, parsed_args.wait_timeout
            )
        return self.shown(contract)
