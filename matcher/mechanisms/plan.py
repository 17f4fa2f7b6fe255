# SPDX-License-Identifier: Apache-2.0
"""An allocation that is being made: who has which offers when, and what is free.

Placing a bid and taking it back are each other's contrary to the last second, so
whatever is tried can be undone.
"""

import typing

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import native


class Plan(typing.NamedTuple):
    """``start[j]`` is when bid ``j`` begins, or -1; it has ``servers[j]`` lines.

    A line is one offer that a bid has. The lines of bid ``j`` stand from
    ``line_at[j]`` on; those of offer ``i`` are chained from ``first[i]``. The gaps
    are as in ``Supply``; ``longest[i]`` is the length of the longest.
    """

    start: native.Ints
    servers: native.Ints
    line_at: native.Ints
    line_bid: native.Ints
    line_offer: native.Ints
    following: native.Ints
    preceding: native.Ints
    first: native.Ints
    stays: native.Ints
    gap_count: native.Ints
    gap_from: native.Ints
    gap_to: native.Ints
    longest: native.Ints


def empty(supply: figures.Supply, demand: figures.Demand) -> Plan:
    """The plan in which nobody has anything."""
    offers, bids = len(supply.ask), len(demand.ceiling)
    line_at = np.concatenate([np.zeros(1, np.int64), np.cumsum(demand.most)])
    lines = int(line_at[-1])
    plan = Plan(
        start=np.full(bids, -1, np.int64),
        servers=np.zeros(bids, np.int64),
        line_at=line_at,
        line_bid=np.repeat(np.arange(bids), demand.most),
        line_offer=np.full(lines, -1, np.int64),
        following=np.full(lines, -1, np.int64),
        preceding=np.full(lines, -1, np.int64),
        first=np.full(offers, -1, np.int64),
        stays=np.zeros(offers, np.int64),
        gap_count=supply.gap_count.copy(),
        gap_from=supply.gap_from.copy(),
        gap_to=supply.gap_to.copy(),
        longest=np.zeros(offers, np.int64),
    )
    _measure_all(supply, plan)
    return plan


@native.compiled
def _measure_all(supply: figures.Supply, plan: Plan) -> None:
    for offer in range(len(supply.ask)):
        _measure(supply, plan, offer)


@native.compiled
def _measure(supply: figures.Supply, plan: Plan, offer: int) -> None:
    longest = 0
    at = supply.gap_at[offer]
    for gap in range(at, at + plan.gap_count[offer]):
        longest = max(longest, plan.gap_to[gap] - plan.gap_from[gap])
    plan.longest[offer] = longest


@native.compiled
def _take(supply: figures.Supply, plan: Plan, offer: int, start: int, end: int) -> None:
    """Take [start, end), which is free, out of the gap that it lies in."""
    at = supply.gap_at[offer]
    gap = at
    while plan.gap_to[gap] < end:
        gap += 1
    left, right = plan.gap_from[gap] < start, end < plan.gap_to[gap]
    if left and right:
        for other in range(at + plan.gap_count[offer], gap, -1):
            plan.gap_from[other] = plan.gap_from[other - 1]
            plan.gap_to[other] = plan.gap_to[other - 1]
        plan.gap_count[offer] += 1
        plan.gap_to[gap] = start
        plan.gap_from[gap + 1] = end
    elif left:
        plan.gap_to[gap] = start
    elif right:
        plan.gap_from[gap] = end
    else:
        plan.gap_count[offer] -= 1
        for other in range(gap, at + plan.gap_count[offer]):
            plan.gap_from[other] = plan.gap_from[other + 1]
            plan.gap_to[other] = plan.gap_to[other + 1]
    _measure(supply, plan, offer)


@native.compiled
def _give(supply: figures.Supply, plan: Plan, offer: int, start: int, end: int) -> None:
    """Make [start, end), which is taken, free again."""
    at = supply.gap_at[offer]
    stop = at + plan.gap_count[offer]
    gap = at
    while gap < stop and plan.gap_from[gap] < end:
        gap += 1
    # ``gap`` is now the first that begins at ``end`` or later.
    joins_left = gap > at and plan.gap_to[gap - 1] == start
    joins_right = gap < stop and plan.gap_from[gap] == end
    if joins_left and joins_right:
        plan.gap_to[gap - 1] = plan.gap_to[gap]
        plan.gap_count[offer] -= 1
        for other in range(gap, stop - 1):
            plan.gap_from[other] = plan.gap_from[other + 1]
            plan.gap_to[other] = plan.gap_to[other + 1]
    elif joins_left:
        plan.gap_to[gap - 1] = end
    elif joins_right:
        plan.gap_from[gap] = start
    else:
        for other in range(stop, gap, -1):
            plan.gap_from[other] = plan.gap_from[other - 1]
            plan.gap_to[other] = plan.gap_to[other - 1]
        plan.gap_count[offer] += 1
        plan.gap_from[gap] = start
        plan.gap_to[gap] = end
    _measure(supply, plan, offer)


@native.compiled
def place(
    supply: figures.Supply,
    demand: figures.Demand,
    plan: Plan,
    bid: int,
    start: int,
    offers: native.Ints,
    count: int,
) -> None:
    """Give bid ``bid`` the first ``count`` of ``offers`` from ``start`` on."""
    plan.start[bid] = start
    plan.servers[bid] = count
    end = start + demand.length[bid]
    for number in range(count):
        offer = offers[number]
        line = plan.line_at[bid] + number
        _take(supply, plan, offer, start, end)
        plan.line_offer[line] = offer
        plan.following[line] = plan.first[offer]
        plan.preceding[line] = -1
        if plan.first[offer] >= 0:
            plan.preceding[plan.first[offer]] = line
        plan.first[offer] = line
        plan.stays[offer] += 1


@native.compiled
def remove(
    supply: figures.Supply, demand: figures.Demand, plan: Plan, bid: int
) -> None:
    """Take back what bid ``bid`` has."""
    start = plan.start[bid]
    end = start + demand.length[bid]
    for line in range(plan.line_at[bid], plan.line_at[bid] + plan.servers[bid]):
        offer = plan.line_offer[line]
        _give(supply, plan, offer, start, end)
        before, after = plan.preceding[line], plan.following[line]
        if before >= 0:
            plan.following[before] = after
        else:
            plan.first[offer] = after
        if after >= 0:
            plan.preceding[after] = before
        plan.stays[offer] -= 1
    plan.start[bid] = -1
    plan.servers[bid] = 0


@native.compiled
def gain(supply: figures.Supply, demand: figures.Demand, plan: Plan, bid: int) -> float:
    """The welfare that ``bid`` adds, as a float: to steer by, not to account for."""
    rate = 0.0
    for line in range(plan.line_at[bid], plan.line_at[bid] + plan.servers[bid]):
        rate += float(demand.ceiling[bid] - supply.ask[plan.line_offer[line]])
    return rate * float(demand.length[bid])


def worth(supply: figures.Supply, demand: figures.Demand, plan: Plan) -> int:
    """The welfare of the plan, exact."""
    total = 0
    for bid in np.flatnonzero(plan.start >= 0):
        at = plan.line_at[bid]
        asks = supply.ask[plan.line_offer[at : at + plan.servers[bid]]]
        rate = int(demand.ceiling[bid]) * len(asks) - sum(asks.tolist())
        total += rate * int(demand.length[bid])
    return total
