# SPDX-License-Identifier: Apache-2.0
"""Prices by hour or day as a heat map: a row for each day, or for each week. Pure."""

import dataclasses
import decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from flocx_dashboard import formats
from flocx_dashboard.charts import frame

#: Of how many shades the darkest stands for the highest price.
SHADES = 5
LEFT, TOP, GAP = 84, 22, 2
#: Columns and the height of a row, by what a cell stands for.
COLUMNS = {'hour': 24, 'day': 7}
HEIGHTS = {'hour': 26, 'day': 40}
#: As many letters as a price can have in a cell of an hour.
ROOM = {'hour': 5, 'day': 12}


@dataclasses.dataclass(frozen=True)
class Cell:
    """A time between two texts of the API and what it costs; None if it is not free.

    ``state`` is another look than that of its price, ``text`` another word.
    """

    start: str
    end: str
    price: str | None
    servers: int | None = None
    url: str | None = None
    state: str | None = None
    text: str = ''


@dataclasses.dataclass(frozen=True)
class Place:
    """A cell where it is in the picture."""

    cell: Cell
    x: float
    y: float
    look: str
    label: str
    title: str

    @property
    def from_text(self):
        """When it begins, as a form would have it typed."""
        return formats.editable_moment(self.cell.start)

    @property
    def until_text(self):
        return formats.editable_moment(self.cell.end)


@dataclasses.dataclass(frozen=True)
class Mark:
    x: float
    y: float
    text: str


@dataclasses.dataclass(frozen=True)
class Picture:
    title: str
    places: list
    columns: list
    rows: list
    key: list
    cell_width: float
    cell_height: float
    height: float
    width: int = frame.WIDTH

    @property
    def middle_x(self):
        return round(self.cell_width / 2, 1)

    @property
    def middle_y(self):
        return round(self.cell_height / 2 + 4, 1)


def picture(cells, step, title):
    """A heat map of Cells an hour or a day apart, in the user's zone; None of none.

    :param step: ``hour`` or ``day``.
    """
    if not cells:
        return None
    width = (frame.WIDTH - LEFT) / COLUMNS[step]
    height = HEIGHTS[step]
    bounds = _bounds(cells)
    rows = {}
    places = []
    for cell in cells:
        row, column = _where(timezone.localtime(formats.instant(cell.start)), step)
        y = TOP + rows.setdefault(row, len(rows)) * height
        x = LEFT + column * width
        places.append(
            Place(
                cell,
                round(x, 1),
                y,
                cell.state or _look(cell.price, bounds),
                _label(cell, step),
                _title(cell),
            )
        )
    return Picture(
        title,
        places,
        _columns(step, width),
        [
            Mark(LEFT - 8, TOP + at * height + height / 2 + 4, formats.day(row))
            for row, at in rows.items()
        ],
        _key(bounds),
        round(width - GAP, 1),
        height - GAP,
        TOP + len(rows) * height + 4,
    )


def _where(local, step):
    """The row, a date, and the column of a moment."""
    day = local.date()
    if step == 'hour':
        return day, local.hour
    return day.fromordinal(day.toordinal() - day.weekday()), day.weekday()


def _columns(step, width):
    if step == 'hour':
        texts = [f'{hour:02d}' for hour in range(24)]
    else:
        texts = [_('Mon'), _('Tue'), _('Wed'), _('Thu'), _('Fri'), _('Sat'), _('Sun')]
    return [
        Mark(round(LEFT + (at + 0.5) * width, 1), TOP - 8, text)
        for at, text in enumerate(texts)
    ]


def _bounds(cells):
    """The lowest and the highest price, if there is any."""
    prices = [decimal.Decimal(each.price) for each in cells if each.price is not None]
    return (min(prices), max(prices)) if prices else None


def _look(price, bounds):
    if price is None:
        return 'none'
    low, high = bounds
    if high == low:
        return 'price-1'
    share = (decimal.Decimal(price) - low) / (high - low)
    return f'price-{min(SHADES, 1 + int(share * SHADES))}'


def _key(bounds):
    """Pairs of a look and the highest price that it stands for."""
    if not bounds:
        return []
    low, high = bounds
    if low == high:
        return [('price-1', formats.about(low))]
    return [
        (f'price-{shade}', formats.about(low + (high - low) * shade / SHADES))
        for shade in range(1, SHADES + 1)
    ]


def _label(cell, step):
    text = cell.text
    if not text and cell.price is not None:
        text = formats.about(cell.price)
    if step == 'day':
        day = timezone.localtime(formats.instant(cell.start)).day
        return f'{day}: {text}' if text else str(day)
    return text if len(text) <= ROOM[step] else ''


def _title(cell):
    words = {'start': formats.moment(cell.start), 'end': formats.moment(cell.end)}
    if cell.state:
        return _('%(start)s – %(end)s: %(text)s') % {**words, 'text': cell.text}
    if cell.price is None:
        return _('%(start)s – %(end)s: not to be had') % words
    words['price'] = formats.about(cell.price)
    return _('%(start)s – %(end)s: %(price)s credits per server and hour') % words
