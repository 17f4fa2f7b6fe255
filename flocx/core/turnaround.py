# SPDX-License-Identifier: Apache-2.0
"""What stays free between two contracts of a server: as long as taking it back takes.

Every server is cleaned when it comes back. How long that takes differs from one kind of
hardware to the other, so it is learned by resource class from the hand-backs of late,
and an operator bounds it.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime

#: Of so many hand-backs of a class it is remembered how long they took.
KEPT = 20
#: From fewer nothing is concluded: one may have taken long for reasons of its own.
FEWEST = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Turnaround:
    """Seconds by resource class; ``least`` of classes that nothing is known of."""

    least: int = 0
    by_class: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def seconds(self, resource_class: str | None) -> int:
        """What stays free around a contract of a server of this class."""
        return self.by_class.get(resource_class or '', self.least)

    def gap(self, resource_class: str | None) -> datetime.timedelta:
        """The same as a timedelta."""
        return datetime.timedelta(seconds=self.seconds(resource_class))

    @property
    def longest(self) -> datetime.timedelta:
        """The gap of the class that has the longest."""
        return datetime.timedelta(seconds=max([self.least, *self.by_class.values()]))


def learned(least: int, most: int, taken: Mapping[str, Sequence[int]]) -> Turnaround:
    """The turnaround of classes whose last hand-backs took so many seconds.

    Of each class it is what three in four of them did not exceed (the nearest rank),
    rounded up to two digits, so that it does not change with each of them, and never
    less than ``least`` or more than ``most``.

    :param most: with no more than ``least`` nothing is learned.
    """
    if most <= least:
        return Turnaround(least)
    return Turnaround(
        least,
        {
            resource_class: min(most, max(least, _usual(seconds)))
            for resource_class, seconds in taken.items()
            if len(seconds) >= FEWEST
        },
    )


def _usual(seconds: Sequence[int]) -> int:
    rank = -(-3 * len(seconds) // 4)
    usual = sorted(seconds)[rank - 1]
    step = 10 ** max(0, len(str(usual)) - 2)
    return int(-(-usual // step) * step)


def remembered(seconds: Sequence[int], last: int) -> list[int]:
    """The hand-backs ``seconds``, the oldest first, with one more."""
    return [*seconds, last][-KEPT:]
