# SPDX-License-Identifier: Apache-2.0
"""Firm bids that have the servers of interruptible contracts.

An allocation gives away what is free, as ever. Then firm bids that it left out may have
what interruptible contracts can lose (``displacement_search``), where that is worth
more than what these lose by it. ``exact`` decides both at once, and is what the two
stages are held against.

What a firm bid displaces is a cost to it, beside the ask: what the interruptible bid
had offered beyond the ask, for the time which its contract loses. So welfare is what
it is without contracts between them, and no award lowers it. The bound is that of a
market in which all that can be lost is free, at what losing it costs at least
(``displacement_bound``).

The price of such an award is that of any rule with these costs as the asks: beyond its
ask an owner gets no less than what the displaced had offered beyond it.
"""

import dataclasses
import decimal

from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import displacement_search
from matcher.mechanisms import figures
from matcher.mechanisms.call import displacement_bound


def allocate(
    allocation: mechanisms.Allocation,
    book: matcher_book.Book,
    budget: mechanisms.Budget,
) -> mechanisms.Allotment:
    """What ``allocation`` gives away, and what firm bids displace besides."""
    allotment = allocation.allocate(book, budget)
    if allocation.DISPLACES or not book.tenures:
        return allotment
    yielding = book.yielding()
    more = displacement_search.awards_of(book, yielding, allotment.awards, budget)
    awards = [*allotment.awards, *more]
    welfare = figures.credits(figures.worth(awards))
    allotment = dataclasses.replace(allotment, awards=awards, welfare=welfare)
    if allotment.upper_bound is None:
        return allotment
    proved, prices = displacement_bound.most(yielding, book.tenures)
    return dataclasses.replace(
        allotment,
        upper_bound=max(welfare, figures.credits(proved, decimal.ROUND_CEILING)),
        # Where nothing is free, nothing else has any.
        prices=allotment.prices or prices,
    )


def settle(
    pricing: mechanisms.Pricing,
    book: matcher_book.Book,
    allotment: mechanisms.Allotment,
) -> mechanisms.Settlement:
    """What ``pricing`` makes of a market in which what is displaced is an ask.

    :raises Refused: as ``pricing`` does.
    """
    awards = allotment.awards
    if not any(award.displaces for award in awards):
        return pricing.settle(book, allotment)
    asked = [_asked(award) for award in awards]
    sold = [
        (offer, [award.stay])
        for award in asked
        if award.displaces
        for offer in award.offers
    ]
    settled = pricing.settle(
        book.with_free(sold), dataclasses.replace(allotment, awards=asked)
    )
    known = {award.bid.key: award for award in awards}
    kept = [known[award.bid.key] for award in settled.awards]
    more = settled.displaced and [
        others + _hourly(award)
        for award, others in zip(kept, settled.displaced, strict=True)
    ]
    return dataclasses.replace(settled, awards=kept, displaced=more)


def _hourly(award: matcher_book.Award) -> decimal.Decimal:
    return figures.hourly(award, sum(each.loss for each in award.displaces))


def _asked(award: matcher_book.Award) -> matcher_book.Award:
    """``award`` with what it displaces among what its offers ask for.

    Each is an offer of its own, as what else there is of it has its own ask.
    """
    if not award.displaces:
        return award
    offers = []
    for offer in award.offers:
        lost = sum(
            each.loss for each in award.displaces if each.offer_uuid == offer.uuid
        )
        ask = figures.micro(offer.price) + -(-lost // award.stay.seconds)
        most = max(offer.price, award.bid.price)
        offers.append(
            dataclasses.replace(
                offer,
                uuid=f'{offer.uuid} for {award.bid.uuid}',
                price=min(figures.price(ask), most),
                block=None,
                block_size=None,
            )
        )
    return dataclasses.replace(award, offers=tuple(offers))
