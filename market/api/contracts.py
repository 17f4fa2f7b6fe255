# SPDX-License-Identifier: Apache-2.0
"""/v1/contracts: servers promised to a project."""

import datetime

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
from market import replacement
from market.api import hardware
from market.api import transaction
from market.db import contracts
from market.db import lifecycle

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
    price_rule = wsme.types.text
    ask = types.Price
    displaced = types.Price
    round_uuid = wsme.types.text
    start_time = types.Instant
    end_time = types.Instant
    status = wsme.types.text
    fulfill_time = types.Instant
    expire_time = types.Instant
    reason = wsme.types.text


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
    def of(cls, noun, **more):
        return super().of(noun, lines=[Line.of(line) for line in noun.lines], **more)


ContractList = types.collection('contracts', Contract)


class ContractChange(types.Declared):
    """A new end: later where the time is still free, or earlier."""

    end_time = wsme.wsattr(types.Instant, mandatory=True)
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
        where = _where(context, special, of_lines)
        with service.database.reader() as session:
            rows = contracts.page(
                session,
                context,
                asked,
                where,
                hardware.suits(service.conf, special),
                special.get('due_before'),
            )
        return paging.page(ContractList, 'contracts', rows, asked.limit, Contract.of)

    @expose.expose(Contract, rule='market:contracts:show')
    def get_one(self, ident):
        """Show a contract, an owner only their own lines."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            answer = Contract.of(contracts.get(session, ident, context))
        transaction.etag(answer)
        return answer

    @expose.expose(Contract, body=ContractChange)
    @db.retried
    def patch(self, ident, change):
        """Extend a contract where the time is still free, or shorten it."""
        service, context, now = transaction.request_context()
        terms = service.terms
        # The operator's hand is not bound by the quotas of others.
        limits = not context.is_admin and service.quotas.limits(context.project_id)
        with service.database.writer() as session:
            contract = contracts.get(session, ident, context)
            service.policy.authorize(
                context,
                'market:contracts:change',
                {'project_id': contract.project_id},
            )
            transaction.check_if_match('Contract', contract, change.generation or None)
            later = change.end_time > contract.end_time
            if not later:
                _require_notice(change.end_time, now, terms.notice)
            contract = lifecycle.reschedule(
                session, contract, change.end_time, now, terms.turnaround
            )
            claims.require_length(
                window.Window(contract.start_time, contract.end_time), terms
            )
            if later and limits:
                service.quotas.check(
                    session,
                    contract.project_id,
                    limits,
                    now,
                    server_hours=0,
                    committed_amount=0,
                )
        answer = Contract.of(contract)
        transaction.etag(answer)
        return answer

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel a contract, or release its servers early."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            contract = contracts.get(session, ident, context)
            service.policy.authorize(
                context,
                'market:contracts:release',
                {'project_id': contract.project_id},
            )
            transaction.check_if_match('Contract', contract)
            contract = lifecycle.close(session, contract, now, service.terms.notice)
        transaction.etag(contract)


def _require_notice(end, now, notice):
    earliest = now + datetime.timedelta(seconds=notice)
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
