# SPDX-License-Identifier: Apache-2.0
"""A planned outage: a window in which a server serves nobody and costs nothing."""

import dataclasses
import datetime
import enum

from flocx.core import window


class Status(enum.StrEnum):
    ANNOUNCED = 'announced'
    CANCELLED = 'cancelled'


#: What an outage may become.
TRANSITIONS = {
    Status.ANNOUNCED: {Status.CANCELLED},
    Status.CANCELLED: set[Status](),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """``project_id`` owns the server; ``reason`` is what they tell the renters."""

    uuid: str
    project_id: str
    provider_id: str
    resource_type: str
    resource_uuid: str
    start_time: datetime.datetime
    end_time: datetime.datetime
    reason: str | None = None
    status: Status = Status.ANNOUNCED
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def server(self) -> tuple[str, str, str]:
        """What identifies the server among all providers' servers."""
        return self.provider_id, self.resource_type, self.resource_uuid

    # Last, for from here on the name means the property.
    @property
    def window(self) -> window.Window:
        return window.Window(self.start_time, self.end_time)
