# SPDX-License-Identifier: Apache-2.0
"""A bid: servers of a kind, for a time within a window, up to a price."""

import dataclasses
import datetime
import decimal
import enum
from typing import Any

from flocx import exceptions
from flocx.core import window


class Status(enum.StrEnum):
    AVAILABLE = 'available'
    MATCHED = 'matched'
    EXPIRED = 'expired'
    CANCELLED = 'cancelled'


#: What a bid may become.
TRANSITIONS = {
    Status.AVAILABLE: {Status.MATCHED, Status.EXPIRED, Status.CANCELLED},
    Status.MATCHED: set[Status](),
    Status.EXPIRED: set[Status](),
    Status.CANCELLED: set[Status](),
}

#: The most servers that one bid can ask for.
MAX_QUANTITY = 10_000


def accepts(least: int | None, reclaim_notice: int | None) -> bool:
    """Whether who wants a notice of ``least`` seconds takes one of ``reclaim_notice``.

    None is, as a notice, that a server is never reclaimed, and as a wish, that only
    such a server will do.
    """
    if reclaim_notice is None:
        return True
    return least is not None and least <= reclaim_notice


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """``project_id`` asks for ``quantity`` servers, at least ``min_quantity``.

    ``duration`` is in seconds, ``price`` the ceiling in credits per server and
    hour. ``requirements`` are triples of the match language. ``lineage`` is the
    project and its ancestors when the bid was placed: it decides which targeted
    offers the bid may take. ``min_reclaim_notice`` is the shortest notice, in seconds,
    with which a server may be reclaimed; None: only servers that never are will do.
    ``hold`` is what the project's account holds for it, in credits.
    """

    uuid: str
    name: str | None = None
    project_id: str
    lineage: tuple[str, ...] = ()
    quantity: int = 1
    min_quantity: int = 1
    start_time: datetime.datetime
    end_time: datetime.datetime
    duration: int
    price: decimal.Decimal
    requirements: tuple[tuple[Any, ...], ...] = ()
    resource_class: str | None = None
    min_reclaim_notice: int | None = None
    purpose: str | None = None
    status: Status = Status.AVAILABLE
    contract_uuid: str | None = None
    hold: decimal.Decimal = decimal.Decimal(0)
    generation: int = 1
    created_at: datetime.datetime
    updated_at: datetime.datetime

    def __post_init__(self) -> None:
        if self.min_quantity > self.quantity:
            raise exceptions.Invalid(
                f'min_quantity: {self.min_quantity} is more than '
                f'quantity {self.quantity}'
            )
        if self.duration > self.window.seconds:
            raise exceptions.Invalid(
                f'duration: {self.duration} seconds do not fit between start_time '
                f'and end_time, which are {self.window.seconds} seconds apart'
            )

    def accepts(self, reclaim_notice: int | None) -> bool:
        """Whether a server that can be reclaimed with this notice will do."""
        return accepts(self.min_reclaim_notice, reclaim_notice)

    @property
    def whole(self) -> bool:
        """Whether it asks for all of its window rather than a part of it.

        Such a bid is met from its start or, once that is past, from now: a bid
        for "now until Friday" is met although deciding took a second.
        """
        return self.duration == self.window.seconds

    def stay(self, start: datetime.datetime) -> window.Window | None:
        """The window of a contract that begins at ``start``, or None."""
        if self.whole:
            return self.window.since(start)
        end = start + datetime.timedelta(seconds=self.duration)
        return window.Window(start, end) if end <= self.end_time else None

    def hopeless(self, now: datetime.datetime) -> bool:
        """Whether nothing that appears from ``now`` on could meet it."""
        return self.stay(max(now, self.start_time)) is None

    # Last, for from here on the name means the property.
    @property
    def window(self) -> window.Window:
        return window.Window(self.start_time, self.end_time)
