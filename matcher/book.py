# SPDX-License-Identifier: Apache-2.0
"""The book: open bids, and the free time of the servers on offer, at one moment.

Pure: it is made from offers, bids and taken time, and asks nobody else.
"""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import datetime
import decimal
import json

from flocx.core import bid as bid_core
from flocx.core import offer as offer_core
from flocx.core import requirements
from flocx.core import window

Server = tuple[str, str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Award:
    """Offers that a bid gets for the window ``stay``; no price yet."""

    bid: bid_core.Bid
    stay: window.Window
    offers: tuple[offer_core.Offer, ...]

    @property
    def surplus_rate(self) -> decimal.Decimal:
        """What its hour is worth to the bidder beyond what the owners ask."""
        return sum(
            (self.bid.price - offer.price for offer in self.offers), decimal.Decimal(0)
        )


class Book:
    """Which offers a bid could take, and when.

    Offers with the same hardware document are of one hardware class; whether a
    class meets a bid's requirements is found out once for each pair.
    """

    def __init__(
        self,
        now: datetime.datetime,
        offers: Iterable[offer_core.Offer],
        taken: Mapping[Server, list[window.Window]],
        bids: Iterable[bid_core.Bid],
    ) -> None:
        self.now = _next_second(now)
        self.bids = tuple(bids)
        self.offers = tuple(offers)
        self._documents: list[dict[str, object]] = []
        self._by_class: dict[tuple[int, str | None], list[offer_core.Offer]] = (
            collections.defaultdict(list)
        )
        self._free: dict[str, list[window.Window]] = {}
        self._met: dict[tuple[str, int], bool] = {}
        self._classify(taken)

    def _classify(self, taken: Mapping[Server, list[window.Window]]) -> None:
        known: dict[str, int] = {}
        for offer in self.offers:
            left = offer.window.since(self.now)
            free = left.minus(taken.get(offer.server, ())) if left else []
            if not free:
                continue
            text = json.dumps(offer.properties, sort_keys=True)
            number = known.setdefault(text, len(known))
            if number == len(self._documents):
                self._documents.append(offer.properties)
            self._free[offer.uuid] = free
            self._by_class[number, offer.resource_class].append(offer)

    def free(self, offer: offer_core.Offer) -> list[window.Window]:
        """The windows of ``offer`` from now on that nobody has, in order."""
        return self._free.get(offer.uuid, [])

    def take(self, award: Award) -> None:
        """Give the time of ``award`` away."""
        for offer in award.offers:
            self._free[offer.uuid] = [
                left
                for free in self._free[offer.uuid]
                for left in free.minus([award.stay])
            ]

    def suitable(self, bid: bid_core.Bid) -> list[offer_core.Offer]:
        """Offers that ``bid`` may take at some time and at the price it names.

        Nobody trades with himself, and targeted offers are for their targets.
        """
        return [
            offer
            for offer in self._of_the_hardware(bid)
            if offer.price <= bid.price
            and offer.project_id != bid.project_id
            and offer.open_to(bid.lineage)
            and offer.window.overlaps(bid.window)
        ]

    def _of_the_hardware(self, bid: bid_core.Bid) -> Iterator[offer_core.Offer]:
        text = json.dumps(bid.requirements)
        asked = None
        for (number, resource_class), offers in self._by_class.items():
            if bid.resource_class and bid.resource_class != resource_class:
                continue
            if (text, number) not in self._met:
                asked = asked or requirements.parse(bid.requirements, _NO_LIMITS)
                self._met[text, number] = requirements.met(
                    asked, self._documents[number]
                )
            if self._met[text, number]:
                yield from offers


#: What was accepted once is not refused later because an option has changed.
_NO_LIMITS = requirements.Limits(triples=10**6, length=10**6, depth=10**6, items=10**6)


def _next_second(moment: datetime.datetime) -> datetime.datetime:
    if not moment.microsecond:
        return moment
    return moment.replace(microsecond=0) + datetime.timedelta(seconds=1)
