# SPDX-License-Identifier: Apache-2.0
"""The SDK resource of agendas, which calendar programs subscribe to."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Agenda(flocx_resource.Resource, table=fields.AGENDA):
    """What is due for a project, readable by whoever knows its address."""

    resources_key = 'agendas'
    base_path = '/v1/agendas'

    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True
