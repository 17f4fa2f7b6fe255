# SPDX-License-Identifier: Apache-2.0
"""The book: open bids, and the free time of the servers on offer, at one moment.

Pure: it is made from offers, bids and taken time, and asks nobody else.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import copy
import dataclasses
import datetime
import decimal
import json
import typing

from flocx.core import bid as bid_core
from flocx.core import offer as offer_core
from flocx.core import requirements
from flocx.core import window

Server = tuple[str, str, str]


class Group(typing.NamedTuple):
    """What offers have in common that a bid, but for its price and time, asks.

    ``document`` is the hardware document as text: one hardware class.
    """

    document: str
    resource_class: str
    lessee_id: str


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
        #: The offers with any time left, by what they have in common.
        self.groups: dict[Group, list[offer_core.Offer]] = collections.defaultdict(list)
        self._free: dict[str, list[window.Window]] = {}
        self._met: dict[tuple[str, str], bool] = {}
        self._for: dict[tuple[object, ...], tuple[Group, ...]] = {}
        self._classify(taken)

    def _classify(self, taken: Mapping[Server, list[window.Window]]) -> None:
        for offer in self.offers:
            left = offer.window.since(self.now)
            free = left.minus(taken.get(offer.server, ())) if left else []
            if not free:
                continue
            self._free[offer.uuid] = free
            group = Group(
                json.dumps(offer.properties, sort_keys=True),
                offer.resource_class or '',
                offer.lessee_id or '',
            )
            self.groups[group].append(offer)

    def free(self, offer: offer_core.Offer) -> list[window.Window]:
        """The windows of ``offer`` from now on that nobody has, in order."""
        return self._free.get(offer.uuid, [])

    def copy(self) -> 'Book':
        """A book from which time can be taken without this one losing it."""
        other = copy.copy(self)
        other._free = dict(self._free)
        return other

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
            for group in self.groups_for(bid)
            for offer in self.groups[group]
            if offer.price <= bid.price
            and offer.project_id != bid.project_id
            and offer.window.overlaps(bid.window)
        ]

    def groups_for(self, bid: bid_core.Bid) -> tuple[Group, ...]:
        """The groups whose hardware is as ``bid`` asks and that it may take."""
        text = json.dumps(bid.requirements)
        key = (text, bid.resource_class, bid.lineage)
        if key not in self._for:
            self._for[key] = tuple(
                group
                for group in self.groups
                if bid.resource_class in (None, group.resource_class)
                and group.lessee_id in ('', *bid.lineage)
                and self._meets(group.document, text, bid)
            )
        return self._for[key]

    def _meets(self, document: str, text: str, bid: bid_core.Bid) -> bool:
        if (text, document) not in self._met:
            asked = requirements.parse(bid.requirements, _NO_LIMITS)
            self._met[text, document] = requirements.met(asked, json.loads(document))
        return self._met[text, document]


#: What was accepted once is not refused later because an option has changed.
_NO_LIMITS = requirements.Limits(triples=10**6, length=10**6, depth=10**6, items=10**6)


def _next_second(moment: datetime.datetime) -> datetime.datetime:
    if not moment.microsecond:
        return moment
    return moment.replace(microsecond=0) + datetime.timedelta(seconds=1)
