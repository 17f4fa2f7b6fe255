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
import datetime
import decimal
import functools

import numpy as np

from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import window
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import duals
from matcher.mechanisms import early
from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms import places
from matcher.mechanisms import plan as plans
from matcher.mechanisms import search

#: Intervals of the prices, from the first descent to the last.
INTERVALS = (24, 96, 240)
STEPS = (60, 50, 80)

#: Steps towards a tighter bound, at most; or those where only moves are counted.
TIGHTEN, TIGHTEN_BY_MOVES = 300, 60

#: However much time there is, a market of n bids is not searched for longer than
#: ten times this many moves, and 2,000 more for each bid.
PATIENCE = 1000

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
        bound = min(dual.bound, _tightened(book, market, dual, budget))
        plan, moves = _search(market, dual, bound, budget, began)
        return mechanisms.Allotment(
            awards=tuple(early.begun(book, _awards(market, plan))),
            welfare=figures.credits(plans.worth(market.supply, market.demand, plan)),
            upper_bound=figures.credits(bound, decimal.ROUND_CEILING),
            prices=TimePrices(market, dual),
            moves=moves,
        )


def _prices(market: figures.Figures) -> duals.Dual:
    """Prices that prove a low bound, found on finer and finer intervals."""
    marks = duals.edges(market, INTERVALS[0])
    prices = duals.start_prices(market, marks)
    for intervals, steps in zip(INTERVALS, STEPS, strict=True):
        finer = duals.edges(market, intervals)
        if steps != STEPS[0] and len(finer) == len(marks):
            continue
        prices = _refined(prices, marks, finer)
        marks = finer
        prices, _ = duals.descend(market, marks, prices, steps, 0.12)
    return duals.certified(market, marks, prices)


def _tightened(
    book: matcher_book.Book,
    market: figures.Figures,
    dual: duals.Dual,
    budget: mechanisms.Budget,
) -> int:
    """A lower bound, from prices that differ between servers free at other times.

    Such a server can only serve stays within its own free time, and only as many
    as there are of its like; prices by kind alone overlook both.
    """
    finer = figures.hopeful(figures.of(book, by_window=True))
    size = max(1, len(finer.demand.kinds))
    intervals = INTERVALS[-1] if size < 10_000 else 60
    steps = TIGHTEN_BY_MOVES if size * intervals < 10**7 else 0
    if budget.seconds is not None:
        # A step takes about 8 ns for each of a bid's kinds and intervals.
        affordable = 0.3 * budget.seconds / (size * intervals * 8e-9)
        steps = int(min(TIGHTEN, affordable))
    if steps < 10:
        return dual.bound
    kinds = {
        offer.uuid: kind
        for offer, kind in zip(market.offers, market.supply.kind.tolist(), strict=True)
    }
    first = [finer.offers[at].uuid for at in finer.supply.kind_at[:-1].tolist()]
    marks = duals.edges(finer, intervals)
    prices = dual.prices[[kinds[uuid] for uuid in first]].astype(np.float64)
    prices = _refined(prices, dual.edges, marks)
    prices, _ = duals.descend(finer, marks, prices, steps, 0.06)
    return duals.certified(finer, marks, prices).bound


def _refined(
    prices: native.Floats, marks: native.Ints, finer: native.Ints
) -> native.Floats:
    """Prices between ``marks`` as prices between ``finer``."""
    return np.ascontiguousarray(prices[:, _interval(marks, finer[:-1])])


def _interval(marks: native.Ints, moments: native.Ints) -> native.Ints:
    found = np.searchsorted(marks, moments, side='right') - 1
    return np.clip(found, 0, len(marks) - 2)


def _search(
    market: figures.Figures,
    dual: duals.Dual,
    bound: int,
    budget: mechanisms.Budget,
    began: float,
) -> tuple[plans.Plan, int]:
    supply, demand = market.supply, market.demand
    here = places.Market(supply, demand, duals.guide(market, dual))
    plan = plans.empty(supply, demand)
    found = places.scratch(supply, demand)
    random = native.generator(budget.seed)
    typical = int(np.median(demand.length))
    _greedy(here, plan, found, random, typical)
    near, undo = search.neighbours(here), search.move(here)
    scale = float(np.median(demand.ceiling * demand.length.astype(float)))
    made, chunk = 0, 50
    patience = PATIENCE + 200 * len(market.bids)
    while True:
        spent = _spent(budget, made, began)
        if budget.moves is None:
            spent = max(spent, made / (patience * 10))
        if spent >= 1 or plans.worth(supply, demand, plan) == bound:
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
    care = places.Care(10**9, 64, 24, 1.0, 0.0, typical)
    search.place_in_order(here, plan, found, random, order, care, 1.0)
    care = places.Care(10**9, 64, 24, 0.0, 0.0, typical)
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
    """The dual prices: near those of a competitive equilibrium."""

    market: figures.Figures
    dual: duals.Dual

    @functools.cached_property
    def _kinds(self) -> dict[str, int]:
        kinds = self.market.supply.kind.tolist()
        return {
            offer.uuid: kind
            for offer, kind in zip(self.market.offers, kinds, strict=True)
        }

    def rate(
        self, offer: offer_core.Offer, stay: window.Window
    ) -> decimal.Decimal | None:
        kind = self._kinds.get(offer.uuid)
        if kind is None:
            return None
        second = datetime.timedelta(seconds=1)
        since, until = ((each - self.market.now) // second for each in _ends(stay))
        total = 0
        for edge, price in enumerate(self.dual.prices[kind].tolist()):
            low = max(since, int(self.dual.edges[edge]))
            high = min(until, int(self.dual.edges[edge + 1]))
            total += price * max(0, high - low)
        exact = decimal.Decimal(total) / decimal.Decimal(stay.seconds * 10**6)
        return money.quantised(exact)

    def summary(self) -> list[dict[str, object]]:
        edges = self.dual.edges.tolist()
        return [
            {
                'offers': int(high - low),
                'resource_class': self.market.offers[low].resource_class,
                'prices': [
                    [
                        window.text(
                            self.market.now + datetime.timedelta(seconds=edges[each])
                        ),
                        money.text(
                            decimal.Decimal(int(prices[each])) / decimal.Decimal(10**6)
                        ),
                    ]
                    for each in range(0, len(prices), max(1, len(prices) // 24))
                ],
            }
            for low, high, prices in zip(
                self.market.supply.kind_at.tolist(),
                self.market.supply.kind_at.tolist()[1:],
                self.dual.prices,
                strict=False,
            )
        ]


def _ends(stay: window.Window) -> tuple[datetime.datetime, datetime.datetime]:
    return stay.start, stay.end
