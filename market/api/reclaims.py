# SPDX-License-Identifier: Apache-2.0
"""/v1/contracts/{contract}/reclaim: an owner takes servers back, with notice."""

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from market import reclaim
from market.api import contract_fields
from market.api import transaction
from market.db import contracts
from market.db import turnarounds
from market.db import visibility


class ReclaimRequest(types.Declared):
    """Which of the caller's servers in the contract, by uuid of the line; else all."""

    lines = types.Field([types.Ident])
    dry_run = bool


class Reclaim(routing.Resource):
    """/v1/contracts/{contract}/reclaim: for the owners of its servers."""

    @expose.expose(contract_fields.Contract, body=ReclaimRequest, since='1.1')
    @db.retried
    def post(self, contract_uuid, body):
        """Reclaim servers of a contract, with the notice that was agreed.

        The renter is told at once, keeps the servers until ``reclaim_deadline`` and
        pays until then, or leaves at any time before. To ask again changes nothing: a
        deadline is never earlier than it was.

        With ``dry_run`` nothing is changed, and the answer is what would be.
        """
        service, context, now = transaction.request_context()
        with transaction.changing(body.get('dry_run')) as session:
            seen = contracts.get(session, contract_uuid, context)
            lines = _owned(service, context, seen, body.get('lines'))
            contract = contracts.get(session, seen.uuid, visibility.OPERATOR)
            turnaround = turnarounds.current(session, service.terms)
            reclaim.reclaim(session, contract, lines, now, turnaround)
            return contract_fields.shown(
                context, contracts.get(session, seen.uuid, context)
            )


def _owned(service, context, contract, named):
    """The lines ``named`` of ``contract``, or all that the caller may reclaim.

    :raises NotFound: one of them is none of the contract's that the caller sees.
    :raises Forbidden: the caller may not reclaim one.
    """
    lines = {line.uuid: line for line in contract.lines}
    for uuid in set(named or ()) - lines.keys():
        raise exceptions.NotFound(f'lines: line {uuid} not found')
    if named:
        chosen = [lines[uuid] for uuid in sorted(set(named))]
    else:
        own = [each for each in lines.values() if each.owner_id == context.project_id]
        chosen = own or list(lines.values())
    for owner in {line.owner_id for line in chosen}:
        service.policy.authorize(
            context, 'market:contracts:reclaim', {'project_id': owner}
        )
    return chosen
