# SPDX-License-Identifier: Apache-2.0
"""The book in integers without the bids that too few servers can serve.

Which servers there are for a bid, and when, is looked at here for each bid alone.
"""

from collections.abc import Iterable
import dataclasses

import numpy as np

from flocx.core import bid as bid_core
from matcher import book as matcher_book
from matcher.mechanisms import figures
from matcher.mechanisms import native


def of(
    book: matcher_book.Book,
    by_window: bool = False,
    options: Iterable[bid_core.Bid] | None = None,
) -> figures.Figures:
    """As ``figures.of``, without bids that too few free servers can serve.

    Whatever else a bid asks, such as a billion servers, it then cannot influence
    what becomes of others. Windows are narrowed to where there is any supply.
    """
    market = figures.of(book, by_window, options)
    demand = market.demand
    first, last, servers = np.zeros((3, len(demand.ceiling)), np.int64)
    work = np.zeros((4, 1 + int(market.supply.value.max(initial=0))), np.int64)
    _reach(market.supply, demand, first, last, servers, work)
    _joined(demand, first, last, servers)
    _without_group(market.supply, demand, servers, work)
    _without_crowded(demand, np.diff(market.supply.kind_at), servers)
    numbers = np.flatnonzero(servers >= demand.least)
    suits = demand.suits[np.unique(demand.like[numbers])]
    if (
        not suits.any(axis=0).all()
        or _columns(suits) < _columns(demand.suits)
        or _asked(demand, numbers) < len(market.supply.value)
    ):
        # Only bids without hope want some of the kinds, or tell some apart.
        left = {market.bids[each].key[:2] for each in numbers}
        known = book.options if options is None else options
        kept = [each for each in known if each.key[:2] in left]
        return of(book, by_window, kept)
    narrowed = demand._replace(
        earliest=first, latest=last, most=np.minimum(demand.most, servers)
    )
    return dataclasses.replace(market, demand=narrowed).only(numbers)


def _columns(flags: native.Flags) -> int:
    """How many different columns ``flags`` has."""
    return len({column.tobytes() for column in flags.T})


def _asked(demand: figures.Demand, bids: native.Ints) -> int:
    """How many partitions of servers ``bids`` ask for."""
    asked = np.concatenate((demand.together[bids], demand.apart[bids]))
    return len(np.unique(asked[asked >= 0]))


def _without_crowded(
    demand: figures.Demand, sizes: native.Ints, servers: native.Ints
) -> None:
    """No servers for bundles that have fewer for all parts than these ask for together.

    As parts have some time in common, no server is in two of them.

    :param sizes: of each kind.
    """
    for bid in np.flatnonzero(demand.parts > 1).tolist():
        rows = slice(bid, bid + int(demand.parts[bid]))
        taken = slice(demand.kinds_at[rows.start], demand.kinds_at[rows.stop])
        there = sizes[np.unique(demand.kinds[taken])].sum()
        if there < demand.least[rows].sum():
            servers[rows] = 0


@native.compiled
def _without_group(
    supply: figures.Supply,
    demand: figures.Demand,
    servers: native.Ints,
    work: native.Ints,
) -> None:
    """No servers for bundles whose parts are to be of one group where none has enough.

    :param work: as for ``_reach``.
    """
    served, counts = work[0], work[1]
    for bid in range(len(demand.ceiling)):
        parts = demand.parts[bid]
        if parts == 0 or not demand.jointly[bid] or servers[bid] == 0:
            continue
        most = 0
        for row in range(bid, bid + parts):
            _count_groups(supply, demand, row, counts)
            for group in range(len(counts)):
                served[group] += counts[group] >= demand.least[row]
                counts[group] = 0
        for group in range(len(served)):
            most = max(most, served[group])
            served[group] = 0
        if most < parts:
            for row in range(bid, bid + parts):
                servers[row] = 0


@native.helper
def _count_groups(
    supply: figures.Supply, demand: figures.Demand, bid: int, counts: native.Ints
) -> None:
    """Add to ``counts`` how many servers of each group suit ``bid``."""
    value = supply.value[demand.together[bid]]
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        for offer in range(supply.kind_at[kind], supply.kind_at[kind + 1]):
            if supply.ask[offer] > demand.ceiling[bid]:
                break
            _, until = _room(supply, demand, bid, offer)
            counts[value[offer]] += until > 0


@native.compiled
def _joined(
    demand: figures.Demand, first: native.Ints, last: native.Ints, servers: native.Ints
) -> None:
    """Narrow the windows of a bundle's parts to what all of them can have.

    What some part cannot have has no servers for any.
    """
    for bid in range(len(demand.ceiling)):
        if demand.parts[bid] < 2:
            continue
        rows = range(bid, bid + demand.parts[bid])
        early, late, served = first[bid], last[bid] - demand.length[bid], True
        for row in rows:
            early = max(early, first[row] - demand.shift[row])
            late = min(late, last[row] - demand.length[row] - demand.shift[row])
            served = served and servers[row] >= demand.least[row]
        for row in rows:
            first[row] = early + demand.shift[row]
            last[row] = late + demand.shift[row] + demand.length[row]
            if not served or early > late:
                servers[row] = 0


@native.compiled
def _reach(
    supply: figures.Supply,
    demand: figures.Demand,
    first: native.Ints,
    last: native.Ints,
    servers: native.Ints,
    work: native.Ints,
) -> None:
    """By bid: ``first`` becomes when it can begin at all and ``last`` when it can
    end, and ``servers`` how many suit it.

    :param work: zeros, as they are left: four rows with a place for each group.
    """
    for bid in range(len(demand.ceiling)):
        first[bid], last[bid] = demand.latest[bid], demand.earliest[bid]
        if demand.together[bid] < 0 and demand.apart[bid] < 0:
            _reach_of(supply, demand, bid, first, last, servers)
        else:
            _in_groups(supply, demand, bid, servers, work)
            _reach_of_groups(supply, demand, bid, first, last, work)
            _reset(supply, demand, bid, work)


@native.helper
def _reach_of(
    supply: figures.Supply,
    demand: figures.Demand,
    bid: int,
    first: native.Ints,
    last: native.Ints,
    servers: native.Ints,
) -> None:
    """As ``_reach``, for one bid; it ends where more cannot tell more."""
    most = demand.most[bid]
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        for offer in range(supply.kind_at[kind], supply.kind_at[kind + 1]):
            if (
                supply.ask[offer] > demand.ceiling[bid]
                or first[bid] == demand.earliest[bid]
                and last[bid] == demand.latest[bid]
                and servers[bid] >= most
            ):
                break
            since, until = _room(supply, demand, bid, offer)
            if until:
                first[bid] = min(first[bid], since)
                last[bid] = max(last[bid], until)
                servers[bid] += 1


@native.helper
def _room(
    supply: figures.Supply, demand: figures.Demand, bid: int, offer: int
) -> tuple[int, int]:
    """When ``bid`` could begin at first on ``offer``, and end at last; 0 if never."""
    since, until = 0, 0
    if supply.owner[offer] == demand.bidder[bid]:
        return since, until
    for gap in range(supply.gap_at[offer], supply.gap_at[offer + 1]):
        low = max(supply.gap_from[gap], demand.earliest[bid])
        high = min(supply.gap_to[gap], demand.latest[bid])
        if high - low >= demand.length[bid]:
            since = min(since, low) if until else low
            until = max(until, high)
    return since, until


@native.helper
def _in_groups(
    supply: figures.Supply,
    demand: figures.Demand,
    bid: int,
    servers: native.Ints,
    work: native.Ints,
) -> None:
    """Count by group how many servers suit ``bid``; ``servers`` is of the largest."""
    had, since, until, taken = work[0], work[1], work[2], work[3]
    row, apart = demand.together[bid], demand.apart[bid]
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        for offer in range(supply.kind_at[kind], supply.kind_at[kind + 1]):
            if supply.ask[offer] > demand.ceiling[bid]:
                break
            low, high = _room(supply, demand, bid, offer)
            if not high:
                continue
            group, suits = figures.group_of(supply.value, row, offer), 1
            since[group] = min(since[group], low) if until[group] else low
            until[group] = max(until[group], high)
            if apart >= 0:
                suits = int(taken[supply.value[apart, offer]] < demand.apart_most[bid])
                taken[supply.value[apart, offer]] += suits
            had[group] += suits
            servers[bid] = max(servers[bid], had[group])


@native.helper
def _reach_of_groups(
    supply: figures.Supply,
    demand: figures.Demand,
    bid: int,
    first: native.Ints,
    last: native.Ints,
    work: native.Ints,
) -> None:
    """Fill ``first`` and ``last`` with what is of any group that has enough servers."""
    had, since, until, row = work[0], work[1], work[2], demand.together[bid]
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        for offer in range(supply.kind_at[kind], supply.kind_at[kind + 1]):
            group = figures.group_of(supply.value, row, offer)
            if until[group] and had[group] >= demand.least[bid]:
                first[bid] = min(first[bid], since[group])
                last[bid] = max(last[bid], until[group])


@native.helper
def _reset(
    supply: figures.Supply, demand: figures.Demand, bid: int, work: native.Ints
) -> None:
    """Make ``work`` what it was before ``bid`` was looked at."""
    row, apart = demand.together[bid], demand.apart[bid]
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        for offer in range(supply.kind_at[kind], supply.kind_at[kind + 1]):
            group = figures.group_of(supply.value, row, offer)
            work[0, group] = work[1, group] = work[2, group] = 0
            if apart >= 0:
                work[3, supply.value[apart, offer]] = 0
