# SPDX-License-Identifier: Apache-2.0
"""Time: instants are aware UTC to the second, windows are half-open."""

from collections.abc import Iterable
import dataclasses
import datetime

from flocx import exceptions

#: Windows outside these years are refused: arithmetic on them would overflow.
FIRST_YEAR, LAST_YEAR = 2000, 9000

SECOND = datetime.timedelta(seconds=1)

#: The end of what has none yet.
FOREVER = datetime.datetime(LAST_YEAR + 1, 1, 1, tzinfo=datetime.UTC)

#: The end of what is offered without one: the last moment that is known.
OPEN_END = FOREVER - SECOND


def instant(value: object, field: str) -> datetime.datetime:
    """The moment that ``value`` names, in UTC and to the second.

    :param value: an ISO 8601 string with a zone, or an aware datetime.
    :param field: what to call the value when it is refused.
    :raises Invalid: it is no such string, lacks a zone or lies out of range.
    """
    example = 'write it like 2027-01-31T18:00:00Z'
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise exceptions.Invalid(f'{field}: {error}; {example}') from None
    if not isinstance(value, datetime.datetime):
        raise exceptions.Invalid(f'{field}: {value!r} is not a time; {example}')
    if value.tzinfo is None:
        raise exceptions.Invalid(f'{field}: {value} names no time zone; {example}')
    try:
        moment = value.astimezone(datetime.UTC)
    except OverflowError:
        # The calendar ends there, and our years long before.
        moment = value
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise exceptions.Invalid(
            f'{field}: the year {moment.year} is not in {FIRST_YEAR}..{LAST_YEAR}'
        )
    return moment.replace(microsecond=0)


def of_timestamp(seconds: int) -> datetime.datetime:
    """The moment that is ``seconds`` after the epoch."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def through(moment: datetime.datetime) -> datetime.datetime:
    """The end of the second of ``moment``: what happened in it lies before that."""
    return moment.replace(microsecond=0) + datetime.timedelta(seconds=1)


def day(moment: datetime.datetime) -> datetime.datetime:
    """The beginning of the day of ``moment``, in UTC."""
    return moment.astimezone(datetime.UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )


def text(moment: datetime.datetime) -> str:
    """``moment`` as the API writes it: ``2027-01-31T18:00:00Z``."""
    if moment.tzinfo is not datetime.UTC:
        moment = moment.astimezone(datetime.UTC)
    # A tenth of a long list is these texts, and strftime takes thrice as long.
    return f'{moment.isoformat()[:19]}Z'


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Window:
    """A stretch of time, [start, end), both aware."""

    start: datetime.datetime
    end: datetime.datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise exceptions.Invalid(
                f'end_time: {text(self.end)} is not after start_time {text(self.start)}'
            )

    @property
    def length(self) -> datetime.timedelta:
        """The time between start and end, a timedelta."""
        return self.end - self.start

    @property
    def seconds(self) -> int:
        """The length in whole seconds."""
        return int(self.length.total_seconds())

    def overlaps(self, other: 'Window') -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: 'Window') -> bool:
        return self.start <= other.start and other.end <= self.end

    def since(self, moment: datetime.datetime) -> 'Window | None':
        """The part from ``moment`` on, or None where nothing is left."""
        if moment >= self.end:
            return None
        return Window(max(self.start, moment), self.end)

    def minus(self, taken: Iterable['Window']) -> list['Window']:
        """The parts of this window that none of ``taken`` covers, in order."""
        free, start = [], self.start
        for other in sorted(filter(self.overlaps, taken)):
            if start < other.start:
                free.append(Window(start, other.start))
            start = max(start, other.end)
        if start < self.end:
            free.append(Window(start, self.end))
        return free


def days(wanted: Window) -> Window:
    """The whole days, in UTC, that the window ``wanted`` has a part of."""
    end = day(wanted.end)
    if end < wanted.end:
        end += datetime.timedelta(days=1)
    return Window(day(wanted.start), end)
