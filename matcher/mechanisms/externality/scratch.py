# SPDX-License-Identifier: Apache-2.0
"""The arrays that are worked in: compiled functions make none of their own."""

import typing

import numpy as np

from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native
from matcher.mechanisms.call import plan as plans

#: Bids that are looked at for one winner: those that would add most alone.
RIVALS = 24


class Scratch(typing.NamedTuple):
    """``rivals[:n]`` are bids that want the time of a winner, ``alone`` what each would
    add by itself and ``order`` the order in which they are placed.

    The best set of them found has ``counts[0]`` lines, and adds ``most[0]``: bid
    ``bids[n]`` has ``sizes[n]`` servers of lot ``taken[n]``. ``counts[1]`` is how many
    placings may still be tried. ``chosen`` and ``chosen_sizes`` have a row for each
    bid that is being placed, ``near`` has lots, and ``held`` and ``held_sizes`` are
    the winner's: those of its part ``n``, which starts at ``begun[n]``, stand from
    ``held_at[n]`` to ``held_at[n + 1]``.

    The search has a level for each bid that is placed: the bid ``placed`` there, its
    ``cursor`` among the rivals and its start ``moment``; ``value`` and ``since`` are
    what the bids before it add, and when the last of them starts. ``picked`` are the
    servers of its ``size`` lots ``open``, of which ``limit`` are free; where these have
    to be together, those of ``group``. ``of_group`` counts servers by group, while a
    bid may have only so many of one.
    """

    rivals: native.Ints
    alone: native.Floats
    density: native.Floats
    order: native.Ints
    counts: native.Ints
    most: native.Floats
    bids: native.Ints
    taken: native.Ints
    sizes: native.Ints
    chosen: native.Ints
    chosen_sizes: native.Ints
    near: native.Ints
    held: native.Ints
    held_sizes: native.Ints
    held_at: native.Ints
    begun: native.Ints
    placed: native.Ints
    cursor: native.Ints
    moment: native.Ints
    value: native.Floats
    since: native.Ints
    open: native.Ints
    limit: native.Ints
    picked: native.Ints
    size: native.Ints
    fresh: native.Ints
    group: native.Ints
    of_group: native.Ints


def empty(lots: lot_figures.Lots, parts: int = 1) -> Scratch:
    """:param parts: the most that a bundle has."""
    size = len(lots.ask)
    lines = size * (RIVALS + 1)
    return Scratch(
        rivals=np.zeros(RIVALS, np.int64),
        alone=np.zeros(RIVALS),
        density=np.zeros(RIVALS),
        order=np.zeros(RIVALS, np.int64),
        counts=np.zeros(2, np.int64),
        most=np.zeros(1),
        bids=np.zeros(lines, np.int64),
        taken=np.zeros(lines, np.int64),
        sizes=np.zeros(lines, np.int64),
        chosen=np.zeros((RIVALS + 1, size), np.int64),
        chosen_sizes=np.zeros((RIVALS + 1, size), np.int64),
        near=np.zeros(size, np.int64),
        held=np.zeros(size * parts, np.int64),
        held_sizes=np.zeros(size * parts, np.int64),
        held_at=np.zeros(parts + 1, np.int64),
        begun=np.zeros(parts, np.int64),
        placed=np.zeros(RIVALS + 1, np.int64),
        cursor=np.zeros(RIVALS + 1, np.int64),
        moment=np.zeros(RIVALS + 1, np.int64),
        value=np.zeros(RIVALS + 1),
        since=np.zeros(RIVALS + 1, np.int64),
        open=np.zeros((RIVALS + 1, size), np.int64),
        limit=np.zeros((RIVALS + 1, size), np.int64),
        picked=np.zeros((RIVALS + 1, size), np.int64),
        size=np.zeros(RIVALS + 1, np.int64),
        fresh=np.zeros(RIVALS + 1, np.int64),
        group=np.zeros(RIVALS + 1, np.int64),
        of_group=np.zeros(lots.member_at.shape[1], np.int64),
    )


@native.helper
def keep(plan: plans.Plan, work: Scratch, rivals: int, value: float) -> None:
    """Keep what the rivals have now, if they add more than ever before."""
    if value <= work.most[0]:
        return
    work.most[0], count = value, 0
    for place in range(rivals):
        bid = work.rivals[place]
        for line in range(plan.lines[bid]):
            work.bids[count] = bid
            work.taken[count] = plan.line_lot[plan.line_at[bid] + line]
            work.sizes[count] = plan.line_size[plan.line_at[bid] + line]
            count += 1
    work.counts[0] = count
