# SPDX-License-Identifier: Apache-2.0
"""The call auction: the awards worth most, with a bound on what could be better.

1. The book becomes integers; bids that no free server can serve are left out.
2. Prices for the time of each kind of server are found at which supply and
   demand meet, as nearly as can be. They prove an upper bound on welfare.
3. Bids are placed in the order of what they leave over at these prices, each
   where it takes least of what is dear.
4. A local search takes small neighbourhoods apart and puts them together again,
   until the budget is spent or nothing can be better.

Every decision whether something *may* be done is taken on integers, and so are
welfare and bound counted. What is tried, and in which order, is steered by floats.
"""

from collections.abc import Callable
import decimal

import numpy as np

from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import immediate
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms.call import bound_refinement
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import descent
from matcher.mechanisms.call import fits
from matcher.mechanisms.call import guides
from matcher.mechanisms.call import left_shift
from matcher.mechanisms.call import places
from matcher.mechanisms.call import plan as plans
from matcher.mechanisms.call import search
from matcher.mechanisms.call import time_prices

#: Intervals of the prices, from the first descent to the last, and its steps.
INTERVALS = (24, 96, 240)
STEPS = (60, 50, 80)

#: Steps where the prices of an earlier round are known.
STEPS_AGAIN = 60

#: How much the prices count beside the asks, where bids are first placed: less than
#: they say, as other bids may take less of what is dear.
WEIGHT = 0.25

#: Groups of servers that are tried for a bid that is to have one, at first.
GROUPS = 64

#: So few bids may all get what is best for them alone; then there is nothing to search.
FEW = 16

#: However much time there is, a market is not searched for longer than this many
#: moves, and so many more for each bid.
MOVES, MOVES_PER_BID = 30_000, 6_000

#: A small market is annealed more than once, so many times divided by its bids, and the
#: best is taken.
ANNEALED, MOST_ANNEALS = 400, 8

#: The search counts in floats; from here on it looks whether the bound is reached.
NEARLY = 1 - 1e-9

#: The first moves accept what is worse by about this part of a bid's worth; the last
#: ones hardly anything.
HOT, COLD = 0.1, 0.0005


class Call(mechanisms.Allocation):
    """Welfare as near to the maximum as the budget allows, and how near, proved."""

    NAME = 'call_auction'
    DESCRIPTION = 'Most welfare: guided by dual prices, improved within the budget'

    def allocate(
        self, book: matcher_book.Book, budget: mechanisms.Budget
    ) -> mechanisms.Allotment:
        began = budget.clock()
        market = hopeful.of(book)
        if not market.bids:
            nothing = decimal.Decimal(0)
            return mechanisms.Allotment(awards=(), welfare=nothing, upper_bound=nothing)
        dual = prices(market, budget.prices)
        few = len(market.bids) <= FEW
        there = {bid.uuid for bid in market.bids}
        bids = [bid for bid in book.bids if bid.uuid in there] if few else []
        awards = immediate.undisputed(book, bids) if few else None
        if awards is not None:
            welfare = figures.credits(figures.worth(awards))
            return mechanisms.Allotment(
                awards=awards,
                welfare=welfare,
                upper_bound=welfare,
                prices=time_prices.of(market, dual),
            )
        lots = lot_figures.of(market.supply)
        guide = guides.of(market, dual, [market.offers[at] for at in lots.firsts()])
        here = fits.Market(lots, market.demand, guide)
        with bound_refinement.beside(book, market, dual, budget, began) as bound:
            plan, moves = _search(here, bound, budget, began)
        worth, most = plans.worth(lots, market.demand, plan), bound()
        awards = left_shift.begun(book, _awards(market, lots, plan))
        if book.by_hour():
            # What a stay is asked for is rounded up to a price an hour.
            worth = figures.worth(awards)
        welfare = figures.credits(worth)
        return mechanisms.Allotment(
            awards=tuple(awards),
            welfare=welfare,
            # Rounded up it would seem to be more than what is proved to be the best.
            upper_bound=figures.credits(most, decimal.ROUND_CEILING)
            if most > worth
            else welfare,
            prices=time_prices.of(market, dual),
            moves=moves,
        )


def prices(
    market: figures.Figures, before: mechanisms.Prices | None
) -> certificate.Dual:
    """Prices that prove a low bound, found on finer and finer intervals.

    Those of an earlier round are near enough to begin with the finest.
    """
    parts = descent.parts(market)
    stages = list(zip(INTERVALS, STEPS, strict=True))
    marks = descent.edges(market, INTERVALS[0])
    found = descent.start_prices(market, marks)
    if isinstance(before, time_prices.TimePrices):
        stages = [(INTERVALS[-1], STEPS_AGAIN)]
        marks = descent.edges(market, INTERVALS[-1])
        found = before.again(market, marks)
    for number, (intervals, steps) in enumerate(stages):
        finer = descent.edges(market, intervals)
        if number and len(finer) == len(marks):
            continue
        found = descent.refined(found, marks, finer)
        marks = finer
        spent = descent.counted(steps)
        found = descent.descend(market, marks, found, spent, 0.12, parts)
    return certificate.certified(market, marks, found)


def _search(
    here: fits.Market, bound: Callable[[], int], budget: mechanisms.Budget, began: float
) -> tuple[plans.Plan, int]:
    lots, demand = here.lots, here.demand
    plan, found = plans.empty(lots, demand), places.scratch(lots, demand)
    random = native.generator(budget.seed)
    typical = int(np.median(demand.length))
    _greedy(here, plan, found, random, typical)
    near, undo = search.neighbours(here), search.move(here)
    moves = MOVES + MOVES_PER_BID * len(demand.ceiling)
    anneals = int(np.clip(ANNEALED // len(demand.ceiling), 1, MOST_ANNEALS))
    best, reached = plans.copy(plan), float(plans.worth(lots, demand, plan))
    made, chunk, spent = 0, 50, _spent(budget, 0, moves, began)
    for anneal in range(anneals):
        while spent < (anneal + 1) / anneals:
            # To count exactly takes long in a large market.
            least = bound()
            if reached > least * NEARLY and plans.worth(lots, demand, plan) == least:
                return plan, made
            heat = HOT * (COLD / HOT) ** (spent * anneals - anneal)
            started = budget.clock()
            reached += search.improve(
                here, plan, found, random, near, undo, chunk, heat, typical
            )
            made += chunk
            spent = _spent(budget, made, moves, began)
            chunk = _chunk(budget, chunk, budget.clock() - started)
            if budget.progress:
                budget.progress('search', spent)
        if plans.worth(lots, demand, plan) > plans.worth(lots, demand, best):
            best = plans.copy(plan)
    return best, made


def _chunk(budget: mechanisms.Budget, chunk: int, passed: float) -> int:
    """How many moves to make until the clock is looked at again."""
    if budget.seconds is None or budget.moves is not None:
        return chunk
    wanted = min(0.05, budget.seconds / 200)
    return int(np.clip(chunk * wanted / max(passed, 1e-6), 10, 20 * chunk))


def _greedy(
    here: fits.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    typical: int,
) -> None:
    demand, guide = here.demand, here.guide
    surplus = demand.ceiling.astype(float) * demand.length - guide.cost
    heads = np.flatnonzero(demand.parts)
    together = np.add.reduceat(surplus * demand.most, heads)
    order = heads[np.argsort(-together, kind='stable')]
    care = fits.Care(10**9, 64, 24, WEIGHT, 0.0, typical, GROUPS)
    search.place_in_order(here, plan, found, random, order, care, 1.0)
    care = fits.Care(10**9, 64, 24, 0.0, 0.0, typical, GROUPS)
    search.place_in_order(here, plan, found, random, order, care, 0.0)


def _spent(budget: mechanisms.Budget, made: int, moves: int, began: float) -> float:
    """Which part of the budget is spent."""
    spent = made / (moves if budget.moves is None else max(1, budget.moves))
    if budget.seconds is not None:
        spent = max(spent, (budget.clock() - began) / max(1e-9, budget.seconds))
    return spent


def _awards(
    market: figures.Figures, lots: lot_figures.Lots, plan: plans.Plan
) -> tuple[matcher_book.Award, ...]:
    servers = plans.servers(lots, market.demand, plan)
    return tuple(
        market.award(bid, int(plan.start[bid]), servers[bid]) for bid in sorted(servers)
    )
