# SPDX-License-Identifier: Apache-2.0
"""/v1/nodes of esi-leap: servers, with their offers and leases."""

import collections

import wsme.types

from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import contract
from flocx.core import offer
from flocx.core import query
from lease import leasing
from lease.api import fields
from market.db import leases
from market.db import visibility

_TEXT = wsme.types.text
_PARAMETERS = {
    'resource_class': query.text,
    'owner': fields.named,
    'lessee': fields.named,
}
_RUNS = contract.OPEN - {contract.Status.CREATED}


class Node(types.Answer):
    name = _TEXT
    owner = _TEXT
    uuid = _TEXT
    offer_uuid = _TEXT
    lease_uuid = _TEXT
    lessee = _TEXT
    future_offers = [_TEXT]
    future_leases = [_TEXT]
    resource_class = _TEXT
    provision_state = _TEXT
    target_provision_state = _TEXT
    power_state = _TEXT
    target_power_state = _TEXT
    maintenance = _TEXT
    properties = types.Json


class NodeList(types.Declared):
    nodes = [Node]


class Nodes(routing.Resource):
    @expose.expose(NodeList, rule='lease:nodes:list', parameters=_PARAMETERS)
    def get_all(self):
        """List the servers that the caller's project owns or leases.

        An administrator sees all. Each has its offer and its lease of today, and those
        to come.
        """
        service, context, reader, now = fields.request_context()
        values = paging.values()
        for name in ('owner', 'lessee'):
            if name in values:
                values[name] = service.directory.project_id(values[name])
        nodes = service.provider.nodes
        seen = (
            nodes.all() if leasing.is_admin(service, context) else nodes.list(context)
        )
        found = [
            node
            for node in seen
            if all(getattr(node, name) == value for name, value in values.items())
        ]
        offered, leased = _by_node(service, reader, [node.uuid for node in found])
        projects = service.directory.project_names()
        return {
            'nodes': [
                _shown(node, offered[node.uuid], leased[node.uuid], projects, now)
                for node in found
            ]
        }


def _by_node(service, reader, uuids):
    """{uuid of a node: its offers}, and {uuid of a node: its lines}."""
    offered, leased = collections.defaultdict(list), collections.defaultdict(list)
    if not uuids:
        return offered, leased
    # Few are looked up; for many it is cheaper to read all that there are.
    those = (('resource_uuid', 'in', tuple(uuids)),) if len(uuids) <= 500 else ()
    of_offers = (('status', 'eq', (offer.Status.AVAILABLE,)), *those)
    of_lines = (('status', 'in', tuple(sorted(contract.OPEN))), *those)
    with service.database.reader() as session:
        for each in leases.offers(session, reader, service.provider_id, of_offers):
            offered[each.resource_uuid].append(each)
        for each in leases.listed(
            session, visibility.OPERATOR, service.provider_id, of_lines
        ):
            leased[each.line.resource_uuid].append(each.line)
    return offered, leased


def _shown(node, offers, lines, projects, now):
    current = [each.uuid for each in offers if each.start_time <= now]
    # What is sub-let is leased to who has it now.
    running = [line.uuid for line in lines if line.status in _RUNS]
    return Node.of(
        node,
        owner=projects.get(node.owner, ''),
        lessee=projects.get(node.lessee, ''),
        maintenance=str(node.maintenance),
        properties=fields.condensed(node.properties),
        target_power_state=None,
        offer_uuid=current[-1] if current else None,
        lease_uuid=running[-1] if running else None,
        future_offers=[each.uuid for each in offers if each.start_time > now],
        future_leases=[
            line.uuid for line in lines if line.status == contract.Status.CREATED
        ],
    )
