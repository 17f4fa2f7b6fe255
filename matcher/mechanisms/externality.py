# SPDX-License-Identifier: Apache-2.0
"""What the bids left out would add to welfare in the time that a winner has.

That is the externality that the winner imposes on them: the most that they could add
with its servers free again and all other awards as they are. A bid that finds a place
beside all awards is kept out by nobody and does not count.

Any stays can be moved back in time until each begins at the bid's earliest start or
where a server of it becomes free. So they can all be built by placing bids one after
the other, in the order of their starts, each at one of these moments. Where few bids
compete all of that is tried (a depth-first search with a bound) and the result is
exact. Where that would take too long the best of these is taken: the bid that adds
most, the bids in the order of what they add, those in the order of what they add for
each second of a server, and whatever the search had found until it was ended. Each bid
is placed where it adds most, at the earliest such start. All of it depends on nothing
but the market and the awards.

Sets of bids are compared in floats; what the best of them adds is counted in integers.
"""

from collections.abc import Sequence
import typing

import numpy as np

from matcher import book as matcher_book
from matcher.mechanisms import figures
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms.call import plan as plans

#: Bids that are looked at for one winner: those that would add most alone.
RIVALS = 24

#: Starts that are tried for one bid in a place.
STARTS = 128

#: Placings that the search may try for one winner, and for all of a round together.
#: With fewer than the last for each winner there is no search: it finds too little.
PLACINGS, PLACINGS_TOGETHER, FEWEST_PLACINGS = 20_000, 400_000, 100


class Scratch(typing.NamedTuple):
    """``rivals[:n]`` are bids that want the time of a winner, ``alone`` what each would
    add by itself and ``order`` the order in which they are placed.

    The best set of them found has ``counts[0]`` lines, and adds ``most[0]``: bid
    ``bids[n]`` has ``sizes[n]`` servers of lot ``taken[n]``. ``counts[1]`` is how many
    placings may still be tried. ``chosen`` and ``chosen_sizes`` have a row for each
    bid that is being placed, ``near`` has lots, and ``held`` and ``held_sizes`` are
    the winner's.

    The search has a level for each bid that is placed: the bid ``placed`` there, its
    ``cursor`` among the rivals and its start ``moment``; ``value`` and ``since`` are
    what the bids before it add, and when the last of them starts. ``picked`` are the
    servers of its ``size`` lots ``open``, of which ``limit`` are free.
    """

    rivals: native.Ints
    alone: native.Floats
    density: native.Floats
    order: native.Ints
    counts: native.Ints
    most: native.Floats
    bids: native.Ints
    taken: native.Ints
    sizes: native.Ints
    chosen: native.Ints
    chosen_sizes: native.Ints
    near: native.Ints
    held: native.Ints
    held_sizes: native.Ints
    placed: native.Ints
    cursor: native.Ints
    moment: native.Ints
    value: native.Floats
    since: native.Ints
    open: native.Ints
    limit: native.Ints
    picked: native.Ints
    size: native.Ints
    fresh: native.Ints


def _scratch(lots: lot_figures.Lots) -> Scratch:
    size = len(lots.ask)
    lines = size * (RIVALS + 1)
    return Scratch(
        rivals=np.zeros(RIVALS, np.int64),
        alone=np.zeros(RIVALS),
        density=np.zeros(RIVALS),
        order=np.zeros(RIVALS, np.int64),
        counts=np.zeros(2, np.int64),
        most=np.zeros(1),
        bids=np.zeros(lines, np.int64),
        taken=np.zeros(lines, np.int64),
        sizes=np.zeros(lines, np.int64),
        chosen=np.zeros((RIVALS + 1, size), np.int64),
        chosen_sizes=np.zeros((RIVALS + 1, size), np.int64),
        near=np.zeros(size, np.int64),
        held=np.zeros(size, np.int64),
        held_sizes=np.zeros(size, np.int64),
        placed=np.zeros(RIVALS + 1, np.int64),
        cursor=np.zeros(RIVALS + 1, np.int64),
        moment=np.zeros(RIVALS + 1, np.int64),
        value=np.zeros(RIVALS + 1),
        since=np.zeros(RIVALS + 1, np.int64),
        open=np.zeros((RIVALS + 1, size), np.int64),
        limit=np.zeros((RIVALS + 1, size), np.int64),
        picked=np.zeros((RIVALS + 1, size), np.int64),
        size=np.zeros(RIVALS + 1, np.int64),
        fresh=np.zeros(RIVALS + 1, np.int64),
    )


class Externality(typing.NamedTuple):
    """``value`` in micro-credits times seconds; ``exact`` if there is no more."""

    value: int
    exact: bool


def of(
    book: matcher_book.Book,
    awards: Sequence[matcher_book.Award],
    placings: int = PLACINGS,
) -> list[Externality]:
    """The externality of each of ``awards``, which can all be kept.

    :param placings: how much may be tried for one of them.
    """
    served = {award.bid.uuid for award in awards}
    if len(served) == len(book.bids):
        return [Externality(0, True)] * len(awards)
    market = figures.hopeful(book)
    lots = lot_figures.of(market.supply)
    demand = market.demand
    plan = _plan(market, lots, awards)
    work = _scratch(lots)
    waiting = np.flatnonzero(plan.start < 0)
    waiting = waiting[: _kept_out(lots, demand, plan, waiting, work)]
    placings = min(placings, PLACINGS_TOGETHER // max(1, len(awards)))
    if placings < FEWEST_PLACINGS:
        placings = 0
    numbers = {bid.uuid: number for number, bid in enumerate(market.bids)}
    found = []
    for award in awards:
        winner = numbers[award.bid.uuid]
        exact = _look(lots, demand, plan, waiting, work, winner, placings)
        lines = slice(0, int(work.counts[0]))
        columns = work.bids[lines], work.taken[lines], work.sizes[lines]
        value = sum(
            (int(demand.ceiling[bid]) - int(lots.ask[lot]))
            * size
            * int(demand.length[bid])
            for bid, lot, size in zip(*(each.tolist() for each in columns), strict=True)
        )
        found.append(Externality(value, bool(exact)))
    return found


def _plan(
    market: figures.Figures,
    lots: lot_figures.Lots,
    awards: Sequence[matcher_book.Award],
) -> plans.Plan:
    """The plan in which these awards, and no others, have their places."""
    plan = plans.empty(lots, market.demand)
    numbers = {bid.uuid: number for number, bid in enumerate(market.bids)}
    places = {offer.uuid: number for number, offer in enumerate(market.offers)}
    lot_of = np.empty(len(lots.offers), np.int64)
    lot_of[lots.offers] = np.repeat(np.arange(len(lots.size)), lots.size)
    for award in awards:
        taken = lot_of[[places[offer.uuid] for offer in award.offers]]
        chosen, sizes = np.unique(taken, return_counts=True)
        start = figures.seconds(market.now, award.stay.start)
        bid = numbers[award.bid.uuid]
        plans.place(
            *(lots, market.demand, plan, bid, start),
            *(chosen, sizes.astype(np.int64), len(chosen)),
        )
    return plan


@native.compiled
def _kept_out(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    waiting: native.Ints,
    work: Scratch,
) -> int:
    """Bring those of ``waiting`` to the front that have no place beside all awards."""
    kept = 0
    for number in range(len(waiting)):
        bid = waiting[number]
        early, late = demand.earliest[bid], demand.latest[bid]
        if _best_place(lots, demand, plan, work, bid, 0, early, late)[1] == 0:
            waiting[kept] = bid
            kept += 1
    return kept


@native.compiled
def _best_place(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    bid: int,
    row: int,
    since: int,
    until: int,
) -> tuple[int, int, float]:
    """Where ``bid`` adds most: its start, how many lots and what it adds.

    The lots and how many servers of each are in ``row`` of ``work.chosen``. Only stays
    that have time of [since, until) are looked at.
    """
    length, most = demand.length[bid], demand.most[bid]
    early, late = demand.earliest[bid], demand.latest[bid] - length
    near = _near(lots, demand, plan, work, bid, since, until)
    if _servers(lots, work, near, demand.least[bid]) < demand.least[bid]:
        return -1, 0, 0.0
    full = _rate_when_free(lots, demand, work, near, bid)
    best, when, lines = 0.0, -1, 0
    moment = early
    if early + length <= since:
        moment = _next_start(lots, plan, work, near, since - length)
    for _ in range(STARTS):
        if moment > late or moment >= until:
            break
        servers, rate = 0, 0.0
        for place in range(near):
            lot = work.near[place]
            size = plans.least_free(lots, plan, lot, moment, moment + length)
            size = min(size, most - servers)
            servers += size
            rate += size * float(demand.ceiling[bid] - lots.ask[lot])
            if servers == most:
                break
        if servers >= demand.least[bid] and rate * length > best:
            best, when = rate * length, moment
        if rate == full:
            break
        moment = _next_start(lots, plan, work, near, moment)
    if when >= 0:
        servers = 0
        for place in range(near):
            lot = work.near[place]
            size = plans.least_free(lots, plan, lot, when, when + length)
            size = min(size, most - servers)
            if size:
                work.chosen[row, lines] = lot
                work.chosen_sizes[row, lines] = size
                lines += 1
                servers += size
    return when, lines, best


@native.compiled
def _near(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    bid: int,
    since: int,
    until: int,
) -> int:
    """Fill ``work.near`` with lots that may have time, the cheapest first.

    Time for stays that have a second of [since, until).
    """
    length, found = demand.length[bid], 0
    early = max(demand.earliest[bid], since - length)
    within = lot_figures.slots(lots, early, min(demand.latest[bid], until + length))
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        for lot in range(lots.kind_at[kind], lots.kind_at[kind + 1]):
            if lots.ask[lot] > demand.ceiling[bid]:
                break
            if (
                lots.owner[lot] != demand.bidder[bid]
                and plan.stays[lot] < lot_figures.ROOM * lots.size[lot]
                and not plans.full(lots, plan, lot, length, within)
            ):
                work.near[found] = lot
                found += 1
    native.sort(work.near, lots.ask, 0, found)
    return found


@native.compiled
def _servers(lots: lot_figures.Lots, work: Scratch, near: int, enough: int) -> int:
    """How many servers all of the lots have, counted until there are enough."""
    servers, place = 0, 0
    while place < near and servers < enough:
        servers += lots.size[work.near[place]]
        place += 1
    return servers


@native.compiled
def _rate_when_free(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    work: Scratch,
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


@native.compiled
def _next_start(
    lots: lot_figures.Lots, plan: plans.Plan, work: Scratch, near: int, moment: int
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


@native.compiled
def _look(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    waiting: native.Ints,
    work: Scratch,
    winner: int,
    placings: int,
) -> bool:
    """Fill ``work`` with what is best for ``waiting`` where ``winner`` has no place.

    The plan stays as it is. Says whether no other set of them adds more.
    """
    work.counts[0], work.counts[1], work.most[0] = 0, placings, 0.0
    start, held = plan.start[winner], plan.lines[winner]
    for line in range(held):
        work.held[line] = plan.line_lot[plan.line_at[winner] + line]
        work.held_sizes[line] = plan.line_size[plan.line_at[winner] + line]
    until = start + demand.length[winner]
    plans.remove(lots, demand, plan, winner)
    rivals = 0
    exact = True
    for bid in waiting:
        if not _wants(lots, demand, plan, work, bid, held, start, until):
            continue
        _, lines, gain = _best_place(
            lots, demand, plan, work, bid, RIVALS, start, until
        )
        if lines:
            exact = exact and rivals < RIVALS
            rivals = _entered(demand, work, rivals, bid, gain)
    if rivals:
        _in_order(lots, demand, plan, work, rivals, work.alone, start, until)
    if rivals > 1:
        _in_order(lots, demand, plan, work, rivals, work.density, start, until)
        _search(lots, demand, plan, work, rivals)
    plans.place(lots, demand, plan, winner, start, work.held, work.held_sizes, held)
    return exact and work.counts[1] >= 0


@native.compiled
def _wants(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    bid: int,
    held: int,
    start: int,
    end: int,
) -> bool:
    """Whether some free time with a second of [start, end) would do, at a glance."""
    if demand.earliest[bid] >= end or demand.latest[bid] <= start:
        return False
    for line in range(held):
        lot = work.held[line]
        if (
            demand.suits[demand.like[bid], lots.kind[lot]]
            and lots.ask[lot] <= demand.ceiling[bid]
            and lots.owner[lot] != demand.bidder[bid]
        ):
            at = lots.step_at[lot]
            low = plans.step_of(lots, plan, lot, start)
            high = low + 1
            while low > at and plan.free[low - 1]:
                low -= 1
            while plan.free[high]:
                high += 1
            since = max(plan.since[low], demand.earliest[bid])
            if min(plan.since[high], demand.latest[bid]) - since >= demand.length[bid]:
                return True
    return False


@native.compiled
def _entered(
    demand: figures.Demand, work: Scratch, rivals: int, bid: int, gain: float
) -> int:
    """Add ``bid`` to the rivals, which stand in the order of what they add alone."""
    place = min(rivals, RIVALS - 1)
    if rivals == RIVALS and gain <= work.alone[place]:
        return rivals
    while place and work.alone[place - 1] < gain:
        work.rivals[place] = work.rivals[place - 1]
        work.alone[place] = work.alone[place - 1]
        work.density[place] = work.density[place - 1]
        place -= 1
    work.rivals[place], work.alone[place] = bid, gain
    work.density[place] = gain / (float(demand.length[bid]) * demand.most[bid])
    return min(rivals + 1, RIVALS)


@native.compiled
def _in_order(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    rivals: int,
    key: native.Floats,
    since: int,
    until: int,
) -> None:
    """Place the rivals one after the other, those with the largest ``key`` first."""
    value = 0.0
    for place in range(rivals):
        work.order[place] = place
    native.sort(work.order, key, 0, rivals)
    for place in range(rivals - 1, -1, -1):
        bid = work.rivals[work.order[place]]
        start, lines, gain = _best_place(
            lots, demand, plan, work, bid, place, since, until
        )
        if lines:
            row, sizes = work.chosen[place], work.chosen_sizes[place]
            plans.place(lots, demand, plan, bid, start, row, sizes, lines)
            value += gain
    _keep(plan, work, rivals, value)
    for place in range(rivals):
        bid = work.rivals[place]
        if plan.start[bid] >= 0:
            plans.remove(lots, demand, plan, bid)


@native.compiled
def _keep(plan: plans.Plan, work: Scratch, rivals: int, value: float) -> None:
    """Keep what the rivals have now, if they add more than ever before."""
    if value <= work.most[0]:
        return
    work.most[0], count = value, 0
    for place in range(rivals):
        bid = work.rivals[place]
        for line in range(plan.lines[bid]):
            work.bids[count] = bid
            work.taken[count] = plan.line_lot[plan.line_at[bid] + line]
            work.sizes[count] = plan.line_size[plan.line_at[bid] + line]
            count += 1
    work.counts[0] = count


@native.compiled
def _search(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    rivals: int,
) -> None:
    """Try all sets of rivals, starts and servers, one bid deeper at each level."""
    level, value, since = 0, 0.0, -1
    _open(plan, work, rivals, level, value, since)
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
        rate, lines = 0.0, 0
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
        _open(plan, work, rivals, level, value, start)


@native.compiled
def _open(
    plan: plans.Plan, work: Scratch, rivals: int, level: int, value: float, since: int
) -> None:
    """Begin a level, on which bids that start at ``since`` or later are tried."""
    _keep(plan, work, rivals, value)
    left = 0.0
    for place in range(rivals):
        if plan.start[work.rivals[place]] < 0:
            left += work.alone[place]
    work.value[level], work.since[level] = value, since
    work.moment[level], work.placed[level] = -1, -1
    work.cursor[level] = -1
    if value + left <= work.most[0]:
        # Nothing that follows could be better.
        work.cursor[level] = rivals


@native.compiled
def _advance(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    rivals: int,
    level: int,
) -> bool:
    """Go on to the next servers, start or rival of a level; False if none is left."""
    while work.cursor[level] < rivals:
        if work.moment[level] >= 0:
            bid = work.rivals[work.cursor[level]]
            if _picked_next(demand, work, level, bid):
                return True
            moment = _next_rise(lots, demand, plan, bid, work.moment[level])
        else:
            work.cursor[level] += 1
            if work.cursor[level] >= rivals:
                return False
            bid = work.rivals[work.cursor[level]]
            if plan.start[bid] >= 0:
                continue
            moment = demand.earliest[bid]
            if moment < work.since[level]:
                moment = _next_rise(lots, demand, plan, bid, work.since[level] - 1)
        if moment > demand.latest[bid] - demand.length[bid]:
            work.moment[level] = -1
            continue
        work.moment[level] = moment
        _open_lots(lots, demand, plan, work, level, bid, moment)
    return False


@native.compiled
def _open_lots(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    level: int,
    bid: int,
    moment: int,
) -> None:
    """Find how many servers of which lots ``bid`` could have from ``moment`` on."""
    size, end = 0, moment + demand.length[bid]
    for lot in range(len(lots.ask)):
        if _suits(lots, demand, plan, bid, lot):
            free = plans.least_free(lots, plan, lot, moment, end)
            if free:
                work.open[level, size] = lot
                work.limit[level, size] = free
                size += 1
    work.size[level], work.fresh[level] = size, 1


@native.compiled
def _picked_next(demand: figures.Demand, work: Scratch, level: int, bid: int) -> bool:
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
            picked[at] -= 1
        servers = 0
        for place in range(at + 1):
            servers += picked[place]
        for place in range(at + 1, size):
            picked[place] = min(limit[place], most - servers)
            servers += picked[place]
        if servers >= demand.least[bid]:
            return True


@native.compiled
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


@native.compiled
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
