# SPDX-License-Identifier: Apache-2.0
"""McAfee's double auction on each segment of the market that is homogeneous.

McAfee, "A dominant strategy double auction", Journal of Economic Theory 56 (1992).
With ceilings b1 >= b2 >= ... and asks s1 <= s2 <= ..., let k be the last pair with
b >= s. If p = (b[k+1] + s[k+1]) / 2 lies between s[k] and b[k], k pairs trade at
p. Otherwise k - 1 pairs trade: renters pay b[k], owners get s[k], the market keeps
the difference, and the k-th pair, the one worth least, is lost.
"""

import collections
from collections.abc import Sequence
import decimal

from flocx.core import bid as bid_core
from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import window
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import figures


class TradeReduction(mechanisms.Pricing):
    """Truthful and individually rational; the market never pays in.

    Its assumptions: in a segment each bid asks for one server for one and the same
    fixed time, without alternatives or parts; each offer suits each bid and is free for
    all of that time; nobody has two bids or two offers, or one of each. Segments share
    no offer. A market in which this does not hold is refused. Who trades is decided
    anew, by price.
    """

    NAME = 'trade_reduction'
    DESCRIPTION = 'McAfee 1992: truthful, on homogeneous segments; loses one trade'
    BALANCED = False

    def settle(
        self, book: matcher_book.Book, allotment: mechanisms.Allotment
    ) -> mechanisms.Settlement:
        awards: list[matcher_book.Award] = []
        pays: list[tuple[decimal.Decimal, ...]] = []
        gets: list[tuple[decimal.Decimal, ...]] = []
        kept = 0
        for stay, bids, offers in _segments(book):
            pairs, pay, get = _trades(bids, offers)
            for bid, offer in pairs:
                awards.append(matcher_book.Award.of(bid, stay, (offer,), book.now))
                pays.append((pay,))
                gets.append((get,))
            kept += len(pairs) * figures.micro(pay - get) * stay.seconds
        return mechanisms.Settlement(
            awards=awards, pays=pays, gets=gets, balance=figures.credits(kept)
        )


def _segments(
    book: matcher_book.Book,
) -> list[tuple[window.Window, Sequence[bid_core.Bid], Sequence[offer_core.Offer]]]:
    by_offers = collections.defaultdict(list)
    offers_of: dict[frozenset[str], list[offer_core.Offer]] = {}
    if book.by_hour():
        raise mechanisms.Refused('trade_reduction: an offer has asks by the hour')
    if book.has_blocks:
        raise mechanisms.Refused('trade_reduction: servers are sold only together')
    for bid in book.options:
        if not bid.plain:
            raise mechanisms.Refused(
                f'trade_reduction: bid {bid.uuid} has alternatives or parts'
            )
        offers = [
            offer
            for group in book.groups_for(bid)
            for offer in book.members(group)
            if offer.window.overlaps(bid.window)
        ]
        if not offers or bid.hopeless(book.now):
            continue
        key = frozenset(offer.uuid for offer in offers)
        offers_of[key] = offers
        by_offers[key].append(bid)
    if sum(map(len, by_offers)) > len(frozenset().union(*by_offers)):
        raise mechanisms.Refused('trade_reduction: two segments share an offer')
    return [
        (_checked(book, bids, offers_of[key]), bids, offers_of[key])
        for key, bids in by_offers.items()
    ]


def _checked(
    book: matcher_book.Book,
    bids: Sequence[bid_core.Bid],
    offers: Sequence[offer_core.Offer],
) -> window.Window:
    """The time that the segment is about."""
    stay = bids[0].stay(max(book.now, bids[0].start_time))
    traders = [bid.project_id for bid in bids] + [offer.project_id for offer in offers]
    for bid in bids:
        if bid.quantity > 1 or not bid.whole:
            raise mechanisms.Refused(
                f'trade_reduction: bid {bid.uuid} does not ask for one server for '
                'all of a fixed time'
            )
        if stay is None or bid.stay(max(book.now, bid.start_time)) != stay:
            raise mechanisms.Refused(
                f'trade_reduction: bid {bid.uuid} asks for another time than others'
            )
    for offer in offers:
        if not any(free.contains(stay) for free in book.free(offer) if stay):
            raise mechanisms.Refused(
                f'trade_reduction: offer {offer.uuid} is not free all the time'
            )
    if stay is None or len(set(traders)) < len(traders):
        raise mechanisms.Refused('trade_reduction: somebody is there more than once')
    return stay


def _trades(
    bids: Sequence[bid_core.Bid], offers: Sequence[offer_core.Offer]
) -> tuple[
    list[tuple[bid_core.Bid, offer_core.Offer]], decimal.Decimal, decimal.Decimal
]:
    """The pairs that trade, what each renter pays and what each owner gets."""
    buyers = sorted(bids, key=lambda bid: (-bid.price, bid.created_at, bid.uuid))
    sellers = sorted(offers, key=lambda offer: (offer.price, offer.uuid))
    pairs = [
        (bid, offer)
        for bid, offer in zip(buyers, sellers, strict=False)
        if bid.price >= offer.price
    ]
    if not pairs:
        return [], decimal.Decimal(0), decimal.Decimal(0)
    bid, offer = pairs[-1]
    k = len(pairs)
    if k < len(buyers) and k < len(sellers):
        price = money.quantised((buyers[k].price + sellers[k].price) / 2)
        if offer.price <= price <= bid.price:
            return pairs, price, price
    return pairs[:-1], bid.price, offer.price
