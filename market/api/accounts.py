# SPDX-License-Identifier: Apache-2.0
"""/v1/accounts: what projects have to spend, and what is held of it."""

import wsme.types

from flocx import db
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import ledger as core
from flocx.core import query
from market.api import transaction
from market.db import ledger

_TEXT, _Field = wsme.types.text, fields.Field

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    type=_Field(_TEXT, filter=query.one_of(core.AccountType)),
    project_id=_Field(_TEXT),
    balance=_Field(types.Amount, filter=None),
    held=_Field(types.Amount, filter=None),
    overdraft=_Field(types.Price, change=fields.REQUIRED, filter=None),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
)
Account, AccountChange = FIELDS.answer('Account'), FIELDS.change('AccountChange')
AccountList = types.collection('accounts', Account)


class Accounts(routing.Resource):
    @expose.expose(
        AccountList,
        rule='market:accounts:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List accounts: the project's, for an operator all of them."""
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = ledger.page(session, context, asked)
        return paging.page('accounts', rows, asked.limit, Account.of)

    @expose.expose(Account, rule='market:accounts:show', since='1.1')
    def get_one(self, ident):
        """Show an account, by its uuid or the id of its project.

        ``balance`` can be spent, down to minus the ``overdraft``; ``held`` is what
        open bids and contracts may still cost.
        """
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return Account.of(ledger.get(session, ident, context))

    @expose.expose(
        Account, body=AccountChange, rule='market:accounts:change', since='1.1'
    )
    @db.retried
    def patch(self, ident, body):
        """Say by how many credits an account may be overdrawn; for the operator."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            account = ledger.get(session, ident, context)
            changed = ledger.set_overdraft(session, account, body['overdraft'], now)
        return Account.of(changed)
