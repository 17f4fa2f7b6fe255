# SPDX-License-Identifier: Apache-2.0
"""/v1/offers: servers for a window of time."""

from oslo_utils import uuidutils
import pecan
from pecan import rest
import wsme
import wsme.types

from flocx import db
from flocx.api import expose
from flocx.api import paging
from flocx.api import types
from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import query
from flocx.core import window
from market import claims
from market.api import contracts as contracts_api
from market.db import contracts
from market.db import offers

FILTERS = {
    'uuid': query.text,
    'name': query.text,
    'project_id': query.text,
    'lessee_id': query.text,
    'resource_type': query.text,
    'resource_uuid': query.text,
    'resource_class': query.text,
    'status': query.one_of([*offer_core.Status, 'any']),
    'price': money.price,
    'start_time': window.instant,
    'end_time': window.instant,
    'available_start_time': window.instant,
    'available_end_time': window.instant,
    'created_at': window.instant,
    'updated_at': window.instant,
}
SORT_KEYS = ('created_at', 'price', 'start_time', 'end_time', 'updated_at', 'uuid')


#: What only the owner, the provider and the operator are shown.
_PRIVATE = ('provider_id', 'resource_uuid', 'lessee_id', 'reason', 'generation')


class OfferRequest(wsme.types.Base):
    """What a provider publishes; the owner is who the user's token says."""

    name = types.Text
    resource_type = wsme.wsattr(types.Ident, mandatory=True)
    resource_uuid = wsme.wsattr(types.Text, mandatory=True)
    resource_class = types.Text
    properties = wsme.wsattr(types.Json, mandatory=True)
    lessee_id = types.Ident
    start_time = types.Instant
    end_time = wsme.wsattr(types.Instant, mandatory=True)
    price = wsme.wsattr(types.Price, mandatory=True)

    def to_offer(self, context, now):
        given = {
            attribute.name: getattr(self, attribute.name)
            for attribute in wsme.types.list_attributes(type(self))
            if getattr(self, attribute.name) not in (wsme.Unset, None)
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


class ClaimRequest(wsme.types.Base):
    """When, of the offer's free time; by default from now to its end."""

    name = types.Text
    purpose = types.Text
    start_time = types.Instant
    end_time = types.Instant


class Offer(types.Answer):
    uuid = wsme.types.text
    name = wsme.types.text
    project_id = wsme.types.text
    provider_id = wsme.types.text
    resource_type = wsme.types.text
    resource_uuid = wsme.types.text
    resource_class = wsme.types.text
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
        hidden = {} if _insider(context, offer) else dict.fromkeys(_PRIVATE, wsme.Unset)
        if offer.lessee_id in context.lineage:
            hidden.pop('lessee_id', None)
        return cls.of(
            offer,
            availabilities=[
                [window.text(each.start), window.text(each.end)] for each in free
            ],
            **hidden,
        )


OfferList = types.collection('offers', Offer)


class Offers(rest.RestController):
    _custom_actions = {'claim': ['POST']}

    @expose.expose(OfferList, rule='market:offers:list')
    def get_all(self):
        """List offers; ``status`` is available unless it is asked for."""
        service, context, now = _here()
        asked, special = paging.asked(
            FILTERS,
            SORT_KEYS,
            special=('available_start_time', 'available_end_time'),
            default_status=(offer_core.Status.AVAILABLE,),
        )
        with service.database.reader() as session:
            rows = offers.page(
                session,
                context,
                asked,
                offers.free_during(
                    special.get('available_start_time', now),
                    special.get('available_end_time'),
                )
                if special
                else (),
            )
            taken = offers.held(session, rows, now)
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
        service, context, now = _here()
        with service.database.reader() as session:
            offer = offers.get(session, ident, context)
            taken = offers.held(session, [offer], now)
        return Offer.shown_to(context, offer, offers.free(offer, taken, now))

    @expose.expose(Offer, body=OfferRequest, status=201, rule='market:offers:publish')
    @db.retried
    def post(self, request):
        """Publish an offer."""
        service, context, now = _here()
        offer = request.to_offer(context, now)
        with service.database.writer() as session:
            offers.add(session, offer, now)
            taken = offers.held(session, [offer], now)
        answer = Offer.of(
            offer,
            availabilities=[
                [window.text(each.start), window.text(each.end)]
                for each in offers.free(offer, taken, now)
            ],
        )
        service.matcher.offer_changed(context, types.plain(answer))
        pecan.response.location = f'/v1/offers/{offer.uuid}'
        return answer

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel an offer."""
        service, context, now = _here()
        with service.database.writer() as session:
            offer = offers.get(session, ident, context)
            service.policy.authorize(
                context, 'market:offers:cancel', {'project_id': offer.project_id}
            )
            offer = offers.change(
                session, offer, 'cancelled', now, status=offer_core.Status.CANCELLED
            )
        service.matcher.offer_changed(context, types.plain(Offer.of(offer)))

    @expose.expose(
        contracts_api.Contract,
        body=ClaimRequest,
        status=201,
        rule='market:offers:claim',
    )
    @db.retried
    def claim(self, ident, request):
        """Claim the server of an offer, at the asked price."""
        service, context, now = _here()
        with service.database.writer() as session:
            offer = offers.get(session, ident, context)
            free = offers.free(offer, offers.held(session, [offer], now), now)
            contract = claims.contract(
                offer,
                free,
                context,
                now,
                start=request.start_time or None,
                end=request.end_time or None,
                name=request.name or None,
                purpose=request.purpose or None,
            )
            contracts.write(session, contract, {offer.uuid: offer.generation}, now)
        service.providers.contract_changed(context, contract)
        pecan.response.location = f'/v1/contracts/{contract.uuid}'
        return contracts_api.Contract.of(contract)


def _here():
    return pecan.request.service, pecan.request.context, pecan.request.now


def _insider(context, offer):
    return (
        context.is_admin
        or offer.project_id == context.project_id
        or offer.provider_id == context.provider_id
    )
