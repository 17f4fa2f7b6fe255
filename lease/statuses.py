# SPDX-License-Identifier: Apache-2.0
"""The statuses of esi-leap, and what of ours they are. Pure."""

import enum

from flocx.core import contract
from flocx.core import offer

_L, _O, _R = contract.Status, offer.Status, contract.Reason


class Status(enum.StrEnum):
    ACTIVE = 'active'
    AVAILABLE = 'available'
    CREATED = 'created'
    DELETED = 'deleted'
    ERROR = 'error'
    EXPIRED = 'expired'
    WAIT_CANCEL = 'wait cancel'
    WAIT_EXPIRE = 'wait expire'
    WAIT_FULFILL = 'wait fulfill'


_OFFERS = {
    _O.AVAILABLE: Status.AVAILABLE,
    _O.ERROR: Status.ERROR,
    _O.CANCELLED: Status.DELETED,
    _O.EXPIRED: Status.EXPIRED,
}
_LINES = {
    _L.CREATED: Status.CREATED,
    _L.WAIT_FULFILL: Status.WAIT_FULFILL,
    _L.ACTIVE: Status.ACTIVE,
    _L.WAIT_CANCEL: Status.WAIT_CANCEL,
    _L.ERROR: Status.ERROR,
    _L.CANCELLED: Status.DELETED,
}

#: Why a line ends by itself, rather than by somebody.
_BY_ITSELF = {None, _R.EXPIRED}

#: What lists show unless they are asked for something else.
OFFERS_SHOWN = {Status.AVAILABLE, Status.ERROR}
LEASES_SHOWN = {
    Status.CREATED,
    Status.ACTIVE,
    Status.ERROR,
    Status.WAIT_CANCEL,
    Status.WAIT_EXPIRE,
    Status.WAIT_FULFILL,
}

#: What can be deleted.
OFFER_CAN_DELETE = {Status.AVAILABLE, Status.ERROR}
LEASE_CAN_DELETE = {
    Status.ACTIVE,
    Status.CREATED,
    Status.ERROR,
    Status.WAIT_FULFILL,
}


def of_offer(each):
    """The status of an offer."""
    return _OFFERS[each.status]


def of_line(line, now):
    """The status of the lease that a contract line is."""
    if line.end_time > now and line.status in _LINES:
        return _LINES[line.status]
    by_itself = line.reason in _BY_ITSELF
    if line.status == _L.ENDED:
        return Status.EXPIRED if by_itself else Status.DELETED
    if line.status == _L.WAIT_END:
        return Status.WAIT_EXPIRE if by_itself else Status.WAIT_CANCEL
    if line.status in contract.RUNNING and not by_itself and line.end_time <= now:
        # Somebody has ended it, and its provider is about to take the server back.
        return Status.WAIT_CANCEL
    return _LINES[line.status]


def offers(wanted):
    """The statuses of ours that offers of one of the statuses ``wanted`` have."""
    return {ours for ours, theirs in _OFFERS.items() if theirs in wanted}


def lines(wanted):
    """The statuses of ours that leases of one of the statuses ``wanted`` may have."""
    found = {ours for ours, theirs in _LINES.items() if theirs in wanted}
    if Status.WAIT_CANCEL in wanted:
        found |= contract.RUNNING | {_L.WAIT_END}
    if Status.WAIT_EXPIRE in wanted:
        found.add(_L.WAIT_END)
    if wanted & {Status.EXPIRED, Status.DELETED}:
        found.add(_L.ENDED)
    return found
