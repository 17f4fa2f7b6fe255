# SPDX-License-Identifier: Apache-2.0
"""What --dry-run shows of what changes contracts and their bills."""

import decimal

from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import costs
from flocxclient.osc import times

#: The amount is by how much the contract comes to more, or less if it is negative.
ENDING = ('name', 'status', 'end_time', 'new_end_time', 'amount')
OUTAGE = ('offer', 'start_time', 'end_time', 'contracts', 'amount')
DECISION = ('project_id', 'other_project_id', 'amount')
GIVING = ('project_id', 'start_time', 'end_time', 'price', 'reclaim_notice')
#: What is over is billed for no more time.
CLOSED = ('ended', 'cancelled')


def add_dry_run(parser, what):
    """The option ``--dry-run``; ``what`` says what it shows."""
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help=_('Show {what}, and change nothing.').format(what=what),
    )


def ending(show, before, after):
    """What becomes of a contract, as values of ``ENDING``.

    :param after: the contract as it would be.
    """
    amount = total(after) - total(before)
    return (
        before.name or before.uuid,
        after.status,
        show.column('Time', before.end_time),
        show.column('Time', after.end_time),
        show.column('Money', f'{amount:.6f}'),
    )


def giving(show, contract):
    """The contract that a gift would be, as values of ``GIVING``."""
    (line,) = contract.lines
    return (
        show.column('Project', contract.project_id),
        show.column('Time', contract.start_time),
        show.column('Time', contract.end_time),
        show.column('Money', line['price']),
        show.column('Duration', line['reclaim_notice']),
    )


def outage(show, offer, contracts, start, end):
    """What an outage of a server takes from the bills, as values of ``OUTAGE``.

    :param contracts: those that have the server in that time.
    :param start: of the outage, a text of the API, as ``end``.
    """
    window = times.parse(start), times.parse(end)
    amount = sum(
        _amount(line, *window)
        for contract in contracts
        for line in contract.lines
        if line['resource_uuid'] == offer.resource_uuid and line['status'] not in CLOSED
    )
    return (
        offer.name or offer.uuid,
        show.column('Time', start),
        show.column('Time', end),
        columns.Names([each.name or each.uuid for each in contracts]),
        show.column('Money', f'{-amount:.6f}'),
    )


def decision(show, dispute, amount):
    """Who gets what from whom if a dispute is decided so, as values of ``DECISION``."""
    return (
        show.column('Project', dispute.project_id),
        show.column('Project', dispute.other_project_id),
        show.column('Money', f'{decimal.Decimal(amount):.6f}'),
    )


def total(contract):
    """What a contract comes to if all of its time is served."""
    return sum(map(_amount, contract.lines), decimal.Decimal(0))


def _amount(line, first=None, last=None):
    """What a line comes to, or its time between two moments does."""
    if line['status'] == 'cancelled':
        seconds = decimal.Decimal(line['notice_seconds'] or 0)
        return decimal.Decimal(line['price']) * seconds / 3600
    amount = decimal.Decimal(0)
    for each in line['price_segments']:
        start, end = (times.parse(each[name]) for name in ('start_time', 'end_time'))
        if first is not None:
            start, end = max(start, first), min(end, last)
        if start < end:
            amount += costs.amount(each['price'], start, end)
    return amount
