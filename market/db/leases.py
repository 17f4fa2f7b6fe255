# SPDX-License-Identifier: Apache-2.0
"""Offers and contract lines of one provider, one by one, as the lease service has them.

A lease is a contract line, with the name and the purpose of its contract.
"""

import collections
import dataclasses

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as contract_core
from flocx.core import names
from flocx.core import offer as offer_core
from market.db import listing
from market.db import schema
from market.db import visibility

_OFFERS, _CONTRACTS, _LINES = schema.offers, schema.contracts, schema.contract_lines
_COLUMNS = [column for column in _LINES.c if column.name != 'id']
#: What there is to be shown of a lease; most columns of a line are about its price.
_SHOWN = [
    _LINES.c[name]
    for name in (
        *('uuid', 'offer_uuid', 'owner_id', 'project_id', 'sublet_of'),
        *('resource_type', 'resource_uuid', 'resource_class'),
        *('start_time', 'end_time', 'fulfill_time', 'expire_time'),
        *('status', 'reason'),
    )
]
_OF_CONTRACT = [_CONTRACTS.c.name, _CONTRACTS.c.purpose]
#: What is the same as long as what is shown of a lease is. What is written of a line
#: gives its contract another generation; that a lease is over, nobody writes.
_VERSION = [
    _LINES.c.uuid,
    _CONTRACTS.c.generation,
    _LINES.c.end_time <= sa.bindparam('now'),
]
_EVENTS = schema.events
#: How many leases one statement asks for by uuid.
_AT_ONCE = 1000

#: So much of a line. What a row has is looked up by name at ten times the cost.
Shown = collections.namedtuple('Shown', [column.name for column in _SHOWN])


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """A contract line, and what of its contract belongs to it.

    :ivar line: of a list, no more of the line than is shown.
    """

    line: contract_core.Line | Shown
    name: str | None
    purpose: str | None


def offers(session, reader, provider_id, filters, where=()):
    """The offers of a provider that ``reader`` may see, in order of arrival.

    A lease is of one server, so those that are sold only together are not among them.

    :param filters: triples like those of a flocx.core.query.Query.
    """
    found = session.execute(
        sa.select(_OFFERS)
        .where(
            _OFFERS.c.provider_id == provider_id,
            _OFFERS.c.block.is_(None),
            visibility.condition(visibility.offers, visibility.Somebody.like(reader)),
            *listing.conditions(_OFFERS, filters),
            *where,
        )
        .order_by(_OFFERS.c.id),
        visibility.parameters(reader),
    )
    return [listing.from_row(offer_core.Offer, row) for row in found]


def offer(session, ident, reader, provider_id, statuses=None):
    """The offer of a provider of this uuid or name.

    :param statuses: one of which it has; None for any.
    :raises NotFound: there is none that ``reader`` may see.
    :raises Conflict: several have the name.
    """
    wanted = _wanted(_OFFERS, _OFFERS.c.name, ident, statuses)
    return _only(offers(session, reader, provider_id, (), wanted), 'Offer', ident)


def around(start, end):
    """Conditions: an offer that has all of the time from ``start`` to ``end``."""
    return _OFFERS.c.start_time <= start, _OFFERS.c.end_time >= end


def touching(start, end):
    """Conditions: a lease that has some of the time from ``start`` to ``end``."""
    return _LINES.c.start_time <= end, _LINES.c.end_time >= start


def offers_of_class(name):
    """Condition: an offer of a resource class, or of one that is not known yet.

    What was taken over from esi-leap has none until its hardware was read, and leases
    never have.
    """
    return _of_class(_OFFERS, name)


def leases_of_class(name):
    """The same of leases."""
    return _of_class(_LINES, name)


def _of_class(table, name):
    return sa.or_(table.c.resource_class == name, table.c.resource_class.is_(None))


def leases(session, reader, provider_id, filters, where=()):
    """The leases of a provider that ``reader`` may see, in the order they were made.

    :param filters: triples like those of a flocx.core.query.Query.
    """
    columns = [*_COLUMNS, *_OF_CONTRACT]
    found = _rows(session, columns, reader, provider_id, filters, where)
    return [_lease(row) for row in found]


def listed(session, reader, provider_id, filters, where=()):
    """The same leases, with no more of their lines than is shown of them.

    A list of many takes half as long with it.
    """
    columns = [*_SHOWN, *_OF_CONTRACT]
    found = _rows(session, columns, reader, provider_id, filters, where)
    return [_shown(row) for row in found]


def versions(session, reader, provider_id, filters, now, where=()):
    """The version of each of these leases; a lease with the same one is the same.

    Of 1,000 leases that takes a quarter of the time of :func:`listed`.
    """
    found = _rows(session, _VERSION, reader, provider_id, filters, where, now)
    return [tuple(row) for row in found.all()]


def with_versions(session, uuids, reader, provider_id, now):
    """{uuid: (version, lease)}, with no more of their lines than is shown of them."""
    columns, found = [*_VERSION, *_SHOWN, *_OF_CONTRACT], {}
    for at in range(0, len(uuids), _AT_ONCE):
        some = ('uuid', 'in', tuple(uuids[at : at + _AT_ONCE]))
        for row in _rows(session, columns, reader, provider_id, (some,), now=now):
            version = tuple(row[: len(_VERSION)])
            found[version[0]] = version, _shown(row[len(_VERSION) :])
    return found


def lease(session, ident, reader, provider_id, statuses=None):
    """The lease of this uuid, or whose contract has this name.

    :param statuses: one of which it has; None for any.
    :raises NotFound: there is none that ``reader`` may see.
    :raises Conflict: several have the name.
    """
    wanted = _wanted(_LINES, _CONTRACTS.c.name, ident, statuses)
    return _only(leases(session, reader, provider_id, (), wanted), 'Lease', ident)


def _wanted(table, name, ident, statuses):
    by_uuid = table.c.uuid == ident.lower()
    wanted = [by_uuid if names.is_uuid(ident) else name == ident]
    if statuses is not None:
        wanted.append(table.c.status.in_(sorted(statuses)))
    return wanted


def _only(found, what, ident):
    if not found:
        raise exceptions.NotFound(f'{what} with name or uuid {ident} not found.')
    if len(found) > 1:
        raise exceptions.Conflict(
            f'Duplicate {what.lower()}s with name {ident}.',
            code='flocx.conflict.name',
        )
    return found[0]


def events(session, provider_id, *, after, since, party, resource_uuid, types, most):
    """Events of contracts with servers of a provider, in order: rows of the feed.

    Those that the owners are told, which are one for each owner of a contract's lines.

    :param after: the id of the last one that is known.
    :param since: only what happened later; None for all.
    :param party: a project that is lessee or owner; None for all.
    :param types: of these types, a set.
    """
    of_provider = sa.select(_LINES.c.contract_uuid).where(
        _LINES.c.provider_id == provider_id
    )
    if resource_uuid:
        of_provider = of_provider.where(_LINES.c.resource_uuid == resource_uuid)
    where = [
        _EVENTS.c.id > after,
        _EVENTS.c.object_type == 'contract',
        _EVENTS.c.type.in_(sorted(types)),
        _EVENTS.c.owner_id.is_not(None),
        _EVENTS.c.object_uuid.in_(of_provider),
    ]
    if since:
        where.append(_EVENTS.c.time > since)
    if party:
        rented = sa.select(_CONTRACTS.c.uuid).where(_CONTRACTS.c.project_id == party)
        where.append(
            sa.or_(_EVENTS.c.owner_id == party, _EVENTS.c.object_uuid.in_(rented))
        )
    rows = session.execute(
        sa.select(_EVENTS, _CONTRACTS.c.project_id.label('lessee_id'))
        .join(_CONTRACTS, _CONTRACTS.c.uuid == _EVENTS.c.object_uuid)
        .where(*where)
        .order_by(_EVENTS.c.id)
        .limit(most)
    )
    return rows.all()


def _rows(session, columns, reader, provider_id, filters, where=(), now=None):
    """Rows of ``columns``, of lines and their contracts."""
    return session.execute(
        sa.select(*columns)
        .join_from(_LINES, _CONTRACTS, _CONTRACTS.c.uuid == _LINES.c.contract_uuid)
        .where(
            _LINES.c.provider_id == provider_id,
            visibility.condition(visibility.lines, visibility.Somebody.like(reader)),
            *listing.conditions(_LINES, filters),
            *where,
        )
        .order_by(_LINES.c.id),
        visibility.parameters(reader) | {'now': now},
    )


def _shown(row):
    *line, name, purpose = row
    return Lease(Shown(*line), name, purpose)


def _lease(row):
    values = dict(row._mapping)
    name, purpose = values.pop('name'), values.pop('purpose')
    return Lease(contract_core.Line(**values), name, purpose)
