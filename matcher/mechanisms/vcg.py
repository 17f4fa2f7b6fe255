# SPDX-License-Identifier: Apache-2.0
"""Vickrey, Clarke and Groves: each pays, or gets, what they change for the others.

Clarke, "Multipart pricing of public goods" (1971); Groves, "Incentives in teams"
(1973). In an exchange it needs money from outside (Myerson and Satterthwaite,
1983): with one bid of 10 and one ask of 4 the renter pays 4 and the owner gets 10.
"""

import collections
import decimal

from flocx.core import money
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import exact
from matcher.mechanisms import figures

_MICRO = 1_000_000


class Vcg(mechanisms.Pricing):
    """Truthful and individually rational; ``balance`` is the deficit.

    Each bid and each offer counts as somebody's only one. For allocations that
    are proved to be the best: at others these payments are not truthful. Rates
    are rounded to six places, in favour of the trader.

    No server is ever sold that asks for more than the bid offers for each. So a bid for
    several servers may gain by offering more than the truth where that opens a server
    whose ask alone is above its ceiling, and not the average; an owner, by asking less.
    Parts of a bundle have what it gains in proportion to what each adds.
    """

    NAME = 'vcg'
    DESCRIPTION = 'Vickrey-Clarke-Groves: truthful, exact allocations only; a deficit'
    BALANCED = False

    def __init__(self, budget: mechanisms.Budget | None = None) -> None:
        self._budget = budget or mechanisms.Budget(seconds=None)

    def settle(
        self, book: matcher_book.Book, allotment: mechanisms.Allotment
    ) -> mechanisms.Settlement:
        """:raises Refused: the allotment is not proved to be exact."""
        if book.by_hour():
            raise mechanisms.Refused('vcg: an offer has asks by the hour')
        if book.has_blocks:
            raise mechanisms.Refused('vcg: servers are sold only together')
        if not allotment.exact:
            raise mechanisms.Refused('vcg: the allocation is not proved to be the best')
        worth = figures.worth(allotment.awards)
        seconds: dict[str, int] = collections.defaultdict(int)
        for award in allotment.awards:
            for offer in award.offers:
                seconds[offer.uuid] += award.stay.seconds
        share = {
            uuid: _rate(worth - self._without(book, uuid), taken)
            for uuid, taken in seconds.items()
        }
        pays, gets = [], []
        for award in allotment.awards:
            gained = worth - self._without(book, award.bid.uuid)
            parts = [
                each for each in allotment.awards if each.bid.uuid == award.bid.uuid
            ]
            if len(parts) > 1 and gained:
                gained = gained * figures.worth([award]) // figures.worth(parts)
            gain = _rate(gained, len(award.offers) * award.stay.seconds)
            rate = _down(award.bid.price - gain)
            floor = min(offer.price for offer in award.offers)
            pays.append((min(max(rate, floor), award.bid.price),) * len(award.offers))
            gets.append(
                tuple(offer.price + _up(share[offer.uuid]) for offer in award.offers)
            )
        balance = sum(
            (figures.micro(pay) - figures.micro(get)) * award.stay.seconds
            for award, paid, got in zip(allotment.awards, pays, gets, strict=True)
            for pay, get in zip(paid, got, strict=True)
        )
        return mechanisms.Settlement(
            awards=allotment.awards,
            pays=pays,
            gets=gets,
            balance=figures.credits(balance),
        )

    def _without(self, book: matcher_book.Book, uuid: str) -> int:
        return exact.worth(exact.without(book, uuid), self._budget)


def _rate(value: int, seconds: int) -> decimal.Decimal:
    """``value`` in credits an hour of ``seconds`` that servers are taken."""
    return decimal.Decimal(value) / seconds / _MICRO


def _down(value: decimal.Decimal) -> decimal.Decimal:
    return value.quantize(money.QUANTUM, rounding=decimal.ROUND_FLOOR)


def _up(value: decimal.Decimal) -> decimal.Decimal:
    return max(
        decimal.Decimal(0),
        value.quantize(money.QUANTUM, rounding=decimal.ROUND_CEILING),
    )
