# SPDX-License-Identifier: Apache-2.0
"""Placing a bid: one rectangle, or all parts of a bundle, or nothing.

Parts are placed one after the other at one start of the bundle, each on the servers
that cost least and are free still. Of a few starts the best one is taken.
"""

import numpy as np

from matcher.mechanisms import native
from matcher.mechanisms.call import fits
from matcher.mechanisms.call import places
from matcher.mechanisms.call import plan as plans

#: So many starts of a bundle are tried at least, however many parts it has.
TRIALS = 3


@native.helper
def place(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    bid: int,
    care: fits.Care,
) -> bool:
    """Place ``bid``, a head, where it fits best; says whether it has a place then."""
    if market.demand.parts[bid] > 1:
        return _place_parts(market, plan, found, random, bid, care)
    start, count = places.find(market, plan, found, random, bid, care)
    if count:
        chosen, sizes = found.chosen, found.sizes
        plans.place(market.lots, market.demand, plan, bid, start, chosen, sizes, count)
    return bool(count)


@native.helper
def _place_parts(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    bid: int,
    care: fits.Care,
) -> bool:
    demand, parts = market.demand, market.demand.parts[bid]
    early, late = demand.earliest[bid], demand.latest[bid] - demand.length[bid]
    best, start = -np.inf, -1
    trials = max(TRIALS, care.trials // parts) if early < late else parts
    for trial in range(trials):
        moment = early
        if trial == 0:
            moment = market.guide.target[bid]
        elif trial > 1:
            moment = _moment(market, plan, found, random, bid, care)
        moment = max(early, min(late, moment))
        worth = _try(market, plan, found, random, bid, moment, trial, care)
        if plan.start[bid] < 0:
            continue
        if worth > best:
            best, start = worth, moment
            _keep(market, plan, found, bid)
        plans.remove(market.lots, demand, plan, bid)
    if start < 0:
        return False
    for number in range(parts):
        low, high = found.kept_at[number], found.kept_at[number + 1]
        plans.place(
            market.lots,
            demand,
            plan,
            bid + number,
            start + demand.shift[bid + number],
            found.kept[low:high],
            found.kept_sizes[low:high],
            high - low,
        )
    return True


@native.helper
def _moment(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    bid: int,
    care: fits.Care,
) -> int:
    """A start at which a part, drawn at random, would meet a step of a lot."""
    row = bid + int(native.uniform(random) * market.demand.parts[bid])
    count = places.candidates(market, plan, found, random, row, care)
    if not count:
        return int(market.demand.earliest[bid])
    moment = places.draw_start(market, plan, found, random, row, count)
    return int(moment - market.demand.shift[row])


@native.helper
def _try(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    bid: int,
    start: int,
    first: int,
    care: fits.Care,
) -> float:
    """Place all parts, from part ``first`` on; what they are worth, or none of them."""
    demand, parts = market.demand, market.demand.parts[bid]
    together = 0.0
    for number in range(parts):
        row = bid + (first + number) % parts
        moment = start + demand.shift[row]
        count = places.candidates(market, plan, found, random, row, care)
        worth, lots = places.place_from(
            market, plan, found, row, count, moment, care, -np.inf
        )
        if not lots:
            plans.remove(market.lots, demand, plan, bid)
            return 0.0
        chosen, sizes = found.chosen, found.sizes
        plans.place(market.lots, demand, plan, row, moment, chosen, sizes, lots)
        together += worth
    return together


@native.helper
def _keep(
    market: fits.Market, plan: plans.Plan, found: places.Scratch, bid: int
) -> None:
    """Note what all parts of ``bid`` have."""
    count = 0
    for number in range(market.demand.parts[bid]):
        at = plan.line_at[bid + number]
        found.kept_at[number] = count
        for line in range(at, at + plan.lines[bid + number]):
            found.kept[count] = plan.line_lot[line]
            found.kept_sizes[count] = plan.line_size[line]
            count += 1
        found.kept_at[number + 1] = count
