# SPDX-License-Identifier: Apache-2.0
"""Whether the bills are what the contracts come to, to the last digit."""

import decimal
import fractions

from tools.checker import database

QUANTUM = decimal.Decimal('0.000001')


def violations(market, document, start, end):
    """Every difference between contracts and the document of GET /v1/usage.

    :param start, end: the period, aware UTC to the second, all of it past.
    """
    billed, totals = _billed(document)
    expected = {}
    for line in market.all_lines:
        if line.status == 'cancelled':
            continue
        if line.start_time >= end or line.end_time <= start:
            continue
        served, missed = _seconds(market, line, start, end)
        amount = _amount(line.price, served)
        for role, project in (('renter', line.project_id), ('owner', line.owner_id)):
            expected[project, role, line.uuid] = served, missed, amount
    for key in sorted(expected.keys() | billed.keys()):
        if expected.get(key) != billed.get(key):
            yield database.Violation(
                'usage',
                'line',
                key[2],
                f'{key[1]} {key[0]}: billed {_said(billed.get(key))}, '
                f'not {_said(expected.get(key))}',
            )
    yield from _sums(expected, totals)


def _sums(expected, totals):
    sums = {}
    for (project, role, _), (_, _, amount) in expected.items():
        sums[project, role] = sums.get((project, role), 0) + amount
    for key in sorted(sums.keys() | totals.keys()):
        if sums.get(key, 0) != totals.get(key, 0):
            yield database.Violation(
                'usage',
                'project',
                key[0],
                f'as {key[1]} in all {totals.get(key)}, not {sums.get(key)}',
            )


def _billed(document):
    lines, totals = {}, {}
    for group in document['usage']:
        party = group['project_id'], group['role']
        totals[party] = decimal.Decimal(group['amount'])
        for row in group['lines']:
            lines[(*party, row['line_uuid'])] = (
                row['server_seconds'],
                row['missed_seconds'],
                decimal.Decimal(row['amount']),
            )
    return lines, totals


def _said(figures):
    return 'nothing' if figures is None else '{} s, missed {} s, {}'.format(*figures)


def _seconds(market, line, start, end):
    """(served, missed): a second counts if it was promised, and served if it was."""
    first, last = max(line.start_time, start), min(line.end_time, end)
    promised = int((last - first).total_seconds())
    if line.fulfill_time is None:
        return 0, promised
    first = max(first, line.fulfill_time)
    last = min(last, line.expire_time or last)
    if first >= last:
        return 0, promised
    broken = sorted(
        (max(each.start_time, first), min(each.end_time or last, last))
        for each in market.interruptions[line.uuid]
    )
    lost, until = 0, first
    for begin, finish in broken:
        begin = max(begin, until)
        if begin < finish:
            lost += (finish - begin).total_seconds()
            until = finish
    served = int((last - first).total_seconds() - lost)
    return served, promised - served


def _amount(price, seconds):
    """price x hours, half to even at the sixth place, from the exact fraction."""
    millionths = fractions.Fraction(price) * seconds * 1_000_000 / 3600
    return (decimal.Decimal(round(millionths)) * QUANTUM).quantize(QUANTUM)
