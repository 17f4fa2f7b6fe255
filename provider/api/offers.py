# SPDX-License-Identifier: Apache-2.0
"""/v1/offers at the provider: put servers on the market."""

import pecan
from pecan import rest
import wsme
import wsme.types

from flocx import exceptions
from flocx.api import expose
from flocx.api import types
from provider import publishing


class OfferRequest(wsme.types.Base):
    """What an owner says; what the server is, Ironic says."""

    name = types.Text
    resource_type = types.Ident
    resource_uuid = wsme.wsattr(types.Text, mandatory=True)
    lessee_id = types.Ident
    start_time = types.Instant
    end_time = wsme.wsattr(types.Instant, mandatory=True)
    price = types.Price

    def terms(self):
        """What is to be published, as JSON."""
        said = types.plain(self)
        if 'price' not in said:
            if not said.get('lessee_id'):
                raise exceptions.Invalid(
                    'price: missing; only an offer to one project, with lessee_id, is '
                    'for nothing unless it says more'
                )
            said['price'] = '0'
        return said


class Offers(rest.RestController):
    @expose.expose(
        types.Json, body=OfferRequest, status=201, rule='provider:offers:publish'
    )
    def post(self, request):
        """Offer a server; the answer is the market's offer."""
        provider = pecan.request.service
        offer = publishing.publish(
            provider.nodes,
            provider.marketplace,
            pecan.request.context,
            _passed_on('Idempotency-Key'),
            **request.terms(),
        )
        root = pecan.request.script_name
        pecan.response.location = f'{root}/v1/offers/{offer["uuid"]}'
        return offer

    @expose.expose(status=204, rule='provider:offers:withdraw')
    def delete(self, ident):
        """Withdraw an offer."""
        pecan.request.service.marketplace.withdraw(
            pecan.request.context, ident, _passed_on('If-Match')
        )


def _passed_on(name):
    """A header of the request that is the market's to understand, if it is there."""
    value = pecan.request.headers.get(name)
    return {} if value is None else {name: value}
