# SPDX-License-Identifier: Apache-2.0
"""Moments and durations as people write and read them.

PURE: the present is an argument, aware, and in the time zone of whoever reads and
writes. Whatever cannot be understood is a ValueError that says what can.
"""

import datetime
import re
import zoneinfo

from dateutil import parser
from dateutil import tz

from flocxclient.i18n import _

MOMENTS = (
    '2027-01-05T09:00:00Z, 2027-01-05, "2027-01-05 09:00", now, tonight, 18:00, '
    '"tomorrow 09:00", "mon 09:00", +3d or "7d ago"'
)
DURATIONS = '36h, 2w, 90m, 1d12h or 30s'

#: When the evening begins, an hour.
EVENING = 18

_UNITS = {'w': 604800, 'd': 86400, 'h': 3600, 'm': 60, 's': 1}
#: A length of time as the API's sentences have it.
_SECONDS = re.compile(r'(?<![.\d])([0-9]+) seconds\b')
_AS_MANY = re.compile(r'(?<=it asks for )([0-9]+)(?=\.)')
_DURATION = re.compile(r'(?:[0-9]+[wdhms])+')
_AGO = re.compile(r'(\S+) ago')
_DAYS = {'yesterday': -1, 'today': 0, 'tonight': 0, 'tomorrow': 1}
_SPOKEN = re.compile(
    r'(?:(?P<day>yesterday|today|tonight|tomorrow)|(?P<weekday>'
    r'mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|'
    r'sat(?:urday)?|sun(?:day)?))?'
    r'(?:(?:^|[ t]+)(?P<clock>[0-9]{1,2}(?::[0-9]{2}){1,2}|'
    r'(?:0?[1-9]|1[0-2])(?::[0-9]{2})? ?[ap]m))?'
)


def zone(name):
    """The time zone of this name; ``local`` is that of the machine.

    :raises ValueError: there is none.
    """
    if name == 'local':
        return tz.tzlocal()
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            _(
                '{name!r} is not a time zone: write UTC, local or a name '
                'such as Europe/Berlin'
            ).format(name=name)
        ) from None


def moment(text, now):
    """The moment that ``text`` names, aware.

    What carries no offset is in the time zone of ``now``. A day of the week and a
    time of the day alone mean the next one to come.
    """
    text = text.strip().lower()
    try:
        if text == 'now':
            return now
        if text.startswith('+'):
            return _shifted(now, duration(text[1:]))
        ago = _AGO.fullmatch(text)
        if ago:
            return _shifted(now, -duration(ago[1]))
        spoken = _SPOKEN.fullmatch(text)
        if spoken and any(spoken.groups()):
            return _spoken(now, **spoken.groupdict())
        found = _aware(datetime.datetime.fromisoformat(text.upper()), now.tzinfo)
        return found.astimezone(datetime.UTC).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        raise ValueError(
            _('{text!r} is not a time: write {moments}').format(
                text=text, moments=MOMENTS
            )
        ) from None


def duration(text):
    """The length that ``text`` names, in seconds, at least one."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        raise ValueError(
            _(
                '{text!r} has no unit: write {text}h for hours, {text}m for '
                'minutes, or another of {durations}'
            ).format(text=text, durations=DURATIONS)
        )
    seconds = 0
    if _DURATION.fullmatch(text):
        seconds = sum(
            int(count) * _UNITS[unit]
            for count, unit in re.findall('([0-9]+)([wdhms])', text)
        )
    if not seconds:
        raise ValueError(
            _('{text!r} is not a duration: write {durations}').format(
                text=text, durations=DURATIONS
            )
        )
    return seconds


def month(text):
    """The first moments of a month, as ``2027-01``, and of the next, in UTC."""
    try:
        first = datetime.datetime.strptime(f'{text.strip()} +0000', '%Y-%m %z')
    except ValueError:
        raise ValueError(
            _('{text!r} is not a month: write one such as 2027-01').format(text=text)
        ) from None
    after = (first + datetime.timedelta(days=32)).replace(day=1)
    return first, after


def render(when):
    """A moment as the API writes it: ISO 8601 in UTC with a Z."""
    when = _aware(when, datetime.UTC).astimezone(datetime.UTC)
    return when.isoformat().replace('+00:00', 'Z')


def parse(text):
    """A moment of the API, aware."""
    return _aware(datetime.datetime.fromisoformat(text), datetime.UTC)


def add(when, seconds):
    """So many seconds after a moment."""
    return when + datetime.timedelta(seconds=seconds)


def render_local(text, zone):
    """A moment of the API for people: to the minute, in a time zone, with its name."""
    return parse(text).astimezone(zone).strftime('%Y-%m-%d %H:%M %Z')


def render_duration(seconds):
    """Seconds as ``duration`` reads them: the largest units first."""
    parts = []
    for unit, size in list(_UNITS.items())[1:]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f'{count}{unit}')
    return ''.join(parts) or '0s'


def sentence(text, render=render_duration):
    """A sentence of the API, with its lengths of time as people write them.

    :param render: makes such a text of seconds.
    """
    if _SECONDS.search(text):
        # Where it has seconds, the last number is of them, too.
        text = _AS_MANY.sub(r'\1 seconds', text)
    return _SECONDS.sub(lambda found: render(int(found[1])), text)


def _shifted(now, seconds):
    """So many seconds later, also where clocks are put forward in between."""
    later = now.astimezone(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return later.astimezone(now.tzinfo)


def _spoken(now, day, weekday, clock):
    """A day, a day of the week or a time of the day, or a time on such a day."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if day == 'tonight' and not clock:
        return max(now, midnight.replace(hour=EVENING))
    if day:
        midnight += datetime.timedelta(days=_DAYS[day])
        return parser.parse(clock, default=midnight) if clock else midnight
    words = ' '.join(filter(None, (weekday, clock)))
    found = parser.parse(words, default=midnight)
    if found <= now:
        found += datetime.timedelta(days=7 if weekday else 1)
    return found


def _aware(when, zone):
    return when.replace(tzinfo=zone) if when.tzinfo is None else when
