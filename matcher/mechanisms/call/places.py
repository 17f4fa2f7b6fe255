# SPDX-License-Identifier: Apache-2.0
"""Where a bid fits into a plan, and which of these places costs others least."""

import typing

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms import tariffs
from matcher.mechanisms.call import fits
from matcher.mechanisms.call import plan as plans

#: No start in particular.
ANY = native.MINUS_ONE

#: Lots that are looked at for one bid, at most.
_MAX_PLACES = 4096

#: Of a group as many lots are looked at as of so many kinds; and so many groups for
#: each that has enough.
_SWEEP_OF_GROUP, _LOOKED = 4, 8

#: Groups that a bundle tries at one start, at most.
MOST_GROUPS = 64

#: Starts that are drawn until one suits a lot; and which part of them, of a lot that
#: asks for its time by the hour, are such that what it asks changes there.
_TRIES, _CHANGES = 8, 0.7


class Scratch(typing.NamedTuple):
    """Lots that a bid may fit into, and among them the best place found so far.

    At the start that is tried ``free[n]`` servers of ``lot[n]`` are free, and one
    costs ``cost[n]``; ``order`` are those where any is. The place are ``sizes[n]``
    servers of ``chosen[n]``. ``seen[-1]`` counts the searches, and ``seen[l]`` is the
    last that looked at lot ``l``. The first ``near[-1]`` of ``near`` are lots to look
    at in any case.

    Of a bid ``taken[v]`` servers are of group ``v`` by its ``apart``, while its servers
    are counted. ``tried[-1]`` counts the bids whose servers are to be together, and
    ``tried[v]`` is the last for which group ``v`` was looked at.

    ``groups`` are those that a bundle whose parts are to be of one tries.

    Of the best place of a bundle part ``n`` has ``kept_sizes[m]`` servers of
    ``kept[m]``, for ``m`` from ``kept_at[n]`` to ``kept_at[n + 1]``.
    """

    lot: native.Ints
    free: native.Ints
    cost: native.Floats
    order: native.Ints
    trial: native.Ints
    chosen: native.Ints
    sizes: native.Ints
    seen: native.Ints
    near: native.Ints
    taken: native.Ints
    tried: native.Ints
    groups: native.Ints
    kept: native.Ints
    kept_sizes: native.Ints
    kept_at: native.Ints


def scratch(lots: lot_figures.Lots, demand: figures.Demand) -> Scratch:
    size = min(len(lots.ask), _MAX_PLACES)
    many = np.minimum(demand.most, len(lots.ask))
    lines = np.bincount(demand.head, many, len(many))
    kept = int(lines.max(where=demand.parts > 1, initial=0))
    return Scratch(
        lot=np.zeros(size, np.int64),
        free=np.zeros(size, np.int64),
        cost=np.zeros(size),
        order=np.zeros(size, np.int64),
        trial=np.zeros(size, np.int64),
        chosen=np.zeros(size, np.int64),
        sizes=np.zeros(size, np.int64),
        seen=np.zeros(len(lots.ask) + 1, np.int64),
        near=np.zeros(_MAX_PLACES, np.int64),
        taken=np.zeros(lots.member_at.shape[1], np.int64),
        tried=np.zeros(lots.member_at.shape[1] + 1, np.int64),
        groups=np.zeros(MOST_GROUPS, np.int64),
        kept=np.zeros(kept, np.int64),
        kept_sizes=np.zeros(kept, np.int64),
        kept_at=np.zeros(1 + int(demand.parts.max(initial=1)), np.int64),
    )


@native.helper
def find(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    care: fits.Care,
) -> tuple[int, int]:
    """A start and a number of lots for ``bid``, in ``found.chosen``; or 0 of them.

    Every place that is found can be had. It is the best among those looked at,
    by what it costs at the asks and, as ``care.weight`` says, at the dual prices.
    """
    if market.demand.together[bid] >= 0:
        _, start, size = in_one_group(market, plan, found, random, bid, care, ANY)
        return start, size
    count = candidates(market, plan, found, random, bid, care)
    if not count:
        return -1, 0
    if market.demand.most[bid] == 1:
        return _single(market, plan, found, random, bid, count, care)
    _, start, size = _several(
        market, plan, found, random, bid, count, care, -np.inf, ANY
    )
    return start, size


@native.helper
def in_one_group(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    care: fits.Care,
    moment: int,
) -> tuple[float, int, int]:
    """As ``find``, of groups near by and of some that the lots of its kinds are of.

    What it is worth, a start, which is ``moment`` if that is not ``ANY``, and lots.
    """
    lots, demand = market.lots, market.demand
    value = lots.value[demand.together[bid]]
    suits, ceiling = demand.suits[demand.like[bid]], demand.ceiling[bid]
    found.seen[-1] += 1
    found.tried[-1] += 1
    best, start, size, left = -np.inf, ANY, native.ZERO, care.groups
    looked = _LOOKED * care.groups
    for place in range(found.near[-1]):
        lot = found.near[place]
        if suits[lots.kind[lot]] and lots.ask[lot] <= ceiling and left > 0:
            worth, begin, several, tried = _in_group(
                market, plan, found, random, bid, value[lot], care, best, moment
            )
            left -= tried
            if several:
                best, start, size = worth, begin, several
    kinds = demand.kinds_at[bid + 1] - demand.kinds_at[bid]
    first_kind = int(native.uniform(random) * kinds)
    for number in range(kinds):
        place = demand.kinds_at[bid] + (first_kind + number) % kinds
        kind = demand.kinds[place]
        first = lots.kind_at[kind]
        there = lots.kind_at[kind + 1] - first
        shift = int(native.uniform(random) * there) if there > care.sweep else 0
        for step in range(min(there, care.sweep)):
            lot = first + (shift + step) % there
            if left <= 0 or looked <= 0:
                break
            if lots.ask[lot] > ceiling or found.tried[value[lot]] == found.tried[-1]:
                continue
            looked -= 1
            worth, begin, several, tried = _in_group(
                market, plan, found, random, bid, value[lot], care, best, moment
            )
            left -= tried
            if several:
                best, start, size = worth, begin, several
    return best, start, size


@native.helper
def _in_group(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    group: int,
    care: fits.Care,
    best: float,
    moment: int,
) -> tuple[float, int, int, int]:
    """A place in ``group`` that is worth more than ``best``: what it is worth, its
    start and how many lots, or 0; and whether enough servers are there to look for one.
    """
    if found.tried[group] == found.tried[-1]:
        return best, ANY, 0, 0
    found.tried[group] = found.tried[-1]
    count, servers = of_group(market, plan, found, random, bid, group, care)
    if servers < market.demand.least[bid]:
        return best, ANY, 0, 0
    worth, start, size = _several(
        market, plan, found, random, bid, count, care, best, moment
    )
    return worth, start, size, 1


@native.helper
def of_group(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    group: int,
    care: fits.Care,
) -> tuple[int, int]:
    """Fill ``found.lot`` with lots of ``group``; how many, and of how many servers."""
    lots, demand = market.lots, market.demand
    row = demand.together[bid]
    suits, ceiling = demand.suits[demand.like[bid]], demand.ceiling[bid]
    within = lot_figures.slots(lots, demand.earliest[bid], demand.latest[bid])
    limit = care.enough + 4 * demand.most[bid]
    low, high = lots.member_at[row, group], lots.member_at[row, group + 1]
    there = high - low
    sweep = care.sweep * _SWEEP_OF_GROUP
    shift = int(native.uniform(random) * there) if there > sweep else 0
    count, servers = native.ZERO, 0
    for step in range(min(there, sweep)):
        lot = lots.members[row, low + (shift + step) % there]
        if servers >= limit:
            break
        if suits[lots.kind[lot]] and lots.ask[lot] <= ceiling:
            if _look(market, plan, found, random, bid, lot, count, care, within):
                count += 1
                servers += lots.size[lot]
    return count, servers


@native.helper
def groups_of(
    market: fits.Market,
    found: Scratch,
    random: native.Words,
    bid: int,
    care: fits.Care,
    most: int,
) -> int:
    """Fill ``found.groups`` with ``most`` groups that ``bid`` might have, or fewer.

    First those of lots near by, then those of lots of its kinds from a random one on.
    """
    lots, demand = market.lots, market.demand
    value = lots.value[demand.together[bid]]
    suits, ceiling = demand.suits[demand.like[bid]], demand.ceiling[bid]
    found.tried[-1] += 1
    count, most = native.ZERO, min(most, MOST_GROUPS)
    for place in range(found.near[-1]):
        lot = found.near[place]
        if suits[lots.kind[lot]] and lots.ask[lot] <= ceiling and count < most:
            count += _noted(market, found, bid, value[lot], count)
    kinds = demand.kinds_at[bid + 1] - demand.kinds_at[bid]
    first_kind = int(native.uniform(random) * kinds)
    looked = _LOOKED * most
    for number in range(kinds):
        place = demand.kinds_at[bid] + (first_kind + number) % kinds
        first = lots.kind_at[demand.kinds[place]]
        there = lots.kind_at[demand.kinds[place] + 1] - first
        shift = int(native.uniform(random) * there)
        for step in range(min(there, care.sweep)):
            lot = first + (shift + step) % there
            if count >= most or looked <= 0:
                return count
            if lots.ask[lot] <= ceiling and found.tried[value[lot]] < found.tried[-1]:
                looked -= 1
                count += _noted(market, found, bid, value[lot], count)
    return count


@native.helper
def _noted(
    market: fits.Market, found: Scratch, bid: int, group: int, count: int
) -> int:
    """Note ``group`` if it has servers enough for ``bid``; says how many are noted."""
    lots, demand = market.lots, market.demand
    if found.tried[group] == found.tried[-1]:
        return 0
    found.tried[group] = found.tried[-1]
    row, servers = demand.together[bid], 0
    for place in range(lots.member_at[row, group], lots.member_at[row, group + 1]):
        lot = lots.members[row, place]
        if demand.suits[demand.like[bid], lots.kind[lot]]:
            servers += lots.size[lot]
        if servers >= demand.least[bid]:
            found.groups[count] = group
            return 1
    return 0


@native.helper
def candidates(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    care: fits.Care,
) -> int:
    """Fill ``found.lot`` with lots of which ``bid`` may get servers."""
    lots, demand = market.lots, market.demand
    ceiling = demand.ceiling[bid]
    suits = demand.suits[demand.like[bid]]
    limit = care.enough + 4 * demand.most[bid]
    within = lot_figures.slots(lots, demand.earliest[bid], demand.latest[bid])
    found.seen[-1] += 1
    count = native.ZERO
    for place in range(found.near[-1]):
        lot = found.near[place]
        if suits[lots.kind[lot]] and lots.ask[lot] <= ceiling:
            count += _look(market, plan, found, random, bid, lot, count, care, within)
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        first, size = lots.kind_at[kind], lots.kind_at[kind + 1]
        size -= first
        shift = int(native.uniform(random) * size) if size > care.sweep else 0
        servers = 0
        for step in range(min(size, care.sweep)):
            lot = first + (shift + step) % size
            if lots.ask[lot] > ceiling:
                if not shift:
                    break
                continue
            if servers >= limit:
                break
            if _look(market, plan, found, random, bid, lot, count, care, within):
                count += 1
                servers += lots.size[lot]
    return count


@native.helper
def _look(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    lot: int,
    count: int,
    care: fits.Care,
    within: int,
) -> int:
    """Add ``lot`` if the bid fits into it at all; return how many were added."""
    lots, demand = market.lots, market.demand
    length = demand.length[bid]
    if (
        plans.full(lots, plan, lot, length, within)
        or lots.owner[lot] == demand.bidder[bid]
        or plan.stays[lot] >= lot_figures.ROOM * lots.size[lot]
        or found.seen[lot] == found.seen[-1]
        or count == len(found.lot)
    ):
        return 0
    found.seen[lot] = found.seen[-1]
    if care.blink > 0.0 and native.uniform(random) < care.blink:
        return 0
    early, latest = demand.earliest[bid], demand.latest[bid]
    begun = native.MINUS_ONE
    at = lots.step_at[lot]
    stop = at + plan.steps[lot]
    for step in range(max(at, plans.step_of(lots, plan, lot, early)), stop):
        since = plan.since[step]
        over = plan.free[step] == 0 or since >= latest
        if begun >= 0 and over:
            if min(since, latest) - begun >= length:
                found.lot[count] = lot
                return 1
            begun = -1
        elif begun < 0 and not over:
            begun = max(early, since)
        if since >= latest:
            break
    return 0


@native.helper
def _single(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    count: int,
    care: fits.Care,
) -> tuple[int, int]:
    """The best place for one server: at the ends of when one is free.

    And where what is asked for it changes, some of these.
    """
    lots, demand = market.lots, market.demand
    ceiling = demand.ceiling[bid]
    length, early, latest = demand.length[bid], demand.earliest[bid], demand.latest[bid]
    target = market.guide.target[bid]
    best, start = np.inf, native.MINUS_ONE
    for place in range(count):
        lot = found.lot[place]
        at = lots.step_at[lot]
        begun = native.MINUS_ONE
        first = max(at, plans.step_of(lots, plan, lot, early))
        for step in range(first, at + plan.steps[lot]):
            since = plan.since[step]
            over = plan.free[step] == 0 or since >= latest
            if begun < 0 and not over:
                begun = max(early, since)
            elif begun >= 0 and over:
                low, high = begun, min(since, latest) - length
                begun = -1
                changing = care.trials if lots.tariff[lot] >= 0 and low < high else 0
                for trial in range(3 + changing):
                    moment = low
                    if trial == 1:
                        moment = high
                    elif trial == 2:
                        moment = target
                    elif trial:
                        moment = tariffs.edge(
                            lots.tariffs, lots.tariff[lot], random, length
                        )
                    if moment < low or moment > high or (trial == 1 and low == high):
                        continue
                    edges = (
                        fits.edge(market, moment),
                        fits.edge(market, moment + length),
                    )
                    dual = fits.dual(market, lot, edges, moment, moment + length)
                    free, cost = fits.fit(
                        market, plan, lot, moment, length, dual, care, ceiling
                    )
                    if free and cost < best:
                        best, start = cost, moment
                        found.chosen[0], found.sizes[0] = lot, 1
            if since >= latest:
                break
    return start, 1 if start >= 0 else 0


@native.helper
def _several(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    count: int,
    care: fits.Care,
    best: float,
    moment: int,
) -> tuple[float, int, int]:
    """The best place for several servers, of ``care.trials`` starts, or at ``moment``:
    its worth, start and lots; 0 of them where none is worth more than ``best``.
    """
    demand = market.demand
    if moment != ANY:
        worth, size = place_from(market, plan, found, bid, count, moment, care, best)
        return worth, moment, size
    early, late = demand.earliest[bid], demand.latest[bid] - demand.length[bid]
    start, lots = -1, 0
    trials = care.trials if early < late else 0
    for trial in range(trials + 1):
        when = max(early, min(late, market.guide.target[bid]))
        if trial:
            when = draw_start(market, plan, found, random, bid, count)
        worth, size = place_from(market, plan, found, bid, count, when, care, best)
        if size:
            best, start, lots = worth, when, size
    return best, start, lots


@native.helper
def place_from(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    bid: int,
    count: int,
    moment: int,
    care: fits.Care,
    best: float,
) -> tuple[float, int]:
    """The cheapest servers from ``moment`` on: what they are worth and how many lots.

    0 of them where there are too few, or they are not worth more than ``best``.
    """
    lots = native.ZERO
    free, servers = _covering(market, plan, found, bid, count, moment, care)
    if servers < market.demand.least[bid]:
        return best, lots
    blocks = native.ZERO
    if market.lots.largest > 1:
        blocks = _largest_blocks_first(market, found, free)
    worth, taken, used = _cheapest(market, found, bid, blocks, free)
    if blocks:
        # Which block fits beside what is cheaper is a knapsack: two ways are tried.
        in_order, enough = worth, taken >= market.demand.least[bid]
        worth, taken, used = _cheapest(market, found, bid, native.ZERO, free)
        if taken < market.demand.least[bid] or enough and worth < in_order:
            _largest_blocks_first(market, found, free)
            worth, taken, used = _cheapest(market, found, bid, blocks, free)
    if worth <= best or taken < market.demand.least[bid]:
        return best, lots
    for number in range(used):
        if found.trial[number]:
            found.chosen[lots] = found.lot[found.order[number]]
            found.sizes[lots] = found.trial[number]
            lots += 1
    return worth, lots


@native.helper
def _cheapest(
    market: fits.Market, found: Scratch, bid: int, first: int, free: int
) -> tuple[float, int, int]:
    """Take servers of lots, the first ones first and of the others the cheapest.

    Says what they are worth, how many they are, and how many lots were looked at. How
    many of each is in ``found.trial``.
    """
    demand = market.demand
    apart = demand.apart[bid]
    value = float(demand.ceiling[bid]) * demand.length[bid]
    worth, taken, used = 0.0, 0, native.ZERO
    while used < free and taken < demand.most[bid]:
        if used == first and first > 16:
            native.sort(found.order, found.cost, first, free)
        elif used >= first:
            _cheapest_to(found, used, free)
        place = found.order[used]
        lot = found.lot[place]
        more = value - found.cost[place]
        wanted = demand.most[bid] if more > 0 else demand.least[bid]
        size = min(found.free[place], wanted - taken)
        if market.lots.unit[lot] > 1:
            size = demand.most[bid] - taken if wanted > taken else 0
            size = lot_figures.by_unit(market.lots, lot, min(found.free[place], size))
        elif size <= 0:
            break
        if apart >= 0:
            size = _spread(market, found, bid, lot, size)
        found.trial[used] = size
        worth += size * more
        taken += size
        used += 1
    if apart >= 0:
        _forget_spread(market, found, bid, used)
    return worth, taken, used


@native.helper
def _largest_blocks_first(market: fits.Market, found: Scratch, free: int) -> int:
    """Bring what is sold only together to the front, the largest first.

    Says how many these are.
    """
    count = native.ZERO
    for place in range(free):
        size = market.lots.unit[found.lot[found.order[place]]]
        if size == 1:
            continue
        found.order[count], found.order[place] = (
            found.order[place],
            found.order[count],
        )
        at = count
        while at and market.lots.unit[found.lot[found.order[at - 1]]] < size:
            found.order[at], found.order[at - 1] = found.order[at - 1], found.order[at]
            at -= 1
        count += 1
    return count


@native.helper
def _spread(market: fits.Market, found: Scratch, bid: int, lot: int, size: int) -> int:
    """Of so many servers of ``lot`` how many ``bid`` may take beside what it has."""
    demand = market.demand
    group = market.lots.value[demand.apart[bid], lot]
    size = min(size, demand.apart_most[bid] - found.taken[group])
    found.taken[group] += size
    return size


@native.helper
def _forget_spread(market: fits.Market, found: Scratch, bid: int, used: int) -> None:
    value = market.lots.value[market.demand.apart[bid]]
    for number in range(used):
        found.taken[value[found.lot[found.order[number]]]] = 0


@native.helper
def draw_start(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    count: int,
) -> int:
    """A start at which a stay would meet a step of a lot and, if possible, fit in."""
    lots, demand = market.lots, market.demand
    length, early = demand.length[bid], demand.earliest[bid]
    late = demand.latest[bid] - length
    when = early
    for _ in range(_TRIES):
        lot = found.lot[int(native.uniform(random) * count)]
        if lots.tariff[lot] >= 0 and native.uniform(random) < _CHANGES:
            when = tariffs.edge(lots.tariffs, lots.tariff[lot], random, length)
            when = max(early, min(late, when))
            if plans.least_free(lots, plan, lot, when, when + length):
                break
            continue
        at = lots.step_at[lot]
        first = max(at, plans.step_of(lots, plan, lot, early))
        last = max(first, plans.step_of(lots, plan, lot, demand.latest[bid]))
        step = first + int(native.uniform(random) * (last - first + 1))
        when = plan.since[step]
        if step > at and plan.free[step] < plan.free[step - 1]:
            when -= length
        when = max(early, min(late, when))
        if plans.least_free(lots, plan, lot, when, when + length):
            break
    return int(when)


@native.helper
def _covering(
    market: fits.Market,
    plan: plans.Plan,
    found: Scratch,
    bid: int,
    count: int,
    moment: int,
    care: fits.Care,
) -> tuple[int, int]:
    """How many lots have servers free from ``moment`` on, and how many servers."""
    length, ceiling = market.demand.length[bid], market.demand.ceiling[bid]
    end = moment + length
    edges = fits.edge(market, moment), fits.edge(market, end)
    free, servers = 0, 0
    for place in range(count):
        lot = found.lot[place]
        dual = fits.dual(market, lot, edges, moment, end)
        size, cost = fits.fit(market, plan, lot, moment, length, dual, care, ceiling)
        if size:
            found.free[place], found.cost[place] = size, cost
            found.order[free] = place
            free += 1
            servers += size
    return free, servers


@native.helper
def _cheapest_to(found: Scratch, at: int, size: int) -> None:
    """Bring the cheapest of ``found.order[at:size]`` to ``at``."""
    order, cost = found.order, found.cost
    if at == 16:
        # Many are wanted: sorting them all is cheaper than to look for each.
        native.sort(order, cost, at, size)
    if at >= 16:
        return
    best = at
    for place in range(at + 1, size):
        if cost[order[place]] < cost[order[best]]:
            best = place
    order[at], order[best] = order[best], order[at]
