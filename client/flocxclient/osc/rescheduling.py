# SPDX-License-Identifier: Apache-2.0
"""Moving the end of a contract."""

import datetime

from osc_lib import exceptions

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import costs
from flocxclient.osc import identity
from flocxclient.osc import prices
from flocxclient.osc import times

#: How often somebody else may be faster.
ATTEMPTS = 3


#: What --dry-run shows; the amount is how much more, or less, the contract costs.
PREVIEW = ('uuid', 'name', 'end_time', 'new_end_time', 'latest_end_time', 'amount')
#: A line in one of these is over.
OVER = ('ended', 'cancelled', 'error')


def add_dry_run(parser):
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help=_(
            'Show what the change would come to and how late the end can '
            'be, and change nothing.'
        ),
    )


def add_extend(command_, parser, what):
    """The options that have a contract extended before each end.

    :param what: what is extended, as help calls it.
    """
    parser.add_argument(
        '--extend-until',
        metavar='<time>',
        type=command.argument(command_.moment),
        help=_(
            'Extend {what} by itself before each end, up to this time: '
            '{moments}. Where that cannot be, an event says so while '
            'there is time.'
        ).format(what=what, moments=times.MOMENTS),
    )
    parser.add_argument(
        '--extend-max-price',
        metavar='<price>',
        type=command.argument(prices.price),
        help=_(
            'The most that the added time may cost, per server and hour; '
            'default what the servers cost, or what is bid for them.'
        ),
    )


#: What these options say.
EXTEND = ('extend_until', 'extend_max_price')


def add_no_extend(parser):
    parser.add_argument(
        '--no-extend',
        action='store_true',
        help=_('Let it end at its end, and not be extended by itself any more.'),
    )


def extend_changes(parsed_args):
    """What of a change is about extending."""
    if parsed_args.no_extend and parsed_args.extend_until:
        raise exceptions.CommandError(
            _('--no-extend and --extend-until do not go together')
        )
    given = command.given(parsed_args, *EXTEND)
    return given | ({'extend_until': None} if parsed_args.no_extend else {})


def preview(show, contract, new_end):
    """What another end of a contract comes to, as columns and values.

    :param new_end: the end, an aware moment.
    """
    lines = [line for line in contract.lines if line['status'] not in OVER]
    end = times.parse(contract.end_time)
    if new_end > end:
        # What added time costs, only the service knows.
        wanted = times.render(new_end)
        seen = show.market.update_contract(contract, end_time=wanted, dry_run=True)
        amount = sum(_added(line, end) for line in seen.lines)
    else:
        amount = sum(costs.amount(line['price'], end, new_end) for line in lines)
    latest = _latest_end(show.market, lines, end)
    return PREVIEW, (
        contract.uuid,
        contract.name,
        show.column('Time', contract.end_time),
        show.column('Time', times.render(new_end)),
        latest and show.column('Time', times.render(latest)),
        show.column('Money', f'{amount:.6f}'),
    )


def going_on(show, contract, changes):
    """What it comes to at most if a contract goes on, as columns and values.

    :param changes: of :func:`extend_changes`.
    """
    known = {name: getattr(contract, name) for name in EXTEND} | changes
    end, lines = times.parse(contract.end_time), contract.lines
    until = known['extend_until'] and times.parse(known['extend_until'])
    most = known['extend_max_price']
    amount = sum(
        costs.amount(most or line['price_segments'][-1]['price'], end, until)
        for line in lines
        if until and line['status'] not in OVER
    )
    return (*PREVIEW[:3], *EXTEND, 'max_amount'), (
        contract.uuid,
        contract.name,
        show.column('Time', contract.end_time),
        show.column('Time', known['extend_until']),
        show.column('Money', most),
        show.column('Money', f'{amount:.6f}'),
    )


def _added(line, end):
    """What the time of a line after ``end`` costs."""
    if line['status'] in OVER:
        return 0
    amount = 0
    for each in line['price_segments']:
        start, until = (times.parse(each[name]) for name in ('start_time', 'end_time'))
        if until > end:
            amount += costs.amount(each['price'], max(start, end), until)
    return amount


def _latest_end(market, lines, end):
    """How late the end can be, as far as the offers say now; None if they do not."""
    from flocxclient.sdk import errors

    try:
        offers = [market.get_offer(line['offer_uuid']) for line in lines]
    except errors.ERRORS:
        return None
    ends = (costs.free_until(offer.availabilities, end) for offer in offers)
    return min(ends, default=None)


class SetContract(command.ShowOne):
    """Set when a contract by which you rent ends, and whether it goes on then.

    "extend" and "shorten" move the end, too, and one way only.
    """

    table = fields.CONTRACT
    _epilog = command.examples(
        'openstack market contract set weekend-training --end-time 2027-01-08',
        'openstack market contract set weekend-training --extend-until 2027-02-01 \\',
        '    --extend-max-price 1.50',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'contract')
        parser.add_argument(
            '--end-time',
            metavar='<time>',
            type=command.argument(self.moment),
            help=_(
                'The new end. Times are {moments}; without an offset they '
                'are UTC, or as --os-market-timezone says.'
            ).format(moments=times.MOMENTS),
        )
        add_extend(self, parser, 'it')
        add_no_extend(parser)
        identity.add_generation(parser, 'contract')
        add_dry_run(parser)
        return parser

    def take_action(self, parsed_args):
        changes = extend_changes(parsed_args)
        if parsed_args.end_time is None and not changes:
            raise exceptions.CommandError(
                _('say what to change: --end-time, or --extend-until')
            )
        if parsed_args.dry_run:
            contract = self.market.get_contract(parsed_args.contract)
            if parsed_args.end_time is None:
                return going_on(self, contract, changes)
            return preview(self, contract, times.parse(parsed_args.end_time))
        return self.shown(
            self.market.update_contract(
                parsed_args.contract,
                generation=parsed_args.if_generation,
                **command.given(parsed_args, 'end_time'),
                **changes,
            )
        )


class _MoveEnd(command.ShowOne):
    """A command that moves the end of a contract one way."""

    table = fields.CONTRACT

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'contract')
        end = parser.add_mutually_exclusive_group(required=True)
        end.add_argument(
            '--by',
            metavar='<duration>',
            type=command.argument(times.duration),
            help=self.by_help.format(durations=times.DURATIONS),
        )
        end.add_argument(
            '--until',
            metavar='<time>',
            type=command.argument(self.moment),
            help=_(
                'The new end: {moments}, which count from now. Without an '
                'offset it is UTC, or as --os-market-timezone says.'
            ).format(moments=times.MOMENTS),
        )
        add_dry_run(parser)
        return parser

    def take_action(self, parsed_args):
        from openstack import exceptions as sdk_exceptions

        from flocxclient.sdk import errors

        contract = self.market.get_contract(parsed_args.contract)
        new_end = self.new_end(contract, parsed_args)
        if parsed_args.dry_run:
            return preview(self, contract, new_end)
        for attempts_left in reversed(range(ATTEMPTS)):
            try:
                return self.shown(
                    self.market.update_contract(
                        contract,
                        end_time=times.render(new_end),
                        **self.terms(parsed_args),
                    )
                )
            except sdk_exceptions.ConflictException as exc:
                if errors.code(exc) != 'flocx.conflict.generation':
                    raise
                # It was ours, if the answer to it was lost; or it was about
                # something else, such as a server handed over meanwhile.
                before = self.end_of(contract)
                contract = self.market.get_contract(contract.uuid)
                if self.end_of(contract) == new_end:
                    return self.shown(contract)
                if self.end_of(contract) != before or not attempts_left:
                    raise

    def terms(self, parsed_args):
        """What is sent besides the end."""
        return {}

    def end_of(self, contract):
        return times.moment(contract.end_time, self.now)

    def new_end(self, contract, parsed_args):
        """The end that is asked for, which must lie on the side it should."""
        end = self.end_of(contract)
        if parsed_args.by:
            return self.moved(end, datetime.timedelta(seconds=parsed_args.by))
        new_end = times.moment(parsed_args.until, self.now)
        if self.moved(end, abs(new_end - end)) != new_end or new_end == end:
            raise exceptions.CommandError(
                _('contract {uuid} ends at {end}, and {new_end} is {wrong}').format(
                    uuid=contract.uuid,
                    end=times.render(end),
                    new_end=times.render(new_end),
                    wrong=self.wrong,
                )
            )
        return new_end


class ExtendContract(_MoveEnd):
    """Keep the servers of a contract for longer.

    Possible where the time after it is still free on every server. The added time
    costs the largest of what the contract costs, what the owner asks today and what
    bids that would get it pay; price_segments of the lines say which. With --dry-run
    you see it before.
    """

    by_help = _('How much longer: {durations}.')
    wrong = _('not later: "market contract shorten" makes it shorter')
    _epilog = command.examples(
        'openstack market contract extend weekend-training --by 2h',
        'openstack market contract extend weekend-training --until "tomorrow 18:00"',
        'openstack market contract extend weekend-training --by 2h --dry-run',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--max-price',
            metavar='<price>',
            help=_('Only if the added time costs at most this, per server and hour.'),
        )
        return parser

    def terms(self, parsed_args):
        return command.given(parsed_args, 'max_price')

    @staticmethod
    def moved(end, length):
        return end + length


class ShortenContract(_MoveEnd):
    """Let a contract end earlier; the rest goes back to the offers.

    To end it now, release it. The operator may ask for some notice.
    """

    by_help = _('How much shorter: {durations}.')
    wrong = _('not earlier: "market contract extend" makes it longer')
    _epilog = command.examples(
        'openstack market contract shorten weekend-training --by 6h',
        'openstack market contract shorten weekend-training --until +1h',
    )

    @staticmethod
    def moved(end, length):
        return end - length
