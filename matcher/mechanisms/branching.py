# SPDX-License-Identifier: Apache-2.0
"""A lower bound than that of any prices, by parting a market into branches.

At the best prices a bid may be served by halves: one at one start, one at another, or
one and the other not at all. No awards do that, and so the bound is too high. All
awards are in one of two branches: those in which the bid is served and those in which
it is not, or those in which it begins before an instant and those in which it does so
later. In each prices of their own prove a bound, and the greater of the two holds for
all. The branch with the greatest is parted next (Land and Doig, "An automatic method
of solving discrete programming problems", 1960; with bounds of Lagrangian duals
Fisher, "The Lagrangian relaxation method for solving integer programming problems",
1981).
"""

from collections.abc import Callable
import dataclasses
import heapq

import numpy as np

from matcher.mechanisms import certificate
from matcher.mechanisms import descent
from matcher.mechanisms import figures
from matcher.mechanisms import native

#: Steps of the descent in each branch, begun with the prices of the one it is part
#: of, and by which part of the median ceiling the first of them changes a price.
STEPS, RATE = 60, 0.1

#: Of what was wanted, what was wanted so many steps ago counts a third.
MEMORY = 12


class _Habits:
    """What bids wanted lately: how often anything, and from when on."""

    def __init__(self, market: figures.Figures):
        self.served, self._start, self._square = np.zeros((3, len(market.bids)))

    def hear(self, wants: descent.Wants) -> None:
        """Note what is wanted in one more step."""
        served, start = (wants.picked > 0).astype(float), wants.start.astype(float)
        self.served += (served - self.served) / MEMORY
        self._start += (served * start - self._start) / MEMORY
        self._square += (served * start**2 - self._square) / MEMORY

    def mean(self) -> native.Floats:
        """The mean start of each bid, in seconds."""
        return self._start / np.maximum(self.served, 1e-9)

    def spread(self) -> native.Floats:
        """The standard deviation of the starts of each bid, in seconds."""
        square = self._square / np.maximum(self.served, 1e-9)
        return np.sqrt(np.maximum(0.0, square - self.mean() ** 2))


@dataclasses.dataclass(frozen=True)
class _Branch:
    """Awards within the windows of ``market`` that agree with what is ``known``."""

    market: figures.Figures
    known: native.Ints
    prices: native.Floats
    bound: int
    habits: _Habits


def least(
    market: figures.Figures,
    marks: native.Ints,
    prices: native.Floats,
    bound: int,
    spent: Callable[[int], float],
    go_on: Callable[[int], bool],
) -> int:
    """A bound on welfare in micro-credits: ``bound``, or a lower one.

    :param prices: those that prove ``bound``, or nearly so.
    :param spent: for each descent, of about ``STEPS``, as in ``descent.descend``.
    :param go_on: asked, with the bound that is known, whether to part one more branch.
    """

    def grown(market: figures.Figures, known: native.Ints, trunk: _Branch) -> _Branch:
        habits = _Habits(market)
        prices = descent.descend(
            market, marks, trunk.prices, spent, RATE, 1, known, habits.hear
        )
        proved = certificate.certified(market, marks, prices, known).bound
        return _Branch(market, known, prices, min(trunk.bound, proved), habits)

    whole = certificate.undecided(market)
    trunk = _Branch(market, whole, prices, bound, _Habits(market))
    branches = [(0, 0, grown(market, whole, trunk))]
    made = 0
    while True:
        trunk = branches[0][-1]
        if not go_on(trunk.bound) or not (halves := _halves(trunk)):
            return trunk.bound
        heapq.heappop(branches)
        for half, known in halves:
            made += 1
            branch = grown(half, known, trunk)
            heapq.heappush(branches, (-branch.bound, made, branch))


def _halves(branch: _Branch) -> list[tuple[figures.Figures, native.Ints]]:
    """Two parts of ``branch``, or none where each bid is served as a whole.

    They part the bid of which most is worth what is served by halves.
    """
    market, known, habits = branch.market, branch.known, branch.habits
    demand = market.demand
    worth = demand.ceiling.astype(float) * demand.length
    open_to_both = (known == certificate.OPEN) & ~certificate.huge(market)
    at_times = np.minimum(habits.served, 1.0 - habits.served) * open_to_both
    slack = demand.latest - demand.earliest > demand.length
    apart = np.minimum(1.0, habits.spread() / demand.length) * habits.served * slack / 2
    gains = np.maximum(at_times * demand.least, apart * demand.most) * worth
    bid = int(np.argmax(gains))
    if gains[bid] <= 0:
        return []
    if at_times[bid] * demand.least[bid] >= apart[bid] * demand.most[bid]:
        return [
            (market, _with(known, bid, fate))
            for fate in (certificate.SERVED, certificate.REFUSED)
        ]
    last = int(demand.latest[bid] - demand.length[bid])
    begin = int(np.clip(habits.mean()[bid], demand.earliest[bid], last - 1))
    until = _with(demand.latest, bid, begin + int(demand.length[bid]))
    since = _with(demand.earliest, bid, begin + 1)
    return [
        (dataclasses.replace(market, demand=narrowed), known)
        for narrowed in (
            demand._replace(latest=until),
            demand._replace(earliest=since),
        )
    ]


def _with(values: native.Ints, bid: int, value: int) -> native.Ints:
    changed = values.copy()
    changed[bid] = value
    return changed
