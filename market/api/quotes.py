# SPDX-License-Identifier: Apache-2.0
"""/v1/quotes: what a bid would get and pay now."""

import pecan
from pecan import rest
import wsme.types

from flocx.api import expose
from flocx.api import types
from market.api import bids


class QuotedLine(types.Declared):
    offer_uuid = wsme.types.text
    resource_class = wsme.types.text
    price = types.Price


class Quote(types.Declared):
    """``lines`` is empty where nothing can be had now.

    ``offers`` counts the offers that the bid could take at some time and price,
    ``requirements`` those that meet each requirement alone.
    """

    start_time = types.Instant
    end_time = types.Instant
    lines = [QuotedLine]
    amount = types.Json
    offers = int
    requirements = types.Json


class Quotes(rest.RestController):
    @expose.expose(Quote, body=bids.BidRequest, rule='market:quotes:create')
    def post(self, request):
        """Say what a bid would get and pay now; nothing is placed.

        What it says holds until an offer, a bid or a contract changes.
        """
        service, context = pecan.request.service, pecan.request.context
        bid = request.to_bid(context, service.conf, service.terms, pecan.request.now)
        said = types.plain(bids.Bid.of(bid)) | {'lineage': list(bid.lineage)}
        quoted = service.matcher.quote(context, said, service.conf.market.quote_seconds)
        lines = [QuotedLine(**line) for line in quoted.pop('lines')]
        return Quote(lines=lines, **quoted)
