# SPDX-License-Identifier: Apache-2.0
"""/v1/bids: asking for servers of a kind, up to a price."""

from oslo_utils import uuidutils
import pecan
from pecan import rest
import wsme
import wsme.types

from flocx import db
from flocx.api import expose
from flocx.api import paging
from flocx.api import types
from flocx.core import bid as bid_core
from flocx.core import money
from flocx.core import query
from flocx.core import requirements
from flocx.core import window
from market import claims
from market import conf as market_conf
from market.db import bids

FILTERS = {
    'uuid': query.text,
    'name': query.text,
    'project_id': query.text,
    'resource_class': query.text,
    'purpose': query.text,
    'contract_uuid': query.text,
    'status': query.one_of([*bid_core.Status, 'any']),
    'quantity': query.integer,
    'min_quantity': query.integer,
    'duration': query.integer,
    'price': money.price,
    'start_time': window.instant,
    'end_time': window.instant,
    'created_at': window.instant,
    'updated_at': window.instant,
}
SORT_KEYS = ('created_at', 'price', 'start_time', 'end_time', 'updated_at', 'uuid')

#: The longest duration that a window can hold, in seconds.
MAX_DURATION = (window.LAST_YEAR - window.FIRST_YEAR + 1) * 366 * 86400


class BidRequest(wsme.types.Base):
    """What a project asks for; who it is, its token says."""

    name = types.Text
    quantity = types.Integer(1, bid_core.MAX_QUANTITY)
    min_quantity = types.Integer(1, bid_core.MAX_QUANTITY)
    start_time = types.Instant
    end_time = wsme.wsattr(types.Instant, mandatory=True)
    duration = types.Integer(1, MAX_DURATION)
    price = wsme.wsattr(types.Price, mandatory=True)
    requirements = types.Json
    resource_class = types.Text
    purpose = types.Text

    def to_bid(self, context, limits, now):
        start = self.start_time or now.replace(microsecond=0)
        stay = window.Window(start, self.end_time)
        claims.require_future(stay, now)
        parsed = requirements.parse(self.requirements or [], limits)
        quantity = self.quantity or 1
        return bid_core.Bid(
            uuid=uuidutils.generate_uuid(),
            name=self.name or None,
            project_id=context.project_id,
            lineage=tuple(context.lineage),
            quantity=quantity,
            min_quantity=self.min_quantity or quantity,
            start_time=stay.start,
            end_time=stay.end,
            duration=self.duration or stay.seconds,
            price=self.price,
            requirements=tuple(tuple(each.triple()) for each in parsed),
            resource_class=self.resource_class or None,
            purpose=self.purpose or None,
            created_at=now,
            updated_at=now,
        )


class Bid(types.Answer):
    uuid = wsme.types.text
    name = wsme.types.text
    project_id = wsme.types.text
    quantity = int
    min_quantity = int
    start_time = types.Instant
    end_time = types.Instant
    duration = int
    price = types.Price
    requirements = types.Json
    resource_class = wsme.types.text
    purpose = wsme.types.text
    status = wsme.types.text
    contract_uuid = wsme.types.text
    created_at = types.Instant
    updated_at = types.Instant


BidList = types.collection('bids', Bid)


class Bids(rest.RestController):
    @expose.expose(BidList, rule='market:bids:list')
    def get_all(self):
        """List the project's bids."""
        service, context, _ = _here()
        asked, _ = paging.asked(FILTERS, SORT_KEYS)
        with service.database.reader() as session:
            rows = bids.page(session, context, asked)
        return paging.page(BidList, 'bids', rows, asked.limit, Bid.of)

    @expose.expose(Bid, rule='market:bids:show')
    def get_one(self, ident):
        """Show a bid."""
        service, context, _ = _here()
        with service.database.reader() as session:
            return Bid.of(bids.get(session, ident, context))

    @expose.expose(Bid, body=BidRequest, status=201, rule='market:bids:create')
    @db.retried
    def post(self, request):
        """Place a bid."""
        service, context, now = _here()
        bid = request.to_bid(context, market_conf.requirement_limits(service.conf), now)
        with service.database.writer() as session:
            bids.add(session, bid, now)
        answer = Bid.of(bid)
        service.matcher.bid_changed(context, types.plain(answer))
        pecan.response.location = f'/v1/bids/{bid.uuid}'
        return answer

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel a bid."""
        service, context, now = _here()
        with service.database.writer() as session:
            bid = bids.get(session, ident, context)
            service.policy.authorize(
                context, 'market:bids:cancel', {'project_id': bid.project_id}
            )
            bid = bids.move(session, bid, bid_core.Status.CANCELLED, now)
        service.matcher.bid_changed(context, types.plain(Bid.of(bid)))


def _here():
    return pecan.request.service, pecan.request.context, pecan.request.now
