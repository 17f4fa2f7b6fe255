# SPDX-License-Identifier: Apache-2.0
"""/v1/contracts/{contract}/lines: the servers of a contract, one by one."""

import json

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import routing
from flocx.api import types
from flocx.core import contract as core
from market import replacement
from market.api import contract_fields
from market.api import releases
from market.api import transaction
from market.db import contracts
from market.db import handovers
from market.db import lifecycle
from market.db import powered
from market.db import turnarounds

#: In these a line is over, and its server is taken back.
_TAKEN_BACK = {core.Status.WAIT_END, core.Status.WAIT_CANCEL}

#: How much a provider may keep about a line, in characters of JSON.
MOST_KEPT = 65536


class Report(types.Declared):
    """What a provider did for a line."""

    status = types.required(types.Choice(core.Status))
    reason = types.Text


class Power(types.Declared):
    """Whether the server of a line is powered on now."""

    power_on = types.required(bool)


class HandoverChange(types.Declared):
    """What a provider wants kept, in the place of what it rests on."""

    version = types.required(types.Integer(0, 2**62))
    data = types.required(types.Object)


class Handover(types.Answer):
    version = int
    data = types.Json


#: A line as it is by now; while it is taken back, with what is kept about it.
ReportedLine = fields.Table(
    **contract_fields.LINE_FIELDS, handover=fields.Field(Handover, since='1.1')
).answer('ReportedLine')


class Handovers(routing.Resource):
    """/v1/contracts/{contract}/lines/{line}/handover: a provider's own memory."""

    @expose.expose(Handover, rule='market:handovers:show')
    def get_one(self, contract_uuid, line_uuid):
        """Show what the provider keeps about a line until the line is closed.

        ``version`` is 0 where nothing was kept yet.
        """
        service, context, _ = transaction.request_context()
        line = contract_uuid, line_uuid, context.provider_id
        with service.database.reader() as session:
            return Handover.of(handovers.get(session, *line))

    @expose.expose(Handover, body=HandoverChange, rule='market:handovers:change')
    @db.retried
    def patch(self, contract_uuid, line_uuid, body):
        """Keep something about a line, at most 65,536 characters of JSON.

        ``version`` is that of what was read before; another one is a conflict, so
        that two fulfillers do not overwrite what the other has found.
        """
        service, context, now = transaction.request_context()
        line = contract_uuid, line_uuid
        with service.database.writer() as session:
            version = keep(service, session, context, now, *line, body)
        return Handover.of(version=version, data=body['data'])


class Powers(routing.Resource):
    """/v1/contracts/{contract}/lines/{line}/power: from it follow the seconds on."""

    @expose.expose(
        contract_fields.Line, body=Power, rule='market:contracts:report', since='1.1'
    )
    @db.retried
    def patch(self, contract_uuid, line_uuid, body):
        """Report that a server is powered on, or off, now.

        The seconds in which it was on are counted from that, between the hand-over and
        the end. One that is on again within a minute counts as on in between.
        """
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            contract = contracts.get(session, contract_uuid, context)
            line = _delivered_by(context, contract, line_uuid)
            powered.record(session, line.uuid, body['power_on'], now)
            contract = contracts.get(session, contract_uuid, context)
        return contract_fields.Line.of(_delivered_by(context, contract, line_uuid))


class Lines(routing.Resource):
    """/v1/contracts/{contract}/lines: for the providers that deliver them."""

    handover = Handovers()
    power = Powers()

    @expose.expose(ReportedLine, body=Report, rule='market:contracts:report')
    @db.retried
    def patch(self, contract_uuid, line_uuid, body):
        """Report what became of a line; of one to be taken back its handover is shown.

        ``wait_cancel`` with the reason not_delivered, node_gone, node_in_use or
        owner_changed gives up a line that was not handed over. Where the bid could have
        had another server that is free for the time, it becomes a line of the contract
        in its place, at the same price.
        """
        service, context, now = transaction.request_context()
        line = contract_uuid, line_uuid
        with service.database.writer() as session:
            return take_down(service, session, context, now, *line, body)

    @expose.expose(status=204, since='1.1')
    @db.retried
    def delete(self, contract_uuid, line_uuid):
        """Leave one server that its owner has reclaimed, at no cost, and keep the rest.

        Any other server is released with the whole contract.
        """
        with transaction.changing() as session:
            releases.release(session, contract_uuid, [line_uuid])


def take_down(service, session, context, now, contract_uuid, line_uuid, report):
    """Write down what a provider reports; return the ReportedLine, JSON."""
    contract = contracts.get(session, contract_uuid, context)
    line = _delivered_by(context, contract, line_uuid)
    given_up = _is_given_up(line, report)
    status = core.Status(report['status'])
    contract = lifecycle.report(
        session, contract, line, status, report.get('reason'), now
    )
    if given_up:
        turnaround = turnarounds.current(session, service.terms)
        replacement.substitute(session, contract, line, now, turnaround)
    (line,) = (each for each in contract.lines if each.uuid == line_uuid)
    is_taken_back = line.status in _TAKEN_BACK
    kept = handovers.kept(session, line.uuid) if is_taken_back else None
    return ReportedLine.of(line, handover=kept)


def keep(service, session, context, now, contract_uuid, line_uuid, change):
    """Keep what a provider says about a line; return its new version.

    :raises Invalid: it is too much.
    """
    data = change['data']
    if len(json.dumps(data)) > MOST_KEPT:
        raise exceptions.Invalid(f'data: more than {MOST_KEPT} characters of JSON')
    line = contract_uuid, line_uuid, context.provider_id
    return handovers.put(session, *line, change['version'], data)


def _is_given_up(line, body):
    return (
        body['status'] == core.Status.WAIT_CANCEL != line.status
        and body.get('reason') in core.UNDELIVERABLE
        and line.fulfill_time is None
    )


def _delivered_by(context, contract, line_uuid):
    for line in contract.lines:
        if line.uuid == line_uuid and line.provider_id == context.provider_id:
            return line
    raise exceptions.NotFound(f'Line {line_uuid} not found')
