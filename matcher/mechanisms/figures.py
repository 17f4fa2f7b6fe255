# SPDX-License-Identifier: Apache-2.0
"""The book in integers: what the compiled parts of the mechanisms work on.

Time is in whole seconds from the book's *now* and is on no grid: whatever a
window's start and end are, they are exact. Money is in micro-credits per server
and hour; a value, such as welfare, in micro-credits times seconds.
"""

import collections
from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import datetime
import decimal
import itertools
import typing

import numpy as np

from flocx.core import bid as bid_core
from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import window
from matcher import book as matcher_book
from matcher.mechanisms import native
from matcher.mechanisms import tariffs as tariff_figures

#: What of a Demand is no column with a number for each bid, or one of another bid.
_NOT_BY_BID = ('kinds_at', 'kinds', 'suits', 'group', 'group_at', 'head')

_MICRO = decimal.Decimal(1_000_000)
_HOUR = decimal.Decimal(3600)


class Supply(typing.NamedTuple):
    """Offers, those of a kind side by side and the cheapest first.

    Offers are of one kind where every bid that may take one may take the other,
    but for its own. All free time of kind ``k`` lies in the spans from
    ``span_at[k]`` to ``span_at[k + 1]``; that of offer ``i`` in the gaps from
    ``gap_at[i]`` to ``gap_at[i + 1]``, in order.

    Offer ``i`` never asks less than ``ask[i]``; what it asks when is said by
    ``tariff[i]`` of ``tariffs``, where that is not ``tariffs.NONE``.

    ``value[r, i]`` is the group of offer ``i`` by partition ``r``, -1 where no bid
    asks.

    All of a ``block`` are taken, or none; it is -1 where an offer is alone.
    """

    kind_at: native.Ints
    kind: native.Ints
    ask: native.Ints
    owner: native.Ints
    span_at: native.Ints
    span_from: native.Ints
    span_to: native.Ints
    gap_at: native.Ints
    gap_from: native.Ints
    gap_to: native.Ints
    value: native.Ints
    tariff: native.Ints
    tariffs: tariff_figures.Tariffs
    block: native.Ints


class Demand(typing.NamedTuple):
    """Bids: up to ``most`` servers, at least ``least``, ``length`` seconds long
    within [``earliest``, ``latest``), at most for ``ceiling``.

    Those from ``group_at[g]`` to ``group_at[g + 1]`` are alternatives of one bid, of
    which one at most is met: they are group ``g``, ``group[j]`` of bid ``j``. A bid
    without alternatives is a group of its own.

    A bundle is a row for each part, side by side: of all ``head[j]`` is the first, and
    ``parts`` of that says how many they are; it is 0 of the others. All have a place or
    none, and then row ``j`` begins ``shift[j]`` seconds after its head. A bid without
    parts is the head of itself alone.

    The kinds that bid ``j`` may take are ``kinds[kinds_at[j]:kinds_at[j + 1]]``:
    those for which ``suits[like[j]]`` is true. Where ``together[j]`` is a partition,
    not -1, all its servers are of one group of that, which is the same for all parts of
    its bundle if ``jointly[j]``; where ``apart[j]`` is one, at most ``apart_most[j]``
    are.
    """

    ceiling: native.Ints
    least: native.Ints
    most: native.Ints
    earliest: native.Ints
    latest: native.Ints
    length: native.Ints
    bidder: native.Ints
    kinds_at: native.Ints
    kinds: native.Ints
    like: native.Ints
    suits: native.Flags
    together: native.Ints
    jointly: native.Flags
    apart: native.Ints
    apart_most: native.Ints
    group: native.Ints
    group_at: native.Ints
    head: native.Ints
    parts: native.Ints
    shift: native.Ints


@dataclasses.dataclass(frozen=True)
class Figures:
    """A book in integers; ``offers`` and ``bids`` are in the order of the arrays.

    A bid with alternatives is there once for each, and a bundle once for each part.
    """

    now: datetime.datetime
    offers: tuple[offer_core.Offer, ...]
    bids: tuple[bid_core.Bid, ...]
    supply: Supply
    demand: Demand

    def award(
        self, number: int, start: int, offers: Iterable[int]
    ) -> matcher_book.Award:
        """The award that gives bid ``number`` these offers from second ``start``."""
        bid = self.bids[number]
        begin = self.now + datetime.timedelta(seconds=start)
        length = datetime.timedelta(seconds=int(self.demand.length[number]))
        return matcher_book.Award.of(
            bid,
            window.Window(begin, begin + length),
            (self.offers[each] for each in sorted(offers)),
            self.now,
        )

    def kind_of(self) -> dict[str, int]:
        """The kind of each offer, by its uuid."""
        kinds = self.supply.kind.tolist()
        return dict(zip((each.uuid for each in self.offers), kinds, strict=True))

    def numbers(self) -> dict[tuple[str, int | None, int | None], int]:
        """The number of each bid, by its key."""
        return {bid.key: number for number, bid in enumerate(self.bids)}

    def only(self, numbers: native.Ints) -> 'Figures':
        """The same with these bids alone; ``numbers`` are in order.

        Of a bundle they are all parts or none.
        """
        demand = self.demand
        group, group_at = _groups(demand.group[numbers])
        head = np.searchsorted(numbers, demand.head[numbers]).astype(np.int64)
        spans = [
            demand.kinds[demand.kinds_at[each] : demand.kinds_at[each + 1]]
            for each in numbers
        ]
        return dataclasses.replace(
            self,
            bids=tuple(self.bids[each] for each in numbers),
            demand=demand._replace(
                **{
                    name: column[numbers]
                    for name, column in demand._asdict().items()
                    if name not in _NOT_BY_BID
                },
                group=group,
                group_at=group_at,
                head=head,
                kinds_at=offsets([len(span) for span in spans]),
                kinds=np.concatenate([*spans, np.empty(0, np.int64)]),
            ),
        )


def micro(price: decimal.Decimal) -> int:
    """A price in micro-credits."""
    return int(money.EXACT.multiply(price, _MICRO))


def price(value: int) -> decimal.Decimal:
    """A number of micro-credits as a price."""
    return money.quantised(money.EXACT.divide(decimal.Decimal(value), _MICRO))


def credits(value: int, rounding: str = decimal.ROUND_HALF_EVEN) -> decimal.Decimal:
    """A value in credits, rounded once."""
    exact = money.EXACT.divide(decimal.Decimal(value), _MICRO * _HOUR)
    return exact.quantize(money.QUANTUM, rounding=rounding, context=money.EXACT)


def hourly(award: matcher_book.Award, value: int) -> decimal.Decimal:
    """A value in credits for each server and hour of ``award``."""
    hours = award.stay.seconds * len(award.offers)
    exact = money.EXACT.divide(decimal.Decimal(value), _MICRO * hours)
    return money.quantised(exact)


def worth(awards: Iterable[matcher_book.Award]) -> int:
    """The welfare of ``awards`` as a value."""
    return sum(
        (micro(award.bid.price) * len(award.offers) - _asks(award)) * award.stay.seconds
        - sum(each.loss for each in award.displaces)
        for award in awards
    )


def _asks(award: matcher_book.Award) -> int:
    return sum(micro(offer.price) for offer in award.offers)


def of(
    book: matcher_book.Book,
    by_window: bool = False,
    options: Iterable[bid_core.Bid] | None = None,
) -> Figures:
    """``book`` in integers; bids that nothing on offer is good enough for left out.

    With ``by_window`` offers are of one kind only if the same time of them is free.

    :param options: the options that count, instead of all that its bids have.

    The order of offers and bids, and so all that follows from them, does not
    depend on the order in which they came.
    """
    ranks = {group: rank for rank, group in enumerate(sorted(book.groups))}
    bids, may_take = _bids(book, book.options if options is None else options, ranks)
    kinds = _kinds(may_take)
    groups = sorted(ranks, key=ranks.__getitem__)
    members = collections.defaultdict(list)
    for rank, kind in kinds.items():
        for offer in book.members(groups[rank]):
            spans = tuple(_spans([_gaps(book, offer)])) if by_window else ()
            members[kind, spans].append(offer)
    lots = sorted(members)
    numbers = collections.defaultdict(list)
    for number, (kind, _) in enumerate(lots):
        numbers[kind].append(number)
    offers = [
        offer
        for lot in lots
        for offer in sorted(
            members[lot], key=lambda each: (each.lowest_price, each.uuid)
        )
    ]
    projects: dict[str, int] = {}
    kind_at = offsets([len(members[lot]) for lot in lots])
    rows, value = _partitions(book, bids, offers)
    supply = _supply(book, offers, kind_at, projects, value)
    wanted = {
        groups: sorted({number for group in groups for number in numbers[kinds[group]]})
        for groups in set(may_take)
    }
    demand = _demand(book, bids, may_take, wanted, np.diff(kind_at), projects, rows)
    return Figures(book.now, tuple(offers), tuple(bids), supply, demand)


def _bids(
    book: matcher_book.Book,
    options: Iterable[bid_core.Bid],
    ranks: dict[matcher_book.Group, int],
) -> tuple[list[bid_core.Bid], list[tuple[int, ...]]]:
    """The bids in order, each with the groups of offers that it may take.

    Of a bundle that is each of its parts.
    """
    remembered: dict[tuple[matcher_book.Group, ...], tuple[int, ...]] = {}
    bids, may_take = list[bid_core.Bid](), list[tuple[int, ...]]()
    for bid in sorted(options, key=lambda each: (each.created_at, each.uuid)):
        rows = bid.rows(book.now)
        groups = [book.groups_for(row) for row in rows]
        for each in groups:
            if each not in remembered:
                remembered[each] = tuple(sorted(ranks[group] for group in each))
        if all(groups) and bid.possible(book.now):
            bids.extend(rows)
            may_take.extend(remembered[each] for each in groups)
    return bids, may_take


def _kinds(may_take: Iterable[tuple[int, ...]]) -> dict[int, int]:
    """The number of the kind that each group is of."""
    wanted = collections.defaultdict(list)
    for number, groups in enumerate(sorted(set(may_take))):
        for group in groups:
            wanted[group].append(number)
    known: dict[tuple[int, ...], int] = {}
    return {
        group: known.setdefault(tuple(wanted[group]), len(known))
        for group in sorted(wanted)
    }


def _supply(
    book: matcher_book.Book,
    offers: Sequence[offer_core.Offer],
    kind_at: native.Ints,
    projects: dict[str, int],
    value: native.Ints,
) -> Supply:
    free = [_gaps(book, offer) for offer in offers]
    spans = [
        _spans(free[low:high]) for low, high in itertools.pairwise(kind_at.tolist())
    ]
    tariff, tariffs = tariff_figures.of(
        book.now, [each.asked(book.now) if each.by_hour else None for each in offers]
    )
    known = {matcher_book.ALONE: -1}
    block = _ints(known.setdefault(book.block(each), len(known) - 1) for each in offers)
    return Supply(
        kind_at=kind_at,
        kind=np.repeat(np.arange(len(kind_at) - 1), np.diff(kind_at)),
        ask=_ints(micro(offer.lowest_price) for offer in offers),
        owner=_ints(
            projects.setdefault(offer.project_id, len(projects)) for offer in offers
        ),
        span_at=offsets([len(each) for each in spans]),
        span_from=_ints(since for each in spans for since, _ in each),
        span_to=_ints(until for each in spans for _, until in each),
        gap_at=offsets([len(gaps) for gaps in free]),
        gap_from=_ints(since for gaps in free for since, _ in gaps),
        gap_to=_ints(until for gaps in free for _, until in gaps),
        value=value,
        tariff=tariff,
        tariffs=tariffs,
        block=block,
    )


def _together(bid: bid_core.Bid) -> tuple[str, ...]:
    """What parts servers into groups, of which ``bid`` has to have one, if any."""
    several = bid.quantity > 1 or bid.jointly
    return (bid.group_by,) if bid.group_by and several else ()


def _apart(bid: bid_core.Bid) -> tuple[str, ...]:
    """What parts servers into groups of which ``bid`` may have only so many."""
    return bid.expressions if bid.spread_by and bid.quantity > bid.spread_max else ()


def _partitions(
    book: matcher_book.Book,
    bids: Sequence[bid_core.Bid],
    offers: Sequence[offer_core.Offer],
) -> tuple[dict[tuple[str, ...], int], native.Ints]:
    """By the expressions that part servers into groups for any of ``bids``: the row of
    ``Supply.value``; and this. Those that part them alike share one.
    """
    parted: dict[tuple[str, ...], set[tuple[matcher_book.Group, ...]]] = {}
    for bid in bids:
        for expressions in filter(None, (_together(bid), _apart(bid))):
            parted.setdefault(expressions, set()).add(book.groups_for(bid))
    rows: dict[tuple[str, ...], int] = {}
    known: dict[bytes, int] = {}
    groups = [book.group(offer.uuid) for offer in offers] if parted else []
    for expressions, wanted in sorted(parted.items()):
        values = {
            group: tuple(book.value(each, group.document) for each in expressions)
            for group in set(itertools.chain(*wanted))
        }
        numbers: dict[tuple[str | None, ...], int] = {}
        row = _ints(
            numbers.setdefault(values[group], len(numbers)) if group in values else -1
            for group in groups
        )
        rows[expressions] = known.setdefault(row.tobytes(), len(known))
    flat = np.frombuffer(b''.join(known), np.int64)
    return rows, flat.reshape(len(known), len(offers)).copy()


def _gaps(book: matcher_book.Book, offer: offer_core.Offer) -> list[tuple[int, int]]:
    """When ``offer`` is free, in order."""
    return [
        (seconds(book.now, free.start), seconds(book.now, free.end))
        for free in book.free(offer)
    ]


def _spans(gaps: Iterable[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """When any of several offers is free, in order, and none next to another."""
    spans: list[tuple[int, int]] = []
    for since, until in sorted({gap for each in gaps for gap in each}):
        if spans and since <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(until, spans[-1][1])
        else:
            spans.append((since, until))
    return spans


def _demand(
    book: matcher_book.Book,
    bids: Sequence[bid_core.Bid],
    may_take: Sequence[tuple[int, ...]],
    wanted: dict[tuple[int, ...], list[int]],
    sizes: native.Ints,
    projects: dict[str, int],
    rows: dict[tuple[str, ...], int],
) -> Demand:
    taken = [wanted[groups] for groups in may_take]
    like = {groups: row for row, groups in enumerate(wanted)}
    suits = np.zeros((len(like), len(sizes)), np.bool_)
    for groups, row in like.items():
        suits[row, wanted[groups]] = True
    begin = [max(book.now, bid.start_time) for bid in bids]
    earliest = _ints(seconds(book.now, start) for start in begin)
    head, parts = _heads(bids)
    first: dict[str, int] = {}
    group, group_at = _groups(
        _ints(first.setdefault(bid.uuid, number) for number, bid in enumerate(bids))
    )
    stays = [bid.stay(start) for bid, start in zip(bids, begin, strict=True)]
    return Demand(
        ceiling=_ints(micro(bid.price) for bid in bids),
        least=_ints(bid.min_quantity for bid in bids),
        most=_ints(
            min(bid.quantity, int(sizes[numbers].sum()))
            for bid, numbers in zip(bids, taken, strict=True)
        ),
        earliest=earliest,
        latest=_ints(seconds(book.now, bid.end_time) for bid in bids),
        length=_ints(stay.seconds for stay in stays if stay),
        bidder=_ints(projects.get(bid.project_id, -1) for bid in bids),
        kinds_at=offsets([len(each) for each in taken]),
        kinds=_ints(number for each in taken for number in each),
        like=_ints(like[groups] for groups in may_take),
        suits=suits,
        together=_ints(rows.get(_together(bid), -1) for bid in bids),
        jointly=np.fromiter((bid.jointly for bid in bids), np.bool_),
        apart=_ints(rows.get(_apart(bid), -1) for bid in bids),
        apart_most=_ints(bid.spread_max for bid in bids),
        group=group,
        group_at=group_at,
        head=head,
        parts=parts,
        shift=earliest - earliest[head],
    )


def _heads(bids: Sequence[bid_core.Bid]) -> tuple[native.Ints, native.Ints]:
    """``head`` and ``parts`` of these bids."""
    first: dict[tuple[str, int | None], int] = {}
    head = _ints(
        first.setdefault((bid.uuid, bid.alternative), number)
        for number, bid in enumerate(bids)
    )
    return head, np.bincount(head, minlength=len(bids)).astype(np.int64)


def _groups(of_bids: native.Ints) -> tuple[native.Ints, native.Ints]:
    """The groups of bids, from 0 on, and where each of them begins.

    :param of_bids: by bid, a number that its alternatives share; in order.
    """
    _, group, sizes = np.unique(of_bids, return_inverse=True, return_counts=True)
    return group.astype(np.int64), offsets(sizes)


@native.helper
def group_of(value: native.Ints, row: int, number: int) -> int:
    """The group of an offer, or lot, by partition ``row``; without one there is one."""
    return int(value[row, number]) if row >= 0 else 0


def _ints(values: Iterable[int]) -> native.Ints:
    return np.fromiter(values, np.int64)


def offsets(sizes: Sequence[int] | native.Ints) -> native.Ints:
    """Where each of several stretches of these sizes begins, and the last one ends."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])


def seconds(now: datetime.datetime, moment: datetime.datetime) -> int:
    """How long after ``now`` a moment is."""
    # Whole: a book's times have no fraction of a second.
    return (moment - now) // datetime.timedelta(seconds=1)
