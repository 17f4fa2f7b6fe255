# SPDX-License-Identifier: Apache-2.0
"""Where a bid fits into a plan, and which of these places costs others least."""

import typing

import numpy as np

from matcher.mechanisms import duals
from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms import plan as plans


class Market(typing.NamedTuple):
    """What does not change while a plan is made."""

    supply: figures.Supply
    demand: figures.Demand
    guide: duals.Guide


class Scratch(typing.NamedTuple):
    """Gaps that a bid fits into, and among them the best place found so far.

    Gap ``g`` is of ``offer[g]``, from ``since[g]`` to ``until[g]``; the bid can
    start in it from ``low[g]`` to ``high[g]``. ``seen[-1]`` counts the searches, and
    ``seen[i]`` is the last that looked at offer ``i``. The first ``near[-1]`` of
    ``near`` are offers to look at in any case.
    """

    offer: native.Ints
    since: native.Ints
    until: native.Ints
    low: native.Ints
    high: native.Ints
    cost: native.Floats
    order: native.Ints
    by_kind: native.Floats
    chosen: native.Ints
    seen: native.Ints
    near: native.Ints


class Care(typing.NamedTuple):
    """How much trouble is taken over a place.

    Of each kind ``sweep`` offers from a random one on are looked at, until
    ``enough`` gaps are found, and ``trials`` starts. ``weight`` is
    how much the dual prices count beside the asks, ``blink`` the probability
    with which an offer is overlooked.
    """

    sweep: int
    enough: int
    trials: int
    weight: float
    blink: float
    typical: int


def scratch(
    supply: figures.Supply, demand: figures.Demand, size: int = 4096
) -> Scratch:
    size = max(size, 2 * int(demand.most.max(initial=1)))
    return Scratch(
        offer=np.zeros(size, np.int64),
        since=np.zeros(size, np.int64),
        until=np.zeros(size, np.int64),
        low=np.zeros(size, np.int64),
        high=np.zeros(size, np.int64),
        cost=np.zeros(size),
        order=np.zeros(size, np.int64),
        by_kind=np.zeros(len(supply.kind_at) - 1),
        chosen=np.zeros(size, np.int64),
        seen=np.zeros(len(supply.ask) + 1, np.int64),
        near=np.zeros(size + 1, np.int64),
    )


@native.compiled
def find(
    market: Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    care: Care,
) -> tuple[int, int]:
    """A start and a number of offers for ``bid``, in ``found.chosen``; or 0 of them.

    Every place that is found can be had. It is the best among those looked at,
    by what it costs at the asks and, as ``care.weight`` says, at the dual prices.
    """
    count = _gaps(market, plan, found, random, bid, care)
    if count < market.demand.least[bid]:
        return -1, 0
    if market.demand.most[bid] == 1:
        return _single(market, found, bid, count, care)
    return _several(market, found, random, bid, count, care)


@native.compiled
def _gaps(
    market: Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    care: Care,
) -> int:
    """Fill ``found`` with gaps that ``bid`` fits into."""
    supply, demand = market.supply, market.demand
    ceiling = demand.ceiling[bid]
    limit = care.enough + 4 * demand.most[bid]
    low, high = demand.kinds_at[bid], demand.kinds_at[bid + 1]
    kinds = demand.kinds[low:high]
    suits = demand.suits[demand.like[bid]]
    found.seen[-1] += 1
    count = 0
    for place in range(found.near[-1]):
        offer = found.near[place]
        if suits[supply.kind[offer]] and supply.ask[offer] <= ceiling:
            count = _look(market, plan, found, random, bid, offer, count, care)
    for kind in kinds:
        before = count
        first, size = supply.kind_at[kind], supply.kind_at[kind + 1]
        size -= first
        shift = int(native.uniform(random) * size) if size > care.sweep else 0
        for step in range(min(size, care.sweep)):
            offer = first + (shift + step) % size
            if supply.ask[offer] > ceiling:
                if not shift:
                    break
                continue
            if count - before >= limit:
                break
            count = _look(market, plan, found, random, bid, offer, count, care)
    return count


@native.compiled
def _look(
    market: Market,
    plan: plans.Plan,
    found: Scratch,
    random: native.Words,
    bid: int,
    offer: int,
    count: int,
    care: Care,
) -> int:
    """Add the gaps of ``offer`` that ``bid`` fits into; return how many there are."""
    supply, demand = market.supply, market.demand
    length = demand.length[bid]
    if (
        plan.longest[offer] < length
        or supply.owner[offer] == demand.bidder[bid]
        or plan.stays[offer] >= figures.ROOM
        or found.seen[offer] == found.seen[-1]
    ):
        return count
    found.seen[offer] = found.seen[-1]
    if care.blink > 0.0 and native.uniform(random) < care.blink:
        return count
    early, latest = demand.earliest[bid], demand.latest[bid]
    at = supply.gap_at[offer]
    for gap in range(at, at + plan.gap_count[offer]):
        since, until = plan.gap_from[gap], plan.gap_to[gap]
        if since >= latest:
            break
        low, high = max(since, early), min(until, latest) - length
        if low <= high and count < len(found.offer):
            found.offer[count] = offer
            found.since[count], found.until[count] = since, until
            found.low[count], found.high[count] = low, high
            count += 1
    return count


@native.compiled
def _at(market: Market, kind: int, moment: int) -> float:
    """The integral of the dual price of ``kind`` up to ``moment``."""
    guide = market.guide
    edge = np.searchsorted(guide.edges, moment, side='right') - 1
    if edge < 0:
        return 0.0
    passed = float(moment - guide.edges[edge])
    return float(guide.total[kind, edge]) + float(guide.price[kind, edge]) * passed


@native.compiled
def _cost(
    asked: float, dual: float, left: int, right: int, length: int, care: Care
) -> float:
    """What a server costs: the ask or, where that is more, the dual price.

    What is left over of a gap counts as lost as far as it is shorter than a
    typical stay: a short rest is of no use to others.
    """
    price = max(asked, dual)
    waste = max(0, min(left, care.typical - left))
    waste += max(0, min(right, care.typical - right))
    return asked + care.weight * (price - asked + 0.5 * price * waste / length)


@native.compiled
def _single(
    market: Market, found: Scratch, bid: int, count: int, care: Care
) -> tuple[int, int]:
    length = market.demand.length[bid]
    target = market.guide.target[bid]
    best, start = np.inf, -1
    for gap in range(count):
        offer = found.offer[gap]
        kind = market.supply.kind[offer]
        asked = float(market.supply.ask[offer]) * length
        for trial in range(3):
            if trial == 0:
                moment = found.low[gap]
            elif trial == 1:
                moment = found.high[gap]
            else:
                moment = target
            if moment < found.low[gap] or moment > found.high[gap]:
                continue
            dual = _at(market, kind, moment + length) - _at(market, kind, moment)
            cost = _cost(
                asked,
                dual,
                moment - found.since[gap],
                found.until[gap] - moment - length,
                length,
                care,
            )
            if cost < best:
                best, start = cost, moment
                found.chosen[0] = offer
    return start, 1 if start >= 0 else 0


@native.compiled
def _several(
    market: Market,
    found: Scratch,
    random: native.Words,
    bid: int,
    count: int,
    care: Care,
) -> tuple[int, int]:
    value = float(market.demand.ceiling[bid]) * market.demand.length[bid]
    best, start, servers = -np.inf, -1, 0
    every = 2 * count <= care.trials
    trials = 2 * count if every else care.trials
    for trial in range(trials + 1):
        if trial == trials:
            moment = market.guide.target[bid]
        elif every:
            moment = found.low[trial // 2] if trial % 2 else found.high[trial // 2]
        else:
            gap = int(native.uniform(random) * count)
            moment = found.low[gap] if trial % 2 else found.high[gap]
        free = _covering(market, found, bid, count, moment, care)
        if free < market.demand.least[bid]:
            continue
        wanted = min(free, market.demand.most[bid])
        _smallest_first(found, free, wanted)
        worth = 0.0
        taken = 0
        for number in range(wanted):
            more = value - found.cost[found.order[number]]
            if number >= market.demand.least[bid] and more < 0:
                continue
            worth += more
            found.order[taken] = found.order[number]
            taken += 1
        if worth > best:
            best, start, servers = worth, moment, taken
            for number in range(taken):
                found.chosen[number] = found.offer[found.order[number]]
    return start, servers


@native.compiled
def _covering(
    market: Market,
    found: Scratch,
    bid: int,
    count: int,
    moment: int,
    care: Care,
) -> int:
    """Put into ``found.order`` the gaps in which the bid can start at ``moment``."""
    demand = market.demand
    length = demand.length[bid]
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        found.by_kind[kind] = _at(market, kind, moment + length) - _at(
            market, kind, moment
        )
    free = 0
    for gap in range(count):
        if found.low[gap] <= moment <= found.high[gap]:
            offer = found.offer[gap]
            found.cost[gap] = _cost(
                float(market.supply.ask[offer]) * length,
                found.by_kind[market.supply.kind[offer]],
                moment - found.since[gap],
                found.until[gap] - moment - length,
                length,
                care,
            )
            found.order[free] = gap
            free += 1
    return free


@native.compiled
def _smallest_first(found: Scratch, size: int, wanted: int) -> None:
    """Bring the ``wanted`` cheapest of ``found.order[:size]`` to its front."""
    order, cost = found.order, found.cost
    low, high = 0, size - 1
    while low < high:
        pivot = cost[order[(low + high) // 2]]
        left, right = low, high
        while left <= right:
            while cost[order[left]] < pivot:
                left += 1
            while cost[order[right]] > pivot:
                right -= 1
            if left <= right:
                order[left], order[right] = order[right], order[left]
                left += 1
                right -= 1
        if wanted - 1 <= right:
            high = right
        elif wanted - 1 >= left:
            low = left
        else:
            return
