# SPDX-License-Identifier: Apache-2.0
"""Rounds of the engine, as the SDK has them."""

from openstack import resource

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Round(flocx_resource.Resource, table=fields.ROUND):
    """One clearing of the market by the auction engine."""

    resources_key = 'rounds'
    base_path = '/v1/rounds'

    allow_create = True
    allow_fetch = True
    allow_list = True


class Mechanism(flocx_resource.Resource):
    """A way of allocating or of pricing that the engine knows."""

    #: ``allocation`` or ``pricing``.
    type = resource.Body('type')
    description = resource.Body('description')
    default = resource.Body('default')
