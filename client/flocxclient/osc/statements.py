# SPDX-License-Identifier: Apache-2.0
"""Statements: what was booked month by month, and disputes about it."""

from flocxclient import fields
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import previews
from flocxclient.osc import prices


class ShowStatement(command.Lister):
    """Show what was booked for your project in a month, or the months there are.

    The statement of a closed month never changes. With --month its lines are
    listed, and what they come to goes to stderr; the amounts are from your
    project's side.
    """

    fields = ('time', 'type', 'role', 'resource_class', 'server_hours', 'amount')
    more_fields = (
        'transfer_uuid',
        'period',
        'contract_uuid',
        'line_uuid',
        'resource_uuid',
        'other_project_id',
        'price',
        'server_seconds',
        'missed_seconds',
        'notice_seconds',
        'corrects',
        'reason',
    )
    money = ('opening_balance', 'granted', 'lapsed', 'transferred', 'spent', 'earned')
    shown_columns = {
        'time': 'Time',
        'other_project_id': 'Project',
        'resource_uuid': 'Server',
        'server_hours': 'Hours',
        'price': 'Money',
        'amount': 'Money',
    }
    _epilog = command.examples(
        'openstack market account statement',
        'openstack market account statement --month 2027-01',
        'openstack market account statement --month 2027-01 --long -f csv',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--month', metavar='<month>', help=_('The lines of this month, as 2027-01.')
        )
        parser.add_argument(
            '--project',
            metavar='<project>',
            help=_('Of this project, by id or name (admin); by default your own.'),
        )
        parser.add_argument(
            '--long', action='store_true', help=_('Show all the columns.')
        )
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'month', 'project')
        query = {}
        if parsed_args.project is not None:
            query['project_id'] = projects.project_id(
                self.connection, parsed_args.project
            )
        if parsed_args.month is None:
            found = self.market.statements(**query)
            return columns.labels(('month', 'status')), [
                self.values(each, ('month', 'status')) for each in found
            ]
        statement = self.market.get_statement(parsed_args.month, **query)
        if parsed_args.formatter == 'table':
            self._tell(statement)
        shown = self.fields
        if parsed_args.long or parsed_args.formatter != 'table' or parsed_args.columns:
            shown += self.more_fields
        return columns.labels(shown), [
            tuple(
                self.column(self.shown_columns.get(name), line[name]) for name in shown
            )
            for line in statement.lines
        ]

    def _tell(self, statement):
        parts = [
            f'{name.replace("_", " ")} {columns.money(getattr(statement, name))}'
            for name in (*self.money, 'closing_balance')
        ]
        self.app.stderr.write(
            f'{statement.month} ({statement.status}): {", ".join(parts)}\n'
        )


class CreateDispute(command.ShowOne):
    """Say that a line of your statement is wrong, and why."""

    table = fields.DISPUTE
    _epilog = command.examples(
        'openstack market dispute create <transfer> --reason "no network on the 5th"'
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'transfer',
            metavar='<transfer>',
            help=_('The transfer, by uuid: a line of "account statement --long".'),
        )
        parser.add_argument(
            '--reason', metavar='<text>', required=True, help=_('Why; required.')
        )
        identity.add_idempotency_key(parser)
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'transfer', 'reason', 'idempotency_key')
        return self.shown(
            self.market.create_dispute(
                parsed_args.idempotency_key,
                transfer_uuid=parsed_args.transfer,
                reason=parsed_args.reason,
            )
        )


class ListDisputes(command.PagedLister):
    """List the disputes that your project is a party to."""

    collection = 'disputes'
    table = fields.DISPUTE
    _epilog = command.examples('openstack market dispute list --status open')


class ShowDispute(command.ShowOne):
    """Show a dispute, and what was decided."""

    table = fields.DISPUTE
    _epilog = command.examples('openstack market dispute show <uuid>')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_dispute(parser)
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_dispute(parsed_args.dispute))


class DecideDispute(command.ShowOne):
    """Accept or reject a dispute (admin).

    What is accepted goes from the other party to the one that has disputed, as a
    correction in the open month.
    """

    table = fields.DISPUTE
    _epilog = command.examples(
        'openstack market dispute decide <uuid> --accept 1.50 --decision "half a day"',
        'openstack market dispute decide <uuid> --reject --decision "it was on"',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        _add_dispute(parser)
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument(
            '--accept',
            metavar='<credits>',
            type=command.argument(prices.credits),
            help=_('Accept it, with as many credits for who has disputed.'),
        )
        how.add_argument('--reject', action='store_true', help=_('Reject it.'))
        parser.add_argument(
            '--decision', metavar='<text>', required=True, help=_('Why; required.')
        )
        previews.add_dry_run(parser, _('who would get how much from whom'))
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'dispute', 'decision')
        if parsed_args.dry_run:
            dispute = self.market.get_dispute(parsed_args.dispute)
            shown = previews.decision(self, dispute, parsed_args.accept or 0)
            return previews.DECISION, shown
        changes = {'status': 'rejected', 'decision': parsed_args.decision}
        if not parsed_args.reject:
            changes |= {'status': 'accepted', 'amount': parsed_args.accept}
        return self.shown(self.market.update_dispute(parsed_args.dispute, **changes))


def _add_dispute(parser):
    parser.add_argument('dispute', metavar='<dispute>', help=_('The dispute, by uuid.'))
