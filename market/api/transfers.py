# SPDX-License-Identifier: Apache-2.0
"""/v1/transfers: what was booked between accounts, and handing credits on."""

import wsme.types

from flocx import db
from flocx import exceptions
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
_OPTIONAL, _REQUIRED = fields.OPTIONAL, fields.REQUIRED

FIELDS = fields.Table(
    uuid=_Field(_TEXT),
    type=_Field(_TEXT, filter=query.one_of(core.TransferType)),
    # The projects, or accounts by uuid, between which credits are transferred.
    source=_Field(types.Ident, _OPTIONAL, filter=None, shown=False),
    target=_Field(types.Ident, _REQUIRED, filter=None, shown=False),
    debit=_Field(_TEXT),
    credit=_Field(_TEXT),
    amount=_Field(types.Price, _REQUIRED, filter=None),
    month=_Field(types.Text, _OPTIONAL),
    time=_Field(types.Instant, sort=True),
    reason=_Field(types.Text, _OPTIONAL, filter=None),
    object_type=_Field(_TEXT),
    object_uuid=_Field(_TEXT),
    contract_uuid=_Field(_TEXT),
    period=_Field(_TEXT),
    corrects=_Field(_TEXT),
    details=_Field(types.Json, filter=None),
    user_id=_Field(_TEXT, filter=None),
)
TransferRequest = FIELDS.request('TransferRequest')
Transfer = FIELDS.answer('Transfer')
TransferList = types.collection('transfers', Transfer)


class Transfers(routing.Resource):
    @expose.expose(
        TransferList,
        rule='market:transfers:list',
        parameters=FIELDS.filters(),
        sort_keys=('time',),
        since='1.1',
    )
    def get_all(self):
        """List what was booked on the project's account, or held on its behalf."""
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = ledger.transfers(session, context, asked)
        return paging.page('transfers', rows, asked.limit, Transfer.of)

    @expose.expose(Transfer, rule='market:transfers:show', since='1.1')
    def get_one(self, ident):
        """Show a transfer."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return Transfer.of(ledger.get_transfer(session, ident, context))

    @expose.expose(Transfer, body=TransferRequest, status=201, since='1.1')
    @db.retried
    def post(self, body):
        """Hand credits to a project below one's own; for its managers.

        ``source`` and ``target`` are projects, or accounts by their uuid; without a
        source it is the caller's project. The operator transfers between any two
        accounts, the operator's own included.
        """
        service, context, now = transaction.request_context()
        amount = core.amount(body['amount'])
        month = core.parse_month(body.get('month') or core.month(now))
        if month > core.month(now):
            raise exceptions.Invalid(f'month: {month} has not begun')
        with service.database.reader() as session:
            source = _account(session, body.get('source') or context.project_id)
            target = _account(session, body['target'])
        if source.uuid == target.uuid:
            raise exceptions.Invalid(
                'target: it is the account that the credits come from'
            )
        if not _may_transfer(service, context, source, target):
            raise exceptions.NotFound(
                f'target: no project {body["target"]} is below the source, or you may '
                'not take credits from there'
            )
        with transaction.idempotent('/v1/transfers') as creation:
            if creation.answer is None:
                session = creation.session
                if month <= ledger.closed_through(session):
                    raise exceptions.Conflict(
                        f'month: {month} is closed; what corrects it is booked in an '
                        'open month',
                        code='flocx.conflict.month_closed',
                    )
                made = ledger.transfer(
                    core.TransferType.TRANSFER,
                    source.uuid,
                    target.uuid,
                    amount,
                    now,
                    month=month,
                    reason=body.get('reason'),
                    within_limit=source.type != core.AccountType.OPERATOR,
                    user_id=context.user_id,
                )
                ledger.hand_over(session, made, source, target, now)
                creation.answer = Transfer.of(made)
        return creation.answer


def _account(session, ident):
    """The account of this uuid, or of the project of this id, opened or not."""
    found = ledger.find(session, ident)
    if found.type == core.AccountType.HOLDS:
        raise exceptions.NotFound(f'Account {ident} not found')
    return found


def _may_transfer(service, context, source, target):
    """Whether the caller may transfer from ``source`` to ``target``.

    Where not, they are not told whether there are such accounts, nor whose they are.

    :raises Forbidden: the source is theirs, and their roles do not allow it.
    """
    if source.project_id != context.project_id and not context.is_admin:
        if not _is_of_organisation(service, context, source):
            return False
        owner = context.project_id
    else:
        owner = source.project_id
    service.policy.authorize(context, 'market:transfers:create', {'project_id': owner})
    if context.is_admin:
        return True
    if target.type != core.AccountType.PROJECT:
        return False
    try:
        return source.project_id in service.projects.ancestors(target.project_id)
    except exceptions.NotFound:
        return False


def _is_of_organisation(service, context, source):
    """Whether it is the account of the organisation at the top of which they are.

    At the top of a domain are its topmost projects; else the organisation is one.
    """
    if source.type != core.AccountType.ORGANISATION:
        return False
    organisation, own = service.quotas.organisation(context), context.project_id
    if organisation != source.project_id:
        return False
    if organisation == context.project_domain_id:
        return set(context.lineage) <= {own, organisation}
    return organisation == own
