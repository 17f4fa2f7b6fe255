# SPDX-License-Identifier: Apache-2.0
"""Tariffs: what offers ask for by the hour, in integers.

An offer that asks the same for all its time has none: its tariff is ``NONE``.
"""

from collections.abc import Sequence
import datetime
import typing

import numpy as np

from flocx.core import asks
from flocx.core import money
from flocx.core import window
from matcher.mechanisms import native

NONE = -1


class Tariffs(typing.NamedTuple):
    """Tariff ``t`` asks ``ask[n]``, in micro-credits an hour, from second ``since[n]``
    on, for ``n`` from ``at[t]`` to ``at[t + 1]``; the last of these is its end and asks
    nothing. Up to ``since[n]`` it asks for ``total[n]``, times seconds. It never asks
    more than ``most[t]``.
    """

    at: native.Ints
    since: native.Ints
    ask: native.Ints
    total: native.Ints
    most: native.Ints


def of(
    now: datetime.datetime, found: Sequence[Sequence[asks.Piece] | None]
) -> tuple[native.Ints, Tariffs]:
    """The tariff of each offer, and these.

    :param found: for each offer what it asks for, in order; None for the same always.
    """
    numbers: dict[tuple[asks.Piece, ...], int] = {}
    of_offers = [
        NONE if each is None else numbers.setdefault(tuple(each), len(numbers))
        for each in found
    ]
    at, since, ask, total, most = [0], [], [], [], []
    for each in numbers:
        left = [piece for piece in each if piece.end > now] or [each[-1]]
        sums = 0
        for piece in left:
            begin = max(0, (piece.start - now) // window.SECOND)
            rate = int(money.EXACT.multiply(piece.price, asks.MICRO))
            since.append(begin)
            ask.append(rate)
            total.append(sums)
            sums += rate * max(0, (piece.end - now) // window.SECOND - begin)
        since.append(max(0, (left[-1].end - now) // window.SECOND))
        ask.append(0)
        total.append(sums)
        most.append(max(ask[at[-1] :]))
        at.append(len(since))
    columns = (np.array(each, np.int64) for each in (at, since, ask, total, most))
    return np.array(of_offers, np.int64), Tariffs(*columns)


@native.helper
def _until(tariffs: Tariffs, tariff: int, moment: int) -> int:
    """What is asked for up to ``moment``."""
    low, high = tariffs.at[tariff], tariffs.at[tariff + 1]
    place = low + np.searchsorted(tariffs.since[low:high], moment, side='right') - 1
    place = max(place, low)
    return int(
        tariffs.total[place] + tariffs.ask[place] * (moment - tariffs.since[place])
    )


@native.compiled
def asked(tariffs: Tariffs, tariff: int, start: int, end: int) -> int:
    """What is asked for a stay, in micro-credits times seconds."""
    return _until(tariffs, tariff, end) - _until(tariffs, tariff, start)


@native.helper
def dear(tariffs: Tariffs, tariff: int, start: int, end: int, ceiling: int) -> bool:
    """Whether more is asked for a stay than ``ceiling`` an hour."""
    if tariffs.most[tariff] <= ceiling:
        return False
    return bool(asked(tariffs, tariff, start, end) > ceiling * (end - start))


@native.helper
def edge(tariffs: Tariffs, tariff: int, random: native.Words, length: int) -> int:
    """A start at which a stay meets a change of what is asked, at random."""
    low, high = tariffs.at[tariff], tariffs.at[tariff + 1]
    moment = tariffs.since[low + int(native.uniform(random) * (high - low))]
    if native.uniform(random) < 0.5:
        moment -= length
    return int(moment)


def starts(tariffs: Tariffs, tariff: int, length: int) -> list[int]:
    """Where a stay can begin so that what is asked changes as it begins, or ends."""
    edges = tariffs.since[tariffs.at[tariff] : tariffs.at[tariff + 1]].tolist()
    return sorted({*edges, *(each - length for each in edges)})
