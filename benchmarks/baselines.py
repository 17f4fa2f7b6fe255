# SPDX-License-Identifier: Apache-2.0
"""What simpler engines would do, for comparison."""

from flocx.core import requirements
from matcher import book as matcher_book
from matcher.mechanisms import figures
from matcher.mechanisms import immediate


def first_come(book):
    """Bids in the order of arrival; each gets the cheapest servers that fit."""
    book, awards = book.copy(), []
    for bid in sorted(book.bids, key=lambda each: (each.created_at, each.uuid)):
        award = immediate.best(book, bid)
        if award:
            book.take(award)
            awards.append(award)
    return figures.worth(awards)


def first_fit(book):
    """The loop of flocx-market: the first offers that suit and are free, whatever
    they cost, for the whole window of the bid; all requirements evaluated anew.
    """
    book, awards = book.copy(), []
    for bid in sorted(book.bids, key=lambda each: (each.created_at, each.uuid)):
        asked = requirements.parse(bid.requirements)
        found = []
        for offer in book.offers:
            if len(found) == bid.quantity:
                break
            free = any(each.contains(bid.window) for each in book.free(offer))
            if free and requirements.met(asked, offer.properties):
                found.append(offer)
        if len(found) == bid.quantity:
            award = matcher_book.Award(bid, bid.window, tuple(found))
            book.take(award)
            awards.append(award)
    return figures.worth(awards)
