# SPDX-License-Identifier: Apache-2.0
"""Why a bid got nothing, told to the bidder and to nobody else.

What is said rests on the bid, on the offers that the bidder may see, and on
whether others took them: never on what another bid offers.
"""

import dataclasses

import numpy as np

from flocx.core import bid as bid_core
from matcher.mechanisms import figures
from matcher.mechanisms import native

_HARDWARE, _WINDOW, _QUANTITY, _PRICE = 'hardware', 'window', 'quantity', 'price'
_NOTICE = 'notice'

#: The nearer a bid is to what it wants, the later its reason stands here.
NEARNESS = _HARDWARE, _NOTICE, _WINDOW, _QUANTITY, _PRICE


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """``reason`` is one of hardware, notice, window, quantity and price; ``detail``
    the nearest miss in a sentence.
    """

    bid_uuid: str
    reason: str
    detail: str


def unmatched(book, awards):
    """A Reason for each bid of ``book`` that is in none of ``awards``.

    Of alternatives, and of groups, that of the one which misses least is told.
    """
    served = {award.bid.uuid for award in awards}
    waiting = [bid for bid in book.bids if bid.uuid not in served]
    market = figures.of(book.copy(waiting))
    near = _near(market)
    known = market.numbers()

    def reason(option):
        """Of one option; and how many servers it could have at once."""
        number = known.get(option.key)
        if number is None:
            return _of_hardware(book, option), 0
        return _of_figures(market, number, near), int(near[1][number])

    return [
        reason(bid)[0]
        if bid.options == (bid,) and bid.group_by is None
        else _nearest_miss(book, bid, reason)
        for bid in waiting
    ]


def _nearest_miss(book, bid, reason):
    """What is told of a bid with several options, given what would be of each."""
    found = [
        (_of_groups(book, option, reason), option.alternative) for option in bid.options
    ]
    nearest, number = max(found, key=lambda each: NEARNESS.index(each[0].reason))
    said = f'Alternative {number}: {nearest.detail}' if number else nearest.detail
    return dataclasses.replace(nearest, detail=said)


def _of_groups(book, option, reason):
    """What is told of an option whose servers may have to be of one group."""
    if option.group_by is None:
        return reason(option)[0]
    tried = book.options_of(option)
    if not tried:
        return _of_sizes(book, option, reason)
    found = [(*reason(each), each.group_value) for each in tried]
    nearest, _, value = max(
        found, key=lambda each: (NEARNESS.index(each[0].reason), each[1])
    )
    said = f'This is of group {value} ({option.group_by}); no other is nearer.'
    return dataclasses.replace(nearest, detail=f'{nearest.detail} {said}')


def _of_sizes(book, option, reason):
    """Why there is no group that is large enough."""
    sizes = book.servers_by_value(option)
    if not sizes:
        known = Reason(
            option.uuid, _HARDWARE, f'No server that would do has {option.group_by}.'
        )
        return known if book.groups_for(option) else reason(option)[0]
    if max(sizes.values()) >= option.min_quantity:
        return Reason(
            option.uuid,
            _HARDWARE,
            f'There are too many groups ({option.group_by}): at most '
            f'{bid_core.MAX_GROUPS} are looked at for a bid.',
        )
    most = max(sizes, key=sizes.get)
    return Reason(
        option.uuid,
        _QUANTITY,
        f'At most {sizes[most]} servers are of one group, {most} ({option.group_by}); '
        f'it asks for {option.min_quantity}.',
    )


def _of_hardware(book, bid):
    if bid.hopeless(book.now):
        return Reason(bid.uuid, _WINDOW, 'No time is left in its window.')
    longest = book.longest_notice(bid)
    if longest is not None:
        return Reason(bid.uuid, _NOTICE, _too_short(bid, longest))
    counts = book.meeting(bid)
    if all(counts):
        detail = 'No server on offer has all that it asks for.'
    else:
        triple = list(bid.requirements[counts.index(0)])
        detail = f'No server on offer meets {triple}.'
    return Reason(bid.uuid, _HARDWARE, detail)


def _too_short(bid, longest):
    wanted = (
        'servers that are never reclaimed'
        if bid.min_reclaim_notice is None
        else f'{bid.min_reclaim_notice} seconds'
    )
    return (
        'Notice too short: servers as it asks for are reclaimed with a notice of '
        f'{longest} seconds at most; it asks for {wanted} (min_reclaim_notice).'
    )


def _of_figures(market, number, near):
    bid, least = market.bids[number], int(market.demand.least[number])
    longest, at_once, paid, price = (int(each[number]) for each in near)
    if not at_once:
        length = int(market.demand.length[number])
        return Reason(
            bid.uuid,
            _WINDOW,
            f'Servers as it asks for are free for {longest} seconds in its window '
            f'at most; it asks for {length}.',
        )
    if at_once < least:
        return Reason(
            bid.uuid,
            _QUANTITY,
            f'At most {at_once} servers are free at once; it asks for {least}.',
        )
    if paid < least:
        price = figures.credits(price * 3600)
        return Reason(
            bid.uuid,
            _PRICE,
            f'{least} servers cost at least {price} an hour each at some time that '
            'suits it; that is more than it offers.',
        )
    return Reason(
        bid.uuid, _PRICE, 'Bids worth more have the servers that it could have.'
    )


def _near(market):
    """By bid: the longest free time in its window; how many servers it could have
    at once, at any price and at its own; and which price would be enough.
    """
    near = np.zeros((4, len(market.bids)), np.int64)
    _nearest(market.supply, market.demand, near, np.zeros((5, _LOOKED_AT), np.int64))
    return near


@native.compiled
def _nearest(
    supply: figures.Supply, demand: figures.Demand, near: native.Ints, gaps: native.Ints
) -> None:
    """Fill ``near``; a column of ``gaps`` is where a bid could begin, first and last,
    and what it would cost; the other rows are for ``_at_once``.
    """
    longest, at_once, paid, price = near[0], near[1], near[2], near[3]
    low, high, ask = gaps[0], gaps[1], gaps[2]
    for bid in range(len(demand.ceiling)):
        length, found = demand.length[bid], 0
        for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
            kind = demand.kinds[place]
            for offer in range(supply.kind_at[kind], supply.kind_at[kind + 1]):
                if supply.owner[offer] == demand.bidder[bid]:
                    continue
                for gap in range(supply.gap_at[offer], supply.gap_at[offer + 1]):
                    since = max(supply.gap_from[gap], demand.earliest[bid])
                    until = min(supply.gap_to[gap], demand.latest[bid])
                    longest[bid] = max(longest[bid], until - since)
                    if until - since >= length and found < _LOOKED_AT:
                        low[found], high[found] = since, until - length
                        ask[found] = supply.ask[offer]
                        found += 1
        at_once[bid], paid[bid], price[bid] = _at_once(
            gaps[:, :found], demand.ceiling[bid], demand.least[bid]
        )


#: Gaps of so many servers are looked at for a reason, and so many starts.
_LOOKED_AT = 2048
_STARTS = 64


@native.compiled
def _at_once(gaps: native.Ints, ceiling: int, least: int) -> tuple[int, int, int]:
    most, paid, price = 0, 0, -1
    low, high, ask, order, covers = gaps[0], gaps[1], gaps[2], gaps[3], gaps[4]
    found = len(low)
    for gap in range(found):
        order[gap] = gap
    native.sort(order, low, 0, found)
    starts = 0
    for number in range(found):
        if not number or low[order[number]] != low[order[starts - 1]]:
            order[starts] = order[number]
            starts += 1
    for number in range(0, starts, max(1, starts // _STARTS)):
        start, servers, cheap = low[order[number]], 0, 0
        for gap in range(found):
            if low[gap] <= start <= high[gap]:
                covers[servers] = gap
                servers += 1
                cheap += ask[gap] <= ceiling
        most, paid = max(most, servers), max(paid, cheap)
        if servers >= least:
            native.sort(covers, ask, 0, servers)
            enough = ask[covers[least - 1]]
            price = enough if price < 0 else min(price, enough)
    return most, paid, price
