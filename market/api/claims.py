# SPDX-License-Identifier: Apache-2.0
"""/v1/offers/{offer}/claim: buy now, at the asked price."""

from flocx import db
from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from flocx.core import reclaim
from market import claims
from market import standing_extensions
from market.api import contract_fields
from market.api import transaction
from market.db import budgets
from market.db import commitments
from market.db import contracts
from market.db import events
from market.db import offers
from market.db import turnarounds


class ClaimRequest(types.Declared):
    """When, of the offer's free time; by default from now to its end.

    ``offers`` are more offers to claim for the same time, all or none.
    ``min_reclaim_notice`` is the shortest notice, in seconds, with which a server may
    be reclaimed; without it only those are claimed that never are.
    """

    name = types.Name
    purpose = types.Text
    start_time = types.Instant
    end_time = types.Instant
    offers = types.Field([types.Identifier])
    min_reclaim_notice = types.Field(types.Integer(0, reclaim.MAX_NOTICE), since='1.1')
    extend_until = types.Field(types.Instant, since='1.1')
    extend_max_price = types.Field(types.Price, since='1.1')


class Claim(routing.Resource):
    @expose.expose(
        contract_fields.Contract,
        body=ClaimRequest,
        status=201,
        rule='market:offers:claim',
    )
    @db.retried
    def post(self, ident, body):
        """Claim the server of an offer, or of several, at the asked price."""
        service, context, now = transaction.request_context()
        terms = service.terms
        limits = service.quotas.limits(context)
        idents = [ident, *(body.get('offers') or ())]
        with transaction.idempotent('/v1/contracts') as creation:
            if creation.answer is None:
                session = creation.session
                wanted = _distinct(
                    offers.get(session, each, context) for each in idents
                )
                turnaround = turnarounds.current(session, terms)
                taken = offers.held(session, wanted, now, turnaround)
                moment = events.not_before(session, now)
                claims.require_notice(wanted, body.get('min_reclaim_notice'))
                contract = claims.contract(
                    [(offer, offers.free(offer, taken, moment)) for offer in wanted],
                    context,
                    moment,
                    terms,
                    start=body.get('start_time'),
                    end=body.get('end_time'),
                    name=body.get('name'),
                    purpose=body.get('purpose'),
                )
                contract = standing_extensions.of_contract(
                    contract, body, context.lineage
                )
                costs = claims.costs(contract, now)
                service.quotas.check(session, context.project_id, limits, now, **costs)
                if service.conf.ledger.enforce:
                    contract = budgets.with_holds(contract)
                generations = {offer.uuid: offer.generation for offer in wanted}
                contracts.write(session, contract, generations, now)
                commitments.require_bookable(
                    session, context.project_id, costs['committed_amount']
                )
                creation.answer = contract_fields.shown(context, contract)
        return creation.answer


def _distinct(wanted):
    """Offers by uuid, each once: a name and a uuid may mean the same."""
    return list({offer.uuid: offer for offer in wanted}.values())
