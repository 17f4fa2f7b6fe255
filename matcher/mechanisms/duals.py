# SPDX-License-Identifier: Apache-2.0
"""Prices of time, and the bound on welfare that they prove.

Let every kind of offer have a price p(t) >= 0 for each moment. Whatever the
prices are, no allocation is worth more than

    sum over offers of the integral, over their free time, of max(0, p - ask)
  + sum over bids of  most x max(0, ceiling x length - the least that any kind
                                   and any start would cost it at these prices).

For a server of an award, ceiling x length - ask x length is at most what the
first line counts for its time plus the bid's share of the second. The bound is
the Lagrangian dual of the market (Geoffrion, "Lagrangean relaxation for integer
programming", 1974), convex in the prices; the prices that make it least are those
of a competitive equilibrium, if there is one.

Prices are constant between ``edges``. These can be any instants: the bound holds,
and its integrals are exact to the second, whatever they are; finer ones can only
make it tighter.
"""

import dataclasses
import typing

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import native

#: Prices times seconds stay below this, so that sums of them fit into 64 bits.
_LIMIT = 2**61


class Guide(typing.NamedTuple):
    """Prices: ``total[e, k]`` is the integral of kind ``k``'s up to ``edges[e]``.

    ``price[e, k]`` holds from ``edges[e]`` on. At these prices the least that bid
    ``j`` can pay for one server is ``cost[j]``, from second ``target[j]`` on.
    """

    edges: native.Ints
    price: native.Floats
    total: native.Floats
    cost: native.Floats
    target: native.Ints


@dataclasses.dataclass(frozen=True)
class Dual:
    """``prices[e, k]`` in micro-credits, and the value that they prove."""

    edges: native.Ints
    prices: native.Ints
    bound: int


class _Stock(typing.NamedTuple):
    """Free seconds by offer and interval, summed up over the offers of a kind."""

    seconds: native.Ints
    summed: native.Floats
    asked: native.Floats


def edges(market: figures.Figures, count: int) -> native.Ints:
    """Up to ``count`` instants, denser where more windows begin or end."""
    supply, demand = market.supply, market.demand
    used = np.concatenate(
        [
            np.arange(at, at + size)
            for at, size in zip(supply.gap_at, supply.gap_count, strict=False)
        ]
        or [np.empty(0, np.int64)]
    )
    first, last = supply.gap_from[used].min(), supply.gap_to[used].max()
    instants = np.concatenate(
        [supply.gap_from[used], supply.gap_to[used], demand.earliest, demand.latest]
    )
    instants = np.sort(instants[(first < instants) & (instants < last)])
    places = np.linspace(0, len(instants) - 1, min(count, len(instants)))
    picked = instants[places.astype(np.int64)] if len(instants) else instants
    return np.unique(np.concatenate([[first], picked, [last]])).astype(np.int64)


def start_prices(market: figures.Figures, marks: native.Ints) -> native.Floats:
    """A first guess: a little above the cheapest ask of each kind."""
    supply = market.supply
    prices = np.empty((len(marks) - 1, len(supply.kind_at) - 1))
    for kind, at in enumerate(supply.kind_at[:-1]):
        prices[:, kind] = supply.ask[at : supply.kind_at[kind + 1]].mean()
    return prices


def descend(
    market: figures.Figures, marks: native.Ints, prices: native.Floats, steps: int
) -> tuple[native.Floats, float]:
    """Better prices than ``prices``, by ``steps`` steps of Adam; and their bound.

    Kingma and Ba, "Adam: a method for stochastic optimization", 2015; with a step
    that shrinks it needs fewer evaluations than a plain subgradient.
    """
    stock = _stock(market.supply, marks)
    scale = float(np.median(market.demand.ceiling)) + 1.0
    limit = float(_LIMIT // max(1, int(marks[-1] - marks[0])))
    mean, square = np.zeros_like(prices), np.zeros_like(prices)
    widths = np.diff(marks).astype(float)[:, None]
    best, least = prices, np.inf
    load = np.empty_like(prices)
    for step in range(1, steps + 1):
        value = _evaluate(market.supply, market.demand, marks, prices, stock, load)
        if value < least:
            best, least = prices, value
        slope = load / widths
        mean = 0.85 * mean + 0.15 * slope
        square = 0.98 * square + 0.02 * slope * slope
        push = (mean / (1 - 0.85**step)) / (np.sqrt(square / (1 - 0.98**step)) + 1e-9)
        rate = 0.12 * scale * (1 - (step - 1) / steps) ** 1.5 + 1e-4 * scale
        prices = np.clip(prices - rate * push, 0.0, limit)
    return best, least


def certified(
    market: figures.Figures, marks: native.Ints, prices: native.Floats
) -> Dual:
    """The bound that ``prices``, rounded, prove; counted in integers."""
    supply, demand = market.supply, market.demand
    rounded = np.rint(prices).astype(np.int64)
    total = np.zeros((len(marks), rounded.shape[1]), np.int64)
    np.cumsum(rounded * np.diff(marks)[:, None], axis=0, out=total[1:])
    seconds = _seconds(supply, marks)
    rents = _rents(supply, seconds, rounded)
    cost, _ = _least(demand, marks, rounded, total)
    surplus = [
        most * max(0, ceiling * length - least)
        for most, ceiling, length, least in zip(
            demand.most.tolist(),
            demand.ceiling.tolist(),
            demand.length.tolist(),
            cost.tolist(),
            strict=True,
        )
    ]
    return Dual(marks, rounded, sum(rents.tolist()) + sum(surplus))


def guide(market: figures.Figures, dual: Dual) -> Guide:
    """What the search needs to know of the prices."""
    total = np.zeros((len(dual.edges), dual.prices.shape[1]), np.int64)
    np.cumsum(dual.prices * np.diff(dual.edges)[:, None], axis=0, out=total[1:])
    cost, target = _least(market.demand, dual.edges, dual.prices, total)
    # Before the first edge and after the last one nothing costs anything.
    price = np.vstack([dual.prices, np.zeros((1, dual.prices.shape[1]), np.int64)])
    return Guide(
        dual.edges,
        price.astype(np.float64),
        total.astype(np.float64),
        cost.astype(np.float64),
        target,
    )


@native.compiled
def _seconds(supply: figures.Supply, marks: native.Ints) -> native.Ints:
    """Free seconds of each offer in each interval."""
    seconds = np.zeros((len(supply.ask), len(marks) - 1), np.int64)
    for offer in range(len(supply.ask)):
        at = supply.gap_at[offer]
        for gap in range(at, at + supply.gap_count[offer]):
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
            if prices[edge, kind] > ask:
                rents[offer] += (prices[edge, kind] - ask) * seconds[offer, edge]
    return rents


@native.compiled
def _stock(supply: figures.Supply, marks: native.Ints) -> _Stock:
    seconds = _seconds(supply, marks)
    summed = np.zeros((seconds.shape[0] + 1, seconds.shape[1]))
    asked = np.zeros((seconds.shape[0] + 1, seconds.shape[1]))
    for offer in range(seconds.shape[0]):
        for edge in range(seconds.shape[1]):
            free = float(seconds[offer, edge])
            summed[offer + 1, edge] = summed[offer, edge] + free
            asked[offer + 1, edge] = asked[offer, edge] + free * supply.ask[offer]
    return _Stock(seconds, summed, asked)


@native.compiled
def _evaluate(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: native.Floats,
    stock: _Stock,
    load: native.Floats,
) -> float:
    """The bound at ``prices``; ``load`` becomes its slope: supply minus demand."""
    spans, kinds = prices.shape
    total = np.zeros((spans + 1, kinds))
    value = 0.0
    for kind in range(kinds):
        low, high = supply.kind_at[kind], supply.kind_at[kind + 1]
        for edge in range(spans):
            price = prices[edge, kind]
            total[edge + 1, kind] = total[edge, kind] + price * (
                marks[edge + 1] - marks[edge]
            )
            stop = low + np.searchsorted(supply.ask[low:high], price)
            free = stock.summed[stop, edge] - stock.summed[low, edge]
            value += price * free - (stock.asked[stop, edge] - stock.asked[low, edge])
            load[edge, kind] = free
    for bid in range(len(demand.ceiling)):
        cost, start, kind = _cheapest(demand, marks, prices, total, bid)
        surplus = float(demand.ceiling[bid]) * demand.length[bid] - cost
        if surplus <= 0:
            continue
        value += demand.most[bid] * surplus
        end = start + demand.length[bid]
        edge = max(0, np.searchsorted(marks, start, side='right') - 1)
        while edge < spans and marks[edge] < end:
            load[edge, kind] -= demand.most[bid] * (
                min(end, marks[edge + 1]) - max(start, marks[edge])
            )
            edge += 1
    return value


@native.compiled
def _least(
    demand: figures.Demand, marks: native.Ints, prices: native.Ints, total: native.Ints
) -> tuple[native.Ints, native.Ints]:
    cost = np.zeros(len(demand.ceiling), np.int64)
    target = np.zeros(len(demand.ceiling), np.int64)
    for bid in range(len(cost)):
        cost[bid], target[bid], _ = _cheapest(demand, marks, prices, total, bid)
    return cost, target


@native.compiled
def _cheapest(
    demand: figures.Demand,
    marks: native.Ints,
    prices: native.Ints,
    total: native.Ints,
    bid: int,
) -> tuple[int, int, int]:
    """The least that one server costs ``bid``; from when, and of which kind.

    As a function of the start the cost is linear between the starts at which
    either end of the stay meets an edge: one of these, or an end of the bid's
    window, is the cheapest.
    """
    length = demand.length[bid]
    early, late = demand.earliest[bid], demand.latest[bid] - demand.length[bid]
    span = len(marks) - 1
    head = np.searchsorted(marks, early, side='right') - 1
    tail = np.searchsorted(marks, early + length, side='right') - 1
    low, high = demand.kinds_at[bid], demand.kinds_at[bid + 1]
    start = early
    best, when, which = total[0, 0], early, demand.kinds[low]
    first = True
    while True:
        end = start + length
        while head < span and marks[head + 1] <= start:
            head += 1
        while tail < span and marks[tail + 1] <= end:
            tail += 1
        for place in range(low, high):
            kind = demand.kinds[place]
            cost = total[0, 0] - total[0, 0]
            if 0 <= tail < span:
                cost += total[tail, kind] + prices[tail, kind] * (end - marks[tail])
            elif tail >= span:
                cost += total[span, kind]
            if 0 <= head < span:
                cost -= total[head, kind] + prices[head, kind] * (start - marks[head])
            elif head >= span:
                cost -= total[span, kind]
            if first or cost < best:
                best, when, which = cost, start, kind
                first = False
        if start >= late:
            return best, when, which
        step = late - start
        if head < span:
            step = min(step, marks[head + 1] - start)
        if tail < span:
            step = min(step, marks[tail + 1] - end)
        start += step
