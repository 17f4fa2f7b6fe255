# SPDX-License-Identifier: Apache-2.0
"""Second prices, raised until no bids left out would have paid more together.

Ausubel and Milgrom, "Ascending auctions with package bidding", Frontiers of Theoretical
Economics 1 (2002), for why payments should be in the core; Day and Raghavan, "Fair
payments for efficient allocations in public sector combinatorial auctions", Management
Science 53 (2007), for how a blocking coalition is found; Day and Cramton, "Quadratic
core-selecting payment rules for combinatorial auctions", Operations Research 60 (2012).
"""

from collections.abc import Sequence
import dataclasses
import importlib.util

from flocx.core import bid as bid_core
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import exact
from matcher.mechanisms import externality
from matcher.mechanisms import figures
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
    point at which it no longer blocks; the quadratic rule of Day and Cramton, which
    solves for all coalitions together, may come to a little less in all.

    Individually rational and budget balanced. Not truthful: winners that share a
    payment may gain by a lower ceiling. Prices are rounded up, by less than a millionth
    an hour. Where the best awards are not known, or the market is too large for the
    solver, payments are those of ``second_price``. Needs OR-Tools: ``flocx[exact]``.
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
        more = [
            _rounded_up(award, found.value)
            for award, found in zip(awards, externality.of(book, awards), strict=True)
        ]
        if allotment.exact and len(book.bids) * len(book.offers) <= LIMIT:
            self._raise(book, awards, more)
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
        self,
        book: matcher_book.Book,
        awards: Sequence[matcher_book.Award],
        more: list[int],
    ) -> None:
        """Raise ``more``, what the awards pay beyond the asks, until nothing blocks."""
        while True:
            outside, wanted = _blocking(book, awards, more)
            missing = wanted - sum(more[each] for each in outside)
            if missing <= 0:
                return
            _share(awards, more, outside, missing)


def _blocking(
    book: matcher_book.Book, awards: Sequence[matcher_book.Award], more: Sequence[int]
) -> tuple[list[int], int]:
    """The winners outside of the coalition that gains most, and what it would pay."""
    winners = {award.bid.uuid: place for place, award in enumerate(awards)}
    bids = [bid for bid in book.bids if bid.uuid not in winners]
    bids.extend(
        _as_it_pays(award, each) for award, each in zip(awards, more, strict=True)
    )
    best = exact.Exact().allocate(book.copy(bids), mechanisms.Budget(seconds=None))
    wanted, inside = 0, set()
    for award in best.awards:
        place = winners.get(award.bid.uuid)
        if place is None:
            wanted += figures.worth([award])
        else:
            inside.add(place)
            # It may have other servers in the coalition, for other asks.
            wanted += _asked(awards[place]) - _asked(award)
    return [place for place in range(len(awards)) if place not in inside], wanted


def _as_it_pays(award: matcher_book.Award, more: int) -> bid_core.Bid:
    """The winner's bid for just what it has, at just what it pays."""
    servers = len(award.offers)
    rate = (_asked(award) + more) // (award.stay.seconds * servers)
    return dataclasses.replace(
        award.bid,
        start_time=award.stay.start,
        end_time=award.stay.end,
        duration=award.stay.seconds,
        quantity=servers,
        min_quantity=servers,
        price=figures.price(rate),
    )


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


def _asked(award: matcher_book.Award) -> int:
    asks = sum(figures.micro(offer.price) for offer in award.offers)
    return asks * award.stay.seconds
