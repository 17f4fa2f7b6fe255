# SPDX-License-Identifier: Apache-2.0
from openstack import resource

from flocxclient.sdk import resource as flocx_resource


class Bid(flocx_resource.Resource):
    """What a project wants to rent, and the most it pays."""

    resources_key = 'bids'
    base_path = '/v1/bids'

    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        'contract_uuid',
        'end_time',
        'name',
        'project_id',
        'purpose',
        'resource_class',
        'sort_dir',
        'sort_key',
        'start_time',
        'status',
    )

    uuid = resource.Body('uuid', alternate_id=True)
    project_id = resource.Body('project_id')
    quantity = resource.Body('quantity', type=int)
    #: The fewest servers that are of use; by default all of them.
    min_quantity = resource.Body('min_quantity', type=int)
    start_time = resource.Body('start_time')
    end_time = resource.Body('end_time')
    #: Seconds.
    duration = resource.Body('duration', type=int)
    #: The ceiling per server and hour, a decimal string.
    price = resource.Body('price')
    #: Triples ``[jmespath, operator, value]``, all of which must hold.
    requirements = resource.Body('requirements', type=list)
    resource_class = resource.Body('resource_class')
    purpose = resource.Body('purpose')
    status = resource.Body('status')
    contract_uuid = resource.Body('contract_uuid')
    #: Grows with every change; a change may rest on it.
    generation = resource.Body('generation', type=int)
    #: Why it waits: ``reason``, ``detail`` and the ``time`` of that round, or None.
    outlook = resource.Body('outlook', type=dict)
    created_at = resource.Body('created_at')
    updated_at = resource.Body('updated_at')
