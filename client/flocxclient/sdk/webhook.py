# SPDX-License-Identifier: Apache-2.0
"""Webhooks, as the SDK has them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Webhook(flocx_resource.Resource, table=fields.WEBHOOK):
    """To whom a project has its events sent."""

    resources_key = 'webhooks'
    base_path = '/v1/webhooks'

    allow_create = True
    allow_fetch = True
    allow_commit = True
    allow_delete = True
    allow_list = True
