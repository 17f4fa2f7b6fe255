# SPDX-License-Identifier: Apache-2.0
"""/v1/contracts: servers promised to a project."""

import dataclasses
import datetime
import functools

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import contract as core
from flocx.core import money
from flocx.core import reclaim as reclaim_core
from flocx.core import window
from market import extensions
from market import giving
from market import reclaim
from market import standing_extensions
from market.api import contract_fields
from market.api import hardware
from market.api import lines
from market.api import offers as offers_api
from market.api import reclaims
from market.api import releases
from market.api import transaction
from market.db import contracts
from market.db import rescheduling
from market.db import servers
from market.db import visibility


class ContractRequest(types.Declared):
    """What an owner gives to a project, and for what."""

    offer = types.required(offers_api.OfferRequest)
    purpose = types.Text
    dry_run = bool


class Contracts(routing.Resource):
    lines = lines.Lines()
    reclaim = reclaims.Reclaim()
    release = releases.Release()

    @expose.expose(
        contract_fields.ContractList,
        rule='market:contracts:list',
        parameters=contract_fields.FILTERS,
        sort_keys=contract_fields.SORT_KEYS,
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
        asked, of_lines = paging.apart(asked, contract_fields.OF_LINES)
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
        visible = functools.partial(contract_fields.shown, context)
        return paging.page('contracts', rows, asked.limit, visible)

    @expose.expose(contract_fields.Contract, rule='market:contracts:show')
    def get_one(self, ident):
        """Show a contract, an owner only their own lines."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return contract_fields.shown(
                context, contracts.get(session, ident, context)
            )

    @expose.expose(
        contract_fields.Contract,
        body=ContractRequest,
        status=201,
        rule='market:contracts:provide',
        since='1.1',
    )
    @db.retried
    def post(self, body):
        """Give a server to a project, as its owner: an offer and its contract, at once.

        The project is the ``lessee_id`` of the offer, which is closed with it. It has
        not agreed to pay, so the price is 0. With ``dry_run`` nothing is made, and the
        answer, with status 200, is what the contract would be.
        """
        service, context, now = transaction.request_context()
        offer = offers_api.from_request(body['offer'], context, now, service.conf)
        _require_gift(offer)
        if body.get('dry_run'):
            expose.only_shown()
            with transaction.changing(dry_run=True) as session:
                return _given(session, offer, body)
        with transaction.idempotent('/v1/contracts') as creation:
            if creation.answer is None:
                creation.answer = _given(creation.session, offer, body)
        return creation.answer

    @expose.expose(contract_fields.Contract, body=contract_fields.ContractChange)
    @db.retried
    def patch(self, ident, body):
        """Extend a contract where the time is still free, or shorten it.

        With ``extend_until`` it is extended by itself before each end, up to that time
        and as long as no server costs more than ``extend_max_price``; null ends that.

        With ``dry_run`` nothing is changed, and the answer is what would be. Where
        added time costs more than ``max_price`` per server and hour, nothing is
        changed either.
        """
        service, context, _ = transaction.request_context()
        terms = service.terms
        # The operator's hand is not bound by the quotas of others.
        limits = not context.is_admin and service.quotas.limits(context)
        with transaction.changing(body.get('dry_run')) as session:
            contract = contracts.get(session, ident, context)
            contract = _changed(session, contract, body, terms, limits)
        return contract_fields.shown(context, contract)

    @expose.expose(status=204)
    @db.retried
    def delete(self, ident):
        """Cancel a contract, or release its servers early.

        What its owner has reclaimed ends at once, and is billed no further.
        """
        with transaction.changing() as session:
            releases.release(session, ident)


def _given(session, offer, body):
    """The contract, JSON, by which ``offer`` is given to its one project."""
    service, context, now = transaction.request_context()
    contract = giving.give(
        session,
        dataclasses.replace(offer, name=None),
        now,
        service.terms,
        start=body['offer'].get('start_time'),
        end=offer.end_time,
        name=offer.name,
        purpose=body.get('purpose'),
    )
    name = body['offer'].get('resource_name')
    servers.name_all(session, {offer.server: name})
    return contract_fields.shown(context, contract)


def _require_gift(offer):
    """Nothing, if ``offer`` is to one project, and for nothing.

    :raises Invalid: it is not.
    """
    if not offer.lessee_id:
        raise exceptions.Invalid(
            'lessee_id: the project that gets the server is missing'
        )
    if offer.price or offer.by_hour:
        raise exceptions.Invalid(
            f'price: {money.text(offer.price)}; who is given a server has not agreed '
            'to pay: offer it to them instead'
        )


def _changed(session, contract, body, terms, limits):
    """The contract with its new end, or what is to become of it then, written."""
    service, _, now = transaction.request_context()
    transaction.require_current(contract, 'market:contracts:change', body)
    lineage = _lineage(contract)
    more = standing_extensions.changed(contract, body, lineage)
    end = body.get('end_time')
    if end is None:
        if not more:
            raise exceptions.Invalid(
                'end_time: missing; or say with extend_until that the contract is to '
                'go on'
            )
        return rescheduling.arrange(session, contract, now, 'changed', **more)
    later = end > contract.end_time
    if not later:
        notice = reclaim.notice(session, contract, terms.notice)
        _require_notice(contract, end, now, notice)
    contract = extensions.move_end(
        session,
        contract,
        end,
        now,
        conf=service.conf,
        terms=terms,
        lineage=lineage,
        max_price=body.get('max_price'),
        also=more,
    )
    if later and limits:
        service.quotas.check_extended(session, contract, limits, now)
    return contract


def _lineage(contract):
    """The project of the contract and its ancestors, as far as they are known."""
    context = transaction.request_context()[1]
    if context.project_id == contract.project_id:
        return context.lineage
    return contract.lineage or (contract.project_id,)


def _require_notice(contract, end, now, notice):
    notice = notice if _has_notice(contract, now) else 0
    earliest = max(now, contract.start_time) + datetime.timedelta(seconds=notice)
    if notice and end < earliest:
        raise exceptions.Conflict(
            f'end_time: not before {window.text(earliest)}; the notice is '
            f'{notice} seconds'
        )


def _has_notice(contract, now):
    """Whether there is anything in the contract that is not free to leave."""
    return any(
        not reclaim_core.is_free_to_leave(line, now)
        for line in contract.lines
        if line.status not in core.CLOSED
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
