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
PLACINGS, PLACINGS_TOGETHER = 20_000, 400_000


class Scratch(typing.NamedTuple):
    """``rivals[:n]`` are bids that want the time of a winner, ``alone`` what each would
    add by itself and ``order`` the order in which they are placed.

    The best set of them found has ``count[0]`` lines, and adds ``most[0]``: bid
    ``bids[n]`` has ``sizes[n]`` servers of lot ``taken[n]``. ``count[1]`` is how many
    placings may still be tried. ``chosen`` and ``chosen_sizes`` have a row for each
    bid that is being placed, ``near`` has lots, and ``held`` and ``held_sizes`` are
    the winner's.
    """

    rivals: native.Ints
    alone: native.Floats
    density: native.Floats
    order: native.Ints
    count: native.Ints
    most: native.Floats
    bids: native.Ints
    taken: native.Ints
    sizes: native.Ints
    chosen: native.Ints
    chosen_sizes: native.Ints
    near: native.Ints
    held: native.Ints
    held_sizes: native.Ints


def _scratch(lots: lot_figures.Lots) -> Scratch:
    size = len(lots.ask)
    lines = size * (RIVALS + 1)
    return Scratch(
        rivals=np.zeros(RIVALS, np.int64),
        alone=np.zeros(RIVALS),
        density=np.zeros(RIVALS),
        order=np.zeros(RIVALS, np.int64),
        count=np.zeros(2, np.int64),
        most=np.zeros(1),
        bids=np.zeros(lines, np.int64),
        taken=np.zeros(lines, np.int64),
        sizes=np.zeros(lines, np.int64),
        chosen=np.zeros((RIVALS + 1, size), np.int64),
        chosen_sizes=np.zeros((RIVALS + 1, size), np.int64),
        near=np.zeros(size, np.int64),
        held=np.zeros(size, np.int64),
        held_sizes=np.zeros(size, np.int64),
    )


class Externality(typing.NamedTuple):
    """``value`` in micro-credits times seconds; ``exact`` if nothing more is possible."""

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
    numbers = {bid.uuid: number for number, bid in enumerate(market.bids)}
    found = []
    for award in awards:
        winner = numbers[award.bid.uuid]
        exact = _look(lots, demand, plan, waiting, work, winner, placings)
        lines = slice(0, int(work.count[0]))
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
    near = _near(lots, demand, plan, work, bid)
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
) -> int:
    """Fill ``work.near`` with lots that may have time for ``bid``, the cheapest first."""
    length, found = demand.length[bid], 0
    within = lot_figures.slots(lots, demand.earliest[bid], demand.latest[bid])
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
    work.count[0], work.count[1], work.most[0] = 0, placings, 0.0
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
        _search(lots, demand, plan, work, rivals, 0, 0, 0.0)
    plans.place(
        lots, demand, plan, winner, start, work.held, work.held_sizes, held
    )
    return exact and work.count[1] >= 0


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
    work.count[0] = count


@native.compiled
def _search(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    rivals: int,
    depth: int,
    since: int,
    value: float,
) -> None:
    """Try all that can be placed from ``since`` on beside what has been."""
    _keep(plan, work, rivals, value)
    left = 0.0
    for place in range(rivals):
        if plan.start[work.rivals[place]] < 0:
            left += work.alone[place]
    if value + left <= work.most[0]:
        return
    for place in range(rivals):
        bid = work.rivals[place]
        if plan.start[bid] >= 0:
            continue
        moment = demand.earliest[bid]
        if moment < since:
            moment = _next_rise(lots, demand, plan, bid, since - 1)
        while moment <= demand.latest[bid] - demand.length[bid]:
            if work.count[1] < 0:
                return
            _choose(lots, demand, plan, work, rivals, depth, value, bid, moment, 0, 0, 0)
            moment = _next_rise(lots, demand, plan, bid, moment)


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


@native.compiled
def _choose(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: Scratch,
    rivals: int,
    depth: int,
    value: float,
    bid: int,
    moment: int,
    lot: int,
    lines: int,
    servers: int,
) -> None:
    """Place ``bid`` with every choice of servers, from those of ``lot`` on; go on."""
    if work.count[1] < 0:
        return
    row, sizes = work.chosen[depth], work.chosen_sizes[depth]
    if servers == demand.most[bid] or lot == len(lots.ask):
        if servers >= demand.least[bid]:
            work.count[1] -= 1
            rate = 0.0
            for line in range(lines):
                each = float(demand.ceiling[bid] - lots.ask[row[line]])
                rate += each * sizes[line]
            plans.place(lots, demand, plan, bid, moment, row, sizes, lines)
            more = value + rate * float(demand.length[bid])
            _search(lots, demand, plan, work, rivals, depth + 1, moment, more)
            plans.remove(lots, demand, plan, bid)
        return
    free = 0
    if _suits(lots, demand, plan, bid, lot):
        end = moment + demand.length[bid]
        free = plans.least_free(lots, plan, lot, moment, end)
        free = min(free, demand.most[bid] - servers)
    for size in range(free, -1, -1):
        more_lines = lines
        if size:
            row[lines], sizes[lines] = lot, size
            more_lines += 1
        _choose(
            *(lots, demand, plan, work, rivals, depth, value, bid, moment),
            *(lot + 1, more_lines, servers + size),
        )
