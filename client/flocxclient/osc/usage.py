# SPDX-License-Identifier: Apache-2.0
"""Usage: server-hours and amounts."""

from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import times


class ShowUsage(command.Lister):
    """Show what your project used and served, and what that comes to.

    As renter it pays, as owner it earns. Contracts that still run count up
    to now. What was promised and not served is missed, and costs nothing.
    With --long each server under contract has a row, whose amounts add up to
    the last digit; where added time has a price of its own, it has a row from its
    start on.
    """

    fields = ('project_id', 'role', 'server_hours', 'missed_hours', 'amount')
    period_fields = ('start_time', 'end_time')
    columns = {
        'project_id': 'Project',
        **dict.fromkeys(('server_hours', 'missed_hours'), 'Hours'),
        'start_time': 'Time',
        'end_time': 'Time',
        'amount': 'Money',
    }
    line_fields = (
        'contract_uuid',
        'line_uuid',
        'resource_uuid',
        'resource_class',
        'price',
        'server_seconds',
        'server_hours',
        'missed_seconds',
        'missed_hours',
        'amount',
        'start_time',
        'notice_seconds',
    )
    line_columns = {
        'resource_uuid': 'Server',
        **dict.fromkeys(('server_hours', 'missed_hours'), 'Hours'),
        'price': 'Money',
        'amount': 'Money',
        'start_time': 'Time',
    }
    #: What the rows of --by are about, where it has an id.
    group_columns = {'server': 'Server', 'project': 'Project', 'partner': 'Project'}
    group_fields = ('role', 'group', 'server_hours', 'missed_hours', 'amount')
    _epilog = command.examples(
        'openstack market usage show --month 2027-01',
        'openstack market usage show --month 2027-01 --by class',
        'openstack market usage show --time-range 2027-01-01 2027-02-01',
        'openstack market usage show --long -f csv',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        rows = parser.add_mutually_exclusive_group()
        rows.add_argument(
            '--long',
            action='store_true',
            help=_('A row for each server under contract.'),
        )
        rows.add_argument(
            '--by',
            choices=('class', 'server', 'project', 'partner', 'month'),
            help=_(
                'A row for each class of servers, server, project, other '
                'party or month, the largest amounts first.'
            ),
        )
        when = parser.add_mutually_exclusive_group()
        when.add_argument(
            '--month',
            metavar='<month>',
            type=command.argument(times.month),
            help=_('In this month, such as 2027-01, which begins and ends in UTC.'),
        )
        self.add_time_range(when, _('In this time; default this month up to now.'))
        parser.add_argument(
            '--project',
            metavar='<project>',
            help=_(
                'Of this project, by id or name (admin); without it an '
                'administrator is shown all projects.'
            ),
        )
        return parser

    def take_action(self, parsed_args):
        query = self.period(parsed_args)
        if parsed_args.month:
            start, end = map(times.render, parsed_args.month)
            query = {'start_time': start, 'end_time': end}
        if parsed_args.project is not None:
            query['project_id'] = projects.project_id(
                self.connection, parsed_args.project
            )
        if parsed_args.by:
            return self._grouped(parsed_args.by, query)
        usages = self.market.usage(**query)
        if not parsed_args.long:
            shown = self.fields
            # The period is what was asked for, and the table has to be narrow.
            if parsed_args.formatter != 'table' or parsed_args.columns:
                shown += self.period_fields
            return columns.labels(shown), [self.values(each, shown) for each in usages]
        return self._lines(usages)

    def _grouped(self, by, query):
        known = {**self.columns, 'group': self.group_columns.get(by)}
        return columns.labels(self.group_fields), [
            columns.values(each, self.group_fields, known)
            for each in self.market.usage_by(by, **query)
        ]

    def _lines(self, usages):
        fields = ('project_id', 'role', *self.line_fields)
        return columns.labels(fields), [
            (
                self.column('Project', usage.project_id),
                usage.role,
                *(
                    self.column(self.line_columns.get(name), line[name])
                    for name in self.line_fields
                ),
            )
            for usage in usages
            for line in usage.lines
        ]
