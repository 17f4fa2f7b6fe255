# SPDX-License-Identifier: Apache-2.0
"""Where firm bids that were left out have what interruptible contracts can lose.

One bid after the other, that with the highest ceiling first, takes the start and the
servers with which most is left of its value after the asks and what is lost; and only
servers with which something is. Nothing is displaced that an award does not need:
a contract ends as late as the server has to be free, and of choices that are worth the
same the one that displaces least is taken.

The cost of a start is linear between few instants: where a gap begins or ends, where a
contract begins or ends. So its least is at one of them.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime
import typing

import numpy as np

from flocx.core import bid as bid_core
from flocx.core import offer as offer_core
from flocx.core import tenure as tenure_core
from flocx.core import window
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import native

#: So many starts of a bid, the first, are tried, divided by its rows; but a few.
STARTS, FEWEST = 512, 4

#: Which part of a budget of seconds may be spent here.
SHARE = 0.2

#: A bid of more rows than this has its turn after others, and only while there is time.
MANY = 4

#: Of so many groups, the largest, one is looked for that all parts may be of.
GROUPS = 16

#: What no price comes near to.
_NEVER = -float('inf')


class _Tenures(typing.NamedTuple):
    """What can be lost: on ``site[n]`` the seconds from ``least[n]`` to ``end[n]``.

    ``begin`` and ``gap`` are those of the contract; each second costs ``rate``.
    """

    site: native.Ints
    begin: native.Ints
    end: native.Ints
    least: native.Ints
    gap: native.Ints
    rate: native.Floats


class _Gaps(typing.NamedTuple):
    """On ``site[n]`` a row may begin in [``low[n]``, ``high[n]``]."""

    site: native.Ints
    low: native.Ints
    high: native.Ints


@dataclasses.dataclass(frozen=True)
class _Row:
    """What may serve a row of an option: its offers, and what having them costs."""

    bid: bid_core.Bid
    stay: window.Window
    offers: Sequence[offer_core.Offer]
    gaps: _Gaps
    tenures: _Tenures
    #: What is left of its value with each server, before anything is lost.
    surplus: native.Floats
    group: native.Ints
    apart: native.Ints


#: What is left and how many seconds are lost, below zero; and what is chosen.
_Choice: typing.TypeAlias = tuple[tuple[float, int], list[matcher_book.Award]]


class _Time:
    """What of a budget of seconds is left."""

    def __init__(self, budget: mechanisms.Budget) -> None:
        counted = budget.seconds is None or budget.moves is not None
        self._clock = None if counted else budget.clock
        self._end = 0.0 if counted else budget.clock() + SHARE * (budget.seconds or 0)

    def over(self) -> bool:
        return self._clock is not None and self._clock() >= self._end


class _State:
    """What is free and what is lost, while bids are placed."""

    def __init__(
        self,
        book: matcher_book.Book,
        tenures: Mapping[str, Sequence[tenure_core.Tenure]],
        awards: Sequence[matcher_book.Award],
    ) -> None:
        self.book = book.copy()
        #: By offer, what can be lost with the ends that are decided by now.
        self.tenures = {uuid: list(those) for uuid, those in tenures.items()}
        self._before = tenures
        for award in awards:
            self.take(award)

    def take(self, award: matcher_book.Award) -> None:
        """Give the time of ``award`` away, with what stays free around it."""
        for each in award.displaces:
            those = self.tenures[each.offer_uuid]
            end = max(each.tenure.start_time, each.until)
            those[those.index(each.tenure)] = dataclasses.replace(
                each.tenure, end_time=min(end, each.tenure.end_time)
            )
        for offer in award.offers:
            gap = max(
                (each.gap for each in self.tenures.get(offer.uuid, ())),
                default=datetime.timedelta(),
            )
            stay = window.Window(award.stay.start - gap, award.stay.end + gap)
            self.book.take(matcher_book.Award(award.bid, stay, (offer,)))

    def displacing(self, award: matcher_book.Award) -> matcher_book.Award:
        """``award`` with what it displaces.

        Also what another award has displaced by then, which costs nothing any more: if
        the contract of that is not written, this one has to find the server free.
        """
        found = [
            _displacement(offer, tenure, until)
            for offer in award.offers
            for tenure, before in zip(
                self.tenures.get(offer.uuid, ()),
                self._before.get(offer.uuid, ()),
                strict=True,
            )
            for until in [before.end_before(award.stay, self.book.now)]
            if until is not None
        ]
        return dataclasses.replace(award, displaces=tuple(found))


def awards_of(
    book: matcher_book.Book,
    yielding: matcher_book.Book,
    awards: Sequence[matcher_book.Award],
    budget: mechanisms.Budget,
) -> list[matcher_book.Award]:
    """Awards of firm bids that none of ``awards`` serves.

    :param yielding: ``book``, with what its interruptible contracts can lose free.
    """
    time, found = _Time(budget), list[matcher_book.Award]()
    state = _State(yielding, book.tenures, awards)
    served = {award.bid.uuid for award in awards}
    waiting = [
        bid
        for bid in book.bids
        if bid.uuid not in served and bid.interruptible_notice is None
    ]
    for bid in sorted(waiting, key=_turn):
        if time.over():
            break
        best = [state.displacing(award) for award in _best(state, bid, time)]
        # They were compared as floats.
        if figures.worth(best) > 0:
            for award in best:
                state.take(award)
            found.extend(best)
    return found


def attributed(
    book: matcher_book.Book,
    yielding: matcher_book.Book,
    awards: Sequence[matcher_book.Award],
) -> list[matcher_book.Award]:
    """``awards`` with what each displaces; of several the last to begin comes first."""
    state = _State(yielding, book.tenures, ())
    order = sorted(range(len(awards)), key=lambda at: awards[at].stay, reverse=True)
    found = list(awards)
    for at in order:
        if awards[at].bid.interruptible_notice is None:
            found[at] = state.displacing(awards[at])
            state.take(found[at])
    return found


def _turn(bid: bid_core.Bid) -> tuple[object, ...]:
    return len(bid.rectangles) > MANY, *immediate.priority(bid)


def _displacement(
    offer: offer_core.Offer, tenure: tenure_core.Tenure, until: datetime.datetime
) -> matcher_book.Displacement:
    since = max(tenure.start_time, until)
    seconds = max(0, figures.seconds(since, tenure.end_time))
    return matcher_book.Displacement(
        tenure, offer.uuid, until, seconds * rate(tenure, offer)
    )


def rate(tenure: tenure_core.Tenure, offer: offer_core.Offer) -> int:
    """What each second that a contract loses costs, in micro-credits.

    It is what its bid offers beyond what the owner asks now.
    """
    return max(0, figures.micro(tenure.ceiling) - figures.micro(offer.price))


def _best(state: _State, bid: bid_core.Bid, time: _Time) -> list[matcher_book.Award]:
    """The awards of the option of ``bid`` with which most is left."""
    chosen: _Choice = (0.0, 0), []
    many, most = len(bid.rectangles), STARTS // len(bid.rectangles)
    for option in bid.options:
        if many > MANY and time.over():
            break
        groups = _groups(state.book, option)
        tried = max(FEWEST, most // max(1, len(groups)))
        for group in groups:
            for found in _starts(state.book, _rows(state, option, group), tried):
                if found[0] > chosen[0]:
                    chosen = found
    return chosen[1]


def _groups(book: matcher_book.Book, option: bid_core.Bid) -> list[str | None]:
    """The groups, of each of which all parts of ``option`` may be: the largest first.

    ``None`` alone, where they need not be of one.
    """
    rows = option.rows(book.now)
    if not rows or not rows[0].jointly:
        return [None]
    sizes = book.servers_by_value(max(rows, key=lambda row: row.min_quantity))
    return list[str | None](sorted(sizes, key=lambda each: -sizes[each])[:GROUPS])


def _rows(state: _State, option: bid_core.Bid, group: str | None) -> list[_Row]:
    """What may serve each row of an option; nothing where that is free, or nothing.

    :param group: of which it has to be; None where any will do.
    """
    rows = list[_Row]()
    for each in option.rows(state.book.now):
        row = _row(state, each, group)
        if row is None:
            return []
        rows.append(row)
    return rows if any(len(row.tenures.site) for row in rows) else []


def _suitable(
    book: matcher_book.Book, bid: bid_core.Bid, group: str | None
) -> list[offer_core.Offer]:
    """What ``bid`` may take, of ``group``, the cheapest first."""
    found = book.suitable(bid)
    if group is not None:
        found = [each for each in found if _group(book, bid.group_by, each) == group]
    return sorted(found, key=lambda each: (each.price, each.uuid))


def _row(state: _State, bid: bid_core.Bid, group: str | None) -> _Row | None:
    """What may serve ``bid``, a row; None where nothing may."""
    book = state.book
    stay = bid.stay(max(book.now, bid.start_time))
    if stay is None:
        return None
    offers = _suitable(book, bid, group)
    at = figures.seconds
    latest = at(book.now, bid.end_time) - stay.seconds
    earliest = at(book.now, stay.start)
    gaps, tenures, sites = list[tuple[int, int, int]](), [], list[offer_core.Offer]()
    for offer in offers:
        here = [
            (max(at(book.now, free.start), earliest), min(high, latest))
            for free in book.free(offer)
            for high in [at(book.now, free.end) - stay.seconds]
        ]
        here = [(low, high) for low, high in here if low <= high]
        if not here or offer.by_hour or offer.block:
            continue
        gaps += [(len(sites), low, high) for low, high in here]
        tenures += [
            (len(sites), *map(float, in_seconds(tenure, offer, book.now)))
            for tenure in state.tenures.get(offer.uuid, ())
        ]
        sites.append(offer)
    if len(sites) < bid.min_quantity:
        return None
    losses = np.array(tenures, float).reshape(-1, 6).T
    site, begin, end, least, gap = losses[:5].astype(np.int64)
    ceiling = figures.micro(bid.price)
    return _Row(
        bid,
        stay,
        sites,
        _Gaps(*np.array(gaps, np.int64).reshape(-1, 3).T),
        _Tenures(site, begin, end, least, gap, losses[5]),
        np.array(
            [
                float((ceiling - figures.micro(each.price)) * stay.seconds)
                for each in sites
            ]
        ),
        _numbers(book, bid.group_by, sites),
        _numbers(book, bid.spread_by, sites),
    )


class Seconds(typing.NamedTuple):
    """A Tenure in seconds from a book's now, on an offer; ``rate`` as ``rate`` has it.

    ``least`` is the earliest end that it can get.
    """

    begin: int
    end: int
    least: int
    gap: int
    rate: int


def in_seconds(
    tenure: tenure_core.Tenure, offer: offer_core.Offer, now: datetime.datetime
) -> Seconds:
    at = figures.seconds
    return Seconds(
        at(now, tenure.start_time),
        at(now, tenure.end_time),
        at(now, tenure.least_end(now)),
        tenure.gap // window.SECOND,
        rate(tenure, offer),
    )


def _numbers(
    book: matcher_book.Book,
    expression: str | None,
    offers: Sequence[offer_core.Offer],
) -> native.Ints:
    """The group of each offer as a number; all are of one where nothing is asked."""
    if expression is None:
        return np.zeros(len(offers), np.int64)
    values = [_group(book, expression, offer) for offer in offers]
    known = {value: number for number, value in enumerate(sorted(set(values), key=str))}
    return np.array([known[value] for value in values], np.int64)


def _group(
    book: matcher_book.Book, expression: str | None, offer: offer_core.Offer
) -> str | None:
    group = book.group(offer.uuid)
    return group and book.value(expression or '', group.document)


def _starts(
    book: matcher_book.Book, rows: Sequence[_Row], most: int
) -> Iterator[_Choice]:
    """What an option may be awarded, by start, of which ``most`` are tried.

    The rows begin as far apart as their first stays do.
    """
    lags: set[int] = set()
    for row in rows:
        first = figures.seconds(book.now, row.stay.start)
        lags.update((_instants(row) - first).tolist())
    for lag in sorted(each for each in lags if each >= 0)[:most]:
        choice = _begun(book, rows, lag)
        if choice:
            yield choice


def _instants(row: _Row) -> native.Ints:
    """Where the cost of beginning then may be least."""
    its, length = row.tenures, row.stay.seconds
    found = (
        row.gaps.low,
        row.gaps.high,
        its.end + its.gap,
        its.least + its.gap,
        its.begin - its.gap - length,
    )
    instants: native.Ints = np.unique(np.concatenate(found))
    return instants


def _begun(book: matcher_book.Book, rows: Sequence[_Row], lag: int) -> _Choice | None:
    """What is chosen if all rows begin ``lag`` seconds late, if all can."""
    used, awards = set[str](), list[matcher_book.Award]()
    total, seconds = 0.0, 0
    for row in rows:
        start = figures.seconds(book.now, row.stay.start) + lag
        left, lost = _left(row, start)
        places = _chosen(row, left, lost, used)
        if not places:
            return None
        total += float(sum(left[places]))
        seconds += int(sum(lost[places]))
        offers = [row.offers[place] for place in places]
        used.update(offer.uuid for offer in offers)
        begin = book.now + datetime.timedelta(seconds=start)
        stay = window.Window(begin, begin + row.stay.length)
        awards.append(matcher_book.Award.of(row.bid, stay, offers, book.now))
    return (total, -seconds), awards


def _left(row: _Row, start: int) -> tuple[native.Floats, native.Ints]:
    """With each server: what is left of the row's value, and the seconds lost."""
    gaps, its, end = row.gaps, row.tenures, start + row.stay.seconds
    there = gaps.site[(gaps.low <= start) & (start <= gaps.high)]
    left, seconds = np.full(len(row.offers), _NEVER), np.zeros(len(row.offers), int)
    left[there] = row.surplus[there]
    until = np.maximum(its.least, start - its.gap)
    lost = np.maximum(0, its.end - np.maximum(its.begin, until))
    lost[(start >= its.end + its.gap) | (end <= its.begin - its.gap)] = 0
    np.subtract.at(left, its.site, lost * its.rate)
    np.add.at(seconds, its.site, lost)
    return left, seconds


def _chosen(
    row: _Row, left: native.Floats, lost: native.Ints, used: set[str]
) -> list[int]:
    """The servers with which most is left; none where they are too few."""
    order = [
        place
        for place in np.lexsort((lost, -left)).tolist()
        if left[place] >= 0 and row.offers[place].uuid not in used
    ]
    best, most = list[int](), (_NEVER, 0)
    for group in dict.fromkeys(row.group[order].tolist()):
        places = _apart(row, (each for each in order if row.group[each] == group))
        total = float(sum(left[places])), -int(sum(lost[places]))
        if len(places) >= row.bid.min_quantity and total > most:
            best, most = places, total
    return best


def _apart(row: _Row, places: Iterator[int]) -> list[int]:
    """The first of ``places``, no more of one group than the bid may have."""
    bid, taken = row.bid, dict[int, int]()
    most = bid.spread_max if bid.spread_by else bid.quantity
    kept = list[int]()
    for place in places:
        group = int(row.apart[place])
        taken[group] = taken.get(group, 0) + 1
        if taken[group] <= most and len(kept) < bid.quantity:
            kept.append(place)
    return kept
