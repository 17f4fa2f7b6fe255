# SPDX-License-Identifier: Apache-2.0
"""Placing bids one after the other, each where it adds most."""

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms.call import plan as plans
from matcher.mechanisms.externality import scratch

#: Starts that are tried for one bid in a place.
STARTS = 128


@native.helper
def in_order(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    rivals: int,
    key: native.Floats,
    since: int,
    until: int,
) -> None:
    """Place the rivals one after the other, those with the largest ``key`` first."""
    value = 0.0
    for place in range(rivals):
        work.order[place] = place
    native.sort(work.order, key, native.ZERO, rivals)
    for place in range(rivals - 1, -1, -1):
        bid = work.rivals[work.order[place]]
        if plan.holder[demand.group[bid]] >= 0:
            continue
        start, lines, gain = best_place(
            lots, demand, plan, work, bid, place, since, until
        )
        if lines:
            row, sizes = work.chosen[place], work.chosen_sizes[place]
            plans.place(lots, demand, plan, bid, start, row, sizes, lines)
            value += gain
    scratch.keep(plan, work, rivals, value)
    for place in range(rivals):
        bid = work.rivals[place]
        if plan.start[bid] >= 0:
            plans.remove(lots, demand, plan, bid)


@native.helper
def best_place(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    bid: int,
    row: int,
    since: int,
    until: int,
) -> tuple[int, int, float]:
    """Where ``bid`` adds most: its start, how many lots and what it adds.

    The lots and how many servers of each are in ``row`` of ``work.chosen``. Only stays
    that have time of [since, until) are looked at.
    """
    best, when, lines, where = 0.0, native.MINUS_ONE, 0, native.ZERO
    for group in range(_groups(lots, demand, bid)):
        near = _near(lots, demand, plan, work, bid, since, until, group)
        if _servers(lots, work, near, demand.least[bid]) < demand.least[bid]:
            continue
        rate, moment = _best_start(
            lots, demand, plan, work, near, bid, since, until, best
        )
        if moment >= 0:
            best, when, where = rate, moment, group
    if when >= 0:
        near = _near(lots, demand, plan, work, bid, since, until, where)
        lines = _choose(lots, demand, plan, work, near, bid, when, row)
    return when, lines, best


@native.helper
def _best_start(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    near: int,
    bid: int,
    since: int,
    until: int,
    best: float,
) -> tuple[float, int]:
    """What ``bid`` adds most on the lots near, and its start, if it is above ``best``.

    Else the start is -1.
    """
    length, when = demand.length[bid], -1
    early, late = demand.earliest[bid], demand.latest[bid] - length
    full = _rate_when_free(lots, demand, work, near, bid)
    moment = early
    if early + length <= since:
        moment = _next_start(lots, plan, work, near, since - length)
    for _ in range(STARTS):
        if moment > late or moment >= until:
            break
        servers, rate = _rate_from(lots, demand, plan, work, near, bid, moment)
        if servers >= demand.least[bid] and rate * length > best:
            best, when = rate * length, moment
        if rate == full:
            break
        moment = _next_start(lots, plan, work, near, moment)
    return best, when


@native.helper
def _groups(lots: lot_figures.Lots, demand: figures.Demand, bid: int) -> int:
    """In how many groups the servers of ``bid`` may be; 1 if it does not ask."""
    row = demand.together[bid]
    return int(lots.groups[row]) if row >= 0 else 1


@native.helper
def _rate_from(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    near: int,
    bid: int,
    moment: int,
) -> tuple[int, float]:
    """How many servers ``bid`` could have from ``moment``, and what it adds an hour."""
    servers, rate, most = 0, 0.0, demand.most[bid]
    end = moment + demand.length[bid]
    for place in range(near):
        lot = work.near[place]
        size = plans.least_free(lots, plan, lot, moment, end)
        size = _spread(lots, demand, work, bid, lot, min(size, most - servers))
        servers += size
        rate += size * float(demand.ceiling[bid] - lots.ask[lot])
        if servers == most:
            break
    _forget_spread(lots, demand, work, near, bid)
    return servers, rate


@native.helper
def _spread(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    work: scratch.Scratch,
    bid: int,
    lot: int,
    size: int,
) -> int:
    """Of so many servers of ``lot`` how many ``bid`` may take beside what it has."""
    size = lot_figures.by_unit(lots, lot, size)
    if demand.apart[bid] < 0:
        return size
    group = lots.value[demand.apart[bid], lot]
    size = min(size, demand.apart_most[bid] - work.of_group[group])
    work.of_group[group] += size
    return size


@native.helper
def _forget_spread(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    work: scratch.Scratch,
    near: int,
    bid: int,
) -> None:
    if demand.apart[bid] >= 0:
        for place in range(near):
            work.of_group[lots.value[demand.apart[bid], work.near[place]]] = 0


@native.helper
def _choose(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    near: int,
    bid: int,
    moment: int,
    row: int,
) -> int:
    """Note in ``row`` what ``bid`` would have from ``moment``; says how many lots."""
    servers, lines, most = 0, 0, demand.most[bid]
    end = moment + demand.length[bid]
    for place in range(near):
        lot = work.near[place]
        size = plans.least_free(lots, plan, lot, moment, end)
        size = _spread(lots, demand, work, bid, lot, min(size, most - servers))
        if size:
            work.chosen[row, lines] = lot
            work.chosen_sizes[row, lines] = size
            lines += 1
            servers += size
    _forget_spread(lots, demand, work, near, bid)
    return lines


@native.helper
def _near(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    bid: int,
    since: int,
    until: int,
    group: int,
) -> int:
    """Fill ``work.near`` with lots that may have time, the cheapest first.

    Time for stays that have a second of [since, until). Only lots of ``group``, where
    the servers of the bid are to be of one.
    """
    length, found = demand.length[bid], native.ZERO
    early = max(demand.earliest[bid], since - length)
    within = lot_figures.slots(lots, early, min(demand.latest[bid], until + length))
    row = demand.together[bid]
    if row >= 0:
        suits = demand.suits[demand.like[bid]]
        for place in range(lots.member_at[row, group], lots.member_at[row, group + 1]):
            lot = lots.members[row, place]
            if suits[lots.kind[lot]] and lots.ask[lot] <= demand.ceiling[bid]:
                found += _noted(lots, demand, plan, work, bid, lot, within, found)
        native.sort(work.near, lots.ask, native.ZERO, found)
        return found
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        for lot in range(lots.kind_at[kind], lots.kind_at[kind + 1]):
            if lots.ask[lot] > demand.ceiling[bid]:
                if len(lots.tariffs.most):
                    # Lots with a tariff stand where the least that they ask is.
                    continue
                break
            found += _noted(lots, demand, plan, work, bid, lot, within, found)
    native.sort(work.near, lots.ask, native.ZERO, found)
    return found


@native.helper
def _noted(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
    bid: int,
    lot: int,
    within: int,
    found: int,
) -> int:
    """Note ``lot`` if it may have time for ``bid``; return how many were noted."""
    if (
        lots.owner[lot] == demand.bidder[bid]
        or plan.stays[lot] >= lot_figures.ROOM * lots.size[lot]
        or plans.full(lots, plan, lot, demand.length[bid], within)
    ):
        return 0
    work.near[found] = lot
    return 1


@native.helper
def _servers(
    lots: lot_figures.Lots, work: scratch.Scratch, near: int, enough: int
) -> int:
    """How many servers all of the lots have, counted until there are enough."""
    servers, place = 0, 0
    while place < near and servers < enough:
        servers += lots.size[work.near[place]]
        place += 1
    return servers


@native.helper
def _rate_when_free(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    work: scratch.Scratch,
    near: int,
    bid: int,
) -> float:
    """What ``bid`` would add in an hour if all of the lots were free."""
    servers, rate = 0, 0.0
    for place in range(near):
        lot = work.near[place]
        size = min(lots.size[lot], demand.most[bid] - servers)
        servers += size
        rate += size * float(demand.ceiling[bid] - lots.ask[lot])
    return rate


@native.helper
def _next_start(
    lots: lot_figures.Lots,
    plan: plans.Plan,
    work: scratch.Scratch,
    near: int,
    moment: int,
) -> int:
    """When next, after ``moment``, more servers of one of the lots become free."""
    found = np.iinfo(np.int64).max
    for place in range(near):
        lot = work.near[place]
        at = lots.step_at[lot]
        step = plans.step_of(lots, plan, lot, moment) + 1
        while step < at + plan.steps[lot] and plan.since[step] < found:
            if step == at or plan.free[step] > plan.free[step - 1]:
                found = plan.since[step]
            step += 1
    return int(found)
