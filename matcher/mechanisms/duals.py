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
make it tighter.
"""

import dataclasses
import typing

import numpy as np
import numpy.typing as npt

from matcher.mechanisms import figures
from matcher.mechanisms import native

#: Floats on the way down, integers in the proof.
_Prices: typing.TypeAlias = npt.NDArray[typing.Any]

#: Prices times seconds stay below this, so that sums of them fit into 64 bits.
_LIMIT = 2**61


class Guide(typing.NamedTuple):
    """Prices: ``total[k, e]`` is the integral of kind ``k``'s up to ``edges[e]``.

    ``price[k, e]`` holds from ``edges[e]`` on. At these prices the least that bid
    ``j`` can pay for one server is ``cost[j]``, from second ``target[j]`` on.
    """

    edges: native.Ints
    price: native.Floats
    total: native.Floats
    cost: native.Floats
    target: native.Ints


@dataclasses.dataclass(frozen=True)
class Dual:
    """``prices[k, e]`` in micro-credits, and the value that they prove."""

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
    prices = np.empty((len(supply.kind_at) - 1, len(marks) - 1))
    for kind, at in enumerate(supply.kind_at[:-1]):
        prices[kind] = supply.ask[at : supply.kind_at[kind + 1]].mean()
    return prices


def descend(
    market: figures.Figures,
    marks: native.Ints,
    prices: native.Floats,
    steps: int,
    rate: float,
) -> tuple[native.Floats, float]:
    """Better prices than ``prices``, by ``steps`` steps of Adam; and their bound.

    The first step changes a price by about ``rate`` times the median ceiling.

    Kingma and Ba, "Adam: a method for stochastic optimization", 2015; with a step
    that shrinks it needs fewer evaluations than a plain subgradient.
    """
    stock = _stock(market.supply, marks)
    scale = float(np.median(market.demand.ceiling)) + 1.0
    most = int(market.demand.most.max())
    limit = float(_LIMIT // (most * int(marks[-1] - marks[0])))
    # The first of a kind has the lowest ask; no price below it proves more.
    floor = np.minimum(market.supply.ask[market.supply.kind_at[:-1], None], limit)
    mean, square = np.zeros_like(prices), np.zeros_like(prices)
    widths = np.diff(marks).astype(float)
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
        length = rate * scale * (1 - (step - 1) / steps) ** 1.5 + 1e-4 * scale
        prices = np.clip(prices - length * push, floor, limit)
    return best, least


def certified(
    market: figures.Figures, marks: native.Ints, prices: native.Floats
) -> Dual:
    """The bound that ``prices``, rounded, prove; counted in integers."""
    supply, demand = market.supply, market.demand
    rounded = np.rint(prices).astype(np.int64)
    total = _totals(marks, rounded)
    seconds = _seconds(supply, marks)
    rents = _rents(supply, seconds, rounded)
    servers, cost, _ = _least(supply, demand, marks, rounded, total)
    cheapest, _ = _least_each(supply, demand, marks, rounded, total)
    surplus = []
    for most, ceiling, length, taken, paid, unit in zip(
        *(each.tolist() for each in (demand.most, demand.ceiling, demand.length)),
        *(each.tolist() for each in (servers, cost, cheapest)),
        strict=True,
    ):
        # Beyond 64 bits the choice of servers cannot be trusted; this can.
        simple = most * max(0, ceiling * length - unit)
        huge = most * ceiling * length >= _LIMIT
        surplus.append(simple if huge else max(0, taken * ceiling * length - paid))
    return Dual(marks, rounded, sum(rents.tolist()) + sum(surplus))


def guide(market: figures.Figures, dual: Dual) -> Guide:
    """What the search needs to know of the prices."""
    total = _totals(dual.edges, dual.prices)
    servers, cost, target = _least(
        market.supply, market.demand, dual.edges, dual.prices, total
    )
    # Before the first edge and after the last one nothing costs anything.
    price = np.pad(dual.prices, ((0, 0), (0, 1)))
    return Guide(
        dual.edges,
        price.astype(np.float64),
        total.astype(np.float64),
        cost / np.maximum(servers, 1),
        target,
    )


def _totals(marks: native.Ints, prices: native.Ints) -> native.Ints:
    total = np.zeros((len(prices), len(marks)), np.int64)
    np.cumsum(prices * np.diff(marks), axis=1, out=total[:, 1:])
    return total


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
            if prices[kind, edge] > ask:
                rents[offer] += (prices[kind, edge] - ask) * seconds[offer, edge]
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
    kinds, spans = prices.shape
    total = np.zeros((kinds, spans + 1))
    value = 0.0
    for kind in range(kinds):
        low, high = supply.kind_at[kind], supply.kind_at[kind + 1]
        for edge in range(spans):
            price = prices[kind, edge]
            total[kind, edge + 1] = total[kind, edge] + price * (
                marks[edge + 1] - marks[edge]
            )
            stop = low + np.searchsorted(supply.ask[low:high], price)
            free = stock.summed[stop, edge] - stock.summed[low, edge]
            value += price * free - (stock.asked[stop, edge] - stock.asked[low, edge])
            load[kind, edge] = free
    picks = np.zeros((2, kinds), np.int64)
    for bid in range(len(demand.ceiling)):
        servers, cost, start, picked = _choice(
            supply, demand, marks, prices, total, bid, picks
        )
        surplus = servers * float(demand.ceiling[bid]) * demand.length[bid] - cost
        if surplus <= 0:
            continue
        value += surplus
        end = start + demand.length[bid]
        for pick in range(picked):
            at = int(np.searchsorted(marks, start, side='right')) - 1
            while at < spans and marks[at] < end:
                load[picks[0, pick], at] -= picks[1, pick] * (
                    min(end, marks[at + 1]) - max(start, marks[at])
                )
                at += 1
    return value


@native.compiled
def _least(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: _Prices,
    total: _Prices,
) -> tuple[native.Ints, native.Ints, native.Ints]:
    """By bid: how many servers it takes, what these cost, and from when on."""
    count = len(demand.ceiling)
    servers = np.zeros(count, np.int64)
    cost, target = np.zeros(count, np.int64), np.zeros(count, np.int64)
    picks = np.zeros((2, len(prices)), np.int64)
    for bid in range(count):
        servers[bid], cost[bid], target[bid], _ = _choice(
            supply, demand, marks, prices, total, bid, picks
        )
    return servers, cost, target


@native.compiled
def _least_each(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: _Prices,
    total: _Prices,
) -> tuple[native.Ints, native.Ints]:
    """By bid: the least that one server costs, and from when on."""
    count = len(demand.ceiling)
    cost, target = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for bid in range(count):
        cost[bid], target[bid], _ = _cheapest(supply, demand, marks, prices, total, bid)
    return cost, target


@native.compiled
def _choice(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: _Prices,
    total: _Prices,
    bid: int,
    picks: native.Ints,
) -> tuple[int, int, int, int]:
    """What ``bid`` takes at these prices: servers, their cost, start, kinds.

    Column ``n`` of ``picks`` becomes the ``n``-th kind and how many it takes of it.
    """
    most = demand.most[bid]
    enough = True
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        enough = enough and most <= supply.kind_at[kind + 1] - supply.kind_at[kind]
    if not enough:
        return _bundle(supply, demand, marks, prices, total, bid, picks)
    cost, start, kind = _cheapest(supply, demand, marks, prices, total, bid)
    picks[0, 0], picks[1, 0] = kind, most
    return most, most * cost, start, 1


@native.compiled
def _stay_cost(
    marks: native.Ints,
    rate: _Prices,
    summed: _Prices,
    edges: tuple[int, int],
    start: int,
    end: int,
) -> int:
    head, tail = edges
    cost: int = summed[tail] - summed[head] - rate[head] * (start - marks[head])
    if tail < len(rate):
        cost += rate[tail] * (end - marks[tail])
    return cost


@native.compiled
def _bundle(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: _Prices,
    total: _Prices,
    bid: int,
    picks: native.Ints,
) -> tuple[int, int, int, int]:
    """As ``_choice``, where no kind has as many servers as the bid asks for.

    The cost of the cheapest servers is concave between the starts at which any
    kind's is linear, so these starts, of all its kinds, are enough.
    """
    length = demand.length[bid]
    # Of the type of the prices: floats on the way down, integers in the proof.
    nothing = total[0, 0] - total[0, 0]
    value = (nothing + demand.ceiling[bid]) * length
    low, high = demand.kinds_at[bid], demand.kinds_at[bid + 1]
    starts = _starts(supply, demand, marks, bid)
    costs = np.zeros(high - low, total.dtype)
    left = np.zeros(high - low, np.int64)
    best, servers, paid, when, picked = nothing, 0, nothing, starts[0], 0
    trial = np.zeros((2, high - low), np.int64)
    for start in starts:
        end = start + length
        edges = (
            np.searchsorted(marks, start, side='right') - 1,
            np.searchsorted(marks, end, side='right') - 1,
        )
        for place in range(low, high):
            kind = demand.kinds[place]
            left[place - low] = 0
            for span in range(supply.span_at[kind], supply.span_at[kind + 1]):
                if supply.span_from[span] <= start and end <= supply.span_to[span]:
                    left[place - low] = supply.kind_at[kind + 1] - supply.kind_at[kind]
            if left[place - low]:
                costs[place - low] = _stay_cost(
                    marks, prices[kind], total[kind], edges, start, end
                )
        surplus, taken, spent, used = nothing, 0, nothing, 0
        while taken < demand.most[bid]:
            which = -1
            for place in range(high - low):
                if left[place] and (which < 0 or costs[place] < costs[which]):
                    which = place
            if which < 0:
                break
            size = min(left[which], demand.most[bid] - taken)
            if value < costs[which]:
                size = min(size, demand.least[bid] - taken)
            if size <= 0:
                break
            trial[0, used], trial[1, used] = demand.kinds[low + which], size
            used += 1
            left[which] = 0
            taken += size
            spent += size * costs[which]
            surplus += size * (value - costs[which])
        if taken >= demand.least[bid] and (servers == 0 or surplus > best):
            best, servers, paid, when, picked = surplus, taken, spent, start, used
            picks[:, :used] = trial[:, :used]
    return servers, paid, when, picked


@native.compiled
def _starts(
    supply: figures.Supply, demand: figures.Demand, marks: native.Ints, bid: int
) -> native.Ints:
    length = demand.length[bid]
    early, late = demand.earliest[bid], demand.latest[bid] - length
    low, high = demand.kinds_at[bid], demand.kinds_at[bid + 1]
    spans = 0
    for place in range(low, high):
        kind = demand.kinds[place]
        spans += supply.span_at[kind + 1] - supply.span_at[kind]
    starts = np.empty(2 + 2 * len(marks) + 2 * spans, np.int64)
    starts[0], starts[1] = early, late
    count = 2
    for edge in marks:
        for start in (edge, edge - length):
            if early < start < late:
                starts[count] = start
                count += 1
    for place in range(low, high):
        kind = demand.kinds[place]
        for span in range(supply.span_at[kind], supply.span_at[kind + 1]):
            for start in (supply.span_from[span], supply.span_to[span] - length):
                if early < start < late:
                    starts[count] = start
                    count += 1
    return np.unique(starts[:count])


@native.compiled
def _cheapest(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: _Prices,
    total: _Prices,
    bid: int,
) -> tuple[int, int, int]:
    """The least that one server costs ``bid``; from when, and of which kind.

    As a function of the start the cost is linear between the starts at which
    either end of the stay meets an edge: one of these, or the first or last start
    in a span of the kind, is the cheapest.
    """
    length, edges = demand.length[bid], len(marks) - 1
    best: int = total[0, 0]
    when, which = demand.earliest[bid], -1
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        summed, rate = total[kind], prices[kind]
        for span in range(supply.span_at[kind], supply.span_at[kind + 1]):
            start = max(demand.earliest[bid], supply.span_from[span])
            late = min(demand.latest[bid], supply.span_to[span]) - length
            if start > late:
                continue
            # Spans lie between the first edge and the last one.
            head = np.searchsorted(marks, start, side='right') - 1
            tail = np.searchsorted(marks, start + length, side='right') - 1
            while True:
                end = start + length
                cost = _stay_cost(marks, rate, summed, (head, tail), start, end)
                if which < 0 or cost < best:
                    best, when, which = cost, start, kind
                if start >= late:
                    break
                step = min(late - start, marks[head + 1] - start)
                if tail < edges:
                    step = min(step, marks[tail + 1] - end)
                start += step
                while marks[head + 1] <= start:
                    head += 1
                while tail < edges and marks[tail + 1] <= start + length:
                    tail += 1
    return best, when, which
