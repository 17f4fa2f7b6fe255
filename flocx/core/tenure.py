# SPDX-License-Identifier: Apache-2.0
"""The time that an interruptible contract has of a server, as a firm bid sees it.

A firm bid may have the server once the notice is over, and the server is clean. What
that costs is what the interruptible bid had offered for the time which its contract
loses: from the end that it gets to the end that it had.
"""

import dataclasses
import datetime
import decimal

from flocx.core import window


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """What a line of an interruptible contract has of a server.

    ``notice`` is from when it is decided to its new end, at least; ``gap`` stays free
    around it. ``ceiling`` is what its bid offers per hour, or what its last hour costs
    where that is more.
    """

    line_uuid: str
    contract_uuid: str
    start_time: datetime.datetime
    end_time: datetime.datetime
    notice: datetime.timedelta
    gap: datetime.timedelta
    ceiling: decimal.Decimal

    @property
    def held(self) -> window.Window:
        """What nobody else can have of the server as long as it stays."""
        return window.Window(self.start_time - self.gap, self.end_time + self.gap)

    def kept(self, now: datetime.datetime) -> window.Window | None:
        """What it keeps of the server's time in any case, with its gaps, or None."""
        if self.start_time >= self._deadline(now):
            return None
        return window.Window(self.start_time - self.gap, self.least_end(now) + self.gap)

    def least_end(self, now: datetime.datetime) -> datetime.datetime:
        """The earliest end that it can get if it is displaced ``now``.

        That of one which begins later is its start: it is cancelled.
        """
        return min(self.end_time, max(self.start_time, self._deadline(now)))

    def end_before(
        self, stay: window.Window, now: datetime.datetime
    ) -> datetime.datetime | None:
        """The end that it gets where a firm bid has the server for ``stay``.

        None where it is not in the way of that.
        """
        if not stay.overlaps(self.held):
            return None
        return max(self.least_end(now), stay.start - self.gap)

    def _deadline(self, now: datetime.datetime) -> datetime.datetime:
        return window.through(now) + self.notice
