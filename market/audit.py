# SPDX-License-Identifier: Apache-2.0
"""What looks like gaming of the market, by stated rules, for people to judge. Pure.

Each rule has honest explanations too, so that nothing follows from a finding by itself.
"""

import collections
import dataclasses
import decimal
import statistics

from flocx.core import money
from market import market_stats

#: A price this many times above, or below, the median of its class is far from it.
FAR = 3
#: Fewest organisations with a price in a class for a median that says anything.
FEWEST_PAIRS = 3
#: How many server-hours somebody gives back before they begin, or a part of them.
MANY_HOURS, LARGE_PART = 24, decimal.Decimal('0.5')
#: How many contract lines an owner takes back or interrupts, or a part of theirs.
MANY_LINES, NOTABLE_PART = 5, decimal.Decimal('0.25')
#: How often somebody changes one bid, or the ask of one offer.
OFTEN = 5


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a rule has found of a project, and of the other party where there is one.

    ``count`` and ``server_hours`` say how much of it there is, ``detail`` what.
    """

    rule: str
    project_id: str
    other_project_id: str | None
    resource_class: str | None
    count: int
    server_hours: str
    detail: str


def findings(trades, cancelled, reserved, taken_back, bids, offers):
    """All findings, by rule, with the most server-hours first.

    :param trades: objects with ``owner_id``, ``renter_id``, ``parties`` (their
        organisations), ``resource_class``, ``price`` and ``seconds`` of lines made.
    :param cancelled: {project: (count, seconds)} given back before they began.
    :param reserved: {project: seconds} of lines made ahead of their time.
    :param taken_back: {owner: (lines that they have reclaimed or interrupted with
        planned outages, all of their lines, seconds of the outages)}.
    :param bids: {(project, resource class): the most changes of one bid}.
    :param offers: {(project, resource class): the most changes of one offer's ask}.
    """
    found = [
        *_within_organisation(trades),
        *_both_ways(trades),
        *_far_prices(trades),
        *_squatting(cancelled, reserved),
        *_taking_back(taken_back),
        *_probing('probing_bids', 'ceiling of a bid', bids),
        *_probing('probing_asks', 'ask of an offer', offers),
    ]
    return sorted(
        found, key=lambda each: (each.rule, -decimal.Decimal(each.server_hours))
    )


def _finding(rule, trades, detail):
    """A Finding about the two parties of ``trades``."""
    first = trades[0]
    return Finding(
        rule=rule,
        project_id=first.owner_id,
        other_project_id=first.renter_id,
        resource_class=first.resource_class,
        count=len(trades),
        server_hours=market_stats.hours(sum(each.seconds for each in trades)),
        detail=detail,
    )


def _grouped(trades, key):
    groups = collections.defaultdict(list)
    for trade in trades:
        groups[key(trade)].append(trade)
    return groups


def _projects(trade):
    return trade.owner_id, trade.renter_id, trade.resource_class or ''


def _within_organisation(trades):
    """An organisation that buys from itself what is on offer to all."""
    own = [each for each in trades if len(set(each.parties)) == 1]
    for theirs in _grouped(own, _projects).values():
        yield _finding(
            'within_organisation',
            theirs,
            'an organisation trades with itself, though others could have had the '
            'servers',
        )


def _both_ways(trades):
    """Two organisations that rent servers of one class from each other."""
    groups = _grouped(
        (each for each in trades if len(set(each.parties)) == 2),
        lambda each: (each.resource_class or '', each.parties),
    )
    for (resource_class, (owner, renter)), theirs in sorted(groups.items()):
        if (resource_class, (renter, owner)) in groups:
            yield _finding(
                'both_ways',
                theirs,
                'the organisations of these projects rent servers of this class from '
                'each other',
            )


def _far_prices(trades):
    """Two organisations whose price is far from that of the others."""
    for theirs in _grouped(trades, lambda each: each.resource_class or '').values():
        prices = market_stats.pair_prices(theirs)
        if len(prices) < FEWEST_PAIRS:
            continue
        middle = statistics.median(prices.values())
        for parties, price in sorted(prices.items()):
            if price > FAR * middle or FAR * price < middle:
                yield _finding(
                    'far_price',
                    [each for each in theirs if each.parties == parties],
                    f'{money.text(price)} per hour, where the median of '
                    f'the class is {money.text(middle)}',
                )


def _squatting(cancelled, reserved):
    """A project that gives back much of what it has kept from others."""
    for project, (count, seconds) in sorted(cancelled.items()):
        whole = max(reserved.get(project, 0), seconds)
        if seconds >= MANY_HOURS * 3600 and seconds >= LARGE_PART * whole:
            yield Finding(
                rule='squatting',
                project_id=project,
                other_project_id=None,
                resource_class=None,
                count=count,
                server_hours=market_stats.hours(seconds),
                detail=f'gave back {round(100 * seconds / whole)} % of the time that '
                'it had reserved ahead',
            )


def _taking_back(taken_back):
    """An owner whose contracts often do not last for as long as they were sold for."""
    for project, (count, total, seconds) in sorted(taken_back.items()):
        if count >= MANY_LINES and count >= NOTABLE_PART * total:
            yield Finding(
                rule='taking_back',
                project_id=project,
                other_project_id=None,
                resource_class=None,
                count=count,
                server_hours=market_stats.hours(seconds),
                detail=f'reclaimed, or interrupted with planned outages, {count} of '
                f'{total} servers that were rented out',
            )


def _probing(rule, what, changes):
    """A project that changes a price again and again until somebody takes it."""
    for (project, resource_class), count in sorted(
        changes.items(), key=lambda item: (item[0][0], item[0][1] or '')
    ):
        if count >= OFTEN:
            yield Finding(
                rule=rule,
                project_id=project,
                other_project_id=None,
                resource_class=resource_class,
                count=count,
                server_hours=market_stats.hours(0),
                detail=f'changed the {what} {count} times, as who looks for the price '
                'of others by trying does',
            )
