# SPDX-License-Identifier: Apache-2.0
"""/v1/offers: servers for a window of time."""

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
from flocx.core import asks
from flocx.core import offer as offer_core
from flocx.core import query
from flocx.core import reclaim
from flocx.core import turnaround as turnaround_core
from flocx.core import window
from market import claims
from market import hardware_changes
from market.api import claims as claims_api
from market.api import hardware
from market.api import transaction
from market.db import maintenances
from market.db import offers
from market.db import servers
from market.db import turnarounds
from market.db import visibility

_TEXT, _STATUS = wsme.types.text, offer_core.Status
_OPTIONAL, _REQUIRED, _NULLABLE = fields.OPTIONAL, fields.REQUIRED, fields.NULLABLE
_Field = fields.Field
#: Seconds.
_NOTICE = types.Integer(0, reclaim.MAX_NOTICE)
_LENGTH = types.Integer(1, offer_core.MAX_LENGTH)
_BLOCK_SIZE = types.Integer(offer_core.MIN_BLOCK, offer_core.MAX_BLOCK)
#: As ``flocx.core.asks`` has them, which says what is wrong with them.
_SCHEDULE = types.Value(
    'ask_schedule',
    {'type': ['array', 'null'], 'description': 'a list of entries'},
    lambda value, field: asks.schedule(value),
)
_FALLS = types.Value(
    'ask_falls',
    {'type': ['object', 'null'], 'description': 'an object of before and price'},
    lambda value, field: asks.falls(value),
)

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    name=_Field(types.Name, _OPTIONAL, _NULLABLE),
    project_id=_Field(_TEXT),
    provider_id=_Field(_TEXT),
    resource_type=_Field(types.Ident, _REQUIRED),
    resource_uuid=_Field(types.Text, _REQUIRED),
    resource_name=_Field(types.Text, _OPTIONAL, filter=None, shown=False, since='1.1'),
    resource_class=_Field(types.Text, _OPTIONAL),
    sublet_of=_Field(types.Ident, _OPTIONAL),
    properties=_Field(types.Object, _REQUIRED, filter=None),
    cleaned_by=_Field(types.Text, _OPTIONAL, since='1.1'),
    lessee_id=_Field(types.Ident, _OPTIONAL, _NULLABLE),
    reclaim_notice=_Field(_NOTICE, _OPTIONAL, _NULLABLE, since='1.1'),
    min_length=_Field(_LENGTH, _OPTIONAL, _NULLABLE, since='1.1'),
    max_length=_Field(_LENGTH, _OPTIONAL, _NULLABLE, since='1.1'),
    block=_Field(types.Name, _OPTIONAL, since='1.1'),
    block_size=_Field(_BLOCK_SIZE, _OPTIONAL, since='1.1'),
    start_time=_Field(types.Instant, _OPTIONAL, sort=True),
    end_time=_Field(types.Instant, _REQUIRED, _OPTIONAL, sort=True),
    price=_Field(types.Price, _REQUIRED, _OPTIONAL, sort=True),
    ask_schedule=_Field(_SCHEDULE, _OPTIONAL, _NULLABLE, filter=None, since='1.1'),
    ask_falls=_Field(_FALLS, _OPTIONAL, _NULLABLE, filter=None, since='1.1'),
    status=_Field(_TEXT, filter=query.one_of([*_STATUS, 'any'])),
    reason=_Field(_TEXT),
    availabilities=_Field(types.Json, filter=None),
    turnaround=_Field(int, filter=None, since='1.1'),
    available_start_time=_Field(types.Instant, shown=False),
    available_end_time=_Field(types.Instant, shown=False),
    requirements=_Field(types.Json, filter=query.json_list, shown=False),
    generation=_Field(types.Integer(1, 2**62), change=_OPTIONAL),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
)
FILTERS, SORT_KEYS = FIELDS.filters(), FIELDS.sort_keys()
OfferRequest = FIELDS.request('OfferRequest')
OfferChange = FIELDS.change('OfferChange')
Offer = FIELDS.answer('Offer')
OfferList = types.collection('offers', Offer)


class OfferHealth(types.Declared):
    """What a provider finds of an offer's server."""

    status = types.required(
        types.Choice(
            [_STATUS.AVAILABLE, _STATUS.ERROR, _STATUS.CANCELLED], cancelled='1.1'
        )
    )
    reason = types.Text


class OfferHardware(types.Declared):
    """What an offer's server is by now."""

    properties = types.required(types.Object)
    resource_class = types.Text
    cleaned_by = types.Text


def from_request(body, context, now, conf):
    """The offer that a provider publishes; the owner is who the user's token says."""
    _require_few_entries(body, conf)
    given = {
        name: value
        for name, value in body.items()
        # What the server is called is nothing of the offer.
        if value is not None and name != 'resource_name'
    }
    offer = offer_core.Offer(
        **{
            'start_time': now,
            **given,
            'uuid': uuidutils.generate_uuid(),
            'project_id': context.project_id,
            'provider_id': context.service_user_id,
            'created_at': now,
            'updated_at': now,
        }
    )
    claims.require_future(offer.window, now)
    offer.require_terms()
    return offer


def _require_few_entries(body, conf):
    """Nothing, if what is asked by the hour has no more entries than are allowed."""
    asks.schedule(body.get('ask_schedule'), conf.market.max_ask_entries)


def shown(context, offer, taken, now):
    """The offer as the caller may see it, with its free windows.

    :param taken: what nobody else gets of its server's time, of :func:`_taken`.
    """
    hidden = () if _insider(context, offer) else visibility.HIDDEN
    if hidden and offer.lessee_id in context.lineage:
        hidden = hidden - {'lessee_id'}
    return Offer.of(
        offer,
        hidden,
        availabilities=[
            [window.text(each.start), window.text(each.end)]
            for each in offers.free(offer, taken.held, now)
        ],
        turnaround=taken.turnaround.seconds(offer.resource_class),
    )


class Health(routing.Resource):
    """/v1/offers/{offer}/health: for the provider that published it."""

    @expose.expose(Offer, body=OfferHealth, rule='market:offers:suspend')
    @db.retried
    def patch(self, ident, body):
        """Suspend an offer, put it back on sale, or end it.

        ``cancelled`` ends it, as its owner has no right to make it any more: with the
        reason owner_changed, what of its contracts has not begun is not delivered.
        """
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            offer = _published_by(session, ident, context)
            reason, status = body.get('reason'), _STATUS(body['status'])
            if status == _STATUS.CANCELLED:
                offer = hardware_changes.end(
                    session,
                    offer,
                    reason,
                    now,
                    turnarounds.current(session, service.terms),
                )
            else:
                offer = offers.change(
                    session,
                    offer,
                    'suspended' if reason else 'resumed',
                    now,
                    status=status,
                    reason=reason,
                )
        return Offer.of(offer)


class Hardware(routing.Resource):
    """/v1/offers/{offer}/hardware: for the provider that published it."""

    @expose.expose(
        Offer, body=OfferHardware, rule='market:offers:republish', since='1.1'
    )
    @db.retried
    def patch(self, ident, body):
        """Publish an offer again with the hardware that its server has by now.

        What is left out the server has not. The parties of each open contract that
        was made of the offer are told what has changed. Where the server is not what
        the bid has asked for any more, the line ends with the reason
        hardware_changed, and another server that the bid could have had takes its
        place.
        """
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            offer = _published_by(session, ident, context)
            offer = hardware_changes.republish(
                session,
                offer,
                {name: body.get(name) for name in hardware_changes.FIELDS},
                now,
                turnarounds.current(session, service.terms),
            )
        return Offer.of(offer)


def _published_by(session, ident, context):
    offer = offers.get(session, ident, context)
    if offer.provider_id != context.provider_id:
        raise exceptions.NotFound(f'Offer {ident} not found')
    return offer


class Offers(routing.Resource):
    claim = claims_api.Claim()
    health = Health()
    hardware = Hardware()

    @expose.expose(
        OfferList, rule='market:offers:list', parameters=FILTERS, sort_keys=SORT_KEYS
    )
    def get_all(self):
        """List offers.

        Available ones, unless ``status`` asks for others. ``start_time`` and
        ``end_time`` without an operator find what overlaps them,
        ``available_start_time`` and ``available_end_time`` what is free then, and
        ``requirements``, JSON in the match language, what has the hardware.
        """
        service, context, now = transaction.request_context()
        asked, special = paging.asked(
            special=('available_start_time', 'available_end_time', 'requirements'),
            default_status=(_STATUS.AVAILABLE,),
        )
        where = ()
        with service.database.reader() as session:
            if special.keys() - {'requirements'}:
                where = offers.free_during(
                    now,
                    special.get('available_start_time', now),
                    special.get('available_end_time'),
                    turnarounds.current(session, service.terms),
                )
            rows = offers.page(
                session, context, asked, where, hardware.suits(service.conf, special)
            )
            taken = _taken(service, session, rows, now)
        return paging.page(
            'offers',
            rows,
            asked.limit,
            lambda offer: shown(context, offer, taken, now),
        )

    @expose.expose(Offer, rule='market:offers:show')
    def get_one(self, ident):
        """Show an offer."""
        service, context, now = transaction.request_context()
        with service.database.reader() as session:
            offer = offers.get(session, ident, context)
            taken = _taken(service, session, [offer], now)
        return shown(context, offer, taken, now)

    @expose.expose(Offer, body=OfferRequest, status=201, rule='market:offers:publish')
    @db.retried
    def post(self, body):
        """Publish an offer.

        Offers with the same ``block``, ``block_size`` of them, are sold only together:
        to who takes all of them for the same time. While some are missing, or differ
        in their terms, nothing of a block is free.
        """
        service, context, now = transaction.request_context()
        offer = from_request(body, context, now, service.conf)
        limits = service.quotas.limits(context)
        with transaction.idempotent('/v1/offers') as creation:
            if creation.answer is None:
                session = creation.session
                service.quotas.check(
                    session, context.project_id, limits, now, open_offers=1
                )
                maintenances.end_of_former_owners(session, [offer], now)
                offer, is_new = offers.add(session, offer, now)
                servers.name_all(session, {offer.server: body.get('resource_name')})
                # Nobody has time of a new server; but a block may not be whole.
                looked_at = [offer] if offer.block or not is_new else []
                taken = _taken(service, session, looked_at, now)
                creation.answer = shown(context, offer, taken, now)
        return creation.answer

    @expose.expose(Offer, body=OfferChange)
    @db.retried
    def patch(self, ident, body):
        """Change an offer's name, asks, end, target, notice or lengths.

        ``reclaim_notice`` is for contracts that are made from now on; those that there
        are keep theirs. So do ``min_length`` and ``max_length``, but that nothing is
        added to a contract that would be longer than ``max_length`` then.
        """
        service, context, now = transaction.request_context()
        values = transaction.changes(body)
        _require_few_entries(values, service.conf)
        with service.database.writer() as session:
            offer = offers.get(session, ident, context)
            transaction.require_current(offer, 'market:offers:change', body)
            offer = offers.reschedule(session, offer, now, **values)
            taken = _taken(service, session, [offer], now)
        return shown(context, offer, taken, now)

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel an offer; its contracts stay.

        Of a block nothing is for sale then, until another server is offered in its
        place.
        """
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            offer = offers.get(session, ident, context)
            transaction.require_current(offer, 'market:offers:cancel')
            offers.change(session, offer, 'cancelled', now, status=_STATUS.CANCELLED)


@dataclasses.dataclass(frozen=True)
class _Taken:
    """The time of servers that nobody else gets, and what stays free around it."""

    held: dict
    turnaround: turnaround_core.Turnaround


def _taken(service, session, wanted, now):
    turnaround = turnarounds.current(session, service.terms)
    held = offers.held(session, wanted, now, turnaround) if wanted else {}
    return _Taken(held, turnaround)


def _insider(context, offer):
    return (
        offer.project_id == context.project_id
        or offer.provider_id == context.provider_id
        or context.is_admin
    )
