# SPDX-License-Identifier: Apache-2.0
"""The feed of events, in words."""

import collections
import dataclasses

from django import urls
from django.utils.translation import gettext_lazy as _

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import names

TITLES = {
    'offer.published': _('Offer published'),
    'offer.changed': _('Offer changed'),
    'offer.suspended': _('Offer suspended'),
    'offer.resumed': _('Offer back on sale'),
    'offer.cancelled': _('Offer withdrawn'),
    'offer.expired': _('Offer expired'),
    'bid.placed': _('Bid placed'),
    'bid.changed': _('Bid changed'),
    'bid.matched': _('Bid matched'),
    'bid.expired': _('Bid expired'),
    'bid.cancelled': _('Bid cancelled'),
    'contract.created': _('Contract made'),
    'contract.changed': _('Contract changed'),
    'contract.active': _('Servers handed over'),
    'contract.wait_fulfill': _('Waiting for the servers'),
    'contract.wait_end': _('Waiting for the return of the servers'),
    'contract.wait_cancel': _('Waiting for the cancellation'),
    'contract.ended': _('Contract ended'),
    'contract.cancelled': _('Contract cancelled'),
    'contract.error': _('Contract in trouble'),
}
PANELS = {
    'offer': 'horizon:project:market_offers:detail',
    'bid': 'horizon:project:market_bids:detail',
    'contract': 'horizon:project:market_contracts:detail',
}
#: How many events are looked through for the last ones.
MOST = 2000


@dataclasses.dataclass(frozen=True)
class Told:
    """An event as a person reads it."""

    id: int
    time: str
    title: str
    detail: str
    url: str | None = None


def told(event):
    """An event of the SDK in words."""
    view = PANELS.get(event.object_type)
    return Told(
        event.id,
        event.time,
        TITLES.get(event.type, event.type),
        _detail(event),
        view and urls.reverse(view, args=[event.object_uuid]),
    )


def last(request, count, **query):
    """The last ``count`` events that the query finds, the newest first."""
    found = api.every(api.market(request).events, MOST, limit=500, **query)
    return [told(event) for event in collections.deque(found, count)][::-1]


def _detail(event):
    payload = event.payload or {}
    parts = [payload.get('name') or formats.short(event.object_uuid)]
    if event.object_type == 'contract':
        parts.append(_side(event))
    if payload.get('status'):
        parts.append(str(names.status(payload['status'])))
    if payload.get('reason'):
        parts.append(payload['reason'])
    return ', '.join(map(str, parts))


def _side(event):
    return _('for servers of yours') if event.owner_id else _('by which you rent')
