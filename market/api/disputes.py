# SPDX-License-Identifier: Apache-2.0
"""/v1/disputes: lines of statements that a party takes for wrong."""

from oslo_utils import uuidutils
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import dispute as core
from flocx.core import ledger as ledger_core
from flocx.core import query
from market.api import transaction
from market.db import disputes
from market.db import ledger

_TEXT, _Field = wsme.types.text, fields.Field
_OPTIONAL, _REQUIRED = fields.OPTIONAL, fields.REQUIRED
_DECIDED = types.Choice([core.Status.ACCEPTED, core.Status.REJECTED])

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    transfer_uuid=_Field(types.Ident, _REQUIRED),
    project_id=_Field(_TEXT),
    other_project_id=_Field(_TEXT),
    reason=_Field(types.Text, _REQUIRED, filter=None),
    status=_Field(
        _DECIDED,
        change=_REQUIRED,
        filter=query.one_of([*core.Status, 'any']),
    ),
    decision=_Field(types.Text, change=_REQUIRED, filter=None),
    amount=_Field(types.Price, change=_OPTIONAL, filter=None),
    correction_uuid=_Field(_TEXT),
    decided_by=_Field(_TEXT, filter=None),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
)
DisputeRequest, Dispute = FIELDS.request('DisputeRequest'), FIELDS.answer('Dispute')
DisputeChange = FIELDS.change('DisputeChange')
DisputeList = types.collection('disputes', Dispute)


class Disputes(routing.Resource):
    @expose.expose(
        DisputeList,
        rule='market:disputes:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List the disputes that the project is a party to."""
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = disputes.page(session, context, asked)
        return paging.page('disputes', rows, asked.limit, Dispute.of)

    @expose.expose(Dispute, rule='market:disputes:show', since='1.1')
    def get_one(self, ident):
        """Show a dispute."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return Dispute.of(disputes.get(session, ident, context))

    @expose.expose(
        Dispute,
        body=DisputeRequest,
        status=201,
        rule='market:disputes:create',
        since='1.1',
    )
    @db.retried
    def post(self, body):
        """Say that what was booked of a contract is wrong, and why.

        ``transfer_uuid`` is of a line of the project's statement.
        """
        service, context, now = transaction.request_context()
        with transaction.idempotent('/v1/disputes') as creation:
            if creation.answer is None:
                session = creation.session
                disputed = ledger.get_transfer(session, body['transfer_uuid'], context)
                ours, other = _parties(context, disputed)
                dispute = core.Dispute(
                    uuid=uuidutils.generate_uuid(),
                    transfer_uuid=disputed.uuid,
                    project_id=ours,
                    other_project_id=other,
                    reason=body['reason'],
                    created_at=now,
                    updated_at=now,
                )
                disputes.add(session, dispute, now)
                creation.answer = Dispute.of(dispute)
        return creation.answer

    @expose.expose(
        Dispute, body=DisputeChange, rule='market:disputes:decide', since='1.1'
    )
    @db.retried
    def patch(self, ident, body):
        """Accept or reject a dispute; for the operator.

        Of one that is accepted, ``amount`` credits go from the other party to the one
        that has disputed, by a correction in the open month.
        """
        service, context, now = transaction.request_context()
        accepted = body['status'] == core.Status.ACCEPTED
        amount = body.get('amount')
        if accepted and amount is None:
            raise exceptions.Invalid('amount: it is what an accepted dispute comes to')
        if amount is not None:
            if not accepted:
                raise exceptions.Invalid('amount: a dispute that is rejected has none')
            amount = ledger_core.amount(amount)
        with service.database.writer() as session:
            dispute = disputes.get(session, ident, context)
            decided = disputes.decide(
                session,
                dispute,
                core.Status(body['status']),
                now,
                decision=body['decision'],
                amount=amount,
                user_id=context.user_id,
            )
        return Dispute.of(decided)


def _parties(context, disputed):
    """The caller's project and the other party to what is disputed."""
    if disputed.type not in ledger_core.BILLED:
        raise exceptions.Conflict(
            f'Transfer {disputed.uuid} is a {disputed.type}: what can be disputed is '
            'usage and corrections of it'
        )
    parties = disputed.details['project_id'], disputed.details['owner_id']
    if context.project_id not in parties:
        raise exceptions.Forbidden(
            f'Transfer {disputed.uuid} is between other projects than yours'
        )
    (other,) = (each for each in parties if each != context.project_id)
    return context.project_id, other
