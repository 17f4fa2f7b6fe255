# SPDX-License-Identifier: Apache-2.0
"""What requests and answers of esi-leap hold, and who asks."""

import pecan
import wsme.types

from flocx import exceptions
from flocx.api import types
from flocx.core import names
from flocx.core import window
from lease import leasing
from lease import statuses
from lease import times
from market.db import offers
from market.db import turnarounds

_TEXT = wsme.types.text
#: Properties of a server that are not shown.
_HIDDEN = {'lease_uuid', 'capabilities'}

#: A time as esi-leap takes and writes it.
Time = types.Value(
    'time',
    {
        'type': ['string', 'null'],
        'description': 'a time, such as "2027-01-31T18:00:00", in UTC without a zone',
    },
    times.instant,
    times.text,
    times.instant,
)


def _nothing(value, field):
    if value:
        raise exceptions.Invalid(
            f'{field}: none are kept; what a server is, Ironic says, and why it is '
            'leased, the purpose'
        )
    return {}


#: What esi-leap keeps of an offer or a lease without a meaning, and FLOCX does not.
Properties = types.Value(
    'properties',
    {'type': ['object', 'null'], 'description': 'an empty JSON object'},
    _nothing,
)


class OfferRequest(types.Declared):
    """A server to be offered; without an end, for good."""

    resource_uuid = types.required(types.Identifier)
    resource_type = types.Ident
    name = types.Name
    lessee_id = types.Text
    start_time = Time
    end_time = Time
    properties = Properties


class ClaimRequest(types.Declared):
    """When the server of an offer is wanted; without an end, for a week at most."""

    name = types.Name
    purpose = types.Text
    start_time = Time
    end_time = Time
    properties = Properties


class LeaseRequest(types.Declared):
    """A server that its owner leases to a project; without an end, for a week."""

    resource_uuid = types.required(types.Identifier)
    project_id = types.required(types.Text)
    resource_type = types.Ident
    name = types.Name
    purpose = types.Text
    start_time = Time
    end_time = Time
    properties = Properties


class LeaseChange(types.Declared):
    """The new end of a lease."""

    end_time = types.required(Time)


class Offer(types.Answer):
    name = _TEXT
    uuid = _TEXT
    project_id = _TEXT
    project = _TEXT
    lessee_id = _TEXT
    lessee = _TEXT
    resource_type = _TEXT
    resource_uuid = _TEXT
    resource = _TEXT
    resource_class = _TEXT
    resource_properties = types.Json
    start_time = Time
    end_time = Time
    status = _TEXT
    properties = types.Json
    availabilities = types.Json
    parent_lease_uuid = _TEXT


class OfferList(types.Declared):
    offers = [Offer]


class Lease(types.Answer):
    name = _TEXT
    uuid = _TEXT
    project_id = _TEXT
    project = _TEXT
    owner_id = _TEXT
    owner = _TEXT
    resource_type = _TEXT
    resource_uuid = _TEXT
    resource = _TEXT
    resource_class = _TEXT
    resource_properties = types.Json
    start_time = Time
    fulfill_time = Time
    expire_time = Time
    end_time = Time
    status = _TEXT
    properties = types.Json
    purpose = _TEXT
    offer_uuid = _TEXT
    parent_lease_uuid = _TEXT


class LeaseList(types.Declared):
    leases = [Lease]


def request_context():
    """The service, the caller, as whom they see what there is, and the time."""
    request = pecan.request
    service, context = request.service, request.context
    # Published before a transaction begins: it takes one of its own.
    service.market.published.current()
    return service, context, leasing.reader(service, context), request.now


def shown_offers(service, session, wanted, now):
    """Offers as esi-leap shows them."""
    turnaround = turnarounds.current(session, service.market.terms)
    taken = offers.held(session, wanted, now, turnaround) if wanted else {}
    servers = _Servers(service.directory.nodes(each.resource_uuid for each in wanted))
    projects = service.directory.project_names()
    return [
        Offer.of(
            each,
            status=statuses.of_offer(each),
            project=projects.get(each.project_id, ''),
            lessee=projects.get(each.lessee_id, ''),
            properties={},
            parent_lease_uuid=each.sublet_of,
            availabilities=[
                [times.text(free.start), times.text(free.end)]
                for free in offers.free(each, taken, now)
            ],
            **servers.of(each),
        )
        for each in wanted
    ]


def shown_leases(service, found, now):
    """Leases, of ``market.db.leases``, as esi-leap shows them."""
    nodes = service.directory.nodes(each.line.resource_uuid for each in found)
    render = renderer(nodes, service.directory.project_names(), now)
    return [render(each) for each in found]


def renderer(nodes, projects, now):
    """What renders a lease.

    :param nodes: {uuid: node}, and ``projects`` {id: name}, of a Directory.
    """
    servers = _Servers(nodes)
    return lambda each: _lease(each, servers, projects, now)


def _lease(each, servers, projects, now):
    """The JSON form of a lease: field by field, as lists have thousands of them."""
    line = each.line
    return {
        'name': each.name,
        'uuid': line.uuid,
        'project_id': line.project_id,
        'project': projects.get(line.project_id, ''),
        'owner_id': line.owner_id,
        'owner': projects.get(line.owner_id, ''),
        'resource_type': line.resource_type,
        'resource_uuid': line.resource_uuid,
        **servers.of(line),
        'start_time': times.text(line.start_time),
        'fulfill_time': line.fulfill_time and times.text(line.fulfill_time),
        'expire_time': line.expire_time and times.text(line.expire_time),
        'end_time': times.text(line.end_time),
        'status': statuses.of_line(line, now),
        'properties': {},
        'purpose': each.purpose,
        'offer_uuid': line.offer_uuid,
        'parent_lease_uuid': line.sublet_of,
    }


class _Servers:
    """What the servers of offers or lines are called, and are."""

    def __init__(self, nodes):
        self._known = nodes

    def of(self, each):
        """The fields of an offer or a lease that are about its server."""
        node = self._known.get(each.resource_uuid)
        return {
            'resource': node.name or '' if node else 'unknown-name',
            'resource_class': each.resource_class
            or (node and node.resource_class)
            or '',
            'resource_properties': condensed(node.properties) if node else {},
        }


def of_class(shown, name):
    """Those of ``shown`` that are of a resource class; all if that is None."""
    return [each for each in shown if name in (None, each['resource_class'])]


def condensed(properties):
    """The properties of a server, as esi-leap shows them."""
    if _HIDDEN.isdisjoint(properties):
        return properties
    return {name: value for name, value in properties.items() if name not in _HIDDEN}


def period(values, start, end, what):
    """The times of the parameters ``start`` and ``end``, both or neither.

    :returns: a pair, or None.
    :raises Invalid: one is missing, or they are not in order.
    """
    given = values.pop(start, None), values.pop(end, None)
    if given == (None, None):
        return None
    if None in given or given[1] <= given[0]:
        raise exceptions.Invalid(
            f'{start}, {end}: attempted to get {what} without providing both, or the '
            f'start is not before the end: {_text(given[0])}, {_text(given[1])}'
        )
    return given


def _text(moment):
    return moment and window.text(moment)


def named(value, field):
    """Parse a parameter that is an id or a name."""
    return names.identifier(value, field)


def columns(values):
    """Filters, as of a flocx.core.query.Query, of parameters that are columns."""
    return tuple(
        (name, 'eq', (value,)) for name, value in values.items() if value is not None
    )


def find(directory, values):
    """Put ids in the place of the names that parameters have.

    :raises Invalid: nothing is called so.
    """
    for name in ('project_id', 'owner_id', 'lessee_id'):
        if name in values:
            values[name] = directory.project_id(values[name])
    if 'resource_uuid' in values:
        values['resource_uuid'] = directory.node_uuid(values['resource_uuid'])
