# SPDX-License-Identifier: Apache-2.0
"""A calendar: when servers are free, and what each start would cost."""

import datetime
import decimal

from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import heatmap
from flocxclient.osc import quotes
from flocxclient.osc import requirements
from flocxclient.osc import times

#: For how long, and until when, unless it is said; in seconds.
LENGTHS = {'hour': 3600, 'day': 86400}
WINDOWS = {'hour': 7 * 86400, 'day': 28 * 86400}


class ShowCalendar(command.Lister):
    """Show when servers are free, and what each start would cost.

    A cell for each hour of each day: the darker, the dearer. With --by day a row for
    each week, with the prices. Prices are per server and hour, of the cheapest that are
    free for all the time from that start on. Nothing is reserved: "market offer claim"
    takes an offer, and "market bid create" waits for a better price.
    """

    fields = ('start_time', 'servers', 'price', 'amount', 'lowest_ceiling')
    columns = {
        'start_time': 'Time',
        **dict.fromkeys(('price', 'amount', 'lowest_ceiling'), 'Money'),
    }
    _epilog = command.examples(
        'openstack market calendar --resource-class gpu --for 12h',
        "openstack market calendar 'cpus>=32' --quantity 2 --for 3d --by day",
        'openstack market calendar --from mon --until sat --for 4h -f csv',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'requirements',
            metavar='<requirement>',
            nargs='*',
            type=command.argument(requirements.parse),
            help=_('What the hardware must meet, as {forms}.').format(
                forms=requirements.FORMS.replace('%', '%%')
            ),
        )
        parser.add_argument(
            '--resource-class', metavar='<class>', help=_('Of this class of server.')
        )
        parser.add_argument(
            '--for',
            dest='duration',
            metavar='<duration>',
            type=command.argument(times.duration),
            help=_(
                'For how long: {durations}; default an hour, or a day with --by day.'
            ).format(durations=times.DURATIONS),
        )
        parser.add_argument(
            '--quantity',
            metavar='<number>',
            type=command.argument(command.count),
            help=_('How many servers at once; default 1.'),
        )
        quotes.add_notice(parser)
        parser.add_argument(
            '--from',
            dest='start_time',
            metavar='<time>',
            type=command.argument(self.moment),
            help=_(
                'The first start; default the next full hour. Times are '
                '{moments}; without an offset they are UTC, or as '
                '--os-market-timezone says.'
            ).format(moments=times.MOMENTS),
        )
        parser.add_argument(
            '--until',
            dest='end_time',
            metavar='<time>',
            type=command.argument(self.moment),
            help=_(
                'When all of it has to be over; default a week after the '
                'first start, or four weeks with --by day.'
            ),
        )
        parser.add_argument(
            '--by',
            choices=('hour', 'day'),
            default='hour',
            help=_('How far apart the starts are; default %(default)s.'),
        )
        parser.add_argument(
            '--ascii',
            action='store_true',
            help=_(
                'Draw with ASCII alone; the default where the terminal has no UTF-8.'
            ),
        )
        parser.add_argument(
            '--long', action='store_true', help=_('A table, with a row for each start.')
        )
        return parser

    def take_action(self, parsed_args):
        asked = command.given(
            parsed_args,
            'requirements',
            'resource_class',
            'quantity',
            'duration',
            'min_reclaim_notice',
        )
        start = self._first(parsed_args.start_time)
        window = datetime.timedelta(seconds=WINDOWS[parsed_args.by])
        asked = {
            'duration': LENGTHS[parsed_args.by],
            'start_time': times.render(start),
            'end_time': times.render(start + window),
            **asked,
            **command.given(parsed_args, 'end_time'),
            'calendar': parsed_args.by,
        }
        quote = self.market.quote(**asked)
        entries = quote.calendar or []
        if not any(entry['price'] for entry in entries):
            self.app.stderr.write(f'{_reason(quote)}\n')
        self._asked = asked
        return columns.labels(self.fields), [
            tuple(
                self.column(self.columns.get(name), entry[name]) for name in self.fields
            )
            for entry in entries
        ]

    def _first(self, given):
        """The first start: what is given, or the next full hour of the reader."""
        if given:
            return times.parse(given)
        hour = self.now.replace(minute=0, second=0)
        return hour + datetime.timedelta(hours=1)

    def produce_output(self, parsed_args, column_names, data):
        drawn = (
            parsed_args.formatter == 'table'
            and not parsed_args.long
            and not parsed_args.columns
        )
        if not drawn:
            return super().produce_output(parsed_args, column_names, data)
        starts = [
            (
                times.parse(row[0].machine_readable()).astimezone(self.zone),
                _decimal(row[2].machine_readable()),
            )
            for row in data
        ]
        # The reason for nothing is on standard error already.
        if heatmap.cheapest(starts):
            for line in self._drawing(starts, parsed_args):
                self.app.stdout.write(f'{line}\n')
        return 0

    def _drawing(self, starts, parsed_args):
        length = times.render_duration(self._asked['duration'])
        count = self._asked.get('quantity', 1)
        first, _ = starts[0]
        yield (
            f'{count} server{"s" if count > 1 else ""} for {length}: credits per '
            f'server and hour, by start.'
        )
        yield f'The first start is {first:%a %Y-%m-%d %H:%M %Z}.'
        yield ''
        if parsed_args.by == 'day':
            yield from heatmap.days(starts, columns.money)
        else:
            yield from heatmap.hours(starts, self._symbols(parsed_args))
        moment, price = heatmap.cheapest(starts)
        yield ''
        yield (
            f'Cheapest: {columns.money(price)} from {moment:%a %Y-%m-%d %H:%M %Z} on.'
        )

    def _symbols(self, parsed_args):
        encoding = getattr(self.app.stdout, 'encoding', None) or 'utf-8'
        try:
            ''.join(heatmap.BLOCKS).encode(encoding)
        except UnicodeEncodeError:
            return heatmap.ASCII
        return heatmap.ASCII if parsed_args.ascii else heatmap.BLOCKS


def _decimal(text):
    """A price as a number with the places that people read."""
    return None if text is None else decimal.Decimal(columns.money(text))


def _reason(quote):
    """Why nothing can be had, and what may help."""
    why = times.sentence(quote.detail or _('Nothing can be had then')).rstrip('.')
    return _(
        '{why}: ask for a shorter time or less hardware; "market property list" shows '
        'what is on offer'
    ).format(why=why)
