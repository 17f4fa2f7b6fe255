# SPDX-License-Identifier: Apache-2.0
"""What all others together would gain if a winner were not there.

Clarke, "Multipart pricing of public goods", Public Choice 11 (1971). The awards are
made anew without the winner, by a solver, and all others may move. That is done where
it takes little: for bids that ask for one server each and for all of their window, and
have neither alternatives nor parts.
"""

import collections
from collections.abc import Iterable
from collections.abc import Sequence

import numpy as np

from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import lots as lot_figures

#: Pairs of a bid and a lot that the solver may look at for all winners together; the
#: smallest parts of the market come first.
LIMIT = 200_000

#: What it may do for the winners of one part together, as ``exact`` counts it: seconds
#: at most, and mostly hundredths.
WORK = 2.0


def of(book: matcher_book.Book, awards: Sequence[matcher_book.Award]) -> dict[str, int]:
    """{bid's uuid: value} of the winners that compete with single servers alone.

    :param awards: the best that there are.
    :return: in micro-credits times seconds; without winners in whose part of the market
        a bid may have several servers, starts, alternatives or parts, or who are too
        many or take too much work. Who is left out does not depend on the winner's own
        ceiling.
    """
    market = hopeful.of(book)
    lots = len(lot_figures.of(market.supply).ask)
    won = {award.bid.key: award for award in awards}
    found: dict[str, int] = {}
    spent = 0
    for part in sorted(_single_parts(market), key=len):
        keys = [market.bids[each].key for each in part]
        winners = [
            (number, won[key])
            for number, key in zip(part, keys, strict=True)
            if key in won
        ]
        spent += len(winners) * len(part) * lots
        if spent > LIMIT:
            break
        found |= _pivots(market, part, winners)
    return found


def _pivots(
    market: figures.Figures,
    part: Sequence[int],
    winners: Sequence[tuple[int, matcher_book.Award]],
) -> dict[str, int]:
    """The pivots of ``winners``, with their numbers, of one part of the market."""
    worth = figures.worth(award for _, award in winners)
    found = {}
    for winner, award in winners:
        others = [each for each in part if each != winner]
        try:
            most = _most(market, others, WORK / len(winners))
        except mechanisms.Refused:
            continue
        found[award.bid.uuid] = most - (worth - figures.worth([award]))
    return found


def _most(market: figures.Figures, bids: Sequence[int], work: float) -> int:
    """The most welfare there is in ``market`` with these bids alone, as a value."""
    if not bids:
        return 0
    seed = mechanisms.Budget().seed
    only = market.only(np.array(bids, np.int64))
    return figures.worth(exact.Solver(seed).most(only, None, work=work))


def _single_parts(market: figures.Figures) -> Iterable[list[int]]:
    """Numbers of bids that compete with each other, directly or not, and nobody else.

    Only parts in which each asks for one server and all of its window, and is no bundle
    and has no alternatives. Bids compete where a server may suit both and their windows
    overlap, whatever they offer.
    """
    leads = list(range(len(market.bids)))
    for one, other in _competing(market):
        low, high = sorted((_leader(leads, one), _leader(leads, other)))
        leads[high] = low
    parts = collections.defaultdict(list)
    for number in range(len(leads)):
        parts[_leader(leads, number)].append(number)
    for part in parts.values():
        bids = [market.bids[each] for each in part]
        if all(bid.quantity == 1 and bid.whole and bid.plain for bid in bids):
            yield part


def _competing(market: figures.Figures) -> Iterable[tuple[int, int]]:
    """Pairs of bids: enough of them to lead from each to all that it competes with."""
    demand = market.demand
    by_kind = collections.defaultdict(list)
    for number, bid in enumerate(market.bids):
        kinds = demand.kinds[demand.kinds_at[number] : demand.kinds_at[number + 1]]
        for kind in kinds.tolist():
            by_kind[kind].append((bid.start_time, bid.end_time, number))
    for bids in by_kind.values():
        (_, until, before), *others = sorted(bids)
        for start, end, number in others:
            if start < until:
                yield before, number
            until, before = max(until, end), number


def _leader(leads: list[int], number: int) -> int:
    while leads[number] != number:
        leads[number] = leads[leads[number]]
        number = leads[number]
    return number
