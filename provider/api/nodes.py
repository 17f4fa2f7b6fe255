# SPDX-License-Identifier: Apache-2.0
"""/v1/nodes: the servers that a project owns or leases."""

import pecan
from pecan import rest
import wsme.types

from flocx.api import expose
from flocx.api import types


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


class NodeList(wsme.types.Base):
    nodes = [Node]


class Nodes(rest.RestController):
    @expose.expose(NodeList, rule='provider:nodes:list')
    def get_all(self):
        """List the servers that the caller's project owns or leases."""
        found = pecan.request.service.nodes.list(pecan.request.context)
        return NodeList(nodes=[Node.of(node) for node in found])

    @expose.expose(Node, rule='provider:nodes:show')
    def get_one(self, ident):
        """Show a server."""
        return Node.of(pecan.request.service.nodes.get(ident, pecan.request.context))
