# SPDX-License-Identifier: Apache-2.0
"""An offer: one server for a window of time, at a price or more."""

from collections.abc import Collection
import dataclasses
import datetime
import decimal
import enum
from typing import Any

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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """``project_id`` offers a server; ``properties`` is its hardware document.

    ``price`` is the least the owner takes, in credits per server and hour.
    ``lessee_id`` limits the offer to one project and its sub-projects.
    ``provider_id`` is the account of the provider service that published it.
    ``cleaned_by`` is the cleaning that a hand-back of the server has to prove, None
    where its site names none.
    ``sublet_of`` is the contract line by which ``project_id`` rents the server that it
    offers, None where it owns it. ``reclaim_notice`` is after how many seconds at the
    earliest the server is taken back from who rents it; None: never.
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
    start_time: datetime.datetime
    end_time: datetime.datetime
    price: decimal.Decimal
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

    # Last, for from here on the name means the property.
    @property
    def window(self) -> window.Window:
        return window.Window(self.start_time, self.end_time)
