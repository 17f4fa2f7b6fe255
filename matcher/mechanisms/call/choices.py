# SPDX-License-Identifier: Apache-2.0
"""What a bid would choose at given prices: servers and a start.

Prices are constant between instants, ``marks``: ``prices[k, e]`` is what an hour of
a server of kind ``k`` costs from ``marks[e]`` on, in micro-credits, and
``total[k, e]`` the integral up to there. They are floats on the way down to a good
bound and integers where it is proved; what is here works on both.
"""

import typing

import numpy as np
import numpy.typing as npt

from matcher.mechanisms import figures
from matcher.mechanisms import native

Prices: typing.TypeAlias = npt.NDArray[typing.Any]


class Scratch(typing.NamedTuple):
    """What a bid chose: ``sizes[n]`` servers of ``kinds[n]``; the rest is scratch."""

    kinds: native.Ints
    sizes: native.Ints
    starts: native.Ints
    tried_kinds: native.Ints
    tried_sizes: native.Ints
    left: native.Ints
    costs: Prices


def scratch(market: figures.Figures, marks: native.Ints, total: Prices) -> Scratch:
    """Room for the choice of any bid, at prices of the type of ``total``."""
    kinds = int(np.diff(market.demand.kinds_at).max(initial=1))
    starts = 2 + 2 * len(marks) + 2 * len(market.supply.span_from)
    return Scratch(
        kinds=np.zeros(kinds, np.int64),
        sizes=np.zeros(kinds, np.int64),
        starts=np.zeros(starts, np.int64),
        tried_kinds=np.zeros(kinds, np.int64),
        tried_sizes=np.zeros(kinds, np.int64),
        left=np.zeros(kinds, np.int64),
        costs=np.zeros(kinds, total.dtype),
    )


@native.helper
def choice(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: Prices,
    total: Prices,
    bid: int,
    scratch: Scratch,
) -> tuple[int, int, int, int]:
    """What ``bid`` takes at these prices: servers, their cost, start, kinds.

    So many of ``scratch.kinds`` and ``scratch.sizes`` say which kinds it takes.
    """
    most = demand.most[bid]
    enough = True
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        enough = enough and most <= supply.kind_at[kind + 1] - supply.kind_at[kind]
    if not enough:
        return _bundle(supply, demand, marks, prices, total, bid, scratch)
    cost, start, kind = cheapest(supply, demand, marks, prices, total, bid)
    if demand.parts[bid] != 1 and demand.ceiling[bid] * demand.length[bid] < cost:
        # A part that costs more than it is worth: the bundle may be worth it.
        most = demand.least[bid]
    scratch.kinds[0], scratch.sizes[0] = kind, most
    return most, most * cost, start, 1


@native.helper
def _stay_cost(
    marks: native.Ints,
    rate: Prices,
    summed: Prices,
    edges: tuple[int, int],
    start: int,
    end: int,
) -> int:
    head, tail = edges
    cost: int = summed[tail] - summed[head] - rate[head] * (start - marks[head])
    if tail < len(rate):
        cost += rate[tail] * (end - marks[tail])
    return cost


@native.helper
def _bundle(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: Prices,
    total: Prices,
    bid: int,
    scratch: Scratch,
) -> tuple[int, int, int, int]:
    """As ``choice``, where no kind has as many servers as the bid asks for.

    The cost of the cheapest servers is concave between the starts at which any
    kind's is linear, so these starts, of all its kinds, are enough.
    """
    length = demand.length[bid]
    # Of the type of the prices: floats on the way down, integers in the proof.
    nothing = total[0, 0] - total[0, 0]
    value = (nothing + demand.ceiling[bid]) * length
    low, high = demand.kinds_at[bid], demand.kinds_at[bid + 1]
    left, costs = scratch.left, scratch.costs
    best, servers, paid, picked = nothing, 0, nothing, 0
    when = demand.earliest[bid]
    for number in range(_starts(supply, demand, marks, bid, scratch.starts)):
        start = scratch.starts[number]
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
            scratch.tried_kinds[used] = demand.kinds[low + which]
            scratch.tried_sizes[used] = size
            used += 1
            left[which] = 0
            taken += size
            spent += size * costs[which]
            surplus += size * (value - costs[which])
        if taken < demand.least[bid]:
            continue
        better = servers == 0 or surplus > best
        if better or (surplus == best and start < when):
            best, servers, paid, when, picked = surplus, taken, spent, start, used
            for pick in range(used):
                scratch.kinds[pick] = scratch.tried_kinds[pick]
                scratch.sizes[pick] = scratch.tried_sizes[pick]
    return servers, paid, when, picked


@native.helper
def _starts(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    bid: int,
    starts: native.Ints,
) -> int:
    """Fill ``starts``, in no order and some twice; return how many there are."""
    length = demand.length[bid]
    early, late = demand.earliest[bid], demand.latest[bid] - length
    low, high = demand.kinds_at[bid], demand.kinds_at[bid + 1]
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
    return count


@native.helper
def cheapest(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: Prices,
    total: Prices,
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
