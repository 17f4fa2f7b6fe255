# SPDX-License-Identifier: Apache-2.0
"""Contracts and their lines, as the SDK has them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Contract(flocx_resource.Resource, table=fields.CONTRACT):
    """Servers that a project has for a while: what ESI calls a lease."""

    resources_key = 'contracts'
    base_path = '/v1/contracts'

    allow_fetch = True
    allow_delete = True
    allow_list = True
