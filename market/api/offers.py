# SPDX-License-Identifier: Apache-2.0
"""/v1/offers: servers for a window of time."""

from oslo_utils import uuidutils
from pecan import rest
import wsme
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import paging
from flocx.api import types
from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import query
from flocx.core import window
from market import claims
from market.api import claims as claims_api
from market.api import hardware
from market.api import transaction
from market.db import offers
from market.db import visibility

FILTERS = {
    'uuid': query.text,
    'name': query.text,
    'project_id': query.text,
    'lessee_id': query.text,
    'provider_id': query.text,
    'resource_type': query.text,
    'resource_uuid': query.text,
    'resource_class': query.text,
    'sublet_of': query.text,
    'status': query.one_of([*offer_core.Status, 'any']),
    'reason': query.text,
    'generation': query.integer,
    'price': money.price,
    'start_time': window.instant,
    'end_time': window.instant,
    'available_start_time': window.instant,
    'available_end_time': window.instant,
    'requirements': query.json_list,
    'created_at': window.instant,
    'updated_at': window.instant,
}
SORT_KEYS = ('created_at', 'price', 'start_time', 'end_time', 'updated_at', 'uuid')


class OfferRequest(types.Declared):
    """What a provider publishes; the owner is who the user's token says."""

    name = types.Text
    resource_type = wsme.wsattr(types.Ident, mandatory=True)
    resource_uuid = wsme.wsattr(types.Text, mandatory=True)
    resource_class = types.Text
    sublet_of = types.Ident
    properties = wsme.wsattr(types.Object, mandatory=True)
    lessee_id = types.Ident
    start_time = types.Instant
    end_time = wsme.wsattr(types.Instant, mandatory=True)
    price = wsme.wsattr(types.Price, mandatory=True)

    def to_offer(self, context, now):
        given = {
            name: value
            for name, value in types.given(self).items()
            if value is not None
        }
        offer = offer_core.Offer(
            **{
                'start_time': now.replace(microsecond=0),
                **given,
                'uuid': uuidutils.generate_uuid(),
                'project_id': context.project_id,
                'provider_id': context.service_user_id,
                'created_at': now,
                'updated_at': now,
            }
        )
        claims.require_future(offer.window, now)
        return offer


class OfferChange(types.Declared):
    """What an owner changes of an offer; what is left out stays."""

    name = types.Text
    price = types.Price
    end_time = types.Instant
    lessee_id = types.Ident
    generation = types.Integer(1, 2**62)

    def values(self):
        return types.changes(self, nullable=('name', 'lessee_id'))


class OfferHealth(types.Declared):
    """What a provider finds of an offer's server."""

    status = wsme.types.wsattr(
        wsme.types.Enum(str, offer_core.Status.AVAILABLE, offer_core.Status.ERROR),
        mandatory=True,
    )
    reason = types.Text


class Offer(types.Answer):
    uuid = wsme.types.text
    name = wsme.types.text
    project_id = wsme.types.text
    provider_id = wsme.types.text
    resource_type = wsme.types.text
    resource_uuid = wsme.types.text
    resource_class = wsme.types.text
    sublet_of = wsme.types.text
    properties = types.Json
    lessee_id = wsme.types.text
    start_time = types.Instant
    end_time = types.Instant
    price = types.Price
    status = wsme.types.text
    reason = wsme.types.text
    availabilities = types.Json
    generation = int
    created_at = types.Instant
    updated_at = types.Instant

    @classmethod
    def shown_to(cls, context, offer, free):
        """The offer as the caller may see it, with its ``free`` windows."""
        hidden = {}
        if not _insider(context, offer):
            hidden = dict.fromkeys(visibility.HIDDEN, wsme.Unset)
            if offer.lessee_id in context.lineage:
                del hidden['lessee_id']
        return cls.of(
            offer,
            availabilities=[
                [window.text(each.start), window.text(each.end)] for each in free
            ],
            **hidden,
        )


OfferList = types.collection('offers', Offer)


class Health(rest.RestController):
    """/v1/offers/{offer}/health: for the provider that published it."""

    @expose.expose(Offer, body=OfferHealth, rule='market:offers:suspend')
    @db.retried
    def patch(self, ident, health):
        """Suspend an offer, or put it back on sale."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            offer = offers.get(session, ident, context)
            if offer.provider_id != context.provider_id:
                raise exceptions.NotFound(f'Offer {ident} not found')
            offer = offers.change(
                session,
                offer,
                'suspended' if health.reason else 'resumed',
                now,
                status=offer_core.Status(health.status),
                reason=health.reason or None,
            )
        return Offer.of(offer)


class Offers(rest.RestController):
    claim = claims_api.Claim()
    health = Health()

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
            FILTERS,
            SORT_KEYS,
            special=('available_start_time', 'available_end_time', 'requirements'),
            default_status=(offer_core.Status.AVAILABLE,),
        )
        where = ()
        if special.keys() - {'requirements'}:
            where = offers.free_during(
                now,
                special.get('available_start_time', now),
                special.get('available_end_time'),
                service.terms.turnaround,
            )
        with service.database.reader() as session:
            rows = offers.page(
                session, context, asked, where, hardware.suits(service.conf, special)
            )
            taken = _taken(service, session, rows, now)
        return paging.page(
            OfferList,
            'offers',
            rows,
            asked.limit,
            lambda offer: Offer.shown_to(
                context, offer, offers.free(offer, taken, now)
            ),
        )

    @expose.expose(Offer, rule='market:offers:show')
    def get_one(self, ident):
        """Show an offer."""
        service, context, now = transaction.request_context()
        with service.database.reader() as session:
            offer = offers.get(session, ident, context)
            taken = _taken(service, session, [offer], now)
        answer = Offer.shown_to(context, offer, offers.free(offer, taken, now))
        transaction.etag(answer)
        return answer

    @expose.expose(Offer, body=OfferRequest, status=201, rule='market:offers:publish')
    def post(self, request):
        """Publish an offer."""
        service, context, now = transaction.request_context()
        offer = request.to_offer(context, now)
        limits = service.quotas.limits(context.project_id)

        def publish(session):
            service.quotas.check(
                session, context.project_id, limits, now, open_offers=1
            )
            fresh = offers.add(session, offer, now)
            taken = {} if fresh else _taken(service, session, [offer], now)
            free = offers.free(offer, taken, now)
            return Offer.shown_to(context, offer, free)

        return transaction.idempotent(Offer, '/v1/offers', publish)

    @expose.expose(Offer, body=OfferChange)
    @db.retried
    def patch(self, ident, change):
        """Change an offer's name, price, end or target."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            offer = offers.get(session, ident, context)
            service.policy.authorize(
                context, 'market:offers:change', {'project_id': offer.project_id}
            )
            transaction.check_if_match('Offer', offer, change.generation or None)
            offer = offers.reschedule(session, offer, now, **change.values())
            taken = _taken(service, session, [offer], now)
        answer = Offer.shown_to(context, offer, offers.free(offer, taken, now))
        transaction.etag(answer)
        return answer

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel an offer; its contracts stay."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            offer = offers.get(session, ident, context)
            service.policy.authorize(
                context, 'market:offers:cancel', {'project_id': offer.project_id}
            )
            transaction.check_if_match('Offer', offer)
            offers.change(
                session, offer, 'cancelled', now, status=offer_core.Status.CANCELLED
            )


def _taken(service, session, wanted, now):
    return offers.held(session, wanted, now, service.terms.turnaround)


def _insider(context, offer):
    return (
        context.is_admin
        or offer.project_id == context.project_id
        or offer.provider_id == context.provider_id
    )
