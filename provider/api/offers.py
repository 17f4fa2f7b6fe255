# SPDX-License-Identifier: Apache-2.0
"""/v1/offers at the provider: put servers on the market."""

import pecan

from flocx import exceptions
from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from flocx.core import offer
from flocx.core import reclaim
from provider import publishing

_MANY = ('nodes', 'query')


class NodeQuery(types.Declared):
    """Which of the caller's servers: all that meet what is said here.

    With ``rented`` those that they rent, to sub-let them, and else those that they own.
    """

    resource_class = types.Text
    traits = types.Field([types.Text])
    requirements = types.Json
    rented = bool


class OfferRequest(types.Declared):
    """What an owner says; what the server is, Ironic says.

    ``resource_uuid`` names one server, ``nodes`` several, and ``query`` finds them.
    """

    name = types.Name
    resource_type = types.Ident
    resource_uuid = types.Identifier
    nodes = types.Field([types.Text])
    query = NodeQuery
    lessee_id = types.Ident
    reclaim_notice = types.Field(types.Integer(0, reclaim.MAX_NOTICE), since='1.1')
    min_length = types.Field(types.Integer(1, offer.MAX_LENGTH), since='1.1')
    max_length = types.Field(types.Integer(1, offer.MAX_LENGTH), since='1.1')
    block = types.Field(types.Name, since='1.1')
    block_size = types.Field(
        types.Integer(offer.MIN_BLOCK, offer.MAX_BLOCK), since='1.1'
    )
    start_time = types.Instant
    end_time = types.required(types.Instant)
    price = types.Price
    # What is wrong with these the market says.
    ask_schedule = types.Field(types.Json, since='1.1')
    ask_falls = types.Field(types.Json, since='1.1')


def _terms(body):
    """What is to be published, as JSON, and how the servers are named."""
    terms = {
        name: value
        for name, value in types.plain(OfferRequest, body).items()
        if value is not None
    }
    ways = [name for name in ('resource_uuid', *_MANY) if name in terms]
    if len(ways) != 1:
        raise exceptions.Invalid(
            f'{" and ".join(ways) or "resource_uuid"}: exactly one of resource_uuid, '
            'nodes and query is expected'
        )
    if not terms[ways[0]] and ways[0] in _MANY:
        raise exceptions.Invalid(f'{ways[0]}: names no server')
    if 'price' not in terms:
        if not terms.get('lessee_id'):
            raise exceptions.Invalid(
                'price: missing; only an offer to one project, with lessee_id, is for '
                'nothing unless it says more'
            )
        terms['price'] = '0'
    return terms, ways[0]


class Offers(routing.Resource):
    @expose.expose(
        types.Json, body=OfferRequest, status=201, rule='provider:offers:publish'
    )
    def post(self, body):
        """Offer a server, or many on the same terms.

        For one server, ``resource_uuid``, the answer is the market's offer. For many,
        up to 1,000, which ``nodes`` names or ``query`` finds, it is a list of
        ``publications``: for each server ``resource_uuid``, ``name`` and either
        ``offer_uuid`` or ``error``. What is refused does not keep the others away.
        With ``block`` many are sold only together, and ``block_size`` is how many they
        are, unless it says more.
        With an Idempotency-Key no server is offered twice.
        """
        provider, context = pecan.request.service, pecan.request.context
        terms, way = _terms(body)
        key = passed_on('Idempotency-Key')
        publisher = publishing.Publishing(
            provider.conf.provider, provider.nodes, provider.marketplace
        )
        if way in _MANY:
            offer = {'nodes': publisher.named, 'query': publisher.alike}[way]
            done = offer(context, key, terms.pop(way), **terms)
            return {'publications': [each.plain() for each in done]}
        offer = publisher.one(context, key, **terms)
        root = pecan.request.script_name
        pecan.response.location = f'{root}/v1/offers/{offer["uuid"]}'
        return offer

    @expose.expose(status=204, rule='provider:offers:withdraw')
    def delete(self, ident):
        """Withdraw an offer."""
        pecan.request.service.marketplace.withdraw(
            pecan.request.context, ident, passed_on('If-Match')
        )


def passed_on(name):
    """A header of the request that is the market's to understand, if it is there."""
    value = pecan.request.headers.get(name)
    return {} if value is None else {name: value}
