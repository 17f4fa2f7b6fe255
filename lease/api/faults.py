# SPDX-License-Identifier: Apache-2.0
"""Errors in the form of WSME, which clients of esi-leap read, beside ours.

Where scripts may look for the words of esi-leap, these come first.
"""

import collections
import datetime
import json
import re

import webob

#: What esi-leap says, by what is said here: groups of the one stand in the other, as
#: does what the request has.
_TEXTS = [
    (re.compile(pattern), text)
    for pattern, text in (
        (
            r'\(lease:(?P<kind>\w+)s:(?:delete|claim|show|update)\)$',
            'Access was denied to {kind} {ident}.',
        ),
        (
            r'\(lease:(?P<kind>\w+)s:(?P<action>\w+)\)$',
            'Access was denied to esi_leap:{kind}:{action}.',
        ),
        (r'^resource_type: .*, not (?P<type>.+)$', '{type} resource type unknown.'),
        (
            r'^resource_uuid: offer \S+ has (?P<uuid>\S+) from ',
            'Time conflict for {resource_type} {uuid}.',
        ),
        (
            r'^Offer (?P<uuid>\S+) is not free then',
            'Offer {uuid} has no availabilities at given time range {start_time}, '
            '{end_time}.',
        ),
        (
            r'^sublet_of: line \S+ has the server from ',
            'You do not have permissions on {resource_type} {resource_uuid} for the '
            'time range {start_time} - {end_time}.',
        ),
    )
]


class Faults:
    """WSGI middleware that says what went wrong as ``faultstring`` too."""

    def __init__(self, app, resource_type):
        """:param resource_type: of the servers that there are."""
        self._app, self._resource_type = app, resource_type

    def __call__(self, environ, start_response):
        request = webob.Request(environ)
        response = request.get_response(self._app)
        if response.status_int >= 400:
            self._add(request, response)
        return response(environ, start_response)

    def _add(self, request, response):
        try:
            document = json.loads(response.body)
            detail = document['errors'][0]['detail']
        except (ValueError, LookupError, TypeError):
            return
        response.json_body = {
            'faultcode': 'Client' if response.status_int < 500 else 'Server',
            'faultstring': self._said(request, detail),
            'debuginfo': None,
            **document,
        }

    def _said(self, request, detail):
        for pattern, text in _TEXTS:
            found = pattern.search(detail)
            if found:
                asked = _asked(request) | {'resource_type': self._resource_type}
                words = collections.defaultdict(str, asked | found.groupdict())
                theirs = text.format_map(words)
                return f'{theirs} {detail}'
        return detail


def _asked(request):
    """What a request says: the object of its path, and its body, times as Python's."""
    found = {}
    # What was refused unread is not read now.
    if request.is_body_seekable:
        try:
            body = json.loads(request.body)
            found = {name: _plain(value) for name, value in body.items()}
        except (ValueError, RecursionError, AttributeError):
            pass
    segments = request.path_info.strip('/').split('/')
    return found | {'ident': segments[2] if len(segments) > 2 else ''}


def _plain(value):
    try:
        return str(datetime.datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return value
