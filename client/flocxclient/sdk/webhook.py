# SPDX-License-Identifier: Apache-2.0
"""Webhooks, as the SDK has them."""

import base64
import secrets

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource

#: How many random bytes a secret has.
_BYTES = 32


def new_secret():
    """A secret to sign requests with, as Standard Webhooks 1.0 writes it."""
    return 'whsec_' + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


class Webhook(flocx_resource.Resource, table=fields.WEBHOOK):
    """To whom a project has its events sent."""

    resources_key = 'webhooks'
    base_path = '/v1/webhooks'

    allow_create = True
    allow_fetch = True
    allow_commit = True
    allow_delete = True
    allow_list = True
