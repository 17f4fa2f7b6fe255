# SPDX-License-Identifier: Apache-2.0
"""Offers as esi-leap's API makes and ends them, in the marketplace's database."""

import decimal

from oslo_utils import uuidutils

from flocx import db
from flocx.core import offer as core
from flocx.core import window
from lease import ending
from lease import statuses
from market import claims
from market.db import leases
from market.db import maintenances
from market.db import offers
from market.db import servers


def draft(service, context, now, body, price):
    """The offer that a caller wants to make, which is not stored yet.

    And what its server is called.

    :param body: what the request says: ``resource_uuid`` and, each of which may be
        missing, ``resource_type``, ``name``, ``lessee_id``, ``start_time`` and
        ``end_time``.
    :raises NotFound: the caller neither owns nor leases such a server.
    :raises Conflict: it cannot be offered now.
    :raises Invalid: the end is past, or not after the start.
    """
    terms = {name: value for name, value in body.items() if value is not None}
    # What was "now" when the caller wrote it is past when it arrives.
    start = max(terms.pop('start_time', now), now)
    end = terms.pop('end_time', window.OPEN_END)
    claims.require_future(window.Window(start, end), now)
    _, document = service.publishing.draft(
        context,
        terms.pop('resource_uuid'),
        terms.pop('resource_type', None),
        **terms,
        start_time=window.text(start),
        end_time=window.text(end),
    )
    stored = {
        'reclaim_notice': service.conf.lease.reclaim_notice,
        'start_time': start,
        'end_time': end,
        'price': decimal.Decimal(price),
        'uuid': uuidutils.generate_uuid(),
        'project_id': context.project_id,
        'provider_id': service.provider_id,
        'created_at': now,
        'updated_at': now,
    }
    name = document.pop('resource_name', None)
    return core.Offer(**{**document, **stored}), name


def publish(service, context, now, body):
    """Offer a server; return the offer.

    :raises Conflict: another open offer of the server has some of the time.
    """
    offer, name = draft(service, context, now, body, service.conf.lease.price)
    limits = service.market.quotas.limits(context)
    return _publish(service, offer, name, limits, now)


@db.retried
def _publish(service, offer, name, limits, now):
    with service.database.writer() as session:
        service.market.quotas.check(
            session, offer.project_id, limits, now, open_offers=1
        )
        maintenances.end_of_former_owners(session, [offer], now)
        offer, _ = offers.add(session, offer, now)
        servers.name_all(session, {offer.server: name})
        return offer


@db.retried
def delete(service, context, reader, ident, now):
    """End an offer and, as in esi-leap, the leases that were made from it.

    :raises Conflict: it was agreed that one of these is not ended; nothing is changed.
    :raises Forbidden: it is another project's.
    """
    terms = service.market.terms
    with service.database.writer() as session:
        offer = leases.offer(
            session,
            ident,
            reader,
            service.provider_id,
            statuses.offers(statuses.OFFER_CAN_DELETE),
        )
        service.policy.authorize(
            context, 'lease:offers:delete', {'project_id': offer.project_id}
        )
        cancelled = core.Status.CANCELLED
        offers.change(session, offer, 'cancelled', now, status=cancelled)
        ending.of_offer(session, context, offer, now, terms)
