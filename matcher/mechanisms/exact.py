# SPDX-License-Identifier: Apache-2.0
"""The best awards there are, by a solver: for small markets, tests and studies.

Nothing is lost by looking at few starts only. Move every stay of the best awards
back as far as it goes: it then begins at the bid's earliest start, where a gap of
one of its offers begins, or where another stay ends. So a start is one of the
former plus the lengths of some other bids.
"""

import collections
import dataclasses
import decimal

import numpy as np

from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import figures

#: Choices of a bid, a start and an offer that a solver is asked to look at.
LIMIT = 60_000


@dataclasses.dataclass
class _Model:
    """A mixed-integer program in columns: bids' starts, then offers in these."""

    value: list[float] = dataclasses.field(default_factory=list)
    rows: list[int] = dataclasses.field(default_factory=list)
    columns: list[int] = dataclasses.field(default_factory=list)
    factors: list[float] = dataclasses.field(default_factory=list)
    upper: list[float] = dataclasses.field(default_factory=list)

    def row(self, terms: list[tuple[int, float]], upper: float) -> None:
        """Require that the sum of ``terms`` is at most ``upper``."""
        for column, factor in terms:
            self.rows.append(len(self.upper))
            self.columns.append(column)
            self.factors.append(factor)
        self.upper.append(upper)


class Exact(mechanisms.Allocation):
    """Maximal welfare, proved; refused where the market is not small.

    Needs scipy, whose solver is HiGHS: ``pip install flocx[exact]``.
    """

    NAME = 'exact'
    DESCRIPTION = 'The most welfare there is, by a solver; small markets only'

    def allocate(
        self, book: matcher_book.Book, budget: mechanisms.Budget
    ) -> mechanisms.Allotment:
        """:raises Refused: the market is too large, or time is up."""
        market = figures.hopeful(figures.of(book))
        awards = _solved(market, budget) if market.bids else []
        welfare = figures.credits(figures.worth(awards))
        return mechanisms.Allotment(awards=awards, welfare=welfare, upper_bound=welfare)


def starts(market: figures.Figures) -> list[list[int]]:
    """For each bid the starts among which there is a best one.

    :raises Refused: there are too many.
    """
    supply, demand = market.supply, market.demand
    last = int((demand.latest - demand.length).max())
    begins = set(demand.earliest.tolist())
    begins.update(supply.gap_from.tolist())
    known = {begin for begin in begins if begin <= last}
    for length in demand.length.tolist():
        # Each bid is placed once, so its length is added once.
        known |= {begin + length for begin in known if begin + length <= last}
        if len(known) > LIMIT:
            raise mechanisms.Refused('exact: too many possible starts')
    moments = sorted(known)
    return [
        [moment for moment in moments if early <= moment <= latest - length]
        for early, latest, length in zip(
            demand.earliest.tolist(),
            demand.latest.tolist(),
            demand.length.tolist(),
            strict=True,
        )
    ]


def _choices(market: figures.Figures) -> dict[tuple[int, int], list[int]]:
    """By bid and start the offers that it could have."""
    supply, demand = market.supply, market.demand
    choices: dict[tuple[int, int], list[int]] = {}
    total = 0
    for bid, moments in enumerate(starts(market)):
        length = int(demand.length[bid])
        for start in moments:
            fits = [
                offer
                for kind in demand.kinds[
                    demand.kinds_at[bid] : demand.kinds_at[bid + 1]
                ]
                for offer in range(supply.kind_at[kind], supply.kind_at[kind + 1])
                if supply.ask[offer] <= demand.ceiling[bid]
                and supply.owner[offer] != demand.bidder[bid]
                and _free(supply, offer, start, start + length)
            ]
            if len(fits) >= demand.least[bid]:
                choices[bid, start] = fits
                total += len(fits)
                if total > LIMIT:
                    raise mechanisms.Refused('exact: the market is too large')
    return choices


def _free(supply: figures.Supply, offer: int, start: int, end: int) -> bool:
    return any(
        supply.gap_from[gap] <= start and end <= supply.gap_to[gap]
        for gap in range(supply.gap_at[offer], supply.gap_at[offer + 1])
    )


def _solved(
    market: figures.Figures, budget: mechanisms.Budget
) -> list[matcher_book.Award]:
    try:
        from scipy import optimize
        from scipy import sparse
    except ImportError:
        raise mechanisms.Refused('exact: scipy is not installed') from None
    choices = _choices(market)
    if not choices:
        return []
    model, columns = _model(market, choices)
    shape = (len(model.upper), len(model.value))
    matrix = sparse.csr_array((model.factors, (model.rows, model.columns)), shape=shape)
    options = {'mip_rel_gap': 0.0}
    if budget.seconds is not None:
        options['time_limit'] = budget.seconds
    done = optimize.milp(
        -np.array(model.value) / max(model.value),
        constraints=optimize.LinearConstraint(matrix, -np.inf, np.array(model.upper)),
        integrality=np.ones(len(model.value)),
        bounds=optimize.Bounds(0, 1),
        options=options,
    )
    if done.status != 0:
        raise mechanisms.Refused(f'exact: {done.message}')
    taken = collections.defaultdict(list)
    for (bid, start, offer), column in columns.items():
        if done.x[column] > 0.5:
            taken[bid, start].append(offer)
    return [
        market.award(bid, start, offers)
        for (bid, start), offers in sorted(taken.items())
    ]


def _model(
    market: figures.Figures, choices: dict[tuple[int, int], list[int]]
) -> tuple[_Model, dict[tuple[int, int, int], int]]:
    supply, demand = market.supply, market.demand
    model, columns = _Model(), {}
    by_bid, by_offer = collections.defaultdict(list), collections.defaultdict(list)
    for (bid, start), fits in choices.items():
        chosen = len(model.value)
        model.value.append(0.0)
        by_bid[bid].append((chosen, 1.0))
        length = int(demand.length[bid])
        lines = []
        for offer in fits:
            columns[bid, start, offer] = column = len(model.value)
            rate = int(demand.ceiling[bid]) - int(supply.ask[offer])
            # A trade at zero surplus is a trade all the same.
            model.value.append(float(rate * length) + 0.001)
            lines.append((column, 1.0))
            by_offer[offer].append((start, start + length, column))
            model.row([(column, 1.0), (chosen, -1.0)], 0.0)
        model.row([*lines, (chosen, -float(demand.most[bid]))], 0.0)
        less = [(column, -factor) for column, factor in lines]
        model.row([*less, (chosen, float(demand.least[bid]))], 0.0)
    for terms in by_bid.values():
        model.row(terms, 1.0)
    for stays in by_offer.values():
        for moment in {start for start, _, _ in stays}:
            at_once = [
                (column, 1.0) for start, end, column in stays if start <= moment < end
            ]
            if len(at_once) > 1:
                model.row(at_once, 1.0)
    return model, columns


def without(book: matcher_book.Book, uuid: str) -> matcher_book.Book:
    """``book`` as if the bid or offer ``uuid`` were not in it."""
    taken = {offer.slot: offer.window.minus(book.free(offer)) for offer in book.offers}
    return matcher_book.Book(
        book.now,
        [offer for offer in book.offers if offer.uuid != uuid],
        taken,
        [bid for bid in book.bids if bid.uuid != uuid],
    )


def welfare(book: matcher_book.Book, budget: mechanisms.Budget) -> decimal.Decimal:
    """The most welfare there is."""
    return Exact().allocate(book, budget).welfare
