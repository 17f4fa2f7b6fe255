# SPDX-License-Identifier: Apache-2.0
"""Price-time priority with the cheapest fit."""

import datetime

from flocx.core import bid as bid_core
from flocx.core import offer as offer_core
from flocx.core import window
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import figures


class Immediate(mechanisms.Allocation):
    """The bid with the highest ceiling chooses first; among equals, the oldest.

    It takes the start at which its servers leave it the most, and of several such
    starts the earliest. A bid that offers more is never served worse for it.
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
    return -bid.price, bid.created_at, bid.uuid


def best(book: matcher_book.Book, bid: bid_core.Bid) -> matcher_book.Award | None:
    """The award with the most surplus that ``bid`` can have alone, or None."""
    offers = sorted(book.suitable(bid), key=lambda offer: (offer.price, offer.uuid))
    if len(offers) < bid.min_quantity:
        return None
    chosen = None
    for start in _starts(book, bid, offers):
        stay = bid.stay(start)
        if stay is None:
            break
        award = _cheapest(book, bid, stay, offers)
        if award and (chosen is None or _worth(award) > _worth(chosen)):
            chosen = award
    return chosen


def _starts(
    book: matcher_book.Book, bid: bid_core.Bid, offers: list[offer_core.Offer]
) -> list[datetime.datetime]:
    """The starts among which there is a best one, in order.

    Whatever fits at some time still fits when it is moved back until it meets
    the start of a free window or the earliest start of the bid.
    """
    earliest = max(book.now, bid.start_time)
    if bid.whole:
        return [earliest]
    return sorted(
        {earliest}
        | {
            free.start
            for offer in offers
            for free in book.free(offer)
            if earliest < free.start < bid.end_time
        }
    )


def _cheapest(
    book: matcher_book.Book,
    bid: bid_core.Bid,
    stay: window.Window,
    offers: list[offer_core.Offer],
) -> matcher_book.Award | None:
    free = []
    for offer in offers:
        if any(each.contains(stay) for each in book.free(offer)):
            free.append(offer)
            if len(free) == bid.quantity:
                break
    if len(free) < bid.min_quantity:
        return None
    return matcher_book.Award(bid, stay, tuple(free))


def _worth(award: matcher_book.Award) -> tuple[object, ...]:
    return award.surplus_rate * award.stay.seconds, len(award.offers)
