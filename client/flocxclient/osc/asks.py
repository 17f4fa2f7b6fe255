# SPDX-License-Identifier: Apache-2.0
"""Asks by the hour as people write them: ``weekdays 20:00-08:00 Europe/Berlin=0.50``.

PURE.
"""

import re

from flocxclient.i18n import _
from flocxclient.osc import prices
from flocxclient.osc import times

DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
#: Several days in one word.
TOGETHER = {'daily': DAYS, 'weekdays': DAYS[:5], 'weekends': DAYS[5:]}
#: How an entry is written, and how a fall is.
ENTRY = '[<days>] <hh:mm>-<hh:mm> [<zone>]=<price>'
FALL = '<duration>=<price>'

_HOURS = re.compile(r'([0-9]{1,2}:[0-9]{2})-([0-9]{1,2}:[0-9]{2})')
_EXAMPLE = '"weekdays 20:00-08:00 Europe/Berlin=0.50"'


def parse(text):
    """An entry of ``ask_schedule``.

    :raises ValueError: it is none.
    """
    when, equals, price = text.rpartition('=')
    words = when.split()
    hours = [word for word in words if _HOURS.fullmatch(word)]
    if not equals or len(hours) != 1 or len(words) > 3:
        raise ValueError(
            _('{text!r} is not {entry}, such as {example}').format(
                text=text, entry=ENTRY, example=_EXAMPLE
            )
        )
    at = words.index(hours[0])
    start, end = (clock.zfill(5) for clock in hours[0].split('-'))
    if at > 1 or len(words) - at > 2:
        raise ValueError(
            _('{text!r} is not {entry}, such as {example}').format(
                text=text, entry=ENTRY, example=_EXAMPLE
            )
        )
    entry = {'start': start, 'end': end, 'price': prices.price(price.strip())}
    if at:
        entry['days'] = _days(words[0])
    if words[at + 1 :]:
        entry['timezone'] = words[at + 1]
    return entry


def _days(word):
    found = []
    for each in word.lower().split(','):
        first, dash, last = each.partition('-')
        if each in TOGETHER:
            found += TOGETHER[each]
        elif {first, last or first} <= {*DAYS}:
            begin, end = DAYS.index(first), DAYS.index(last or first)
            found += [
                DAYS[day % 7] for day in range(begin, end + 1 + 7 * (end < begin))
            ]
        else:
            raise ValueError(
                _(
                    '{word!r} are no days: write daily, weekdays, weekends, '
                    'sat,sun or mon-fri'
                ).format(word=word)
            )
    return [each for each in DAYS if each in found]


def parse_falls(text):
    """An ``ask_falls``.

    :raises ValueError: it is none.
    """
    before, equals, price = text.partition('=')
    if not equals:
        raise ValueError(
            _('{text!r} is not {entry}, such as 48h=0.20').format(text=text, entry=FALL)
        )
    return {
        'before': times.duration(before.strip()),
        'price': prices.price(price.strip()),
    }


def render(entry):
    """An entry as it is written, in full."""
    days = ','.join(entry['days'])
    for name, several in TOGETHER.items():
        if tuple(entry['days']) == several:
            days = name
    when = f'{days} {entry["start"]}-{entry["end"]} {entry["timezone"]}'
    return f'{when}={_short(entry["price"])}'


def render_falls(falls):
    return f'{times.render_duration(falls["before"])}={_short(falls["price"])}'


def _short(price):
    whole, point, part = price.partition('.')
    return f'{whole}.{part.rstrip("0").ljust(2, "0")}' if point else price
