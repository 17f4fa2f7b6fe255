# SPDX-License-Identifier: Apache-2.0
"""Servers that may be offered, as the SDK has them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Node(flocx_resource.Resource, table=fields.NODE):
    """A server that the caller owns or leases."""

    resources_key = 'nodes'
    base_path = '/v1/nodes'

    allow_fetch = True
    allow_list = True
