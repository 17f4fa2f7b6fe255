# SPDX-License-Identifier: Apache-2.0
"""/v1/grants: credits that the operator gives, once or each month."""

from oslo_utils import uuidutils
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import grant as core
from flocx.core import ledger as ledger_core
from flocx.core import query
from market.api import transaction
from market.db import grants

_TEXT, _Field = wsme.types.text, fields.Field
_OPTIONAL, _REQUIRED = fields.OPTIONAL, fields.REQUIRED

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    account_uuid=_Field(_TEXT),
    account_type=_Field(
        types.Choice([ledger_core.AccountType.PROJECT, 'organisation']),
        _OPTIONAL,
        filter=None,
        shown=False,
    ),
    project_id=_Field(types.Ident, _REQUIRED),
    amount=_Field(types.Price, _REQUIRED, filter=None),
    monthly=_Field(bool, _OPTIONAL, filter=None),
    expires=_Field(bool, _OPTIONAL, filter=None),
    reason=_Field(types.Text, _OPTIONAL, filter=None),
    status=_Field(_TEXT, filter=query.one_of([*core.Status, 'any'])),
    month=_Field(_TEXT, filter=None),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
)
GrantRequest, Grant = FIELDS.request('GrantRequest'), FIELDS.answer('Grant')
GrantList = types.collection('grants', Grant)


class Grants(routing.Resource):
    @expose.expose(
        GrantList,
        rule='market:grants:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List the credits that a project was granted, for an operator all of them."""
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = grants.page(session, context, asked)
        return paging.page('grants', rows, asked.limit, Grant.of)

    @expose.expose(Grant, rule='market:grants:show', since='1.1')
    def get_one(self, ident):
        """Show a grant."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return Grant.of(grants.get(session, ident, context))

    @expose.expose(
        Grant, body=GrantRequest, status=201, rule='market:grants:create', since='1.1'
    )
    @db.retried
    def post(self, body):
        """Grant a project credits, once or as many each month; for the operator.

        Of credits that expire, what is left lapses at the end of each month.
        """
        service, context, now = transaction.request_context()
        monthly, expires = bool(body.get('monthly')), bool(body.get('expires'))
        if expires and not monthly:
            raise exceptions.Invalid('expires: only what is granted monthly expires')
        account_type = ledger_core.AccountType(body.get('account_type') or 'project')
        with transaction.idempotent('/v1/grants') as creation:
            if creation.answer is None:
                grant = core.Grant(
                    uuid=uuidutils.generate_uuid(),
                    account_uuid=ledger_core.account_uuid(
                        account_type, body['project_id']
                    ),
                    project_id=body['project_id'],
                    amount=ledger_core.amount(body['amount']),
                    monthly=monthly,
                    expires=expires,
                    reason=body.get('reason'),
                    status=core.Status.ACTIVE if monthly else core.Status.ENDED,
                    month=ledger_core.month(now),
                    created_at=now,
                    updated_at=now,
                )
                grants.add(creation.session, grant, account_type, now, context.user_id)
                creation.answer = Grant.of(grant)
        return creation.answer

    @expose.expose(status=204, rule='market:grants:end', since='1.1')
    @db.retried
    def delete(self, ident):
        """End a monthly grant: what was given stays."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            grants.end(session, grants.get(session, ident, context), now)
