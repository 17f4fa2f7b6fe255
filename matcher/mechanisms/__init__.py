# SPDX-License-Identifier: Apache-2.0
"""How the market is cleared: who gets what, and what it costs.

An allocation and a pricing are each a small class, found through the entry
points ``flocx.mechanisms.allocation`` and ``flocx.mechanisms.pricing`` and chosen
by options. They are pure and deterministic: the same book and the same budget of
moves give the same result.
"""

import abc
from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import decimal
import time
import typing

from flocx.core import offer as offer_core
from flocx.core import window
from matcher import book as matcher_book


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much an allocation may try.

    With ``moves`` alone a result depends on nothing but book and ``seed``; how
    far one comes within ``seconds`` depends on the machine too. ``prices`` are those
    of an earlier round of much the same market, to begin with.
    """

    seconds: float | None = 10.0
    moves: int | None = None
    seed: int = 1
    clock: Callable[[], float] = time.monotonic
    progress: Callable[[str, float], None] | None = None
    prices: 'Prices | None' = None


class Prices(typing.Protocol):
    """What time is worth, by kind of offer, at the end of a round."""

    def rate(
        self, offer: offer_core.Offer, stay: window.Window
    ) -> decimal.Decimal | None:
        """Per hour, on average over ``stay``; None for an offer nobody asked for."""

    def summary(self) -> list[dict[str, object]]:
        """For people, to be kept with the round."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Allotment:
    """Awards that can all be kept.

    ``welfare`` is what the bids offer for them beyond what the owners ask, in
    credits; no other awards can come to more than ``upper_bound``, if that is
    known. ``always_best`` says that the allocation gives the best awards or refuses,
    whatever is offered, so that this tells nothing of any ceiling.
    """

    awards: Sequence[matcher_book.Award]
    welfare: decimal.Decimal
    upper_bound: decimal.Decimal | None = None
    prices: Prices | None = None
    moves: int = 0
    always_best: bool = False

    @property
    def exact(self) -> bool:
        """Whether it is proved that nothing better exists."""
        return self.upper_bound == self.welfare


class Refused(Exception):
    """A mechanism does not do what is asked of it; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What an operator may set of a mechanism: an option of ``[matcher]``.

    :ivar parse: gives the value of a text, or raises ValueError; its name says in the
        sample of the configuration what kind of value it is.
    :ivar help: unit, effect, and why the default is what it is.
    """

    name: str
    parse: Callable[[str], object]
    default: object
    help: str
    deprecated_name: str | None = None


class Mechanism(abc.ABC):
    """One file and one entry point: options are made of ``PARAMETERS``.

    ``flocx-matcher-clear`` and ``flocx-matcher-simulate`` take them as ``--parameter
    NAME=VALUE``.
    """

    NAME: str
    DESCRIPTION: str
    PARAMETERS: tuple[Parameter, ...] = ()

    @classmethod
    def from_conf(cls, conf: typing.Any) -> typing.Self:
        """The mechanism that the group ``matcher`` of ``conf`` configures.

        By default each parameter is the argument of the same name.
        """
        names = [parameter.name for parameter in cls.PARAMETERS]
        return cls(**{name: getattr(conf.matcher, name) for name in names})


class Allocation(Mechanism):
    """Decides which bid gets which offers, and when.

    ``DISPLACES`` says that it also decides what firm bids displace; of others'
    awards that is decided afterwards (``displacement``).
    """

    DISPLACES: bool = False

    @abc.abstractmethod
    def allocate(self, book: matcher_book.Book, budget: Budget) -> Allotment:
        """Awards that can all be kept; ``book`` stays as it is."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What each offer of each award costs, and what its owner gets, per hour.

    Awards that a rule cannot keep are not among ``awards``. ``balance`` is what
    the market keeps, in credits; a deficit is below zero. Where the rule rests on them,
    ``displaced`` says of each award what other bids would have added to welfare in
    its time, per server and hour.
    """

    awards: Sequence[matcher_book.Award]
    pays: Sequence[tuple[decimal.Decimal, ...]]
    gets: Sequence[tuple[decimal.Decimal, ...]]
    balance: decimal.Decimal = decimal.Decimal(0)
    displaced: Sequence[decimal.Decimal] | None = None


class Pricing(Mechanism):
    """Decides what each server of an award costs.

    ``BALANCED`` says that whatever a renter pays, the owner gets. Only then can
    it be written into a contract, which has one price for both; other rules are
    for studies.
    """

    BALANCED: bool = True

    @abc.abstractmethod
    def settle(self, book: matcher_book.Book, allotment: Allotment) -> Settlement:
        """Rates never below what the owner asks nor above what the bid offers.

        :raises Refused: the rule's assumptions do not hold in this market.
        """


def at_one_price(
    awards: Sequence[matcher_book.Award],
    rate: Callable[[matcher_book.Award, offer_core.Offer], decimal.Decimal],
) -> Settlement:
    """The settlement in which owners get what renters pay."""
    rates = [tuple(rate(award, offer) for offer in award.offers) for award in awards]
    return Settlement(awards=awards, pays=rates, gets=rates)
