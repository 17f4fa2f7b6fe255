# SPDX-License-Identifier: Apache-2.0
from openstack import resource

from flocxclient.sdk import resource as flocx_resource


class Event(flocx_resource.Resource):
    """Something that was committed; the feed of them is ordered by id."""

    resources_key = 'events'
    base_path = '/v1/events'

    allow_list = True

    _query_mapping = resource.QueryParameters(
        'after',
        'object_type',
        'object_uuid',
        'owner_id',
        'project_id',
        'resource_type',
        'resource_uuid',
        'time',
        'type',
        'wait',
    )

    type = resource.Body('type')
    time = resource.Body('time')
    object_type = resource.Body('object_type')
    object_uuid = resource.Body('object_uuid')
    project_id = resource.Body('project_id')
    owner_id = resource.Body('owner_id')
    payload = resource.Body('payload', type=dict)
