# SPDX-License-Identifier: Apache-2.0
"""Quotes: what a bid would get, and what a bid says."""

from flocxclient.i18n import _
from flocxclient.osc import alternatives
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import prices
from flocxclient.osc import rescheduling
from flocxclient.osc import times

FIELDS = (
    'start_time',
    'end_time',
    'servers',
    'amount',
    'lines',
    'offers',
    'requirements',
    'lowest_ceiling',
    'reason',
    'detail',
    'displaceable',
    'calendar',
    'group_value',
    'alternative',
    'alternatives',
)

TERMS = (
    'name',
    'quantity',
    'min_quantity',
    'start_time',
    'end_time',
    'duration',
    'price',
    'requirements',
    'resource_class',
    'min_reclaim_notice',
    'group_by',
    'spread_by',
    'spread_max',
    'parts',
    'alternatives',
    *rescheduling.EXTEND,
    'interruptible_notice',
    'on_displaced',
    'purpose',
)


def add_terms(command_, parser, bidding=True):
    """The options that say what a bid is for.

    :param bidding: whether a price has to be given, here or in a file.
    """
    _add_own_terms(command_, parser, bidding)
    _add_parts(parser)
    add_alternatives(command_, parser, _('Other terms'))
    if bidding:
        rescheduling.add_extend(command_, parser, _('the contract'))
    else:
        # What it costs later, nobody knows yet.
        parser.set_defaults(**dict.fromkeys(rescheduling.EXTEND))
    _add_interruptible(parser)
    parser.add_argument('--name', metavar='<name>', help=_('A name for the bid.'))
    parser.add_argument(
        '--purpose', metavar='<text>', help=_('What the servers are for.')
    )


def _add_interruptible(parser):
    parser.add_argument(
        '--interruptible',
        metavar='<duration>',
        dest='interruptible_notice',
        type=command.argument(times.duration),
        help=_(
            'A firm bid that offers more may displace the contract, with '
            'this notice: {durations}.'
        ).format(durations=times.DURATIONS),
    )
    parser.add_argument(
        '--on-displaced',
        choices=('end', 'move'),
        help=_(
            'What becomes of the time that is lost so: end, or move to '
            'other servers; default end.'
        ),
    )


def add_alternatives(command_, parser, what):
    """The option that says by what other terms a bid can be met."""
    others = alternatives.Parser()
    _add_own_terms(command_, others, True)
    parser.add_argument(
        '--alternative',
        metavar='<terms>|<file>',
        action='extend',
        dest='alternatives',
        type=command.argument(lambda text: alternatives.parse(text, others)),
        help=_(
            '{what} that would do as well; may be repeated. At most one '
            "is met, these or the bid's own, which are taken for what is "
            'left out: {forms}; or a file with a list of such terms '
            '(.yaml, .json or CSV).'
        ).format(what=what, forms=alternatives.FORMS),
    )


def _add_parts(parser):
    """The option that says of what parts a bundle is."""
    own = alternatives.Parser()
    own.add_argument('--name')
    for name in ('--quantity', '--min-quantity', '--spread-max'):
        own.add_argument(name, type=int)
    for name in ('--offset', '--duration'):
        own.add_argument(name, type=command.argument(times.duration))
    own.add_argument('--price', type=command.argument(prices.price))
    command.add_requirements(own, '', ('--require',))
    for name in ('--resource-class', '--group-by', '--spread-by'):
        own.add_argument(name)
    forms = alternatives.OF_PARTS, alternatives.FORMS_OF_PARTS
    parser.add_argument(
        '--part',
        metavar='<part>|<file>',
        action='extend',
        dest='parts',
        type=command.argument(lambda text: alternatives.parse(text, own, *forms)),
        help=_(
            'A part of a bundle; may be repeated. All of them are met, '
            'or none. Each has hardware and servers of its own, begins '
            'offset after the bundle, lasts as long as that if it has no '
            'duration, and costs at most --price if it has none: '
            '{forms}; or a file with a list of parts (.yaml, .json or '
            'CSV).'
        ).format(forms=alternatives.FORMS_OF_PARTS),
    )


def _add_own_terms(command_, parser, bidding):
    """The options that alternatives of a bid have, too."""
    parser.add_argument(
        '--price',
        metavar='<price>',
        type=command.argument(prices.price),
        help=_(
            'The most you pay, per server and hour; required, here or in each row of '
            '--file.'
        )
        if bidding
        else _(
            'The most you pay, per server and hour; default whatever the cheapest '
            'costs.'
        ),
    )
    parser.add_argument(
        '--quantity',
        metavar='<number>',
        type=int,
        help=_('How many servers; default 1.'),
    )
    parser.add_argument(
        '--min-quantity',
        metavar='<number>',
        type=int,
        help=_('How few are of use; default all of them.'),
    )
    command_.add_window(
        parser,
        not bidding,
        _('Until when; required, here or in each row of --file.')
        if bidding
        else _('Until when; required.'),
    )
    parser.add_argument(
        '--duration',
        metavar='<duration>',
        type=command.argument(times.duration),
        help=_(
            'For how long, anywhere between the two times: {durations}; '
            'default all the time between.'
        ).format(durations=times.DURATIONS),
    )
    command.add_requirements(parser, _('What the hardware must meet'), ('--require',))
    parser.add_argument(
        '--resource-class',
        metavar='<class>',
        help=_('The class of server, as Ironic has it.'),
    )
    add_notice(parser)
    parser.add_argument(
        '--group-by',
        metavar='<jmespath>',
        help=_(
            'Have all servers of one group: what this JMESPath finds in '
            'the hardware is the same for all of them, such as '
            "'capabilities.rack'."
        ),
    )
    parser.add_argument(
        '--spread-by',
        metavar='<jmespath>',
        help=_(
            'Keep the servers apart: only so few have in common what '
            'this JMESPath finds in the hardware, such as '
            "'capabilities.rack'."
        ),
    )
    parser.add_argument(
        '--spread-max',
        metavar='<number>',
        type=int,
        help=_(
            'How many servers may have in common what --spread-by finds; default 1.'
        ),
    )


def add_notice(parser):
    """The option by which a renter agrees that a server may be reclaimed."""
    parser.add_argument(
        '--min-reclaim-notice',
        metavar='<duration>',
        type=command.argument(times.duration),
        help=_(
            'Agree to a server that its owner may take back with this '
            'much notice at least: {durations}; default only servers '
            'that are never taken back.'
        ).format(durations=times.DURATIONS),
    )


#: What with parts each of them says, and no other than that.
_OF_A_PART = (
    *('quantity', 'min_quantity', 'requirements', 'resource_class'),
    *('spread_by', 'spread_max'),
)


def of_bid(bid):
    """What a request says to ask for the same as ``bid``, as the API shows it."""
    asked = _asked({name: bid[name] for name in TERMS})
    return {**asked, 'alternatives': list(map(_asked, bid['alternatives'] or ()))}


def _asked(terms):
    """Terms of a bid, or of an alternative, without what an answer adds to them."""
    if not terms['parts']:
        return terms
    parts = [
        {
            name: value
            for name, value in each.items()
            if value is not None and name != 'group_value'
        }
        for each in terms['parts']
    ]
    own = {name: value for name, value in terms.items() if name not in _OF_A_PART}
    return {**own, 'parts': parts}


def terms(parsed_args):
    """The bid that the options of ``add_terms`` say, for the API."""
    return command.given(parsed_args, *TERMS)


def shown(show, quote):
    """A quote as the command ``show`` shows it."""
    lines = quote.lines or []
    return FIELDS, (
        show.column('Time', quote.start_time),
        show.column('Time', quote.end_time),
        len(lines),
        show.column('Money', quote.amount),
        show.column('QuotedLines', lines),
        quote.offers,
        show.column('OffersMeeting', quote.requirements or []),
        show.column('Money', quote.lowest_ceiling),
        quote.reason,
        show.column('Sentence', quote.detail),
        quote.displaceable,
        show.column('Calendar', quote.calendar or []),
        quote.group_value,
        quote.alternative,
        show.column('QuotedAlternatives', quote.alternatives or []),
    )


def sentence(quote, zone):
    """A quote in a line, for somebody who is about to bid.

    :param zone: the time zone that times are shown in.
    """
    if quote.lines:
        start, end = (
            times.render_local(each, zone)
            for each in (quote.start_time, quote.end_time)
        )
        return _(
            'Quote: {count} now, from {start} to {end}, for {amount} in all.'
        ).format(
            count=len(quote.lines),
            start=start,
            end=end,
            amount=columns.money(quote.amount),
        )
    if quote.displaceable:
        return _(
            'Quote: none is free; interruptible contracts have some that would do, for '
            'who offers more.'
        )
    if quote.lowest_ceiling:
        return _('Quote: none at this price; it would take {price} at least.').format(
            price=columns.money(quote.lowest_ceiling)
        )
    if quote.offers:
        return _(
            'Quote: none now; {offers} of the offers would do at another time or price.'
        ).format(offers=quote.offers)
    if quote.detail:
        detail = times.sentence(quote.detail)
        return _('Quote: none now. {detail}').format(detail=detail)
    return _('Quote: no offer meets this bid; "market quote" shows what is in the way.')


class ShowQuote(command.ShowOne):
    """Show what a bid would get and pay now, without placing it.

    "offers" counts the offers that could serve the bid at some time and price,
    and beside each requirement stands how many offers meet it alone: what is
    never met can be dropped. Nothing is reserved. Without --price it is the cheapest
    that can be had; "lowest_ceiling" is the lowest price that would do at some time.
    """

    _epilog = command.examples(
        'openstack market quote --price 2.50 --quantity 2 --duration 36h '
        '--end-time +3d \\',
        "    --require 'memory_mb>=65536' --require 'cpu_arch=x86_64'",
        'openstack market quote --duration 1d --end-time +7d --calendar day',
        'openstack market quote --price 2.50 --end-time +3d --duration 12h \\',
        "    --alternative 'quantity=2,price=1.20'",
        'openstack market quote --price 2.50 --end-time +3d --duration 12h \\',
        "    --part name=head --part 'quantity=4,offset=1h,require=gpus>=1'",
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        add_terms(self, parser, bidding=False)
        parser.add_argument(
            '--calendar',
            choices=('hour', 'day'),
            help=_('Show too what a start each hour or day of the window would cost.'),
        )
        return parser

    def take_action(self, parsed_args):
        asked = command.given(parsed_args, *TERMS, 'calendar')
        return shown(self, self.market.quote(**asked))
