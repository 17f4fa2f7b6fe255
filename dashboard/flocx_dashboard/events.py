# SPDX-License-Identifier: Apache-2.0
"""The feed of events, in words."""

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
    'offer.republished': _('Hardware of an offer changed'),
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
    'contract.hardware_changed': _('Hardware of a server changed'),
    'contract.released': _('Servers released'),
    'contract.replaced': _('Another server found'),
    'contract.not_extended': _('Contract not extended'),
    'contract.reclaiming': _('Servers reclaimed by their owner'),
    'contract.displaced': _('Displaced by a firm bid'),
    'contract.maintenance_announced': _('Outage planned'),
    'contract.maintenance_cancelled': _('Planned outage called off'),
    'offer.maintenance_announced': _('Outage planned'),
    'offer.maintenance_cancelled': _('Planned outage called off'),
    'standing_demand.created': _('Servers are to be held'),
    'standing_demand.changed': _('Servers to be held changed'),
    'standing_demand.refused': _('Nothing more is bought'),
    'standing_demand.ended': _('Servers are held no longer'),
    'account.credited': _('Credits received'),
    'account.changed': _('Overdraft changed'),
    'account.low': _('Credits run low'),
    'account.exhausted': _('Credits are spent'),
    'dispute.opened': _('Bill disputed'),
    'dispute.accepted': _('Dispute accepted'),
    'dispute.rejected': _('Dispute rejected'),
}
PANELS = {
    'offer': 'horizon:project:market_offers:detail',
    'bid': 'horizon:project:market_bids:detail',
    'contract': 'horizon:project:market_contracts:detail',
}


@dataclasses.dataclass(frozen=True)
class Description:
    """An event as a person reads it."""

    id: int
    time: str
    title: str
    detail: str
    url: str | None = None
    is_new: bool = False


def description(event, is_new=False):
    """An event of the SDK in words."""
    view = PANELS.get(event.object_type)
    return Description(
        event.id,
        event.time,
        TITLES.get(event.type, event.type),
        _detail(event),
        view and urls.reverse(view, args=[event.object_uuid]),
        is_new,
    )


def of_object(request, object_type, uuid, count):
    """The last ``count`` events of an offer, bid or contract, the newest first."""
    query = {'object_type': object_type, 'object_uuid': uuid}
    return _describe(_last(request, count, **query))


def of_server(request, uuid, count):
    """The last ``count`` events of a server, the newest first."""
    return _describe(_last(request, count, resource_uuid=uuid))


def recent(request, count):
    """The last ``count`` events of one's own project, the newest first."""
    return _describe(newest(request, count))


def newest(request, count, **query):
    """The last ``count`` events of one's own project that a query finds.

    An administrator may see everybody's, and is shown these here.
    """
    found = {
        event.id: event
        for of_project in own(request)
        for event in _last(request, count, **of_project, **query)
    }
    return sorted(found.values(), key=lambda event: -event.id)[:count]


def own(request):
    """The queries that find what concerns the user's own project.

    Others than an administrator are shown nothing else.
    """
    if not request.user.has_perm('openstack.roles.admin'):
        return [{}]
    project = request.user.project_id
    return [{'project_id': project}, {'owner_id': project}]


def _last(request, count, **query):
    """The last ``count`` events that a query finds, the newest first."""
    return api.call(api.market(request).latest_events, count, **query)


def _describe(found):
    return [description(event) for event in found]


def _detail(event):
    payload = event.payload or {}
    parts = [payload.get('name') or formats.short(event.object_uuid)]
    if event.object_type == 'contract':
        parts.append(_side(event))
    if payload.get('status'):
        parts.append(str(names.status(payload['status'])))
    if payload.get('reason'):
        parts.append(payload['reason'])
    if event.type in ('contract.reclaiming', 'contract.displaced'):
        parts.append(_deadline(payload))
    if payload.get('maintenance'):
        parts.append(_outage(payload['maintenance']))
    return ', '.join(map(str, parts))


def _outage(maintenance):
    """When a planned outage is, and why."""
    words = _('from %(start)s to %(end)s') % {
        'start': formats.moment(maintenance['start_time']),
        'end': formats.moment(maintenance['end_time']),
    }
    return ', '.join(filter(None, (words, maintenance['reason'])))


def _deadline(payload):
    """Until when the renter keeps what is reclaimed."""
    last = max(line['reclaim_deadline'] for line in payload['lines'])
    return _('until %s') % formats.moment(last)


def _side(event):
    return _('for servers of yours') if event.owner_id else _('by which you rent')
