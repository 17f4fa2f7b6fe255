# SPDX-License-Identifier: Apache-2.0
"""Each winner pays what it keeps from the bids left out, and the asks at least.

One-sided Vickrey-Clarke-Groves payments, with the asks as reserve prices: Vickrey,
"Counterspeculation, auctions, and competitive sealed tenders", Journal of Finance 16
(1961); Clarke, "Multipart pricing of public goods", Public Choice 11 (1971); Groves,
"Incentives in teams", Econometrica 41 (1973); Myerson, "Optimal auction design",
Mathematics of Operations Research 6 (1981), for reserve prices.
"""

from collections.abc import Sequence
import decimal

from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import clarke_pivot
from matcher.mechanisms import externality
from matcher.mechanisms import figures


class SecondPrice(mechanisms.Pricing):
    """The asks, and what the bids left out would add in the time that is taken.

    For a winner *j* let R(j) be the most welfare (ceiling - ask, over server-hours)
    that the bids left out could add in the time that the lines of *j* would free, all
    other awards as they are. Over its lines *j* pays the asks plus R(j), and the owners
    get what it pays. A lone bid pays the asks, as a claim does; of two bids for one
    server the higher one pays what the lower one offers.

    The payment is shared among the servers of an award, which all have the same hours:
    each costs the same, but never less than its ask. So no server costs more than the
    ceiling either, and an owner gains nothing by an ask just below the price.

    Individually rational, and budget balanced to the last digit: rates have six places,
    and what cannot be shared in millionths an hour is left to the renter. What a winner
    pays does not depend on its own ceiling while the awards stay the same, so a price
    tells nobody more of the ceiling than that it is not lower.

    Where a solver has found the best awards (``exact``), bids that ask for one server
    and all of their window, and compete with such bids alone, pay the Clarke pivot
    instead of R(j): without the winner others may move, to make room for bids left out
    or to a server that asks for less. There payments are those of ``vcg``, and the
    truth is best for every renter. ``clarke_pivot.LIMIT`` says up to how many.

    Its limits. It is one-sided: owners are paid no more than renters pay, so an owner
    may gain by an ask above what the server costs (Myerson and Satterthwaite, 1983: no
    rule is truthful for both sides, balanced and efficient). Elsewhere other winners
    keep their places when R(j) is counted. Where they could make room for bids left out
    by moving, a winner pays less than under ``vcg``, and may gain by offering more than
    what the time is worth to it. Payments may be less than what bids left out would pay
    together for the time of several winners: ``core`` sees to that.

    A bundle pays what bids left out would add in the time of all its parts, which share
    that. Bundles left out are not counted: where only one of them competes, a winner
    pays less than what it keeps from it, and may gain by offering more than its value.

    In a market too large to find R(j) exactly it is the best of what ``externality``
    tries; where a search has not found the best awards it may even be more than what
    the award adds itself, and then the ceiling is paid.
    """

    NAME = 'second_price'
    DESCRIPTION = 'The asks, and what the bids left out would add in the same time'

    def settle(
        self, book: matcher_book.Book, allotment: mechanisms.Allotment
    ) -> mechanisms.Settlement:
        awards = allotment.awards
        found = by_part(awards, displaced(book, allotment))
        rates = [shared(award, more) for award, more in zip(awards, found, strict=True)]
        return mechanisms.Settlement(
            awards=awards,
            pays=rates,
            gets=rates,
            displaced=[
                figures.hourly(award, more)
                for award, more in zip(awards, found, strict=True)
            ],
        )


def by_part(awards: Sequence[matcher_book.Award], together: Sequence[int]) -> list[int]:
    """What each award costs beyond the asks, given what its whole bundle does.

    Parts pay in proportion to their seconds of servers, but none above its ceiling:
    then the others pay what it cannot, in proportion to what they have left. What
    division leaves over is left to the renter.
    """
    bundles: dict[str, list[int]] = {}
    for place, award in enumerate(awards):
        bundles.setdefault(award.bid.uuid, []).append(place)
    found = list(together)
    for places in bundles.values():
        if len(places) > 1:
            parts = [awards[place] for place in places]
            shares = _shares(parts, together[places[0]])
            for place, share in zip(places, shares, strict=True):
                found[place] = share
    return found


def _shares(parts: Sequence[matcher_book.Award], more: int) -> list[int]:
    seconds = [each.stay.seconds * len(each.offers) for each in parts]
    room = [figures.worth([each]) for each in parts]
    paid = [
        min(more * each // sum(seconds), most)
        for each, most in zip(seconds, room, strict=True)
    ]
    left = [most - each for most, each in zip(room, paid, strict=True)]
    missing = min(more - sum(paid), sum(left))
    if missing > 0:
        paid = [
            each + missing * most // sum(left)
            for each, most in zip(paid, left, strict=True)
        ]
    return paid


def displaced(book: matcher_book.Book, allotment: mechanisms.Allotment) -> list[int]:
    """What each award costs beyond the asks, in micro-credits times seconds.

    Of the parts of a bundle it is what that costs in all.
    """
    awards = allotment.awards
    pivots = clarke_pivot.of(book, awards) if allotment.always_best else {}
    return [
        max(0, pivots.get(award.bid.uuid, found.value))
        for award, found in zip(awards, externality.of(book, awards), strict=True)
    ]


def shared(award: matcher_book.Award, more: int) -> tuple[decimal.Decimal, ...]:
    """Rates at which ``award`` costs the asks and ``more``, but not above its ceiling.

    All servers cost the same but those that ask for more; of what cannot be shared in
    whole millionths the first get one more.

    :param more: in micro-credits times seconds.
    """
    asks = [figures.micro(offer.price) for offer in award.offers]
    ceiling = figures.micro(award.bid.price)
    total = min(sum(asks) + more // award.stay.seconds, ceiling * len(asks))
    return tuple(map(figures.price, _levelled(asks, total)))


def _levelled(asks: Sequence[int], total: int) -> list[int]:
    """Prices that sum to ``total``, equal but where that would be below an ask."""
    cheap = sorted(range(len(asks)), key=lambda place: (asks[place], place))
    left = total
    while left // len(cheap) < asks[cheap[-1]]:
        left -= asks[cheap.pop()]
    level, over = divmod(left, len(cheap))
    rates = list(asks)
    for number, place in enumerate(sorted(cheap)):
        rates[place] = level + (number < over)
    return rates
