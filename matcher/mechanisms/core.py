# SPDX-License-Identifier: Apache-2.0
"""Second prices, raised until no bids left out would have paid more together.

Ausubel and Milgrom, "Ascending auctions with package bidding", Frontiers of Theoretical
Economics 1 (2002), for why payments should be in the core; Day and Raghavan, "Fair
payments for efficient allocations in public sector combinatorial auctions", Management
Science 53 (2007), for how a blocking coalition is found; Day and Cramton, "Quadratic
core-selecting payment rules for combinatorial auctions", Operations Research 60 (2012).
"""

from collections.abc import Sequence
import importlib.util

import numpy as np

from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import second_price

#: Pairs of a bid and an offer that the solver is asked to look at again and again.
LIMIT = 5_000


class Core(mechanisms.Pricing):
    """The second price, and more where bids left out would pay more together.

    Some winners, with the owners of all servers, block payments if bids left out would
    pay more, together, for the time of the other winners than these do. A solver looks
    for the coalition that would gain most; the other winners then share what is missing
    equally, but none pays more than its ceiling. This is repeated until nothing blocks.
    Payments only rise, so each coalition is met once at most and it comes to an end.
    A solver's coalition is the most violated one, and the equal share is the nearest
    point at which it no longer blocks. What one share made needless of another is then
    given back, to who was raised most first: so no winner alone could pay less
    (bidder-optimal). With two winners, or one coalition, payments are those of the
    quadratic rule of Day and Cramton; with more, that rule, which solves for all
    coalitions together, may come to less in all.

    Individually rational and budget balanced. Not truthful: winners that share a
    payment may gain by a lower ceiling. Prices are rounded up, by less than a millionth
    an hour. Where the best awards are not known, the market is too large for the
    solver or a bid of it is a bundle, payments are those of ``second_price``. Needs
    OR-Tools: ``flocx[exact]``.
    """

    NAME = 'core'
    DESCRIPTION = 'As second_price, but no bids left out would pay more together'

    def __init__(self) -> None:
        """:raises Refused: there is no solver."""
        if importlib.util.find_spec('ortools') is None:
            raise mechanisms.Refused('core: OR-Tools is not installed')

    def settle(
        self, book: matcher_book.Book, allotment: mechanisms.Allotment
    ) -> mechanisms.Settlement:
        awards = allotment.awards
        found = second_price.displaced(book, allotment)
        more = [
            _rounded_up(award, each)
            for award, each in zip(
                awards, second_price.by_part(awards, found), strict=True
            )
        ]
        options = book.options
        small = len(options) * len(book.offers) <= LIMIT
        if allotment.exact and small and not any(each.parts for each in options):
            market, least = hopeful.of(book), tuple(more)
            _raise(market, awards, more)
            _lower(market, awards, more, least)
        rates = [
            second_price.shared(award, each)
            for award, each in zip(awards, more, strict=True)
        ]
        return mechanisms.Settlement(
            awards=awards,
            pays=rates,
            gets=rates,
            displaced=[
                figures.hourly(award, each)
                for award, each in zip(awards, more, strict=True)
            ],
        )


def _raise(
    market: figures.Figures, awards: Sequence[matcher_book.Award], more: list[int]
) -> None:
    """Raise ``more``, what the awards pay beyond the asks, until nothing blocks."""
    while True:
        outside, offered = _best_coalition(market, awards, more)
        missing = offered - sum(more)
        if missing <= 0:
            return
        _share(awards, more, outside, missing)


def _lower(
    market: figures.Figures,
    awards: Sequence[matcher_book.Award],
    more: list[int],
    least: Sequence[int],
) -> None:
    """Lower what was raised above ``least`` as far as nothing blocks even then."""
    raised = [place for place in range(len(awards)) if more[place] > least[place]]
    for place in sorted(raised, key=lambda each: (least[each] - more[each], each)):
        others = [
            number
            for number, bid in enumerate(market.bids)
            if bid.uuid != awards[place].bid.uuid
        ]
        only = market.only(np.array(others, np.int64))
        _, offered = _best_coalition(only, awards, more)
        lower = min(sum(more) - offered, more[place] - least[place])
        seconds = awards[place].stay.seconds
        more[place] -= max(0, lower) // seconds * seconds


def _best_coalition(
    market: figures.Figures, awards: Sequence[matcher_book.Award], more: Sequence[int]
) -> tuple[list[int], int]:
    """The winners outside of the coalition that offers most, and what it offers.

    That is what its members could pay the owners beyond the asks, if each winner among
    them keeps what it has left now. Owners are in every coalition.
    """
    left = {
        award.bid.uuid: figures.worth([award]) - each
        for award, each in zip(awards, more, strict=True)
    }
    solver = exact.Solver(mechanisms.Budget().seed)
    best = solver.most(market, None, kept=left) if market.bids else []
    inside = {award.bid.uuid for award in best}
    outside = [
        place for place, award in enumerate(awards) if award.bid.uuid not in inside
    ]
    return outside, figures.worth(best) - sum(left.get(each, 0) for each in inside)


def _share(
    awards: Sequence[matcher_book.Award],
    more: list[int],
    payers: Sequence[int],
    missing: int,
) -> None:
    """Let ``payers`` pay ``missing`` more, equally, but none above its ceiling."""
    left = list(payers)
    while missing > 0 and left:
        part = -(-missing // len(left))
        for each in left:
            room = figures.worth([awards[each]]) - more[each]
            raised = _rounded_up(awards[each], min(part, room, missing))
            more[each] += raised
            missing -= raised
        left = [each for each in left if more[each] < figures.worth([awards[each]])]


def _rounded_up(award: matcher_book.Award, value: int) -> int:
    """``value`` as a whole number of millionths for each hour of the award."""
    seconds = award.stay.seconds
    return max(0, -(-value // seconds) * seconds)
