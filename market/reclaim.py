# SPDX-License-Identifier: Apache-2.0
"""An owner takes servers back from who rents them, with the notice that was agreed.

What is sub-let of such a server is reclaimed with it, by the same deadline: an offer of
it can promise no longer notice than its lessor has (``servers.require_rented``). So to
sub-let does not keep an owner from what was agreed, and no lessee learns of it later
than they were promised.
"""

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import reclaim as reclaim_core
from market import replacement
from market.db import bids
from market.db import block_members
from market.db import contracts
from market.db import lifecycle
from market.db import sublets
from market.db import visibility


def reclaim(session, contract, lines, now, turnaround):
    """Reclaim ``lines`` of ``contract``; return the contract, all of it.

    For each that fills a bid, another server is looked for at once, which the bid
    could have had, for the time after the deadline and at the same price.

    :param lines: those of one owner.
    :param turnaround: what stays free between two contracts of a server.
    :raises Conflict: one of them was never to be reclaimed, or there is nothing to
        reclaim of any; nothing is changed, if the caller rolls back. What is reclaimed
        already stays as it is, and is no conflict. Or some of a block would stay.
    """
    block_members.require_whole(session, contract, lines)
    until = {
        line: reclaim_core.deadline(line, now)
        for line in lines
        if line.status in reclaim_core.RECLAIMABLE and not line.reclaim_deadline
    }
    done = _reclaim(session, contract, until, now, turnaround)
    if done:
        return done
    if not any(line.reclaim_deadline for line in lines):
        raise exceptions.Conflict(
            '; '.join(reclaim_core.why_not(line, until.get(line)) for line in lines)
        )
    return contract


def _reclaim(session, contract, until, now, turnaround):
    """Reclaim lines, {line: its deadline}; the contract, None if none is changed."""
    changes = {
        line: reclaim_core.changes(line, now, moment) for line, moment in until.items()
    }
    changed = [line for line in changes if changes[line]]
    if not changed:
        return None
    for line in changed:
        lifecycle.move(session, line, changes[line], now)
    moved = lifecycle.moved_end(contract, changes)
    contract = lifecycle.settle(session, contract, 'reclaiming', changed, now, **moved)
    for line in changed:
        _reclaim_sublet(session, line, until[line], now, turnaround)
        start = max(until[line], line.start_time)
        found = replacement.substitute(
            session, contract, line, now, turnaround, start=start
        )
        contract = found or contract
    sublets.require_none_beyond(session, contract)
    return contract


def _reclaim_sublet(session, line, until, now, turnaround):
    """Reclaim what is sub-let of ``line``, by the same deadline."""
    for contract_uuid in sublets.contracts_of(session, line):
        contract = contracts.get(session, contract_uuid, visibility.OPERATOR)
        those = [each for each in contract.lines if each.sublet_of == line.uuid]
        _reclaim(session, contract, dict.fromkeys(those, until), now, turnaround)


def notice(session, contract, seconds):
    """The notice of a renter who leaves ``contract``, which is usually ``seconds``.

    Without one they leave a contract of which so much was reclaimed, and not replaced,
    that it would not have been made: a bid's has fewer than its ``min_quantity``, and
    a claim's is all or none.
    """
    if not any(line.reclaim_deadline for line in contract.lines):
        return seconds
    kept = [
        line
        for line in contract.lines
        if line.status not in core.CLOSED and not line.reclaim_deadline
    ]
    bid = contract.bid_uuid and bids.with_uuid(session, contract.bid_uuid)
    claimed = [line for line in contract.lines if line.price_rule != core.REPLACEMENT]
    least = bid.min_quantity if bid else len(claimed)
    return seconds if len(kept) >= least else 0
