# SPDX-License-Identifier: Apache-2.0
"""How leases end before their time.

A lessee releases what they lease. An owner takes it back, as far as that was agreed:
what was leased by an offer of this API an owner may reclaim at once, as in esi-leap,
and what was sold at the market only with the notice that the offer had, or never.
"""

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import reclaim as reclaim_core
from flocx.core import window
from market import reclaim
from market.db import contracts
from market.db import leases
from market.db import lifecycle
from market.db import sublets
from market.db import turnarounds
from market.db import visibility


def of_offer(session, context, offer, now, terms):
    """End the leases that were made from ``offer``, on behalf of its owner.

    :raises Conflict: it was agreed that one of them is not ended.
    """
    held = leases.leases(
        session,
        visibility.OPERATOR,
        offer.provider_id,
        (
            ('offer_uuid', 'eq', (offer.uuid,)),
            ('status', 'in', tuple(sorted(core.RUNNING | {core.Status.ERROR}))),
        ),
    )
    for each in held:
        if not _ends_by_then(each.line, now):
            end(session, context, each.line, now, terms)


def _ends_by_then(line, now):
    """Whether ``line`` ends no later than if its owner took it back ``now``."""
    if line.reclaim_deadline or line.reclaim_notice is None:
        return bool(line.reclaim_deadline) or line.end_time <= window.through(now)
    return line.end_time <= reclaim_core.deadline(line, now)


def end(session, context, line, now, terms):
    """End the lease ``line`` on behalf of its lessee, of its owner or of the operator.

    What is sub-let of it ends first.

    :param terms: what contracts keep to, a ``flocx.core.contract.Terms``.
    :raises Conflict: it was agreed that its owner does not end it, or it is one of
        several of a contract.
    """
    contract = contracts.get(session, line.contract_uuid, visibility.OPERATOR)
    turnaround = turnarounds.current(session, terms)
    by_owner = context.project_id == line.owner_id != line.project_id
    if by_owner and not (context.is_admin and line.reclaim_notice is None):
        reclaim.reclaim(session, contract, [line], now, turnaround)
        return
    open_lines = [each for each in contract.lines if each.status not in core.CLOSED]
    if len(open_lines) > 1:
        raise exceptions.Conflict(
            f'Lease {line.uuid} is one of {len(open_lines)} of contract '
            f'{contract.uuid}: release the whole contract (openstack market contract '
            'release)'
        )
    notice = reclaim.notice(session, contract, terms.notice)
    if not _costs(line):
        # Who pays nothing leaves at once, as in esi-leap.
        notice = 0
    below = sublets.contracts_of(session, line)
    for contract_uuid in below:
        _end_sublet(session, contract_uuid, line, now, turnaround)
    # What is sub-let ends with the second in which its owner reclaims it.
    lifecycle.close(session, contract, now, max(notice, 1) if below else notice)


def _costs(line):
    return any(price for _, price in line.segments)


def _end_sublet(session, contract_uuid, line, now, turnaround):
    below = contracts.get(session, contract_uuid, visibility.OPERATOR)
    those = [
        each
        for each in below.lines
        if each.sublet_of == line.uuid and each.status not in core.CLOSED
    ]
    reclaim.reclaim(session, below, those, now, turnaround)
