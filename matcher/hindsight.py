# SPDX-License-Identifier: Apache-2.0
"""What rounds could have reached at most, had all requests been known beforehand.

For any prices of time that are not below zero, no awards are worth more than what the
prices leave to each server beyond its ask, and to each request beyond what its best
choice costs. The prices are those of one round with all requests and all time. A
request for the whole of a window, for which a round comes too late, is content with
the rest of it, so that its choice is among all of these rests. Decisions of any rounds,
at whatever times, are among what is counted here, so this bounds them all.
"""

import dataclasses
import datetime
import decimal
import math

import numpy as np

from flocx.core import bid as bid_core
from flocx.core import offer as offer_core
from matcher import book
from matcher import mechanisms
from matcher import replay
from matcher.mechanisms import call
from matcher.mechanisms import native
from matcher.mechanisms.call import time_prices

_HOUR = 3600
#: Floats are rounded up by more than they may have lost.
_UP = 1 + 1e-9


@dataclasses.dataclass(frozen=True)
class Hindsight:
    """``reached`` was found by a search, ``upper_bound`` is proved; in credits."""

    reached: decimal.Decimal
    upper_bound: decimal.Decimal


def of(scene: replay.Scene, budget: mechanisms.Budget) -> Hindsight:
    """What could be reached of ``scene`` by who knows all of it.

    :param budget: for the search, and for the prices of which the bound is made.
    """
    market = book.Book(scene.requests[0].created_at, scene.offers, {}, scene.requests)
    found = call.Call().allocate(market, budget)
    # Where no request can have all that it asks for there are none.
    prices = found.prices
    bound = _bound(
        market, prices if isinstance(prices, time_prices.TimePrices) else None
    )
    return Hindsight(found.welfare, max(found.welfare, bound))


def _bound(market: book.Book, prices: time_prices.TimePrices | None) -> decimal.Decimal:
    """The bound at these prices, in credits, rounded up."""
    spent = _Spent(market, prices)
    left = sum(spent.of_offer(each) for each in market.offers)
    left += sum(spent.of_bid(each) for each in market.bids)
    return decimal.Decimal(math.ceil(left * _UP * 1e6)) / 10**6


class _Spent:
    """What time costs at given prices, but at least what is asked for it.

    ``_edges`` are in hours from ``now``. Row k of ``_until`` says for each edge what
    all the time before it costs on one server of kind k, in credits. Servers that
    nobody was thought to want have rows behind these, one for each group of offers.
    """

    def __init__(
        self, market: book.Book, prices: time_prices.TimePrices | None
    ) -> None:
        self._market = market
        kinds = prices.kinds if prices else {}
        known = prices.dual.prices / 1e6 if prices else np.empty((0, 0))
        members = {group: tuple(market.members(group)) for group in market.groups}
        self._row = {
            offer.uuid: kinds.get(offer.uuid, len(known) + number)
            for number, offers in enumerate(members.values())
            for offer in offers
        }
        least = dict.fromkeys(range(len(known) + len(members)), 0.0)
        # The dearest first, so that the cheapest is what is left.
        for offer in sorted(market.offers, key=lambda each: each.price, reverse=True):
            least[self._row[offer.uuid]] = float(offer.price)
        last = max(self._hours(each.end_time) for each in market.offers)
        edges = prices.dual.edges / _HOUR if prices else np.zeros(1)
        # Where no price is known it is the least that is asked.
        self._edges = np.append(edges, max(last, edges[-1]) + 1)
        rates = np.zeros((len(least), len(edges)))
        rates[: len(known), : known.shape[1]] = known
        self._rates = np.maximum(rates, np.array([*least.values()])[:, None])
        spent = np.cumsum(self._rates * np.diff(self._edges), axis=1)
        self._until = np.hstack([np.zeros((len(spent), 1)), spent])
        #: By group of offers: their rows, and when the first and the last is there.
        self._there = {
            group: (
                {self._row[each.uuid] for each in offers},
                min(self._hours(each.start_time) for each in offers),
                max(self._hours(each.end_time) for each in offers),
            )
            for group, offers in members.items()
        }

    def _hours(self, moment: datetime.datetime) -> float:
        return (moment - self._market.now).total_seconds() / _HOUR

    def of_offer(self, offer: offer_core.Offer) -> float:
        """What its time brings beyond its ask."""
        start, end = self._hours(offer.start_time), self._hours(offer.end_time)
        lengths = np.diff(np.clip(self._edges, start, end))
        beyond = np.maximum(0, self._rates[self._row[offer.uuid]] - float(offer.price))
        return float(beyond @ lengths)

    def of_bid(self, bid: bid_core.Bid) -> float:
        """What its best choice leaves it, were all servers like the cheapest of it."""
        if len(self._market.suitable(bid)) < bid.min_quantity:
            return 0.0
        most = 0.0
        for group in self._market.groups_for(bid):
            rows, first, last = self._there[group]
            start = max(first, self._hours(bid.start_time))
            end = min(last, self._hours(bid.end_time))
            starts, ends = self._stays(bid, start, end)
            for row in rows if len(starts) else ():
                spent = np.interp([starts, ends], self._edges, self._until[row])
                left = float(bid.price) * (ends - starts) - (spent[1] - spent[0])
                most = max(most, float(left.max()))
        return bid.quantity * most

    def _stays(
        self, bid: bid_core.Bid, start: float, end: float
    ) -> tuple[native.Floats, native.Floats]:
        """Starts and ends among which the best stay is, as prices change at edges."""
        length = bid.duration / _HOUR
        if bid.whole:
            whole = end >= self._hours(bid.end_time)
            starts = self._between([start, *self._edges], start, end if whole else -1)
            return starts, np.full(len(starts), end)
        ends = self._edges - length
        starts = self._between(
            [start, end - length, *self._edges, *ends], start, end - length
        )
        return starts, starts + length

    @staticmethod
    def _between(instants: list[float], start: float, end: float) -> native.Floats:
        those = np.array(instants)
        return those[(start <= those) & (those <= end)]
