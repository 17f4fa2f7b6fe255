# SPDX-License-Identifier: Apache-2.0
"""Standing demands, as the SDK has them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class StandingDemand(flocx_resource.Resource, table=fields.STANDING_DEMAND):
    """So many servers, which a project holds until told otherwise."""

    resources_key = 'standing_demands'
    base_path = '/v1/standing_demands'

    allow_create = True
    allow_fetch = True
    allow_commit = True
    allow_delete = True
    allow_list = True
