# SPDX-License-Identifier: Apache-2.0
"""What is where in the lease service's API."""

import pecan

from flocx.api import expose
from flocx.api import root
from flocx.api import types
from lease.api import console_auth_tokens
from lease.api import events
from lease.api import leases
from lease.api import nodes
from lease.api import offers


class V1:
    console_auth_tokens = console_auth_tokens.ConsoleAuthTokens()
    offers = offers.Offers()
    leases = leases.Leases()
    nodes = nodes.Nodes()
    events = events.Events()


class Root(root.Root):
    TITLE = 'Leases'

    v1 = V1()

    @expose.expose(types.Json, status=300, public=True)
    def version(self):
        """Show the version, as esi-leap does it."""
        document = {
            'id': 'v1.0',
            'status': 'CURRENT',
            'links': [{'rel': 'self', 'href': f'{pecan.request.host_url}/v1'}],
        }
        return {'versions': [document]}
