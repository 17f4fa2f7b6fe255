# SPDX-License-Identifier: Apache-2.0
"""Prices of time, and the bound on welfare that they prove.

Let every kind of offer have a price p(t) >= 0 for each moment. Whatever the
prices are, no allocation is worth more than

    sum over offers of the integral, over their free time, of max(0, p - ask)
  + sum over bids of what, at these prices, its best choice of a start and of
                     servers would leave it, were they all free.

A bid with alternatives chooses among all of them: whichever is awarded is not worth
more to it than the best one. A bundle counts what its parts come to if each of them may
begin when that is best for it alone, and nothing if that is below zero: its one start
leaves no part more than that.

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
import itertools

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms.call import choices

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
    rents = np.zeros(len(supply.ask), np.int64)
    _rents(supply, free_seconds(supply, marks), rounded, rents)
    _rents_by_hour(supply, marks, rounded, rents)
    servers, cost, _ = least(market, marks, rounded, total)
    cheapest = np.zeros(len(demand.ceiling), np.int64)
    _least_each(supply, demand, marks, rounded, total, cheapest)
    surplus = []
    for most, ceiling, length, taken, paid, unit in zip(
        *(each.tolist() for each in (demand.most, demand.ceiling, demand.length)),
        *(each.tolist() for each in (servers, cost, cheapest)),
        strict=True,
    ):
        # Beyond 64 bits the choice of servers cannot be trusted; this can.
        simple = most * max(0, ceiling * length - unit)
        huge = most * ceiling * length >= LIMIT
        surplus.append(simple if huge else taken * ceiling * length - paid)
    parts = demand.parts.tolist()
    # All parts of a bundle together, each at the start that is best for it alone.
    together = [sum(surplus[bid : bid + size]) for bid, size in enumerate(parts)]
    chosen = (
        max(0, *together[first:end])
        for first, end in itertools.pairwise(demand.group_at.tolist())
    )
    return Dual(marks, rounded, sum(rents.tolist()) + sum(chosen))


def totals(marks: native.Ints, prices: native.Ints) -> native.Ints:
    total = np.zeros((len(prices), len(marks)), np.int64)
    np.cumsum(prices * np.diff(marks), axis=1, out=total[:, 1:])
    return total


def free_seconds(supply: figures.Supply, marks: native.Ints) -> native.Ints:
    """Free seconds of each offer in each interval."""
    seconds = np.zeros((len(supply.ask), len(marks) - 1), np.int64)
    _free_seconds(supply, marks, seconds)
    return seconds


@native.compiled
def _free_seconds(
    supply: figures.Supply, marks: native.Ints, seconds: native.Ints
) -> None:
    for offer in range(len(supply.ask)):
        for gap in range(supply.gap_at[offer], supply.gap_at[offer + 1]):
            start, end = supply.gap_from[gap], supply.gap_to[gap]
            edge = max(0, np.searchsorted(marks, start, side='right') - 1)
            while edge < len(marks) - 1 and marks[edge] < end:
                seconds[offer, edge] += min(end, marks[edge + 1]) - max(
                    start, marks[edge]
                )
                edge += 1


@native.compiled
def _rents(
    supply: figures.Supply,
    seconds: native.Ints,
    prices: native.Ints,
    rents: native.Ints,
) -> None:
    """Add what each offer earns above its ask if all its time is sold at ``prices``."""
    for offer in range(len(supply.ask)):
        kind, ask = supply.kind[offer], supply.ask[offer]
        if supply.tariff[offer] >= 0:
            continue
        for edge in range(seconds.shape[1]):
            if prices[kind, edge] > ask:
                rents[offer] += (prices[kind, edge] - ask) * seconds[offer, edge]


@native.compiled
def _rents_by_hour(
    supply: figures.Supply,
    marks: native.Ints,
    prices: native.Ints,
    rents: native.Ints,
) -> None:
    """The same of offers that ask for their time by the hour."""
    tariffs = supply.tariffs
    for offer in range(len(supply.ask)):
        tariff, kind = supply.tariff[offer], supply.kind[offer]
        if tariff < 0:
            continue
        for gap in range(supply.gap_at[offer], supply.gap_at[offer + 1]):
            moment, end = supply.gap_from[gap], supply.gap_to[gap]
            low, high = tariffs.at[tariff], tariffs.at[tariff + 1]
            piece = np.searchsorted(tariffs.since[low:high], moment, side='right')
            piece = max(low, low + piece - 1)
            edge = max(0, np.searchsorted(marks, moment, side='right') - 1)
            while moment < end and edge < prices.shape[1]:
                until = min(end, marks[edge + 1])
                if piece + 1 < high:
                    until = min(until, tariffs.since[piece + 1])
                more = prices[kind, edge] - tariffs.ask[piece]
                if more > 0:
                    rents[offer] += more * (until - moment)
                moment = until
                while edge < prices.shape[1] and marks[edge + 1] <= moment:
                    edge += 1
                while piece + 1 < high and tariffs.since[piece + 1] <= moment:
                    piece += 1


def least(
    market: figures.Figures,
    marks: native.Ints,
    prices: choices.Prices,
    total: choices.Prices,
) -> tuple[native.Ints, native.Ints, native.Ints]:
    """By bid: how many servers it takes, what these cost, and from when on."""
    found = np.zeros((3, len(market.demand.ceiling)), np.int64)
    scratch = choices.scratch(market, marks, total)
    _least(market.supply, market.demand, marks, prices, total, scratch, found)
    servers, cost, start = found
    return servers, cost, start


@native.compiled
def _least(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: choices.Prices,
    total: choices.Prices,
    scratch: choices.Scratch,
    found: native.Ints,
) -> None:
    for bid in range(len(demand.ceiling)):
        found[0, bid], found[1, bid], found[2, bid], _ = choices.choice(
            supply, demand, marks, prices, total, bid, scratch
        )


@native.compiled
def _least_each(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: choices.Prices,
    total: choices.Prices,
    cost: native.Ints,
) -> None:
    """By bid: ``cost`` becomes the least that one server costs."""
    for bid in range(len(demand.ceiling)):
        cost[bid], _, _ = choices.cheapest(supply, demand, marks, prices, total, bid)
