# SPDX-License-Identifier: Apache-2.0
"""JSON over HTTP with the standard library, to services on this machine."""

import http.client
import json
import urllib.error
import urllib.request

# A proxy of the user's has no business between us and 127.0.0.1.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    """An answer other than the expected ones."""

    def __init__(self, method, url, status, body):
        super().__init__(f'{method} {url}: {status} {body}')
        self.status = status


def call(method, url, body=None, token=None, headers=None, timeout=60):
    """Return (status, headers, document) whatever the status is."""
    request = urllib.request.Request(url, method=method)
    request.add_header('Accept', 'application/json')
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    if token:
        request.add_header('X-Auth-Token', token)
    data = None
    if body is not None:
        request.add_header('Content-Type', 'application/json')
        data = json.dumps(body).encode()
    try:
        answer = _opener.open(request, data, timeout)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        text = answer.read().decode(errors='replace')
        status, answered = answer.status, answer.headers
    try:
        return status, answered, json.loads(text) if text else None
    except ValueError:
        return status, answered, text


def get(url, token=None, **more):
    return expect('GET', url, token=token, **more)


def expect(method, url, body=None, token=None, **more):
    """Return the document of an answer that must be a success."""
    status, _, document = call(method, url, body, token, **more)
    if not 200 <= status < 300:
        raise Refused(method, url, status, document)
    return document


def answers(url):
    """Whether something speaks HTTP there and is well."""
    try:
        return call('GET', url, timeout=5)[0] < 400
    except (OSError, http.client.HTTPException):
        return False
