# SPDX-License-Identifier: Apache-2.0
"""Supply and demand of a class as two stairs. Pure."""

import dataclasses
import decimal

from django.utils.translation import gettext as _

from flocx_dashboard import formats
from flocx_dashboard.charts import frame
from flocx_dashboard.charts import scale


@dataclasses.dataclass(frozen=True)
class Curve:
    line: str
    label_x: float
    label_y: float


@dataclasses.dataclass(frozen=True)
class Picture:
    frame: frame.Frame
    supply: Curve | None
    demand: Curve | None
    summary: str


def crossing(supply, demand):
    """How many servers are wanted at a price for which they are offered."""
    wanted = most = 0
    for level in demand:
        wanted += level['servers']
        price = decimal.Decimal(level['price'])
        offered = sum(
            each['servers']
            for each in supply
            if decimal.Decimal(each['price']) <= price
        )
        most = max(most, min(wanted, offered))
    return most


def picture(depth):
    """A Depth of the SDK; None if nobody offers or wants anything."""
    levels = [*depth.supply, *depth.demand]
    if not levels:
        return None
    widest = max(
        sum(each['servers'] for each in side) for side in (depth.supply, depth.demand)
    )
    prices = scale.ticks(max(float(each['price']) for each in levels))
    steps = [each for each in scale.ticks(widest) if each == int(each)]
    y = scale.Linear(0, prices[-1], frame.HEIGHT - frame.BOTTOM, frame.TOP)
    x = scale.Linear(0, max(steps[-1], widest), frame.LEFT, frame.WIDTH - frame.RIGHT)
    return Picture(
        frame.Frame(
            scale.numbers(steps, x),
            scale.numbers(prices, y),
            _('Servers'),
            _('Credits per server and hour'),
        ),
        _curve(depth.supply, x, y),
        _curve(depth.demand, x, y),
        _summary(depth),
    )


def _stairs(levels):
    """The corners of a side: servers and price."""
    corners, count = [], 0
    for each in levels:
        price = float(each['price'])
        corners.append((count, price))
        count += each['servers']
        corners.append((count, price))
    return corners


def _curve(levels, x, y):
    if not levels:
        return None
    points = [(x(count), y(price)) for count, price in _stairs(levels)]
    return Curve(scale.path(points), points[-1][0] + 6, points[-1][1] + 4)


def _summary(depth):
    sentences = []
    if depth.supply:
        sentences.append(
            _('%(servers)s on offer from %(price)s')
            % {
                'servers': sum(each['servers'] for each in depth.supply),
                'price': formats.money(depth.supply[0]['price']),
            }
        )
    if depth.demand:
        sentences.append(
            _('%(servers)s wanted for up to %(price)s')
            % {
                'servers': sum(each['servers'] for each in depth.demand),
                'price': formats.money(depth.demand[0]['price']),
            }
        )
    if depth.supply and depth.demand:
        # Whether the times of any two of them meet, no level says.
        count = crossing(depth.supply, depth.demand)
        sentences.append(
            _('the prices meet for %s at most, if times and hardware do') % count
            if count
            else _('the prices do not meet')
        )
    return '; '.join(sentences)
