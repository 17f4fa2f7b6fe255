# SPDX-License-Identifier: Apache-2.0
"""Usage in groups: what was spent on what, and when. Pure."""

import collections
import dataclasses
import decimal

from flocx.core import ledger
from flocx.core import money
from flocx.core import usage
from flocx.core import window
from market import market_stats

#: What usage is grouped by, and the group of a line as its renter or owner sees it.
_OF_LINE = {
    'class': lambda line, role: line.resource_class,
    'server': lambda line, role: line.resource_uuid,
    'project': lambda line, role: _party(line, role),
    'partner': lambda line, role: (
        line.owner_id if role == 'renter' else line.project_id
    ),
}
KEYS = (*_OF_LINE, 'month')


@dataclasses.dataclass
class _Sum:
    seconds: int = 0
    missed: int = 0
    amount: decimal.Decimal = ledger.ZERO


def grouped(lines, by, project_id, period, now):
    """Sums of usage, JSON, by role and then by the amount, the largest first.

    :param lines: pairs of a line and its interruptions.
    :param by: one of ``KEYS``.
    :param project_id: whose usage; None for that of all.
    """
    sums = collections.defaultdict(_Sum)
    for line, broken in lines:
        for part in _parts(by, line, period, now):
            for used in usage.of_line(line, broken, part, now):
                for role in ('renter', 'owner'):
                    if project_id in (None, _party(line, role)):
                        found = sums[role, _group(by, line, role, part)]
                        found.seconds += used.served
                        found.missed += used.missed
                        found.amount += used.amount
    return [
        {
            'role': role,
            by: group,
            'server_seconds': found.seconds,
            'server_hours': market_stats.hours(found.seconds),
            'missed_seconds': found.missed,
            'missed_hours': market_stats.hours(found.missed),
            'amount': money.text(found.amount),
        }
        for (role, group), found in sorted(
            sums.items(), key=lambda item: _order(by, *item)
        )
        if found.seconds or found.missed or found.amount
    ]


def _order(by, key, found):
    """Months come in their order, all else with the largest amount first."""
    role, group = key
    rank = 0 if by == 'month' else -found.amount
    return role != 'renter', rank, group or ''


def _parts(by, line, period, now):
    """The windows of which each is summed up for itself.

    Months only in which ``line`` can have come to anything: a period may be thousands
    of years.
    """
    if by != 'month':
        return [period]
    first = max(ledger.first_moment(line), period.start)
    last = min(now, period.end - window.SECOND)
    months = ledger.months(first, last) if first <= last else ()
    return [
        window.Window(max(each.start, period.start), min(each.end, period.end))
        for each in map(ledger.month_window, months)
    ]


def _group(by, line, role, part):
    if by == 'month':
        return ledger.month(part.start)
    return _OF_LINE[by](line, role)


def _party(line, role):
    return line.project_id if role == 'renter' else line.owner_id
