# SPDX-License-Identifier: Apache-2.0
"""What the time that is added to a contract costs, and whether it may be."""

import decimal
import json

from flocx import exceptions
from flocx.core import ledger
from flocx.core import money
from flocx.core import requirement_matcher
from flocx.core import window
from market import claims
from market import market_stats
from market.db import bids
from market.db import budgets
from market.db import commitments
from market.db import offers
from market.db import rescheduling
from market.db import turnarounds


def move_end(
    session, contract, end, now, *, conf, terms, lineage, max_price=None, also=None
):
    """Move the end of a contract, later or earlier; return it.

    :param lineage: the project of the contract and its ancestors.
    :param max_price: the most that an hour of added time of a server may cost.
    :param also: {column: value}, what else of the contract changes with it.
    :raises Conflict: the time is not free, or costs more; nothing is changed, if the
        caller rolls back.
    :raises Forbidden: the project has too little for it.
    :raises Invalid: ``end`` is past, or the contract would be too long or too short.
    """
    turnaround = turnarounds.current(session, terms)
    ratio = conf.market.book_tick_ratio
    pricing = Pricing(session, contract, lineage, now, turnaround, ratio)
    later = end > contract.end_time
    if later and conf.ledger.enforce:
        contract = budgets.adopt(session, contract, now)
    before = contract
    contract = rescheduling.reschedule(
        session, contract, end, now, pricing, turnaround, **(also or {})
    )
    claims.require_length(window.Window(contract.start_time, contract.end_time), terms)
    most = sum(map(ledger.most_of_line, contract.lines))
    claims.require_bookable(most)
    if later:
        commitments.require_bookable(session, contract.project_id, most)
    if max_price is not None:
        _require_price(before, contract, max_price)
    return contract


def _require_price(before, contract, most):
    """Nothing, if no time that was added since ``before`` costs more than ``most``."""
    known = {line.uuid: line.end_time for line in before.lines}
    for line in contract.lines:
        last, price = line.segments[-1]
        if last.end > known[line.uuid] and price > most:
            raise exceptions.Conflict(
                f'max_price: the added time of line {line.uuid} costs '
                f'{money.text(price)} per hour, not {money.text(most)} or less',
                code='flocx.conflict.price',
            )


class Pricing:
    """Prices the time that is added to the lines of one contract.

    Added time costs the largest of what the line cost last, what its owner asks today
    and what the bids left out would pay for it: the ceiling, rounded down to the levels
    of the book, of the highest bid that this server alone could fill, and only with
    some of the added time. So who extends pays for it what somebody who claims it
    would, or keeps from somebody who bids; and who asks for a price learns no more
    of a ceiling than the book tells.
    """

    def __init__(self, session, contract, lineage, now, turnaround, tick_ratio):
        """:param lineage: the project of the contract and its ancestors.
        :param turnaround: what stays free between two contracts of a server.
        :param tick_ratio: as ``market_stats.price_level`` has it, as a string.
        """
        self._session, self._contract = session, contract
        self._lineage, self._now = lineage, now
        self._turnaround, self._tick_ratio = turnaround, decimal.Decimal(tick_ratio)

    def __call__(self, line, offer, added):
        """The price of the window ``added`` of ``line``.

        :raises Conflict: the offer is meant for others now, or not let for so long.
        """
        if not offer.open_to(self._lineage):
            raise exceptions.Conflict(
                f'Offer {offer.uuid} is meant for another project now: nothing more of '
                'it is sold to yours',
                code='flocx.conflict.not_free',
            )
        longer = window.Window(line.start_time, added.end).seconds
        claims.require_let(offer, longer, added=True)
        _, last = line.segments[-1]
        least = max(last, offer.price_of(added, self._now))
        return max(least, self._left_out(line, offer, added, least))

    def _left_out(self, line, offer, added, least):
        """What bids left out would pay for the window ``added``, if more than least."""
        if offer.block:
            # Nobody gets it alone.
            return least
        free = self._free(line, offer, added)
        matcher = requirement_matcher.RequirementMatcher()
        document = json.dumps(offer.properties, sort_keys=True)
        for bid in bids.above(self._session, offer, least, added):
            if (
                bid.project_id != self._contract.project_id
                and offer.open_to(bid.lineage)
                and bid.accepts(offer.reclaim_notice)
                and _needs(bid, offer, free, added, self._now)
                and matcher.met(requirement_matcher.Asked(bid.requirements), document)
            ):
                return market_stats.price_level(
                    bid.price,
                    self._tick_ratio,
                    decimal.ROUND_FLOOR,
                )
        return least

    def _free(self, line, offer, added):
        """What is free from the end of ``line`` on, as long as it is not added."""
        taken = offers.held(
            self._session,
            [offer],
            self._now,
            self._turnaround,
            offers.own_lines(self._contract, line, offer),
        )
        return next(
            window.Window(added.start, each.end)
            for each in offers.free(offer, taken, self._now)
            if each.contains(added)
        )


def _needs(bid, offer, free, added, now):
    """Whether ``bid`` fits into ``free``, and only with some of ``added``."""
    start = max(now, bid.start_time)
    stay = bid.stay(start if bid.whole else max(start, free.start))
    if stay is None or not (free.contains(stay) and offer.lets(stay.seconds)):
        return False
    if bid.whole:
        return stay.overlaps(added)
    # What can wait until the added time is over loses nothing.
    return min(free.end, bid.end_time) - stay.length < added.end
