# SPDX-License-Identifier: Apache-2.0
"""/v1/publications: many offers at once, each stored or refused by itself."""

import hashlib
import json

import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from market.api import offers as offers_api
from market.api import transaction
from market.db import idempotency
from market.db import maintenances
from market.db import offers
from market.db import servers

#: The most offers that one request may have.
MAX_OFFERS = 1000

_OTHER_TERMS = exceptions.Unprocessable(
    'Idempotency-Key: it was used to offer this server on other terms'
)


class Publication(types.Declared):
    """What became of one offer: its uuid, or the error that it was refused with."""

    resource_uuid = wsme.types.text
    offer_uuid = wsme.types.text
    error = types.Json


class PublicationList(types.Declared):
    publications = [Publication]


class PublicationRequest(types.Declared):
    offers = types.required([offers_api.OfferRequest])


class Publications(routing.Resource):
    @expose.expose(
        PublicationList,
        body=PublicationRequest,
        status=201,
        rule='market:publications:create',
    )
    def post(self, body):
        """Publish up to 1,000 offers; the answer says what became of each.

        One that is refused does not keep the others from being stored. With an
        Idempotency-Key each server is offered once however often the request is
        sent: what was stored is answered again, what was refused is tried again.
        """
        service, context, now = transaction.request_context()
        requests = body['offers']
        if len(requests) > MAX_OFFERS:
            raise exceptions.Invalid(
                f'offers: {len(requests)} exceed {MAX_OFFERS}; send them in parts'
            )
        batch = _Batch(requests, context, now, service.conf)
        _store(batch, service.quotas.limits(context))
        return {'publications': batch.outcomes}


class _Batch:
    """The offers of one request with their keys, and what becomes of each."""

    def __init__(self, requests, context, now, conf):
        key = transaction.key()
        self.outcomes = [
            {
                'resource_uuid': request['resource_uuid'],
                'offer_uuid': None,
                'error': None,
            }
            for request in requests
        ]
        #: By their place in the request, those that make sense.
        self.drafts, self.keys, self.names = {}, {}, {}
        for place, request in enumerate(requests):
            try:
                self.drafts[place] = offers_api.from_request(
                    request, context, now, conf
                )
            except exceptions.Invalid as error:
                self.refuse(place, error)
            else:
                self.keys[place] = _fingerprints(key, request)
                self.names[place] = request.get('resource_name')

    def refuse(self, place, error):
        self.outcomes[place]['error'] = {
            'status': error.status,
            'code': error.code,
            'detail': str(error),
        }

    def settle(self, known):
        """Answer what was answered before; return the places of the others.

        :param known: {key: (fingerprint, answer)}.
        """
        left, seen = [], set()
        for place in self.drafts:
            # Nothing is left of an attempt that lost against another transaction.
            self.outcomes[place].update(offer_uuid=None, error=None)
            key, fingerprint = self.keys[place]
            known_fingerprint, answer = known.get(key, (None, None))
            if key in seen or known_fingerprint not in (None, fingerprint):
                self.refuse(place, _OTHER_TERMS)
            elif known_fingerprint is None:
                left.append(place)
                seen.update({key} - {None})
            else:
                self.outcomes[place].update(answer)
        return left


def _fingerprints(key, request):
    """The key of one offer, None without any, and what it stands for.

    What the hardware is may have been read anew; it is no other request for that.
    """
    if key is None:
        return None, None
    terms = types.plain(offers_api.OfferRequest, request)
    for name in ('properties', 'cleaned_by', 'resource_name'):
        terms.pop(name, None)
    one = f'{key}\n{request["resource_uuid"]}'
    return _digest(one), _digest(json.dumps(terms, sort_keys=True))


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


@db.retried
def _store(batch, limits):
    """Store what can be."""
    if not batch.drafts:
        return
    service, context, now = transaction.request_context()
    with service.database.writer() as session:
        # Before the keys are looked up: who sends the same request waits here.
        servers.lock(session, {offer.server for offer in batch.drafts.values()})
        keys = {key for key, _ in batch.keys.values() if key}
        left = batch.settle(idempotency.known(session, context.project_id, keys))
        if not left:
            return
        service.quotas.check(
            session, context.project_id, limits, now, open_offers=len(left)
        )
        drafts = [batch.drafts[place] for place in left]
        maintenances.end_of_former_owners(session, drafts, now)
        refused = offers.add_all(session, drafts, now)
        servers.name_all(
            session, {batch.drafts[p].server: batch.names[p] for p in left}
        )
        answers = {}
        for place in left:
            offer = batch.drafts[place]
            if offer.uuid in refused:
                batch.refuse(place, refused[offer.uuid])
            else:
                answers[batch.keys[place]] = {'offer_uuid': offer.uuid}
                batch.outcomes[place].update(offer_uuid=offer.uuid)
        if keys:
            idempotency.remember(session, context.project_id, answers, now)
