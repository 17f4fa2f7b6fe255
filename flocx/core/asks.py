# SPDX-License-Identifier: Apache-2.0
"""Asks by the hour: what an owner asks at night, at weekends, or shortly before.

An offer with ``ask_schedule`` or ``ask_falls`` asks something else for some of its time
than its ``price``. What it asks for is constant between moments that follow from both,
and for a stay it is the mean of that, as an hour of it is worth: nobody pays less for
any stay than its hours are asked for, all together.

A schedule is a list of entries, and of those that hold at a moment the first counts.
Each has a price, and the days and times at which it holds in a time zone that its owner
names; one that ends before it begins ends on the next day. Where a clock is changed its
times are what the clock on the wall says, and a time that it leaves out is as much
later.

With ``ask_falls`` what is asked falls from so many seconds before to a lower price, in
equal steps of an hour: the nearer an hour of the offer, the less it asks.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import datetime
import decimal
import functools
import heapq
import json
import re
from typing import Any
from typing import NamedTuple
import zoneinfo

from flocx import exceptions
from flocx.core import money
from flocx.core import window

DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')

#: An offer of which anything is asked by the hour ends so many days after its start,
#: and asks no more: so that all it asks can be counted, in 64 bits.
LONGEST, MAX_PRICE = 200, decimal.Decimal(100_000)

#: How long before, in seconds, an ask can begin to fall.
MAX_FALL = 14 * 86400

#: How many entries a schedule has at most, whatever the market allows.
MAX_ENTRIES = 16

#: Of a credit.
MICRO = decimal.Decimal(1_000_000)

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)

_TIME = re.compile(r'([01][0-9]|2[0-3]):[0-5][0-9]|24:00')
_FIELDS = {'days', 'start', 'end', 'timezone', 'price'}


class Piece(NamedTuple):
    """From ``start`` to ``end`` an hour is asked ``price`` for."""

    start: datetime.datetime
    end: datetime.datetime
    price: decimal.Decimal


def schedule(value: object, most: int = MAX_ENTRIES) -> list[dict[str, Any]] | None:
    """The ``ask_schedule`` that ``value``, JSON, says, complete; None for none.

    :raises Invalid: naming the entry and its field.
    """
    if value is None or value == []:
        return None
    if not isinstance(value, list):
        raise exceptions.Invalid('ask_schedule: a list of entries is expected')
    if len(value) > most:
        raise exceptions.Invalid(
            f'ask_schedule: {len(value)} entries; at most {most} are allowed '
            '(max_ask_entries)'
        )
    return [_entry(each, f'ask_schedule[{at}]') for at, each in enumerate(value)]


def _entry(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not {'start', 'end', 'price'} <= value.keys():
        raise exceptions.Invalid(
            f'{where}: an object with start, end and price is expected, and days and '
            'timezone if it is not for each day or in UTC'
        )
    if unknown := sorted(map(str, value.keys() - _FIELDS)):
        raise exceptions.Invalid(f'{where}: there is no field {unknown[0][:40]!r}')
    for name in ('start', 'end'):
        if not isinstance(value[name], str) or not _TIME.fullmatch(value[name]):
            raise exceptions.Invalid(
                f'{where}.{name}: {str(value[name])[:40]!r} is not a time of day such '
                'as 20:00'
            )
    if value['start'] == value['end'] or value['start'] == '24:00':
        raise exceptions.Invalid(
            f'{where}.start: it has no time before its end; a whole day is from 00:00 '
            'to 24:00'
        )
    return {
        'days': _days(value.get('days'), f'{where}.days'),
        'start': value['start'],
        'end': value['end'],
        'timezone': _timezone(value.get('timezone'), f'{where}.timezone'),
        'price': _price(value['price'], f'{where}.price'),
    }


def _days(value: object, where: str) -> list[str]:
    if value is None:
        return list(DAYS)
    if not isinstance(value, list) or not value or len(value) > len(DAYS):
        raise exceptions.Invalid(f'{where}: a list of days is expected, as of mon, tue')
    for each in value:
        if each not in DAYS:
            raise exceptions.Invalid(
                f'{where}: {str(each)[:40]!r} is none of {", ".join(DAYS)}'
            )
    return [each for each in DAYS if each in value]


def _timezone(value: object, where: str) -> str:
    if value is None:
        return 'UTC'
    if not isinstance(value, str) or value not in _zones():
        raise exceptions.Invalid(
            f'{where}: {str(value)[:40]!r} is no time zone such as Europe/Berlin'
        )
    return value


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _price(value: object, where: str) -> str:
    price = money.price(value, where)
    if price > MAX_PRICE:
        raise exceptions.Invalid(f'{where}: at most {MAX_PRICE} an hour are allowed')
    return money.text(price)


def falls(value: object) -> dict[str, Any] | None:
    """The ``ask_falls`` that ``value``, JSON, says; None for none.

    :raises Invalid: naming its field.
    """
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != {'before', 'price'}:
        raise exceptions.Invalid(
            'ask_falls: an object is expected, of the seconds before at which it '
            'begins, before, and the price that it falls to, price'
        )
    before = value['before']
    if isinstance(before, bool) or not isinstance(before, int):
        raise exceptions.Invalid('ask_falls.before: a number of seconds is expected')
    if not 3600 <= before <= MAX_FALL:
        raise exceptions.Invalid(f'ask_falls.before: it is not in 3600..{MAX_FALL}')
    return {'before': before, 'price': _price(value['price'], 'ask_falls.price')}


def require_bounded(
    wanted: window.Window,
    price: decimal.Decimal,
    entries: Sequence[Mapping[str, Any]] | None,
    fall: Mapping[str, Any] | None,
) -> None:
    """Nothing, if an offer of this window and price may ask for it by the hour.

    :raises Invalid: it is too long, asks for too much, or falls to more.
    """
    if not entries and not fall:
        return
    if wanted.length > LONGEST * DAY:
        raise exceptions.Invalid(
            f'end_time: an offer with ask_schedule or ask_falls ends at most {LONGEST} '
            'days after its start'
        )
    if price > MAX_PRICE:
        raise exceptions.Invalid(
            f'price: an offer with ask_schedule or ask_falls asks {MAX_PRICE} an hour '
            'at most'
        )
    if fall and decimal.Decimal(fall['price']) >= price:
        raise exceptions.Invalid(
            f'ask_falls.price: {fall["price"]} is not less than price, '
            f'{money.text(price)}'
        )


def lowest(
    price: decimal.Decimal,
    entries: Sequence[Mapping[str, Any]] | None,
    fall: Mapping[str, Any] | None,
) -> decimal.Decimal:
    """No hour of such an offer is ever asked less for."""
    others = [*(entries or ()), *([fall] if fall else ())]
    return min([price, *(decimal.Decimal(each['price']) for each in others)])


def pieces(
    wanted: window.Window,
    now: datetime.datetime,
    price: decimal.Decimal,
    entries: Sequence[Mapping[str, Any]] | None,
    fall: Mapping[str, Any] | None,
) -> tuple[Piece, ...]:
    """What is asked for the window ``wanted``, side by side, as it is ``now``."""
    return _pieces(
        wanted,
        now.replace(minute=0, second=0, microsecond=0) if fall else None,
        price,
        json.dumps(entries or []),
        json.dumps(fall),
    )


@functools.lru_cache(4096)
def _pieces(
    wanted: window.Window,
    hour: datetime.datetime | None,
    price: decimal.Decimal,
    entries: str,
    fall: str,
) -> tuple[Piece, ...]:
    found = _scheduled(wanted, price, json.loads(entries))
    if hour is not None:
        found = _fallen(found, hour, json.loads(fall))
    return tuple(_joined(found))


def _scheduled(
    wanted: window.Window, price: decimal.Decimal, entries: list[dict[str, Any]]
) -> Iterator[Piece]:
    """By the schedule alone: of the entries that hold the first counts."""
    prices = [*(decimal.Decimal(each['price']) for each in entries), price]
    changes = [(wanted.end, 0, 0)]
    for number, each in enumerate(entries):
        for start, end in _holds(wanted, each):
            changes += ((start, number, 1), (end, number, -1))
    holding = [0] * len(entries)
    open_now: list[int] = []
    since = wanted.start
    for moment, number, change in sorted(changes):
        if moment > since:
            while open_now and not holding[open_now[0]]:
                heapq.heappop(open_now)
            yield Piece(since, moment, prices[open_now[0] if open_now else -1])
            since = moment
        if change:
            holding[number] += change
            if change > 0:
                heapq.heappush(open_now, number)


def _holds(
    wanted: window.Window, entry: Mapping[str, Any]
) -> Iterator[tuple[datetime.datetime, datetime.datetime]]:
    """When an entry holds, within ``wanted``."""
    zone = zoneinfo.ZoneInfo(entry['timezone'])
    first, last = (
        each.astimezone(zone).date() for each in (wanted.start - DAY, wanted.end)
    )
    days = {DAYS.index(each) for each in entry['days']}
    longer = datetime.timedelta(days=entry['end'] <= entry['start'])
    for number in range((last - first).days + 1):
        day = first + datetime.timedelta(days=number)
        if day.weekday() not in days:
            continue
        start = max(_at(day, entry['start'], zone), wanted.start)
        end = min(_at(day + longer, entry['end'], zone), wanted.end)
        if start < end:
            yield start, end


def _at(day: datetime.date, time: str, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
    hours, minutes = map(int, time.split(':'))
    if hours == 24:
        day, hours = day + DAY, 0
    local = datetime.datetime(day.year, day.month, day.day, hours, minutes, tzinfo=zone)
    return local.astimezone(datetime.UTC)


def _fallen(
    found: Iterable[Piece], hour: datetime.datetime, fall: Mapping[str, Any]
) -> Iterator[Piece]:
    """``found`` as it falls from some hours after ``hour`` on, the nearer the more."""
    hours, least = fall['before'] // 3600, decimal.Decimal(fall['price'])
    until = hour + hours * HOUR
    for piece in found:
        start = piece.start
        while start < min(piece.end, until):
            lead = max(0, (start - hour) // HOUR)
            end = min(piece.end, max(hour + (lead + 1) * HOUR, start))
            more = max(decimal.Decimal(0), piece.price - least)
            less = money.quantised(more * lead / hours)
            yield Piece(start, end, min(piece.price, least + less))
            start = end
        if start < piece.end:
            yield Piece(start, piece.end, piece.price)


def _joined(found: Iterable[Piece]) -> list[Piece]:
    """``found`` with what follows each other at one price in one piece."""
    joined = list[Piece]()
    for piece in found:
        if joined and joined[-1].price == piece.price:
            joined[-1] = joined[-1]._replace(end=piece.end)
        else:
            joined.append(piece)
    return joined


def micro_seconds(found: Sequence[Piece], stay: window.Window) -> int:
    """What ``stay`` is asked for, in millionths of a credit an hour, times seconds."""
    total = 0
    for piece in found:
        seconds = min(piece.end, stay.end) - max(piece.start, stay.start)
        if seconds > datetime.timedelta():
            micro = int(money.EXACT.multiply(piece.price, MICRO))
            total += micro * (seconds // window.SECOND)
    return total


def mean(found: Sequence[Piece], stay: window.Window) -> decimal.Decimal:
    """What an hour of ``stay`` is asked for, on average; rounded up to a millionth."""
    rate = -(-micro_seconds(found, stay) // stay.seconds)
    return money.quantised(money.EXACT.divide(decimal.Decimal(rate), MICRO))
