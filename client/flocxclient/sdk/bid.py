# SPDX-License-Identifier: Apache-2.0
"""Bids, as the SDK has them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Bid(flocx_resource.Resource, table=fields.BID):
    """What a project wants to rent, and the most it pays."""

    resources_key = 'bids'
    base_path = '/v1/bids'

    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True
