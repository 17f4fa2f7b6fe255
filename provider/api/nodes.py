# SPDX-License-Identifier: Apache-2.0
"""/v1/nodes: the servers that a project owns or leases."""

import pecan
from pecan import rest
import wsme.types

from flocx.api import expose
from flocx.api import paging
from flocx.api import types
from flocx.core import query
from provider import holdings

FILTERS = {
    'name': query.text,
    'owner': query.text,
    'lessee': query.text,
    'resource_class': query.text,
    'provision_state': query.text,
    'power_state': query.text,
}


class Node(types.Answer):
    uuid = wsme.types.text
    name = wsme.types.text
    owner = wsme.types.text
    lessee = wsme.types.text
    resource_class = wsme.types.text
    properties = types.Json
    traits = types.Json
    provision_state = wsme.types.text
    power_state = wsme.types.text
    maintenance = bool
    protected = bool
    retired = bool
    offers = types.Json
    contracts = types.Json
    suspended_reason = wsme.types.text


NodeList = types.collection('nodes', Node)


class Nodes(rest.RestController):
    @expose.expose(
        NodeList,
        rule='provider:nodes:list',
        parameters=FILTERS,
        sort_keys=('uuid',),
    )
    def get_all(self):
        """List the servers that the caller's project owns or leases.

        Each has its open ``offers`` and ``contracts``, those to come included, as far
        as the project has a part in them; ``suspended_reason`` says why an offer of it
        is in error. All three are null while the market does not answer.
        """
        provider, context = pecan.request.service, pecan.request.context
        asked, wanted = paging.asked(FILTERS, ('uuid',), special=tuple(FILTERS))
        found = sorted(
            (node for node in provider.nodes.list(context) if _is(node, wanted)),
            key=lambda node: node.uuid,
            reverse=asked.descending,
        )
        if asked.marker:
            found = [node for node in found if _is_after(asked, node.uuid)]
        found = found[: asked.limit + 1]
        known = holdings.of(provider.marketplace, context, found)
        return paging.page(
            NodeList,
            'nodes',
            found,
            asked.limit,
            lambda node: Node.of(node, **known[node.uuid]),
        )

    @expose.expose(Node, rule='provider:nodes:show')
    def get_one(self, ident):
        """Show a server."""
        provider, context = pecan.request.service, pecan.request.context
        node = provider.nodes.get(ident, context)
        known = holdings.of(provider.marketplace, context, [node])
        return Node.of(node, **known[node.uuid])


def _is(node, wanted):
    return all(getattr(node, name) == value for name, value in wanted.items())


def _is_after(asked, uuid):
    return uuid < asked.marker if asked.descending else uuid > asked.marker
