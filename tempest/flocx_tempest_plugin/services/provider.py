# SPDX-License-Identifier: Apache-2.0
"""The provider: servers, and offers of them."""

from flocx_tempest_plugin.services import rest


class ProviderClient(rest.Client):
    def list_nodes(self, **query):
        return self.show('/v1/nodes', **query)['nodes']

    def show_node(self, ident):
        return self.show(f'/v1/nodes/{ident}')

    def create_offer(self, **fields):
        return self.create('/v1/offers', fields)

    def delete_offer(self, ident):
        return self.remove(f'/v1/offers/{ident}')
