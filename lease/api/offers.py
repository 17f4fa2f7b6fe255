# SPDX-License-Identifier: Apache-2.0
"""/v1/offers of esi-leap."""

import pecan

from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.core import query
from lease import leasing
from lease import offering
from lease import statuses
from lease.api import fields
from market.db import leases
from market.db import offers
from market.db import turnarounds

_PARAMETERS = {
    'project_id': fields.named,
    'resource_type': query.text,
    'resource_class': query.text,
    'resource_uuid': fields.named,
    'start_time': fields.Time.parse,
    'end_time': fields.Time.parse,
    'available_start_time': fields.Time.parse,
    'available_end_time': fields.Time.parse,
    'status': query.one_of([*statuses.Status, 'any']),
    # What the command line sends besides, and esi-leap refuses.
    'lessee_id': fields.named,
    'name': query.text,
}


class Claim(routing.Resource):
    """/v1/offers/{offer}/claim of esi-leap."""

    @expose.expose(
        fields.Lease,
        body=fields.ClaimRequest,
        status=201,
        rule='lease:offers:claim',
    )
    def post(self, ident, body):
        """Lease the server of an offer.

        From now, unless it says otherwise, and to the end of what is free, for a week
        at most.
        """
        service, context, reader, now = fields.request_context()
        done = leasing.claim(service, context, reader, ident, body, now)
        return fields.shown_leases(service, [done], now)[0]


class Offers(routing.Resource):
    claim = Claim()

    @expose.expose(fields.OfferList, rule='lease:offers:list', parameters=_PARAMETERS)
    def get_all(self):
        """List the offers of the site.

        Those that are available or in error, unless ``status`` asks for others.
        ``start_time`` and ``end_time`` find offers of all of that time,
        ``available_start_time`` and ``available_end_time`` those that are free then.
        """
        service, _, reader, now = fields.request_context()
        values = paging.values()
        wanted = _statuses(values.pop('status', None))
        where = []
        around = fields.period(values, 'start_time', 'end_time', 'offers')
        free = fields.period(
            values, 'available_start_time', 'available_end_time', 'offers'
        )
        if around:
            where += leases.around(*around)
        fields.find(service.directory, values)
        resource_class = values.pop('resource_class', None)
        if resource_class:
            where.append(leases.offers_of_class(resource_class))
        filters = fields.columns(values)
        if wanted:
            ours = tuple(sorted(statuses.offers(wanted)))
            filters += (('status', 'in', ours),)
        with service.database.reader() as session:
            if free:
                turnaround = turnarounds.current(session, service.market.terms)
                where += offers.free_during(now, *free, turnaround)
            found = leases.offers(session, reader, service.provider_id, filters, where)
            shown = fields.shown_offers(service, session, found, now)
            return {'offers': fields.of_class(shown, resource_class)}

    @expose.expose(fields.Offer, rule='lease:offers:show')
    def get_one(self, ident):
        """Show an offer."""
        service, _, reader, now = fields.request_context()
        with service.database.reader() as session:
            found = leases.offer(session, ident, reader, service.provider_id)
            return fields.shown_offers(service, session, [found], now)[0]

    @expose.expose(
        fields.Offer,
        body=fields.OfferRequest,
        status=201,
        rule='lease:offers:create',
    )
    def post(self, body):
        """Offer a server that the project owns or leases."""
        service, context, _, now = fields.request_context()
        body = {name: value for name, value in body.items() if name != 'properties'}
        if body.get('lessee_id'):
            body['lessee_id'] = service.directory.project_id(body['lessee_id'])
        offer = offering.publish(service, context, now, body)
        with service.database.reader() as session:
            return fields.shown_offers(service, session, [offer], now)[0]

    @expose.expose(status=200)
    def delete(self, ident):
        """Delete an offer, and end the leases that were made from it."""
        service, context, reader, now = fields.request_context()
        offering.delete(service, context, reader, ident, now)
        return pecan.Response(json_body=None)


def _statuses(asked):
    """The statuses of esi-leap that a list is to show; None for all."""
    if asked == 'any':
        return None
    return {statuses.Status(asked)} if asked else statuses.OFFERS_SHOWN
