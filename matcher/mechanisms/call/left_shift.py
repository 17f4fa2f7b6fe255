# SPDX-License-Identifier: Apache-2.0
"""Begin each stay as early as its servers are free: nobody waits for nothing."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime

from flocx.core import window
from matcher import book as matcher_book


def begun(
    book: matcher_book.Book, awards: Sequence[matcher_book.Award]
) -> list[matcher_book.Award]:
    """``awards`` with the same servers, moved back in time as far as they go.

    Welfare and prices stay: a server costs the same at any time. Where one does not,
    the stay remains. The earliest stays are moved first, so that each leaves its place
    to those after it. The order of ``awards`` is kept.
    """
    stays = {award.bid.key: award for award in awards}
    on = _by_offer(awards)
    bundles: dict[str, list[matcher_book.Award]] = {}
    for award in awards:
        bundles.setdefault(award.bid.uuid, []).append(award)
    for parts in sorted(bundles.values(), key=lambda parts: _rank(parts[0])):
        if any(book.by_hour(award.offers) for award in parts):
            continue
        free = {
            offer.uuid: _left(
                book.free(offer),
                [stays[key].stay for key in on[offer.uuid] if key[0] != uuid],
            )
            for uuid in [parts[0].bid.uuid]
            for award in parts
            for offer in award.offers
        }
        back = _furthest(book.now, parts, free)
        for award in parts if back else ():
            stay = window.Window(award.stay.start - back, award.stay.end - back)
            stays[award.bid.key] = dataclasses.replace(award, stay=stay)
    return list(stays.values())


def _rank(award: matcher_book.Award) -> tuple[window.Window, str]:
    return award.stay, award.bid.uuid


def _left(
    free: Iterable[window.Window], busy: Sequence[window.Window]
) -> list[window.Window]:
    return [left for each in free for left in each.minus(busy)]


def _furthest(
    now: datetime.datetime,
    parts: Sequence[matcher_book.Award],
    free: Mapping[str, Sequence[window.Window]],
) -> datetime.timedelta:
    """How far back the parts of a bundle, or a bid without any, can be moved at most.

    At that time all their servers are free.
    """
    nothing = datetime.timedelta()
    most = min(each.stay.start - max(now, each.bid.start_time) for each in parts)
    found = {most} | {
        award.stay.start - each.start
        for award in parts
        for offer in award.offers
        for each in free[offer.uuid]
    }
    for back in sorted(found, reverse=True):
        if nothing < back <= most and all(
            any(_contains(each, award.stay, back) for each in free[offer.uuid])
            for award in parts
            for offer in award.offers
        ):
            return back
    return nothing


def _contains(
    free: window.Window, stay: window.Window, back: datetime.timedelta
) -> bool:
    return free.start <= stay.start - back and stay.end - back <= free.end


def _by_offer(
    awards: Iterable[matcher_book.Award],
) -> dict[str, list[tuple[str, int | None, int | None]]]:
    """Which bids have time of an offer."""
    found: dict[str, list[tuple[str, int | None, int | None]]] = {}
    for award in awards:
        for offer in award.offers:
            found.setdefault(offer.uuid, []).append(award.bid.key)
    return found
