# SPDX-License-Identifier: Apache-2.0
"""The SDK resource of projects, as far as one has to do with them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Project(flocx_resource.Resource, table=fields.PROJECT):
    """What a project is called; ``uuid`` is its id in Keystone."""

    resources_key = 'projects'
    base_path = '/v1/projects'

    allow_list = True
