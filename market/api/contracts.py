# SPDX-License-Identifier: Apache-2.0
"""/v1/contracts: servers promised to a project."""

import datetime
import functools
import json

import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import contract as core
from flocx.core import money
from flocx.core import query
from flocx.core import window
from market import claims
from market import extensions
from market import replacement
from market.api import hardware
from market.api import transaction
from market.db import contracts
from market.db import handovers
from market.db import lifecycle
from market.db import visibility

_TEXT, _Field = wsme.types.text, fields.Field
#: How much a provider may keep about a line, in characters of JSON.
MOST_KEPT = 65536

#: ``None`` as a filter: as a filter the field is the contract's.
LINE_FIELDS = fields.Table(
    uuid=_Field(_TEXT, filter=None),
    offer_uuid=_Field(_TEXT),
    owner_id=_Field(_TEXT),
    provider_id=_Field(_TEXT),
    resource_type=_Field(_TEXT),
    resource_uuid=_Field(_TEXT),
    resource_class=_Field(_TEXT),
    sublet_of=_Field(_TEXT),
    price=_Field(types.Price),
    price_segments=_Field(types.Json, filter=None, since='1.1'),
    price_rule=_Field(_TEXT, filter=None, since='1.1'),
    ask=_Field(types.Price, filter=None, since='1.1'),
    displaced=_Field(types.Price, filter=None, since='1.1'),
    round_uuid=_Field(_TEXT, filter=None, since='1.1'),
    start_time=_Field(types.Instant, filter=None),
    end_time=_Field(types.Instant, filter=None),
    status=_Field(_TEXT, filter=None),
    fulfill_time=_Field(types.Instant),
    expire_time=_Field(types.Instant),
    notice_seconds=_Field(int, filter=None, since='1.1'),
    reason=_Field(_TEXT),
)
Line = LINE_FIELDS.answer('Line')
FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    name=_Field(_TEXT),
    bid_uuid=_Field(_TEXT),
    project_id=_Field(_TEXT),
    purpose=_Field(_TEXT),
    start_time=_Field(types.Instant, sort=True),
    end_time=_Field(types.Instant, change=fields.REQUIRED, sort=True),
    status=_Field(_TEXT, filter=query.one_of([*core.Status, 'any'])),
    lines=_Field([Line], filter=None),
    generation=_Field(types.Integer(1, 2**62), change=fields.OPTIONAL),
    max_price=_Field(
        types.Price, change=fields.OPTIONAL, filter=None, shown=False, since='1.1'
    ),
    dry_run=_Field(bool, change=fields.OPTIONAL, filter=None, shown=False, since='1.1'),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
    role=_Field(None, filter=query.one_of(['renter', 'owner']), shown=False),
    due_before=_Field(types.Instant, shown=False),
    requirements=_Field(types.Json, filter=query.json_list, shown=False),
)
Contract, ContractChange = FIELDS.answer('Contract'), FIELDS.change('ContractChange')
ContractList = types.collection('contracts', Contract)
_OF_LINES, SORT_KEYS = LINE_FIELDS.filters(), FIELDS.sort_keys()
FILTERS = _OF_LINES | FIELDS.filters()


def shown(context, contract):
    """The contract as the caller may see it."""
    own = context.is_admin or contract.project_id == context.project_id
    return Contract.of(contract, () if own else visibility.OF_RENTER)


class Report(types.Declared):
    """What a provider did for a line."""

    status = types.required(types.Choice(core.Status))
    reason = types.Text


class HandoverChange(types.Declared):
    """What a provider wants kept, in the place of what it rests on."""

    version = types.required(types.Integer(0, 2**62))
    data = types.required(types.Object)


class Handover(types.Answer):
    version = int
    data = types.Json


class Handovers(routing.Resource):
    """/v1/contracts/{contract}/lines/{line}/handover: a provider's own memory."""

    @expose.expose(Handover, rule='market:handovers:show')
    def get_one(self, contract_uuid, line_uuid):
        """Show what the provider keeps about a line until the line is closed.

        ``version`` is 0 where nothing was kept yet.
        """
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            contract = contracts.get(session, contract_uuid, context)
            line = _delivered_by(context, contract, line_uuid)
            if line.status in core.CLOSED:
                raise exceptions.NotFound(f'Line {line.uuid} is {line.status}')
            version, data = handovers.get(session, line.uuid)
        return Handover.of(version=version, data=data)

    @expose.expose(Handover, body=HandoverChange, rule='market:handovers:change')
    @db.retried
    def patch(self, contract_uuid, line_uuid, body):
        """Keep something about a line, at most 65,536 characters of JSON.

        ``version`` is that of what was read before; another one is a conflict, so
        that two fulfillers do not overwrite what the other has found.
        """
        service, context, _ = transaction.request_context()
        data = body['data']
        if len(json.dumps(data)) > MOST_KEPT:
            raise exceptions.Invalid(f'data: more than {MOST_KEPT} characters of JSON')
        with service.database.writer() as session:
            contract = contracts.get(session, contract_uuid, context)
            line = _delivered_by(context, contract, line_uuid)
            version = handovers.put(session, line, body['version'], data)
        return Handover.of(version=version, data=data)


class Lines(routing.Resource):
    """/v1/contracts/{contract}/lines: for the providers that deliver them."""

    handover = Handovers()

    @expose.expose(Line, body=Report, rule='market:contracts:report')
    @db.retried
    def patch(self, contract_uuid, line_uuid, body):
        """Report what became of a line.

        ``wait_cancel`` with the reason not_delivered or node_gone gives up a line
        that was not handed over. Where the bid could have had another server that is
        free for the time, it becomes a line of the contract in its place, at the same
        price.
        """
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            contract = contracts.get(session, contract_uuid, context)
            line = _delivered_by(context, contract, line_uuid)
            given_up = _is_given_up(line, body)
            contract = lifecycle.report(
                session,
                contract,
                line,
                core.Status(body['status']),
                body.get('reason'),
                now,
            )
            if given_up:
                replacement.substitute(
                    session, contract, line, now, service.terms.turnaround
                )
        (line,) = (each for each in contract.lines if each.uuid == line_uuid)
        return Line.of(line)


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


class Contracts(routing.Resource):
    lines = Lines()

    @expose.expose(
        ContractList,
        rule='market:contracts:list',
        parameters=FILTERS,
        sort_keys=SORT_KEYS,
    )
    def get_all(self):
        """List the contracts that the project has a part in.

        Open ones, unless ``status`` asks for others. ``role`` is renter or owner.
        ``requirements``, JSON in the match language, find those with a server that
        has the hardware.
        """
        service, context, _ = transaction.request_context()
        asked, special = paging.asked(
            special=('role', 'due_before', 'requirements'),
            default_status=sorted(core.OPEN),
        )
        asked, of_lines = paging.apart(asked, _OF_LINES)
        where = [*_where(context, special, of_lines), *_require_own(context, asked)]
        with service.database.reader() as session:
            rows = contracts.page(
                session,
                context,
                asked,
                where,
                hardware.suits(service.conf, special),
                special.get('due_before'),
            )
        visible = functools.partial(shown, context)
        return paging.page('contracts', rows, asked.limit, visible)

    @expose.expose(Contract, rule='market:contracts:show')
    def get_one(self, ident):
        """Show a contract, an owner only their own lines."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return shown(context, contracts.get(session, ident, context))

    @expose.expose(Contract, body=ContractChange)
    @db.retried
    def patch(self, ident, body):
        """Extend a contract where the time is still free, or shorten it.

        With ``dry_run`` nothing is changed, and the answer is what would be. Where
        added time costs more than ``max_price`` per server and hour, nothing is
        changed either.
        """
        service, context, _ = transaction.request_context()
        terms = service.terms
        # The operator's hand is not bound by the quotas of others.
        limits = not context.is_admin and service.quotas.limits(context)
        try:
            with service.database.writer() as session:
                contract = contracts.get(session, ident, context)
                contract = _changed(session, contract, body, terms, limits)
                if body.get('dry_run'):
                    # Leaving the transaction by it takes everything back.
                    raise _Preview
        except _Preview:
            return shown(context, contract)
        return shown(context, contract)

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel a contract, or release its servers early."""
        service, context, now = transaction.request_context()
        notice = service.terms.notice
        with service.database.writer() as session:
            contract = contracts.get(session, ident, context)
            transaction.require_current(contract, 'market:contracts:release')
            lifecycle.close(session, contract, now, notice)


class _Preview(Exception):
    """What would have been changed was only to be shown."""


def _changed(session, contract, body, terms, limits):
    """The contract with its new end, written."""
    service, _, now = transaction.request_context()
    transaction.require_current(contract, 'market:contracts:change', body)
    end = body['end_time']
    later = end > contract.end_time
    if not later:
        _require_notice(contract, end, now, terms.notice)
    pricing = extensions.Pricing(
        session,
        contract,
        _lineage(contract),
        now,
        terms.turnaround,
        service.conf.market.book_tick_ratio,
    )
    before = contract
    contract = lifecycle.reschedule(
        session, contract, end, now, pricing, terms.turnaround
    )
    claims.require_length(window.Window(contract.start_time, contract.end_time), terms)
    if body.get('max_price') is not None:
        _require_price(before, contract, body['max_price'])
    if later and limits:
        names = ('server_hours', 'committed_amount', 'cancelled_hours')
        if contract.start_time > now:
            names += ('reserved_hours',)
        service.quotas.check(
            session, contract.project_id, limits, now, **dict.fromkeys(names, 0)
        )
    return contract


def _lineage(contract):
    """The project of the contract and its ancestors, as far as they are known."""
    context = transaction.request_context()[1]
    if context.project_id == contract.project_id:
        return context.lineage
    return (contract.project_id,)


def _require_price(before, contract, most):
    """Nothing, if no time that was added since ``before`` costs more than ``most``."""
    known = {line.uuid: line.end_time for line in before.lines}
    for line in contract.lines:
        last, price = line.segments[-1]
        if last.end > known[line.uuid] and price > most:
            raise exceptions.Conflict(
                f'max_price: the added time of line {line.uuid} costs '
                f'{money.text(price)} per hour, not {money.text(most)} or less'
            )


def _require_notice(contract, end, now, notice):
    earliest = max(now, contract.start_time) + datetime.timedelta(seconds=notice)
    if notice and end < earliest:
        raise exceptions.Conflict(
            f'end_time: not before {window.text(earliest)}; the notice is '
            f'{notice} seconds'
        )


def _where(context, special, of_lines):
    where = []
    if 'role' in special:
        party = {'owner': 'owner_id', 'renter': 'project_id'}[special['role']]
        of_lines = (*of_lines, (party, 'eq', (context.project_id,)))
    if of_lines:
        where.append(contracts.with_line(context, of_lines))
    return where


def _require_own(context, asked):
    """Conditions that keep an owner from asking for what only renters see."""
    names = {name for name, _, _ in asked.filters}
    if context.is_admin or names.isdisjoint(visibility.OF_RENTER):
        return []
    return [contracts.rented_by(context.project_id)]
