# SPDX-License-Identifier: Apache-2.0
"""Finding what can be had, when and for how much."""

import decimal
import itertools

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import costs
from flocxclient.osc import requirements
from flocxclient.osc import times

#: How many offers are looked at for what is free later.
LOOKED_AT = 1000


class FindOffers(command.Lister):
    """Find servers that can be had for a while, and what they come to.

    First those that are free from the moment that is asked for, the cheapest first;
    then those that are free later. The amount is for one server for all that time,
    at the price of its offer. Nothing is reserved: "market offer claim" takes one,
    and "market bid create" waits for a better price.
    """

    table = fields.OFFER
    fields = ('name', 'resource_class', 'price', 'start_time', 'end_time', 'amount')
    _epilog = command.examples(
        "openstack market find 'cpus>=32' --for 12h --from tonight",
        'openstack market find --resource-class gpu --for 2d --until "fri 18:00"',
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
            '--for',
            dest='duration',
            metavar='<duration>',
            required=True,
            type=command.argument(times.duration),
            help=_('For how long: {durations}; required.').format(
                durations=times.DURATIONS
            ),
        )
        parser.add_argument(
            '--from',
            dest='start_time',
            metavar='<time>',
            default='now',
            type=command.argument(self.moment),
            help=_(
                'From when on; default now. Times are {moments}; without an '
                'offset they are UTC, or as --os-market-timezone says.'
            ).format(moments=times.MOMENTS),
        )
        parser.add_argument(
            '--until',
            dest='end_time',
            metavar='<time>',
            type=command.argument(self.moment),
            help=_('When all of it has to be over.'),
        )
        parser.add_argument(
            '--resource-class', metavar='<class>', help=_('Of this class of server.')
        )
        parser.add_argument(
            '--limit',
            metavar='<number>',
            default=10,
            type=command.argument(command.count),
            help=_('Show so many at most; default %(default)s.'),
        )
        return parser

    def take_action(self, parsed_args):
        found = self.find(parsed_args)[: parsed_args.limit]
        shown = self.fields
        programs = parsed_args.formatter != 'table' or parsed_args.columns
        if programs or parsed_args.long:
            shown = ('uuid', *shown)
        elif self.need_uuid(offer for _, offer in found):
            # There is no room for all; the end follows from the start.
            shown = ('uuid', *(name for name in shown if name != 'end_time'))
        rows = [
            (self._row(offer, start, parsed_args.duration), offer)
            for start, offer in found
        ]
        return columns.labels(shown), [
            tuple(row[name] if name in row else getattr(offer, name) for name in shown)
            for row, offer in rows
        ]

    def find(self, parsed_args):
        """Pairs of a moment and an Offer that is free from then on, the best first."""
        from flocxclient.sdk import filters

        start = times.parse(parsed_args.start_time)
        latest = parsed_args.end_time and times.parse(parsed_args.end_time)
        query = {
            **command.given(parsed_args, 'resource_class'),
            'requirements': parsed_args.requirements,
            'start_time': parsed_args.start_time,
            'sort_key': 'price',
            'project_id': filters.Comparison('neq', self.connection.current_project_id),
        }
        if latest:
            query['end_time'] = parsed_args.end_time
        offers = self.market.offers(**query)
        found, count = [], 0
        for offer in itertools.islice(offers, LOOKED_AT):
            count += 1
            free = costs.earliest(
                offer.availabilities, parsed_args.duration, start, latest
            )
            if free is not None:
                found.append((free, offer))
            # They come by price: enough that are free at once cannot be bettered.
            if sum(free == start for free, _ in found) >= parsed_args.limit:
                break
        if not found:
            self.app.stderr.write(f'{self._reason(count, parsed_args)}\n')
        return sorted(found, key=lambda each: (each[0], _price(each[1])))

    @staticmethod
    def _reason(count, parsed_args):
        if count:
            return _(
                '{count} offers meet this, and none is free for {duration} then: look '
                'for a shorter time, or place a bid, which waits'
            ).format(count=count, duration=times.render_duration(parsed_args.duration))
        return _(
            'No offer meets this then: "market property list" shows what hardware is '
            'on offer'
        )

    def _row(self, offer, start, seconds):
        end = times.add(start, seconds)
        return {
            'price': self.column('Money', offer.price),
            'start_time': self.column('Time', times.render(start)),
            'end_time': self.column('Time', times.render(end)),
            'amount': self.column(
                'Money', f'{costs.amount(offer.price, start, end):.6f}'
            ),
        }

    def produce_output(self, parsed_args, column_names, data):
        # The reason is on standard error already.
        if parsed_args.formatter == 'table' and not data:
            return 0
        return super().produce_output(parsed_args, column_names, data)


def _price(offer):
    return decimal.Decimal(offer.price)
