# SPDX-License-Identifier: Apache-2.0
"""/v1/bids: asking for servers of a kind, up to a price."""

import dataclasses
import datetime
import decimal

from oslo_utils import uuidutils
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
from market.api import transaction
from market.db import bids
from market.db import unmatched_reasons

FILTERS = {
    'uuid': query.text,
    'name': query.text,
    'project_id': query.text,
    'resource_class': query.text,
    'purpose': query.text,
    'contract_uuid': query.text,
    'status': query.one_of([*bid_core.Status, 'any']),
    'generation': query.integer,
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


class BidRequest(types.Declared):
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

    def to_bid(self, context, conf, terms, now):
        start = self.start_time or now.replace(microsecond=0)
        stay = window.Window(start, self.end_time)
        asked = [] if self.requirements in (wsme.Unset, None) else self.requirements
        parsed = requirements.parse(asked, market_conf.requirement_limits(conf))
        quantity = self.quantity or 1
        bid = bid_core.Bid(
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
        _require_possible(bid, terms, now)
        return bid


class BidChange(types.Declared):
    """What a bidder changes of an open bid; what is left out stays."""

    name = types.Text
    price = types.Price
    end_time = types.Instant
    generation = types.Integer(1, 2**62)

    def applied_to(self, bid, terms, now):
        """The fields that change, checked."""
        values = types.changes(self, nullable=('name',))
        if bid.whole and 'end_time' in values:
            # Who asks for the whole window asks for the whole new one.
            stay = window.Window(bid.start_time, self.end_time)
            values['duration'] = stay.seconds
        changed = dataclasses.replace(bid, **values)
        _require_possible(changed, terms, now)
        return values


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
    generation = int
    outlook = types.Json
    created_at = types.Instant
    updated_at = types.Instant


BidList = types.collection('bids', Bid)


class Bids(rest.RestController):
    @expose.expose(
        BidList, rule='market:bids:list', parameters=FILTERS, sort_keys=SORT_KEYS
    )
    def get_all(self):
        """List the project's bids."""
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked(FILTERS, SORT_KEYS)
        with service.database.reader() as session:
            rows = bids.page(session, context, asked)
        return paging.page(BidList, 'bids', rows, asked.limit, Bid.of)

    @expose.expose(Bid, rule='market:bids:show')
    def get_one(self, ident):
        """Show a bid.

        ``outlook`` is why it waits: ``reason`` and ``detail`` as the round at
        ``time`` saw it; null before the first one and once the bid is closed.
        """
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            bid = bids.get(session, ident, context)
            outlook = unmatched_reasons.get(session, bid.uuid)
        answer = Bid.of(bid, outlook=_told(outlook))
        transaction.etag(answer)
        return answer

    @expose.expose(Bid, body=BidRequest, status=201, rule='market:bids:create')
    def post(self, request):
        """Place a bid."""
        service, context, now = transaction.request_context()
        bid = request.to_bid(context, service.conf, service.terms, now)
        limits = service.quotas.limits(context.project_id)

        def place(session):
            service.quotas.check(
                session, context.project_id, limits, now, open_bids=1, **_costs(bid)
            )
            bids.add(session, bid, now)
            return Bid.of(bid)

        return transaction.idempotent(Bid, '/v1/bids', place)

    @expose.expose(Bid, body=BidChange)
    @db.retried
    def patch(self, ident, change):
        """Change an open bid's name, price or end."""
        service, context, now = transaction.request_context()
        # The operator's hand is not bound by the quotas of others.
        limits = not context.is_admin and service.quotas.limits(context.project_id)
        with service.database.writer() as session:
            bid = bids.get(session, ident, context)
            service.policy.authorize(
                context, 'market:bids:change', {'project_id': bid.project_id}
            )
            transaction.check_if_match('Bid', bid, change.generation or None)
            values = change.applied_to(bid, service.terms, now)
            changed = bids.change(session, bid, 'changed', now, **values)
            before, after = _costs(bid), _costs(changed)
            if limits:
                service.quotas.check(
                    session,
                    bid.project_id,
                    limits,
                    now,
                    **{name: 0 for name in after if after[name] > before[name]},
                )
        answer = Bid.of(changed)
        transaction.etag(answer)
        return answer

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel a bid."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            bid = bids.get(session, ident, context)
            service.policy.authorize(
                context, 'market:bids:cancel', {'project_id': bid.project_id}
            )
            transaction.check_if_match('Bid', bid)
            bids.move(session, bid, bid_core.Status.CANCELLED, now)


def _told(outlook):
    """Why a bid waits, as the API says it."""
    if outlook is None:
        return None
    return {
        'reason': outlook.reason,
        'detail': outlook.detail,
        'time': window.text(outlook.time),
    }


def _require_possible(bid, terms, now):
    """Nothing, if servers could be found for ``bid`` some day."""
    claims.require_future(bid.window, now)
    claims.require_length(
        window.Window(
            bid.start_time, bid.start_time + datetime.timedelta(seconds=bid.duration)
        ),
        terms,
    )


def _costs(bid):
    """What ``bid`` adds to its project's commitments, by name of the quota."""
    seconds = bid.quantity * bid.duration
    return {
        'server_hours': money.quantised(
            decimal.Decimal(seconds) / money.SECONDS_PER_HOUR
        ),
        'committed_amount': money.amount(bid.price, seconds),
    }
