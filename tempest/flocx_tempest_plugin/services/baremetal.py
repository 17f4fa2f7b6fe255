# SPDX-License-Identifier: Apache-2.0
"""The few requests to Ironic that servers of fake hardware take."""

import json

from tempest.lib.common import rest_client

# The first version that knows lessees, owners and all states that are waited for.
_VERSION = {'X-OpenStack-Ironic-API-Version': '1.65'}


class BaremetalClient(rest_client.RestClient):
    def get_headers(self, accept_type=None, send_type=None):
        return super().get_headers(accept_type, send_type) | _VERSION

    def create_node(self, **fields):
        return self._answer(201, *self.post('/v1/nodes', json.dumps(fields)))

    def show_node(self, ident):
        return self._answer(200, *self.get(f'/v1/nodes/{ident}'))

    def provision(self, ident, target):
        path = f'/v1/nodes/{ident}/states/provision'
        return self._answer(202, *self.put(path, json.dumps({'target': target})))

    def delete_node(self, ident):
        return self._answer(204, *self.delete(f'/v1/nodes/{ident}'))

    def _answer(self, expected, response, body):
        self.expected_success(expected, response.status)
        read = json.loads(body) if body else {}
        return rest_client.ResponseBody(response, read)
