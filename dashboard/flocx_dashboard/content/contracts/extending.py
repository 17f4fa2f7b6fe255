# SPDX-License-Identifier: Apache-2.0
"""How far a contract can be extended, and at what price: said before it is tried."""

import dataclasses
import datetime
import decimal

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import totals
from flocxclient.osc import costs
from flocxclient.osc import previews
from flocxclient.osc import times
from flocxclient.sdk import filters


@dataclasses.dataclass(frozen=True)
class Extension:
    """The latest end that a contract can have now, and what the added time costs.

    ``rate`` is for all its servers and an hour. Without an end there is ``reason``.
    """

    end_time: str | None
    amount: decimal.Decimal | None = None
    rate: decimal.Decimal | None = None
    reason: str = ''


def longest(request, contract):
    """The Extension of a contract, or None where nobody can tell.

    The offers say until when the time after it is free; the market itself, asked
    without changing anything, whether that will do and for how much.
    """
    market = api.market(request)
    uuids = sorted({line['offer_uuid'] for line in contract.lines})
    try:
        offers = api.every(
            market.offers, uuid=filters.Comparison('in', uuids), status='any'
        )
    except api.Refused:
        return None
    end = formats.instant(contract.end_time)
    latest = min((_free_until(offer, end) for offer in offers), default=end)
    if len(offers) < len(uuids) or latest <= end:
        return Extension(None)
    try:
        longer = _tried(market, contract, times.render(latest))
    except api.Refused as refused:
        return Extension(None, reason=str(refused))
    amount = previews.total(longer) - previews.total(contract)
    rate = sum(
        decimal.Decimal(line['price_segments'][-1]['price']) for line in longer.lines
    )
    return Extension(longer.end_time, amount, rate)


def total(request, contract, end_time):
    """What a contract comes to with another end, a Total."""
    try:
        changed = _tried(api.market(request), contract, end_time)
    except api.Refused as refused:
        return totals.Total(error=str(refused))
    amount = previews.total(changed)
    return totals.Total(
        contract.start_time, changed.end_time, amount, amount - previews.total(contract)
    )


def _tried(market, contract, end_time):
    """The contract as it would be with another end; nothing is changed."""
    return api.call(
        market.update_contract, contract.uuid, end_time=end_time, dry_run=True
    )


def _free_until(offer, end):
    """Until when an offer's time from ``end`` on is free; ``end`` if it is not."""
    # Who has the server already waits for no hand-back.
    after = end + datetime.timedelta(seconds=offer.turnaround or 0)
    until = costs.free_until(offer.availabilities, after)
    return until if until > after else end
