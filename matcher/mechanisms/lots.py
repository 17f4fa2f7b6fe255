# SPDX-License-Identifier: Apache-2.0
"""Lots: servers that differ in nothing but their names.

Racks are offered together, so many offers have kind, owner, ask and free time in
common. Which of them a stay gets does not matter: as long as never more are taken
at once than there are, each stay can have servers of its own from beginning to
end (intervals are coloured with as many colours as overlap at most). So a search
need only count.
"""

import collections
from collections.abc import Collection
from collections.abc import Sequence
import heapq
import typing

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import native
from matcher.mechanisms import tariffs as tariff_figures

#: Servers of one lot; more of a kind are several lots, which keeps each short.
LARGEST = 64

#: Stays that a round can put on one server of a lot, on average.
ROOM = 48

#: Each is a bit of an integer that is never negative.
SLOTS = 62


class Lots(typing.NamedTuple):
    """Lots of kind ``k`` stand from ``kind_at[k]`` to ``kind_at[k + 1]``, the
    cheapest first; lot ``l`` are ``offers[offer_at[l]:offer_at[l + 1]]``.

    Their free time is a staircase: from ``since[s]`` on ``free[s]`` of them are free,
    until the next step. The steps of lot ``l`` stand from ``step_at[l]`` on: as many as
    ``steps[l]``, with room for more up to ``step_at[l + 1]``.

    All this time is parted into slots of ``slot`` seconds from second ``begin`` on.

    A lot never asks less than its ``ask``; ``tariff`` and ``tariffs`` are as in
    ``Supply``.

    All servers of a lot are of group ``value[r, l]`` by partition ``r``, as in
    ``Supply``. The lots of group ``v`` are ``members[r, n]``, the first of each kind
    first, for ``n`` from ``member_at[r, v]`` to ``member_at[r, v + 1]``. There are
    ``groups[r]`` of them.

    Of lot ``l`` servers are taken by ``unit[l]``: all of a block, which is a lot of its
    own, or one by one. ``largest`` is the largest unit.
    """

    kind_at: native.Ints
    kind: native.Ints
    ask: native.Ints
    owner: native.Ints
    size: native.Ints
    offer_at: native.Ints
    offers: native.Ints
    step_at: native.Ints
    steps: native.Ints
    since: native.Ints
    free: native.Ints
    begin: int
    slot: int
    value: native.Ints
    members: native.Ints
    member_at: native.Ints
    groups: native.Ints
    tariff: native.Ints
    tariffs: tariff_figures.Tariffs
    unit: native.Ints
    largest: int

    def firsts(self) -> list[int]:
        """The first offer of each lot."""
        found: list[int] = self.offers[self.offer_at[:-1]].tolist()
        return found


def of(supply: figures.Supply, alone: Collection[int] = ()) -> Lots:
    """The offers of ``supply`` in lots.

    :param alone: those that are lots of their own.
    """
    members = _members(supply, alone)
    first = [offers[0] for offers in members]
    sizes = np.array([len(offers) for offers in members], np.int64)
    kind, gaps = supply.kind[first], np.diff(supply.gap_at)[first]
    # Each stay adds two steps at most.
    step_at = figures.offsets(2 * gaps + 2 * ROOM * sizes)
    since, free = np.zeros((2, int(step_at[-1])), np.int64)
    for lot, offer in enumerate(first):
        its = slice(supply.gap_at[offer], supply.gap_at[offer + 1])
        stairs = slice(step_at[lot], step_at[lot] + 2 * gaps[lot])
        since[stairs] = np.ravel((supply.gap_from[its], supply.gap_to[its]), 'F')
        free[stairs] = np.tile((len(members[lot]), 0), gaps[lot])
    begin, end = int(since.min(initial=0)), int(since.max(initial=0))
    value = np.ascontiguousarray(supply.value[:, first])
    groups = np.arange(2 + int(supply.value.max(initial=-1)))
    unit = np.where(supply.block[first] < 0, 1, sizes)
    members_of = np.argsort(value, axis=1, kind='stable').astype(np.int64)
    in_order = np.take_along_axis(value, members_of, axis=1)
    return Lots(
        kind_at=np.searchsorted(kind, np.arange(len(supply.kind_at))).astype(np.int64),
        kind=kind,
        ask=supply.ask[first],
        owner=supply.owner[first],
        size=sizes,
        offer_at=figures.offsets(sizes),
        offers=np.concatenate([np.empty(0, np.int64), *members]).astype(np.int64),
        step_at=step_at,
        steps=2 * gaps,
        since=since,
        free=free,
        begin=begin,
        slot=(end - begin) // SLOTS + 1,
        value=value,
        members=members_of,
        member_at=np.array(
            [np.searchsorted(row, groups) for row in in_order], np.int64
        ).reshape(len(value), len(groups)),
        groups=1 + supply.value.max(axis=1, initial=-1),
        tariff=supply.tariff[first],
        tariffs=supply.tariffs,
        unit=unit,
        largest=int(unit.max(initial=1)),
    )


@native.helper
def by_unit(lots: Lots, lot: int, servers: int) -> int:
    """Of so many servers of ``lot`` how many can be taken."""
    if lots.unit[lot] == 1:
        return servers
    return int(servers // lots.unit[lot] * lots.unit[lot])


def one_by_one(lots: Lots) -> Lots:
    """``lots`` as if no servers were sold only together."""
    if lots.largest == 1:
        return lots
    return lots._replace(unit=np.ones_like(lots.unit), largest=1)


@native.helper
def asked(lots: Lots, lot: int, start: int, length: int) -> float:
    """What a server of ``lot`` asks for a stay, in micro-credits times seconds."""
    if lots.tariff[lot] < 0:
        return float(lots.ask[lot]) * length
    total = tariff_figures.asked(lots.tariffs, lots.tariff[lot], start, start + length)
    return float(total)


@native.helper
def dear(lots: Lots, lot: int, start: int, length: int, ceiling: int) -> bool:
    """Whether a server of ``lot`` that never asks more asks more for a stay."""
    if lots.tariff[lot] < 0:
        return False
    end = start + length
    return tariff_figures.dear(lots.tariffs, lots.tariff[lot], start, end, ceiling)


def at_most(lots: Lots) -> Lots:
    """``lots`` as if each asked at any time what it asks at the dearest one."""
    if not len(lots.tariffs.most):
        return lots
    most = lots.tariffs.most[lots.tariff]
    return lots._replace(
        ask=np.where(lots.tariff < 0, lots.ask, most),
        tariff=np.full(len(lots.ask), tariff_figures.NONE),
    )


def asked_exactly(lots: Lots, lot: int, start: int, length: int) -> int:
    """What a server of ``lot`` asks for a stay, exact."""
    if lots.tariff[lot] < 0:
        return int(lots.ask[lot]) * length
    tariff = int(lots.tariff[lot])
    return int(tariff_figures.asked(lots.tariffs, tariff, start, start + length))


@native.compiled
def slots(lots: Lots, since: int, until: int) -> int:
    """The slots that [since, until) has a second of, each a bit."""
    low = min(SLOTS - 1, max(0, (since - lots.begin) // lots.slot))
    high = min(SLOTS - 1, max(0, (until - 1 - lots.begin) // lots.slot))
    return (1 << (high + 1)) - (1 << low)


def _members(supply: figures.Supply, alone: Collection[int]) -> list[list[int]]:
    """The offers of each lot: by kind, and the cheapest first."""
    alike: dict[tuple[object, ...], list[int]] = collections.defaultdict(list)
    for offer in range(len(supply.ask)):
        its = slice(supply.gap_at[offer], supply.gap_at[offer + 1])
        shared = (
            each[offer].item()
            for each in (
                *(supply.kind, supply.ask, supply.owner, supply.tariff),
                supply.block,
            )
        )
        free = supply.gap_from[its].tobytes(), supply.gap_to[its].tobytes()
        itself = offer if offer in alone else -1
        alike[(*shared, *free, supply.value[:, offer].tobytes(), itself)].append(offer)
    # Offers come by kind and ask, and so do the first of each lot.
    return [
        offers[at : at + LARGEST]
        for offers in alike.values()
        for at in range(0, len(offers), LARGEST)
    ]


def sorts(supply: figures.Supply) -> tuple[native.Ints, int]:
    """By kind: how many sorts of servers it has, by when they are free.

    And how many gaps all the sorts have together.
    """
    known: set[tuple[int, bytes, bytes]] = set()
    for offer, kind in enumerate(supply.kind.tolist()):
        its = slice(supply.gap_at[offer], supply.gap_at[offer + 1])
        known.add((kind, supply.gap_from[its].tobytes(), supply.gap_to[its].tobytes()))
    counts = np.bincount(
        [kind for kind, _, _ in known], minlength=len(supply.kind_at) - 1
    )
    return counts.astype(np.int64), sum(len(starts) // 8 for _, starts, _ in known)


def servers(
    offers: Sequence[int], stays: Sequence[tuple[int, int, int, int]]
) -> dict[int, list[int]]:
    """Which of a lot's ``offers`` each bid gets.

    :param stays: start, bid, end and how many servers; never more than there are
        at once.
    """
    free, busy = list(offers), typing.cast(list[tuple[int, int]], [])
    heapq.heapify(free)
    given: dict[int, list[int]] = {}
    for start, bid, end, count in sorted(stays):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        given[bid] = [heapq.heappop(free) for _ in range(count)]
        for offer in given[bid]:
            heapq.heappush(busy, (end, offer))
    return given
