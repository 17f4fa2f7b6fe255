# SPDX-License-Identifier: Apache-2.0
"""What a line of a contract comes to: the time served, and what it costs."""

from collections.abc import Iterable
import dataclasses
import datetime
import decimal

from flocx.core import contract
from flocx.core import money
from flocx.core import window


@dataclasses.dataclass(frozen=True, slots=True)
class Usage:
    """What the time of one line that has one price comes to within a period.

    ``start_time`` is where that time begins, and ``price`` is in credits per server
    and hour. ``served``, ``missed``, promised but not served, and ``notice``, billed
    because the line was cancelled before it began, are in seconds. ``amount``, for
    the time served and the notice, is in credits to 6 places.
    """

    start_time: datetime.datetime
    price: decimal.Decimal
    served: int
    missed: int
    notice: int
    amount: decimal.Decimal


def of_line(
    line: contract.Line,
    interruptions: Iterable[window.Window],
    period: window.Window,
    now: datetime.datetime,
) -> list[Usage]:
    """The usage of ``line`` in ``period``, as far as it lies before ``now``.

    Served is what lies between the hand-over and the end and was not interrupted;
    the time that cleaning takes afterwards is nobody's bill. The notice of a line that
    was cancelled before it began is billed at the moment of that.

    :returns: one for each price that the line has, in order: the time that an
        extension has added is billed by itself.
    """
    if line.status == contract.Status.CANCELLED:
        return _cancelled(line, period, now)
    left = _left(line, interruptions, now)
    return [
        _segment(stay, price, left, period, now)
        for stay, price in line.segments
        if stay.overlaps(period)
    ]


def _segment(
    stay: window.Window,
    price: decimal.Decimal,
    left: list[window.Window],
    period: window.Window,
    now: datetime.datetime,
) -> Usage:
    """The usage of the segment ``stay`` of a line that has served ``left``."""
    promised = _common(stay.start, stay.end, period, now)
    if promised is None:
        return _nothing(stay, price)
    served = _served(left, promised, now)
    # By what comes to all of the time until now, so that the amounts of periods add up
    # to the amount of the whole, to the last digit.
    past = _common(stay.start, stay.end, window.Window(stay.start, promised.end), now)
    until = _served(left, past or promised, now)
    return Usage(
        start_time=stay.start,
        price=price,
        served=served,
        missed=promised.seconds - served,
        notice=0,
        amount=money.amount(price, until) - money.amount(price, until - served),
    )


def _served(
    left: list[window.Window], promised: window.Window, now: datetime.datetime
) -> int:
    """The seconds of ``promised`` that lie in ``left``."""
    parts = [_common(each.start, each.end, promised, now) for each in left]
    return sum(each.seconds for each in parts if each)


def _cancelled(
    line: contract.Line, period: window.Window, now: datetime.datetime
) -> list[Usage]:
    """The notice of a cancelled line, where it was cancelled in ``period``."""
    when = line.expire_time
    if when is None or not (period.start <= when < period.end and when <= now):
        return []
    until = line.start_time + datetime.timedelta(seconds=line.notice_seconds)
    found = []
    for stay, price in line.segments:
        end = min(stay.end, until)
        if stay.start < end:
            seconds = window.Window(stay.start, end).seconds
            amount = money.amount(price, seconds)
            found.append(Usage(stay.start, price, 0, 0, seconds, amount))
    return found


def _nothing(stay: window.Window, price: decimal.Decimal) -> Usage:
    return Usage(stay.start, price, 0, 0, 0, decimal.Decimal(0))


def _left(
    line: contract.Line, interruptions: Iterable[window.Window], now: datetime.datetime
) -> list[window.Window]:
    """When the server of ``line`` served its lessee, before ``now``."""
    if line.fulfill_time is None:
        return []
    over = min(line.end_time, line.expire_time or line.end_time, now)
    start, end = (
        each.replace(microsecond=0)
        for each in (max(line.fulfill_time, line.start_time), over)
    )
    if start >= end:
        return []
    broken = (_whole(each) for each in interruptions)
    return window.Window(start, end).minus(filter(None, broken))


def _whole(broken: window.Window) -> window.Window | None:
    """To the second, like all else, so that periods add up; None if nothing is left."""
    start, end = (each.replace(microsecond=0) for each in (broken.start, broken.end))
    return window.Window(start, end) if start < end else None


def _common(
    start: datetime.datetime,
    end: datetime.datetime,
    period: window.Window,
    now: datetime.datetime,
) -> window.Window | None:
    """What [start, end) and ``period`` have in common before ``now``."""
    first = max(start, period.start).replace(microsecond=0)
    last = min(end, period.end, now).replace(microsecond=0)
    return window.Window(first, last) if first < last else None
