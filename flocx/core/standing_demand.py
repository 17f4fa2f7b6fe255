# SPDX-License-Identifier: Apache-2.0
"""Standing demand: so many servers are held until told otherwise, up to a price."""

from collections.abc import Sequence
import dataclasses
import datetime
import decimal
import enum
from typing import Any

from flocx.core import window


class Status(enum.StrEnum):
    ACTIVE = 'active'
    #: Nothing is bought; what it holds runs to its end.
    PAUSED = 'paused'
    ENDED = 'ended'


#: What a standing demand may become.
TRANSITIONS = {
    Status.ACTIVE: {Status.PAUSED, Status.ENDED},
    Status.PAUSED: {Status.ACTIVE, Status.ENDED},
    Status.ENDED: set[Status](),
}
#: In these it is not over.
OPEN = frozenset({Status.ACTIVE, Status.PAUSED})

#: The most servers that one of them holds: each is bought by a bid of its own.
MAX_QUANTITY = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StandingDemand:
    """``project_id`` wants to have ``quantity`` servers at any time.

    Each is bought for ``duration`` seconds, and again before that is over, for at most
    ``max_price`` credits per hour; until ``end_time``, where there is one. The other
    terms are those of a bid (:class:`flocx.core.bid.Bid`). ``refusal`` is the code of
    the error with which the last purchase was refused, and ``detail`` its words; None
    where it was not.
    """

    uuid: str
    name: str | None = None
    project_id: str
    lineage: tuple[str, ...] = ()
    quantity: int
    max_price: decimal.Decimal
    duration: int
    end_time: datetime.datetime | None = None
    requirements: tuple[tuple[Any, ...], ...] = ()
    resource_class: str | None = None
    min_reclaim_notice: int | None = None
    purpose: str | None = None
    status: Status = Status.ACTIVE
    refusal: str | None = None
    detail: str | None = None
    generation: int = 1
    created_at: datetime.datetime
    updated_at: datetime.datetime


def lacking(
    taken: Sequence[window.Window],
    quantity: int,
    first: datetime.datetime,
    latest: datetime.datetime,
    length: datetime.timedelta,
    least: datetime.timedelta,
    until: datetime.datetime,
) -> window.Window | None:
    """The first stretch of time for which one more server has to be bought.

    With a server bought for it no more than ``quantity`` are held at any moment: it
    ends where as many are held again.

    :param taken: the time of each server that is held, or may be bought by a bid.
    :param first: from when on servers are wanted.
    :param latest: the stretch begins by then.
    :param length: how long it is, unless something ends it.
    :param least: what is shorter cannot be bought.
    :param until: it is over by then.
    :returns: None if nothing is lacking.
    """
    ends = {each.end for each in taken if first < each.end <= latest}
    for start in sorted({first} | ends):
        end = min(start + length, until)
        if end <= start or _held(taken, start) >= quantity:
            continue
        later = {each.start for each in taken if start < each.start < end}
        full = [moment for moment in later if _held(taken, moment) >= quantity]
        end = min([end, *full])
        if end - start >= least:
            return window.Window(start, end)
    return None


def _held(taken: Sequence[window.Window], moment: datetime.datetime) -> int:
    return sum(each.start <= moment < each.end for each in taken)
