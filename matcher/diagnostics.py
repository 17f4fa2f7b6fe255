# SPDX-License-Identifier: Apache-2.0
"""Why a bid got nothing, told to the bidder and to nobody else.

What is said rests on the bid, on the offers that the bidder may see, and on
whether others took them: never on what another bid offers.
"""

import dataclasses

import numpy as np

from flocx.core import money
from matcher import book as matcher_book
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import native
from matcher.mechanisms import tariffs as tariff_figures

_HARDWARE, _WINDOW, _QUANTITY, _PRICE = 'hardware', 'window', 'quantity', 'price'
_NOTICE, _LENGTH, _BLOCK = 'notice', 'length', 'block'

_ANY_PRICE = money.LIMIT - money.QUANTUM
_TAKEN = 'Bids worth more have the servers that it could have.'

#: The nearer a bid is to what it wants, the later its reason stands here.
NEARNESS = _HARDWARE, _NOTICE, _LENGTH, _BLOCK, _WINDOW, _QUANTITY, _PRICE


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """``reason`` is one of hardware, notice, length, block, window, quantity and
    price; ``detail`` the nearest miss in a sentence.
    """

    bid_uuid: str
    reason: str
    detail: str


def unmatched(book, awards):
    """A Reason for each bid of ``book`` that is in none of ``awards``.

    Of alternatives, and of groups, that of the one which misses least is told; of parts
    that of the one which lacks most.
    A group is the nearer the more of its servers are free at once.
    """
    served = {award.bid.uuid for award in awards}
    waiting = [bid for bid in book.bids if bid.uuid not in served]
    market = figures.of(book.copy(waiting))
    near = _near(market)
    known = market.numbers()

    def reason(option):
        if option.parts:
            return _of_bundle(book, option, of_row)
        return of_row(option)

    def of_row(row):
        number = known.get(row.key)
        if number is None:
            return (
                _of_too_large(book, row)
                or _of_expressions(book, row)
                or _of_hardware(book, row)
            )
        told = _of_sizes(book, row) or _of_figures(book, market, number, near)
        return _of_blocks(book, row, told) or told

    return [
        reason(bid) if len(bid.options) == 1 else _nearest_miss(bid, reason)
        for bid in waiting
    ]


def _nearest_miss(bid, reason):
    """What is told of a bid with several options, given what would be of each."""
    found = [(reason(option), option.alternative) for option in bid.options]
    nearest, number = max(found, key=lambda each: NEARNESS.index(each[0].reason))
    said = f'Alternative {number}: {nearest.detail}' if number else nearest.detail
    return dataclasses.replace(nearest, detail=said)


def _of_bundle(book, option, reason):
    """What is told of a bundle, given what would be of each row: the first that lacks
    most; or that no start suits all of them, where each could be had alone.
    """
    rows = option.rows(book.now)
    if not option.possible(book.now):
        return Reason(option.uuid, _WINDOW, 'No time is left in its window.')
    without = [row for row in rows if not book.groups_for(row)]
    found = [(reason(row), row.part) for row in without or rows]
    worst, number = min(found, key=lambda each: NEARNESS.index(each[0].reason))
    if worst.detail.startswith(_TAKEN):
        if immediate.best(book, option):
            return worst
        within = f' in one group ({option.group_by})' if option.group_by else ''
        return Reason(
            option.uuid,
            _WINDOW,
            f'Each of its parts could be had, but not all of them{within} from one '
            'start on.',
        )
    name = option.parts[number].name
    which = f'Part {number}' + (f' ({name})' if name else '')
    return dataclasses.replace(worst, detail=f'{which}: {worst.detail}')


def _of_expressions(book, option):
    """Whether servers would do, if they were of groups that it asks for."""
    if not option.expressions:
        return None
    anywhere = dataclasses.replace(option, group_by=None, spread_by=None)
    would = book.groups_for(anywhere)
    book.forget(anywhere)
    if not would:
        return None
    missing = [
        each
        for each in option.expressions
        if all(book.value(each, group.document) is None for group in would)
    ]
    wanted = ' and '.join(missing or option.expressions)
    return Reason(option.uuid, _HARDWARE, f'No server that would do has {wanted}.')


def _of_sizes(book, option):
    """Whether no group is large enough."""
    if option.group_by is None:
        return None
    sizes = book.servers_by_value(option)
    most = max(sizes, key=sizes.get)
    if sizes[most] >= option.min_quantity:
        return None
    return Reason(
        option.uuid,
        _QUANTITY,
        f'At most {_servers(sizes[most])} of one group, {most} ({option.group_by}); '
        f'it asks for {option.min_quantity}.',
    )


def _of_too_large(book, bid):
    """Whether what would do is sold only together with more than it asks for."""
    if not book.has_blocks or bid.hopeless(book.now):
        return None
    block = book.too_large(bid)
    if block is None:
        return None
    wanted = f'{bid.quantity} at most'
    if bid.spread_by:
        wanted = 'servers that are apart (spread_by)'
    return Reason(
        bid.uuid,
        _BLOCK,
        f'Servers as it asks for are sold only together: {block.key[-1]} whole, with '
        f'its {block.size} servers; it asks for {wanted}.',
    )


def _of_blocks(book, row, told):
    """Whether servers would be enough, were they not sold only together."""
    if not book.has_blocks or told.reason != _PRICE:
        return None
    there = [
        group.block
        for group in book.groups_for(row)
        if group.block is not matcher_book.ALONE
    ]
    anything = dataclasses.replace(row, price=_ANY_PRICE)
    if not there or immediate.best(book.copy(), anything):
        return None
    smallest = min(there, key=lambda each: (each.size, each.key))
    return Reason(
        row.uuid,
        _BLOCK,
        f'Of what would do some is sold only whole, such as {smallest.key[-1]} with '
        f'its {smallest.size} servers, and nothing comes to {row.min_quantity} to '
        f'{row.quantity} at once.',
    )


def _of_hardware(book, bid):
    if bid.hopeless(book.now):
        return Reason(bid.uuid, _WINDOW, 'No time is left in its window.')
    lengths = book.lengths(bid)
    if lengths is not None:
        return Reason(bid.uuid, _LENGTH, _let_for(bid, lengths))
    longest = book.longest_notice(bid)
    if longest is not None:
        return Reason(bid.uuid, _NOTICE, _too_short(bid, longest))
    counts = book.meeting(bid)
    if all(counts):
        detail = 'No server on offer has all that it asks for.'
    else:
        wanted = _requirement(*bid.requirements[counts.index(0)])
        detail = f'No server on offer meets {wanted}.'
    return Reason(bid.uuid, _HARDWARE, detail)


def _requirement(expression, operator, operand):
    """A triple of the match language as people write it."""
    if operator is None:
        return expression
    if isinstance(operand, list | tuple):
        operand = ', '.join(map(str, operand))
    return f'{expression} {operator} {operand}'


def _servers(number):
    return '1 server is' if number == 1 else f'{number} servers are'


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


def _let_for(bid, lengths):
    said = ' and '.join(
        f'at {most} {length} seconds'
        for most, length in zip(('least', 'most'), lengths, strict=True)
        if length
    )
    return (
        f'Servers as it asks for are let for {said}; it asks for '
        f'{bid.window.seconds if bid.whole else bid.duration}.'
    )


def _of_figures(book, market, number, near):
    bid, reason = market.bids[number], _of_numbers(market, number, near)
    if bid.group_by is None:
        return reason
    group = book.group(market.offers[int(near[4][number])].uuid)
    value = book.value(bid.group_by, group.document)
    said = f'This is of group {value} ({bid.group_by}); no other is nearer.'
    return dataclasses.replace(reason, detail=f'{reason.detail} {said}')


def _of_numbers(market, number, near):
    bid, least = market.bids[number], int(market.demand.least[number])
    longest, at_once, paid, price = (int(each[number]) for each in near[:4])
    if not at_once:
        length = int(market.demand.length[number])
        return Reason(
            bid.uuid,
            _WINDOW,
            f'Servers as it asks for are free for {longest} seconds in its window '
            f'at most; it asks for {length}.',
        )
    if at_once < least:
        apart = (
            ''
            if bid.spread_by is None
            else f', with {bid.spread_max} of one group at most ({bid.spread_by})'
        )
        return Reason(
            bid.uuid,
            _QUANTITY,
            f'At most {_servers(at_once)} free at once{apart}; it asks for {least}.',
        )
    if paid < least:
        price = figures.credits(price * 3600)
        return Reason(
            bid.uuid,
            _PRICE,
            f'{"1 server costs" if least == 1 else f"{least} servers cost"} at least '
            f'{price} an hour each at some time that suits it; that is more than it '
            'offers.',
        )
    return Reason(bid.uuid, _PRICE, _TAKEN)


def _near(market):
    """By bid: the longest free time in its window; how many servers it could have
    at once, at any price and at its own; which price would be enough; and an offer of
    the group that all this is of, if it asks for one.
    """
    near = np.zeros((5, len(market.bids)), np.int64)
    gaps = int(market.supply.gap_at[-1]) if len(market.supply.value) else _LOOKED_AT
    groups = np.zeros(1 + int(market.supply.value.max(initial=0)), np.int64)
    work = np.zeros((8, max(gaps, _LOOKED_AT)), np.int64)
    _nearest(market.supply, market.demand, near, work, groups)
    return near


@native.compiled
def _nearest(
    supply: figures.Supply,
    demand: figures.Demand,
    near: native.Ints,
    gaps: native.Ints,
    groups: native.Ints,
) -> None:
    """Fill ``near``; a column of ``gaps`` is where a bid could begin, first and last,
    what it would cost, and the offer; the other rows are for what is called.
    """
    for bid in range(len(demand.ceiling)):
        found = _gaps_of(supply, demand, near, gaps, bid)
        if demand.together[bid] >= 0:
            _in_groups(supply, demand, near, gaps, groups, bid, found)
        else:
            near[1, bid], near[2, bid], near[3, bid] = _at_once(
                supply, demand, gaps, groups, bid, 0, found
            )


@native.helper
def _gaps_of(
    supply: figures.Supply,
    demand: figures.Demand,
    near: native.Ints,
    gaps: native.Ints,
    bid: int,
) -> int:
    """Find the gaps in which ``bid`` has room, and the longest free time."""
    low, high, ask, offers = gaps[0], gaps[1], gaps[2], gaps[3]
    length, found = demand.length[bid], 0
    most = _LOOKED_AT if demand.together[bid] < 0 else len(low)
    for place in range(demand.kinds_at[bid], demand.kinds_at[bid + 1]):
        kind = demand.kinds[place]
        for offer in range(supply.kind_at[kind], supply.kind_at[kind + 1]):
            if supply.owner[offer] == demand.bidder[bid]:
                continue
            for gap in range(supply.gap_at[offer], supply.gap_at[offer + 1]):
                since = max(supply.gap_from[gap], demand.earliest[bid])
                until = min(supply.gap_to[gap], demand.latest[bid])
                if until - since > near[0, bid]:
                    near[0, bid], near[4, bid] = until - since, offer
                if until - since >= length and found < most:
                    low[found], high[found] = since, until - length
                    ask[found] = _asking(supply, offer, since, until - length, length)
                    offers[found] = offer
                    found += 1
    return found


@native.helper
def _asking(
    supply: figures.Supply, offer: int, first: int, last: int, length: int
) -> int:
    """The least that an hour is asked for, of any stay that begins in [first, last]."""
    tariff, tariffs = supply.tariff[offer], supply.tariffs
    if tariff < 0:
        return int(supply.ask[offer])
    least = tariff_figures.asked(tariffs, tariff, first, first + length)
    least = min(least, tariff_figures.asked(tariffs, tariff, last, last + length))
    for place in range(tariffs.at[tariff], tariffs.at[tariff + 1]):
        for start in (tariffs.since[place], tariffs.since[place] - length):
            if first < start < last:
                asked = tariff_figures.asked(tariffs, tariff, start, start + length)
                least = min(least, asked)
    return int(-(-least // length))


@native.helper
def _in_groups(
    supply: figures.Supply,
    demand: figures.Demand,
    near: native.Ints,
    gaps: native.Ints,
    groups: native.Ints,
    bid: int,
    found: int,
) -> None:
    """Fill ``near`` with what is of the nearest group, the first of several."""
    value = supply.value[demand.together[bid]]
    _side_by_side(value, gaps, found)
    begin, end = 0, 0
    while begin < found:
        while end < found and value[gaps[3, end]] == value[gaps[3, begin]]:
            end += 1
        most, paid, price = _at_once(supply, demand, gaps, groups, bid, begin, end)
        if most > near[1, bid]:
            near[1, bid], near[2, bid], near[3, bid] = most, paid, price
            near[4, bid] = gaps[3, begin]
        begin = end


@native.helper
def _side_by_side(value: native.Ints, gaps: native.Ints, found: int) -> None:
    """Sort the gaps by the group that they are of."""
    group, order = gaps[6], gaps[7]
    for gap in range(found):
        group[gap], order[gap] = value[gaps[3, gap]], gap
    native.sort(order, group, 0, found)
    for at in range(found):
        # What was there may have moved on, to where its place leads.
        source = order[at]
        while source < at:
            source = order[source]
        order[at] = source
        for column in range(4):
            moved = gaps[column, source]
            gaps[column, source] = gaps[column, at]
            gaps[column, at] = moved


#: Gaps of so many servers are looked at for a reason, and so many starts.
_LOOKED_AT = 2048
_STARTS = 64


@native.helper
def _at_once(
    supply: figures.Supply,
    demand: figures.Demand,
    gaps: native.Ints,
    groups: native.Ints,
    bid: int,
    begin: int,
    end: int,
) -> tuple[int, int, int]:
    """Of the gaps from ``begin`` to ``end``: the most servers at once, at any price and
    at that of the bid, and the price at which there are enough.
    """
    most, paid, price, least = 0, 0, -1, demand.least[bid]
    low, ask, order, covers = gaps[0], gaps[2], gaps[4], gaps[5]
    for gap in range(begin, end):
        order[gap] = gap
    native.sort(order, low, begin, end)
    starts = begin
    for number in range(begin, end):
        if number == begin or low[order[number]] != low[order[starts - 1]]:
            order[starts] = order[number]
            starts += 1
    for number in range(begin, starts, max(1, (starts - begin) // _STARTS)):
        start = low[order[number]]
        servers = _covering(supply, demand, gaps, groups, bid, begin, end, start)
        cheap = 0
        for place in range(servers):
            cheap += ask[covers[place]] <= demand.ceiling[bid]
        most, paid = max(most, servers), max(paid, cheap)
        if servers >= least:
            native.sort(covers, ask, 0, servers)
            enough = ask[covers[least - 1]]
            price = enough if price < 0 else min(price, enough)
    return most, paid, price


@native.helper
def _covering(
    supply: figures.Supply,
    demand: figures.Demand,
    gaps: native.Ints,
    groups: native.Ints,
    bid: int,
    begin: int,
    end: int,
    start: int,
) -> int:
    """How many servers ``bid`` could have from ``start`` on, and in ``gaps`` which."""
    low, high, ask, covers = gaps[0], gaps[1], gaps[2], gaps[5]
    servers = native.ZERO
    for gap in range(begin, end):
        if low[gap] <= start <= high[gap]:
            covers[servers] = gap
            servers += 1
    if demand.apart[bid] < 0:
        return servers
    native.sort(covers, ask, 0, servers)
    return _spread(supply.value[demand.apart[bid]], demand, gaps, groups, bid, servers)


@native.helper
def _spread(
    value: native.Ints,
    demand: figures.Demand,
    gaps: native.Ints,
    groups: native.Ints,
    bid: int,
    servers: int,
) -> int:
    """Keep only so many of a group, the cheapest, of what covers a start."""
    offers, covers, kept = gaps[3], gaps[5], 0
    for place in range(servers):
        group = value[offers[covers[place]]]
        if groups[group] < demand.apart_most[bid]:
            groups[group] += 1
            covers[kept] = covers[place]
            kept += 1
    for place in range(kept):
        groups[value[offers[covers[place]]]] = 0
    return kept
