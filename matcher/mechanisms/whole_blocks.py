# SPDX-License-Identifier: Apache-2.0
"""Which servers a bid takes where some of them are sold only together.

Of a block it takes all or none, and no more servers than it asks for. All of a block
ask the same. So from one start on it is a knapsack: by how many servers of blocks there
are, what the cheapest blocks that come to just so many cost; the rest are the cheapest
of those that are sold alone.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import typing

import numpy as np

from flocx.core import bid as bid_core
from flocx.core import blocks
from flocx.core import offer as offer_core
from matcher.mechanisms import figures

#: So many blocks are looked at for a bid, those that ask least for a server.
MOST = 64

#: More than any servers cost, and small enough to be added to.
_NEVER = 2**62


class _Block(typing.NamedTuple):
    ask: int
    members: list[int]


def offers(
    bid: bid_core.Bid, found: Iterable[offer_core.Offer]
) -> tuple[offer_core.Offer, ...]:
    """Those of ``found`` with which most is left to ``bid``; nothing if too few.

    :param found: offers it can pay, the cheapest first, each with one price.
    """
    servers, alone = list[offer_core.Offer](), 0
    for each in found:
        servers.append(each)
        alone += each.block is None
        if alone == bid.quantity:
            # What asks more makes no choice better.
            break
    chosen = best(
        [figures.micro(each.price) for each in servers],
        [blocks.key(each) for each in servers],
        [each.block_size or 1 for each in servers],
        (bid.min_quantity, bid.quantity),
        figures.micro(bid.price),
    )
    return tuple(servers[each] for each in chosen)


def best(
    asks: Sequence[int],
    block: Sequence[typing.Hashable],
    sizes: Sequence[int],
    wanted: tuple[int, int],
    ceiling: int,
) -> list[int]:
    """The numbers of the servers with which most is left, in order; maybe none.

    Of several choices with which it is the same it is the most servers.

    :param asks: in order, none above ``ceiling``.
    :param block: what each is sold with, None if it is sold alone.
    :param sizes: of how many servers; if not so many are there it is not whole.
    :param wanted: how many servers at least, and at most.
    """
    alone = [number for number, each in enumerate(block) if each is None]
    whole = _whole(asks, block, sizes, wanted[1])
    cost, chosen = _knapsack(whole, wanted[1])
    paid = figures.offsets([asks[each] for each in alone[: wanted[1]]]).tolist()
    most, servers = None, 0
    for count in np.flatnonzero(cost < _NEVER).tolist():
        rest = min(wanted[1] - count, len(paid) - 1)
        if count + rest < wanted[0]:
            continue
        left = (count + rest) * ceiling - int(cost[count]) - paid[rest]
        if most is None or (left, count + rest) > most:
            most, servers = (left, count + rest), count
    if most is None:
        return []
    taken = alone[: most[1] - servers]
    for each, used in zip(reversed(whole), reversed(chosen), strict=True):
        if used[servers]:
            taken = taken + each.members
            servers -= len(each.members)
    return sorted(taken)


def _whole(
    asks: Sequence[int],
    block: Sequence[typing.Hashable],
    sizes: Sequence[int],
    most: int,
) -> list[_Block]:
    """Blocks of which all servers are there, and not too many, the cheapest first."""
    found: dict[typing.Hashable, list[int]] = {}
    for number, each in enumerate(block):
        if each is not None:
            found.setdefault(each, []).append(number)
    whole = [
        _Block(asks[members[0]], members)
        for members in found.values()
        if len(members) == sizes[members[0]] <= most
    ]
    return sorted(whole)[:MOST]


def _knapsack(
    whole: Sequence[_Block], most: int
) -> tuple[np.ndarray[typing.Any, np.dtype[np.int64]], list[typing.Any]]:
    """By number of servers, what the cheapest blocks of so many cost.

    And for each block whether it is among them, given those before it.
    """
    most = min(most, sum(len(each.members) for each in whole))
    cost, chosen = np.full(most + 1, _NEVER), []
    cost[0] = 0
    for ask, members in whole:
        size = len(members)
        taken = np.full(most + 1, _NEVER)
        if size <= most:
            taken[size:] = cost[: most + 1 - size] + ask * size
        used = taken < cost
        cost = np.minimum(cost, taken)
        chosen.append(used)
    return cost, chosen
