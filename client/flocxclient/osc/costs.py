# SPDX-License-Identifier: Apache-2.0
"""When servers are free, and what their time costs. PURE.

Moments are aware, windows of time are pairs of texts of the API and half-open, and
money is Decimal.
"""

import datetime
import decimal

from flocxclient.osc import times


def windows(pairs):
    """Windows of the API as pairs of moments, in order."""
    return sorted((times.parse(start), times.parse(end)) for start, end in pairs or ())


def amount(price, start, end):
    """What a server comes to from ``start`` to ``end``, at a price per hour."""
    seconds = decimal.Decimal(int((end - start).total_seconds()))
    return decimal.Decimal(price) * seconds / 3600


def earliest(pairs, seconds, start, latest=None):
    """The first moment from ``start`` on from which so many seconds are free.

    :param pairs: the windows that are free.
    :param latest: when they have to be over, if that matters.
    :returns: None if there is none.
    """
    length = datetime.timedelta(seconds=seconds)
    for opens, closes in windows(pairs):
        begins = max(opens, start)
        ends = begins + length
        if ends <= closes and (latest is None or ends <= latest):
            return begins
    return None


def free_until(pairs, moment):
    """Until when the time from ``moment`` on is free; ``moment`` if it is not."""
    for opens, closes in windows(pairs):
        if opens <= moment < closes:
            return closes
    return moment


def free_from(pairs, moment):
    """The first time from ``moment`` on that is free; ``moment`` if none is."""
    return min(
        (max(opens, moment) for opens, closes in windows(pairs) if closes > moment),
        default=moment,
    )


def free_again(promises, now):
    """From when on nothing is promised to anybody, ``now`` or later.

    :param promises: dictionaries with ``start_time`` and ``end_time``; a gap between
        two of them counts as free.
    """
    moment = now
    for start, end in windows((p['start_time'], p['end_time']) for p in promises or ()):
        if start <= moment < end:
            moment = end
    return moment


def current(promises, now):
    """The promise that is for ``now``, or None."""
    for promise in promises or ():
        start, end = windows([(promise['start_time'], promise['end_time'])])[0]
        if start <= now < end:
            return promise
    return None


def claimed(offers, start, end, now):
    """From when to when offers would be claimed, and what each of them comes to.

    :param start: None for as soon as all are free, as the marketplace does it.
    :param end: None for as long as all are free then.
    :raises NotFree: one of them is not free in all of that time.
    """
    if start is None:
        start = max(free_from(each.availabilities, now) for each in offers)
    ends = [free_until(each.availabilities, start) for each in offers]
    if end is None:
        end = min(ends)
    for offer, free in zip(offers, ends, strict=True):
        if not start < end <= free:
            raise NotFree(offer)
    return start, end, [amount(each.price, start, end) for each in offers]


class NotFree(Exception):
    """An ``offer`` is not free when it is wanted."""

    def __init__(self, offer):
        super().__init__(offer)
        self.offer = offer
