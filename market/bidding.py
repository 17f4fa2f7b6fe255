# SPDX-License-Identifier: Apache-2.0
"""Places bids, whoever asks for them: a person, or a standing demand."""

import datetime
import decimal

from flocx.core import ledger
from flocx.core import money
from flocx.core import window
from market import claims
from market.db import bids
from market.db import commitments


def place(session, bid, quotas, limits, now):
    """Store a new bid of a project that may have it.

    :param quotas: a market.quotas.Quotas.
    :param limits: the market.quotas.Limits of the project.
    :raises Forbidden: the project may not have it, or has too little for it.
    """
    quotas.check(session, bid.project_id, limits, now, open_bids=1, **costs(bid))
    bids.add(session, bid, now)
    commitments.require_bookable(session, bid.project_id, ledger.most_of_bid(bid))


def costs(bid):
    """What ``bid`` adds to its project's commitments, by name of the quota."""
    hours = money.quantised(
        decimal.Decimal(bid.server_seconds) / money.SECONDS_PER_HOUR
    )
    return {
        'server_hours': hours,
        'reserved_hours': hours,
        'cancelled_hours': 0,
        'committed_amount': max(
            sum(money.amount(load.price, load.seconds) for load in each.loads)
            for each in bid.terms
        ),
    }


def require_possible(bid, terms, now):
    """Nothing, if servers could be found for ``bid``, one option, some day.

    :raises Invalid: they could not.
    """
    claims.require_future(bid.window, now)
    claims.require_length(
        window.Window(
            bid.start_time, bid.start_time + datetime.timedelta(seconds=bid.duration)
        ),
        terms,
    )
    latest = bid.end_time - datetime.timedelta(seconds=bid.duration)
    claims.require_lead(max(latest, bid.start_time), now, terms)
