# SPDX-License-Identifier: Apache-2.0
"""Offers and contract lines as rows of esi-leap's, for a site that goes back. Pure.

The other way round than ``market.imports.esi_leap``: what was taken over from there
goes back as it is now, with its uuid.
"""

import dataclasses
import datetime

from flocx.core import contract as contract_core
from flocx.core import offer as offer_core
from flocx.core import window

_L, _O, _R = contract_core.Status, offer_core.Status, contract_core.Reason

#: The longest name there.
_NAME = 35

_OFFERS = {
    _O.AVAILABLE: 'available',
    _O.ERROR: 'error',
    _O.EXPIRED: 'expired',
    _O.CANCELLED: 'deleted',
}
#: By the status of a line, what its lease is when its time was over, and else.
_LINES = {
    _L.CREATED: ('created', 'created'),
    _L.WAIT_FULFILL: ('wait fulfill', 'wait fulfill'),
    _L.ACTIVE: ('active', 'active'),
    _L.ERROR: ('error', 'error'),
    _L.WAIT_CANCEL: ('wait cancel', 'wait cancel'),
    _L.WAIT_END: ('wait expire', 'wait cancel'),
    _L.ENDED: ('expired', 'deleted'),
    _L.CANCELLED: ('deleted', 'deleted'),
}
#: The statuses in which esi-leap has marked the server with its lease.
MARKED = frozenset(('active', 'error', 'wait cancel', 'wait expire'))


@dataclasses.dataclass(frozen=True)
class Translator:
    """Makes rows of esi-leap's of what we have.

    :ivar zone: the time zone of the host that esi-leap runs on.
    """

    zone: datetime.tzinfo

    def offer(self, offer):
        """The row of ``offers`` that an offer is, but for its parent lease."""
        return {
            **self._both(offer),
            'project_id': offer.project_id,
            'name': _name(offer.name),
            'lessee_id': offer.lessee_id,
            'status': _OFFERS[offer.status],
            'created_at': self._time(offer.created_at),
        }

    def lease(self, line, name, purpose):
        """The row of ``leases`` that a contract line is.

        :param name: of its contract; likewise ``purpose``.
        """
        expired, otherwise = _LINES[line.status]
        return {
            **self._both(line),
            'project_id': line.project_id,
            'owner_id': line.owner_id,
            'name': _name(name),
            'purpose': purpose,
            'offer_uuid': line.offer_uuid,
            'parent_lease_uuid': line.sublet_of,
            'fulfill_time': self._time(line.fulfill_time),
            'expire_time': self._time(line.expire_time),
            'status': expired if line.reason == _R.EXPIRED else otherwise,
            'created_at': self._time(line.start_time),
        }

    def _both(self, each):
        return {
            'uuid': each.uuid,
            'resource_type': each.resource_type,
            'resource_uuid': each.resource_uuid,
            'start_time': self._time(each.start_time),
            'end_time': self._time(each.end_time),
            'properties': '{}',
        }

    def _time(self, moment):
        """A moment as esi-leap has it: without a zone."""
        if moment is None:
            return None
        if moment >= window.OPEN_END:
            # Its last moment, which has no zone there.
            return datetime.datetime.max  # noqa: DTZ901
        return moment.astimezone(self.zone).replace(tzinfo=None)


def _name(name):
    return name and name[:_NAME]
