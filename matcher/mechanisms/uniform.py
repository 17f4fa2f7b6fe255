# SPDX-License-Identifier: Apache-2.0
"""One price for each kind of server and time, from the dual prices of the round.

They are near the prices of a competitive equilibrium, at which nobody would want
another trade; Arrow and Debreu (1954) for the idea, Bikhchandani and Mamer,
"Competitive equilibrium in an exchange economy with indivisibilities" (1997), for
why there may be none: then a price is moved to the nearest that both accept.
"""

import decimal

from flocx.core import offer as offer_core
from matcher import book as matcher_book
from matcher import mechanisms


class Uniform(mechanisms.Pricing):
    """The dual price of the stay, but not below the ask nor above the ceiling.

    Individually rational, budget balanced; not truthful, but in a market of many
    nobody moves the price much.
    """

    NAME = 'uniform'
    DESCRIPTION = 'One price by kind of server and time, between ask and ceiling'

    def settle(
        self, book: matcher_book.Book, allotment: mechanisms.Allotment
    ) -> mechanisms.Settlement:
        """:raises Refused: the allocation finds no prices."""
        prices = allotment.prices
        if prices is None:
            if allotment.awards:
                raise mechanisms.Refused(
                    'uniform: needs prices, which the allocation call finds'
                )
            return mechanisms.Settlement(awards=(), pays=(), gets=())

        def rate(award: matcher_book.Award, offer: offer_core.Offer) -> decimal.Decimal:
            found = prices.rate(offer, award.stay)
            wanted = offer.price if found is None else found
            return min(max(wanted, offer.price), award.bid.price)

        return mechanisms.at_one_price(allotment.awards, rate)
