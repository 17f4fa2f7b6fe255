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

What is asked for by the hour counts here as if all of its time was as dear as its
dearest: so nothing is said to be kept out that would not be.

A bundle gives up the time of all its parts at once; each of its awards is given what
that adds. Bundles that are left out are not looked at.

Sets of bids are compared in floats; what the best of them adds is counted in integers.
"""

from collections.abc import Sequence
import typing

import numpy as np

from matcher import book as matcher_book
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms.call import plan as plans
from matcher.mechanisms.externality import depth_first_search
from matcher.mechanisms.externality import insertion
from matcher.mechanisms.externality import scratch

#: Placings that the search may try for one winner, and for all of a round together.
#: With fewer than the last for each winner there is no search: it finds too little.
PLACINGS, PLACINGS_TOGETHER, FEWEST_PLACINGS = 20_000, 400_000, 100


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
    market = hopeful.of(book)
    lots = lot_figures.at_most(lot_figures.of(market.supply))
    loose = lot_figures.one_by_one(lots)
    demand = market.demand
    plan = _plan(market, lots, awards)
    work = scratch.empty(lots, int(demand.parts.max(initial=1)))
    alone = demand.parts == 1
    left_out = np.flatnonzero(alone & (plan.holder[demand.group] < 0))
    waiting = left_out.copy()
    waiting = waiting[: _kept_out(lots, demand, plan, waiting, work)]
    # Who finds a place by any alternative is kept out by nobody.
    placed = np.setdiff1d(left_out, waiting)
    waiting = np.setdiff1d(waiting, _alternatives(demand, placed))
    placings = min(placings, PLACINGS_TOGETHER // max(1, len(awards)))
    if placings < FEWEST_PLACINGS:
        placings = 0
    numbers = market.numbers()
    found = list[Externality]()
    for award in awards:
        winner = numbers[award.bid.key]
        if award.bid.part:
            # Awards of a bundle stand side by side.
            found.append(found[-1])
            continue
        exact = _look(*(lots, loose, demand, plan, waiting, work), winner, placings)
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


def _alternatives(demand: figures.Demand, bids: native.Ints) -> native.Ints:
    """``bids`` and their alternatives."""
    return np.flatnonzero(np.isin(demand.group, demand.group[bids]))


def _plan(
    market: figures.Figures,
    lots: lot_figures.Lots,
    awards: Sequence[matcher_book.Award],
) -> plans.Plan:
    """The plan in which these awards, and no others, have their places."""
    plan = plans.empty(lots, market.demand)
    numbers = market.numbers()
    places = {offer.uuid: number for number, offer in enumerate(market.offers)}
    lot_of = np.empty(len(lots.offers), np.int64)
    lot_of[lots.offers] = np.repeat(np.arange(len(lots.size)), lots.size)
    for award in awards:
        taken = lot_of[[places[offer.uuid] for offer in award.offers]]
        chosen, sizes = np.unique(taken, return_counts=True)
        start = figures.seconds(market.now, award.stay.start)
        bid = numbers[award.bid.key]
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
    work: scratch.Scratch,
) -> int:
    """Bring those of ``waiting`` to the front that have no place beside all awards."""
    kept, row = 0, native.ZERO
    for number in range(len(waiting)):
        bid = waiting[number]
        early, late = demand.earliest[bid], demand.latest[bid]
        _, lines, _ = insertion.best_place(
            lots, demand, plan, work, bid, row, early, late
        )
        if lines == 0:
            waiting[kept] = bid
            kept += 1
    return kept


@native.compiled
def _look(
    lots: lot_figures.Lots,
    loose: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    waiting: native.Ints,
    work: scratch.Scratch,
    winner: int,
    placings: int,
) -> bool:
    """Fill ``work`` with what is best for ``waiting`` where ``winner`` has no place.

    The plan stays as it is. Says whether no other set of them adds more.

    :param loose: the same lots as if no servers were sold only together: what a rival
        adds there alone is not less than what it adds.
    """
    work.counts[0], work.counts[1], work.most[0] = 0, placings, 0.0
    held, start, until = _hold(demand, plan, work, winner)
    plans.remove(lots, demand, plan, winner)
    rivals = native.ZERO
    exact = True
    for bid in waiting:
        if not _wants(lots, demand, plan, work, bid, held, start, until):
            continue
        _, lines, gain = insertion.best_place(
            loose, demand, plan, work, bid, scratch.RIVALS, start, until
        )
        if lines:
            exact = exact and rivals < scratch.RIVALS
            rivals = _entered(demand, work, rivals, bid, gain)
    if rivals:
        insertion.in_order(lots, demand, plan, work, rivals, work.alone, start, until)
    if rivals > 1 or (rivals and lots.largest > 1):
        insertion.in_order(lots, demand, plan, work, rivals, work.density, start, until)
        depth_first_search.search(lots, demand, plan, work, rivals)
    for part in range(demand.parts[winner]):
        low, high = work.held_at[part], work.held_at[part + 1]
        taken, sizes = work.held[low:high], work.held_sizes[low:high]
        begin = work.begun[part]
        plans.place(lots, demand, plan, winner + part, begin, taken, sizes, high - low)
    return exact and work.counts[1] >= 0


@native.helper
def _hold(
    demand: figures.Demand, plan: plans.Plan, work: scratch.Scratch, winner: int
) -> tuple[int, int, int]:
    """Note what all parts of ``winner`` have: how many lines, since when and until."""
    held, start, until = native.ZERO, plan.start[winner], native.ZERO
    for part in range(demand.parts[winner]):
        row = winner + part
        begin, lines = plan.start[row], plan.lines[row]
        for line in range(lines):
            work.held[held + line] = plan.line_lot[plan.line_at[row] + line]
            work.held_sizes[held + line] = plan.line_size[plan.line_at[row] + line]
        held += lines
        work.held_at[part + 1], work.begun[part] = held, begin
        start = min(start, begin)
        until = max(until, begin + demand.length[row])
    return held, start, until


@native.helper
def _wants(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: plans.Plan,
    work: scratch.Scratch,
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


@native.helper
def _entered(
    demand: figures.Demand, work: scratch.Scratch, rivals: int, bid: int, gain: float
) -> int:
    """Add ``bid`` to the rivals, which stand in the order of what they add alone."""
    place = min(rivals, scratch.RIVALS - 1)
    if rivals == scratch.RIVALS and gain <= work.alone[place]:
        return rivals
    while place and work.alone[place - 1] < gain:
        work.rivals[place] = work.rivals[place - 1]
        work.alone[place] = work.alone[place - 1]
        work.density[place] = work.density[place - 1]
        place -= 1
    work.rivals[place], work.alone[place] = bid, gain
    work.density[place] = gain / (float(demand.length[bid]) * demand.most[bid])
    return min(rivals + 1, scratch.RIVALS)
