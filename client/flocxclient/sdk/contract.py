# SPDX-License-Identifier: Apache-2.0
from openstack import resource

from flocxclient.sdk import resource as flocx_resource


class Contract(flocx_resource.Resource):
    """Servers that a project has for a while: what ESI calls a lease."""

    resources_key = 'contracts'
    base_path = '/v1/contracts'

    allow_fetch = True
    allow_delete = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        'bid_uuid',
        'end_time',
        'name',
        'offer_uuid',
        'project_id',
        'purpose',
        'requirements',
        'resource_class',
        'resource_type',
        'resource_uuid',
        'role',
        'sort_dir',
        'sort_key',
        'start_time',
        'status',
        'sublet_of',
    )

    uuid = resource.Body('uuid', alternate_id=True)
    bid_uuid = resource.Body('bid_uuid')
    #: The renter's project.
    project_id = resource.Body('project_id')
    purpose = resource.Body('purpose')
    start_time = resource.Body('start_time')
    end_time = resource.Body('end_time')
    status = resource.Body('status')
    #: Why it is in this status.
    reason = resource.Body('reason')
    #: One dictionary per server; an owner sees their own only.
    lines = resource.Body('lines', type=list)
    #: Grows with every change; a change may rest on it.
    generation = resource.Body('generation', type=int)
    created_at = resource.Body('created_at')
    updated_at = resource.Body('updated_at')
