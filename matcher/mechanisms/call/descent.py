# SPDX-License-Identifier: Apache-2.0
"""The way down to prices at which supply and demand nearly meet.

They make the bound of ``certificate`` small. Its slope at given prices is, for each
kind and interval, the time on offer less the time that bids would choose.
"""

from collections.abc import Callable
import itertools
import math
import typing

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms import tariffs as tariff_figures
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import choices


class _Wants(typing.NamedTuple):
    """What each bid chose when it was last asked, and the sum of it: ``load``.

    Of alternatives all but the best one chose nothing, and so did all parts of a bundle
    that would lose by what they choose together.

    From ``start[j]`` on bid ``j`` wants ``sizes[n]`` servers of ``kinds[n]``, for
    ``picked[j]`` numbers ``n`` from ``at[j]`` on.
    """

    load: native.Floats
    start: native.Ints
    picked: native.Ints
    at: native.Ints
    kinds: native.Ints
    sizes: native.Ints


def edges(market: figures.Figures, count: int) -> native.Ints:
    """Up to ``count`` instants, denser where more windows or tariffs change."""
    supply, demand = market.supply, market.demand
    first, last = supply.gap_from.min(), supply.gap_to.max()
    instants = np.concatenate(
        [
            *(supply.gap_from, supply.gap_to, demand.earliest, demand.latest),
            supply.tariffs.since,
        ]
    )
    instants = np.sort(instants[(first < instants) & (instants < last)])
    places = np.linspace(0, len(instants) - 1, min(count, len(instants)))
    picked = instants[places.astype(np.int64)] if len(instants) else instants
    return np.unique(np.concatenate([[first], picked, [last]])).astype(np.int64)


def parts(market: figures.Figures, most: int = 4) -> int:
    """In how many parts, up to ``most``, the bids of a market are worth asking."""
    return max(1, min(most, (len(market.demand.group_at) - 1) // 64))


def refined(
    prices: native.Floats, marks: native.Ints, finer: native.Ints
) -> native.Floats:
    """Prices between ``marks`` as prices between ``finer``."""
    found = np.searchsorted(marks, finer[:-1], side='right') - 1
    found = np.clip(found, 0, len(marks) - 2)
    return np.ascontiguousarray(prices[:, found])


def counted(steps: int) -> Callable[[int], float]:
    """Which part is spent where so many steps are all that may be taken."""
    return lambda taken: taken / steps


def start_prices(market: figures.Figures, marks: native.Ints) -> native.Floats:
    """A first guess: a little above the cheapest ask of each kind."""
    supply = market.supply
    prices = np.empty((len(supply.kind_at) - 1, len(marks) - 1))
    for kind, at in enumerate(supply.kind_at[:-1]):
        prices[kind] = supply.ask[at : supply.kind_at[kind + 1]].mean()
    return prices


def descend(
    market: figures.Figures,
    marks: native.Ints,
    prices: native.Floats,
    spent: Callable[[int], float],
    rate: float,
    parts: int = 1,
) -> native.Floats:
    """Better prices than ``prices``, by steps of Adam.

    The first step changes a price by about ``rate`` times the median ceiling. In each
    step one of so many ``parts`` of the bids is asked again what it would choose; of
    the others the last answer is taken, as prices change little from step to step.
    ``spent`` says which part of what the descent may take so many steps have taken.

    Kingma and Ba, "Adam: a method for stochastic optimization", 2015; with a step
    that shrinks it needs fewer evaluations than a plain subgradient. Blatt, Hero and
    Gauchman, "A convergent incremental gradient method with a constant step size",
    2007, for the answers that are kept.
    """
    scale = float(np.median(market.demand.ceiling)) + 1.0
    most = int(market.demand.most.max())
    limit = float(certificate.LIMIT // (most * int(marks[-1] - marks[0])))
    prices, wants = prices.copy(), _wants(market, prices)
    total = np.zeros((len(prices), len(marks)))
    asked = market.supply, market.demand, marks, prices, total
    scratch = choices.scratch(market, marks, total)
    course = _course(market.supply, marks, limit, prices.shape)
    step = 0
    while (done := spent(step)) < 1.0:
        step += 1
        part = (0, 1) if step == 1 else (step % parts, parts)
        length = rate * scale * (1 - done) ** 1.5 + 1e-4 * scale
        _step(*asked, wants, part, scratch, course, step, length)
    return prices


class _Course(typing.NamedTuple):
    """What Adam remembers of the slopes, by kind and interval, and what it looks up.

    A price of kind ``k`` stays within [``floor[k]``, ``limit``]. Of kinds for which
    ``by_hour`` is true some offers have a row in ``dear_row``, not -1, and ``dear``
    says what they ask in each interval.
    """

    mean: native.Floats
    square: native.Floats
    widths: native.Floats
    stock: native.Floats
    floor: native.Floats
    limit: float
    by_hour: native.Flags
    dear_row: native.Ints
    dear: native.Floats


def _course(
    supply: figures.Supply, marks: native.Ints, limit: float, shape: tuple[int, ...]
) -> _Course:
    return _Course(
        mean=np.zeros(shape),
        square=np.zeros(shape),
        widths=np.diff(marks).astype(float),
        stock=_stock(supply, marks),
        # The first of a kind has the lowest ask; no price below it proves more.
        floor=np.minimum(supply.ask[supply.kind_at[:-1]], limit),
        limit=limit,
        by_hour=np.logical_or.reduceat(supply.tariff >= 0, supply.kind_at[:-1]),
        dear_row=supply.tariff,
        dear=_asked_between(supply, marks),
    )


def _asked_between(supply: figures.Supply, marks: native.Ints) -> native.Floats:
    """What an hour of each interval is asked for on average, by tariff."""
    found = np.zeros((len(supply.tariffs.most), len(marks) - 1))
    for tariff, row in enumerate(found):
        for edge, (start, end) in enumerate(itertools.pairwise(marks.tolist())):
            asked = tariff_figures.asked(supply.tariffs, tariff, start, end)
            row[edge] = asked / (end - start)
    return found


def _wants(market: figures.Figures, prices: native.Floats) -> _Wants:
    demand = market.demand
    at = figures.offsets(np.minimum(demand.most, np.diff(demand.kinds_at)))
    return _Wants(
        load=np.zeros_like(prices),
        start=np.zeros(len(demand.most), np.int64),
        picked=np.zeros(len(demand.most), np.int64),
        at=at,
        kinds=np.zeros(int(at[-1]), np.int64),
        sizes=np.zeros(int(at[-1]), np.int64),
    )


def _stock(supply: figures.Supply, marks: native.Ints) -> native.Floats:
    """Free seconds by offer and interval, summed up from the first offer on."""
    seconds = certificate.free_seconds(supply, marks)
    summed = np.zeros((seconds.shape[0] + 1, seconds.shape[1]))
    np.cumsum(seconds, axis=0, out=summed[1:])
    return summed


@native.compiled
def _step(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: native.Floats,
    total: native.Floats,
    wants: _Wants,
    part: tuple[int, int],
    scratch: choices.Scratch,
    course: _Course,
    step: int,
    length: float,
) -> None:
    """Ask ``part`` of the bids what they want at ``prices``, and change these."""
    kinds, spans = prices.shape
    for kind in range(kinds):
        for edge in range(spans):
            cost = prices[kind, edge] * course.widths[edge]
            total[kind, edge + 1] = total[kind, edge] + cost
    _choose(supply, demand, marks, prices, total, wants, part, scratch)
    # The means begin at nothing, and are the smaller for it.
    mean_of, square_of = 1 - 0.85**step, 1 - 0.98**step
    for kind in range(kinds):
        low, high = supply.kind_at[kind], supply.kind_at[kind + 1]
        for edge in range(spans):
            price = prices[kind, edge]
            stop = low + np.searchsorted(supply.ask[low:high], price)
            free = course.stock[stop, edge] - course.stock[low, edge]
            if course.by_hour[kind]:
                free -= _too_dear(supply, course, low, stop, edge, price)
            slope = (free - wants.load[kind, edge]) / course.widths[edge]
            mean = 0.85 * course.mean[kind, edge] + 0.15 * slope
            square = 0.98 * course.square[kind, edge] + 0.02 * slope * slope
            course.mean[kind, edge], course.square[kind, edge] = mean, square
            push = mean / mean_of / (math.sqrt(square / square_of) + 1e-9)
            price = max(price - length * push, course.floor[kind])
            prices[kind, edge] = min(price, course.limit)


@native.helper
def _too_dear(
    supply: figures.Supply,
    course: _Course,
    low: int,
    high: int,
    edge: int,
    price: float,
) -> float:
    """How much of the time of these offers is not to be had at ``price``.

    They ask for it by the hour, and less at other times.
    """
    seconds = 0.0
    for offer in range(low, high):
        row = course.dear_row[offer]
        if row >= 0 and course.dear[row, edge] >= price:
            seconds += course.stock[offer + 1, edge] - course.stock[offer, edge]
    return seconds


@native.helper
def _choose(
    supply: figures.Supply,
    demand: figures.Demand,
    marks: native.Ints,
    prices: native.Floats,
    total: native.Floats,
    wants: _Wants,
    part: tuple[int, int],
    scratch: choices.Scratch,
) -> None:
    """Ask bids what they choose now: the first of ``part``, and every so many on."""
    first, every = part
    for group in range(first, len(demand.group_at) - 1, every):
        best, most, left = -1, 0.0, 0.0
        low, high = demand.group_at[group], demand.group_at[group + 1]
        for bid in range(low, high):
            _count(demand, marks, wants, bid, -1)
            servers, cost, start, picked = choices.choice(
                supply, demand, marks, prices, total, bid, scratch
            )
            left += servers * float(demand.ceiling[bid]) * demand.length[bid] - cost
            wants.start[bid], wants.picked[bid] = start, picked
            for pick in range(picked):
                wants.kinds[wants.at[bid] + pick] = scratch.kinds[pick]
                wants.sizes[wants.at[bid] + pick] = scratch.sizes[pick]
            if bid + 1 == high or demand.parts[bid + 1]:
                # All of an option have been asked.
                if left > most:
                    best, most = demand.head[bid], left
                left = 0.0
        for bid in range(low, high):
            if demand.head[bid] == best:
                _count(demand, marks, wants, bid, 1)
            else:
                wants.picked[bid] = 0


@native.helper
def _count(
    demand: figures.Demand, marks: native.Ints, wants: _Wants, bid: int, sign: int
) -> None:
    """Add what ``bid`` wants to the load, or take it away again."""
    spans = wants.load.shape[1]
    start = wants.start[bid]
    end = start + demand.length[bid]
    for pick in range(wants.at[bid], wants.at[bid] + wants.picked[bid]):
        kind, size = wants.kinds[pick], sign * wants.sizes[pick]
        at = int(np.searchsorted(marks, start, side='right')) - 1
        while at < spans and marks[at] < end:
            shared = min(end, marks[at + 1]) - max(start, marks[at])
            wants.load[kind, at] += size * shared
            at += 1
