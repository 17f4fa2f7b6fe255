# SPDX-License-Identifier: Apache-2.0
"""The market as a whole: its book, its prices and the hardware on it."""

import itertools
import operator

from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command


def _add_class(parser):
    parser.add_argument(
        '--resource-class', metavar='<class>', help=_('Only this class of server.')
    )


class ShowBook(command.Lister):
    """Show supply and demand: a table for each class, a row for each price.

    The best price comes first: the lowest of the supply, the highest of the
    demand. A server that is free twice in the window counts twice. Nobody
    can be recognised. For programs it is one list.
    """

    fields = ('resource_class', 'side', 'price', 'servers', 'server_hours')
    _epilog = command.examples(
        'openstack market book show --resource-class gpu',
        'openstack market book show --time-range "tomorrow 09:00" +3d -f json',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_time_range(
            parser, _('Within this window; default the next four weeks.')
        )
        _add_class(parser)
        return parser

    def take_action(self, parsed_args):
        depths = self.market.book(
            **command.given(parsed_args, 'resource_class'), **self.period(parsed_args)
        )
        return columns.labels(self.fields), [
            (
                depth.resource_class,
                side,
                self.column('Money', level['price']),
                level['servers'],
                self.column('Hours', level['server_hours']),
            )
            for depth in depths
            for side in ('supply', 'demand')
            for level in getattr(depth, side)
        ]

    def produce_output(self, parsed_args, column_names, data):
        # Whoever chooses columns wants these, and nothing above them.
        if parsed_args.formatter != 'table' or parsed_args.columns or not data:
            return super().produce_output(parsed_args, column_names, data)
        for name, rows in itertools.groupby(data, operator.itemgetter(0)):
            self.app.stdout.write(f'{name or _("no resource class")}\n')
            super().produce_output(
                parsed_args, column_names[1:], [row[1:] for row in rows]
            )
        return 0


class ListFindings(command.Lister):
    """List what looks like gaming of the market, for the operator to judge.

    Each rule has honest explanations too; the administrator guide says what each
    looks for.
    """

    fields = (
        'rule',
        'project_id',
        'other_project_id',
        'resource_class',
        'count',
        'server_hours',
        'detail',
    )
    columns = {
        'project_id': 'Project',
        'other_project_id': 'Project',
        'server_hours': 'Hours',
    }
    _epilog = command.examples(
        'openstack market audit --time-range "1w ago" now',
        'openstack market audit --rule squatting',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--rule',
            choices=(
                'within_organisation',
                'both_ways',
                'far_price',
                'squatting',
                'taking_back',
                'probing_bids',
                'probing_asks',
            ),
            help=_('What this rule finds only.'),
        )
        parser.add_argument(
            '--project',
            metavar='<project>',
            help=_('What concerns this project, by id or name.'),
        )
        self.add_time_range(
            parser,
            _('What was done in this time, a year at most; default the last 30 days.'),
        )
        return parser

    def take_action(self, parsed_args):
        query = {**command.given(parsed_args, 'rule'), **self.period(parsed_args)}
        if parsed_args.project is not None:
            query['project_id'] = projects.project_id(
                self.connection, parsed_args.project
            )
        return columns.labels(self.fields), [
            self.values(each, self.fields) for each in self.market.audit(**query)
        ]


class ListPrices(command.Lister):
    """List what servers were sold for, by class and interval of time.

    Prices are per server and hour. What was delivered counts, a while after the
    hand-over; the median is that of pairs of organisations. With --sales each sale
    has a row, the newest first, dated to its interval.
    """

    fields = (
        'resource_class',
        'start_time',
        'min',
        'median',
        'max',
        'fills',
        'server_hours',
    )
    columns = {
        'start_time': 'Time',
        'server_hours': 'Hours',
        **dict.fromkeys(('min', 'median', 'max', 'price'), 'Money'),
    }
    sale_fields = ('resource_class', 'start_time', 'price', 'server_hours')
    _epilog = command.examples(
        'openstack market price list --interval week --time-range "12w ago" now',
        'openstack market price list --resource-class gpu --sales -f csv',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--interval',
            choices=('hour', 'day', 'week'),
            help=_('How much time a row covers, in UTC; default day.'),
        )
        self.add_time_range(
            parser,
            _('What was sold in this time, a year at most; default the last 30 days.'),
        )
        _add_class(parser)
        parser.add_argument(
            '--sales', action='store_true', help=_('A row for each server sold.')
        )
        parser.add_argument(
            '--limit',
            metavar='<number>',
            type=command.argument(command.count),
            help=_('Show so many sales at most; the service shows 100 by default.'),
        )
        return parser

    def take_action(self, parsed_args):
        query = command.given(parsed_args, 'interval', 'resource_class')
        query.update(self.period(parsed_args))
        if not parsed_args.sales:
            return columns.labels(self.fields), [
                self.values(each, self.fields) for each in self.market.prices(**query)
            ]
        query.update(command.given(parsed_args, 'limit'))
        return columns.labels(self.sale_fields), [
            self.values(sale, self.sale_fields) for sale in self.market.fills(**query)
        ]


class ListProperties(command.Lister):
    """List the hardware on offer: what requirements can ask for.

    Each expression can be the left side of a --require, such as
    'memory_mb>=65536'; what ends in [] is a list: 'traits[] contains NAME'.
    """

    fields = ('expression', 'type', 'offers', 'values')
    _epilog = command.examples(
        'openstack market property list',
        'openstack market property list -f value -c Expression',
    )

    def take_action(self, parsed_args):
        return columns.labels(self.fields), [
            (
                found.expression,
                found.type,
                found.offers,
                self.column(
                    'Values',
                    {'min': found.min, 'max': found.max}
                    if found.type == 'number'
                    else found.known_values,
                ),
            )
            for found in self.market.properties()
        ]
