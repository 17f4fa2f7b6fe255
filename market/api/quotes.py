# SPDX-License-Identifier: Apache-2.0
"""/v1/quotes: what a bid would get and pay now."""

import decimal

import pecan
from pecan import rest
import wsme
import wsme.types

from flocx.api import expose
from flocx.api import types
from market.api import bids


class QuotedLine(types.Declared):
    offer_uuid = wsme.types.text
    resource_class = wsme.types.text
    price = types.Price


class Quote(types.Declared):
    """``lines`` is empty where nothing can be had now; ``reason`` says why.

    ``lowest_ceiling`` is the lowest price at which the bid would get what it needs at
    some time of its window; null where it would at no price. ``calendar`` has an entry
    for each start, an hour or a day apart: what so many ``servers`` cost on average,
    ``price``, and in all, and the ask of the dearest.

    ``offers`` counts the offers that the bid could take at some time and price,
    ``requirements`` those that meet each requirement alone.
    """

    start_time = types.Instant
    end_time = types.Instant
    lines = [QuotedLine]
    amount = types.Json
    offers = int
    requirements = types.Json
    lowest_ceiling = types.Price
    reason = wsme.types.text
    detail = wsme.types.text
    calendar = types.Json


class QuoteRequest(bids.BidRequest):
    """As a bid, but that the price may be left out.

    Then it is the cheapest that can be had. With ``calendar`` the answer says what a
    start each hour or day of the window would cost.
    """

    price = types.Price
    calendar = wsme.types.Enum(str, 'hour', 'day')


class Quotes(rest.RestController):
    @expose.expose(Quote, body=QuoteRequest, rule='market:quotes:create')
    def post(self, request):
        """Say what a bid would get and pay now; nothing is placed.

        What it says holds until an offer, a bid or a contract changes. It rests on
        what is on offer and free, and tells nothing of other bids.
        """
        service, context = pecan.request.service, pecan.request.context
        priced = request.price not in (None, wsme.Unset)
        if not priced:
            request.price = decimal.Decimal(0)
        bid = request.to_bid(context, service.conf, service.terms, pecan.request.now)
        said = types.plain(bids.Bid.of(bid)) | {'lineage': list(bid.lineage)}
        said |= {'calendar': request.calendar or None}
        if not priced:
            said['price'] = None
        quoted = service.matcher.quote(context, said, service.conf.market.quote_seconds)
        lines = [QuotedLine(**line) for line in quoted.pop('lines')]
        return Quote(lines=lines, **quoted)
