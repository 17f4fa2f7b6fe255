# SPDX-License-Identifier: Apache-2.0
"""/v1/standing_demands: so many servers, held until told otherwise."""

from oslo_utils import uuidutils
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from flocx.core import reclaim
from flocx.core import requirements
from flocx.core import standing_demand as core
from flocx.core import window
from market import claims
from market import conf as market_conf
from market.api import bids as bids_api
from market.api import transaction
from market.db import standing_demands
from market.db import unmatched_reasons

_TEXT, _Field = wsme.types.text, fields.Field
_OPTIONAL, _REQUIRED, _NULLABLE = fields.OPTIONAL, fields.REQUIRED, fields.NULLABLE

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    name=_Field(types.Name, _OPTIONAL, _NULLABLE),
    project_id=_Field(_TEXT),
    quantity=_Field(types.Integer(1, core.MAX_QUANTITY), _REQUIRED, _OPTIONAL),
    max_price=_Field(types.Price, _REQUIRED, _OPTIONAL, sort=True),
    duration=_Field(types.Integer(1, bids_api.MAX_DURATION), _REQUIRED, _OPTIONAL),
    end_time=_Field(types.Instant, _OPTIONAL, _NULLABLE, sort=True),
    requirements=_Field(types.Json, _OPTIONAL, filter=None),
    resource_class=_Field(types.Text, _OPTIONAL),
    min_reclaim_notice=_Field(types.Integer(0, reclaim.MAX_NOTICE), _OPTIONAL),
    purpose=_Field(types.Text, _OPTIONAL),
    status=_Field(
        types.Choice(core.Status),
        change=_OPTIONAL,
        filter=query.one_of([*core.Status, 'any']),
    ),
    refusal=_Field(_TEXT),
    detail=_Field(_TEXT, filter=None),
    held=_Field(int, filter=None),
    reserved=_Field(int, filter=None),
    wanted=_Field(int, filter=None),
    contracts=_Field([_TEXT], filter=None),
    bids=_Field([_TEXT], filter=None),
    outlook=_Field(bids_api.Outlook, filter=None),
    generation=_Field(types.Integer(1, 2**62), change=_OPTIONAL),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
)
Request = FIELDS.request('StandingDemandRequest')
Change = FIELDS.change('StandingDemandChange')
StandingDemand = FIELDS.answer('StandingDemand')
StandingDemandList = types.collection('standing_demands', StandingDemand)


class StandingDemands(routing.Resource):
    @expose.expose(
        StandingDemandList,
        rule='market:standing_demands:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List the standing demands of the project.

        Those that are not over, unless ``status`` asks for others.
        """
        service, context, now = transaction.request_context()
        asked, _ = paging.asked(default_status=sorted(core.OPEN))
        with service.database.reader() as session:
            rows = standing_demands.page(session, context, asked)
            holdings = standing_demands.holdings(session, rows, now)
        return paging.page(
            'standing_demands',
            rows,
            asked.limit,
            lambda each: _shown(each, holdings[each.uuid]),
        )

    @expose.expose(StandingDemand, rule='market:standing_demands:show', since='1.1')
    def get_one(self, ident):
        """Show a standing demand, what it holds, and why it lacks something.

        ``held`` servers are its now, ``reserved`` ones begin later, and for ``wanted``
        ones there is a bid; ``contracts`` and ``bids`` name them. ``refusal``, a code,
        and ``detail`` say why nothing more is bought, ``outlook`` why the first of its
        bids waits.
        """
        service, context, now = transaction.request_context()
        with service.database.reader() as session:
            demand = standing_demands.get(session, ident, context)
            return _with_holding(session, demand, now)

    @expose.expose(
        StandingDemand,
        body=Request,
        status=201,
        rule='market:standing_demands:create',
        since='1.1',
    )
    @db.retried
    def post(self, body):
        """Hold ``quantity`` servers until told otherwise, or until ``end_time``.

        Each is bought for ``duration`` seconds at a time, by ordinary bids of at most
        ``max_price`` per server and hour. Before a server's time is over more of it is
        bought; where that cannot be, or costs more, another server is.
        """
        service, context, now = transaction.request_context()
        given = {name: value for name, value in body.items() if value is not None}
        parsed = requirements.parse(
            given.get('requirements', []),
            market_conf.requirement_limits(service.conf),
        )
        demand = core.StandingDemand(
            **{
                **given,
                'requirements': tuple(tuple(each.triple()) for each in parsed),
                'uuid': uuidutils.generate_uuid(),
                'project_id': context.project_id,
                'lineage': tuple(context.lineage),
                'created_at': now,
                'updated_at': now,
            }
        )
        _require_possible(demand, service.terms, now)
        most = service.conf.market.standing_demands_per_project
        # What the project is locked by, while its demands are counted.
        service.quotas.organisation(context)
        with transaction.idempotent('/v1/standing_demands') as creation:
            if creation.answer is None:
                standing_demands.add(creation.session, demand, now, most)
                creation.answer = _shown(demand, standing_demands.Holding())
        return creation.answer

    @expose.expose(StandingDemand, body=Change, since='1.1')
    @db.retried
    def patch(self, ident, body):
        """Change what is held, or at what price; or pause it, and go on.

        Its open bids are cancelled, and made again by the new terms. What it holds
        stays until its time is over, whatever changes. While it is paused nothing is
        bought.
        """
        service, context, now = transaction.request_context()
        values = transaction.changes(body)
        if values.get('status') == core.Status.ENDED:
            raise exceptions.Invalid('status: DELETE ends a standing demand')
        with service.database.writer() as session:
            demand = _own(session, ident, body, 'change')
            standing_demands.withdraw_bids(session, demand, now)
            changed = standing_demands.change(
                *(session, demand, 'changed', now),
                **values,
                refusal=None,
                detail=None,
            )
            _require_possible(changed, service.terms, now)
            return _with_holding(session, changed, now)

    @expose.expose(status=204, since='1.1')
    @db.retried
    def delete(self, ident):
        """End a standing demand: its bids are cancelled, and nothing more is bought.

        What it holds runs until its time is over; who wants to leave earlier releases
        the contracts.
        """
        service, _, now = transaction.request_context()
        with service.database.writer() as session:
            demand = _own(session, ident, None, 'delete')
            standing_demands.end(session, demand, now)


def _own(session, ident, body, action):
    """The standing demand that the caller may change, which nobody else changes now."""
    context = transaction.request_context()[1]
    seen = standing_demands.get(session, ident, context)
    # A worker may buy for it just now.
    demand = standing_demands.locked(session, seen.uuid)
    service = transaction.request_context()[0]
    target = {'project_id': demand.project_id}
    service.policy.authorize(context, f'market:standing_demands:{action}', target)
    given = (body or {}).get('generation')
    if given is not None and given != demand.generation:
        raise exceptions.Conflict(
            f'Standing demand {demand.uuid} is at generation {demand.generation}, '
            f'not {given}',
            code='flocx.conflict.generation',
        )
    return demand


def _require_possible(demand, terms, now):
    """Nothing, if servers could be bought for ``demand``.

    :raises Invalid: it is over, or each purchase would be too short or too long.
    """
    if demand.end_time is not None and demand.end_time <= now:
        raise exceptions.Invalid(f'end_time: {window.text(demand.end_time)} is past')
    if not terms.min_length <= demand.duration <= (terms.max_length or demand.duration):
        raise exceptions.Invalid(
            f'duration: a contract is {terms.min_length} seconds long at least'
            + (f', and {terms.max_length} at most' if terms.max_length else '')
        )
    hours = demand.duration * demand.max_price / 3600
    claims.require_bookable(hours)


def _with_holding(session, demand, now):
    holding = standing_demands.holdings(session, [demand], now)[demand.uuid]
    outlooks = (unmatched_reasons.get(session, each) for each in holding.bids)
    return _shown(demand, holding, next(filter(None, outlooks), None))


def _shown(demand, holding, outlook=None):
    return StandingDemand.of(
        demand,
        held=holding.held,
        reserved=holding.reserved,
        wanted=holding.wanted,
        contracts=list(holding.contracts),
        bids=list(holding.bids),
        outlook=outlook,
    )
