# SPDX-License-Identifier: Apache-2.0
"""Tokens that open serial consoles, as the SDK has them."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class ConsoleToken(flocx_resource.Resource, table=fields.CONSOLE_TOKEN):
    """A token for the serial console of a server that is rented."""

    resources_key = 'console_tokens'
    base_path = '/v1/console_tokens'

    allow_fetch = True
    allow_delete = True
    allow_list = True
