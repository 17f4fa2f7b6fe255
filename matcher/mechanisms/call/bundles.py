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

#: Groups that are tried at a start where all parts are to be of one, at least.
FEWEST_GROUPS = 2

ANY = places.ANY

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
        worth = _of_groups(market, plan, found, random, bid, moment, trial, care, best)
        if worth > best:
            best, start = worth, moment
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
def _of_groups(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    bid: int,
    moment: int,
    first: int,
    care: fits.Care,
    best: float,
) -> float:
    """Note what all parts can have at ``moment``, if that is worth more than ``best``.

    Where they are to be of one group it is that of the best group of several. Says what
    it is worth, or ``best``.
    """
    jointly, groups = market.demand.jointly[bid], 1
    if jointly:
        groups = _groups(market, found, random, bid, care)
    for number in range(groups):
        group = found.groups[number] if jointly else ANY
        worth = _try(market, plan, found, random, bid, moment, first, group, care)
        if plan.start[bid] < 0:
            continue
        if worth > best:
            best = worth
            _keep(market, plan, found, bid)
        plans.remove(market.lots, market.demand, plan, bid)
    return best


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
    group: int,
    care: fits.Care,
) -> float:
    """Place all parts, from part ``first`` on; what they are worth, or none of them.

    All are of ``group``, if that is not ``ANY``.
    """
    demand, parts = market.demand, market.demand.parts[bid]
    together = 0.0
    for number in range(parts):
        row = bid + (first + number) % parts
        moment = start + demand.shift[row]
        if group == ANY and demand.together[row] >= 0:
            worth, _, lots = places.in_one_group(
                market, plan, found, random, row, care, moment
            )
        else:
            count = _candidates(market, plan, found, random, row, group, care)
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
def _candidates(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    row: int,
    group: int,
    care: fits.Care,
) -> int:
    if group == ANY:
        return places.candidates(market, plan, found, random, row, care)
    found.seen[-1] += 1
    count, _ = places.of_group(market, plan, found, random, row, group, care)
    return count


@native.helper
def _groups(
    market: fits.Market,
    found: places.Scratch,
    random: native.Words,
    bid: int,
    care: fits.Care,
) -> int:
    """Note groups that all parts may be of; those that the largest may be of."""
    demand, largest = market.demand, bid
    for row in range(bid, bid + demand.parts[bid]):
        if demand.least[row] > demand.least[largest]:
            largest = row
    most = max(FEWEST_GROUPS, care.groups // demand.parts[bid])
    return places.groups_of(market, found, random, largest, care, most)


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
