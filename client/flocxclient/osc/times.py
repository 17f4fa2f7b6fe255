# SPDX-License-Identifier: Apache-2.0
"""Moments and durations as people write them.

PURE: the present is an argument, aware and in UTC. Whatever cannot be
understood is a ValueError that says what can.
"""

import datetime
import re

MOMENTS = (
    '2027-01-05T09:00:00Z, 2027-01-05, "2027-01-05 09:00", now, today, '
    '"tomorrow 09:00", +3d or "7d ago"'
)
DURATIONS = '36h, 2w, 90m, 1d12h, 30s or a number of seconds'

_UNITS = {'w': 604800, 'd': 86400, 'h': 3600, 'm': 60, 's': 1}
_DURATION = re.compile(r'(?:[0-9]+[wdhms])+')
_DAYS = {'yesterday': -1, 'today': 0, 'tomorrow': 1}
_AGO = re.compile(r'(\S+) ago')
_DAY = re.compile(r'(yesterday|today|tomorrow)(?:[ T]+([0-9]{1,2}):([0-9]{2}))?')


def moment(text, now):
    """The moment that ``text`` names, aware and in UTC.

    What carries no offset is UTC, not the time of the machine: the same
    command must mean the same on a laptop in any zone.
    """
    text = text.strip()
    try:
        if text == 'now':
            return now
        if text.startswith('+'):
            return now + datetime.timedelta(seconds=duration(text[1:]))
        ago = _AGO.fullmatch(text)
        if ago:
            return now - datetime.timedelta(seconds=duration(ago[1]))
        day = _DAY.fullmatch(text)
        if day:
            return _on(now, *day.groups())
        return _aware(datetime.datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise ValueError(f'{text!r} is not a time: write {MOMENTS}') from None


def duration(text):
    """The length that ``text`` names, in seconds, at least one."""
    text = text.strip()
    if re.fullmatch('[0-9]+', text):
        seconds = int(text)
    elif _DURATION.fullmatch(text):
        seconds = sum(
            int(count) * _UNITS[unit]
            for count, unit in re.findall('([0-9]+)([wdhms])', text)
        )
    else:
        seconds = 0
    if not seconds:
        raise ValueError(f'{text!r} is not a duration: write {DURATIONS}')
    return seconds


def render(when):
    """A moment as the API writes it: ISO 8601 in UTC with a Z."""
    return _aware(when).isoformat().replace('+00:00', 'Z')


def render_duration(seconds):
    """Seconds as ``duration`` reads them: the largest units first."""
    parts = []
    for unit, size in list(_UNITS.items())[1:]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f'{count}{unit}')
    return ''.join(parts) or '0s'


def _on(now, day, hour, minute):
    """A time of the day; without one, the day's beginning."""
    when = now.replace(
        hour=int(hour or 0), minute=int(minute or 0), second=0, microsecond=0
    )
    return when + datetime.timedelta(days=_DAYS[day])


def _aware(when):
    if when.tzinfo is None:
        return when.replace(tzinfo=datetime.UTC)
    return when.astimezone(datetime.UTC)
