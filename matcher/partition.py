# SPDX-License-Identifier: Apache-2.0
"""Which part of the market an engine clears: what has changed, and is its own.

Bids that no chain of offers and bids connects are of independent markets: each such
component is one engine's. Where two engines both believe a component to be theirs,
the database lets one of them win.
"""

import collections
import itertools


def of(book, sharing):
    """``book`` with the bids of this engine's components.

    :param sharing: a :class:`flocx.coordination.NoSharding` or one that shares.
    """
    named = components(book)
    mine = {name for name in set(named.values()) if sharing.mine(name)}
    return book.copy([bid for bid in book.bids if named[bid.uuid] in mine])


def touched(book, changed):
    """``book`` with the bids of those components in which something has changed.

    The others were cleared when they last changed; since then there is only less time.

    :param changed: {resource type: uuids} of offers and bids.
    """
    alike = collections.defaultdict(list)
    for bid in book.bids:
        alike[tuple(map(book.asks, bid.rectangles))].append(bid)
    left = [
        (_groups(book, bids[0]), {bid.uuid for bid in bids}) for bids in alike.values()
    ]
    reached = {book.group(uuid) for uuid in changed['offer']}
    for groups, uuids in left:
        if not changed['bid'].isdisjoint(uuids):
            reached.update(groups)
    found, joined = set(changed['bid']), True
    while joined:
        joined = [each for each in left if not reached.isdisjoint(each[0])]
        left = [each for each in left if reached.isdisjoint(each[0])]
        for groups, uuids in joined:
            reached.update(groups)
            found.update(uuids)
    return book.copy([bid for bid in book.bids if bid.uuid in found])


def components(book):
    """{bid's uuid: the name of its component}, the same for equal books.

    Two bids are of one component if they may take offers of the same group, or a
    chain of such bids leads from one to the other.
    """
    wanted = {bid.uuid: _groups(book, bid) for bid in book.bids}
    leads = {group: group for groups in wanted.values() for group in groups}

    def leader(group):
        while leads[group] != group:
            leads[group] = leads[leads[group]]
            group = leads[group]
        return group

    for first, *others in set(filter(None, wanted.values())):
        for other in others:
            smaller, larger = sorted((leader(first), leader(other)))
            leads[larger] = smaller
    return {
        name: str(tuple(leader(groups[0]))) if groups else name
        for name, groups in wanted.items()
    }


def _groups(book, bid):
    """The groups of offers that any alternative or part may take, each once."""
    return tuple(dict.fromkeys(itertools.chain(*map(book.groups_for, bid.rectangles))))
