# SPDX-License-Identifier: Apache-2.0
"""What owners ask by the hour, counted here once more, an hour after the other.

In these worlds schedules change at whole hours, in UTC.
"""

import datetime
import decimal
import json

from tests.simulation import unfilled

HOUR = datetime.timedelta(hours=1)
_MICRO = decimal.Decimal(1_000_000)


def of(sale):
    """What a sale is asked for, in millionths an hour, rounded up."""
    entries = json.loads(sale['ask_schedule'] or '[]')
    fall = json.loads(sale['ask_falls'] or 'null')
    if not entries and not fall:
        return sale['ask']
    start, end = (unfilled.moment(sale[name]) for name in ('start', 'end'))
    total, moment = 0, start
    while moment < end:
        full = _hour(moment)
        until = min(end, full + HOUR)
        price = _at(entries, moment.hour, sale['ask'])
        if fall:
            ahead = (full - _hour(unfilled.moment(sale['time']))) // HOUR
            price = _fallen(price, fall, ahead)
        total += price * _seconds(until - moment)
        moment = until
    return -(-total // _seconds(end - start))


def _hour(moment):
    return moment.replace(minute=0, second=0, microsecond=0)


def _fallen(price, fall, ahead):
    """What an hour costs that begins so many hours after the present one."""
    steps, least = fall['before'] // 3600, _price(fall)
    if ahead >= steps or price <= least:
        return price
    return least + round(decimal.Decimal((price - least) * max(ahead, 0)) / steps)


def _at(entries, hour, usual):
    for each in entries:
        first, last = (int(each[name][:2]) for name in ('start', 'end'))
        if first <= hour < last or last <= first and not last <= hour < first:
            return _price(each)
    return usual


def _price(entry):
    return int(decimal.Decimal(entry['price']) * _MICRO)


def _seconds(length):
    return int(length.total_seconds())
