# SPDX-License-Identifier: Apache-2.0
"""What a bid would get and pay now, if it were placed and nothing else moved.

It rests on what is on offer and free, and on the bid itself. No other bid is looked at:
those that wait have been given what they could have. So no number of quotes tells
anything of what others bid.
"""

import dataclasses
import datetime
import decimal
import itertools
import typing

import numpy as np

from flocx.core import asks
from flocx.core import bid as bid_core
from flocx.core import money
from flocx.core import window
from matcher import book as matcher_book
from matcher import diagnostics
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import native
from matcher.mechanisms import whole_blocks

#: The steps of a calendar, in seconds, and the most starts that one shows.
STEPS = {'hour': 3600, 'day': 86400}
MOST_STARTS = 1000

_SECOND = datetime.timedelta(seconds=1)
_ANY_PRICE = money.LIMIT - money.QUANTUM


@dataclasses.dataclass(frozen=True)
class Question:
    """A bid, or one without a ceiling, and a step of ``STEPS`` for a calendar."""

    bid: bid_core.Bid
    priced: bool = True
    calendar: str | None = None

    @classmethod
    def of(cls, payload):
        """What a message asks: the market's JSON of a bid, with ``lineage``.

        ``price`` is null where the bid names no ceiling; ``calendar`` may be missing.
        """
        fields = {field.name for field in dataclasses.fields(bid_core.Bid)}
        values = {name: value for name, value in payload.items() if name in fields}
        for name in ('start_time', 'end_time', 'created_at', 'updated_at'):
            values[name] = window.instant(values[name], name)
        priced = values.get('price') is not None
        values['price'] = money.price(values['price']) if priced else _ANY_PRICE
        values['lineage'] = tuple(values['lineage'])
        values['requirements'] = tuple(map(tuple, values['requirements']))
        values['alternatives'] = tuple(
            map(bid_core.Alternative.of, values.get('alternatives') or ())
        )
        values['parts'] = tuple(map(bid_core.Part.of, values.get('parts') or ()))
        return cls(bid_core.Bid(**values), priced, payload.get('calendar'))


class _Places(typing.NamedTuple):
    """A stay may begin in [``low[n]``, ``high[n]``] on a server that asks ``ask[n]``.

    In seconds from the book's now and in micro-credits; by ``group``, where the bid
    asks for one, and the cheapest of each come first. Of group ``group[n]`` it is of
    ``spread[n]``, of which a bid may have ``most`` servers. It is sold with all of
    ``block[n]``, which are ``size[n]``; -1 is alone.
    """

    low: native.Ints
    high: native.Ints
    ask: native.Ints
    group: native.Ints
    spread: native.Ints
    block: native.Ints
    size: native.Ints
    most: int


def quote(book, clear, question):
    """What the bid of ``question`` would get; nothing is written.

    :param book: the market; its bids do not count.
    :param clear: given a book, returns pairs of an award and its rates.
    :returns: the answer of ``POST /v1/quotes``, a dictionary.
    """
    options = question.bid.options
    try:
        answers = [_answer(book, clear, question, option) for option in options]
        if len(options) == 1:
            return answers[0] | {'alternative': None, 'alternatives': []}
        return _of_several(book, clear, question, answers)
    finally:
        # The book stays, and need not remember all that was ever asked.
        book.forget(question.bid)


def _of_several(book, clear, question, answers):
    """The answer to a bid with alternatives, given the one to each of them."""
    chosen = None
    if question.priced:
        for award, _ in clear(book.copy([question.bid])):
            chosen = award.bid.alternative
    else:
        amounts = [
            (decimal.Decimal(each['amount']), number)
            for number, each in enumerate(answers)
            if each['lines']
        ]
        chosen = min(amounts)[1] if amounts else None
    shown = (
        max(answers, key=lambda each: diagnostics.NEARNESS.index(each['reason']))
        if chosen is None
        else answers[chosen]
    )
    return shown | {'alternative': chosen, 'alternatives': answers}


def _answer(book, clear, question, bid):
    found = question.priced
    if not question.priced:
        bid, found = _just_enough(book, bid)
    alone = book.copy([bid])
    rows = bid.rows(book.now)
    suitable = {offer.uuid for row in rows for offer in alone.suitable(row)}
    lowest, calendar = None, None
    if not bid.parts:
        # Of a bundle each part has a ceiling of its own.
        places = _places(book, bid, question.calendar)
        lowest = (
            _lowest_of_blocks(book, bid, places)
            if (places.block >= 0).any()
            else _lowest_ceiling(places, bid.min_quantity)
        )
        calendar = question.calendar and _calendar(book, bid, places, question)
    answer = {
        'requirements': [
            {'requirement': list(triple), 'offers': count}
            for row in rows
            for triple, count in zip(row.requirements, alone.meeting(row), strict=True)
        ],
        'offers': len(suitable),
        'start_time': None,
        'end_time': None,
        'lines': [],
        'amount': None,
        'lowest_ceiling': None if lowest is None else _text(lowest),
        'group_value': None,
        'reason': None,
        'detail': None,
        'calendar': calendar,
        'displaceable': False,
    }
    awards = clear(alone) if found else []
    if awards:
        return answer | _promised(awards)
    answer |= _why_not(alone, lowest)
    return answer | {'displaceable': _displaceable(alone, bid)}


def _displaceable(book, bid):
    """Whether servers would do that interruptible contracts have, by their asks alone.

    What must be offered for them is not said: that is what others have offered.
    """
    if bid.interruptible_notice is not None or not book.tenures:
        return False
    return bool(immediate.best(book.yielding(), bid))


def _just_enough(book, bid):
    """``bid`` with the ceiling that the cheapest servers for it ask for, if any can do.

    And whether any can.
    """
    bid = dataclasses.replace(bid, price=_ANY_PRICE)
    awards = immediate.best(book, bid)
    if not awards:
        return bid, False
    ceiling = max(each.price for award in awards for each in award.offers)
    return dataclasses.replace(bid, price=ceiling), True


def _places(book, bid, calendar=None):
    """Where a bid without alternatives could be placed alone, at any price.

    :param calendar: at which starts what is asked by the hour has to be exact: a key of
        ``STEPS``, or None.
    """
    begin = max(book.now, bid.start_time)
    stay = bid.stay(begin)
    found = []
    groups, spreads, blocks = {}, {}, {matcher_book.ALONE: -1}
    exact = _starts(book, bid, calendar) if stay and calendar else ()
    if stay:
        latest = bid.end_time - stay.length
        for offer in book.cheapest_first(dataclasses.replace(bid, price=_ANY_PRICE)):
            group, spread = (
                book.value(each, book.group(offer.uuid).document) if each else ''
                for each in (bid.group_by, bid.spread_by)
            )
            of = (
                groups.setdefault(group, len(groups)),
                spreads.setdefault((group, spread), len(spreads)),
                blocks.setdefault(book.block(offer), len(blocks) - 1),
                offer.block_size or 1,
            )
            for free in book.left(offer):
                # Of a stay of thousands of years nothing can be subtracted.
                if free.length < stay.length:
                    continue
                low, high = max(free.start, begin), min(free.end - stay.length, latest)
                if low <= high:
                    first, last = ((each - book.now) // _SECOND for each in (low, high))
                    asked = _asks(book, offer, first, last, stay.seconds, exact)
                    found += [(*each, *of) for each in asked]
    columns = np.array(found, np.int64).reshape(-1, 7)
    in_order = columns[np.argsort(columns[:, 3], kind='stable')]
    if book.by_hour():
        # What asks by the hour came in the order of the least that it ever asks.
        in_order = columns[np.lexsort((columns[:, 2], columns[:, 3]))]
    return _Places(*in_order.T, bid.spread_max if bid.spread_by else bid.quantity)


def _asks(book, offer, first, last, seconds, exact):
    """What a server asks for a stay, by when this begins.

    Triples of a first and a last start, side by side, and a price at which it can be
    had from any of them on. There is one, but where it asks by the hour.

    :param exact: starts for which it has to be what is asked, and no more.
    """
    if not offer.by_hour:
        return [(first, last, figures.micro(offer.price))]
    pieces = offer.asked(book.now)
    edges = {(each.end - book.now) // _SECOND for each in pieces}
    starts = {first, last, *exact, *edges, *(each - seconds for each in edges)}
    starts = sorted(each for each in starts if first <= each <= last)

    def rate(start):
        begin = book.now + start * _SECOND
        stay = window.Window(begin, begin + seconds * _SECOND)
        return figures.micro(asks.mean(pieces, stay))

    rates = [rate(each) for each in starts]
    found = [(start, start, each) for start, each in zip(starts, rates, strict=True)]
    for (low, one), (high, other) in itertools.pairwise(
        zip(starts, rates, strict=True)
    ):
        # Between two of them it is between what it is at these.
        if low + 1 < high:
            found.append((low + 1, high - 1, max(one, other)))
    return found


def _starts(book, bid, calendar):
    """The starts that a calendar has, in seconds from the book's now."""
    begin = max(book.now, bid.start_time)
    stay = bid.stay(begin)
    first = (begin - book.now) // _SECOND
    last = (bid.end_time - stay.length - book.now) // _SECOND
    return range(first, last + 1, STEPS[calendar])[:MOST_STARTS]


def _lowest_ceiling(places, servers):
    """The lowest price at which so many servers can be had at once, or None."""
    asks = np.unique(places.ask)
    low, high = 0, len(asks)
    while low < high:
        middle = (low + high) // 2
        if _at_once(places, asks[middle]) >= servers:
            high = middle
        else:
            low = middle + 1
    return int(asks[low]) if low < len(asks) else None


def _lowest_of_blocks(book, bid, places):
    """As ``_lowest_ceiling``, where some servers are sold only together."""
    asks = np.unique(places.ask).tolist()
    low, high = 0, len(asks)
    while low < high:
        middle = (low + high) // 2
        cheap = dataclasses.replace(bid, price=figures.price(asks[middle]))
        if immediate.best(book, cheap):
            high = middle
        else:
            low = middle + 1
    return asks[low] if low < len(asks) else None


def _at_once(places, price):
    """How many servers that ask no more than ``price`` can be had from one start on.

    Of one group, where the bid asks for one, and so many of what keeps them apart.
    """
    suits = places.ask <= price
    moments = np.concatenate((places.low[suits], places.high[suits] + 1))
    group, spread = (np.tile(each[suits], 2) for each in (places.group, places.spread))
    change = np.repeat((1, -1), suits.sum())
    # Where one ends as another begins no start has both. Each sums up to nothing in the
    # end, so the next one begins at nothing.
    order = np.lexsort((change, moments, spread))
    there = np.cumsum(change[order])
    before = np.minimum(there - change[order], places.most)
    steps = np.minimum(there, places.most) - before
    order = order[steps != 0]
    steps = steps[steps != 0]
    again = np.lexsort((steps, moments[order], group[order]))
    return int(np.cumsum(steps[again]).max(initial=0))


def _calendar(book, bid, places, question):
    """What each start would cost, an hour or a day apart, the cheapest servers each.

    Of groups it is the one that costs least or, where none has enough, the largest.
    ``price`` is what a server costs on average and ``lowest_ceiling`` the ask of the
    dearest of them; both are null where there are not enough.
    """
    stay = bid.stay(max(book.now, bid.start_time))
    if stay is None:
        return []
    starts = _starts(book, bid, question.calendar)
    return [_entry(book, bid, places, start, stay.seconds) for start in starts]


def _taken(bid, places, start):
    """The numbers of the places that a bid would take from ``start`` on."""
    found = np.flatnonzero((places.low <= start) & (start <= places.high))
    if (places.block[found] >= 0).any():
        return _taken_of_blocks(bid, places, found)
    found = found[_rank(places.spread[found]) < places.most]
    found = found[_rank(places.group[found]) < bid.quantity]
    groups = places.group[found]
    servers = np.bincount(groups)
    enough = servers >= bid.min_quantity
    if not enough.any():
        return found[groups == servers.argmax()] if len(found) else found
    asked = np.bincount(groups, places.ask[found])
    return found[groups == np.where(enough, asked, np.inf).argmin()]


def _taken_of_blocks(bid, places, found):
    """As ``_taken``, of places of which some are sold only together; or nothing."""
    ways = []
    for group in np.unique(places.group[found]):
        its = found[places.group[found] == group]
        # What asks more than enough servers that are alone makes no choice better.
        alone = np.cumsum(places.block[its] < 0)
        its = its[: 1 + np.searchsorted(alone, bid.quantity)]
        block = [each if each >= 0 else None for each in places.block[its].tolist()]
        asks, sizes = places.ask[its].tolist(), places.size[its].tolist()
        wanted = bid.min_quantity, bid.quantity
        way = whole_blocks.best(asks, block, sizes, wanted, figures.micro(_ANY_PRICE))
        ways.append(its[way])
    return min(
        ways, key=lambda way: (not len(way), -len(way) and int(places.ask[way].sum()))
    )


def _rank(groups):
    """How many of the same group come before each."""
    order = np.argsort(groups, kind='stable')
    numbers = np.arange(len(groups))
    first = np.concatenate(([True], np.diff(groups[order]) != 0))[: len(groups)]
    rank = np.empty(len(groups), np.int64)
    rank[order] = numbers - np.maximum.accumulate(np.where(first, numbers, 0))
    return rank


def _entry(book, bid, places, start, seconds):
    found = _taken(bid, places, start)
    entry = {
        'start_time': window.text(book.now + start * _SECOND),
        'servers': len(found),
        'price': None,
        'lowest_ceiling': None,
        'amount': None,
    }
    if len(found) < bid.min_quantity:
        return entry
    asks = places.ask[found].tolist()
    rates = [figures.price(each) for each in asks]
    return entry | {
        'price': money.text(sum(rates) / len(rates)),
        'lowest_ceiling': _text(asks[-1]),
        'amount': money.text(sum(money.amount(rate, seconds) for rate in rates)),
    }


def _promised(awards):
    """What is awarded, of a bundle all parts."""
    bid = awards[0][0].bid
    return {
        'start_time': window.text(min(award.stay.start for award, _ in awards)),
        'end_time': window.text(max(award.stay.end for award, _ in awards)),
        'group_value': bid.group_value if bid.part is None or bid.jointly else None,
        'lines': [
            {
                'offer_uuid': offer.uuid,
                'resource_class': offer.resource_class,
                'price': money.text(rate),
                'part': award.bid.part,
                'group_value': award.bid.group_value,
            }
            for award, rates in awards
            for offer, rate in zip(award.offers, rates, strict=True)
        ],
        'amount': money.text(
            sum(
                money.amount(rate, award.stay.seconds)
                for award, rates in awards
                for rate in rates
            )
        ),
    }


def _why_not(book, lowest):
    """Why the one bid of ``book`` gets nothing."""
    if lowest is not None:
        return {
            'reason': 'price',
            'detail': f'A ceiling of {_text(lowest)} would do; a lower one would not.',
        }
    (reason,) = diagnostics.unmatched(book, [])
    return {'reason': reason.reason, 'detail': reason.detail}


def _text(value):
    return money.text(figures.price(value))
