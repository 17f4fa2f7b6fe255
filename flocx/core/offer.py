# SPDX-License-Identifier: Apache-2.0
"""An offer: one server for a window of time, at a price or more."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime
import decimal
import enum
from typing import Any

from flocx import exceptions
from flocx.core import asks
from flocx.core import window


class Status(enum.StrEnum):
    AVAILABLE = 'available'
    EXPIRED = 'expired'
    CANCELLED = 'cancelled'
    ERROR = 'error'


class Reason(enum.StrEnum):
    """Why a provider has ended an offer."""

    OWNER_CHANGED = 'owner_changed'
    PARENT_OWNER_DIFFERS = 'parent_owner_differs'


#: What an offer may become. An offer in ``error`` is suspended, not lost.
TRANSITIONS = {
    Status.AVAILABLE: {Status.EXPIRED, Status.CANCELLED, Status.ERROR},
    Status.ERROR: {Status.AVAILABLE, Status.EXPIRED, Status.CANCELLED},
    Status.EXPIRED: set[Status](),
    Status.CANCELLED: set[Status](),
}

#: An offer in one of these keeps others of its server out of its window.
OPEN = {Status.AVAILABLE, Status.ERROR}

#: The longest length that an offer can name, in seconds.
MAX_LENGTH = 10 * 366 * 86400

#: Servers of a block, the fewest and the most.
MIN_BLOCK, MAX_BLOCK = 2, 64


def lets(least: int | None, most: int | None, seconds: int) -> bool:
    """Whether who lets a server for ``least`` to ``most`` seconds does for so many.

    None is, as either, that there is no such limit.
    """
    return (least or 0) <= seconds and (most is None or seconds <= most)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """``project_id`` offers a server; ``properties`` is its hardware document.

    ``price`` is the least the owner takes, in credits per server and hour. Where
    ``ask_schedule`` or ``ask_falls`` says so it is something else for some of the time;
    both are as ``flocx.core.asks`` has them.
    ``lessee_id`` limits the offer to one project and its sub-projects.
    ``provider_id`` is the account of the provider service that published it.
    ``cleaned_by`` is the cleaning that a hand-back of the server has to prove, None
    where its site names none.
    ``sublet_of`` is the contract line by which ``project_id`` rents the server that it
    offers, None where it owns it. ``reclaim_notice`` is after how many seconds at the
    earliest the server is taken back from who rents it; None: never. Nobody rents it
    for less than ``min_length`` seconds, or more than ``max_length``; None: any time.
    It is sold only together with the other offers of ``block``, ``block_size`` in all;
    None: alone (``flocx.core.blocks``).
    """

    uuid: str
    name: str | None = None
    project_id: str
    provider_id: str
    resource_type: str
    resource_uuid: str
    resource_class: str | None = None
    sublet_of: str | None = None
    properties: dict[str, Any]
    cleaned_by: str | None = None
    lessee_id: str | None = None
    reclaim_notice: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    block: str | None = None
    block_size: int | None = None
    start_time: datetime.datetime
    end_time: datetime.datetime
    price: decimal.Decimal
    ask_schedule: Sequence[Mapping[str, Any]] | None = None
    ask_falls: Mapping[str, Any] | None = None
    status: Status = Status.AVAILABLE
    reason: str | None = None
    generation: int = 1
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def server(self) -> tuple[str, str, str]:
        """What identifies the server among all providers' servers."""
        return self.provider_id, self.resource_type, self.resource_uuid

    @property
    def slot(self) -> tuple[str, str, str, str | None]:
        """Of what its time is: the server, or what a renter has of it to sub-let."""
        return *self.server, self.sublet_of

    def open_to(self, lineage: Collection[str]) -> bool:
        """Whether a project may take it, given the project and its ancestors."""
        return self.lessee_id is None or self.lessee_id in lineage

    def lets(self, seconds: int) -> bool:
        """Whether it is let for so long."""
        return lets(self.min_length, self.max_length, seconds)

    @property
    def by_hour(self) -> bool:
        """Whether it does not ask the same for all of its time."""
        return bool(self.ask_schedule or self.ask_falls)

    @property
    def lowest_price(self) -> decimal.Decimal:
        """No hour of it is ever asked less for."""
        if not self.by_hour:
            return self.price
        return asks.lowest(self.price, self.ask_schedule, self.ask_falls)

    def asked(self, now: datetime.datetime) -> tuple[asks.Piece, ...]:
        """What it asks for all of its time, as it is ``now``."""
        return asks.pieces(
            self.window, now, self.price, self.ask_schedule, self.ask_falls
        )

    def price_of(self, stay: window.Window, now: datetime.datetime) -> decimal.Decimal:
        """What an hour of ``stay`` is asked for on average, if it is sold ``now``."""
        return asks.mean(self.asked(now), stay) if self.by_hour else self.price

    def priced(self, stay: window.Window, now: datetime.datetime) -> 'Offer':
        """As it is sold for ``stay``: with one price."""
        if not self.by_hour:
            return self
        return dataclasses.replace(
            self, price=self.price_of(stay, now), ask_schedule=None, ask_falls=None
        )

    def require_terms(self) -> None:
        """Nothing, if what it says goes together.

        :raises Invalid: no length is allowed, or it is too short for any; it asks by
            the hour for too long a time or too much; or a block lacks a name, or a
            size.
        """
        if (self.block is None) != (self.block_size is None):
            missing = 'block' if self.block is None else 'block_size'
            raise exceptions.Invalid(
                f'{missing}: missing; servers that are sold only together have a name '
                'for all of them, block, and say how many they are, block_size'
            )
        asks.require_bounded(self.window, self.price, self.ask_schedule, self.ask_falls)
        least = self.min_length or 0
        if self.max_length is not None and self.max_length < least:
            raise exceptions.Invalid(
                f'max_length: {self.max_length} seconds are less than min_length, '
                f'{least}'
            )
        if least > self.window.seconds:
            raise exceptions.Invalid(
                f'min_length: {least} seconds do not fit between start_time and '
                f'end_time, which are {self.window.seconds} seconds apart'
            )

    # Last, for from here on the name means the property.
    @property
    def window(self) -> window.Window:
        return window.Window(self.start_time, self.end_time)
