# SPDX-License-Identifier: Apache-2.0
"""The dual prices as the search needs them."""

from collections.abc import Iterable
import typing

import numpy as np

from flocx.core import offer as offer_core
from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms.call import certificate


class Guide(typing.NamedTuple):
    """Prices: ``total[r, e]`` is the integral of row ``r`` up to ``edges[e]``.

    ``price[r, e]`` holds from ``edges[e]`` on; lot ``l`` has row ``row[l]``. At these
    prices the least that bid ``j`` can pay for one server is ``cost[j]``, on average
    over those that it takes, from second ``target[j]`` on.
    """

    edges: native.Ints
    price: native.Floats
    total: native.Floats
    row: native.Ints
    cost: native.Floats
    target: native.Ints


def of(
    market: figures.Figures,
    dual: certificate.Dual,
    offers: Iterable[offer_core.Offer],
) -> Guide:
    """What ``dual`` says of lots.

    :param market: that of ``dual``; its kinds need not be those of the lots.
    :param offers: one of each lot.
    """
    total = certificate.totals(dual.edges, dual.prices)
    servers, cost, target = certificate.least(market, dual.edges, dual.prices, total)
    kinds = market.kind_of()
    # Before the first edge and after the last one nothing costs anything.
    price = np.pad(dual.prices, ((0, 0), (0, 1)))
    return Guide(
        dual.edges,
        price.astype(np.float64),
        total.astype(np.float64),
        np.array([kinds[offer.uuid] for offer in offers], np.int64),
        cost / np.maximum(servers, 1),
        target,
    )
