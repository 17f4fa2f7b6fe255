# SPDX-License-Identifier: Apache-2.0
"""Servers and their contracts along time. Pure."""

import dataclasses

from django.utils.translation import gettext as _

from flocx_dashboard import formats
from flocx_dashboard.charts import frame
from flocx_dashboard.charts import scale

ROW, BAR = 28, 18
#: At the right there is room for half of the last date.
LEFT, RIGHT = 190, 40


@dataclasses.dataclass(frozen=True)
class Span:
    """A stretch of a server's time: between two texts of the API.

    ``state`` is free, rented or let.
    """

    state: str
    start: str
    end: str
    text: str
    url: str | None = None


@dataclasses.dataclass
class Lane:
    """A server, by its name, with its spans."""

    name: str
    spans: list
    url: str | None = None
    y: float = 0
    bars: list = dataclasses.field(default_factory=list)

    @property
    def text_y(self):
        return self.y + BAR - 4

    @property
    def label(self):
        """The name, as far as there is room for it."""
        return frame.shortened(self.name, LEFT - 8)


@dataclasses.dataclass(frozen=True)
class Bar:
    x: float
    width: float
    span: Span
    label: str
    title: str

    @property
    def text_x(self):
        return self.x + 5


@dataclasses.dataclass(frozen=True)
class Picture:
    frame: frame.Frame
    lanes: list
    now_x: float | None
    bar: int = BAR


def picture(lanes, start, end, now):
    """Lanes between two aware moments; None without a lane."""
    if not lanes:
        return None
    height = frame.TOP + len(lanes) * ROW + frame.BOTTOM
    x = scale.Linear(start.timestamp(), end.timestamp(), LEFT, frame.WIDTH - RIGHT)
    for number, lane in enumerate(lanes):
        lane.y = frame.TOP + number * ROW + (ROW - BAR) / 2
        lane.bars = [bar for span in lane.spans if (bar := _bar(span, x, start, end))]
    return Picture(
        frame.Frame(
            scale.times(start, end, x),
            [],
            '',
            '',
            height=height,
            left=LEFT,
            right=frame.WIDTH - RIGHT,
            bottom=height - frame.BOTTOM,
        ),
        lanes,
        x(now.timestamp()) if start <= now <= end else None,
    )


def _bar(span, x, start, end):
    begin = max(formats.instant(span.start), start)
    over = min(formats.instant(span.end), end)
    if begin >= over:
        return None
    left, right = x(begin.timestamp()), x(over.timestamp())
    width = max(round(right - left, 1), 1.5)
    room = int((width - 8) / frame.LETTER)
    label = span.text if len(span.text) <= room else ''
    return Bar(
        left,
        width,
        span,
        label,
        _('%(text)s: %(start)s – %(end)s')
        % {
            'text': span.text,
            'start': formats.moment(span.start),
            'end': formats.moment(span.end),
        },
    )
