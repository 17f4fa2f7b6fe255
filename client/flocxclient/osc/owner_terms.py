# SPDX-License-Identifier: Apache-2.0
"""What an owner asks of who rents a server, beside a price."""

from flocxclient.i18n import _
from flocxclient.osc import asks
from flocxclient.osc import command
from flocxclient.osc import times

#: The options for how long a server is let, and what they say.
LENGTHS = {
    'min_length': _('Let it for so long at least'),
    'max_length': _('Let it for so long at most'),
}


def add_lengths(parser, changing=False):
    """Options for how long a server is let.

    :param changing: whether what was said before can be taken back.
    """
    for name, said in LENGTHS.items():
        option = name.replace('_', '-')
        group = parser.add_mutually_exclusive_group() if changing else parser
        group.add_argument(
            f'--{option}',
            metavar='<duration>',
            type=command.argument(times.duration),
            help=(
                _('{said} from now on: {durations}.')
                if changing
                else _('{said}: {durations}; default any time.')
            ).format(said=said, durations=times.DURATIONS),
        )
        if changing:
            group.add_argument(
                f'--no-{option}',
                action='store_true',
                help=_('Let it for any time as far as {name} goes.').format(name=name),
            )


def add_block(parser):
    """Options for servers that are sold only together."""
    parser.add_argument(
        '--block',
        metavar='<name>',
        help=_(
            'Sell it only together with your other servers in the block '
            'of this name, such as a rack: whole, or not at all.'
        ),
    )
    parser.add_argument(
        '--block-size',
        metavar='<servers>',
        type=int,
        help=_(
            'How many servers the block has, from 2 to 64; by default as '
            'many as are offered at once. While some are missing nothing '
            'of it is for sale.'
        ),
    )


def add_asks(parser, changing=False):
    """Options for what is asked by the hour.

    :param changing: whether what was said before can be taken back.
    """
    at = parser.add_mutually_exclusive_group() if changing else parser
    at.add_argument(
        '--ask-at',
        metavar=f'"{asks.ENTRY}"',
        type=command.argument(asks.parse),
        action='append',
        help=_(
            'Another price at these times; may be repeated, and of those '
            'that hold at a moment the first counts. Days are daily (the '
            'default), weekdays, weekends, sat,sun or mon-fri; what ends '
            'before it begins ends on the next day. It is in UTC unless '
            'a time zone is named.'
        ),
    )
    falls = parser.add_mutually_exclusive_group() if changing else parser
    falls.add_argument(
        '--ask-falls',
        metavar=asks.FALL,
        type=command.argument(asks.parse_falls),
        help=_(
            'From so long before a time on ask the less for it the '
            'nearer it comes, down to this price: 48h=0.20.'
        ),
    )
    if changing:
        at.add_argument(
            '--no-ask-at', action='store_true', help=_('Ask its price at all times.')
        )
        falls.add_argument(
            '--no-ask-falls',
            action='store_true',
            help=_('Ask the same however near a time is.'),
        )


def given_asks(parsed_args):
    """What the options of ``add_asks`` say, for the API."""
    found = command.given(parsed_args, 'ask_at', 'ask_falls')
    if 'ask_at' in found:
        found['ask_schedule'] = found.pop('ask_at')
    return found


def changed(parsed_args):
    """What these options change of an offer."""
    changes = {**command.given(parsed_args, *LENGTHS), **given_asks(parsed_args)}
    for name in LENGTHS:
        if getattr(parsed_args, f'no_{name}'):
            changes[name] = None
    if parsed_args.no_ask_at:
        changes['ask_schedule'] = None
    if parsed_args.no_ask_falls:
        changes['ask_falls'] = None
    return changes
