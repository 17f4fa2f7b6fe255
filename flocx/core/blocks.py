# SPDX-License-Identifier: Apache-2.0
"""Blocks: servers that their owner sells only together, such as a rack.

Offers of one owner at one provider that name the same block are its members. Each says
how many there are. What is not whole is not for sale: neither a block of which offers
are missing still, or gone, nor one whose offers differ in their terms. So there is no
half-made block that anybody could sell part of, whatever crashes while one is offered,
changed or withdrawn; and an owner changes one by changing each of its offers.
"""

from collections.abc import Collection
from collections.abc import Iterable
import typing

from flocx import exceptions
from flocx.core import offer as offer_core
from flocx.core import window

#: Whose block it is, at which provider, and its name.
Key = tuple[str, str, str]

#: What all members have in common. When they begin may differ, as each is offered in a
#: moment of its own: a block begins with the last of them.
TERMS = (
    *('lessee_id', 'reclaim_notice', 'min_length', 'max_length', 'end_time'),
    *('price', 'ask_schedule', 'ask_falls', 'block_size'),
)


def key(offer: offer_core.Offer) -> Key | None:
    """Which block ``offer`` is of, None where it is sold alone."""
    if offer.block is None:
        return None
    return offer.provider_id, offer.project_id, offer.block


def whole(members: Collection[offer_core.Offer]) -> bool:
    """Whether these, all that there are of a block, are for sale."""
    first = next(iter(members))
    return (
        len(members) == first.block_size
        and len({each.server for each in members}) == len(members)
        and all(each.status == offer_core.Status.AVAILABLE for each in members)
        and all(not differing(first, each) for each in members)
    )


def differing(one: offer_core.Offer, other: offer_core.Offer) -> list[str]:
    """In which of the terms that a block has in common two offers differ."""
    return [name for name in TERMS if _term(one, name) != _term(other, name)]


def _term(offer: offer_core.Offer, name: str) -> typing.Any:
    value = getattr(offer, name)
    # No entries are no schedule.
    return None if value == () or value == [] else value


def held(
    members: Collection[offer_core.Offer],
    taken: Iterable[Collection[window.Window]],
) -> list[window.Window]:
    """When a block is not to be had.

    :param members: all that there are.
    :param taken: the time of each server that contracts hold.
    """
    if not whole(members):
        return [each.window for each in members]
    starts = {each.start_time for each in members}
    early = [window.Window(min(starts), max(starts))] if len(starts) > 1 else []
    return [*early, *(each for windows in taken for each in windows)]


def of_offer(
    offer: offer_core.Offer, taken: Iterable[window.Window]
) -> list[window.Window]:
    """What of ``taken`` is time of ``offer``."""
    return offer.window.minus(offer.window.minus(taken))


def require_room(
    offer: offer_core.Offer, members: Collection[offer_core.Offer]
) -> None:
    """Nothing, if ``offer`` can become a member beside ``members``.

    :raises Conflict: they are all, or it differs from them in what has to be equal.
    """
    if offer.block is None:
        return
    for each in members:
        names = differing(offer, each)
        if names:
            raise exceptions.Conflict(
                f'block: {offer.block} is sold on the same terms with all its servers, '
                f'and {" and ".join(names)} differ from those of offer {each.uuid}; '
                'say the same, or name another block',
                code='flocx.conflict.block',
            )
        if each.server == offer.server:
            raise exceptions.Conflict(
                f'block: server {offer.resource_uuid} is one of {offer.block} already; '
                'name another block for another time',
                code='flocx.conflict.block',
            )
    if len(members) >= (offer.block_size or 0):
        raise exceptions.Conflict(
            f'block: {offer.block} has its {offer.block_size} servers already '
            '(block_size); name another block',
            code='flocx.conflict.block',
        )


def require_whole(offers: Iterable[offer_core.Offer]) -> None:
    """Nothing, if of each block there are all servers among ``offers``, or none.

    :raises Conflict: the message says which are missing.
    """
    counts: dict[Key, int] = {}
    sample: dict[Key, offer_core.Offer] = {}
    for offer in offers:
        known = key(offer)
        if known:
            counts[known] = counts.get(known, 0) + 1
            sample[known] = offer
    for known, count in counts.items():
        size = sample[known].block_size
        if count != size:
            raise exceptions.Conflict(
                f'block: {known[-1]} is sold only whole, with its {size} servers; '
                f'these are {count}. Take all offers whose block is {known[-1]}.',
                code='flocx.conflict.block',
            )
