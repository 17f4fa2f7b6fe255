# SPDX-License-Identifier: Apache-2.0
from openstack import resource

from flocxclient.sdk import resource as flocx_resource


class Node(flocx_resource.Resource):
    """A server of the caller's own."""

    resources_key = 'nodes'
    base_path = '/v1/nodes'

    allow_fetch = True
    allow_list = True

    uuid = resource.Body('uuid', alternate_id=True)
    #: The project that the server belongs to.
    owner = resource.Body('owner')
    resource_class = resource.Body('resource_class')
    provision_state = resource.Body('provision_state')
    power_state = resource.Body('power_state')
    maintenance = resource.Body('maintenance', type=bool)
    lessee = resource.Body('lessee')
    #: The hardware document that an offer of this node would carry.
    properties = resource.Body('properties', type=dict)
