# SPDX-License-Identifier: Apache-2.0
"""The SDK resource of planned outages of servers."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Maintenance(flocx_resource.Resource, table=fields.MAINTENANCE):
    """A planned outage of a server."""

    resources_key = 'maintenances'
    base_path = '/v1/maintenances'

    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True
