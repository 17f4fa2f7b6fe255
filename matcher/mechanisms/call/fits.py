# SPDX-License-Identifier: Apache-2.0
"""Whether servers of a lot are free for a stay, and what they then cost others."""

import typing

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms.call import guides
from matcher.mechanisms.call import plan as plans


class Market(typing.NamedTuple):
    """What does not change while a plan is made."""

    lots: lot_figures.Lots
    demand: figures.Demand
    guide: guides.Guide


class Care(typing.NamedTuple):
    """How much trouble is taken over a place.

    Of each kind ``sweep`` lots from a random one on are looked at, until
    ``enough`` servers are found beyond what the bid asks for, and ``trials``
    starts. ``weight`` is how much the dual prices count beside the asks, ``blink``
    the probability with which a lot is overlooked. Of ``groups`` that have enough
    servers the best one is taken, where all are to be of one.
    """

    sweep: int
    enough: int
    trials: int
    weight: float
    blink: float
    typical: int
    groups: int


@native.helper
def fit(
    market: Market,
    plan: plans.Plan,
    lot: int,
    start: int,
    length: int,
    dual: float,
    care: Care,
    ceiling: int,
) -> tuple[int, float]:
    """How many servers of ``lot`` are free from ``start`` on, and what one costs.

    None are where an hour is asked more for than ``ceiling``. What one costs is the
    ask or, where that is more, the dual price. What is left over before and after
    counts as lost as far as it is shorter than a typical stay: a short rest is of no
    use to others.
    """
    lots = market.lots
    at = lots.step_at[lot]
    stop = at + plan.steps[lot]
    first = plans.step_of(lots, plan, lot, start)
    if first < at:
        return 0, 0.0
    free, step, end = plan.free[first], first + 1, start + length
    while free > 0 and step < stop and plan.since[step] < end:
        free = min(free, plan.free[step])
        step += 1
    if free == 0 or step == stop:
        return 0, 0.0
    if lot_figures.dear(lots, lot, start, length, ceiling):
        return 0, 0.0
    asked = lot_figures.asked(lots, lot, start, length)
    if care.weight == 0.0:
        return free, asked
    typical = care.typical
    while first > at and plan.free[first - 1] >= free:
        if start - plan.since[first] >= typical:
            break
        first -= 1
    while plan.free[step] >= free and plan.since[step] - end < typical:
        step += 1
    left, right = start - plan.since[first], plan.since[step] - end
    waste = max(0, min(left, typical - left)) + max(0, min(right, typical - right))
    price = max(asked, dual)
    return free, asked + care.weight * (price - asked + 0.5 * price * waste / length)


@native.helper
def edge(market: Market, moment: int) -> int:
    return int(np.searchsorted(market.guide.edges, moment, side='right')) - 1


@native.helper
def dual(
    market: Market, lot: int, edges: tuple[int, int], start: int, end: int
) -> float:
    """The integral of the dual price of ``lot`` over [start, end)."""
    guide = market.guide
    row = guide.row[lot]
    head, tail = edges
    value = 0.0
    if tail >= 0:
        value = guide.total[row, tail]
        value += guide.price[row, tail] * (end - guide.edges[tail])
    if head >= 0:
        value -= guide.total[row, head]
        value -= guide.price[row, head] * (start - guide.edges[head])
    return value
