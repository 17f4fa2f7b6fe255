# SPDX-License-Identifier: Apache-2.0
"""What happens next, to whom, in order."""

import dataclasses
import datetime

from django import urls
from django.utils.translation import gettext as _

from flocx_dashboard import api
from flocx_dashboard import formats


@dataclasses.dataclass(frozen=True, order=True)
class Item:
    """Something that will happen at a moment of the API."""

    moment: datetime.datetime
    time: str
    text: str
    url: str


def open_things(market, own, most):
    """The open contracts, bids and offers of project ``own``, each by what is due.

    An administrator gets everybody's contracts; here they are by role.

    :param most: how many of each.
    """
    found = {
        contract.uuid: contract
        for role in ('renter', 'owner')
        for contract in api.every(
            market.contracts, most, role=role, sort_key='end_time', limit=most
        )
    }
    mine = {'project_id': own, 'sort_key': 'end_time', 'limit': most}
    return (
        sorted(found.values(), key=due),
        api.every(market.bids, most, status='available', **mine),
        api.every(market.offers, most, **mine),
    )


def agenda(contracts, bids, offers, own, now):
    """What will happen to the contracts, bids and offers of project ``own``."""
    items = []
    for contract in contracts:
        items += _of_contract(contract, own)
    for bid in bids:
        items.append(
            _item('bids', bid, bid.end_time, _('Bid %s expires, unless it is matched'))
        )
    for offer in offers:
        items.append(_item('offers', offer, offer.end_time, _('Offer %s ends')))
    return sorted(item for item in items if item.moment >= now)


def due(contract):
    """When something happens to a contract next, an aware moment."""
    waits = contract.status in ('created', 'wait_fulfill')
    return formats.instant(contract.start_time if waits else contract.end_time)


def _of_contract(contract, own):
    rents = contract.project_id == own
    begins = _('Contract %s begins: you get its servers')
    ends = _('Contract %s ends: you give its servers back')
    if not rents:
        begins = _('Contract %s begins: servers of yours are let')
        ends = _('Contract %s ends: servers of yours come back')
    if contract.status in ('created', 'wait_fulfill'):
        yield _item('contracts', contract, contract.start_time, begins)
    yield _item('contracts', contract, contract.end_time, ends)


def _item(panel, thing, time, text):
    return Item(
        formats.instant(time),
        time,
        text % (thing.name or formats.short(thing.uuid)),
        urls.reverse(f'horizon:project:market_{panel}:detail', args=[thing.uuid]),
    )
