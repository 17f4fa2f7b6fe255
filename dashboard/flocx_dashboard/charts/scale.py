# SPDX-License-Identifier: Apache-2.0
"""Where a value is in a picture, and which values stand at its edge. Pure."""

import dataclasses
import datetime
import math

from django.utils import dateformat

from flocx_dashboard import formats

#: Distances between marks of time, in seconds, and how the marks are written.
STEPS = (
    (300, 'H:i'),
    (900, 'H:i'),
    (3600, 'H:i'),
    (3 * 3600, 'D H:i'),
    (6 * 3600, 'D H:i'),
    (12 * 3600, 'D H:i'),
    (86400, 'D d M'),
    (2 * 86400, 'd M'),
    (7 * 86400, 'd M'),
    (14 * 86400, 'd M'),
    (28 * 86400, 'd M Y'),
    (91 * 86400, 'M Y'),
)


@dataclasses.dataclass(frozen=True)
class Linear:
    """Values from ``low`` to ``high`` at pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value):
        share = (float(value) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


@dataclasses.dataclass(frozen=True)
class Mark:
    """A mark at the edge of a picture."""

    at: float
    text: str


def ticks(high, count=5):
    """About ``count`` round numbers from 0 to ``high`` or a little more.

    The steps are 1, 2 or 5 times a power of ten.
    """
    if high <= 0:
        return [0, 1]
    rough = high / count
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * 0.999)
    return [round(number * step, 10) for number in range(math.ceil(high / step) + 1)]


def times(start, end, scale, count=7):
    """Marks at round times of the zone of ``start``, at most ``count`` or so."""
    wanted = (end - start).total_seconds() / count
    step, form = next((each for each in STEPS if each[0] >= wanted), STEPS[-1])
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    moment, marks = midnight, []
    while moment <= end:
        if moment >= start:
            marks.append(
                Mark(scale(moment.timestamp()), dateformat.format(moment, form))
            )
        moment += datetime.timedelta(seconds=step)
    return marks


def numbers(values, scale):
    """Marks at numbers, all with as many places as the finest needs."""
    places = max((len(f'{each:g}'.partition('.')[2]) for each in values), default=0)
    return [
        Mark(scale(each), formats.grouped(round(each, places), places))
        for each in values
    ]


def path(points):
    """Points as what an SVG path draws, in straight lines."""
    return 'M' + ' L'.join(f'{x:g},{y:g}' for x, y in points) if points else ''
