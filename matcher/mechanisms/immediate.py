# SPDX-License-Identifier: Apache-2.0
"""Price-time priority with the cheapest fit."""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import datetime
import decimal
import itertools
import typing

from flocx.core import bid as bid_core
from flocx.core import offer as offer_core
from flocx.core import window
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import figures
from matcher.mechanisms import whole_blocks

#: Starts of a bundle that are tried, the earliest first; and places that are looked at
#: for a part, the cheapest first: so many, and so many more for each of its servers.
STARTS, PLACES, PLACES_EACH = 16, 128, 4

#: So many more, shared by the parts, where servers are to be of one group, or apart;
#: and so many where that is not enough.
PLACES_GROUPED = 512, 4096

#: Starts that are tried because what is asked changes there, for a bid.
MOST_CHANGES = 128


class Immediate(mechanisms.Allocation):
    """The bid with the highest ceiling chooses first; among equals, the oldest.

    It takes the start at which its servers leave it the most, and of several such
    starts the earliest. A bid that offers more is never served worse for it. One with
    alternatives has its turn by the highest of their ceilings, and takes the one that
    leaves it the most. Parts of a bundle choose one after the other, at each of the
    first ``STARTS`` starts, which may miss the best choice of all of them together.
    """

    NAME = 'immediate'
    DESCRIPTION = 'Highest ceiling first, then first come; each takes what is cheapest'

    def allocate(
        self, book: matcher_book.Book, budget: mechanisms.Budget
    ) -> mechanisms.Allotment:
        book, awards = book.copy(), []
        for bid in sorted(book.bids, key=priority):
            for award in best(book, bid):
                book.take(award)
                awards.append(award)
        return mechanisms.Allotment(
            awards=awards, welfare=figures.credits(figures.worth(awards))
        )


def priority(bid: bid_core.Bid) -> tuple[object, ...]:
    ceiling = max(load.price for each in bid.terms for load in each.loads)
    return -ceiling, bid.created_at, bid.uuid


def best(book: matcher_book.Book, bid: bid_core.Bid) -> list[matcher_book.Award]:
    """The award with the most surplus that ``bid`` can have alone, if there is any.

    Of alternatives with the same it is the first, and of groups the first by name. Of a
    bundle it is one for each part.
    """
    found = [awards for each in bid.options if (awards := _of_option(book, each))]
    if not found:
        return []
    return [
        matcher_book.Award.of(award.bid, award.stay, award.offers, book.now)
        for award in max(found, key=_rank)
    ]


def _of_option(
    book: matcher_book.Book, option: bid_core.Bid
) -> list[matcher_book.Award]:
    """As ``best``, for a bid without alternatives."""
    if option.parts:
        return _of_bundle(book, option)
    award = _best(book, option)
    return [award] if award else []


def _of_bundle(
    book: matcher_book.Book, option: bid_core.Bid
) -> list[matcher_book.Award]:
    """The best of what all parts can have from one start on, among the first of those.

    Each takes its cheapest servers; the part that has the fewest to choose from is the
    first. Where servers are to be of one group, more are looked at if need be.
    """
    if not option.possible(book.now):
        return []
    rows = option.rows(book.now)
    firsts = [max(book.now, row.start_time) for row in rows]
    first_stays = (row.stay(first) for row, first in zip(rows, firsts, strict=True))
    stays = [stay for stay in first_stays if stay]
    grouped = any(row.expressions for row in rows)
    for more in PLACES_GROUPED if grouped else (0,):
        chosen = _of_places(book, rows, stays, more // len(rows))
        if chosen:
            return chosen
    return []


def _of_places(
    book: matcher_book.Book,
    rows: Sequence[bid_core.Bid],
    stays: Sequence[window.Window],
    more: int,
) -> list[matcher_book.Award]:
    """The best of what all parts can have, among the cheapest places of each.

    :param stays: the first of each; ``more``: how many places besides.
    """
    found = [
        list(
            itertools.islice(
                _cheapest_first(book, row, stay),
                PLACES + PLACES_EACH * row.quantity + more,
            )
        )
        for row, stay in zip(rows, stays, strict=True)
    ]
    lags = sorted(
        {
            place.low - stay.start
            for places, stay in zip(found, stays, strict=True)
            for place in places
        }
    )
    if not lags:
        return []
    choices = _choices(book, rows, stays, found)
    if not choices:
        return []
    chosen: list[matcher_book.Award] = []
    for lag in lags[:STARTS]:
        begun = [window.Window(each.start + lag, each.end + lag) for each in stays]
        awards = _begun(book, rows, begun, choices, chosen)
        if awards and (not chosen or _rank(awards) > _rank(chosen)):
            chosen = awards
            if _rank(chosen)[0] == choices[0].most:
                # None that begins later is better.
                break
    return chosen


def _cheapest(
    places: Sequence['_Place'],
    size: int,
    stay: window.Window,
    now: datetime.datetime,
) -> tuple[offer_core.Offer, ...]:
    """The offers of the first ``size`` servers; places are in the order of price.

    None asks more than it does here, whenever it is.
    """
    offers = {each.offer.uuid: each.offer for each in places}
    return tuple(
        dataclasses.replace(each.priced(stay, now), price=each.lowest_price)
        if each.by_hour
        else each
        for each in itertools.islice(offers.values(), size)
    )


def _asking(
    bid: bid_core.Bid,
    stay: window.Window,
    offers: Iterable[offer_core.Offer],
    now: datetime.datetime,
) -> Iterable[offer_core.Offer]:
    """``offers``, by their lowest price, as they are sold for ``stay``.

    Those that ``bid`` can pay, the cheapest first.
    """
    found = list(offers)
    if not any(each.by_hour for each in found):
        return found
    priced = [each.priced(stay, now) for each in found]
    # Sorting is stable: what costs the same stays as it was.
    return sorted(
        (each for each in priced if each.price <= bid.price),
        key=lambda each: each.price,
    )


class _Way(typing.NamedTuple):
    """Where a part may have servers, all of one group if it asks for that.

    Whenever it begins, they leave it no more than ``most``.
    """

    most: decimal.Decimal
    places: Sequence['_Place']


class _Choice(typing.NamedTuple):
    """The ways of each part that go together; all of them leave no more than ``most``.

    ``turns`` are the numbers of the parts, that with the fewest places first.
    """

    most: decimal.Decimal
    ways: Sequence[Sequence[_Way]]
    turns: Sequence[int]


def _choices(
    book: matcher_book.Book,
    rows: Sequence[bid_core.Bid],
    stays: Sequence[window.Window],
    found: Sequence[Sequence['_Place']],
) -> list[_Choice]:
    """What all parts may have together, that which may be best first.

    Where they are to be of one group there is one for each.
    """
    ways = [
        _ways(book, row, stay, places)
        for row, stay, places in zip(rows, stays, found, strict=True)
    ]
    if not all(ways):
        return []
    if rows[0].jointly:
        groups = set(ways[0]).intersection(*ways[1:])
        several = [[[each[group]] for each in ways] for group in sorted(groups)]
    else:
        several = [[sorted(each.values(), key=lambda way: -way.most) for each in ways]]
    return sorted(map(_choice, several), key=lambda each: -each.most)


def _choice(ways: Sequence[Sequence[_Way]]) -> _Choice:
    sizes = [sum(len(way.places) for way in each) for each in ways]
    turns = sorted(range(len(ways)), key=lambda each: (sizes[each], each))
    most = sum((each[0].most for each in ways), decimal.Decimal(0))
    return _Choice(most, ways, turns)


def _ways(
    book: matcher_book.Book,
    row: bid_core.Bid,
    stay: window.Window,
    places: Sequence['_Place'],
) -> dict[str, _Way]:
    """By group, those with enough servers for ``row``; without groups there is one."""
    groups: dict[str, list[_Place]] = {}
    for each in places:
        value = _value(book, row.group_by, each.offer) or ''
        groups.setdefault(value, []).append(each)
    found = {}
    for value, there in sorted(groups.items()):
        cheapest = _cheapest(there, row.quantity, stay, book.now)
        if len(cheapest) >= row.min_quantity:
            alone = matcher_book.Award(row, stay, cheapest)
            found[value] = _Way(_rank_of(alone)[0], there)
    return found


def _begun(
    book: matcher_book.Book,
    rows: Sequence[bid_core.Bid],
    begun: Sequence[window.Window],
    choices: Sequence[_Choice],
    known: Sequence[matcher_book.Award],
) -> list[matcher_book.Award]:
    """The best of what all parts have for the stays ``begun``, or nothing.

    Nothing, too, where that cannot be better than what is ``known``.
    """
    chosen: list[matcher_book.Award] = []
    for choice in choices:
        best = chosen or known
        if best and choice.most <= _rank(best)[0]:
            break
        awards = _all_parts(book, rows, begun, choice)
        if awards and (not chosen or _rank(awards) > _rank(chosen)):
            chosen = awards
    return chosen


def _all_parts(
    book: matcher_book.Book,
    rows: Sequence[bid_core.Bid],
    begun: Sequence[window.Window],
    choice: _Choice,
) -> list[matcher_book.Award]:
    """What all parts have; where not all have enough so, each just what it needs."""
    awards = _in_turn(book, rows, begun, choice)
    if awards or all(row.min_quantity == row.quantity for row in rows):
        return awards
    bare = [dataclasses.replace(row, quantity=row.min_quantity) for row in rows]
    return [
        dataclasses.replace(award, bid=row)
        for award, row in zip(_in_turn(book, bare, begun, choice), rows, strict=False)
    ]


def _in_turn(
    book: matcher_book.Book,
    rows: Sequence[bid_core.Bid],
    begun: Sequence[window.Window],
    choice: _Choice,
) -> list[matcher_book.Award]:
    """What all parts have, one after the other, or nothing."""
    awards: dict[int, matcher_book.Award] = {}
    taken: set[str] = set()
    for number in choice.turns:
        best: matcher_book.Award | None = None
        for way in choice.ways[number]:
            if best and way.most <= _rank_of(best)[0]:
                break
            free = (
                each
                for each in way.places
                if each.covers(begun[number].start) and each.offer.uuid not in taken
            )
            offers = _taken(book, rows[number], free, begun[number])
            if len(offers) >= rows[number].min_quantity:
                award = matcher_book.Award(rows[number], begun[number], offers)
                best = max(filter(None, (best, award)), key=_rank_of)
        if not best:
            return []
        awards[number] = best
        taken.update(each.uuid for each in best.offers)
    return [awards[number] for number in range(len(rows))]


class _Group:
    """Where servers of one group are free for a bid, from the cheapest on."""

    def __init__(self, book: matcher_book.Book, bid: bid_core.Bid) -> None:
        self.best: matcher_book.Award | None = None
        self._book, self._bid = book, bid
        self._found: list[_Place] = []
        self._due = bid.min_quantity

    def add(self, place: '_Place') -> matcher_book.Award | None:
        """What is best with it, too, if that was looked for."""
        self._found.append(place)
        if len(self._found) < self._due:
            return None
        self._due = 2 * len(self._found)
        return self.close()

    def close(self) -> matcher_book.Award | None:
        """What is best in all that was found."""
        self.best = _better(self._book, self._bid, self._found, self.best)
        return self.best


def _best(book: matcher_book.Book, bid: bid_core.Bid) -> matcher_book.Award | None:
    """As ``best``, for a bid without alternatives or parts.

    Offers are looked at from the cheapest on, and no further than a better award
    is possible.
    """
    stay = bid.stay(max(book.now, bid.start_time))
    if stay is None:
        return None
    groups: dict[str | None, _Group] = {}
    full: matcher_book.Award | None = None
    seen, others = 0, decimal.Decimal(0)
    for place in _cheapest_first(book, bid, stay):
        # With the next in price an award is worth at most what the cheapest ask.
        if full:
            asked = sum(each.price for each in full.offers)
            if place.offer.lowest_price + others >= asked:
                break
        value = bid.group_by and _value(book, bid.group_by, place.offer)
        if value not in groups:
            groups[value] = _Group(book, bid)
        seen += 1
        if seen < bid.quantity:
            others += place.offer.lowest_price
        award = groups[value].add(place)
        if award and len(award.offers) == bid.quantity:
            full = max((each for each in (full, award) if each), key=_rank_of)
    in_order = sorted(groups, key=lambda each: each or '')
    found = [award for each in in_order if (award := groups[each].close())]
    return max(found, key=_rank_of, default=None)


def _value(
    book: matcher_book.Book, expression: str | None, offer: offer_core.Offer
) -> str | None:
    """The group of an offer in ``book``, None where there is no expression."""
    if expression is None:
        return None
    group = book.group(offer.uuid)
    return group and book.value(expression, group.document)


def undisputed(
    book: matcher_book.Book, bids: Iterable[bid_core.Bid]
) -> list[matcher_book.Award] | None:
    """Awards in which each of ``bids`` has what would be best for it alone, or None.

    More welfare is not possible: the sum of what each could have alone is a bound, as
    the others only take from it. For a bundle it is that of its parts, each by itself.
    Not all starts are tried where servers are asked for by the hour, and not all blocks
    are, so there are none.
    """
    if book.by_hour() or book.has_blocks:
        return None
    rest, found = book.copy(), list[matcher_book.Award]()
    for bid in sorted(bids, key=priority):
        most, awards = _most(book, bid), best(rest, bid)
        if most is not None and (not awards or figures.worth(awards) < most):
            return None
        for award in awards:
            rest.take(award)
        found.extend(awards)
    return found


def _most(book: matcher_book.Book, bid: bid_core.Bid) -> int | None:
    """A value that ``bid`` cannot exceed alone; None where it can have nothing."""
    found = []
    for option in bid.options:
        parts = [_best(book, row) for row in option.rows(book.now)]
        if parts and all(parts):
            found.append(figures.worth(filter(None, parts)))
    return max(found, default=None)


class _Place(typing.NamedTuple):
    """The stay of a bid can begin in [low, high] on ``offer``."""

    low: datetime.datetime
    high: datetime.datetime
    offer: offer_core.Offer

    def covers(self, start: datetime.datetime) -> bool:
        return self.low <= start <= self.high


def _cheapest_first(
    book: matcher_book.Book, bid: bid_core.Bid, first: window.Window
) -> Iterator[_Place]:
    """Where ``bid`` fits in, given its first stay, in the order of price."""
    latest = bid.end_time - first.length
    for offer in book.cheapest_first(bid):
        for free in book.left(offer):
            # Most have no room at all, and that is seen without a sum.
            if free.end < first.end or free.start > latest:
                continue
            low, high = (
                max(free.start, first.start),
                min(free.end - first.length, latest),
            )
            if low <= high:
                yield _Place(low, high, offer)


def _better(
    book: matcher_book.Book,
    bid: bid_core.Bid,
    found: list[_Place],
    chosen: matcher_book.Award | None,
) -> matcher_book.Award | None:
    """The best of ``chosen`` and the awards in ``found``, which is in order of price.

    Whatever fits at some time still fits when it is moved back until it meets
    the start of a free window or the earliest start of the bid. Of several such
    starts at which it is worth the same the earliest is taken.
    """
    for start in _starts(book, bid, found):
        stay = bid.stay(start)
        if stay is None:
            continue
        there = (each for each in found if each.covers(start))
        offers = _taken(book, bid, there, stay)
        if len(offers) >= bid.min_quantity:
            award = matcher_book.Award(bid, stay, offers)
            if chosen is None or _rank_of(award) > _rank_of(chosen):
                chosen = award
    return chosen


def _starts(
    book: matcher_book.Book, bid: bid_core.Bid, found: Sequence[_Place]
) -> list[datetime.datetime]:
    """Where a stay could best begin, in order; where there are very many some of them.

    With asks by the hour also where one of these changes as the stay begins or ends,
    and where it begins last of all.
    """
    firsts = {place.low for place in found}
    changing = [place for place in found if place.offer.by_hour]
    if not changing or bid.whole:
        return sorted(firsts)
    length = datetime.timedelta(seconds=bid.duration)
    others = {place.high for place in found}
    for place in changing:
        for piece in place.offer.asked(book.now):
            others |= {
                start
                for start in (piece.end, piece.end - length)
                if place.covers(start)
            }
    more = sorted(others - firsts)
    return sorted({*firsts, *more[:: -(-len(more) // MOST_CHANGES) or 1]})


def _taken(
    book: matcher_book.Book,
    bid: bid_core.Bid,
    places: Iterable[_Place],
    stay: window.Window,
) -> tuple[offer_core.Offer, ...]:
    """The first offers of ``places`` that ``bid`` may have together."""
    offers: Iterable[offer_core.Offer] = (each.offer for each in places)
    if book.by_hour():
        offers = _asking(bid, stay, offers, book.now)
    if bid.spread_by:
        offers = _spread(book, bid, offers)
    elif book.has_blocks:
        return whole_blocks.offers(bid, offers)
    return tuple(itertools.islice(offers, bid.quantity))


def _spread(
    book: matcher_book.Book, bid: bid_core.Bid, offers: Iterable[offer_core.Offer]
) -> Iterator[offer_core.Offer]:
    """The first ``bid.spread_max`` of each group."""
    taken: dict[str | None, int] = collections.Counter()
    for offer in offers:
        value = _value(book, bid.spread_by, offer)
        taken[value] += 1
        if taken[value] <= bid.spread_max:
            yield offer


def _rank(awards: Sequence[matcher_book.Award]) -> tuple[decimal.Decimal, int, float]:
    """Of all parts together."""
    surplus, servers, earlier = zip(*map(_rank_of, awards), strict=True)
    return sum(surplus, decimal.Decimal(0)), sum(servers), max(earlier)


def _rank_of(award: matcher_book.Award) -> tuple[decimal.Decimal, int, float]:
    earlier = -award.stay.start.timestamp()
    return award.surplus_rate * award.stay.seconds, len(award.offers), earlier
