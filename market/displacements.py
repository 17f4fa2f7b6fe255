# SPDX-License-Identifier: Apache-2.0
"""A firm bid gets servers that interruptible contracts have: in one transaction.

The contract of the firm bid is written together with the earlier ends of what it
displaces, or neither is. The ends are looked at again: that each leaves the notice, and
the time in which a server is cleaned, and that nobody has changed the line meanwhile.
"""

import dataclasses
import datetime

from oslo_utils import uuidutils

from flocx import exceptions
from flocx.core import bid as bid_core
from flocx.core import contract as core
from flocx.core import ledger
from flocx.core import offer as offer_core
from flocx.core import reclaim as reclaim_core
from flocx.core import window
from market import replacement
from market.db import bids
from market.db import concurrency
from market.db import contracts
from market.db import lifecycle
from market.db import schema
from market.db import visibility


def write(session, draft, now, written_at, turnaround):
    """Store a contract, and end earlier what it displaces.

    :param draft: has ``contract``, ``bid``, ``offers``, as they were read, and
        ``displaces``, for each line its uuid and contract and its new end, ``until``.
    :param written_at: from when on the notice counts.
    :param turnaround: what stays free between two contracts of a server.
    :raises Conflict: something of it has changed; nothing is written, if the caller
        rolls back.
    """
    generations = {offer.uuid: offer.generation for offer in draft.offers}
    # Before lines, as everywhere.
    concurrency.locked(session, schema.offers, generations, offer_core.Status.AVAILABLE)
    ends = {}
    for each in draft.displaces:
        its = ends.setdefault(each.tenure.contract_uuid, {})
        its[each.tenure.line_uuid] = each.until
    displaced = []
    for contract_uuid in sorted(ends):
        contract = contracts.get(session, contract_uuid, visibility.OPERATOR)
        lines = {
            line: ends[contract_uuid][line.uuid]
            for line in contract.lines
            if line.uuid in ends[contract_uuid]
            and not _gone(line, draft.contract, turnaround)
        }
        if lines:
            contract = _displace(session, contract, lines, now, written_at)
            displaced.append((contract, lines))
    made = [(draft.contract, draft.bid)]
    (refused,) = contracts.write_all(session, made, generations, now)
    if refused:
        raise refused
    # Last, so that they get no time that was given away just now.
    for contract, lines in displaced:
        if contract.on_displaced == core.OnDisplaced.MOVE:
            _move(session, contract, lines, now, turnaround)


def _gone(line, contract, turnaround):
    """Whether ``line`` is out of the way of ``contract`` already."""
    gap = turnaround.gap(line.resource_class)
    return line.status in core.CLOSED or not any(
        line.start_time - gap < each.end_time and each.start_time < line.end_time + gap
        for each in contract.lines
        if each.server == line.server and each.sublet_of == line.sublet_of
    )


def _displace(session, contract, ends, now, written_at):
    """End lines of an interruptible contract earlier, {line: its new end}; return it.

    :raises Conflict: one of them cannot be, or not by then.
    """
    soonest = window.through(written_at)
    soonest += datetime.timedelta(seconds=contract.interruptible_notice)
    changes = {}
    for line, until in ends.items():
        changes[line] = _changes(line, now, until, soonest)
        lifecycle.move(session, line, changes[line], now)
    moved = lifecycle.moved_end(contract, changes)
    return lifecycle.settle(session, contract, 'displaced', list(ends), now, **moved)


def _changes(line, now, until, soonest):
    if line.status not in core.RUNNING or line.reclaim_deadline:
        raise exceptions.Conflict(f'Line {line.uuid} is not there to be displaced')
    if until < min(soonest, line.end_time) and line.start_time < soonest:
        raise exceptions.Conflict(
            f'Line {line.uuid} would end at {window.text(until)}, before its notice '
            'is over'
        )
    found = reclaim_core.changes(line, now, until, core.Reason.DISPLACED)
    if found is None:
        raise exceptions.Conflict(f'Line {line.uuid} ends before it is displaced')
    return found


def _move(session, contract, ends, now, turnaround):
    """Look for other servers for the time that lines lose: free ones, or by a bid."""
    left = {}
    for line, until in ends.items():
        start = max(until, line.start_time)
        found = replacement.substitute(
            session, contract, line, now, turnaround, start=start
        )
        if found:
            contract = found
        else:
            left.setdefault((line.part, start, line.end_time), []).append(line)
    for (_, start, end), lines in left.items():
        _reopen(session, contract, lines, window.Window(start, end), now)


def _reopen(session, contract, lines, lost, now):
    """Place a bid for the time ``lost`` of ``lines``, on the terms of their bid.

    It may begin later, as that bid might have. Nothing is placed where its project
    cannot pay for it.
    """
    met = bids.met_by(session, contract, lines[0])
    if met is None:
        return
    bid = bid_core.Bid(
        uuid=uuidutils.generate_uuid(),
        project_id=contract.project_id,
        lineage=met.lineage,
        quantity=len(lines),
        min_quantity=min(met.min_quantity, len(lines)),
        start_time=lost.start,
        end_time=max(lost.end, met.end_time),
        duration=lost.seconds,
        price=met.price,
        requirements=met.requirements,
        resource_class=met.resource_class,
        min_reclaim_notice=met.min_reclaim_notice,
        group_by=met.group_by,
        spread_by=met.spread_by,
        spread_max=met.spread_max,
        interruptible_notice=contract.interruptible_notice,
        on_displaced=contract.on_displaced,
        purpose=contract.purpose,
        created_at=now,
        updated_at=now,
    )
    if any(line.hold for line in lines):
        bid = dataclasses.replace(bid, hold=ledger.most_of_bid(bid))
    try:
        with session.begin_nested():
            bids.add(session, bid, now)
    except exceptions.Forbidden:
        # Its budget is spent; it is told that it was displaced all the same.
        return
