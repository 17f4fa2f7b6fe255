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

import dataclasses
import decimal

import numpy as np

from flocx.core import offer as offer_core
from flocx.core import window
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import duals
from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms import places
from matcher.mechanisms import plan as plans
from matcher.mechanisms import search

#: Intervals of the prices, from the first descent to the last.
INTERVALS = (24, 96, 240)
STEPS = (60, 60, 100)

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
        dual = _prices(market)
        plan, moves = _search(market, dual, budget, began)
        return mechanisms.Allotment(
            awards=_awards(market, plan),
            welfare=figures.credits(plans.worth(market.supply, market.demand, plan)),
            upper_bound=figures.credits(dual.bound, decimal.ROUND_CEILING),
            prices=TimePrices(market, dual),
            moves=moves,
        )


def _prices(market: figures.Figures) -> duals.Dual:
    """Prices that prove a low bound, found on finer and finer intervals."""
    marks = duals.edges(market, INTERVALS[0])
    prices = duals.start_prices(market, marks)
    for intervals, steps in zip(INTERVALS, STEPS, strict=True):
        finer = duals.edges(market, intervals)
        prices = prices[_interval(marks, finer[:-1])]
        marks = finer
        prices, _ = duals.descend(market, marks, prices, steps)
    return duals.certified(market, marks, prices)


def _interval(marks: native.Ints, moments: native.Ints) -> native.Ints:
    found = np.searchsorted(marks, moments, side='right') - 1
    return np.clip(found, 0, len(marks) - 2)


def _search(
    market: figures.Figures,
    dual: duals.Dual,
    budget: mechanisms.Budget,
    began: float,
) -> tuple[plans.Plan, int]:
    supply, demand = market.supply, market.demand
    here = places.Market(supply, demand, duals.guide(market, dual))
    plan = plans.empty(supply, demand)
    found = places.scratch(demand, len(supply.kind_at) - 1)
    random = native.generator(budget.seed)
    typical = int(np.median(demand.length))
    _greedy(here, plan, found, random, typical)
    near, undo = search.neighbours(here), search.move(here)
    scale = float(np.median(demand.ceiling * demand.length.astype(float)))
    made, chunk = 0, 50
    while True:
        spent = _spent(budget, made, began)
        if spent >= 1 or plans.worth(supply, demand, plan) == dual.bound:
            break
        heat = scale * HOT * (COLD / HOT) ** spent
        started = budget.clock()
        search.improve(here, plan, found, random, near, undo, chunk, heat, typical)
        made += chunk
        if budget.moves is None:
            passed = budget.clock() - started
            chunk = int(np.clip(chunk * 0.05 / max(passed, 1e-6), 10, 20 * chunk))
        if budget.progress:
            budget.progress('search', spent)
    return plan, made


def _greedy(
    here: places.Market,
    plan: plans.Plan,
    found: places.Scratch,
    random: native.Words,
    typical: int,
) -> None:
    demand, guide = here.demand, here.guide
    surplus = demand.ceiling.astype(float) * demand.length - guide.cost
    order = np.argsort(-surplus * demand.most, kind='stable')
    care = places.Care(64, 24, 1.0, 0.0, typical)
    search.place_in_order(here, plan, found, random, order, care, 1.0)
    care = places.Care(64, 24, 0.0, 0.0, typical)
    search.place_in_order(here, plan, found, random, order, care, 0.0)


def _spent(budget: mechanisms.Budget, made: int, began: float) -> float:
    """Which part of the budget is spent."""
    spent = 0.0
    if budget.moves is not None:
        spent = made / max(1, budget.moves)
    if budget.seconds is not None:
        spent = max(spent, (budget.clock() - began) / max(1e-9, budget.seconds))
    return spent


def _awards(
    market: figures.Figures, plan: plans.Plan
) -> tuple[matcher_book.Award, ...]:
    awards = []
    for bid in np.flatnonzero(plan.start >= 0).tolist():
        at = plan.line_at[bid]
        offers = plan.line_offer[at : at + plan.servers[bid]]
        awards.append(market.award(bid, int(plan.start[bid]), offers.tolist()))
    return tuple(awards)


@dataclasses.dataclass(frozen=True)
class TimePrices:
    market: figures.Figures
    dual: duals.Dual

    def rate(
        self, offer: offer_core.Offer, stay: window.Window
    ) -> decimal.Decimal | None:
        return None

    def summary(self) -> list[dict[str, object]]:
        return []
