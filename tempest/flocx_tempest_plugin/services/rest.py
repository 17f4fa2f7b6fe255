# SPDX-License-Identifier: Apache-2.0
"""Requests and answers in JSON, at one version of the API."""

import json
import urllib.parse

from tempest.lib.common import rest_client

_SERVICE_TYPE = 'marketplace'


class Client(rest_client.RestClient):
    """What the clients of the three services have in common.

    An answer is what was answered, a dictionary that has ``response`` besides; None
    where there is no body. Who expects another status than the usual one says so.
    """

    #: The version of the API; each request is for that one.
    microversion = 'latest'

    def get_headers(self, accept_type=None, send_type=None):
        headers = super().get_headers(accept_type, send_type)
        return headers | {
            'OpenStack-API-Version': f'{_SERVICE_TYPE} {self.microversion}'
        }

    def show(self, path, **query):
        return self._answer(200, *self.get(located(path, query)))

    def create(self, path, body=None, expected=201):
        sent = '' if body is None else json.dumps(body)
        return self._answer(expected, *self.post(path, sent))

    def change(self, path, body, expected=200):
        return self._answer(expected, *self.patch(path, json.dumps(body)))

    def remove(self, path, expected=204):
        return self._answer(expected, *self.delete(path))

    def _answer(self, expected, response, body):
        self.expected_success(expected, response.status)
        read = json.loads(body) if body else {}
        return rest_client.ResponseBody(response, read)

    def ask(self, method, path, body=None, **headers):
        """(status, body) of whatever is answered, errors as well."""
        sent = self.get_headers() | headers
        response, answer = self._request(method, path, headers=sent, body=body)
        return response.status, answer

    def ask_unknown(self, method, path, body=None, **headers):
        """The same without the token of the account."""
        url, sent = f'{self.base_url}{path}', self.get_headers() | headers
        response, answer = self.raw_request(url, method, headers=sent, body=body)
        return response.status, answer

    def describe(self):
        """The OpenAPI document of the service."""
        return self.show('/v1/openapi.json')


def located(path, query):
    chosen = {name: value for name, value in query.items() if value is not None}
    return f'{path}?{urllib.parse.urlencode(chosen)}' if chosen else path
