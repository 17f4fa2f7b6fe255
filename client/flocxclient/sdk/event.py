# SPDX-License-Identifier: Apache-2.0
"""Events, as the SDK has them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Event(flocx_resource.Resource, table=fields.EVENT):
    """Something that was committed; the feed of them is ordered by id."""

    resources_key = 'events'
    base_path = '/v1/events'

    allow_list = True
