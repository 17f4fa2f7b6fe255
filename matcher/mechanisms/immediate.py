# SPDX-License-Identifier: Apache-2.0
"""Price-time priority with the cheapest fit."""

from collections.abc import Iterable
from collections.abc import Iterator
import datetime
import decimal
import typing

from flocx.core import bid as bid_core
from flocx.core import offer as offer_core
from flocx.core import window
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import figures


class Immediate(mechanisms.Allocation):
    """The bid with the highest ceiling chooses first; among equals, the oldest.

    It takes the start at which its servers leave it the most, and of several such
    starts the earliest. A bid that offers more is never served worse for it. One with
    alternatives has its turn by the highest of their ceilings, and takes the one that
    leaves it the most.
    """

    NAME = 'immediate'
    DESCRIPTION = 'Highest ceiling first, then first come; each takes what is cheapest'

    def allocate(
        self, book: matcher_book.Book, budget: mechanisms.Budget
    ) -> mechanisms.Allotment:
        book, awards = book.copy(), []
        for bid in sorted(book.bids, key=_priority):
            award = best(book, bid)
            if award:
                book.take(award)
                awards.append(award)
        return mechanisms.Allotment(
            awards=awards, welfare=figures.credits(figures.worth(awards))
        )


def _priority(bid: bid_core.Bid) -> tuple[object, ...]:
    ceiling = max(each.price for each in bid.terms)
    return -ceiling, bid.created_at, bid.uuid


def best(book: matcher_book.Book, bid: bid_core.Bid) -> matcher_book.Award | None:
    """The award with the most surplus that ``bid`` can have alone, or None.

    Of alternatives with the same it is the first, and of groups the first by name.
    """
    found = [award for each in book.options_of(bid) if (award := _best(book, each))]
    return max(found, key=_rank, default=None)


def _best(book: matcher_book.Book, bid: bid_core.Bid) -> matcher_book.Award | None:
    """As ``best``, for a bid without alternatives.

    Offers are looked at from the cheapest on, and no further than a better award
    is possible.
    """
    chosen: matcher_book.Award | None = None
    stay = bid.stay(max(book.now, bid.start_time))
    if stay is None:
        return None
    found: list[_Place] = []
    due, others = bid.min_quantity, decimal.Decimal(0)
    for place in _cheapest_first(book, bid, stay):
        # With the next in price an award is worth at most what the cheapest ask.
        if chosen and len(chosen.offers) == bid.quantity:
            asked = sum(each.price for each in chosen.offers)
            if place.offer.price + others >= asked:
                break
        found.append(place)
        if len(found) < bid.quantity:
            others += place.offer.price
        if len(found) >= due:
            chosen = _better(bid, found, chosen)
            due = 2 * len(found)
    return _better(bid, found, chosen)


def undisputed(
    book: matcher_book.Book, bids: Iterable[bid_core.Bid]
) -> list[matcher_book.Award] | None:
    """Awards in which each of ``bids`` has what would be best for it alone, or None.

    More welfare is not possible: the sum of what each could have alone is a bound, as
    the others only take from it.
    """
    rest, awards = book.copy(), []
    for bid in sorted(bids, key=_priority):
        alone, award = best(book, bid), best(rest, bid)
        if alone is None:
            continue
        if award is None or figures.worth([award]) < figures.worth([alone]):
            return None
        rest.take(award)
        awards.append(award)
    return awards


class _Place(typing.NamedTuple):
    """The stay of a bid can begin in [low, high] on ``offer``."""

    low: datetime.datetime
    high: datetime.datetime
    offer: offer_core.Offer


def _cheapest_first(
    book: matcher_book.Book, bid: bid_core.Bid, first: window.Window
) -> Iterator[_Place]:
    """Where ``bid`` fits in, given its first stay, in the order of price."""
    latest = bid.end_time - first.length
    for offer in book.cheapest_first(bid):
        for free in book.left(offer):
            # Most have no room at all, and that is seen without a sum.
            if free.end < first.end or free.start > latest:
                continue
            low, high = (
                max(free.start, first.start),
                min(free.end - first.length, latest),
            )
            if low <= high:
                yield _Place(low, high, offer)


def _better(
    bid: bid_core.Bid, found: list[_Place], chosen: matcher_book.Award | None
) -> matcher_book.Award | None:
    """The best of ``chosen`` and the awards in ``found``, which is in order of price.

    Whatever fits at some time still fits when it is moved back until it meets
    the start of a free window or the earliest start of the bid. Of several such
    starts at which it is worth the same the earliest is taken.
    """
    for start in sorted({place.low for place in found}):
        offers = []
        for place in found:
            if place.low <= start <= place.high:
                offers.append(place.offer)
                if len(offers) == bid.quantity:
                    break
        stay = bid.stay(start)
        if stay and len(offers) >= bid.min_quantity:
            award = matcher_book.Award(bid, stay, tuple(offers))
            if chosen is None or _rank(award) > _rank(chosen):
                chosen = award
    return chosen


def _rank(award: matcher_book.Award) -> tuple[decimal.Decimal, int, float]:
    earlier = -award.stay.start.timestamp()
    return award.surplus_rate * award.stay.seconds, len(award.offers), earlier
