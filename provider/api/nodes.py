# SPDX-License-Identifier: Apache-2.0
"""/v1/nodes: the servers that a project owns or leases."""

import itertools

import pecan
import wsme.types

from flocx import exceptions
from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from provider import node_view
from provider.api import console_tokens

FILTERS = {
    'name': query.text,
    'owner': query.text,
    'lessee': query.text,
    'resource_class': query.text,
    'provision_state': query.text,
    'power_state': query.text,
}

SORT_KEYS = ('uuid', 'name', 'resource_class', 'provision_state', 'power_state')


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


class Nodes(routing.Resource):
    console_tokens = console_tokens.ConsoleTokens()

    @expose.expose(
        NodeList,
        rule='provider:nodes:list',
        parameters=FILTERS,
        sort_keys=SORT_KEYS,
    )
    def get_all(self):
        """List the servers that the caller's project owns or leases.

        Each has its open ``offers`` and ``contracts``, those to come included, as far
        as the project has a part in them; ``suspended_reason`` says why an offer of it
        is in error. All three are null while the market does not answer.
        """
        provider, context = pecan.request.service, pecan.request.context
        asked, wanted = paging.asked(special=tuple(FILTERS))
        found = _page(asked, provider.nodes.list(context), wanted)
        known = node_view.of(provider.marketplace, context, found)
        return paging.page(
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
        known = node_view.of(provider.marketplace, context, [node])
        return Node.of(node, **known[node.uuid])


def _page(asked, nodes, wanted):
    """Those of ``nodes`` that are ``wanted`` and come after the marker.

    One more than fits on a page, so that it is known whether there is another. A
    server that is not wanted any more is a marker all the same.

    :raises Invalid: the marker is none of ``nodes``.
    """

    def place(node):
        return getattr(node, asked.sort_key) or '', node.uuid

    nodes = sorted(nodes, key=place, reverse=asked.descending)
    after = 0
    if asked.marker:
        uuids = [node.uuid for node in nodes]
        if asked.marker not in uuids:
            raise exceptions.Invalid(f'marker: {asked.marker} not found')
        after = uuids.index(asked.marker) + 1
    left = (node for node in nodes[after:] if _is(node, wanted))
    return list(itertools.islice(left, asked.limit + 1))


def _is(node, wanted):
    return all(getattr(node, name) == value for name, value in wanted.items())
