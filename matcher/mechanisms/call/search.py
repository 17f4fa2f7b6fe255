# SPDX-License-Identifier: Apache-2.0
"""Ruin and recreate: take back a few neighbours, place them and others anew.

Schrimpf et al., "Record breaking optimization results using the ruin and recreate
principle", 2000; neighbourhoods after Christiaens and Vanden Berghe, "Slack
induction by string removals", 2020; what is worse is accepted with the
probability of simulated annealing.
"""

import math
import typing

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms.call import bid_picking
from matcher.mechanisms.call import bundles
from matcher.mechanisms.call import fits
from matcher.mechanisms.call import places
from matcher.mechanisms.call import plan as plans

#: Bids taken back in one move, and bids without a place that are tried beside.
MOST_REMOVED = 10
MOST_TRIED = 4

#: Lots around which stays are taken back in one move, at most.
MOST_LOTS = 4

#: Groups of servers that are tried for a bid that is to have one.
GROUPS = 4

#: Lots of a kind that are looked at beside those that a move has made free.
SWEEP = 6


class Neighbours(typing.NamedTuple):
    """``bids[at[k]:at[k + 1]]`` are those that may take offers of kind ``k``."""

    at: native.Ints
    bids: native.Ints


class Move(typing.NamedTuple):
    """What a move took back, to be put back should it be refused.

    Of a bundle that is each of its parts, one after the other.

    Bid ``bids[n]`` began at ``starts[n]`` and had ``sizes[m]`` servers of ``lots[m]``,
    for ``m`` from ``at[n]`` on.
    ``waiting`` are the bids that are placed anew, by ``keys``.
    """

    bids: native.Ints
    starts: native.Ints
    at: native.Ints
    lots: native.Ints
    sizes: native.Ints
    waiting: native.Ints
    keys: native.Floats


def neighbours(market: fits.Market) -> Neighbours:
    demand = market.demand
    owners = np.repeat(np.arange(len(demand.ceiling)), np.diff(demand.kinds_at))
    order = np.argsort(demand.kinds, kind='stable')
    sizes = np.bincount(demand.kinds, minlength=len(market.lots.kind_at) - 1)
    at = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return Neighbours(at.astype(np.int64), owners[order].astype(np.int64))


def move(market: fits.Market) -> Move:
    lines = max(4096, 2 * int(market.demand.most.max(initial=1)))
    # Of each that is taken back an alternative may be tried, too.
    tried = 2 * MOST_REMOVED + MOST_TRIED + 1
    # The last one that is taken back may be a bundle.
    rows = MOST_REMOVED + int(market.demand.parts.max(initial=1))
    return Move(
        bids=np.zeros(rows, np.int64),
        starts=np.zeros(rows, np.int64),
        at=np.zeros(rows + 1, np.int64),
        lots=np.zeros(lines, np.int64),
        sizes=np.zeros(lines, np.int64),
        waiting=np.zeros(tried, np.int64),
        keys=np.zeros(tried),
    )


@native.compiled
def place_in_order(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    order: native.Ints,
    care: fits.Care,
    margin: float,
) -> None:
    """Place each bid of ``order`` that has no place yet, where it fits best.

    :param margin: bids whose ceiling is below this part of the least dual price
        are passed over.
    """
    demand = market.demand
    for bid in order:
        value, cost = 0.0, 0.0
        for row in range(bid, bid + demand.parts[bid]):
            # In a bundle what counts is the sum, weighed by servers.
            most = demand.most[row] if demand.parts[bid] > 1 else 1
            value += float(demand.ceiling[row]) * demand.length[row] * most
            cost += market.guide.cost[row] * most
        if plan.holder[demand.group[bid]] >= 0 or value < margin * cost:
            continue
        bundles.place(market, plan, found, random, bid, care)


@native.compiled
def improve(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    near: Neighbours,
    undo: Move,
    moves: int,
    heat: float,
    typical: int,
) -> float:
    """Make ``moves`` moves at temperature ``heat``; return by how much welfare grew.

    The temperature is in parts of what the bids of a move are worth, on average: in a
    market with some bids a hundred times as large as others, what leaves the large ones
    free to move would shuffle the small ones for ever.
    """
    grown = 0.0
    for _ in range(moves):
        count, before = _ruin(market, plan, found, random, undo)
        tried = _gather(market, plan, random, near, undo, count)
        after = _recreate(market, plan, found, random, undo, tried, typical)
        change = after - before
        stake = max(before, after) / (tried + 1)
        worse = heat * stake * math.log(native.uniform(random) + 1e-300)
        if change >= 0 or change > worse:
            grown += change
        else:
            _take_back(market, plan, undo, count, tried)
    return grown


@native.helper
def _ruin(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    undo: Move,
) -> tuple[int, float]:
    """Take back stays around a bid and a time, both drawn; return how many.

    ``undo.waiting[0]`` becomes the bid around which that is.
    """
    demand = market.demand
    bid = bid_picking.pick_high_regret_bid(market, plan, random)
    around = bid
    if demand.parts[bid] > 1:
        around += int(native.uniform(random) * demand.parts[bid])
    lot, start = bid_picking.centre(market, plan, random, around)
    length = demand.length[around]
    margin = int(native.uniform(random) * length)
    since, until = start - margin, start + length + margin
    kind, row = market.lots.kind[lot], demand.together[around]
    low, size = market.lots.kind_at[kind], market.lots.kind_at[kind + 1]
    if row >= 0:
        group = market.lots.value[row, lot]
        low = market.lots.member_at[row, group]
        size = market.lots.member_at[row, group + 1]
    size -= low
    lots = min(size, 1 + int(native.uniform(random) * MOST_LOTS))
    scattered = native.uniform(random) < 0.5
    share = 0.3 + 0.7 * native.uniform(random)
    most = 2 + int(native.uniform(random) * (MOST_REMOVED - 1))
    undo.waiting[0] = bid
    undo.at[0] = 0
    count, lost = native.ZERO, 0.0
    instead = plan.holder[demand.group[bid]]
    if (
        instead >= 0
        and instead != bid
        and plans.lines_of(demand, plan, instead) <= len(undo.lots)
    ):
        # Another alternative of it has a place, which it has to leave first.
        lost += plans.gain(market.lots, demand, plan, instead)
        count += _note(demand, plan, undo, count, instead)
        plans.remove(market.lots, demand, plan, instead)
    for number in range(lots):
        if number and row >= 0:
            lot = market.lots.members[row, low + int(native.uniform(random) * size)]
        elif number and scattered:
            lot = low + int(native.uniform(random) * size)
        elif number:
            lot = low + (lot + 1 - low) % size
        found.near[number] = lot
        line = plan.first[lot]
        while line >= 0 and count < most:
            other = plan.line_bid[line]
            line = plan.following[line]
            begin = plan.start[other]
            end = begin + demand.length[other]
            other = demand.head[other]
            room = undo.at[count] + plans.lines_of(demand, plan, other) <= len(
                undo.lots
            )
            if begin < until and since < end and room:
                if other != bid and native.uniform(random) > share:
                    continue
                lost += plans.gain(market.lots, demand, plan, other)
                count += _note(demand, plan, undo, count, other)
                plans.remove(market.lots, demand, plan, other)
                if demand.parts[other] > 1:
                    # Another part of it may have been what follows.
                    line = plan.first[lot]
    near = lots
    for number in range(undo.at[count]):
        if near < len(found.near) - 1:
            found.near[near] = undo.lots[number]
            near += 1
    found.near[-1] = near
    return count, lost


@native.helper
def _note(
    demand: figures.Demand, plan: plans.Plan, undo: Move, count: int, bid: int
) -> int:
    """Note what ``bid``, a head, has; says how many parts that is."""
    for row in range(bid, bid + demand.parts[bid]):
        undo.bids[count] = row
        undo.starts[count] = plan.start[row]
        at, line = undo.at[count], plan.line_at[row]
        for number in range(plan.lines[row]):
            undo.lots[at + number] = plan.line_lot[line + number]
            undo.sizes[at + number] = plan.line_size[line + number]
        undo.at[count + 1] = at + plan.lines[row]
        count += 1
    return int(demand.parts[bid])


@native.helper
def _gather(
    market: fits.Market,
    plan: plans.Plan,
    random: native.Words,
    near: Neighbours,
    undo: Move,
    count: int,
) -> int:
    """Whom to place anew: what was taken back, and others that have no place."""
    demand = market.demand
    bid = undo.waiting[0]
    tried = 0
    if plan.start[bid] < 0:
        tried = 1
    for number in range(count):
        other = undo.bids[number]
        if other != bid and demand.parts[other]:
            undo.waiting[tried] = other
            tried += 1
    for number in range(count):
        if demand.parts[undo.bids[number]]:
            tried = _or_else(demand, random, undo, undo.bids[number], tried)
    like = bid
    if demand.parts[bid] > 1:
        like += int(native.uniform(random) * demand.parts[bid])
    kinds = demand.kinds_at[like + 1] - demand.kinds_at[like]
    kind = demand.kinds[demand.kinds_at[like] + int(native.uniform(random) * kinds)]
    low, high = near.at[kind], near.at[kind + 1]
    begin = int(native.uniform(random) * (high - low))
    most = tried + MOST_TRIED
    for step in range(min(high - low, 20)):
        other = demand.head[near.bids[low + (begin + step) % (high - low)]]
        if plan.holder[demand.group[other]] >= 0 or tried >= most:
            continue
        if (
            demand.earliest[other] >= demand.latest[bid]
            or demand.latest[other] <= demand.earliest[bid]
        ):
            continue
        known = False
        for number in range(tried):
            known = known or undo.waiting[number] == other
        if not known and tried < len(undo.waiting):
            undo.waiting[tried] = other
            tried += 1
    return tried


@native.helper
def _or_else(
    demand: figures.Demand, random: native.Words, undo: Move, bid: int, tried: int
) -> int:
    """Try an alternative of ``bid``, drawn at random, beside those that are tried."""
    group = demand.group[bid]
    first, end = demand.group_at[group], demand.group_at[group + 1]
    if end - first == demand.parts[first] or tried == len(undo.waiting):
        return tried
    other = demand.head[first + int(native.uniform(random) * (end - first))]
    for number in range(tried):
        if undo.waiting[number] == other:
            return tried
    undo.waiting[tried] = other
    return tried + 1


@native.helper
def _recreate(
    market: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    undo: Move,
    tried: int,
    typical: int,
) -> float:
    """Place the waiting bids in an order and with a care drawn at random."""
    demand, guide = market.demand, market.guide
    mode = int(native.uniform(random) * 4)
    noise = 0.6 * native.uniform(random)
    for number in range(tried):
        bid = undo.waiting[number]
        size, value, surplus = 0.0, 0.0, 0.0
        for row in range(bid, bid + demand.parts[bid]):
            seconds = float(demand.length[row]) * demand.most[row]
            worth = float(demand.ceiling[row]) * seconds
            size += seconds
            value += worth
            surplus += worth - guide.cost[row] * demand.most[row]
        if mode == 0:
            key = surplus
        elif mode == 1:
            key = surplus / size
        elif mode == 2:
            key = value
        else:
            key = native.uniform(random)
        undo.keys[number] = key * (1.0 + noise * (native.uniform(random) - 0.5))
    _largest_first(undo, tried)
    weight = 0.6 * native.uniform(random)
    blink = 0.08 * native.uniform(random)
    care = fits.Care(SWEEP, 12, 6, weight, blink, typical, GROUPS)
    gained = 0.0
    for number in range(tried):
        bid = undo.waiting[number]
        if plan.holder[demand.group[bid]] >= 0:
            continue
        if bundles.place(market, plan, found, random, bid, care):
            gained += plans.gain(market.lots, demand, plan, bid)
    return gained


@native.helper
def _largest_first(undo: Move, size: int) -> None:
    for number in range(1, size):
        key, bid = undo.keys[number], undo.waiting[number]
        place = number
        while place > 0 and undo.keys[place - 1] < key:
            undo.keys[place] = undo.keys[place - 1]
            undo.waiting[place] = undo.waiting[place - 1]
            place -= 1
        undo.keys[place], undo.waiting[place] = key, bid


@native.helper
def _take_back(
    market: fits.Market, plan: plans.Plan, undo: Move, count: int, tried: int
) -> None:
    """Make the plan what it was before the move."""
    for number in range(tried):
        if plan.start[undo.waiting[number]] >= 0:
            plans.remove(market.lots, market.demand, plan, undo.waiting[number])
    for number in range(count):
        at, end = undo.at[number], undo.at[number + 1]
        plans.place(
            market.lots,
            market.demand,
            plan,
            undo.bids[number],
            undo.starts[number],
            undo.lots[at:end],
            undo.sizes[at:end],
            end - at,
        )
