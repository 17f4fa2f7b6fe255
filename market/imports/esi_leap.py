# SPDX-License-Identifier: Apache-2.0
"""Offers, leases and events of esi-leap, as ours. Pure.

A lease is a contract of one line; both have the uuid of the lease. A lease without an
offer is given one, which is closed. Owners may end what they have leased at once, as in
esi-leap: the notice of reclaiming it is 0.
"""

import dataclasses
import datetime
import decimal
import uuid
import zoneinfo

import yaml

from flocx import exceptions
from flocx.core import contract as contract_core
from flocx.core import money
from flocx.core import names
from flocx.core import offer as offer_core
from flocx.core import window

_L, _O, _R = contract_core.Status, offer_core.Status, contract_core.Reason

#: The servers that a provider of ours may have.
_RESOURCE_TYPES = {'ironic_node', 'dummy_node'}

#: The longest id of a project here.
_PROJECT = 64

_OFFERS = {
    'available': _O.AVAILABLE,
    'error': _O.ERROR,
    'expired': _O.EXPIRED,
    'deleted': _O.CANCELLED,
}

#: By the status of a lease, what its line is if its server was handed over, and if not.
_LINES = {
    'created': ((_L.CREATED, None), (_L.CREATED, None)),
    'active': ((_L.ACTIVE, None), (_L.ACTIVE, None)),
    'error': ((_L.ERROR, None), (_L.ERROR, None)),
    'wait fulfill': ((_L.WAIT_FULFILL, None), (_L.WAIT_FULFILL, None)),
    'wait cancel': ((_L.WAIT_END, _R.RELEASED), (_L.WAIT_CANCEL, _R.CANCELLED)),
    'wait expire': ((_L.WAIT_END, _R.EXPIRED), (_L.WAIT_CANCEL, _R.CANCELLED)),
    'expired': ((_L.ENDED, _R.EXPIRED), (_L.ENDED, _R.EXPIRED)),
    'deleted': ((_L.ENDED, _R.RELEASED), (_L.CANCELLED, _R.CANCELLED)),
}

#: What events of esi-leap are in our feed: the action, and the status of the line.
_EVENTS = {
    'esi_leap.lease.fulfill.start': ('wait_fulfill', _L.WAIT_FULFILL),
    'esi_leap.lease.fulfill.end': ('active', _L.ACTIVE),
    'esi_leap.lease.fulfill.error': ('error', _L.ERROR),
    'esi_leap.lease.delete.start': ('wait_end', _L.WAIT_END),
    'esi_leap.lease.delete.end': ('ended', _L.ENDED),
}


def prices(text):
    """{uuid of a server, or ``*`` for all others: credits per hour} of a YAML file.

    :raises Invalid: it is no such file.
    """
    try:
        found = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise exceptions.Invalid(f'rates: not YAML: {error}') from None
    if not isinstance(found, dict):
        raise exceptions.Invalid('rates: a mapping of servers to prices is expected')
    return {
        str(server): money.price(str(price), f'rates: {server}')
        for server, price in found.items()
    }


def timezone(name):
    """The time zone of this name, such as ``America/New_York``.

    :raises Invalid: there is none.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise exceptions.Invalid(f'timezone: {name} is none') from None


@dataclasses.dataclass(frozen=True)
class Translator:
    """Makes ours of rows of esi-leap's tables.

    :ivar provider_id: the account of the provider that has the servers from now on.
    :ivar zone: the time zone of the host that esi-leap ran on.
    :ivar prices: as of :func:`prices`.
    :ivar now: when the import takes place.
    """

    provider_id: str
    zone: datetime.tzinfo
    prices: dict
    now: datetime.datetime

    def offer(self, row):
        """The offer that a row of ``offers`` is.

        :raises Invalid: it cannot be taken; the message says why.
        """
        start, end = self._period(row)
        return self._offer(
            row,
            start,
            end,
            uuid=row.uuid,
            name=_name(row),
            lessee_id=_project(row.lessee_id),
            status=_known(_OFFERS, row.status),
        )

    def contract(self, row):
        """The contract that a row of ``leases`` is, and its offer if it had none.

        :raises Invalid: it cannot be taken; the message says why.
        """
        start, end = self._period(row)
        delivered, undelivered = _known(_LINES, row.status)
        # A server that is active was handed over, whatever else is said.
        fulfilled = self._moment(row.fulfill_time)
        if row.status == 'active':
            fulfilled = fulfilled or start
        status, reason = delivered if fulfilled else undelivered
        expired = self._moment(row.expire_time)
        if fulfilled and status in (_L.ENDED, _L.WAIT_END):
            end = self._ended(row, start, end, expired)
        if status in contract_core.CLOSED:
            expired = expired or min(end, self.now)
        given = None if row.offer_uuid else self._given(row, start, end)
        price = self._price(row)
        line = contract_core.Line(
            uuid=row.uuid,
            contract_uuid=row.uuid,
            offer_uuid=row.offer_uuid or given.uuid,
            owner_id=_project(row.owner_id),
            provider_id=self.provider_id,
            resource_type=row.resource_type,
            resource_uuid=row.resource_uuid,
            sublet_of=row.parent_lease_uuid,
            project_id=_project(row.project_id),
            start_time=start,
            end_time=end,
            price=price,
            price_rule=contract_core.CLAIM,
            ask=price,
            reclaim_notice=0,
            status=status,
            fulfill_time=fulfilled,
            expire_time=expired if status in contract_core.CLOSED else None,
            reason=reason,
        )
        contract = contract_core.Contract(
            uuid=row.uuid,
            name=_name(row),
            project_id=line.project_id,
            purpose=row.purpose,
            start_time=start,
            end_time=end,
            status=status,
            created_at=self._made(row, start),
            updated_at=self.now,
            lines=(line,),
        )
        return contract, given

    def event(self, row, contract):
        """What a row of ``events`` is in our feed: the action, contract and moment.

        None where there is no such thing here.
        """
        if row.event_type not in _EVENTS:
            return None
        action, status = _EVENTS[row.event_type]
        (line,) = contract.lines
        then = dataclasses.replace(line, status=status, reason=None)
        return (
            action,
            dataclasses.replace(contract, lines=(then,)),
            self._moment(row.event_time),
        )

    def _ended(self, row, start, end, expired):
        """The end of what was ended earlier."""
        moment = expired or self._moment(row.updated_at) or self.now
        return min(end, max(moment, start + window.SECOND))

    def _given(self, row, start, end):
        """The offer of a lease that was made without one."""
        return self._offer(
            row,
            start,
            end,
            uuid=str(uuid.uuid5(uuid.UUID(row.uuid), 'offer')),
            name=None,
            lessee_id=_project(row.project_id),
            status=_O.CANCELLED,
            project_id=_project(row.owner_id),
        )

    def _offer(self, row, start, end, **values):
        return offer_core.Offer(
            **{
                'project_id': _project(row.project_id),
                'provider_id': self.provider_id,
                'resource_type': row.resource_type,
                'resource_uuid': row.resource_uuid,
                'sublet_of': row.parent_lease_uuid,
                # The provider describes what can be sold with its next pass.
                'properties': {},
                'reclaim_notice': 0,
                'start_time': start,
                'end_time': end,
                'price': self._price(row),
                'created_at': self._made(row, start),
                'updated_at': self.now,
                **values,
            }
        )

    def _price(self, row):
        usual = self.prices.get('*', decimal.Decimal(0))
        return self.prices.get(row.resource_uuid, usual)

    def _made(self, row, start):
        return min(self._moment(row.created_at) or start, self.now)

    def _period(self, row):
        """Start and end of an offer or a lease.

        :raises Invalid: it has none, or its server is not one of a provider's.
        """
        if row.resource_type not in _RESOURCE_TYPES:
            raise exceptions.Invalid(f'resource_type {row.resource_type} is unknown')
        if not names.is_uuid(row.uuid):
            raise exceptions.Invalid(f'uuid {row.uuid} is none')
        start, end = self._moment(row.start_time), self._moment(row.end_time)
        if start is None or end is None:
            raise exceptions.Invalid('start_time or end_time is missing')
        # Without parts of a second it may have no length.
        end = max(end, start + window.SECOND) if start == end else end
        if end <= start:
            raise exceptions.Invalid('end_time is not after start_time')
        return start, end

    def _moment(self, value):
        """A time of esi-leap's, which has no zone."""
        if value is None:
            return None
        if value.year > window.LAST_YEAR:
            return window.OPEN_END
        if value.tzinfo is None:
            value = value.replace(tzinfo=self.zone)
        return window.instant(value, 'time')


def _known(table, status):
    if status not in table:
        raise exceptions.Invalid(f'status {status!r} is unknown')
    return table[status]


def _project(value):
    if value is not None and len(value) > _PROJECT:
        raise exceptions.Invalid(f'project {value} has more than {_PROJECT} characters')
    return value


def _name(row):
    if not row.name:
        return None
    if names.identifies(row.name) and not names.is_uuid(row.name):
        return row.name
    return names.repaired(row.name, row.uuid[:8])
