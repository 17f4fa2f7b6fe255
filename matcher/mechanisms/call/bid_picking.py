# SPDX-License-Identifier: Apache-2.0
"""Around which bid, on which lot and at what time a move of the search is made."""

import numpy as np

from matcher.mechanisms import native
from matcher.mechanisms.call import fits
from matcher.mechanisms.call import plan as plans

#: Which part of the moves is made around a bid drawn at random; the others around
#: that of so many which misses most.
UNIFORM, DRAWN = 0.5, 4


@native.helper
def pick_high_regret_bid(
    market: fits.Market, plan: plans.Plan, random: native.Words
) -> int:
    """A bid drawn at random, or that of a few which misses most; a head of a bundle."""
    bids = len(market.demand.ceiling)
    chosen = int(market.demand.head[int(native.uniform(random) * bids)])
    if native.uniform(random) < UNIFORM:
        return chosen
    most = _regret(market, plan, chosen)
    for _ in range(DRAWN - 1):
        other = int(market.demand.head[int(native.uniform(random) * bids)])
        regret = _regret(market, plan, other)
        if regret > most:
            chosen, most = other, regret
    return chosen


@native.helper
def _regret(market: fits.Market, plan: plans.Plan, bid: int) -> float:
    """What ``bid`` misses at the dual prices, beside its best choice."""
    demand, guide = market.demand, market.guide
    best = 0.0
    for row in range(bid, bid + demand.parts[bid]):
        value = float(demand.ceiling[row]) * demand.length[row]
        best += (value - guide.cost[row]) * demand.most[row]
    best = max(0.0, best)
    # Where another alternative has a place, that is what it has already.
    bid = plan.holder[demand.group[bid]]
    if bid < 0:
        return best
    for row in range(bid, bid + demand.parts[bid]):
        start, length = plan.start[row], demand.length[row]
        value = float(demand.ceiling[row]) * length
        edges = fits.edge(market, start), fits.edge(market, start + length)
        for line in range(plan.line_at[row], plan.line_at[row] + plan.lines[row]):
            dual = fits.dual(market, plan.line_lot[line], edges, start, start + length)
            best -= plan.line_size[line] * (value - dual)
    return best


@native.helper
def centre(
    market: fits.Market, plan: plans.Plan, random: native.Words, bid: int
) -> tuple[int, int]:
    """A lot that ``bid`` has or could afford, and when it has or could have it."""
    lots, demand = market.lots, market.demand
    if plan.start[bid] >= 0:
        line = plan.line_at[bid] + int(native.uniform(random) * plan.lines[bid])
        return plan.line_lot[line], plan.start[bid]
    kinds = demand.kinds_at[bid + 1] - demand.kinds_at[bid]
    kind = demand.kinds[demand.kinds_at[bid] + int(native.uniform(random) * kinds)]
    low, high = lots.kind_at[kind], lots.kind_at[kind + 1]
    high = low + np.searchsorted(lots.ask[low:high], demand.ceiling[bid], side='right')
    lot = min(low + int(native.uniform(random) * (high - low)), len(lots.ask) - 1)
    spare = demand.latest[bid] - demand.length[bid] - demand.earliest[bid]
    return lot, demand.earliest[bid] + int(native.uniform(random) * (spare + 1))
