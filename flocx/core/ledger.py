# SPDX-License-Identifier: Apache-2.0
"""The rules of the ledger: accounts, the transfers between them, and what is held.

The ledger is kept by double entry: each transfer takes an amount of one account, its
``debit``, and gives it to another one, its ``credit``, so that all balances together
are always zero. Transfers are only ever added. What a bid or a contract may still cost
is held: it is transferred to the account of holds on behalf of its ``holder``, and back
when it is paid or costs no more (two-phase transfers, as TigerBeetle has them:
https://docs.tigerbeetle.com/coding/two-phase-transfers/).
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import datetime
import decimal
import enum
import functools
import re
from typing import Any
import uuid

from flocx import exceptions
from flocx.core import bid
from flocx.core import contract
from flocx.core import money
from flocx.core import usage
from flocx.core import window

ZERO = decimal.Decimal(0)

#: What the uuids of accounts are made of, so that they are known without being read.
_NAMESPACE = uuid.UUID('5b3b1f0a-7a0c-5d2e-9c5e-6f0f7f9f2b11')
_MONTH = re.compile(r'[0-9]{4}-(0[1-9]|1[0-2])')


class AccountType(enum.StrEnum):
    """Whose an account is: credits come from the operator's, which is below zero."""

    PROJECT = 'project'
    ORGANISATION = 'organisation'
    OPERATOR = 'operator'
    HOLDS = 'holds'


class TransferType(enum.StrEnum):
    """Why credits are transferred."""

    GRANT = 'grant'
    LAPSE = 'lapse'
    TRANSFER = 'transfer'
    HOLD = 'hold'
    RELEASE = 'release'
    USAGE = 'usage'
    CORRECTION = 'correction'


#: What is booked of the time that servers have served.
BILLED = (TransferType.USAGE, TransferType.CORRECTION)


@functools.lru_cache(10_000)
def account_uuid(account_type: AccountType, owner: str | None = None) -> str:
    """The uuid of the account of a project or organisation, or of a type's only one."""
    return str(uuid.uuid5(_NAMESPACE, f'{account_type}:{owner or ""}'))


OPERATOR = account_uuid(AccountType.OPERATOR)
HOLDS = account_uuid(AccountType.HOLDS)


def project_account(project_id: str) -> str:
    """The uuid of the account of a project."""
    return account_uuid(AccountType.PROJECT, project_id)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a project or organisation, ``project_id``, has, in credits to 6 places.

    ``balance`` can be spent, down to minus the ``overdraft``; ``held`` is with the
    account of holds on its behalf. ``notified`` is what its owner was told last.
    """

    uuid: str
    type: AccountType
    project_id: str | None
    balance: decimal.Decimal = ZERO
    held: decimal.Decimal = ZERO
    overdraft: decimal.Decimal = ZERO
    notified: str | None = None
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """``amount`` credits from the account ``debit`` to the account ``credit``.

    ``month`` is the one that it is booked in. ``holder`` is the account on behalf of
    which credits are held, or are no longer. ``idempotency_key`` names what must not be
    booked twice. Of usage ``period`` is the month in which it was served and
    ``details`` what it is made of; a correction ``corrects`` the transfer of that uuid.
    ``within_limit`` says that the debit account was not to fall below its limit.
    """

    uuid: str
    type: TransferType
    debit: str
    credit: str
    amount: decimal.Decimal
    month: str
    time: datetime.datetime
    holder: str | None = None
    idempotency_key: str | None = None
    reason: str | None = None
    object_type: str | None = None
    object_uuid: str | None = None
    contract_uuid: str | None = None
    period: str | None = None
    corrects: str | None = None
    details: Mapping[str, Any] | None = None
    within_limit: bool = False
    user_id: str | None = None


@dataclasses.dataclass(slots=True)
class Change:
    """What transfers come to for one account."""

    balance: decimal.Decimal = ZERO
    held: decimal.Decimal = ZERO


def changes(transfers: Iterable[Transfer]) -> dict[str, Change]:
    """{account: what ``transfers`` change of its balance and of what is held for it}.

    The account of holds has no balance of its own: it is what is held for all others.
    """
    found: dict[str, Change] = collections.defaultdict(Change)
    for each in transfers:
        for account, amount in ((each.debit, -each.amount), (each.credit, each.amount)):
            if account != HOLDS:
                found[account].balance += amount
            else:
                found[each.holder or HOLDS].held += amount
    return dict(found)


def amount(value: object, field: str = 'amount') -> decimal.Decimal:
    """A positive number of credits.

    :raises Invalid: it is no such number, too large or too fine, or nothing.
    """
    found = money.price(value, field)
    if not found:
        raise exceptions.Invalid(f'{field}: it is not more than 0')
    return found


def month(moment: datetime.datetime) -> str:
    """The month of ``moment``, in UTC, as ``2026-11``."""
    utc = moment.astimezone(datetime.UTC)
    return f'{utc.year:04}-{utc.month:02}'


def parse_month(value: str, field: str = 'month') -> str:
    """``value``, if it is a month like ``2026-11``.

    :raises Invalid: it is none.
    """
    if not _MONTH.fullmatch(value):
        raise exceptions.Invalid(f'{field}: {value!r} is not a month such as 2026-11')
    if not window.FIRST_YEAR <= int(value[:4]) <= window.LAST_YEAR:
        raise exceptions.Invalid(
            f'{field}: the year is not in {window.FIRST_YEAR}..{window.LAST_YEAR}'
        )
    return value


def month_window(value: str) -> window.Window:
    """The time of a month like ``2026-11``."""
    year, number = int(value[:4]), int(value[5:])
    start = datetime.datetime(year, number, 1, tzinfo=datetime.UTC)
    later = start + datetime.timedelta(days=31)
    return window.Window(start, later.replace(day=1))


def next_month(value: str) -> str:
    """The month after ``value``."""
    return month(month_window(value).end)


def months(first: datetime.datetime, last: datetime.datetime) -> list[str]:
    """The months from that of ``first`` to that of ``last``."""
    found, end = [month(first)], month(last)
    while found[-1] < end:
        found.append(next_month(found[-1]))
    return found


def most(price: decimal.Decimal, quantity: int, duration: int) -> decimal.Decimal:
    """What ``quantity`` servers cost at most, each for ``duration`` seconds."""
    return quantity * money.amount(price, duration)


def most_of_bid(wanted: bid.Bid) -> decimal.Decimal:
    """What a bid costs at most: its ceiling, for each server and its duration.

    Of a bid with alternatives that is the dearest of them, and of a bundle all parts.
    """
    return max(
        sum(
            (most(load.price, load.quantity, load.duration) for load in each.loads),
            ZERO,
        )
        for each in wanted.terms
    )


def most_of_line(line: contract.Line) -> decimal.Decimal:
    """What ``line`` costs if it is served for all of its time."""
    return sum(
        (money.amount(price, stay.seconds) for stay, price in line.segments), ZERO
    )


def to_hold(line: contract.Line) -> decimal.Decimal:
    """What ``line`` may still cost beyond what was charged for it."""
    return max(most_of_line(line) - line.charged, ZERO)


def first_moment(line: contract.Line) -> datetime.datetime:
    """Before this ``line`` comes to nothing: it may be cancelled before it begins."""
    return min(line.start_time, line.expire_time or line.start_time)


@dataclasses.dataclass(frozen=True, slots=True)
class Charge:
    """What the time of a line that has one price comes to in one month."""

    period: str
    used: usage.Usage


def charges(
    line: contract.Line,
    interruptions: Iterable[window.Window],
    now: datetime.datetime,
    only: str | None = None,
) -> list[Charge]:
    """What is due of ``line`` for each month until ``now``, without what is nothing.

    :param only: a month, where the others are not asked for.
    """
    broken = list(interruptions)
    wanted = [only] if only else months(min(first_moment(line), now), now)
    return [
        Charge(each, used)
        for each in wanted
        for used in usage.of_line(line, broken, month_window(each), now)
        if used.amount
    ]


def lapsing(
    granted: decimal.Decimal, spent: decimal.Decimal, balance: decimal.Decimal
) -> decimal.Decimal:
    """What lapses of credits that were ``granted`` for a month that is over.

    :param spent: what the account has held, paid and handed on in that month, less
        what came back of it. Credits that lapse are spent before others.
    """
    return max(ZERO, min(granted - max(spent, ZERO), balance))


def level(account: Account, low: decimal.Decimal) -> str | None:
    """``exhausted``, ``low`` or None: what the owner of ``account`` is to be told.

    :param low: credits below which a balance is low.
    """
    left = account.balance + account.overdraft
    if left <= 0:
        return 'exhausted'
    return 'low' if account.balance < low else None
