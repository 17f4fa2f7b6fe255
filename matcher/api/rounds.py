# SPDX-License-Identifier: Apache-2.0
"""/v1/rounds: what the engine did, and running a round by hand."""

import pecan
import wsme.types

from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from flocx.core import window
from market.db import rounds

FILTERS = {
    'uuid': query.text,
    'allocation': query.text,
    'pricing': query.text,
    'offers': query.integer,
    'bids': query.integer,
    'contracts': query.integer,
    'conflicts': query.integer,
    'time': window.instant,
}
SORT_KEYS = ('time', 'uuid')


class Round(types.Answer):
    uuid = wsme.types.text
    time = types.Instant
    allocation = wsme.types.text
    pricing = wsme.types.text
    offers = int
    bids = int
    contracts = int
    conflicts = int
    welfare = types.Amount
    upper_bound = types.Amount
    gap = float
    prices = types.Json
    seconds = float


RoundList = types.collection('rounds', Round)


class Rounds(routing.Resource):
    @expose.expose(
        RoundList, rule='matcher:rounds:list', parameters=FILTERS, sort_keys=SORT_KEYS
    )
    def get_all(self):
        """List the rounds that had something to award."""
        asked, _ = paging.asked()
        with pecan.request.service.database.reader() as session:
            rows = rounds.page(session, asked)
        return paging.page('rounds', rows, asked.limit, Round.of)

    @expose.expose(Round, rule='matcher:rounds:show')
    def get_one(self, uuid):
        """Show a round."""
        with pecan.request.service.database.reader() as session:
            return Round.of(rounds.get(session, uuid))

    @expose.expose(Round, status=201, rule='matcher:rounds:run')
    def post(self):
        """Run a round now."""
        return Round.of(pecan.request.service.rounds.run(pecan.request.now))
