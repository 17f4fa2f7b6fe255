# SPDX-License-Identifier: Apache-2.0
from openstack import resource

from flocxclient.sdk import resource as flocx_resource


class Offer(flocx_resource.Resource):
    """A server that its owner rents out for a window of time."""

    resources_key = 'offers'
    base_path = '/v1/offers'

    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        'available_end_time',
        'available_start_time',
        'end_time',
        'lessee_id',
        'name',
        'price',
        'project_id',
        'provider_id',
        'requirements',
        'resource_class',
        'resource_type',
        'resource_uuid',
        'sort_dir',
        'sort_key',
        'start_time',
        'status',
        'sublet_of',
    )

    uuid = resource.Body('uuid', alternate_id=True)
    #: The owner's project.
    project_id = resource.Body('project_id')
    #: The provider service that watches over the server.
    provider_id = resource.Body('provider_id')
    resource_type = resource.Body('resource_type')
    resource_uuid = resource.Body('resource_uuid')
    resource_class = resource.Body('resource_class')
    #: The contract line by which its owner rents it themselves, where they sub-let it.
    sublet_of = resource.Body('sublet_of')
    #: The hardware, as the provider read it.
    properties = resource.Body('properties', type=dict)
    #: The project, and its sub-projects, that alone may have it.
    lessee_id = resource.Body('lessee_id')
    start_time = resource.Body('start_time')
    end_time = resource.Body('end_time')
    #: Per server and hour, a decimal string.
    price = resource.Body('price')
    status = resource.Body('status')
    #: Why it is in this status.
    reason = resource.Body('reason')
    #: The stretches still free: pairs of start and end.
    availabilities = resource.Body('availabilities', type=list)
    #: Grows with every change; a change may rest on it.
    generation = resource.Body('generation', type=int)
    created_at = resource.Body('created_at')
    updated_at = resource.Body('updated_at')
