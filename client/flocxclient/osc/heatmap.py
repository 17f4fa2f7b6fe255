# SPDX-License-Identifier: Apache-2.0
"""A calendar of prices drawn with characters, for a terminal of 80 columns. PURE.

Starts are pairs of an aware moment, in the time zone of whoever reads, and a price: a
Decimal, or None where nothing can be had.
"""

import bisect
import datetime

#: From the lowest price to the highest, and what stands for no price at all.
BLOCKS = ('░▒▓█', '·')
ASCII = ('.:+#', '-')

#: The characters of an hour, and of a day.
_HOUR = 2
_DAY = 9
_LABEL = 16


def hours(starts, symbols=BLOCKS):
    """Lines: a row for each day and a cell for each hour, then what the cells mean.

    Where clocks are put back an hour comes twice; its cell shows the later one.

    :param symbols: ``BLOCKS`` or ``ASCII``.
    """
    shades, nothing = symbols
    limits = _limits(starts, len(shades))
    days = {}
    for moment, price in starts:
        shade = nothing if price is None else shades[bisect.bisect_left(limits, price)]
        days.setdefault(moment.date(), {})[moment.hour] = shade * _HOUR
    heading = ''.join(f'{hour:02}'.ljust(3 * _HOUR) for hour in range(0, 24, 3))
    yield f'{"":{_LABEL}}{heading}'.rstrip()
    for day, cells in days.items():
        row = ''.join(cells.get(hour, ' ' * _HOUR) for hour in range(24))
        yield f'{day:%a %Y-%m-%d}'.ljust(_LABEL) + row.rstrip()
    yield ''
    yield from _legend(starts, limits, symbols)


def days(starts, money):
    """Lines: a row for each week and the price of each day, which are a day apart.

    :param money: renders a price.
    """
    first = starts[0][0].date()
    prices = {
        # Counted: where clocks are put back two starts have the same date.
        first + datetime.timedelta(days=number): '-' if price is None else money(price)
        for number, (_, price) in enumerate(starts)
    }
    monday = first - datetime.timedelta(days=first.weekday())
    names = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
    yield 'Week of'.ljust(_LABEL) + ''.join(name.rjust(_DAY) for name in names)
    while monday <= max(prices):
        week = (monday + datetime.timedelta(days=day) for day in range(7))
        cells = ''.join(prices.get(day, '').rjust(_DAY) for day in week)
        yield f'{monday:%Y-%m-%d}'.ljust(_LABEL) + cells.rstrip()
        monday += datetime.timedelta(days=7)


def cheapest(starts):
    """The first of the starts with the lowest price, or None."""
    priced = [start for start in starts if start[1] is not None]
    return min(priced, key=lambda start: start[1], default=None)


def _limits(starts, count):
    """The highest price of each shade: each has as many different prices."""
    prices = sorted({price for _, price in starts if price is not None})
    shades = min(count, len(prices))
    return [prices[len(prices) * n // shades - 1] for n in range(1, shades + 1)]


def _legend(starts, limits, symbols):
    shades, nothing = symbols
    parts, above = [], None
    for shade, highest in zip(shades, limits, strict=False):
        lowest = min(
            price
            for _, price in starts
            if price is not None and (above is None or price > above)
        )
        prices = f'{lowest:f}' if lowest == highest else f'{lowest:f} to {highest:f}'
        parts.append(f'{shade * _HOUR} {prices}')
        above = highest
    yield from _wrapped([*parts, f'{nothing * _HOUR} not enough servers'])


def _wrapped(parts):
    line = ''
    for part in parts:
        if line and len(line) + 3 + len(part) > 80:
            yield line
            line = ''
        line = f'{line}   {part}' if line else part
    yield line
