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

import decimal

import numpy as np

from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import certificate
from matcher.mechanisms import descent
from matcher.mechanisms import early
from matcher.mechanisms import figures
from matcher.mechanisms import fits
from matcher.mechanisms import guides
from matcher.mechanisms import immediate
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms import places
from matcher.mechanisms import plan as plans
from matcher.mechanisms import search
from matcher.mechanisms import timeprices

#: Intervals of the prices, from the first descent to the last, and its steps.
INTERVALS = (24, 96, 240)
STEPS = (60, 50, 80)

#: Steps where the prices of an earlier round are known.
STEPS_AGAIN = 60

#: Steps towards a tighter bound, at most; or those where only moves are counted.
TIGHTEN, TIGHTEN_BY_MOVES = 1000, 60

#: By kind alone so many are enough; fewer than these are not worth it.
STEPS_BY_KIND, LEAST_STEPS = 200, 10

#: Which part of the seconds they may take, and how long it takes, about, to ask a bid
#: what it would choose, for each of its kinds and starts.
TIGHTEN_SHARE, ASKED = 0.3, 7e-9

#: How much the prices count beside the asks, where bids are first placed: less than
#: they say, as other bids may take less of what is dear.
WEIGHT = 0.25

#: So few bids may all get what is best for them alone; then there is nothing to search.
FEW = 16

#: However much time there is, a market of n bids is not searched for longer than
#: ten times this many moves, and 2,000 more for each bid.
PATIENCE = 1000

#: A small market is annealed more than once, so many times divided by its bids, and the
#: best is taken.
ANNEALED, MOST_ANNEALS = 400, 8

#: The search counts in floats; from here on it looks whether the bound is reached.
NEARLY = 1 - 1e-9

#: Where a neighbourhood is worth this much of the median bid, the first moves
#: accept it to be worse; the last ones hardly any.
HOT, COLD = 0.4, 0.004


class Call(mechanisms.Allocation):
    """Welfare as near to the maximum as the budget allows, and how near, proved."""

    NAME = 'call'
    DESCRIPTION = 'Most welfare: guided by dual prices, improved within the budget'

    def allocate(
        self, book: matcher_book.Book, budget: mechanisms.Budget
    ) -> mechanisms.Allotment:
        began = budget.clock()
        market = figures.hopeful(figures.of(book))
        if not market.bids:
            nothing = decimal.Decimal(0)
            return mechanisms.Allotment(awards=(), welfare=nothing, upper_bound=nothing)
        dual = _prices(market, budget.prices)
        few = len(market.bids) <= FEW
        awards = immediate.undisputed(book, market.bids) if few else None
        if awards is not None:
            most = figures.credits(figures.worth(awards))
            return mechanisms.Allotment(
                awards=awards,
                welfare=most,
                upper_bound=most,
                prices=timeprices.of(market, dual),
            )
        bound = _tightened(book, market, dual, budget)
        lots = lot_figures.of(market.supply)
        guide = guides.of(market, dual, [market.offers[at] for at in lots.firsts()])
        here = fits.Market(lots, market.demand, guide)
        plan, moves = _search(here, bound, budget, began)
        return mechanisms.Allotment(
            awards=tuple(early.begun(book, _awards(market, lots, plan))),
            welfare=figures.credits(plans.worth(lots, market.demand, plan)),
            upper_bound=figures.credits(bound, decimal.ROUND_CEILING),
            prices=timeprices.of(market, dual),
            moves=moves,
        )


def _prices(
    market: figures.Figures, before: mechanisms.Prices | None
) -> certificate.Dual:
    """Prices that prove a low bound, found on finer and finer intervals.

    Those of an earlier round are near enough to begin with the finest.
    """
    parts = _parts(market)
    stages = list(zip(INTERVALS, STEPS, strict=True))
    marks = descent.edges(market, INTERVALS[0])
    prices = descent.start_prices(market, marks)
    if isinstance(before, timeprices.TimePrices):
        stages = [(INTERVALS[-1], STEPS_AGAIN)]
        marks = descent.edges(market, INTERVALS[-1])
        prices = before.again(market, marks)
    for number, (intervals, steps) in enumerate(stages):
        finer = descent.edges(market, intervals)
        if number and len(finer) == len(marks):
            continue
        prices = _refined(prices, marks, finer)
        marks = finer
        prices = descent.descend(market, marks, prices, steps, 0.12, parts)
    return certificate.certified(market, marks, prices)


def _parts(market: figures.Figures) -> int:
    return max(1, min(4, len(market.bids) // 64))


def _tightened(
    book: matcher_book.Book,
    market: figures.Figures,
    dual: certificate.Dual,
    budget: mechanisms.Budget,
) -> int:
    """A lower bound, from prices that differ between servers free at other times.

    Such a server can only serve stays within its own free time, and only as many
    as there are of its like; prices by kind alone overlook both. Where there is no
    time for so many prices, those by kind go on towards the least bound. The search
    is not guided by these: at 1,000 x 1,000 it finds 0.3 % less with them.
    """
    sorts, gaps = lot_figures.sorts(market.supply)
    size = max(1, int(sorts[market.demand.kinds].sum()))
    intervals = INTERVALS[-1] if size < 100_000 else 60
    # A bid looks at the ends of intervals and at those of its servers' free time.
    steps, parts = _affordable(size * (intervals + gaps), _parts(market), budget)
    if steps >= LEAST_STEPS:
        finer = figures.hopeful(figures.of(book, by_window=True))
        marks = descent.edges(finer, intervals)
    else:
        finer, marks = market, dual.edges
        size = len(market.demand.kinds) * len(marks)
        steps, parts = _affordable(size, _parts(market), budget)
        steps = min(steps, STEPS_BY_KIND)
    if steps < LEAST_STEPS:
        return dual.bound
    kinds = market.kind_of()
    first = [finer.offers[at].uuid for at in finer.supply.kind_at[:-1].tolist()]
    prices = dual.prices[[kinds[uuid] for uuid in first]].astype(np.float64)
    prices = _refined(prices, dual.edges, marks)
    prices = descent.descend(finer, marks, prices, steps, 0.06, parts)
    return min(dual.bound, certificate.certified(finer, marks, prices).bound)


def _affordable(size: int, parts: int, budget: mechanisms.Budget) -> tuple[int, int]:
    """Steps of a descent, and in how many parts bids are asked.

    :param size: of the market: kinds that bids may take times starts.
    """
    if budget.seconds is None:
        return TIGHTEN_BY_MOVES if size < 10**7 else 0, parts
    once = size * ASKED
    # All bids are asked at the beginning, for the proof, and for the search.
    left = TIGHTEN_SHARE * budget.seconds - 4 * once
    if left <= 0:
        return 0, parts
    parts = max(parts, min(32, int(TIGHTEN / 4 * once / left)))
    return int(min(TIGHTEN, left * parts / once)), parts


def _refined(
    prices: native.Floats, marks: native.Ints, finer: native.Ints
) -> native.Floats:
    """Prices between ``marks`` as prices between ``finer``."""
    return np.ascontiguousarray(prices[:, _interval(marks, finer[:-1])])


def _interval(marks: native.Ints, moments: native.Ints) -> native.Ints:
    found = np.searchsorted(marks, moments, side='right') - 1
    return np.clip(found, 0, len(marks) - 2)


def _search(
    here: fits.Market, bound: int, budget: mechanisms.Budget, began: float
) -> tuple[plans.Plan, int]:
    lots, demand = here.lots, here.demand
    plan, found = plans.empty(lots, demand), places.scratch(lots)
    random = native.generator(budget.seed)
    typical = int(np.median(demand.length))
    _greedy(here, plan, found, random, typical)
    near, undo = search.neighbours(here), search.move(here)
    scale = float(np.median(demand.ceiling * demand.length.astype(float)))
    patience = 10 * (PATIENCE + 200 * len(demand.ceiling))
    anneals = int(np.clip(ANNEALED // len(demand.ceiling), 1, MOST_ANNEALS))
    best, reached = plans.copy(plan), float(plans.worth(lots, demand, plan))
    made, chunk, spent = 0, 50, _spent(budget, 0, patience, began)
    for anneal in range(anneals):
        while spent < (anneal + 1) / anneals:
            # To count exactly takes long in a large market.
            if reached > bound * NEARLY and plans.worth(lots, demand, plan) == bound:
                return plan, made
            heat = scale * HOT * (COLD / HOT) ** (spent * anneals - anneal)
            started = budget.clock()
            reached += search.improve(
                here, plan, found, random, near, undo, chunk, heat, typical
            )
            made += chunk
            spent = _spent(budget, made, patience, began)
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
    order = np.argsort(-surplus * demand.most, kind='stable')
    care = fits.Care(10**9, 64, 24, WEIGHT, 0.0, typical)
    search.place_in_order(here, plan, found, random, order, care, 1.0)
    care = fits.Care(10**9, 64, 24, 0.0, 0.0, typical)
    search.place_in_order(here, plan, found, random, order, care, 0.0)


def _spent(budget: mechanisms.Budget, made: int, patience: int, began: float) -> float:
    """Which part of the budget is spent."""
    spent = made / (patience if budget.moves is None else max(1, budget.moves))
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
