# SPDX-License-Identifier: Apache-2.0
"""The dual prices at the end of a round: near those of a competitive equilibrium."""

import dataclasses
import datetime
import decimal

import numpy as np

from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import window
from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms.call import certificate
from matcher.mechanisms.call import descent

_MICRO = decimal.Decimal(10**6)


@dataclasses.dataclass(frozen=True)
class TimePrices:
    """``dual`` in seconds from ``now``; ``kinds`` is which row an offer has.

    ``sizes`` and ``classes`` say of each kind how many offers and of which resource
    class it was.
    """

    now: datetime.datetime
    dual: certificate.Dual
    kinds: dict[str, int]
    sizes: tuple[int, ...]
    classes: tuple[str | None, ...]

    def rate(
        self, offer: offer_core.Offer, stay: window.Window
    ) -> decimal.Decimal | None:
        kind = self.kinds.get(offer.uuid)
        if kind is None:
            return None
        second = datetime.timedelta(seconds=1)
        since, until = (
            (stay.start - self.now) // second,
            (stay.end - self.now) // second,
        )
        total = 0
        for edge, price in enumerate(self.dual.prices[kind].tolist()):
            low = max(since, int(self.dual.edges[edge]))
            high = min(until, int(self.dual.edges[edge + 1]))
            total += price * max(0, high - low)
        exact = decimal.Decimal(total) / (stay.seconds * _MICRO)
        return money.quantised(exact)

    def summary(self) -> list[dict[str, object]]:
        edges = self.dual.edges.tolist()
        return [
            {
                'offers': size,
                'resource_class': resource_class,
                'prices': [
                    [
                        window.text(self.now + datetime.timedelta(seconds=edges[each])),
                        money.text(decimal.Decimal(prices[each]) / _MICRO),
                    ]
                    for each in range(0, len(prices), max(1, len(prices) // 24))
                ],
            }
            for size, resource_class, prices in zip(
                self.sizes, self.classes, self.dual.prices.tolist(), strict=True
            )
        ]

    def again(self, market: figures.Figures, marks: native.Ints) -> native.Floats:
        """A guess at the prices of a later ``market``: those of the same offers."""
        prices = descent.start_prices(market, marks)
        passed = (market.now - self.now) // datetime.timedelta(seconds=1)
        then = np.searchsorted(self.dual.edges, marks[:-1] + passed, side='right') - 1
        then = np.clip(then, 0, len(self.dual.edges) - 2)
        seen: set[int] = set()
        for offer, kind in zip(market.offers, market.supply.kind.tolist(), strict=True):
            row = self.kinds.get(offer.uuid)
            if row is not None and kind not in seen:
                seen.add(kind)
                prices[kind] = self.dual.prices[row, then]
        return prices


def of(market: figures.Figures, dual: certificate.Dual) -> TimePrices:
    """The prices of ``dual``, without keeping all of ``market``."""
    kind_at = market.supply.kind_at
    return TimePrices(
        market.now,
        dual,
        market.kind_of(),
        tuple(np.diff(kind_at).tolist()),
        tuple(market.offers[at].resource_class for at in kind_at[:-1].tolist()),
    )
