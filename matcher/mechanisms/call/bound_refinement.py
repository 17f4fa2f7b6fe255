# SPDX-License-Identifier: Apache-2.0
"""A lower bound than that of the first prices, found while the search goes on.

Its prices differ between servers of one kind that are free at other times. Such a
server can only serve stays within its own free time, and only as many as there are of
its like; prices by kind alone overlook both. Where there is no time for so many prices,
those by kind go on towards the least bound. Where there are few enough bids and time is
left, a solver clears some of them apart.

The search is not guided by these: at 1,000 x 1,000 it finds 0.3 % less with them. So
neither waits for the other, and each may have a processor of its own.
"""

from collections.abc import Callable
from collections.abc import Iterator
from concurrent import futures
import contextlib
import threading
import typing

import numpy as np

from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import decomposition
from matcher.mechanisms.call import descent

#: Intervals of the prices, and those where there are very many prices.
INTERVALS, FEWER_INTERVALS, MANY = 240, 60, 100_000

#: Steps, at most; or those where only moves are counted, and in which markets.
STEPS, STEPS_BY_MOVES, LARGEST_BY_MOVES = 1000, 60, 10**7

#: By kind alone there is time for more intervals and steps, and each asks fewer bids.
INTERVALS_BY_KIND, STEPS_BY_KIND, PARTS_BY_KIND = 960, 2500, 16

#: By which part of the median ceiling the first step changes a price.
RATE, RATE_BY_KIND = 0.06, 0.03

#: Where each bid is asked less often than this no lower bound is found.
LEAST_ASKED = 20

#: How long it takes, about, to ask a bid what it would choose, for each of its kinds
#: and starts.
ASKED = 2e-9

#: With more bids hardly a group of them is worth much and can be solved.
MOST_APART = 400

#: All bids are asked so many times at the beginning and for the proof.
PROOF = 4


@contextlib.contextmanager
def beside(
    book: matcher_book.Book,
    market: figures.Figures,
    dual: certificate.Dual,
    budget: mechanisms.Budget,
    began: float,
) -> Iterator[Callable[[], int]]:
    """A function that says the least bound known so far, in micro-credits.

    It is found meanwhile, in a thread that ends with the block, but for the proof.
    Where moves are counted it is found before, so that they alone decide.

    :param market: that of ``book``; ``dual`` are its prices.
    :param began: when, by the budget's clock in this thread.
    """
    least = _Least(dual.bound)
    if budget.seconds is None or budget.moves is not None:
        _find(book, market, dual, least, None)
        yield least.known
        return
    left = budget.seconds - (budget.clock() - began)
    solver, over = exact.Solver(budget.seed), threading.Event()

    def find() -> None:
        time = _Time(budget.clock, left, over)
        finer, marks, prices = _find(book, market, dual, least, time)
        if len(finer.bids) <= MOST_APART:
            asked = market, finer, marks, prices, least.known(), solver, time.left
            for bound in decomposition.least(*asked):
                least.lower(bound)

    with futures.ThreadPoolExecutor(1, 'tightening') as pool:
        finding = pool.submit(find)
        try:
            yield least.known
        finally:
            over.set()
            solver.stop()
            finding.result()


class _Least:
    """The least bound that is known so far."""

    def __init__(self, bound: int):
        self._bound = bound

    def known(self) -> int:
        return self._bound

    def lower(self, bound: int) -> None:
        self._bound = min(self._bound, bound)


class _Time:
    """What is left of the time, by the clock of the thread that makes it."""

    def __init__(
        self, clock: Callable[[], float], seconds: float, over: threading.Event
    ):
        self.seconds = seconds
        self._clock, self._over = clock, over
        self._began = clock()

    def keep(self, seconds: float) -> None:
        """``seconds`` are needed for something else."""
        self.seconds -= seconds

    def passed(self) -> float:
        return self._clock() - self._began

    def left(self) -> float:
        """So many seconds of it."""
        return 0.0 if self._over.is_set() else self.seconds - self.passed()

    def spent(self) -> float:
        """Which part of it is spent."""
        return self.passed() / self.seconds if self.left() > 0 else 1.0


class _Steps:
    """How far a descent has come: by the steps that it may take and by the time."""

    def __init__(self, most: int, time: _Time | None):
        self._most, self._time = most, time
        self._began = time.passed() if time else 0.0

    def spent(self, taken: int) -> float:
        if self._time is None:
            return taken / self._most
        if taken == 1:
            # The first step asks all bids, as the proof does.
            self._time.keep(PROOF * (self._time.passed() - self._began))
        return max(taken / self._most, self._time.spent())


class _Way(typing.NamedTuple):
    """A descent: how many prices it is to find, and by what steps."""

    market: figures.Figures
    intervals: int
    steps: int
    parts: int
    rate: float


def _find(
    book: matcher_book.Book,
    market: figures.Figures,
    dual: certificate.Dual,
    least: _Least,
    time: _Time | None,
) -> tuple[figures.Figures, native.Ints, native.Floats]:
    """Tell ``least`` of a lower bound than that of ``dual``, and find what proves it:
    the market, with more kinds where there is time for them, edges and prices.

    :param time: None where only moves are counted.
    """
    way = _by_window(book, market, time) or _by_kind(market, time)
    finer, marks = way.market, descent.edges(way.market, way.intervals)
    kinds = market.kind_of()
    first = [finer.offers[at].uuid for at in finer.supply.kind_at[:-1].tolist()]
    prices = dual.prices[[kinds[uuid] for uuid in first]].astype(np.float64)
    prices = descent.refined(prices, dual.edges, marks)
    if way.steps:
        spent = _Steps(way.steps, time).spent
        prices = descent.descend(finer, marks, prices, spent, way.rate, way.parts)
        least.lower(certificate.certified(finer, marks, prices).bound)
    return finer, marks, prices


def _by_window(
    book: matcher_book.Book, market: figures.Figures, time: _Time | None
) -> _Way | None:
    """With prices that differ by when servers are free, if there is time for them."""
    sorts, gaps = lot_figures.sorts(market.supply)
    size = max(1, int(sorts[market.demand.kinds].sum()))
    intervals = INTERVALS if size < MANY else FEWER_INTERVALS
    # A bid looks at the ends of intervals and at those of its servers' free time.
    size *= intervals + gaps
    steps, parts = _affordable(size, STEPS, descent.parts(market), time)
    if not steps:
        return None
    finer = hopeful.of(book, by_window=True)
    return _Way(finer, intervals, steps, parts, RATE)


def _by_kind(market: figures.Figures, time: _Time | None) -> _Way:
    size = len(market.demand.kinds) * INTERVALS_BY_KIND
    parts = descent.parts(market, PARTS_BY_KIND)
    steps, parts = _affordable(size, STEPS_BY_KIND, parts, time)
    return _Way(market, INTERVALS_BY_KIND, steps, parts, RATE_BY_KIND)


def _affordable(
    size: int, most: int, parts: int, time: _Time | None
) -> tuple[int, int]:
    """Steps of a descent, 0 if worth none, and in how many parts bids are asked.

    :param size: of the market: kinds that bids may take times starts.
    :param most: steps, and so few ``parts``, if there is time enough.
    """
    if time is None:
        steps = max(STEPS_BY_MOVES, LEAST_ASKED * parts)
        return steps if size < LARGEST_BY_MOVES else 0, parts
    once = size * ASKED
    left = time.seconds - (1 + PROOF) * once
    if left <= 0:
        return 0, parts
    parts = max(parts, min(32, int(STEPS / 4 * once / left)))
    steps = int(min(most, left * parts / once))
    return steps if steps >= LEAST_ASKED * parts else 0, parts
