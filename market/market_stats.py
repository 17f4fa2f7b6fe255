# SPDX-License-Identifier: Apache-2.0
"""Sums over the market that name nobody: depth, prices and hardware. Pure."""

import collections
import decimal
import json

from flocx.core import money
from flocx.core import window

#: A key of the hardware document with more values than this is given with some.
MOST_VALUES = 100


def book(supply, demand, tick):
    """Supply and demand by resource class and price level.

    Prices are rounded to multiples of ``tick``, asks up and ceilings down, so that
    a level never shows a better price than somebody has named, nor quite whose.

    :param supply: triples of resource class, price and free windows of a server.
    :param demand: rows of resource_class, price, quantity, duration in seconds.
    :returns: ``[{resource_class, supply: [level], demand: [level]}]``, a level being
        ``{price, servers, server_hours}``; the best price comes first.
    """
    classes = collections.defaultdict(lambda: (_levels(), _levels()))
    for resource_class, price, free in supply:
        level = _level(price, tick, decimal.ROUND_CEILING)
        seconds = sum(each.seconds for each in free)
        _count(classes[resource_class][0][level], 1, seconds)
    for row in demand:
        level = _level(row.price, tick, decimal.ROUND_FLOOR)
        _count(
            classes[row.resource_class][1][level],
            row.quantity,
            row.quantity * row.duration,
        )
    return [
        {
            'resource_class': name,
            'supply': _rendered(asks, best_first=min),
            'demand': _rendered(ceilings, best_first=max),
        }
        for name, (asks, ceilings) in sorted(
            classes.items(), key=lambda item: item[0] or ''
        )
    ]


def history(fills, interval):
    """Fills by resource class and interval of time.

    :param fills: rows of resource_class, time, price, start_time, end_time.
    :param interval: the length of an interval in seconds; intervals count from the
        epoch.
    :returns: ``[{resource_class, start_time, min, median, max, fills,
        server_hours}]``; the median is that of the fills, each counting once.
    """
    groups = collections.defaultdict(list)
    for row in fills:
        groups[row.resource_class, _interval(row, interval)].append(row)
    return [
        _summary(resource_class, start, rows)
        for (resource_class, start), rows in sorted(
            groups.items(), key=lambda item: (item[0][1], item[0][0] or '')
        )
    ]


def fills(rows, interval):
    """Each of the fills ``rows`` as one of its interval: who made it stays unknown.

    :returns: ``[{resource_class, start_time, price, server_hours}]``.
    """
    return [
        {
            'resource_class': row.resource_class,
            'start_time': window.text(window.of_timestamp(_interval(row, interval))),
            'price': money.text(row.price),
            'server_hours': hours(_seconds(row)),
        }
        for row in rows
    ]


def hours(seconds):
    """Seconds in hours, as the API writes numbers: with six places."""
    return money.text(decimal.Decimal(seconds) / money.SECONDS_PER_HOUR)


def properties(documents):
    """Which expressions into the hardware documents find what.

    :param documents: pairs of a document and the number of offers that have it.
    :returns: ``[{expression, type, offers, values}]``: of how many offers, and which
        values; numbers as their least and greatest.
    """
    found = collections.defaultdict(collections.Counter)
    counts = collections.Counter()
    for document, offers in documents:
        leaves = set(_leaves(document, ''))
        for expression, value in leaves:
            found[expression][value] += offers
        # Of a list one document has several values, and is one offer all the same.
        for expression in {expression for expression, _ in leaves}:
            counts[expression] += offers
    return [
        {'expression': expression, 'offers': counts[expression], **_described(values)}
        for expression, values in sorted(found.items())
    ]


def _leaves(value, path):
    """Pairs of a JMESPath expression and a scalar that it finds."""
    if isinstance(value, dict):
        for name, each in value.items():
            plain = name.isidentifier() and name.isascii()
            key = name if plain else json.dumps(name)
            yield from _leaves(each, f'{path}.{key}' if path else key)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, f'{path}[]')
    elif value is not None:
        yield path, value


def _described(values):
    numbers = [
        each
        for each in values
        if isinstance(each, int | float) and not isinstance(each, bool)
    ]
    if len(numbers) == len(values):
        return {'type': 'number', 'min': min(numbers), 'max': max(numbers)}
    kind = 'boolean' if all(isinstance(each, bool) for each in values) else 'string'
    texts = sorted(values, key=lambda each: (-values[each], str(each)))
    return {'type': kind, 'values': texts[:MOST_VALUES]}


def _levels():
    return collections.defaultdict(lambda: {'servers': 0, 'seconds': 0})


def _level(price, tick, rounding):
    return (price / tick).to_integral_value(rounding) * tick


def _count(level, servers, seconds):
    level['servers'] += servers
    level['seconds'] += seconds


def _rendered(levels, best_first):
    return [
        {
            'price': money.text(price),
            'servers': level['servers'],
            'server_hours': hours(level['seconds']),
        }
        for price, level in sorted(levels.items(), reverse=best_first is max)
    ]


def _summary(resource_class, start, rows):
    prices = sorted(row.price for row in rows)
    middle = len(prices) // 2
    median = (
        prices[middle] if len(prices) % 2 else (prices[middle - 1] + prices[middle]) / 2
    )
    return {
        'resource_class': resource_class,
        'start_time': window.text(window.of_timestamp(start)),
        'min': money.text(prices[0]),
        'median': money.text(median),
        'max': money.text(prices[-1]),
        'fills': len(rows),
        'server_hours': hours(sum(map(_seconds, rows))),
    }


def _interval(row, length):
    """The start of the interval in which a fill was made, since the epoch."""
    return int(row.time.timestamp()) // length * length


def _seconds(row):
    return int((row.end_time - row.start_time).total_seconds())
