# SPDX-License-Identifier: Apache-2.0
"""Prices of time, and the bound on welfare that they prove.

Let every kind of offer have a price p(t) >= 0 for each moment. Whatever the
prices are, no allocation is worth more than

    sum over offers of the integral, over their free time, of max(0, p - ask)
  + sum over bids of what, at these prices, its best choice of a start and of
                     servers would leave it, were they all free.

For a server of an award, ceiling x length - ask x length is at most what the
first line counts for its time plus the bid's share of the second. The bound is
the Lagrangian dual of the market (Geoffrion, "Lagrangean relaxation for integer
programming", 1974), convex in the prices; the prices that make it least are those
of a competitive equilibrium, if there is one.

Prices are constant between ``edges``. These can be any instants: the bound holds,
and its integrals are exact to the second, whatever they are; finer ones can only
make it tighter. How the prices are found does not matter for the proof, which
``certified`` counts in integers; see ``descent``.
"""

import dataclasses

import numpy as np

from matcher.mechanisms import choices
from matcher.mechanisms import figures
from matcher.mechanisms import native

#: Prices times seconds stay below this, so that sums of them fit into 64 bits.
LIMIT = 2**61


@dataclasses.dataclass(frozen=True)
class Dual:
    """``prices[k, e]`` in micro-credits, and the value that they prove."""

    edges: native.Ints
    prices: native.Ints
    bound: int


def certified(
    market: figures.Figures, marks: native.Ints, prices: native.Floats
) -> Dual:
    """The bound that ``prices``, rounded, prove; counted in integers."""
    supply, demand = market.supply, market.demand
    rounded = np.rint(prices).astype(np.int64)
    total = totals(marks, rounded)
    seconds = free_seconds(supply, marks)
    rents = _rents(supply, seconds, rounded)
    servers, cost, _ = least(supply, demand, marks, rounded, total)
    cheapest, _ = __least_each(supply, demand, marks, rounded, total)
    surplus = []
    for most, ceiling, length, taken, paid, unit in zip(
        *(each.tolist() for each in (demand.most, demand.ceiling, demand.length)),
        *(each.tolist() for each in (servers, cost, cheapest)),
        strict=True,
    ):
        # Beyond 64 bits the choice of servers cannot be trusted; this can.
        simple = most * max(0, ceiling * length - unit)
        huge = most * ceiling * length >= LIMIT
        surplus.append(simple if huge else max(0, taken * ceiling * length - paid))
    return Dual(marks, rounded, sum(rents.tolist()) + sum(surplus))


def totals(marks: native.Ints, prices: native.Ints) -> native.Ints:
    total = np.zeros((len(prices), len(marks)), np.int64)
    np.cumsum(prices * np.diff(marks), axis=1, out=total[:, 1:])
    return total


@native.compiled
def free_seconds(supply: figures.Supply, marks: native.Ints) -> native.Ints:
    """Free seconds of each offer in each interval."""
    seconds = np.zeros((len(supply.ask), len(marks) - 1), np.int64)
    for offer in range(len(supply.ask)):
        for gap in range(supply.gap_at[offer], supply.gap_at[offer + 1]):
            start, end = supply.gap_from[gap], supply.gap_to[gap]
            edge = max(0, np.searchsorted(marks, start, side='right') - 1)
            while edge < len(marks) - 1 and marks[edge] < end:
                seconds[offer, edge] += min(end, marks[edge + 1]) - max(
                    start, marks[edge]
                )
                edge += 1
    return seconds


@native.compiled
def _rents(
    supply: figures.Supply, seconds: native.Ints, prices: native.Ints
) -> native.Ints:
    """What each offer earns above its ask if all its time is sold at ``prices``."""
    rents = np.zeros(len(supply.ask), np.int64)
    for offer in range(len(supply.ask)):
        kind, ask = supply.kind[offer], supply.ask[offer]
        for edge in range(seconds.shape[1]):
            if prices[kind, edge] > ask:
                rents[offer] += (prices[kind, edge] - ask) * seconds[offer, edge]
    return rents


@native.compiled
def least(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: choices.Prices,
    total: choices.Prices,
) -> tuple[native.Ints, native.Ints, native.Ints]:
    """By bid: how many servers it takes, what these cost, and from when on."""
    count = len(demand.ceiling)
    servers = np.zeros(count, np.int64)
    cost, target = np.zeros(count, np.int64), np.zeros(count, np.int64)
    picks = np.zeros((2, len(prices)), np.int64)
    for bid in range(count):
        servers[bid], cost[bid], target[bid], _ = choices.choice(
            supply, demand, marks, prices, total, bid, picks
        )
    return servers, cost, target


@native.compiled
def __least_each(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: choices.Prices,
    total: choices.Prices,
) -> tuple[native.Ints, native.Ints]:
    """By bid: the least that one server costs, and from when on."""
    count = len(demand.ceiling)
    cost, target = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for bid in range(count):
        cost[bid], target[bid], _ = choices.cheapest(
            supply, demand, marks, prices, total, bid
        )
    return cost, target
