# SPDX-License-Identifier: Apache-2.0
"""A bid: servers of a kind, for a time within a window, up to a price.

Or one of several such rectangles: a bid may have alternatives, of which at most one is
awarded (an exclusive group; Nisan, "Bidding and allocation in combinatorial auctions",
2000, calls it XOR). Or several of them together: a bundle has parts, of which all are
awarded or none (AND).
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime
import decimal
import enum
import json
from typing import Any
from typing import NamedTuple
from typing import Self

from flocx import exceptions
from flocx.core import contract
from flocx.core import expressions
from flocx.core import money
from flocx.core import requirements
from flocx.core import window


class Status(enum.StrEnum):
    AVAILABLE = 'available'
    MATCHED = 'matched'
    EXPIRED = 'expired'
    CANCELLED = 'cancelled'


#: What a bid may become.
TRANSITIONS = {
    Status.AVAILABLE: {Status.MATCHED, Status.EXPIRED, Status.CANCELLED},
    Status.MATCHED: set[Status](),
    Status.EXPIRED: set[Status](),
    Status.CANCELLED: set[Status](),
}

#: The most servers that one bid can ask for.
MAX_QUANTITY = 10_000

#: A longer text names no group.
MAX_GROUP_LENGTH = 255

#: In how many ways one bid can be met, its own terms included.
MAX_ALTERNATIVES = 16

#: How many parts one bundle can have.
MAX_PARTS = 16


def accepts(least: int | None, reclaim_notice: int | None) -> bool:
    """Whether who wants a notice of ``least`` seconds takes one of ``reclaim_notice``.

    None is, as a notice, that a server is never reclaimed, and as a wish, that only
    such a server will do.
    """
    if reclaim_notice is None:
        return True
    return least is not None and least <= reclaim_notice


class Load(NamedTuple):
    """So many servers, each for ``duration`` seconds, at most at ``price`` an hour."""

    quantity: int
    duration: int
    price: decimal.Decimal

    @property
    def seconds(self) -> int:
        """For how many seconds it takes servers, all together."""
        return self.quantity * self.duration


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Servers of a bundle: ``quantity`` of them, at least ``min_quantity``.

    Without that they are neither more nor less. They are wanted from ``offset`` seconds
    after the bundle begins, for ``duration`` seconds, at most for ``price`` per server
    and hour, which is that of the bid where it is None. ``name`` is for people.
    ``group_by``, ``spread_by`` and ``spread_max`` are about the servers of this part,
    and ``group_value`` says which group was awarded; as of a Bid.
    """

    name: str | None = None
    quantity: int = 1
    min_quantity: int | None = None
    offset: int = 0
    duration: int
    price: decimal.Decimal | None = None
    requirements: tuple[tuple[Any, ...], ...] = ()
    resource_class: str | None = None
    group_by: str | None = None
    spread_by: str | None = None
    spread_max: int = 1
    group_value: str | None = None

    @property
    def least(self) -> int:
        """How many servers it needs."""
        return self.quantity if self.min_quantity is None else self.min_quantity

    @property
    def end(self) -> int:
        """How many seconds after the bundle begins it ends."""
        return self.offset + self.duration

    @property
    def document(self) -> dict[str, Any]:
        """Its fields as JSON has them."""
        return _terms(self) | {
            'price': None if self.price is None else money.text(self.price),
            'requirements': [list(each) for each in self.requirements],
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The part that a document says."""
        values = dict(document)
        if values.get('price') is not None:
            values['price'] = money.price(values['price'])
        values['requirements'] = tuple(map(tuple, values['requirements']))
        return cls(**values)


def of_parts(parts: Sequence[Part], group_by: str | None = None) -> dict[str, Any]:
    """What the terms of a bundle of these parts say of all of it.

    :param group_by: what the servers of all parts are of one group of.
    :raises Invalid: they do not begin with the bundle, or have no time in common: only
        so no server can be in two of them. Or one asks for more servers at least than
        at most, or for a group of its own where all of them have one.
    """
    first, last = (pick(each.offset for each in parts) for pick in (min, max))
    if first:
        raise exceptions.Invalid(
            f'parts: the first begins {first} seconds after the bundle; one has to '
            'have offset 0'
        )
    for number, each in enumerate(parts):
        if each.end <= last:
            raise exceptions.Invalid(
                f'parts[{number}]: it ends after {each.end} seconds, before another '
                f'begins ({last}); all parts need to have some time in common'
            )
        if each.least > each.quantity:
            raise exceptions.Invalid(
                f'parts[{number}].min_quantity: {each.least} is more than its '
                f'quantity {each.quantity}'
            )
        if group_by and each.group_by:
            raise exceptions.Invalid(
                f'parts[{number}].group_by: with group_by of the bid the servers of '
                'all parts are of one group; say it there, or in each part'
            )
    servers = sum(each.quantity for each in parts)
    if servers > MAX_QUANTITY:
        raise exceptions.Invalid(
            f'parts: {servers} servers; at most {MAX_QUANTITY} are allowed'
        )
    return {
        'quantity': servers,
        'min_quantity': sum(each.least for each in parts),
        'duration': max(each.end for each in parts),
        'requirements': (),
        'resource_class': None,
        'group_by': group_by,
        'spread_by': None,
    }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Terms by which a bid can be met instead of its own; each is as of a Bid."""

    quantity: int
    min_quantity: int
    start_time: datetime.datetime
    end_time: datetime.datetime
    duration: int
    price: decimal.Decimal
    requirements: tuple[tuple[Any, ...], ...] = ()
    resource_class: str | None = None
    min_reclaim_notice: int | None = None
    group_by: str | None = None
    spread_by: str | None = None
    spread_max: int = 1
    parts: tuple[Part, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """Its fields as JSON has them."""
        return _terms(self) | {
            'start_time': window.text(self.start_time),
            'end_time': window.text(self.end_time),
            'price': money.text(self.price),
            'requirements': [list(each) for each in self.requirements],
            'parts': [each.document for each in self.parts],
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The alternative that a document says."""
        values = dict(document)
        for name in ('start_time', 'end_time'):
            values[name] = window.instant(values[name], name)
        values['price'] = money.price(values['price'])
        values['requirements'] = tuple(map(tuple, values['requirements']))
        values['parts'] = tuple(map(Part.of, values.get('parts') or ()))
        return cls(**values)

    @property
    def loads(self) -> tuple[Load, ...]:
        """What it takes of servers, for each part."""
        return _loads(self)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """``project_id`` asks for ``quantity`` servers, at least ``min_quantity``.

    ``duration`` is in seconds, ``price`` the ceiling in credits per server and
    hour. ``requirements`` are triples of the match language. ``lineage`` is the
    project and its ancestors when the bid was placed: it decides which targeted
    offers the bid may take. ``min_reclaim_notice`` is the shortest notice, in seconds,
    with which a server may be reclaimed; None: only servers that never are will do.
    ``hold`` is what the project's account holds for it, in credits.

    ``alternatives`` are other terms by which it can be met. ``alternative`` says which
    terms were awarded: 0 its own, 1 the first of ``alternatives``; None where they are
    not awarded yet, or are the only ones. Of an option it says which one it is.

    With ``group_by``, a JMESPath expression, all servers are of one group: what it
    finds in their hardware documents is the same. ``group_value`` says which one was
    awarded; see :func:`group_of`. With ``spread_by`` at most ``spread_max`` servers are
    of one group that this finds.

    With ``parts`` it is a bundle: each of them has hardware, servers and time of its
    own, counted from the one start of all; ``quantity`` is how many servers they are
    together and ``duration`` from the first second of any to the last one. With
    ``group_by`` the servers of all parts are of one group. Of a row ``part`` says which
    of them it is, and ``jointly`` that the others have to be of its group, too. Of an
    award ``part_groups`` are the groups of all parts, where these have their own.

    ``extend_until`` and ``extend_max_price`` are those of its contract.

    With ``interruptible_notice``, in seconds, the contract may be displaced by a firm
    bid with that notice; None: it is firm. ``on_displaced`` says what becomes of the
    time that it loses, an OnDisplaced.
    """

    uuid: str
    name: str | None = None
    project_id: str
    lineage: tuple[str, ...] = ()
    quantity: int = 1
    min_quantity: int = 1
    start_time: datetime.datetime
    end_time: datetime.datetime
    duration: int
    price: decimal.Decimal
    requirements: tuple[tuple[Any, ...], ...] = ()
    resource_class: str | None = None
    min_reclaim_notice: int | None = None
    group_by: str | None = None
    spread_by: str | None = None
    spread_max: int = 1
    group_value: str | None = None
    alternatives: tuple[Alternative, ...] = ()
    alternative: int | None = None
    parts: tuple[Part, ...] = ()
    part: int | None = None
    jointly: bool = False
    part_groups: tuple[str | None, ...] = ()
    extend_until: datetime.datetime | None = None
    extend_max_price: decimal.Decimal | None = None
    interruptible_notice: int | None = None
    on_displaced: str = contract.OnDisplaced.END
    purpose: str | None = None
    status: Status = Status.AVAILABLE
    contract_uuid: str | None = None
    hold: decimal.Decimal = decimal.Decimal(0)
    generation: int = 1
    created_at: datetime.datetime
    updated_at: datetime.datetime

    def __post_init__(self) -> None:
        if self.min_quantity > self.quantity:
            raise exceptions.Invalid(
                f'min_quantity: {self.min_quantity} is more than '
                f'quantity {self.quantity}'
            )
        if self.duration > self.window.seconds:
            raise exceptions.Invalid(
                f'duration: {self.duration} seconds do not fit between start_time '
                f'and end_time, which are {self.window.seconds} seconds apart'
            )

    @property
    def options(self) -> tuple['Bid', ...]:
        """Bids without alternatives, of which one at most is to be met.

        They are in the order of ``alternative``; a bid without any is its only one.
        """
        if not self.alternatives:
            return (self,)
        alone = dataclasses.replace(self, alternatives=(), alternative=0)
        return (
            alone,
            *(
                dataclasses.replace(alone, alternative=number, **_terms(each))
                for number, each in enumerate(self.alternatives, 1)
            ),
        )

    @property
    def terms(self) -> tuple['Bid | Alternative', ...]:
        """Its own terms, and those of its alternatives."""
        return self, *self.alternatives

    def rows(self, now: datetime.datetime) -> tuple['Bid', ...]:
        """Rectangles of which all are to be met together, for each part of an option.

        Their first starts, at ``now`` or later, are those of one start of the bundle,
        and so are their last; there are none where it is too late for that. An option
        without parts is its only one.
        """
        if not self.parts:
            return (self,)
        spare = self.window.length - datetime.timedelta(seconds=self.duration)
        passed = max(now - self.start_time, datetime.timedelta()) if spare else spare
        if passed > spare:
            return ()
        return tuple(
            dataclasses.replace(
                self,
                parts=(),
                part=number,
                start_time=start + passed,
                end_time=start + spare + datetime.timedelta(seconds=each.duration),
                quantity=each.quantity,
                min_quantity=each.least,
                duration=each.duration,
                price=load.price,
                requirements=each.requirements,
                resource_class=each.resource_class,
                group_by=self.group_by or each.group_by,
                group_value=self.group_value or each.group_value,
                jointly=self.group_by is not None,
                spread_by=each.spread_by,
                spread_max=each.spread_max,
            )
            for number, (each, load) in enumerate(
                zip(self.parts, self.loads, strict=True)
            )
            for start in [self.start_time + datetime.timedelta(seconds=each.offset)]
        )

    @property
    def rectangles(self) -> tuple['Bid', ...]:
        """The rows of all options, whenever they may begin."""
        return tuple(row for each in self.options for row in each.rows(each.start_time))

    @property
    def loads(self) -> tuple[Load, ...]:
        """What it takes of servers, for each part."""
        return _loads(self)

    @property
    def key(self) -> tuple[str, int | None, int | None]:
        """What identifies a row among those of all bids."""
        return self.uuid, self.alternative, self.part

    @property
    def plain(self) -> bool:
        """Whether it is a bid that has neither other options nor parts."""
        return self.alternative is None and self.part is None and not self.parts

    @property
    def expressions(self) -> tuple[str, ...]:
        """What has to find something in the hardware document of each server."""
        both = self.group_by, self.spread_by
        return tuple(each for each in both if each is not None)

    def in_group_of(self, document: object) -> 'Bid':
        """The bid as awarded servers of the group that this hardware is of."""
        if self.group_by is None:
            return self
        value = group_of(self.group_by, document)
        return dataclasses.replace(self, group_value=value)

    @property
    def awarded(self) -> 'Bid':
        """The option by which it was met, or itself if it has no others."""
        if self.alternatives and self.alternative is not None:
            return self.options[self.alternative]
        return self

    def in_group(self, document: object) -> bool:
        """Whether a server is of the group that was awarded; any is where none was."""
        if self.group_by is None or self.group_value is None:
            return True
        return group_of(self.group_by, document) == self.group_value

    @property
    def server_seconds(self) -> int:
        """For how many seconds it takes servers, all together, at most."""
        return max(sum(load.seconds for load in each.loads) for each in self.terms)

    def accepts(self, reclaim_notice: int | None) -> bool:
        """Whether a server that can be reclaimed with this notice will do."""
        return accepts(self.min_reclaim_notice, reclaim_notice)

    @property
    def whole(self) -> bool:
        """Whether it asks for all of its window rather than a part of it.

        Such a bid is met from its start or, once that is past, from now: a bid
        for "now until Friday" is met although deciding took a second.
        """
        return self.duration == self.window.seconds

    def stay(self, start: datetime.datetime) -> window.Window | None:
        """The window of a contract that begins at ``start``, or None."""
        if self.whole:
            return self.window.since(start)
        end = start + datetime.timedelta(seconds=self.duration)
        return window.Window(start, end) if end <= self.end_time else None

    def hopeless(self, now: datetime.datetime) -> bool:
        """Whether nothing that appears from ``now`` on could meet it."""
        return not any(each.possible(now) for each in self.options)

    def possible(self, now: datetime.datetime) -> bool:
        """Whether an option is not too late: all of its rows still have a time."""
        rows = self.rows(now)
        return bool(rows) and all(
            each.stay(max(now, each.start_time)) is not None for each in rows
        )

    # Last, for from here on the name means the property.
    @property
    def window(self) -> window.Window:
        return window.Window(self.start_time, self.end_time)


def group_of(expression: str, document: object) -> str | None:
    """The group that a server is of, or None where it is of none.

    That is the text that ``expression`` finds in its hardware document, or
    the JSON of another value; null, what is too long and what takes too many steps to
    find are no group.
    """
    found, _ = expressions.find(expression, document)
    if found is None or isinstance(found, str):
        value = found
    else:
        value = json.dumps(found, sort_keys=True, default=str)
    return value if value and len(value) <= MAX_GROUP_LENGTH else None


def check_expressions(terms: Mapping[str, Any], limits: requirements.Limits) -> None:
    """Nothing, if servers can be grouped by ``group_by`` and ``spread_by`` of terms.

    :raises Invalid: one is too long or too deep, or no JMESPath.
    """
    for name in ('group_by', 'spread_by'):
        if (given := terms.get(name)) is None:
            continue
        if len(given) > limits.length:
            raise exceptions.Invalid(
                f'{name}: {len(given)} characters; at most {limits.length} are allowed'
            )
        try:
            expressions.check(given, limits.depth)
        except expressions.NotJMESPath as error:
            raise exceptions.Invalid(f'{name}: {error}') from None


def _loads(terms: 'Bid | Alternative') -> tuple[Load, ...]:
    if not terms.parts:
        return (Load(terms.quantity, terms.duration, terms.price),)
    return tuple(
        Load(
            each.quantity,
            each.duration,
            terms.price if each.price is None else each.price,
        )
        for each in terms.parts
    )


def _terms(alternative: Alternative | Part) -> dict[str, Any]:
    names = (field.name for field in dataclasses.fields(alternative))
    return {name: getattr(alternative, name) for name in names}
