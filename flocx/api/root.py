# SPDX-License-Identifier: Apache-2.0
"""What each service tells of itself, without a token."""

import pecan

from flocx.api import expose
from flocx.api import openapi
from flocx.api import routing
from flocx.api import types
from flocx.api import versions


class Root(routing.Root):
    """The root controller; a service adds its TITLE and ``v1``, with its resources."""

    TITLE = ''

    def documents(self):
        """Triples like those of ``routing.operations``, of what needs no token."""
        yield '/', 'GET', self.versions
        yield '/v1', 'GET', self.version
        yield '/v1/', 'GET', self.version
        yield '/v1/openapi.json', 'GET', self.description

    @expose.expose(types.Json, public=True)
    def versions(self):
        """List the versions."""
        return {'versions': [versions.document(pecan.request)]}

    @expose.expose(types.Json, public=True)
    def version(self):
        """Show the version."""
        return {'version': versions.document(pecan.request)}

    @expose.expose(types.Json, public=True)
    def description(self):
        """Describe the API at the version that is asked for."""
        return openapi.document(self.TITLE, self, versions.asked(pecan.request))
