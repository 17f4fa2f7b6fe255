# SPDX-License-Identifier: Apache-2.0
"""The k-double auction's price, line by line.

Chatterjee and Samuelson, "Bargaining under Incomplete Information", Operations
Research 31 (1983): buyer and seller share the surplus by a fixed
fraction k, here ``seller_share``.
"""

import decimal
import re

from flocx.core import money
from flocx.core import offer as offer_core
from matcher import book as matcher_book
from matcher import mechanisms


def fraction(text: str) -> decimal.Decimal:
    """The decimal from 0 to 1, of six places at most, that ``text`` is.

    :raises ValueError: it is none.
    """
    if not re.fullmatch(r'0(\.\d{1,6})?|1(\.0{1,6})?', text):
        raise ValueError('a decimal from 0 to 1 is expected, of six places at most')
    return decimal.Decimal(text)


class KDoubleAuction(mechanisms.Pricing):
    """``ask + seller_share x (ceiling - ask)``.

    Individually rational, budget balanced; not truthful: both sides gain by
    shading what they say.
    """

    NAME = 'k_double_auction'
    DESCRIPTION = "Between the owner's ask and the bid's ceiling, at the seller's share"
    PARAMETERS = (
        mechanisms.Parameter(
            name='seller_share',
            parse=fraction,
            default=decimal.Decimal('0.5'),
            deprecated_name='k',
            help='For the pricing k_double_auction: which part of the difference '
            'between ask and ceiling goes to the owner, a decimal from 0 to 1. With '
            'the default both sides gain the same.',
        ),
    )

    def __init__(self, seller_share: decimal.Decimal = decimal.Decimal('0.5')) -> None:
        self._seller_share = seller_share

    def settle(
        self, book: matcher_book.Book, allotment: mechanisms.Allotment
    ) -> mechanisms.Settlement:
        return mechanisms.at_one_price(allotment.awards, self._rate)

    def _rate(
        self, award: matcher_book.Award, offer: offer_core.Offer
    ) -> decimal.Decimal:
        # Both ends have six places, so rounding cannot leave the interval.
        return money.quantised(
            offer.price + self._seller_share * (award.bid.price - offer.price)
        )
