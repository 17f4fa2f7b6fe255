# SPDX-License-Identifier: Apache-2.0
"""The body of a request, which has arrived before anybody answers."""

import io


class Arrival:
    """Reads the body of a request before the application sees it.

    Who has no token is answered without a look at the body. Where a server behind a
    proxy then closes the connection, a proxy that still sends tells the client that
    the service is not there: Apache before uWSGI says 503. How long a body may be has
    to be looked at before.
    """

    def __init__(self, app):
        self._app = app

    def __call__(self, environ, start_response):
        length = environ.get('CONTENT_LENGTH') or ''
        if length.isdecimal():
            body = environ['wsgi.input'].read(int(length))
            environ['wsgi.input'] = io.BytesIO(body)
        return self._app(environ, start_response)
