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
    """What one line comes to within a period.

    ``served`` and ``missed``, promised but not served, are in seconds, ``amount``,
    for the time served, is in credits to 6 places.
    """

    served: int
    missed: int
    amount: decimal.Decimal


def of_line(
    line: contract.Line,
    interruptions: Iterable[window.Window],
    period: window.Window,
    now: datetime.datetime,
) -> Usage:
    """The usage of ``line`` in ``period``, as far as it lies before ``now``.

    Served is what lies between the hand-over and the end and was not interrupted;
    the time that cleaning takes afterwards is nobody's bill.
    """
    promised = _common(line.start_time, line.end_time, period, now)
    if promised is None or line.status == contract.Status.CANCELLED:
        return Usage(0, 0, decimal.Decimal(0))
    served = 0
    if line.fulfill_time is not None:
        over = min(line.end_time, line.expire_time or line.end_time)
        delivered = _common(line.fulfill_time, over, promised, now)
        if delivered is not None:
            served = sum(each.seconds for each in delivered.minus(interruptions))
    return Usage(served, promised.seconds - served, money.amount(line.price, served))


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
