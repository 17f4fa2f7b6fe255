# SPDX-License-Identifier: Apache-2.0
"""Another server in the place of one that its provider cannot deliver."""

import collections
import dataclasses
import json

from oslo_utils import uuidutils

from flocx import exceptions
from flocx.core import bid as bid_core
from flocx.core import contract as core
from flocx.core import requirement_matcher
from flocx.core import window
from market.db import bids
from market.db import lifecycle
from market.db import offers
from market.db import visibility

#: What is of a contract still.
_THERE = core.RUNNING | {core.Status.ERROR}


def substitute(session, contract, line, now, turnaround, start=None):
    """Put another server in the place of ``line``; return the contract, or None.

    It is one that the contract's bid could have had: with the hardware that it asks
    for, meant for its project, and free for the time that is left. The renter pays
    what they would have paid, and the owner asks no more than that. Of several it is
    the cheapest. Who claimed an offer wanted that server and gets no other.

    :param line: what cannot be delivered; it keeps its own server until that is
        clean, and is not billed.
    :param turnaround: what stays free between two contracts of a server.
    :param start: when the other one is to begin; by default as soon as can be.
    """
    bid = bids.met_by(session, contract, line)
    start = start or max(now, line.start_time)
    if not bid or start >= line.end_time:
        return None
    stay = window.Window(start, line.end_time)
    servers = {each.server for each in contract.lines}
    least = min(price for _, price in line.since(start))
    found = offers.for_bid(session, bid, least, stay, now, turnaround)
    meets, apart = _meeting(bid), spread(session, bid, contract, line)
    for offer in found:
        if offer.server in servers or not (meets(offer) and apart(offer)):
            continue
        other = _line(contract, offer, stay, line)
        try:
            return lifecycle.replace(session, contract, line, other, offer, now)
        except exceptions.Conflict:
            # Somebody was faster; there may be others.
            continue
    return None


def _meeting(bid):
    """Whether an offer's hardware is as ``bid`` asks, asked once for each document.

    And of the group of servers that the bid was awarded, if it asked for one.
    """
    judge, asked = (
        requirement_matcher.RequirementMatcher(),
        requirement_matcher.Asked(bid.requirements),
    )
    return lambda offer: (
        bid.in_group(offer.properties)
        and judge.met(asked, json.dumps(offer.properties, sort_keys=True))
    )


def spread(session, bid, contract, line):
    """Whether a server, in the place of ``line``, is apart from the others of it.

    ``bid``, what the line meets, asks for that with ``spread_by``; lines of other parts
    and those that have ended do not count.
    """
    if bid.spread_by is None:
        return lambda offer: True
    others = [
        offers.get(session, each.offer_uuid, visibility.OPERATOR)
        for each in contract.lines
        if each.uuid != line.uuid and each.part == line.part and each.status in _THERE
    ]
    taken = collections.Counter(
        bid_core.group_of(bid.spread_by, each.properties) for each in others
    )

    def apart(offer):
        value = bid_core.group_of(bid.spread_by, offer.properties)
        return value is not None and taken[value] < bid.spread_max

    return apart


def _line(contract, offer, stay, line):
    """A line of ``offer`` that costs what ``line`` would have cost."""
    (_, price), *later = line.since(stay.start)
    draft = core.draft(
        contract.uuid,
        stay,
        [(uuidutils.generate_uuid(), offer, price)],
        contract.created_at,
        origin=core.PriceOrigin(core.REPLACEMENT),
        project_id=contract.project_id,
    )
    return dataclasses.replace(
        draft.lines[0],
        part=line.part,
        extensions=tuple(core.Extension(each.start, cost) for each, cost in later),
    )
