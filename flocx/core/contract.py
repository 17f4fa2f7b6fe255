# SPDX-License-Identifier: Apache-2.0
"""A contract: servers promised to a project, one line for each server."""

from collections.abc import Iterable
import dataclasses
import datetime
import decimal
import enum

from flocx.core import money
from flocx.core import offer
from flocx.core import window


class Status(enum.StrEnum):
    CREATED = 'created'
    WAIT_FULFILL = 'wait_fulfill'
    ACTIVE = 'active'
    WAIT_END = 'wait_end'
    WAIT_CANCEL = 'wait_cancel'
    ERROR = 'error'
    ENDED = 'ended'
    CANCELLED = 'cancelled'


class Reason(enum.StrEnum):
    """Why a line closed, or what is wrong with it."""

    EXPIRED = 'expired'
    RELEASED = 'released'
    CANCELLED = 'cancelled'
    NOT_DELIVERED = 'not_delivered'
    LESSEE_CHANGED = 'lessee_changed'
    NODE_GONE = 'node_gone'
    CLEAN_FAILED = 'clean_failed'
    RESTORE_FAILED = 'restore_failed'
    CLEAN_UNPROVEN = 'clean_unproven'
    OWNER_INTERVENED = 'owner_intervened'
    OWNER_CHANGED = 'owner_changed'
    NODE_IN_USE = 'node_in_use'
    HARDWARE_CHANGED = 'hardware_changed'
    PROJECT_DELETED = 'project_deleted'
    PROJECT_DISABLED = 'project_disabled'
    RECLAIMED = 'reclaimed'
    DISPLACED = 'displaced'
    BUDGET_EXHAUSTED = 'budget_exhausted'


class OnDisplaced(enum.StrEnum):
    """What becomes of the time that an interruptible contract loses."""

    END = 'end'
    #: Other servers for it are looked for: at once, and then by a bid.
    MOVE = 'move'


#: Why a provider gives a line up before it has handed the server over.
UNDELIVERABLE = {
    Reason.NOT_DELIVERED,
    Reason.NODE_GONE,
    Reason.NODE_IN_USE,
    Reason.OWNER_CHANGED,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What every contract keeps to, in seconds; ``max_length`` 0 is any length.

    ``turnaround`` is idle between two contracts of a server at least, and up to
    ``max_turnaround`` where hand-backs of late took longer; ``notice`` is what a lessee
    who releases servers early still keeps and pays; ``max_lead`` is how far ahead a
    contract begins at most, 0 any time.
    """

    min_length: int = 1
    max_length: int = 0
    turnaround: int = 0
    notice: int = 0
    max_lead: int = 0
    max_turnaround: int = 0


_S = Status

#: What a line of a contract may become, and who moves it: the provider reports
#: all of them but ``created -> cancelled``, which the renter asks for; ``* ->
#: wait_cancel`` is asked for by the renter, or says that the provider gives up.
TRANSITIONS = {
    _S.CREATED: {
        _S.ACTIVE,
        _S.WAIT_FULFILL,
        _S.WAIT_CANCEL,
        _S.ERROR,
        _S.ENDED,
        _S.CANCELLED,
    },
    _S.WAIT_FULFILL: {_S.ACTIVE, _S.WAIT_CANCEL, _S.ERROR, _S.ENDED},
    _S.ACTIVE: {_S.WAIT_END, _S.ERROR, _S.ENDED},
    _S.WAIT_END: {_S.ERROR, _S.ENDED},
    _S.WAIT_CANCEL: {_S.ERROR, _S.CANCELLED},
    _S.ERROR: {_S.ACTIVE, _S.WAIT_END, _S.WAIT_CANCEL, _S.ENDED, _S.CANCELLED},
    _S.ENDED: set[Status](),
    _S.CANCELLED: set[Status](),
}

#: In every other status the line holds its time on the server: a line that
#: waits for Ironic must keep others away no less than an active one.
CLOSED = {Status.ENDED, Status.CANCELLED}
OPEN = set(Status) - CLOSED

#: A line in one of these can still be shortened or extended, or sub-let.
RUNNING = {_S.CREATED, _S.WAIT_FULFILL, _S.ACTIVE}

#: Of lines in several statuses, the contract shows the first of these.
_PRECEDENCE = (
    _S.ERROR,
    _S.WAIT_CANCEL,
    _S.WAIT_FULFILL,
    _S.WAIT_END,
    _S.ACTIVE,
    _S.CREATED,
    _S.ENDED,
    _S.CANCELLED,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Extension:
    """From ``start_time`` on, time that was added to a line, at a price of its own."""

    start_time: datetime.datetime
    price: decimal.Decimal


#: Rules by which prices are made outside of a round: that of a claim, and that of a
#: server which takes the place of another one at its price.
CLAIM, REPLACEMENT = 'claim', 'replacement'


@dataclasses.dataclass(frozen=True, slots=True)
class PriceOrigin:
    """How the prices of a contract were made, without naming anybody.

    ``rule`` is a pricing of the engine, ``CLAIM`` or ``REPLACEMENT``. ``displaced`` is
    what the bids left out of the round would have added to what the owners ask, for
    each server and hour; None where the rule does not rest on them.
    """

    rule: str
    displaced: decimal.Decimal | None = None
    round_uuid: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One server of a contract; prices are in credits per server and hour.

    ``price`` is that of the time that the line was made for, ``extensions`` in order
    those of the time that was added since. ``sublet_of`` is the line by which the
    owner of the offer rents the server themselves. ``notice_seconds`` is what is
    billed, from its start, of a line that was cancelled before it began.

    ``reclaim_notice`` is that of the offer when the line was made. ``reclaim_time`` is
    when the owner has reclaimed the server, and ``reclaim_deadline`` when it is taken
    back at the latest; both None until then. Where a firm bid has displaced the line
    there is a ``reclaim_deadline`` alone.

    ``part`` says which part of its bid it meets, where that is a bundle; such a line
    may begin later, and end earlier, than its contract.

    ``power_on`` is whether its server is powered on, None where nobody has said.

    ``hold`` is what the renter's account holds for what it may still cost, and
    ``charged`` what was booked of its usage, in credits.
    """

    uuid: str
    contract_uuid: str
    offer_uuid: str
    owner_id: str
    provider_id: str
    resource_type: str
    resource_uuid: str
    resource_class: str | None = None
    sublet_of: str | None = None
    part: int | None = None
    project_id: str
    start_time: datetime.datetime
    end_time: datetime.datetime
    price: decimal.Decimal
    extensions: tuple[Extension, ...] = ()
    price_rule: str | None = None
    ask: decimal.Decimal | None = None
    displaced: decimal.Decimal | None = None
    round_uuid: str | None = None
    reclaim_notice: int | None = None
    reclaim_time: datetime.datetime | None = None
    reclaim_deadline: datetime.datetime | None = None
    status: Status = Status.CREATED
    fulfill_time: datetime.datetime | None = None
    expire_time: datetime.datetime | None = None
    notice_seconds: int = 0
    power_on: bool | None = None
    hold: decimal.Decimal = decimal.Decimal(0)
    charged: decimal.Decimal = decimal.Decimal(0)
    reason: str | None = None

    @property
    def leaving(self) -> Reason | None:
        """Why it ends at ``reclaim_deadline``, None where it has none."""
        if self.reclaim_deadline is None:
            return None
        return Reason.RECLAIMED if self.reclaim_time else Reason.DISPLACED

    @property
    def segments(self) -> list[tuple[window.Window, decimal.Decimal]]:
        """The parts of the line's time that have a price each, in order."""
        starts = [self.start_time, *(each.start_time for each in self.extensions)]
        prices = [self.price, *(each.price for each in self.extensions)]
        return [
            (window.Window(start, min(end, self.end_time)), price)
            for start, end, price in zip(
                starts, [*starts[1:], self.end_time], prices, strict=True
            )
            if start < self.end_time
        ]

    @property
    def price_segments(self) -> list[dict[str, str]]:
        """The segments as the API writes them."""
        return [
            {
                'start_time': window.text(stay.start),
                'end_time': window.text(stay.end),
                'price': money.text(price),
            }
            for stay, price in self.segments
        ]

    def since(
        self, moment: datetime.datetime
    ) -> list[tuple[window.Window, decimal.Decimal]]:
        """What of the segments is left from ``moment`` on."""
        left = [(stay.since(moment), price) for stay, price in self.segments]
        return [(stay, price) for stay, price in left if stay]

    def extended(self, price: decimal.Decimal) -> tuple[Extension, ...]:
        """The extensions of the line when time at ``price`` follows its end."""
        kept = [each for each in self.extensions if each.start_time < self.end_time]
        last = kept[-1].price if kept else self.price
        added = () if price == last else (Extension(self.end_time, price),)
        return *kept, *added

    @property
    def server(self) -> tuple[str, str, str]:
        """What identifies the server among all providers' servers."""
        return self.provider_id, self.resource_type, self.resource_uuid

    def held(self, now: datetime.datetime) -> window.Window | None:
        """The time that nobody else can have, or None.

        A line whose end is past but which has not ended yet holds its server
        until now: whoever comes next cannot begin in the past.
        """
        if self.status in CLOSED:
            return None
        return window.Window(self.start_time, max(self.end_time, now))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Servers promised to ``project_id`` from ``start_time`` to ``end_time``.

    With ``extend_until`` more time of the same servers is bought before each end, up
    to this moment, as long as none costs more than ``extend_max_price`` per hour; both
    are None without. ``lineage`` is the project and its ancestors, as far as who asked
    for that knew them: it decides which targeted offers more is bought of. Keystone
    lets no project move below another, so that it stays true.
    ``extend_refusal`` is why the end could not be moved when it was last tried.

    With ``interruptible_notice``, in seconds, a firm bid may displace it; None: it is
    firm. ``on_displaced`` is of its bid.
    """

    uuid: str
    name: str | None = None
    bid_uuid: str | None = None
    project_id: str
    purpose: str | None = None
    start_time: datetime.datetime
    end_time: datetime.datetime
    extend_until: datetime.datetime | None = None
    extend_max_price: decimal.Decimal | None = None
    extend_refusal: str | None = None
    interruptible_notice: int | None = None
    on_displaced: str = OnDisplaced.END
    lineage: tuple[str, ...] | None = None
    status: Status = Status.CREATED
    generation: int = 1
    created_at: datetime.datetime
    updated_at: datetime.datetime
    lines: tuple[Line, ...] = ()


class ExtendRefusal(enum.StrEnum):
    """Why a contract that is to go on could not be extended."""

    #: The offer is withdrawn, or another contract follows.
    NOT_FREE = 'not_free'
    #: More than ``extend_max_price``.
    PRICE = 'price'
    RECLAIMED = 'reclaimed'
    QUOTA = 'quota'
    BUDGET = 'budget'
    #: A server of it is in trouble, or on its way back.
    NOT_RUNNING = 'not_running'
    #: The contract would be longer, or dearer, than any may be.
    TERMS = 'terms'


#: What a contract has that is not extended by itself.
NOT_EXTENDED = {
    'extend_until': None,
    'extend_max_price': None,
    'extend_refusal': None,
    'lineage': None,
}


def draft(
    uuid: str,
    stay: window.Window,
    lines: Iterable[tuple[str, offer.Offer, decimal.Decimal]],
    now: datetime.datetime,
    *,
    origin: PriceOrigin,
    project_id: str,
    bid_uuid: str | None = None,
    name: str | None = None,
    purpose: str | None = None,
) -> Contract:
    """A contract for the window ``stay`` that is yet to be written.

    :param lines: triples of a uuid for the line, the offer and the price.
    :param origin: how these prices were made.
    """
    return Contract(
        uuid=uuid,
        name=name,
        bid_uuid=bid_uuid,
        project_id=project_id,
        purpose=purpose,
        start_time=stay.start,
        end_time=stay.end,
        created_at=now,
        updated_at=now,
        lines=tuple(
            Line(
                uuid=line_uuid,
                contract_uuid=uuid,
                offer_uuid=sold.uuid,
                owner_id=sold.project_id,
                provider_id=sold.provider_id,
                resource_type=sold.resource_type,
                resource_uuid=sold.resource_uuid,
                resource_class=sold.resource_class,
                sublet_of=sold.sublet_of,
                project_id=project_id,
                start_time=stay.start,
                end_time=stay.end,
                price=price,
                price_rule=origin.rule,
                ask=sold.price,
                displaced=origin.displaced,
                round_uuid=origin.round_uuid,
                reclaim_notice=sold.reclaim_notice,
            )
            for line_uuid, sold, price in lines
        ),
    )


def overall(statuses: Iterable[Status]) -> Status:
    """The status of a contract whose lines have ``statuses``."""
    return min(statuses, key=_PRECEDENCE.index)
