# SPDX-License-Identifier: Apache-2.0
"""/v1/contracts/{contract}/release: a renter leaves, or looks what that does."""

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from market import reclaim
from market.api import contract_fields
from market.api import transaction
from market.db import contracts
from market.db import lifecycle


class ReleaseRequest(types.Declared):
    """Which reclaimed servers, by uuid of the line, else all; and whether to do it."""

    lines = types.Field([types.Ident])
    dry_run = bool


class Release(routing.Resource):
    """/v1/contracts/{contract}/release: for who rents its servers."""

    @expose.expose(contract_fields.Contract, body=ReleaseRequest, since='1.1')
    @db.retried
    def post(self, contract_uuid, body):
        """Cancel a contract, or release its servers early; the answer is the contract.

        It is the same as to DELETE the contract or, with ``lines``, these lines of it.
        With ``dry_run`` nothing is changed, and the answer is what would be.
        """
        context = transaction.request_context()[1]
        with transaction.changing(body.get('dry_run')) as session:
            contract = release(session, contract_uuid, body.get('lines'))
        return contract_fields.shown(context, contract)


def release(session, ident, line_uuids=None):
    """Release the contract ``ident`` of the caller's; return it.

    :param line_uuids: of those lines, by default all, that are released; their owners
        have reclaimed them.
    :raises NotFound: there is no such contract or line that the caller may see.
    :raises Conflict: a line is not reclaimed, or nothing is left to release.
    """
    service, context, now = transaction.request_context()
    usual = service.terms.notice
    contract = contracts.get(session, ident, context)
    lines = _named(contract, line_uuids or ())
    transaction.require_current(contract, 'market:contracts:release')
    if lines:
        _require_reclaimed(lines)
        return lifecycle.close(session, contract, now, lines=lines)
    notice = reclaim.notice(session, contract, usual)
    return lifecycle.close(session, contract, now, notice)


def _named(contract, uuids):
    lines = {line.uuid: line for line in contract.lines}
    for uuid in uuids:
        if uuid not in lines:
            raise exceptions.NotFound(f'Line {uuid} not found')
    return [lines[uuid] for uuid in dict.fromkeys(uuids)]


def _require_reclaimed(lines):
    for line in lines:
        if not line.reclaim_deadline:
            raise exceptions.Conflict(
                f'Line {line.uuid} is not reclaimed by its owner: release the whole '
                'contract'
            )
