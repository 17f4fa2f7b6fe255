# SPDX-License-Identifier: Apache-2.0
"""Give a server to a project, which has not asked for it: an offer and its contract.

Both are made in one transaction, and the offer is closed with it: nothing more is to be
had of it. As the project has not agreed to pay, it costs nothing.
"""

import dataclasses
import types

from flocx.core import offer as offer_core
from market import claims
from market.db import contracts
from market.db import events
from market.db import maintenances
from market.db import offers
from market.db import turnarounds


def give(session, offer, now, terms, *, start=None, end, name=None, purpose=None):
    """Store ``offer``, which is to one project, with a contract of that project's.

    :param offer: a new offer with a ``lessee_id``, for nothing.
    :param terms: what contracts keep to, a ``flocx.core.contract.Terms``.
    :param start: of the contract; by default as soon as the server is free.
    :raises Conflict: the time of the server is offered or promised already, or the
        project is the owner's own.
    :raises Invalid: it is past, or too short or too long for a contract.
    """
    maintenances.end_of_former_owners(session, [offer], now)
    offer, _ = offers.add(session, offer, now)
    turnaround = turnarounds.current(session, terms)
    taken = offers.held(session, [offer], now, turnaround)
    moment = events.not_before(session, now)
    contract = claims.contract(
        [(offer, offers.free(offer, taken, moment))],
        types.SimpleNamespace(project_id=offer.lessee_id),
        moment,
        terms,
        start=start and max(start, moment),
        end=end,
        name=name,
        purpose=purpose,
    )
    contracts.write(session, contract, {offer.uuid: offer.generation}, now)
    # It was taken, and so is a generation further.
    offer = dataclasses.replace(offer, generation=offer.generation + 1)
    cancelled = offer_core.Status.CANCELLED
    offers.change(session, offer, 'cancelled', now, status=cancelled)
    return contract
