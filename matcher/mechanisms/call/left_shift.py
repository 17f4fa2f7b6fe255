# SPDX-License-Identifier: Apache-2.0
"""Begin each stay as early as its servers are free: nobody waits for nothing."""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import datetime

from flocx.core import window
from matcher import book as matcher_book


def begun(
    book: matcher_book.Book, awards: Sequence[matcher_book.Award]
) -> list[matcher_book.Award]:
    """``awards`` with the same servers, moved back in time as far as they go.

    Welfare and prices stay: a server costs the same at any time. The earliest
    stays are moved first, so that each leaves its place to those after it. The
    order of ``awards`` is kept.
    """
    stays = {award.bid.uuid: award for award in awards}
    on = _by_offer(awards)
    for award in sorted(awards, key=lambda award: (award.stay, award.bid.uuid)):
        free = [
            _left(
                book.free(offer),
                [stays[uuid].stay for uuid in on[offer.uuid] if uuid != award.bid.uuid],
            )
            for offer in award.offers
        ]
        stays[award.bid.uuid] = dataclasses.replace(
            award, stay=_earliest(book.now, award, free)
        )
    return list(stays.values())


def _left(
    free: Iterable[window.Window], busy: Sequence[window.Window]
) -> list[window.Window]:
    return [left for each in free for left in each.minus(busy)]


def _earliest(
    now: datetime.datetime,
    award: matcher_book.Award,
    free: Sequence[Sequence[window.Window]],
) -> window.Window:
    """The first stay of the award's length for which all its servers are free."""
    first = max(now, award.bid.start_time)
    starts = {each.start for windows in free for each in windows} | {first}
    for start in sorted(starts):
        if not first <= start < award.stay.start:
            continue
        stay = award.bid.stay(start)
        if stay and all(
            any(each.contains(stay) for each in windows) for windows in free
        ):
            return stay
    return award.stay


def _by_offer(awards: Iterable[matcher_book.Award]) -> dict[str, list[str]]:
    """Which bids have time of an offer."""
    found: dict[str, list[str]] = {}
    for award in awards:
        for offer in award.offers:
            found.setdefault(offer.uuid, []).append(award.bid.uuid)
    return found
