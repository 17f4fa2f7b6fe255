# SPDX-License-Identifier: Apache-2.0
"""Markets drawn at random: many kinds of servers, supply about equal to demand."""

import dataclasses
import datetime
import decimal
import random

from flocx.core import bid
from flocx.core import offer
from matcher import book

NOW = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
HOUR, DAY = 3600, 86400
_PRICE = decimal.Decimal('0.000001')

#: Processors, memory, disk, graphics processors, and what an hour is worth.
TYPES = (
    (8, 32768, 240, 0, 0.15),
    (16, 65536, 480, 0, 0.30),
    (16, 131072, 480, 0, 0.38),
    (32, 131072, 960, 0, 0.60),
    (32, 262144, 1920, 0, 0.80),
    (64, 262144, 1920, 0, 1.20),
    (64, 524288, 3840, 0, 1.60),
    (96, 786432, 3840, 0, 2.40),
    (32, 262144, 960, 2, 3.00),
    (64, 524288, 1920, 4, 6.00),
    (96, 1048576, 3840, 8, 14.00),
    (128, 1048576, 7680, 0, 3.60),
)


def draw(offers, bids, seed, load=1.0, unit=1):
    """A book of so many offers and bids.

    :param load: server-hours asked for over server-hours on offer, about.
    :param unit: every instant is a multiple of so many seconds.
    """
    rng = random.Random(seed)
    owners = [f'owner-{number}' for number in range(max(2, min(50, offers // 20)))]
    supply: list[offer.Offer] = []
    while len(supply) < offers:
        left = offers - len(supply)
        supply.extend(_batch(rng, len(supply), left, owners, unit))
    hours = sum(each.window.seconds for each in supply) / HOUR
    demand = [_bid(rng, number, owners, unit) for number in range(bids)]
    asked = sum(each.quantity * each.duration for each in demand) / HOUR
    demand = [_scaled(each, load * hours / asked, unit) for each in demand]
    return book.Book(NOW, supply, {}, demand)


def _round(value, unit):
    return max(unit, int(value) // unit * unit)


def _moment(seconds):
    return NOW + datetime.timedelta(seconds=seconds)


def _money(value):
    return decimal.Decimal(str(value)).quantize(_PRICE)


def _batch(rng, first, left, owners, unit):
    """Equal servers of one owner, offered together: part of a rack or a few."""
    cpus, memory, disk, gpus, base = rng.choice(TYPES)
    start = 0 if rng.random() < 0.6 else _round(rng.uniform(0, 14 * DAY), unit)
    length = _round(rng.uniform(7 * DAY, 28 * DAY - start), unit)
    owner, price = rng.choice(owners), _money(base * rng.uniform(0.4, 1.2))
    size = min(left, rng.choice((1, 2, 4, 8, 8, 16, 16, 32)))
    return [
        offer.Offer(
            uuid=f'offer-{number:06}',
            project_id=owner,
            provider_id='provider',
            resource_type='ironic_node',
            resource_uuid=f'node-{number:06}',
            properties={
                'cpus': cpus,
                'memory_mb': memory,
                'local_gb': disk,
                'gpus': gpus,
            },
            start_time=_moment(start),
            end_time=_moment(start + length),
            price=price,
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(first, first + size)
    ]


def _bid(rng, number, owners, unit):
    cpus, memory, disk, gpus, base = rng.choice(TYPES)
    requirements = [['cpus', '>=', cpus]]
    if rng.random() < 0.6:
        requirements.append(['memory_mb', '>=', memory])
    if rng.random() < 0.2:
        requirements.append(['local_gb', '>=', disk])
    if gpus:
        requirements.append(['gpus', '>=', gpus])
    quantity = rng.choice((1, 1, 1, 1, 2, 2, 3, 4, 8, 16))
    duration = _round(min(14 * DAY, rng.lognormvariate(0, 1.1) * 20 * HOUR), unit)
    slack = 0 if rng.random() < 0.25 else _round(rng.uniform(0, 7 * DAY), unit)
    start = _round(rng.uniform(0, 26 * DAY), unit)
    return bid.Bid(
        uuid=f'bid-{number:06}',
        project_id=rng.choice(owners),
        quantity=quantity,
        min_quantity=quantity if rng.random() < 0.7 else 1,
        start_time=_moment(start),
        end_time=_moment(start + duration + slack),
        duration=duration,
        price=_money(base * rng.lognormvariate(0.15, 0.35)),
        requirements=tuple(map(tuple, requirements)),
        created_at=NOW - datetime.timedelta(seconds=rng.randrange(86400)),
        updated_at=NOW,
    )


def _scaled(each, share, unit):
    """``each`` with a duration so much longer, and the same slack."""
    slack = each.window.seconds - each.duration
    duration = min(21 * DAY, _round(each.duration * share, unit))
    return dataclasses.replace(
        each,
        duration=duration,
        end_time=each.start_time + datetime.timedelta(seconds=duration + slack),
    )
