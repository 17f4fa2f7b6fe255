# SPDX-License-Identifier: Apache-2.0
"""The SDK resources of the ledger: accounts, transfers, grants and disputes."""

from flocxclient import fields
from flocxclient.sdk import resource as flocx_resource


class Account(flocx_resource.Resource, table=fields.ACCOUNT):
    """What a project has to spend, and what is held of it."""

    resources_key = 'accounts'
    base_path = '/v1/accounts'

    allow_fetch = True
    allow_commit = True
    allow_list = True


class Transfer(flocx_resource.Resource, table=fields.TRANSFER):
    """Credits that went from one account to another."""

    resources_key = 'transfers'
    base_path = '/v1/transfers'

    allow_create = True
    allow_fetch = True
    allow_list = True


class Grant(flocx_resource.Resource, table=fields.GRANT):
    """Credits that the operator gives, once or each month."""

    resources_key = 'grants'
    base_path = '/v1/grants'

    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True


class Dispute(flocx_resource.Resource, table=fields.DISPUTE):
    """What a party says of a line of its statement, and what was decided."""

    resources_key = 'disputes'
    base_path = '/v1/disputes'

    allow_create = True
    allow_fetch = True
    allow_commit = True
    allow_list = True
