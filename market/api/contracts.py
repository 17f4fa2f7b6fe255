# SPDX-License-Identifier: Apache-2.0
"""/v1/contracts: servers promised to a project."""

import datetime
import functools

from pecan import rest
import wsme
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import paging
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
from market.db import lifecycle
from market.db import visibility

_OF_LINES = {
    'offer_uuid': query.text,
    'owner_id': query.text,
    'provider_id': query.text,
    'resource_type': query.text,
    'resource_uuid': query.text,
    'resource_class': query.text,
    'sublet_of': query.text,
    'price': money.price,
    'fulfill_time': window.instant,
    'expire_time': window.instant,
    'notice_seconds': query.integer,
    'reason': query.text,
}
FILTERS = {
    **_OF_LINES,
    'uuid': query.text,
    'name': query.text,
    'bid_uuid': query.text,
    'project_id': query.text,
    'purpose': query.text,
    'status': query.one_of([*core.Status, 'any']),
    'generation': query.integer,
    'start_time': window.instant,
    'end_time': window.instant,
    'created_at': window.instant,
    'updated_at': window.instant,
    'role': query.one_of(['renter', 'owner']),
    'due_before': window.instant,
    'requirements': query.json_list,
}
SORT_KEYS = ('created_at', 'start_time', 'end_time', 'updated_at', 'uuid')


class Line(types.Answer):
    uuid = wsme.types.text
    offer_uuid = wsme.types.text
    owner_id = wsme.types.text
    provider_id = wsme.types.text
    resource_type = wsme.types.text
    resource_uuid = wsme.types.text
    resource_class = wsme.types.text
    sublet_of = wsme.types.text
    price = types.Price
    price_segments = types.Json
    price_rule = wsme.types.text
    ask = types.Price
    displaced = types.Price
    round_uuid = wsme.types.text
    start_time = types.Instant
    end_time = types.Instant
    status = wsme.types.text
    fulfill_time = types.Instant
    expire_time = types.Instant
    notice_seconds = int
    reason = wsme.types.text

    @classmethod
    def of(cls, noun, **more):
        segments = [
            {
                'start_time': window.text(stay.start),
                'end_time': window.text(stay.end),
                'price': money.text(price),
            }
            for stay, price in noun.segments
        ]
        return super().of(noun, price_segments=segments, **more)


class Contract(types.Answer):
    uuid = wsme.types.text
    name = wsme.types.text
    bid_uuid = wsme.types.text
    project_id = wsme.types.text
    purpose = wsme.types.text
    start_time = types.Instant
    end_time = types.Instant
    status = wsme.types.text
    lines = [Line]
    generation = int
    created_at = types.Instant
    updated_at = types.Instant

    @classmethod
    def shown_to(cls, context, contract):
        """The contract as the caller may see it."""
        hidden = {}
        if not context.is_admin and contract.project_id != context.project_id:
            hidden = dict.fromkeys(visibility.OF_RENTER, wsme.Unset)
        lines = [Line.of(line) for line in contract.lines]
        return cls.of(contract, lines=lines, **hidden)


ContractList = types.collection('contracts', Contract)


class ContractChange(types.Declared):
    """A new end: later where the time is still free, or earlier.

    With ``dry_run`` nothing is changed, and the answer is what would be. Where added
    time costs more than ``max_price`` per server and hour, nothing is changed either.
    """

    end_time = wsme.wsattr(types.Instant, mandatory=True)
    max_price = types.Price
    dry_run = bool
    generation = types.Integer(1, 2**62)


class Report(types.Declared):
    """What a provider did for a line."""

    status = wsme.wsattr(wsme.types.Enum(str, *core.Status), mandatory=True)
    reason = types.Text


class Lines(rest.RestController):
    """/v1/contracts/{contract}/lines: for the providers that deliver them."""

    @expose.expose(Line, body=Report, rule='market:contracts:report')
    @db.retried
    def patch(self, contract_uuid, line_uuid, report):
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
            given_up = _is_given_up(line, report)
            contract = lifecycle.report(
                session,
                contract,
                line,
                core.Status(report.status),
                report.reason or None,
                now,
            )
            if given_up:
                replacement.substitute(
                    session, contract, line, now, service.terms.turnaround
                )
        (line,) = (each for each in contract.lines if each.uuid == line_uuid)
        return Line.of(line)


def _is_given_up(line, report):
    return (
        report.status == core.Status.WAIT_CANCEL != line.status
        and report.reason in core.UNDELIVERABLE
        and line.fulfill_time is None
    )


def _delivered_by(context, contract, line_uuid):
    for line in contract.lines:
        if line.uuid == line_uuid and line.provider_id == context.provider_id:
            return line
    raise exceptions.NotFound(f'Line {line_uuid} not found')


class Contracts(rest.RestController):
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
            FILTERS,
            SORT_KEYS,
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
        shown = functools.partial(Contract.shown_to, context)
        return paging.page(ContractList, 'contracts', rows, asked.limit, shown)

    @expose.expose(Contract, rule='market:contracts:show')
    def get_one(self, ident):
        """Show a contract, an owner only their own lines."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            contract = contracts.get(session, ident, context)
        answer = Contract.shown_to(context, contract)
        transaction.etag(answer)
        return answer

    @expose.expose(Contract, body=ContractChange)
    @db.retried
    def patch(self, ident, change):
        """Extend a contract where the time is still free, or shorten it."""
        service, context, _ = transaction.request_context()
        terms = service.terms
        # The operator's hand is not bound by the quotas of others.
        limits = not context.is_admin and service.quotas.limits(context)
        try:
            with service.database.writer() as session:
                contract = contracts.get(session, ident, context)
                contract = _changed(session, contract, change, terms, limits)
                if change.dry_run:
                    # Leaving the transaction by it takes everything back.
                    raise _Preview
        except _Preview:
            return Contract.shown_to(context, contract)
        answer = Contract.shown_to(context, contract)
        transaction.etag(answer)
        return answer

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel a contract, or release its servers early."""
        service, context, now = transaction.request_context()
        notice = service.terms.notice
        with service.database.writer() as session:
            contract = contracts.get(session, ident, context)
            service.policy.authorize(
                context,
                'market:contracts:release',
                {'project_id': contract.project_id},
            )
            transaction.check_if_match('Contract', contract)
            contract = lifecycle.close(session, contract, now, notice)
        transaction.etag(contract)


class _Preview(Exception):
    """What would have been changed was only to be shown."""


def _changed(session, contract, change, terms, limits):
    """The contract with its new end, written."""
    service, context, now = transaction.request_context()
    service.policy.authorize(
        context, 'market:contracts:change', {'project_id': contract.project_id}
    )
    transaction.check_if_match('Contract', contract, change.generation or None)
    later = change.end_time > contract.end_time
    if not later:
        _require_notice(contract, change.end_time, now, terms.notice)
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
        session, contract, change.end_time, now, pricing, terms.turnaround
    )
    claims.require_length(window.Window(contract.start_time, contract.end_time), terms)
    if change.max_price:
        _require_price(before, contract, change.max_price)
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
