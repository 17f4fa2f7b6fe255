# SPDX-License-Identifier: Apache-2.0
"""One line in the log for each request, with its outcome and duration."""

import re
import time

from oslo_log import log

LOG = log.getLogger(__name__)

_TOKEN = re.compile(r'\btoken=[^&]*', re.IGNORECASE)


class RequestLog:
    """WSGI middleware; the log's format adds request id, user and project."""

    def __init__(self, app):
        self._app = app

    def __call__(self, environ, start_response):
        started = time.monotonic()
        answered = {}

        def remember(status, headers, exc_info=None):
            answered['status'] = status.partition(' ')[0]
            answered['length'] = dict(headers).get('Content-Length', '-')
            return start_response(status, headers, exc_info)

        try:
            return self._app(environ, remember)
        finally:
            # Tokens travel in headers, but that of an agenda.
            query = _TOKEN.sub('token=***', environ.get('QUERY_STRING', ''))
            LOG.info(
                '%s %s%s -> %s, %s bytes, %.3f s',
                environ['REQUEST_METHOD'],
                environ.get('PATH_INFO', ''),
                f'?{query}' if query else '',
                answered.get('status', '-'),
                answered.get('length', '-'),
                time.monotonic() - started,
            )
