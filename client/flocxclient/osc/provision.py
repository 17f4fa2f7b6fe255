# SPDX-License-Identifier: Apache-2.0
"""Giving a server of one's own away for a while, without an offer."""

from flocxclient import fields
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import contracts
from flocxclient.osc import identity
from flocxclient.osc import previews
from flocxclient.osc import times


class ProvideNode(command.ShowOne):
    """Give a server of yours to a project or a user, who need not ask for it.

    The answer is their contract. It costs them nothing, and nobody else can have the
    server for that time. You may take the server back with "openstack market contract
    reclaim", at once unless --reclaim-notice says otherwise.
    """

    table = fields.CONTRACT
    _epilog = command.examples(
        'openstack market node provide node-7 lab --end-time +2w --dry-run',
        'openstack market node provide node-7 alice --end-time "fri 18:00" '
        '--purpose thesis --wait',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'node')
        parser.add_argument(
            'project',
            metavar='<project|user>',
            help=_(
                'Who gets it: a project by id or name, or a user by name, of '
                'whom it is the default project, or the only one.'
            ),
        )
        self.add_window(parser, True, _('Until when; required.'))
        parser.add_argument(
            '--name', metavar='<name>', help=_('A name for the contract.')
        )
        parser.add_argument(
            '--purpose', metavar='<text>', help=_('What the server is for.')
        )
        parser.add_argument(
            '--reclaim-notice',
            metavar='<duration>',
            type=command.argument(times.duration),
            help=_(
                'With how much notice you may take the server back: '
                '{durations}; default at once.'
            ).format(durations=times.DURATIONS),
        )
        previews.add_dry_run(parser, _('who would have the server, and from when'))
        identity.add_idempotency_key(parser)
        self.add_wait(parser, _('the contract is active'))
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'idempotency_key')
        project = projects.of_project_or_user(self.connection, parsed_args.project)
        terms = command.given(
            parsed_args, 'start_time', 'end_time', 'name', 'purpose', 'reclaim_notice'
        )
        if parsed_args.dry_run:
            seen = self.provider.provide_node(
                parsed_args.node, project, dry_run=True, **terms
            )
            return previews.GIVING, previews.giving(self, seen)
        contract = self.provider.provide_node(
            parsed_args.node, project, parsed_args.idempotency_key, **terms
        )
        if parsed_args.wait:
            contract = contracts.wait_active(
                self.market, contract, parsed_args.wait_timeout
            )
        return self.shown(contract)
