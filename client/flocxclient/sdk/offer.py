# SPDX-License-Identifier: Apache-2.0
"""Offers, as the SDK has them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Offer(flocx_resource.Resource, table=fields.OFFER):
    """A server that its owner rents out for a window of time."""

    resources_key = 'offers'
    base_path = '/v1/offers'

    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True
