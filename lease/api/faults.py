# SPDX-License-Identifier: Apache-2.0
"""Errors in the form of WSME, which clients of esi-leap read, beside ours."""

import json

import webob


class Faults:
    """WSGI middleware that says what went wrong as ``faultstring`` too."""

    def __init__(self, app):
        self._app = app

    def __call__(self, environ, start_response):
        response = webob.Request(environ).get_response(self._app)
        if response.status_int >= 400:
            self._add(response)
        return response(environ, start_response)

    @staticmethod
    def _add(response):
        try:
            document = json.loads(response.body)
            detail = document['errors'][0]['detail']
        except (ValueError, LookupError, TypeError):
            return
        response.json_body = {
            'faultcode': 'Client' if response.status_int < 500 else 'Server',
            'faultstring': detail,
            'debuginfo': None,
            **document,
        }
