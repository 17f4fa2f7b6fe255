# SPDX-License-Identifier: Apache-2.0
"""No awards are worth more, whatever of interruptible contracts they displace.

In a market where all that can be lost is free, take any prices. Their bound
(``certificate``) counts for each offer what its free time earns above the ask. Of the
time that an interruptible contract can lose it may count only what that earns above the
ask *and* what the contract's bid had offered beyond it: whoever has a second of that
time makes the contract lose this second at least. So the rest is taken off again.
"""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from flocx.core import offer as offer_core
from flocx.core import tenure as tenure_core
from flocx.core import window
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import displacement_search
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import time_prices


def most(
    yielding: matcher_book.Book,
    tenures: Mapping[str, Sequence[tenure_core.Tenure]],
) -> tuple[int, mechanisms.Prices | None]:
    """The bound, as a value, and the prices that prove it.

    :param yielding: the market in which what ``tenures``, by offer, can lose is free.
    """
    market = hopeful.of(yielding)
    if not market.bids:
        return 0, None
    dual = call.prices(market, None)
    bound = dual.bound - sum(
        _lost(yielding, dual, kind, offer, tenure)
        for kind, offer in zip(market.supply.kind.tolist(), market.offers, strict=True)
        for tenure in tenures.get(offer.uuid, ())
    )
    return bound, time_prices.of(market, dual)


def _lost(
    book: matcher_book.Book,
    dual: certificate.Dual,
    kind: int,
    offer: offer_core.Offer,
    tenure: tenure_core.Tenure,
) -> int:
    """What the bound of ``dual`` counts too much for the time of ``tenure``."""
    since = tenure.least_end(book.now)
    if since >= tenure.end_time:
        return 0
    its = window.Window(since, tenure.end_time)
    edges = dual.edges.tolist()
    earned = [
        min(
            max(0, price - figures.micro(offer.price)),
            displacement_search.rate(tenure, offer),
        )
        for price in dual.prices[kind].tolist()
    ]
    found = 0
    for free in book.free(offer):
        if free.overlaps(its):
            low = figures.seconds(book.now, max(free.start, its.start))
            high = figures.seconds(book.now, min(free.end, its.end))
            within = np.clip(edges, low, high)
            found += sum(
                each * int(length)
                for each, length in zip(earned, np.diff(within), strict=True)
            )
    return found
