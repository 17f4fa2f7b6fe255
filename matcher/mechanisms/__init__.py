# SPDX-License-Identifier: Apache-2.0
"""How the market is cleared: who gets what, and what it costs.

An allocation and a pricing are each a small class, found through the entry
points ``flocx.mechanisms.allocation`` and ``flocx.mechanisms.pricing`` and chosen
by options. They are pure and deterministic: the same book gives the same result.
"""

import abc
from collections.abc import Sequence
import decimal

from matcher import book as matcher_book


class Allocation(abc.ABC):
    """Decides which bid gets which offers, and when."""

    NAME: str
    DESCRIPTION: str

    @abc.abstractmethod
    def allocate(self, book: matcher_book.Book) -> list[matcher_book.Award]:
        """Awards that can all be kept; the book has given their time away."""


class Pricing(abc.ABC):
    """Decides what each server of an award costs."""

    NAME: str
    DESCRIPTION: str

    @abc.abstractmethod
    def prices(
        self, book: matcher_book.Book, awards: Sequence[matcher_book.Award]
    ) -> list[tuple[decimal.Decimal, ...]]:
        """For each award the rate of each of its offers, per server and hour.

        A rate is never below what the owner asks nor above what the bid offers.
        """
