# SPDX-License-Identifier: Apache-2.0
"""What the three proxies share."""

import urllib.parse

from openstack import proxy

API_VERSION = 'marketplace 1.0'


class Proxy(proxy.Proxy):
    """A service of FLOCX.

    The catalogue holds the bare root of each service and the paths below
    begin with ``/v1``: there is nothing to discover, and a command saves a
    request.
    """

    skip_discovery = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Said with every request: a later service whose oldest version is
        # newer must refuse this client rather than surprise it.
        self.additional_headers.setdefault('OpenStack-API-Version', API_VERSION)

    def _named(self, resource_type, name_or_uuid):
        """The resource with this uuid or name, or the one that is given.

        Names are free text; in a path they must not become path or query.
        The name stands in for the uuid until the answer brings the uuid.
        """
        if not isinstance(name_or_uuid, str):
            return self._get_resource(resource_type, name_or_uuid)
        return self._get_resource(
            resource_type, None, uuid=urllib.parse.quote(name_or_uuid, safe='')
        )
