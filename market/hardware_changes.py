# SPDX-License-Identifier: Apache-2.0
"""A server is not what it was when it was offered: what that means for its contracts.

The offer is published again, as it is now, under its uuid. The parties of each open
contract that was made of it are told what has changed. A contract whose server is not
what was asked for any more is treated as one that cannot be delivered: the line ends,
and where its bid could have had another server, that takes its place.
"""

from flocx.core import contract as core
from flocx.core import offer as offer_core
from flocx.core import requirements
from market import replacement
from market.db import bids
from market.db import contracts
from market.db import lifecycle
from market.db import maintenances
from market.db import offers
from market.db import visibility

#: Numbers of the hardware document of which a claim keeps at least what it has taken.
_AMOUNTS = ('cpus', 'memory_mb', 'local_gb')

#: What of an offer is about its server.
FIELDS = ('properties', 'resource_class', 'cleaned_by')


def republish(session, offer, hardware, now, turnaround):
    """Publish ``offer`` with the hardware that its server has; return the offer.

    To say again what is known changes nothing.

    :param hardware: {name: value} of :data:`FIELDS`.
    :param turnaround: what stays free between two contracts of a server.
    :raises Conflict: somebody else has changed the offer, or a contract, meanwhile.
    """
    before = {name: getattr(offer, name) for name in FIELDS}
    if before == hardware:
        return offer
    changes = differences(before, hardware)
    changed = offers.republish(session, offer, now, hardware, hardware=changes)
    if {*changes} == {'cleaned_by'}:
        return changed
    for contract, line in _open_lines(session, offer):
        if _still_is(session, contract, line, offer, changed):
            reason = core.Reason.HARDWARE_CHANGED
            lifecycle.settle(
                session, contract, reason, [line], now, {'hardware': changes}
            )
        else:
            _withdraw(
                session, contract, line, 'HARDWARE_CHANGED', now, turnaround, changes
            )
    return changed


def end(session, offer, reason, now, turnaround):
    """End an offer that its provider finds not to be its owner's to make; return it.

    What of its contracts has not begun is not delivered, where the owner has changed,
    and outages that they have planned are called off.

    :param reason: an offer.Reason.
    """
    status = offer_core.Status.CANCELLED
    ended = offers.change(
        session, offer, 'cancelled', now, status=status, reason=reason
    )
    if reason == offer_core.Reason.OWNER_CHANGED:
        maintenances.end_of_owner(session, offer, now)
        for contract, line in _open_lines(session, offer):
            if not line.fulfill_time:
                _withdraw(session, contract, line, 'OWNER_CHANGED', now, turnaround)
    return ended


def _open_lines(session, offer):
    """Pairs of a contract and its line of ``offer`` that has not ended.

    Each contract is read when it is asked for: of one, several lines may be.
    """
    open_ones = core.RUNNING | {core.Status.ERROR}
    for contract_uuid, line_uuid in contracts.lines_of(session, offer, open_ones):
        contract = contracts.get(session, contract_uuid, visibility.OPERATOR)
        (line,) = (each for each in contract.lines if each.uuid == line_uuid)
        yield contract, line


def _withdraw(session, contract, line, reason, now, turnaround, changes=None):
    more = {'hardware': changes} if changes else {}
    after = lifecycle.withdraw(
        session, contract, line, core.Reason[reason], now, **more
    )
    replacement.substitute(session, after, line, now, turnaround)


def _still_is(session, contract, line, before, after):
    """Whether the server is what the renter of ``contract`` has asked for."""
    bid = bids.met_by(session, contract, line)
    if bid:
        asked = requirements.parse(bid.requirements, requirements.NO_LIMITS)
        return (
            bid.resource_class in (None, after.resource_class)
            and requirements.met(asked, after.properties)
            and bid.in_group(after.properties)
            and replacement.spread(session, bid, contract, line)(after)
        )
    # Of what was taken over from esi-leap nothing was known.
    same_class = before.resource_class in (None, after.resource_class)
    return same_class and is_no_less(before.properties, after.properties)


def is_no_less(before, after):
    """Whether a server is at least what it was, by its hardware documents.

    Who claims an offer has chosen the server as it was shown: as much of everything
    that is counted, the same architecture, and all of its traits.
    """
    return (
        all((after.get(name) or 0) >= (before.get(name) or 0) for name in _AMOUNTS)
        and before.get('cpu_arch') in (None, after.get('cpu_arch'))
        and set(before.get('traits') or ()).issubset(after.get('traits') or ())
    )


def differences(before, after):
    """{name: [the value before, the value now]} of what differs, JSON.

    Parts of parts have names with a dot: ``properties.inventory.memory.total``.
    """
    found = {}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            inner = differences(old, new)
            found |= {f'{name}.{part}': value for part, value in inner.items()}
        elif old != new:
            found[name] = [old, new]
    return found
