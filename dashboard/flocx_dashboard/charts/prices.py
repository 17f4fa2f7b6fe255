# SPDX-License-Identifier: Apache-2.0
"""The history of prices as a picture. Pure."""

import collections
import dataclasses

from django.utils.translation import gettext as _

from flocx_dashboard import formats
from flocx_dashboard.charts import frame
from flocx_dashboard.charts import scale

#: As many classes as can be told apart by colour and shape.
MAX_CLASSES = 6
#: How far the names of two lines are apart, at least.
LINE = 14
#: What is left of the width at the right, at most, for the names.
LEGEND = 240


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    y: float
    title: str


@dataclasses.dataclass
class Series:
    """One class: its medians, and from the least to the greatest price around them."""

    number: int
    name: str
    line: str
    band: str
    points: list
    label_y: float


@dataclasses.dataclass(frozen=True)
class Picture:
    frame: frame.Frame
    series: list


def picture(prices, start, end, interval, now):
    """Prices of the SDK between two aware moments; None if there are none.

    :param interval: the length of what one price sums up, a timedelta.
    """
    classes = collections.defaultdict(list)
    for each in prices:
        classes[each.resource_class or ''].append(each)
    chosen = sorted(classes, key=lambda name: -sum(p.fills for p in classes[name]))
    chosen = sorted(chosen[:MAX_CLASSES])
    if not chosen:
        return None
    highest = max(float(p.max) for name in chosen for p in classes[name])
    values = scale.ticks(highest)
    y = scale.Linear(0, values[-1], frame.HEIGHT - frame.BOTTOM, frame.TOP)
    longest = max(len(name or _('no class')) for name in chosen)
    right = frame.WIDTH - max(frame.RIGHT, min(LEGEND, 14 + longest * frame.BOLD))
    x = scale.Linear(start.timestamp(), end.timestamp(), frame.LEFT, right)
    series = [
        _series(number, name, classes[name], x, y, interval, start, min(end, now))
        for number, name in enumerate(chosen, 1)
    ]
    _spread(series)
    return Picture(
        frame.Frame(
            scale.times(start, end, x),
            scale.numbers(values, y),
            '',
            _('Credits per server and hour'),
            right=right,
        ),
        series,
    )


def _series(number, name, prices, x, y, interval, start, last):
    def middle(price):
        """The middle of the interval, as far as it is in the picture and over."""
        begin = formats.instant(price.start_time)
        first, end = max(begin, start), min(begin + interval, last)
        return x((first.timestamp() + max(first, end).timestamp()) / 2)

    points = [
        Point(
            middle(price),
            y(price.median),
            _(
                '%(name)s, %(when)s: median %(median)s, from %(min)s to %(max)s, '
                '%(fills)s sold'
            )
            % {
                'name': name or _('no class'),
                'when': formats.moment(price.start_time),
                'median': formats.money(price.median),
                'min': formats.money(price.min),
                'max': formats.money(price.max),
                'fills': price.fills,
            },
        )
        for price in prices
    ]
    above = [(middle(price), y(price.max)) for price in prices]
    below = [(middle(price), y(price.min)) for price in prices]
    return Series(
        number,
        frame.shortened(name or _('no class'), LEGEND - 14, frame.BOLD),
        scale.path([(point.x, point.y) for point in points]),
        scale.path(above + below[::-1]) + ' Z',
        points,
        points[-1].y,
    )


def _spread(series):
    """Move the names of lines that end close together apart."""
    lowest = None
    for each in sorted(series, key=lambda each: each.label_y):
        if lowest is not None and each.label_y < lowest + LINE:
            each.label_y = lowest + LINE
        lowest = each.label_y
