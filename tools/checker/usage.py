# SPDX-License-Identifier: Apache-2.0
"""Whether the bills are what the contracts come to, to the last digit."""

import datetime
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
        for since, found in figures(market, line, start, end):
            for role, project in (
                ('renter', line.project_id),
                ('owner', line.owner_id),
            ):
                expected[project, role, line.uuid, since] = found
    for key in sorted(expected.keys() | billed.keys()):
        if expected.get(key) != billed.get(key):
            yield database.Violation(
                'usage',
                'line',
                key[2],
                f'{key[1]} {key[0]}: billed {_readable(billed.get(key))}, '
                f'not {_readable(expected.get(key))}',
            )
    yield from _sums(expected, totals)


def figures(market, line, start, end):
    """The start of each segment, and (served, missed, notice, amount) of it."""
    if line.status == 'cancelled':
        yield from _notice(line, start, end)
        return
    for since, until, price in database.segments(line):
        first, last = max(since, start), min(until, end)
        if first < last:
            served, missed = _seconds(market, line, first, last)
            # A part of the time costs what it adds, so that parts come to the whole.
            before = _seconds(market, line, since, first)[0] if since < first else 0
            amount = _amount(price, before + served) - _amount(price, before)
            yield _text(since), (served, missed, 0, amount)


def _notice(line, start, end):
    if line.expire_time and start <= line.expire_time < end:
        over = line.start_time + datetime.timedelta(seconds=line.notice_seconds)
        for since, until, price in database.segments(line):
            seconds = int((min(until, over) - since).total_seconds())
            if seconds > 0:
                yield _text(since), (0, 0, seconds, _amount(price, seconds))


def _text(moment):
    return f'{moment:%Y-%m-%dT%H:%M:%SZ}'


def _sums(expected, totals):
    sums = {}
    for (project, role, *_), (*_, amount) in expected.items():
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
            lines[(*party, row['line_uuid'], row['start_time'])] = (
                row['server_seconds'],
                row['missed_seconds'],
                row['notice_seconds'],
                decimal.Decimal(row['amount']),
            )
    return lines, totals


def _readable(figures):
    if figures is None:
        return 'nothing'
    return '{} s, missed {} s, notice {} s, {}'.format(*figures)


def _seconds(market, line, first, last):
    """(served, missed) of what was promised from ``first`` to ``last``."""
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
