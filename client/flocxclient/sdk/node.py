# SPDX-License-Identifier: Apache-2.0
from openstack import resource

from flocxclient.sdk import resource as flocx_resource


class Node(flocx_resource.Resource):
    """A server that the caller owns or leases."""

    resources_key = 'nodes'
    base_path = '/v1/nodes'

    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        'lessee',
        'name',
        'owner',
        'power_state',
        'provision_state',
        'resource_class',
        'sort_dir',
        'sort_key',
    )

    uuid = resource.Body('uuid', alternate_id=True)
    resource_class = resource.Body('resource_class')
    provision_state = resource.Body('provision_state')
    power_state = resource.Body('power_state')
    maintenance = resource.Body('maintenance', type=bool)
    protected = resource.Body('protected', type=bool)
    retired = resource.Body('retired', type=bool)
    #: The project that the server belongs to.
    owner = resource.Body('owner')
    lessee = resource.Body('lessee')
    #: What Ironic has as the node's properties.
    properties = resource.Body('properties', type=dict)
    traits = resource.Body('traits', type=list)
    #: The caller's open offers of it, dictionaries in the order of their start.
    offers = resource.Body('offers', type=list)
    #: The open contracts that it is promised in, likewise.
    contracts = resource.Body('contracts', type=list)
    #: Why an offer of it is off the market now.
    suspended_reason = resource.Body('suspended_reason')
