# SPDX-License-Identifier: Apache-2.0
"""The book: open bids, and the free time of the servers on offer, at one moment.

Pure: it is made from offers, bids and taken time, and asks nobody else.
"""

import bisect
import collections
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import copy
import dataclasses
import datetime
import decimal
import heapq
import json
import typing

from flocx.core import bid as bid_core
from flocx.core import blocks
from flocx.core import offer as offer_core
from flocx.core import requirement_matcher
from flocx.core import tenure as tenure_core
from flocx.core import window

#: A server, or what a renter has of it to sub-let.
Slot = tuple[str, str, str, str | None]


#: What a bid asks for but its time and price: requirements as text, resource class,
#: the projects that it may be a target as, the least notice of a reclaim, and the
#: expressions that have to find something. And how many of the lengths, and of the
#: sizes of blocks, that matter for any offer it reaches.
_Asked: typing.TypeAlias = tuple[
    str, str | None, tuple[str, ...], int | None, tuple[str, ...], int, int
]
_ByPrice: typing.TypeAlias = tuple[decimal.Decimal, str, offer_core.Offer]


class Block(typing.NamedTuple):
    """Servers that are sold only together: the key of their block, and how many."""

    key: blocks.Key
    size: int


#: What no block is.
ALONE = Block(('', '', ''), 0)


class Group(typing.NamedTuple):
    """What offers have in common that a bid, but for its price and time, asks.

    ``document`` is the hardware document as text: one hardware class. ``notice`` are
    the seconds with which servers are reclaimed, ``NEVER`` where they never are. They
    are let for ``min_length`` seconds at least and ``max_length`` at most, ``ANY``
    where that does not matter. They are sold only with all others of ``block``, which
    is ``ALONE`` where there are none.
    """

    document: str
    resource_class: str
    lessee_id: str
    notice: int
    min_length: int
    max_length: int
    block: Block

    @property
    def reclaim_notice(self) -> int | None:
        """The notice as offers have it."""
        return None if self.notice == NEVER else self.notice

    def lets(self, seconds: int) -> bool:
        """Whether its servers are let for so long."""
        return offer_core.lets(self.min_length, self.max_length or None, seconds)


#: Groups are put in order, so that a number stands for no notice at all, or no length.
NEVER, ANY = -1, 0


@dataclasses.dataclass(frozen=True, slots=True)
class Displacement:
    """An interruptible contract's line that ends earlier, at ``until``, for an award.

    ``offer_uuid`` is the offer of its server. ``loss`` is what its bid had offered,
    beyond what the owner asks, for the time that it loses and that no other award has
    displaced it from before; in micro-credits times seconds.
    """

    tenure: tenure_core.Tenure
    offer_uuid: str
    until: datetime.datetime
    loss: int


@dataclasses.dataclass(frozen=True, slots=True)
class Award:
    """Offers that a bid gets for the window ``stay``; no price yet."""

    bid: bid_core.Bid
    stay: window.Window
    offers: tuple[offer_core.Offer, ...]
    displaces: tuple[Displacement, ...] = ()

    @classmethod
    def of(
        cls,
        bid: bid_core.Bid,
        stay: window.Window,
        offers: Iterable[offer_core.Offer],
        now: datetime.datetime,
    ) -> typing.Self:
        """An award that names the group that all its offers are of, if ``bid`` asks.

        The price of each offer is what it asks for this stay.
        """
        offers = tuple(each.priced(stay, now) for each in offers)
        return cls(bid.in_group_of(offers[0].properties), stay, offers)

    @property
    def surplus_rate(self) -> decimal.Decimal:
        """What its hour is worth to the bidder beyond what the owners ask."""
        return sum(
            (self.bid.price - offer.price for offer in self.offers), decimal.Decimal(0)
        )


class Book:
    """Which offers a bid could take, and when.

    Offers with the same hardware document are of one hardware class; whether a
    class meets a bid's requirements is found out once for each pair. Offers and
    bids come and go one by one; whatever the history, the book is equal to one
    made of what is in it at the end.
    """

    def __init__(
        self,
        now: datetime.datetime,
        offers: Iterable[offer_core.Offer] = (),
        taken: Mapping[Slot, Sequence[window.Window]] | None = None,
        bids: Iterable[bid_core.Bid] = (),
        tenures: Mapping[Slot, Sequence[tenure_core.Tenure]] | None = None,
    ) -> None:
        self.now = _next_second(now)
        self._bids: dict[str, bid_core.Bid] = {}
        self._offers: dict[str, offer_core.Offer] = {}
        #: The offers with any time left, by what they have in common.
        self._groups: dict[Group, dict[str, offer_core.Offer]] = {}
        self._group_of: dict[str, Group] = {}
        #: What is left of their time, also that which has passed by now.
        self._free: dict[str, list[window.Window]] = {}
        #: The interruptible contracts on an offer, and what others have of its time.
        self._tenures: dict[
            str, tuple[tuple[tenure_core.Tenure, ...], list[window.Window]]
        ] = {}
        #: When their time ends, the first first; offers may have gone since.
        self._ends: list[tuple[datetime.datetime, str]] = []
        #: All offers of each block, with the time that contracts hold.
        self._blocks: dict[
            blocks.Key, dict[str, tuple[offer_core.Offer, Collection[window.Window]]]
        ] = {}
        #: The groups that each block for sale is of.
        self._of_block: dict[Block, set[Group]] = {}
        #: From how many servers on a bid may have a block, in order.
        self._block_sizes: list[int] = []
        #: The uuids of those that do not ask the same for all of it.
        self._by_hour: set[str] = set()
        self._sorted: dict[Group, list[_ByPrice]] = {}
        self._judge = requirement_matcher.RequirementMatcher()
        self._for: dict[_Asked, tuple[Group, ...]] = {}
        #: The lengths from which on an offer is let, or not any more, in order.
        self._lengths: list[int] = []
        self._asked: dict[str, tuple[bid_core.Bid, _Asked]] = {}
        #: By expression and hardware document, the group that a server is of.
        self._group_values: dict[tuple[str, str], str | None] = {}
        for offer in offers:
            self.put_offer(
                offer,
                (taken or {}).get(offer.slot, ()),
                (tenures or {}).get(offer.slot, ()),
            )
        for bid in bids:
            self.put_bid(bid)

    @property
    def offers(self) -> tuple[offer_core.Offer, ...]:
        return tuple(self._offers.values())

    @property
    def bids(self) -> tuple[bid_core.Bid, ...]:
        return tuple(self._bids.values())

    @property
    def options(self) -> tuple[bid_core.Bid, ...]:
        """All bids, those with several ways to be met once for each.

        What asks which offers a bid may take is asked of the rows of an option.
        """
        return tuple(each for bid in self._bids.values() for each in bid.options)

    def servers_by_value(self, option: bid_core.Bid) -> dict[str, int]:
        """How many servers as ``option`` asks for are of each of its groups."""
        sizes: dict[str, int] = collections.defaultdict(int)
        for group in self.groups_for(option):
            value = self.value(option.group_by or '', group.document)
            sizes[value or ''] += len(self._groups[group])
        return dict(sorted(sizes.items()))

    def value(self, expression: str, document: str) -> str | None:
        """The group that ``expression`` finds in a hardware document, a text."""
        known = expression, document
        if known not in self._group_values:
            if len(self._group_values) >= requirement_matcher.REMEMBERED:
                self._group_values.clear()
            found = bid_core.group_of(expression, json.loads(document))
            self._group_values[known] = found
        return self._group_values[known]

    @property
    def groups(self) -> Iterable[Group]:
        return self._groups.keys()

    def members(self, group: Group) -> Collection[offer_core.Offer]:
        """The offers of ``group`` with any time left, in no order."""
        return self._groups[group].values()

    def put_bid(self, bid: bid_core.Bid) -> None:
        """Add a bid, or replace what was known of it."""
        self._bids[bid.uuid] = bid

    def drop_bid(self, uuid: str) -> None:
        """Forget a bid, if it is known."""
        self._bids.pop(uuid, None)
        self._asked.pop(uuid, None)

    def put_offer(
        self,
        offer: offer_core.Offer,
        taken: Collection[window.Window],
        tenures: Iterable[tenure_core.Tenure] = (),
    ) -> None:
        """Add an offer, or replace what was known of it.

        :param taken: the time of its server that contracts hold.
        :param tenures: those of the contracts that are interruptible.
        """
        self.drop_offer(offer.uuid)
        self._offers[offer.uuid] = offer
        those = tuple(each for each in tenures if offer.window.overlaps(each.held))
        # What a second is worth to who loses it is known where all ask the same. Of
        # what is sold whole nobody displaces a part.
        if those and not offer.by_hour and not offer.block:
            held = {each.held for each in those}
            others = [each for each in taken if each not in held]
            self._tenures[offer.uuid] = those, others
        block = blocks.key(offer)
        if block:
            self._blocks.setdefault(block, {})[offer.uuid] = offer, taken
            self._enter_block(block)
        else:
            self._enter(offer, offer.window.minus(taken))

    def drop_offer(self, uuid: str) -> None:
        """Forget an offer, if it is known."""
        offer = self._offers.pop(uuid, None)
        if offer:
            self._tenures.pop(uuid, None)
            self._leave(uuid)
            block = blocks.key(offer)
            if block:
                del self._blocks[block][uuid]
                self._enter_block(block)

    def _enter_block(self, key: blocks.Key) -> None:
        """Offer a block as what there is of it says."""
        members = self._blocks[key]
        for uuid in members:
            self._leave(uuid)
        if not members:
            del self._blocks[key]
            return
        offers, taken = zip(*members.values(), strict=True)
        # A block comes and goes offer by offer, and is whole once.
        if not blocks.whole(offers):
            return
        held = blocks.held(offers, taken)
        for offer in offers:
            self._enter(offer, offer.window.minus(held))

    def block(self, offer: offer_core.Offer) -> Block:
        """The block that ``offer``, of which there is time left, is sold with."""
        return self._group_of[offer.uuid].block

    @property
    def has_blocks(self) -> bool:
        """Whether anything is sold only together."""
        return bool(self._of_block)

    @property
    def tenures(self) -> dict[str, tuple[tenure_core.Tenure, ...]]:
        """What interruptible contracts have, by the uuid of the offer."""
        return {uuid: those for uuid, (those, _) in self._tenures.items()}

    def yielding(self) -> 'Book':
        """A book in which what interruptible contracts can lose is free."""
        entries = []
        for uuid, (those, others) in self._tenures.items():
            kept = filter(None, (tenure.kept(self.now) for tenure in those))
            offer = self._offers[uuid]
            entries.append((offer, offer.window.minus([*others, *kept])))
        return self.with_free(entries)

    def with_free(
        self, entries: Iterable[tuple[offer_core.Offer, list[window.Window]]]
    ) -> 'Book':
        """A book in which these offers are free then, and nothing is interruptible.

        :param entries: pairs of an offer, which may be a new one, and free windows.
        """
        other = self.copy()
        other._tenures, other._sorted, other._for = {}, {}, {}
        other._by_hour = set(self._by_hour)
        other._offers, other._ends = dict(self._offers), list(self._ends)
        other._group_of = dict(self._group_of)
        other._of_block = {block: set(of) for block, of in self._of_block.items()}
        other._groups = {
            group: dict(members) for group, members in self._groups.items()
        }
        for offer, free in entries:
            other._leave(offer.uuid)
            other._offers[offer.uuid] = offer
            other._enter(offer, free)
        return other

    def at(self, now: datetime.datetime) -> None:
        """Let time pass until ``now``."""
        self.now = _next_second(now)
        while self._ends and self._ends[0][0] <= self.now:
            _, uuid = heapq.heappop(self._ends)
            if uuid in self._free and self._free[uuid][-1].end <= self.now:
                self._leave(uuid)

    def _enter(self, offer: offer_core.Offer, free: list[window.Window]) -> None:
        if not free or free[-1].end <= self.now:
            return
        group = Group(
            json.dumps(offer.properties, sort_keys=True),
            offer.resource_class or '',
            offer.lessee_id or '',
            NEVER if offer.reclaim_notice is None else offer.reclaim_notice,
            offer.min_length or ANY,
            offer.max_length or ANY,
            _block(offer),
        )
        if group not in self._groups:
            self._groups[group] = {}
            self._changed(group)
        self._groups[group][offer.uuid] = offer
        if offer.by_hour:
            self._by_hour.add(offer.uuid)
        self._sorted.pop(group, None)
        self._group_of[offer.uuid] = group
        self._free[offer.uuid] = free
        heapq.heappush(self._ends, (free[-1].end, offer.uuid))

    def _leave(self, uuid: str) -> None:
        if uuid not in self._free:
            return
        del self._free[uuid]
        self._by_hour.discard(uuid)
        group = self._group_of.pop(uuid)
        del self._groups[group][uuid]
        self._sorted.pop(group, None)
        if not self._groups[group]:
            del self._groups[group]
            self._changed(group)

    def _changed(self, group: Group) -> None:
        """Forget what depended on which groups there are; ``group`` is new, or gone."""
        self._for.clear()
        if group.min_length or group.max_length:
            self._lengths = sorted(
                {each.min_length for each in self._groups if each.min_length}
                | {each.max_length + 1 for each in self._groups if each.max_length}
            )
        if group.block is not ALONE:
            those = self._of_block.setdefault(group.block, set())
            if group in self._groups:
                those.add(group)
            else:
                those.discard(group)
            if not those:
                del self._of_block[group.block]
            self._block_sizes = sorted({each.size for each in self._of_block})

    def group(self, uuid: str) -> Group | None:
        """The group of the offer of this uuid, None if no time of it is left."""
        return self._group_of.get(uuid)

    def left(self, offer: offer_core.Offer) -> Sequence[window.Window]:
        """As ``free``, but the first of them may have begun, or ended, before now."""
        return self._free.get(offer.uuid, ())

    def free(self, offer: offer_core.Offer) -> list[window.Window]:
        """The windows of ``offer`` from now on that nobody has, in order."""
        return [
            free if self.now <= free.start else window.Window(self.now, free.end)
            for free in self.left(offer)
            if self.now < free.end
        ]

    def by_hour(self, offers: Iterable[offer_core.Offer] | None = None) -> bool:
        """Whether any of ``offers``, or at all, asks for its time by the hour.

        :param offers: as they are awarded, with one price each.
        """
        if offers is None:
            return bool(self._by_hour)
        return any(each.uuid in self._by_hour for each in offers)

    def copy(self, bids: Iterable[bid_core.Bid] | None = None) -> 'Book':
        """A book from which time can be taken without this one losing it.

        :param bids: the bids that it has instead of those of this one.
        """
        other = copy.copy(self)
        other._free = dict(self._free)
        if bids is not None:
            other._bids = {bid.uuid: bid for bid in bids}
        return other

    def take(self, award: Award) -> None:
        """Give the time of ``award`` away."""
        for offer in award.offers:
            self._free[offer.uuid] = [
                left
                for free in self._free[offer.uuid]
                for left in free.minus([award.stay])
            ]

    def suitable(self, bid: bid_core.Bid) -> list[offer_core.Offer]:
        """Offers that ``bid`` may take at some time and at the price it names.

        Nobody trades with themselves, and targeted offers are for their targets.
        """
        return [
            offer
            for group in self.groups_for(bid)
            for offer in self.members(group)
            if offer.lowest_price <= bid.price
            and offer.project_id != bid.project_id
            and offer.window.overlaps(bid.window)
        ]

    def cheapest_first(self, bid: bid_core.Bid) -> Iterator[offer_core.Offer]:
        """As ``suitable``, one by one in the order of price, at whatever time.

        Of what is asked for by the hour the lowest price counts.
        """
        for price, _, offer in heapq.merge(*map(self._by_price, self.groups_for(bid))):
            if price > bid.price:
                return
            if offer.project_id != bid.project_id:
                yield offer

    def _by_price(self, group: Group) -> list[_ByPrice]:
        if group not in self._sorted:
            self._sorted[group] = sorted(
                (offer.lowest_price, offer.uuid, offer)
                for offer in self._groups[group].values()
            )
        return self._sorted[group]

    def groups_for(self, bid: bid_core.Bid) -> tuple[Group, ...]:
        """The groups whose hardware is as ``bid`` asks and that it may take."""
        asked = self.asks(bid)
        if asked not in self._for:
            length = self._length(bid) if self._lengths else ANY
            groups = self._meeting(
                bid,
                [group for group in self._groups if not length or group.lets(length)],
            )
            if self._of_block:
                groups = self._of_whole_blocks(bid, groups, _largest_block(bid))
            self._for[asked] = groups
        return self._for[asked]

    def _of_whole_blocks(
        self, bid: bid_core.Bid, groups: Sequence[Group], most: int
    ) -> tuple[Group, ...]:
        """Those of ``groups``, without what is of blocks that do not do as a whole.

        Those do of which all servers do, ``most`` of them, and are of one group.
        """
        meeting = set(groups)

        def does(block: Block) -> bool:
            those = self._of_block[block]
            values = {
                tuple(self.value(each, group.document) for each in bid.expressions)
                for group in those
            }
            return block.size <= most and those <= meeting and len(values) == 1

        doing = {group.block for group in groups if group.block is not ALONE}
        doing = {ALONE, *filter(does, doing)}
        return tuple(group for group in groups if group.block in doing)

    def too_large(self, bid: bid_core.Bid) -> Block | None:
        """The smallest block that would do for ``bid``, did it want so many servers."""
        length = self._length(bid)
        groups = [group for group in self._groups if group.lets(length)]
        doing = self._of_whole_blocks(
            bid, self._meeting(bid, groups), offer_core.MAX_BLOCK
        )
        most = _largest_block(bid)
        found = {
            group.block
            for group in doing
            if group.block.size > most
            and any(offer.project_id != bid.project_id for offer in self.members(group))
        }
        return min(found, key=lambda each: (each.size, each.key), default=None)

    def _meeting(self, bid: bid_core.Bid, groups: Iterable[Group]) -> tuple[Group, ...]:
        """Those of ``groups`` that ``bid`` may take, for however long."""
        open_to = [
            group
            for group in groups
            if bid.resource_class in (None, group.resource_class)
            and group.lessee_id in ('', *bid.lineage)
            and bid.accepts(group.reclaim_notice)
        ]
        meeting = self._judge.meeting(
            requirement_matcher.Asked(bid.requirements),
            {group.document for group in open_to},
        )
        return tuple(
            group
            for group in open_to
            if group.document in meeting
            and all(
                self.value(each, group.document) is not None for each in bid.expressions
            )
        )

    def _length(self, bid: bid_core.Bid) -> int:
        """For how many seconds ``bid`` asks; what is left, if it is for its window."""
        stay = bid.stay(max(self.now, bid.start_time))
        return stay.seconds if stay else bid.duration

    def lengths(self, bid: bid_core.Bid) -> tuple[int, int] | None:
        """For how many seconds, at least and at most, what would do for ``bid`` is let.

        ``ANY`` where that is no limit. It is that which is nearest to what it asks for.

        None where there is nothing of the kind, or it is not for its length.
        """
        length = self._length(bid)
        refusing = [
            group
            for group in self._meeting(bid, self._groups)
            if not group.lets(length)
            and any(offer.project_id != bid.project_id for offer in self.members(group))
        ]
        if not refusing:
            return None
        return min(
            ((group.min_length, group.max_length) for group in refusing),
            key=lambda each: max(each[0] - length, length - (each[1] or length)),
        )

    def forget(self, bid: bid_core.Bid) -> None:
        """Remember no longer which groups a bid that is not in the book may take."""
        for each in bid.rectangles:
            self._for.pop(self.asks(each), None)
        self._asked.pop(bid.uuid, None)

    def longest_notice(self, bid: bid_core.Bid) -> int | None:
        """The longest notice of what would do for ``bid``, if only that were longer.

        None where there is nothing of the kind, or where something never reclaimed is.
        """
        patient = dataclasses.replace(bid, min_reclaim_notice=0)
        groups = self.groups_for(patient)
        self.forget(patient)
        notices = [
            group.notice
            for group in groups
            if any(offer.project_id != bid.project_id for offer in self.members(group))
        ]
        if not notices or NEVER in notices:
            return None
        return max(notices)

    def meeting(self, bid: bid_core.Bid) -> list[int]:
        """For each requirement of ``bid``, how many offers meet it.

        Of those that are not its own and open to it, at whatever time and price.
        """
        sizes: dict[str, int] = collections.defaultdict(int)
        for group, members in self._groups.items():
            if group.lessee_id in ('', *bid.lineage):
                others = (
                    offer.project_id != bid.project_id for offer in members.values()
                )
                sizes[group.document] += sum(others)
        wanted = requirement_matcher.Asked(bid.requirements)
        counts = [0] * len(bid.requirements)
        each_met = self._judge.each_met(wanted, sizes)
        for size, met in zip(sizes.values(), each_met, strict=True):
            counts = [
                count + size * one for count, one in zip(counts, met, strict=True)
            ]
        return counts

    def asks(self, bid: bid_core.Bid) -> _Asked:
        """What ``groups_for`` depends on: bids with equal values have equal groups."""
        known = self._asked.get(bid.uuid)
        if known and known[0] is bid:
            asked = known[1]
        else:
            asked = (
                json.dumps(bid.requirements),
                bid.resource_class,
                bid.lineage,
                bid.min_reclaim_notice,
                bid.expressions,
                *(0, 0),
            )
            if bid.plain:
                # Options and rows are made anew whenever they are asked for.
                self._asked[bid.uuid] = bid, asked
        if not self._lengths and not self._block_sizes:
            return asked
        # What a bid for all of its window asks for becomes shorter.
        length = self._length(bid) if self._lengths else ANY
        return (
            *asked[:-2],
            bisect.bisect_right(self._lengths, length),
            bisect.bisect_right(self._block_sizes, _largest_block(bid)),
        )


def _block(offer: offer_core.Offer) -> Block:
    key = blocks.key(offer)
    return Block(key, offer.block_size or 0) if key else ALONE


def _largest_block(bid: bid_core.Bid) -> int:
    """How many servers a block may have that ``bid`` takes; all are needed.

    What is to be apart is not sold together.
    """
    return 0 if bid.spread_by else bid.quantity


def _next_second(moment: datetime.datetime) -> datetime.datetime:
    if not moment.microsecond:
        return moment
    return moment.replace(microsecond=0) + datetime.timedelta(seconds=1)
