# SPDX-License-Identifier: Apache-2.0
"""Contracts that a round is about to write: the awards of each bid become one."""

import collections
import dataclasses
import itertools

from oslo_utils import uuidutils

from flocx.core import contract as contract_core
from flocx.core import window


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """The awards of one bid, one for each part of a bundle, and their contract."""

    awards: tuple
    contract: contract_core.Contract

    @property
    def bid(self):
        """What of the bid was met: of a bundle it is one of its parts."""
        bid = self.awards[0].bid
        if bid.part is None or bid.jointly:
            return bid
        groups = tuple(award.bid.group_value for award in self.awards)
        if not any(groups):
            return bid
        return dataclasses.replace(bid, group_value=None, part_groups=groups)

    @property
    def bid_uuid(self):
        return self.bid.uuid

    @property
    def displaces(self):
        return [each for award in self.awards for each in award.displaces]

    @property
    def offers(self):
        return [offer for award in self.awards for offer in award.offers]


def spaced(settled, turnaround):
    """Awards that keep the turnaround between them, those of a bid together.

    Lists of triples: each with its rates, and what bids left out would have added where
    that is known.

    What this round has given away before counts as booked time from the next round
    on; until then, of two awards too close on one server the second waits.
    """
    given = collections.defaultdict(list)
    displaced = settled.displaced or [None] * len(settled.awards)
    triples = zip(settled.awards, settled.pays, displaced, strict=True)
    for _, of_bid in itertools.groupby(triples, lambda each: each[0].bid.uuid):
        awarded = list(of_bid)
        # No server is in two parts of a bundle.
        stays = {
            offer.server: _with_gap(award.stay, turnaround.gap(offer.resource_class))
            for award, _, _ in awarded
            for offer in award.offers
        }
        if not any(
            stay.overlaps(other)
            for server, stay in stays.items()
            for other in given[server]
        ):
            for award, _, _ in awarded:
                for offer in award.offers:
                    given[offer.server].append(award.stay)
            yield awarded


def _with_gap(stay, gap):
    return window.Window(stay.start - gap, stay.end + gap)


def made(awarded, now, origin):
    """The Draft of all awards of one bid.

    :param awarded: triples as ``spaced`` has them.
    :param origin: makes a PriceOrigin of what bids left out would have added.
    """
    uuid = uuidutils.generate_uuid()
    parts = [_contract(uuid, *each, now, origin) for each in awarded]
    whole = dataclasses.replace(
        parts[0],
        start_time=min(each.start_time for each in parts),
        end_time=max(each.end_time for each in parts),
        lines=tuple(itertools.chain(*(each.lines for each in parts))),
    )
    return Draft(tuple(award for award, _, _ in awarded), whole)


def _contract(uuid, award, rates, displaced, now, origin):
    """The contract of one award alone."""
    bid = award.bid
    found = contract_core.draft(
        uuid,
        award.stay,
        [
            (uuidutils.generate_uuid(), offer, rate)
            for offer, rate in zip(award.offers, rates, strict=True)
        ],
        now,
        origin=origin(displaced),
        project_id=bid.project_id,
        bid_uuid=bid.uuid,
        name=bid.name,
        purpose=bid.purpose,
    )
    if bid.part is not None:
        lines = [dataclasses.replace(line, part=bid.part) for line in found.lines]
        found = dataclasses.replace(found, lines=tuple(lines))
    if bid.interruptible_notice is not None:
        found = dataclasses.replace(
            found,
            interruptible_notice=bid.interruptible_notice,
            on_displaced=bid.on_displaced,
        )
    if bid.extend_until is None:
        return found
    return dataclasses.replace(
        found,
        extend_until=bid.extend_until,
        extend_max_price=bid.extend_max_price,
        lineage=bid.lineage,
    )
