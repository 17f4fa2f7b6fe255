# SPDX-License-Identifier: Apache-2.0
"""A depth-first search, with a bound, for the bids that add most together."""

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms.call import plan as plans
from matcher.mechanisms.externality import scratch


@native.helper
def search(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    rivals: int,
) -> None:
    """Try all sets of rivals, starts and servers, one bid deeper at each level."""
    level, value, since = native.ZERO, 0.0, native.ZERO - 1
    _open(demand, plan, work, rivals, level, value, since)
    if work.counts[1] == 0 and work.cursor[0] < rivals:
        work.counts[1] = -1
        return
    while level >= 0:
        bid = work.placed[level]
        if bid >= 0:
            plans.remove(lots, demand, plan, bid)
            work.placed[level] = -1
        if work.counts[1] < 0 or not _advance(lots, demand, plan, work, rivals, level):
            level -= 1
            continue
        bid = work.rivals[work.cursor[level]]
        rate, lines = 0.0, native.ZERO
        for place in range(work.size[level]):
            if work.picked[level, place]:
                lot, servers = work.open[level, place], work.picked[level, place]
                work.chosen[level, lines] = lot
                work.chosen_sizes[level, lines] = servers
                rate += servers * float(demand.ceiling[bid] - lots.ask[lot])
                lines += 1
        start = work.moment[level]
        row, sizes = work.chosen[level], work.chosen_sizes[level]
        plans.place(lots, demand, plan, bid, start, row, sizes, lines)
        work.placed[level] = bid
        work.counts[1] -= 1
        value = work.value[level] + rate * float(demand.length[bid])
        level += 1
        _open(demand, plan, work, rivals, level, value, start)


@native.helper
def _open(
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    rivals: int,
    level: int,
    value: float,
    since: int,
) -> None:
    """Begin a level, on which bids that start at ``since`` or later are tried."""
    scratch.keep(plan, work, rivals, value)
    left = 0.0
    for place in range(rivals):
        if plan.holder[demand.group[work.rivals[place]]] < 0:
            left += work.alone[place]
    work.value[level], work.since[level] = value, since
    work.moment[level], work.placed[level] = -1, -1
    work.cursor[level] = -1
    if value + left <= work.most[0]:
        # Nothing that follows could be better.
        work.cursor[level] = rivals


@native.helper
def _advance(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    rivals: int,
    level: int,
) -> bool:
    """Go on to the next servers, start or rival of a level; False if none is left."""
    while work.cursor[level] < rivals:
        if work.moment[level] >= 0:
            bid = work.rivals[work.cursor[level]]
            if _picked_further(lots, demand, plan, work, level, bid):
                return True
            moment = _next_rise(lots, demand, plan, bid, work.moment[level])
        else:
            work.cursor[level] += 1
            if work.cursor[level] >= rivals:
                return False
            bid = work.rivals[work.cursor[level]]
            if plan.holder[demand.group[bid]] >= 0:
                continue
            moment = demand.earliest[bid]
            if moment < work.since[level]:
                moment = _next_rise(lots, demand, plan, bid, work.since[level] - 1)
        if moment > demand.latest[bid] - demand.length[bid]:
            work.moment[level] = -1
            continue
        work.moment[level] = moment
        _open_lots(lots, demand, plan, work, level, bid, moment, True)
    return False


@native.helper
def _picked_further(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    level: int,
    bid: int,
) -> bool:
    """Pick other servers at the start that is tried, if need be of the next group."""
    while not _picked_next(lots, demand, work, level, bid):
        moment = work.moment[level]
        if not _open_lots(lots, demand, plan, work, level, bid, moment, False):
            return False
    return True


@native.helper
def _open_lots(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    level: int,
    bid: int,
    moment: int,
    first: bool,
) -> bool:
    """Find how many servers of which lots ``bid`` could have from ``moment`` on.

    Where all are to be of one group those of the first, or else of the next one; says
    whether there is one.
    """
    row, size, end = demand.together[bid], 0, moment + demand.length[bid]
    if row < 0 and not first:
        return False
    low, high = 0, len(lots.ask)
    if row >= 0:
        group = _next_group(lots, row, -1 if first else work.group[level])
        if group < 0:
            return False
        work.group[level] = group
        low, high = lots.member_at[row, group], lots.member_at[row, group + 1]
    for number in range(low, high):
        lot = lots.members[row, number] if row >= 0 else number
        if _suits(lots, demand, plan, bid, lot):
            free = plans.least_free(lots, plan, lot, moment, end)
            if free:
                work.open[level, size] = lot
                work.limit[level, size] = free
                size += 1
    work.size[level], work.fresh[level] = size, 1
    return True


@native.helper
def _next_group(lots: lot_figures.Lots, row: int, after: int) -> int:
    """The next group of partition ``row`` that has a lot, or -1."""
    group = after + 1
    while group < lots.groups[row]:
        if lots.member_at[row, group] < lots.member_at[row, group + 1]:
            return group
        group += 1
    return -1


@native.helper
def _picked_next(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    work: scratch.Scratch,
    level: int,
    bid: int,
) -> bool:
    """Pick other numbers of servers of the open lots; False where all were tried.

    They come in lexicographic order, the largest first.
    """
    picked, limit = work.picked[level], work.limit[level]
    size, most = work.size[level], demand.most[bid]
    while True:
        at = size - 1
        if work.fresh[level]:
            work.fresh[level], at = 0, -1
        else:
            while at >= 0 and picked[at] == 0:
                at -= 1
            if at < 0:
                return False
            picked[at] -= lots.unit[work.open[level, at]]
        servers = 0
        for place in range(at + 1):
            servers += picked[place]
        for place in range(at + 1, size):
            left = _left_of_group(lots, demand, work, level, bid, place)
            picked[place] = lot_figures.by_unit(
                lots, work.open[level, place], min(limit[place], most - servers, left)
            )
            servers += picked[place]
        if servers >= demand.least[bid]:
            return True


@native.helper
def _left_of_group(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    work: scratch.Scratch,
    level: int,
    bid: int,
    place: int,
) -> int:
    """How many more servers ``bid`` may have of the group of an open lot."""
    if demand.apart[bid] < 0:
        return int(demand.most[bid])
    value = lots.value[demand.apart[bid]]
    left = demand.apart_most[bid]
    for other in range(place):
        if value[work.open[level, other]] == value[work.open[level, place]]:
            left -= work.picked[level, other]
    return int(left)


@native.helper
def _next_rise(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    bid: int,
    moment: int,
) -> int:
    """When next, after ``moment``, servers that suit ``bid`` become free."""
    found = np.iinfo(np.int64).max
    for lot in range(len(lots.ask)):
        if not _suits(lots, demand, plan, bid, lot):
            continue
        at = lots.step_at[lot]
        step = plans.step_of(lots, plan, lot, moment) + 1
        while step < at + plan.steps[lot] and plan.since[step] < found:
            if step == at or plan.free[step] > plan.free[step - 1]:
                found = plan.since[step]
            step += 1
    return int(found)


@native.helper
def _suits(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    bid: int,
    lot: int,
) -> bool:
    return bool(
        demand.suits[demand.like[bid], lots.kind[lot]]
        and lots.ask[lot] <= demand.ceiling[bid]
        and lots.owner[lot] != demand.bidder[bid]
        and plan.stays[lot] < lot_figures.ROOM * lots.size[lot]
    )
