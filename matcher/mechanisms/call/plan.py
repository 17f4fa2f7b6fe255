# SPDX-License-Identifier: Apache-2.0
"""An allocation that is being made: who has servers of which lots when, what is free.

Placing a bid and taking it back are each other's contrary to the last second, so
whatever is tried can be undone.
"""

import typing

import numpy as np

from matcher.mechanisms import figures
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import native


class Plan(typing.NamedTuple):
    """``start[j]`` is when bid ``j`` begins, or -1; it has ``lines[j]`` lines.

    ``holder[g]`` is the bid of group ``g`` that has a place, or -1; of a bundle it is
    the head.

    A line is a lot and how many of its servers the bid has. The lines of bid ``j``
    stand from ``line_at[j]`` on; those of lot ``l`` are chained from ``first[l]``.
    The steps are as in ``Lots``, no two neighbours alike; ``longest[l]`` is for how
    long without a break at least one server is free, and bit ``n`` of ``slots[l]``
    whether one is at any second of slot ``n``.
    """

    start: native.Ints
    holder: native.Ints
    lines: native.Ints
    line_at: native.Ints
    line_bid: native.Ints
    line_lot: native.Ints
    line_size: native.Ints
    following: native.Ints
    preceding: native.Ints
    first: native.Ints
    stays: native.Ints
    steps: native.Ints
    since: native.Ints
    free: native.Ints
    longest: native.Ints
    slots: native.Ints


def empty(lots: lot_figures.Lots, demand: figures.Demand) -> Plan:
    """The plan in which nobody has anything."""
    bids = len(demand.ceiling)
    line_at = figures.offsets(np.minimum(demand.most, len(lots.ask)))
    lines = int(line_at[-1])
    plan = Plan(
        start=np.full(bids, -1, np.int64),
        holder=np.full(len(demand.group_at) - 1, -1, np.int64),
        lines=np.zeros(bids, np.int64),
        line_at=line_at,
        line_bid=np.repeat(np.arange(bids), np.diff(line_at)),
        line_lot=np.full(lines, -1, np.int64),
        line_size=np.zeros(lines, np.int64),
        following=np.full(lines, -1, np.int64),
        preceding=np.full(lines, -1, np.int64),
        first=np.full(len(lots.ask), -1, np.int64),
        stays=np.zeros(len(lots.ask), np.int64),
        steps=lots.steps.copy(),
        since=lots.since.copy(),
        free=lots.free.copy(),
        longest=np.zeros(len(lots.ask), np.int64),
        slots=np.zeros(len(lots.ask), np.int64),
    )
    _measure_all(lots, plan)
    return plan


def copy(plan: Plan) -> Plan:
    """The same plan, which stays as it is."""
    return Plan(*(column.copy() for column in plan))


@native.helper
def step_of(lots: lot_figures.Lots, plan: Plan, lot: int, moment: int) -> int:
    """The last step that begins at ``moment`` or before; else the place before it."""
    low = lots.step_at[lot] - 1
    high = low + plan.steps[lot]
    while low < high:
        middle = (low + high + 1) // 2
        if plan.since[middle] <= moment:
            low = middle
        else:
            high = middle - 1
    return int(low)


@native.compiled
def least_free(
    lots: lot_figures.Lots, plan: Plan, lot: int, start: int, end: int
) -> int:
    """How many servers of ``lot`` are free in all of [start, end)."""
    step = step_of(lots, plan, lot, start)
    stop = lots.step_at[lot] + plan.steps[lot]
    if step < lots.step_at[lot]:
        return 0
    least = plan.free[step]
    while least and step < stop and plan.since[step] < end:
        least = min(least, plan.free[step])
        step += 1
    return int(least)


@native.compiled
def _measure_all(lots: lot_figures.Lots, plan: Plan) -> None:
    for lot in range(len(lots.ask)):
        _measure(lots, plan, lot)


@native.helper
def _measure(lots: lot_figures.Lots, plan: Plan, lot: int) -> None:
    longest, begun, slots = 0, native.MINUS_ONE, 0
    at = lots.step_at[lot]
    for step in range(at, at + plan.steps[lot]):
        if plan.free[step] == 0:
            if begun >= 0:
                longest = max(longest, plan.since[step] - begun)
                slots |= lot_figures.slots(lots, begun, plan.since[step])
            begun = -1
        elif begun < 0:
            begun = plan.since[step]
    plan.longest[lot], plan.slots[lot] = longest, slots


@native.compiled
def full(
    lots: lot_figures.Lots, plan: Plan, lot: int, length: int, within: int
) -> bool:
    """Whether ``lot`` has no server for a stay in the slots ``within``, at a glance.

    There may be none even if this does not say so.
    """
    if plan.longest[lot] < length:
        return True
    # Bit by bit, those slots from which on one after the other has free time.
    left, run = plan.slots[lot] & within, 1
    touched = (length - 1) // lots.slot + 1
    while left and run < touched:
        more = min(run, touched - run)
        left &= left >> more
        run += more
    return bool(left == 0)


@native.helper
def _change(
    lots: lot_figures.Lots, plan: Plan, lot: int, start: int, end: int, more: int
) -> None:
    """Make ``more`` servers of ``lot`` free in [start, end)."""
    low = _split(lots, plan, lot, start)
    high = _split(lots, plan, lot, end)
    for step in range(low, high):
        plan.free[step] += more
    _join(lots, plan, lot, high)
    _join(lots, plan, lot, low)
    _measure(lots, plan, lot)


@native.helper
def _split(lots: lot_figures.Lots, plan: Plan, lot: int, moment: int) -> int:
    """The step that begins at ``moment``, made if there is none."""
    step = step_of(lots, plan, lot, moment)
    if plan.since[step] == moment:
        return step
    for other in range(lots.step_at[lot] + plan.steps[lot], step + 1, -1):
        plan.since[other] = plan.since[other - 1]
        plan.free[other] = plan.free[other - 1]
    plan.since[step + 1] = moment
    plan.free[step + 1] = plan.free[step]
    plan.steps[lot] += 1
    return step + 1


@native.helper
def _join(lots: lot_figures.Lots, plan: Plan, lot: int, step: int) -> None:
    """Take ``step`` away if it is as high as the one before."""
    if step == lots.step_at[lot] or plan.free[step] != plan.free[step - 1]:
        return
    plan.steps[lot] -= 1
    for other in range(step, lots.step_at[lot] + plan.steps[lot]):
        plan.since[other] = plan.since[other + 1]
        plan.free[other] = plan.free[other + 1]


@native.compiled
def place(
    lots: lot_figures.Lots,
    demand: figures.Demand,
    plan: Plan,
    bid: int,
    start: int,
    chosen: native.Ints,
    sizes: native.Ints,
    count: int,
) -> None:
    """Give ``bid`` as many as ``sizes[n]`` servers of ``count`` lots ``chosen[n]``.

    No bid of its group may have a place, but for parts of the same bundle.
    """
    plan.start[bid] = start
    plan.holder[demand.group[bid]] = demand.head[bid]
    plan.lines[bid] = count
    end = start + demand.length[bid]
    for number in range(count):
        lot = chosen[number]
        line = plan.line_at[bid] + number
        _change(lots, plan, lot, start, end, -sizes[number])
        plan.line_lot[line] = lot
        plan.line_size[line] = sizes[number]
        plan.following[line] = plan.first[lot]
        plan.preceding[line] = -1
        if plan.first[lot] >= 0:
            plan.preceding[plan.first[lot]] = line
        plan.first[lot] = line
        plan.stays[lot] += 1


@native.helper
def remove(
    lots: lot_figures.Lots, demand: figures.Demand, plan: Plan, bid: int
) -> None:
    """Take back what bid ``bid`` has, and with it all parts of its bundle."""
    head = demand.head[bid]
    for row in range(head, head + demand.parts[head]):
        if plan.start[row] >= 0:
            _remove(lots, demand, plan, row)
    plan.holder[demand.group[bid]] = -1


@native.helper
def _remove(
    lots: lot_figures.Lots, demand: figures.Demand, plan: Plan, bid: int
) -> None:
    start = plan.start[bid]
    end = start + demand.length[bid]
    for line in range(plan.line_at[bid], plan.line_at[bid] + plan.lines[bid]):
        lot = plan.line_lot[line]
        _change(lots, plan, lot, start, end, plan.line_size[line])
        before, after = plan.preceding[line], plan.following[line]
        if before >= 0:
            plan.following[before] = after
        else:
            plan.first[lot] = after
        if after >= 0:
            plan.preceding[after] = before
        plan.stays[lot] -= 1
    plan.start[bid] = -1
    plan.lines[bid] = 0


@native.helper
def gain(lots: lot_figures.Lots, demand: figures.Demand, plan: Plan, bid: int) -> float:
    """The welfare that ``bid`` adds, of the head of a bundle that of all its parts.

    As a float: to steer by, not to account for.
    """
    gained = 0.0
    for row in range(bid, bid + demand.parts[bid]):
        rate = 0.0
        for line in range(plan.line_at[row], plan.line_at[row] + plan.lines[row]):
            lot = plan.line_lot[line]
            if lots.tariff[lot] < 0:
                left = float(demand.ceiling[row] - lots.ask[lot])
                rate += plan.line_size[line] * left
            else:
                length = demand.length[row]
                paid = lot_figures.asked(lots, lot, plan.start[row], length)
                left = float(demand.ceiling[row]) * length - paid
                gained += plan.line_size[line] * left
        gained += rate * float(demand.length[row])
    return gained


@native.helper
def lines_of(demand: figures.Demand, plan: Plan, bid: int) -> int:
    """How many lines ``bid`` has, or all parts of the bundle that it is the head of."""
    count = native.ZERO
    for row in range(bid, bid + demand.parts[bid]):
        count += plan.lines[row]
    return count


def worth(lots: lot_figures.Lots, demand: figures.Demand, plan: Plan) -> int:
    """The welfare of the plan, exact."""
    total = 0
    for bid in np.flatnonzero(plan.start >= 0).tolist():
        lines = slice(plan.line_at[bid], plan.line_at[bid] + plan.lines[bid])
        start, length = int(plan.start[bid]), int(demand.length[bid])
        value = int(demand.ceiling[bid]) * length
        total += sum(
            (value - lot_figures.asked_exactly(lots, lot, start, length)) * size
            for lot, size in zip(
                plan.line_lot[lines].tolist(),
                plan.line_size[lines].tolist(),
                strict=True,
            )
        )
    return total


def servers(
    lots: lot_figures.Lots, demand: figures.Demand, plan: Plan
) -> dict[int, list[int]]:
    """The offers that each bid with a place gets."""
    stays: dict[int, list[tuple[int, int, int, int]]] = {}
    for bid in np.flatnonzero(plan.start >= 0).tolist():
        start, at = int(plan.start[bid]), int(plan.line_at[bid])
        end = start + int(demand.length[bid])
        for line in range(at, at + int(plan.lines[bid])):
            stay = start, bid, end, int(plan.line_size[line])
            stays.setdefault(int(plan.line_lot[line]), []).append(stay)
    given: dict[int, list[int]] = {}
    for lot, taken in stays.items():
        offers = lots.offers[lots.offer_at[lot] : lots.offer_at[lot + 1]].tolist()
        for bid, got in lot_figures.servers(offers, taken).items():
            given.setdefault(bid, []).extend(got)
    return given
