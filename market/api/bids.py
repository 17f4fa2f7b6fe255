# SPDX-License-Identifier: Apache-2.0
"""/v1/bids: asking for servers of a kind, up to a price."""

import dataclasses

from oslo_utils import uuidutils
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import ledger
from flocx.core import query
from flocx.core import reclaim
from flocx.core import requirements
from flocx.core import window
from market import bidding
from market import claims
from market import conf as market_conf
from market import interruptible
from market import standing_extensions
from market.api import alternatives
from market.api import parts
from market.api import transaction
from market.db import bids
from market.db import commitments
from market.db import unmatched_reasons

#: The longest duration that a window can hold, in seconds.
MAX_DURATION = (window.LAST_YEAR - window.FIRST_YEAR + 1) * 366 * 86400

_TEXT = wsme.types.text
_OPTIONAL, _REQUIRED, _NULLABLE = fields.OPTIONAL, fields.REQUIRED, fields.NULLABLE
_Field, _QUANTITY = fields.Field, types.Integer(1, bid_core.MAX_QUANTITY)


class Outlook(types.Answer):
    """Why a bid waits."""

    reason = _TEXT
    detail = _TEXT
    time = types.Instant


PartRequest, Part = parts.types_of(
    _QUANTITY, types.Integer(1, MAX_DURATION), types.Integer(0, MAX_DURATION)
)
_PARTS = _Field([Part], filter=None, since='1.1')
#: A request says of a part, and of an alternative, less than an answer does.
_PARTS_OF_REQUEST = dataclasses.replace(_PARTS, type=[PartRequest], create=_OPTIONAL)
FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    name=_Field(types.Name, _OPTIONAL, _NULLABLE),
    project_id=_Field(_TEXT),
    quantity=_Field(_QUANTITY, _OPTIONAL),
    min_quantity=_Field(_QUANTITY, _OPTIONAL),
    start_time=_Field(types.Instant, _OPTIONAL, sort=True),
    end_time=_Field(types.Instant, _REQUIRED, _OPTIONAL, sort=True),
    duration=_Field(types.Integer(1, MAX_DURATION), _OPTIONAL),
    price=_Field(types.Price, _REQUIRED, _OPTIONAL, sort=True),
    requirements=_Field(types.Json, _OPTIONAL, filter=None),
    resource_class=_Field(types.Text, _OPTIONAL),
    min_reclaim_notice=_Field(
        types.Integer(0, reclaim.MAX_NOTICE), _OPTIONAL, _NULLABLE, since='1.1'
    ),
    group_by=_Field(types.Text, _OPTIONAL, since='1.1'),
    spread_by=_Field(types.Text, _OPTIONAL, since='1.1'),
    spread_max=_Field(_QUANTITY, _OPTIONAL, since='1.1'),
    group_value=_Field(_TEXT, since='1.1'),
    parts=_PARTS,
    alternative=_Field(types.Integer(0, bid_core.MAX_ALTERNATIVES), since='1.1'),
    extend_until=_Field(types.Instant, _OPTIONAL, _NULLABLE, since='1.1'),
    extend_max_price=_Field(types.Price, _OPTIONAL, _OPTIONAL, since='1.1'),
    interruptible_notice=_Field(
        types.Integer(1, reclaim.MAX_NOTICE), _OPTIONAL, since='1.1'
    ),
    on_displaced=_Field(
        types.Choice([*contract_core.OnDisplaced]), _OPTIONAL, since='1.1'
    ),
    purpose=_Field(types.Text, _OPTIONAL),
    status=_Field(_TEXT, filter=query.one_of([*bid_core.Status, 'any'])),
    contract_uuid=_Field(_TEXT),
    generation=_Field(types.Integer(1, 2**62), change=_OPTIONAL),
    outlook=_Field(Outlook, filter=None),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
)
AlternativeRequest, Alternative = alternatives.types_of(FIELDS, _PARTS_OF_REQUEST)
_ALTERNATIVES = _Field([Alternative], filter=None, since='1.1')
FIELDS['alternatives'] = _ALTERNATIVES
REQUEST = fields.Table(
    {
        **FIELDS,
        'parts': _PARTS_OF_REQUEST,
        'alternatives': dataclasses.replace(
            _ALTERNATIVES,
            type=[AlternativeRequest],
            create=_OPTIONAL,
            change=_NULLABLE,
        ),
    }
)
FILTERS, SORT_KEYS = FIELDS.filters(), FIELDS.sort_keys()
BidRequest = REQUEST.request('BidRequest')
BidChange = REQUEST.change('BidChange')
Bid = FIELDS.answer('Bid')
BidList = types.collection('bids', Bid)


def from_request(body, context, conf, terms, now):
    """The bid that a project places; who it is, its token says."""
    given = {name: value for name, value in body.items() if value is not None}
    limits = market_conf.requirement_limits(conf)
    stay = window.Window(given.setdefault('start_time', now), given['end_time'])
    others = given.pop('alternatives', None)
    length = given.get('duration', stay.seconds)
    given = parts.resolved(given, length, limits, conf.market.max_parts)
    parsed = requirements.parse(given.get('requirements', []), limits)
    given.setdefault('min_quantity', given.get('quantity', 1))
    given.setdefault('duration', stay.seconds)
    bid_core.check_expressions(given, limits)
    interruptible.check(given, conf)
    bid = bid_core.Bid(
        **{
            **given,
            **standing_extensions.of_bid(given),
            'requirements': tuple(tuple(each.triple()) for each in parsed),
            'uuid': uuidutils.generate_uuid(),
            'project_id': context.project_id,
            'lineage': tuple(context.lineage),
            'created_at': now,
            'updated_at': now,
        }
    )
    bid = dataclasses.replace(bid, alternatives=alternatives.of(others, bid, conf))
    most = ledger.most_of_bid(bid)
    if conf.ledger.enforce:
        bid = dataclasses.replace(bid, hold=most)
    _require_possible(bid, most, terms, now)
    return bid


def _with_duration(bid, values):
    """``values`` that change ``bid``, and its duration where that follows from them."""
    if bid.whole and not bid.parts and 'end_time' in values:
        # Who asks for the whole window asks for the whole new one.
        stay = window.Window(bid.start_time, values['end_time'])
        return values | {'duration': stay.seconds}
    return values


class Bids(routing.Resource):
    @expose.expose(
        BidList, rule='market:bids:list', parameters=FILTERS, sort_keys=SORT_KEYS
    )
    def get_all(self):
        """List the project's bids."""
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = bids.page(session, context, asked)
        return paging.page('bids', rows, asked.limit, Bid.of)

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
        return Bid.of(bid, outlook=outlook)

    @expose.expose(Bid, body=BidRequest, status=201, rule='market:bids:create')
    @db.retried
    def post(self, body):
        """Place a bid."""
        service, context, now = transaction.request_context()
        bid = from_request(body, context, service.conf, service.terms, now)
        limits = service.quotas.limits(context)
        with transaction.idempotent('/v1/bids') as creation:
            if creation.answer is None:
                _require_few_expressions(creation.session, bid, service.conf)
                bidding.place(creation.session, bid, service.quotas, limits, now)
                creation.answer = Bid.of(bid)
        return creation.answer

    @expose.expose(Bid, body=BidChange)
    @db.retried
    def patch(self, ident, body):
        """Change an open bid's name, price, end, least notice or alternatives.

        New ``alternatives`` take the place of all that it has; null takes these away.
        What one leaves out is as in the bid's own terms, as they are then.
        """
        service, context, now = transaction.request_context()
        values = transaction.changes(body)
        # The operator's hand is not bound by the quotas of others.
        limits = not context.is_admin and service.quotas.limits(context)
        with service.database.writer() as session:
            bid = bids.get(session, ident, context)
            transaction.require_current(bid, 'market:bids:change', body)
            values = _with_duration(bid, values)
            wanted = _changed(bid, values, service.conf)
            _require_few_expressions(session, wanted, service.conf)
            most = ledger.most_of_bid(wanted)
            _require_possible(wanted, most, service.terms, now)
            if bid.hold or service.conf.ledger.enforce:
                values['hold'] = most
            changed = bids.change(session, bid, 'changed', now, **values)
            commitments.require_bookable(session, bid.project_id, most)
            before, after = bidding.costs(bid), bidding.costs(changed)
            if limits:
                service.quotas.check(
                    session,
                    bid.project_id,
                    limits,
                    now,
                    **{name: 0 for name in after if after[name] > before[name]},
                )
        return Bid.of(changed)

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel a bid."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            bid = bids.get(session, ident, context)
            transaction.require_current(bid, 'market:bids:cancel')
            bids.move(session, bid, bid_core.Status.CANCELLED, now)


def _changed(bid, values, conf):
    """``bid`` as it is with ``values``, in which alternatives become what they are."""
    values.update(standing_extensions.of_changed_bid(bid, values))
    own = {name: value for name, value in values.items() if name != 'alternatives'}
    wanted = dataclasses.replace(bid, **own)
    if 'alternatives' in values:
        given = alternatives.of(values['alternatives'], wanted, conf)
        values['alternatives'] = given
        wanted = dataclasses.replace(wanted, alternatives=given)
    return wanted


def _require_possible(bid, most, terms, now):
    """Nothing, if servers could be found for ``bid``, at ``most``, some day.

    By any of its alternatives.
    """
    alternatives.checked(
        bid, lambda option: bidding.require_possible(option, terms, now)
    )
    claims.require_bookable(most)


def _require_few_expressions(session, bid, conf):
    """Nothing, if ``bid`` has servers grouped as its project's other bids have.

    :raises Forbidden: it adds expressions to as many as there may be.
    """
    wanted = {row.expressions for row in bid.rectangles} - {()}
    if not wanted:
        return
    most, known = (
        conf.market.max_group_expressions,
        bids.expressions(session, bid.project_id),
    )
    if wanted - known and len(wanted | known) > most:
        raise exceptions.Forbidden(
            f'group_by, spread_by: the open bids of the project would have servers '
            f'grouped by {len(wanted | known)} expressions; at most {most} are allowed '
            '(max_group_expressions)',
            code='flocx.quota',
        )
