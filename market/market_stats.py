# SPDX-License-Identifier: Apache-2.0
"""Sums over the market that name nobody: depth, prices and hardware. Pure."""

import collections
import dataclasses
import datetime
import decimal
import json
import statistics

from flocx.core import money
from flocx.core import usage
from flocx.core import window

#: A key of the hardware document with more values than this is given with some.
MOST_VALUES = 100


def book(supply, demand, tick_ratio, parties):
    """Supply and demand by resource class and price level.

    Prices are rounded by :func:`price_level`, asks up and ceilings down, so that
    a level never shows a better price than somebody has named, nor quite whose.
    Asks are known to everybody, ceilings are not: a level of ceilings has those of
    ``parties`` projects at least, and is lowered until it has. Where there are fewer
    of a class, nothing is shown.

    :param supply: triples of resource class, price and free windows of a server.
    :param demand: rows of resource_class, project_id, price, quantity, duration in
        seconds.
    :param tick_ratio: the distance of two levels as a part of the price, a Decimal.
    :returns: ``[{resource_class, supply: [level], demand: [level]}]``, a level being
        ``{price, servers, server_hours}``; the best price comes first.
    """
    classes = collections.defaultdict(lambda: (_levels(), _levels()))
    for resource_class, price, free in supply:
        level = price_level(price, tick_ratio, decimal.ROUND_CEILING)
        seconds = sum(each.seconds for each in free)
        _count(classes[resource_class][0][level], 1, seconds)
    for row in demand:
        level = price_level(row.price, tick_ratio, decimal.ROUND_FLOOR)
        counted = classes[row.resource_class][1][level]
        _count(counted, row.quantity, row.quantity * row.duration)
        counted['projects'].add(row.project_id)
    return [
        {
            'resource_class': name,
            'supply': _rendered(sorted(asks.items())),
            'demand': _rendered(_merged(ceilings, parties)),
        }
        for name, (asks, ceilings) in sorted(
            classes.items(), key=lambda item: item[0] or ''
        )
    ]


@dataclasses.dataclass(frozen=True)
class Fill:
    """Time of one server that was sold at one price, and served for ``seconds``.

    ``parties`` are the organisations that traded.
    """

    resource_class: str | None
    time: datetime.datetime
    price: decimal.Decimal
    seconds: int
    parties: tuple[str, str]


def delivered(sales, until):
    """What of ``sales`` was delivered before the moment ``until``, as Fills.

    :param sales: objects with ``line``, ``time``, ``parties`` and ``interruptions``.
    """
    for sale in sales:
        line = sale.line
        whole = window.Window(line.start_time, line.end_time)
        for used in usage.of_line(line, sale.interruptions, whole, until):
            if used.served:
                yield Fill(
                    resource_class=line.resource_class,
                    time=sale.time,
                    price=used.price,
                    seconds=used.served,
                    parties=sale.parties,
                )


def history(fills, interval, tick_ratio):
    """Fills by resource class and interval of time.

    Two parties that trade much count no more than others: each pair has one price, the
    mean of its fills weighted by the hours served, and the figures are of these. They
    are rounded to the levels of :func:`price_level`.

    :param interval: the length of an interval in seconds; intervals count from the
        epoch.
    :returns: ``[{resource_class, start_time, min, median, max, pairs, fills,
        server_hours}]``.
    """
    groups = collections.defaultdict(list)
    for fill in fills:
        groups[fill.resource_class, _interval(fill, interval)].append(fill)
    return [
        _summary(resource_class, start, rows, tick_ratio)
        for (resource_class, start), rows in sorted(
            groups.items(), key=lambda item: (item[0][1], item[0][0] or '')
        )
    ]


def single_fills(fills, interval, tick_ratio):
    """Each of ``fills`` as one of its interval: who made it stays unknown.

    :returns: ``[{resource_class, start_time, price, server_hours}]``.
    """
    return [
        {
            'resource_class': fill.resource_class,
            'start_time': window.text(window.of_timestamp(_interval(fill, interval))),
            'price': _nearest(fill.price, tick_ratio),
            'server_hours': hours(fill.seconds),
        }
        for fill in fills
    ]


def pair_prices(fills):
    """{parties: the mean price of their ``fills``, weighted by the time served}."""
    pairs = collections.defaultdict(list)
    for fill in fills:
        pairs[fill.parties].append(fill)
    return {
        parties: sum(fill.price * fill.seconds for fill in theirs)
        / sum(fill.seconds for fill in theirs)
        for parties, theirs in pairs.items()
    }


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


def price_level(price, ratio, rounding):
    """``price`` as a multiple of its tick, rounded as the constant of decimal says.

    The tick is 1, 2 or 5 times a power of ten: the largest that is no more than
    ``ratio`` of the price, and a millionth of a credit at least.
    """
    most = price * ratio
    if most <= money.QUANTUM:
        return price
    power = decimal.Decimal(1).scaleb(most.adjusted())
    tick = max(each * power for each in (1, 2, 5) if each * power <= most)
    return (price / tick).to_integral_value(rounding) * tick


def _merged(levels, parties):
    """Levels of ``parties`` projects at least, the best first, as pairs."""
    merged = []
    for price, level in sorted(levels.items(), reverse=True):
        if merged and len(merged[-1][1]['projects']) < parties:
            level = _together(merged.pop()[1], level)
        merged.append((price, level))
    if merged and len(merged[-1][1]['projects']) < parties:
        # Too few are left at the end: the level before is lowered to hold them.
        price, level = merged.pop()
        if merged:
            merged.append((price, _together(merged.pop()[1], level)))
    return merged


def _together(one, other):
    return {
        'servers': one['servers'] + other['servers'],
        'seconds': one['seconds'] + other['seconds'],
        'projects': one['projects'] | other['projects'],
    }


def _levels():
    return collections.defaultdict(
        lambda: {'servers': 0, 'seconds': 0, 'projects': set()}
    )


def _count(level, servers, seconds):
    level['servers'] += servers
    level['seconds'] += seconds


def _rendered(levels):
    return [
        {
            'price': money.text(price),
            'servers': level['servers'],
            'server_hours': hours(level['seconds']),
        }
        for price, level in levels
    ]


def _summary(resource_class, start, fills, tick_ratio):
    prices = pair_prices(fills).values()
    return {
        'resource_class': resource_class,
        'start_time': window.text(window.of_timestamp(start)),
        'min': _nearest(min(prices), tick_ratio),
        'median': _nearest(statistics.median(prices), tick_ratio),
        'max': _nearest(max(prices), tick_ratio),
        'pairs': len(prices),
        'fills': len(fills),
        'server_hours': hours(sum(fill.seconds for fill in fills)),
    }


def _nearest(price, tick_ratio):
    """The level nearest to ``price``, as the API writes it."""
    return money.text(price_level(price, tick_ratio, decimal.ROUND_HALF_EVEN))


def _interval(fill, length):
    """The start of the interval in which a fill was made, since the epoch."""
    return int(fill.time.timestamp()) // length * length
