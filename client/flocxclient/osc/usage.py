# SPDX-License-Identifier: Apache-2.0
"""Usage: server-hours and amounts."""

from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import projects


class ShowUsage(command.Lister):
    """Show what your project used and served, and what that comes to.

    As renter it pays, as owner it earns. Contracts that still run count up
    to now. What was promised and not served is missed, and costs nothing.
    With --long each server under contract has a row, whose amounts add up to
    the last digit.
    """

    fields = (
        'project_id',
        'role',
        'server_hours',
        'missed_hours',
        'amount',
        'start_time',
        'end_time',
    )
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
    )
    _epilog = command.examples(
        'openstack market usage show --time-range 2027-01-01 2027-02-01',
        'openstack market usage show --long -f csv',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--long', action='store_true', help='A row for each server under contract.'
        )
        self.add_time_range(parser, 'In this time; default this month up to now.')
        parser.add_argument(
            '--project',
            metavar='<project>',
            help='Of this project, by id or name (admin); without it an '
            'administrator is shown all projects.',
        )
        return parser

    def take_action(self, parsed_args):
        query = self.period(parsed_args)
        if parsed_args.project:
            query['project_id'] = projects.project_id(
                self.connection, parsed_args.project
            )
        usages = self.market.usage(**query)
        if not parsed_args.long:
            return self.listed(usages, parsed_args)
        fields = ('project_id', 'role', *self.line_fields)
        return columns.labels(fields), [
            (usage.project_id, usage.role, *(line[name] for name in self.line_fields))
            for usage in usages
            for line in usage.lines
        ]
