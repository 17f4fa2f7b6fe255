# SPDX-License-Identifier: Apache-2.0
"""A lower bound than that of any prices, by clearing some bids apart from the others.

At the best prices a bid may be served by halves: one at one start, one at another, or
one and the other not at all. No awards do that, and so the bound of the prices is too
high. A solver has no such weakness, but only small markets can be solved.

However the bids of a market are parted, no awards come to more than the best for some
of them, as if these had all servers to themselves, and the best for the others, as if
those had. Where the two hardly want the same servers little is lost by that. Often much
of the welfare is that of a few bids for a few dear servers which nobody else would pay
for; what a solver proves of them, and what prices prove of the others, is then well
below what prices prove of all.
"""

from collections.abc import Callable
from collections.abc import Iterator

import numpy as np

from matcher import mechanisms
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import descent

#: Larger groups are not given to the solver.
LARGEST = 150

#: Which part of the time that is left a solver may take for one group.
SHARE = 1 / 3

#: Steps of the descent to prices for the bids that are left, begun with those for all,
#: and by which part of the median ceiling the first of them changes a price.
STEPS, RATE = 300, 0.1


def least(
    market: figures.Figures,
    finer: figures.Figures,
    marks: native.Ints,
    prices: native.Floats,
    bound: int,
    solver: exact.Solver,
    left: Callable[[], float],
) -> Iterator[int]:
    """Lower and lower bounds on welfare in micro-credits, the first below ``bound``.

    :param finer: the same market, with kinds that differ by when servers are free.
    :param prices: those that prove ``bound`` in ``finer``, or nearly so.
    :param left: how many seconds are left.
    """
    others, below = np.arange(len(finer.bids)), 0
    # A large group has more bids that compete with each other than its parts have.
    for welfare, group in reversed(list(_solved(market, solver, left))):
        rest = np.setdiff1d(others, group)
        if len(rest) + len(group) != len(others):
            continue
        if left() <= 0:
            return
        found, anew = _proved(finer.only(rest), marks, prices, left)
        if below + welfare + found < bound:
            others, below, prices = rest, below + welfare, anew
            bound = below + found
            yield bound


def _solved(
    market: figures.Figures, solver: exact.Solver, left: Callable[[], float]
) -> Iterator[tuple[int, native.Ints]]:
    """Groups of bids and the most welfare of each alone, from small groups to large."""
    too_hard: list[native.Ints] = []
    for group in _groups(market.demand):
        # What a solver cannot do for some it cannot do for more.
        if any(np.isin(part, group).all() for part in too_hard):
            continue
        seconds = left() * SHARE
        if seconds <= 0:
            return
        try:
            awards = solver.most(market.only(group), seconds)
        except mechanisms.Refused:
            too_hard.append(group)
        else:
            yield figures.worth(awards) + exact.rounding(market.offers, awards), group


def _groups(demand: figures.Demand) -> list[native.Ints]:
    """Numbers of bids that may have nothing but what some bid may have; and all.

    Alternatives of a bid are in the same ones: apart, more than one could be met.
    """
    found = {}
    for kinds in [*demand.suits[np.unique(demand.like)], True]:
        within = ~np.any(demand.suits & ~kinds, axis=1)[demand.like]
        together = np.logical_and.reduceat(within, demand.group_at[:-1])
        group = np.flatnonzero(together[demand.group])
        if 0 < len(group) <= LARGEST:
            found[group.tobytes()] = group
    return sorted(found.values(), key=len)


def _proved(
    market: figures.Figures,
    marks: native.Ints,
    prices: native.Floats,
    left: Callable[[], float],
) -> tuple[int, native.Floats]:
    """A bound for this market, and prices that prove it."""
    if not market.bids:
        return 0, prices

    def spent(taken: int) -> float:
        return max(taken / STEPS, float(left() <= 0))

    prices = descent.descend(market, marks, prices, spent, RATE)
    return certificate.certified(market, marks, prices).bound, prices
