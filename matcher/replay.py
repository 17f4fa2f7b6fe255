# SPDX-License-Identifier: Apache-2.0
"""Real demand and supply as a market in simulated time.

Prices and organisations are not in the source. They are drawn from distributions
that ``DISTRIBUTION`` states, from a seed.
"""

import collections
import csv
import dataclasses
import datetime
import decimal
import itertools
import json
import random

from flocx.core import bid
from flocx.core import money
from flocx.core import offer
from flocx.core import window
from matcher import book
from matcher.mechanisms import figures

ORGANISATIONS = 4
DISTRIBUTION = (
    'The base rate of a type is 0.02 credits an hour for each processor and 0.002 '
    'for each GiB of memory, times a factor uniform in 0.8..1.25. Each of '
    f'{ORGANISATIONS} organisations owns a contiguous slice of each type and asks '
    'the base rate times a factor uniform in 0.5..1. A request offers the base rate '
    'times a factor that is log-normal with mu 0.1 and sigma 0.4.'
)
_HOUR = 3600


@dataclasses.dataclass(frozen=True)
class Scene:
    """What a replay starts with; ``requests`` are bids in order of submission.

    ``recorded`` has the source's own outcome by uuid of the bid, ``skipped`` the
    number of rows whose type has no known hardware.
    """

    offers: tuple
    requests: tuple
    recorded: dict
    skipped: dict


def scene(requests, servers, types, seed):
    """:param requests: and ``servers``, ``types``: open files."""
    rng = random.Random(seed)
    hardware = json.load(types)
    base = {
        name: (properties['cpus'] * 0.02 + properties['memory_mb'] / 1024 * 0.002)
        * rng.uniform(0.8, 1.25)
        for name, properties in sorted(hardware.items())
    }
    skipped = collections.Counter()
    demand, recorded = [], {}
    for number, row in enumerate(csv.DictReader(requests)):
        if row['server_type'] not in hardware:
            skipped['requests'] += 1
            continue
        factor = rng.lognormvariate(0.1, 0.4)
        made = _request(number, row, base[row['server_type']] * factor)
        demand.append(made)
        recorded[made.uuid] = row['outcome']
    demand.sort(key=lambda each: each.created_at)
    last = max(each.end_time for each in demand)
    first = min(each.created_at for each in demand)
    supply = _servers(servers, hardware, base, rng, first, last, skipped)
    return Scene(tuple(supply), tuple(demand), recorded, dict(skipped))


#: Of a market that is made up: classes of servers with what an hour is worth, and how
#: long it lasts.
_CLASSES = {'small': 0.2, 'large': 0.6, 'memory': 1.5, 'gpu': 5.0}
_DAYS = 56
GENERATED = (
    f'Requests come at any time of {_DAYS} days and start within two days, for a time '
    'that is log-normal about 20 hours (sigma 1), with up to a day to spare, for 1, 2 '
    'or 4 servers, from one of 12 projects. There is a server for each ten of them, '
    f'and four classes worth {", ".join(map(str, _CLASSES.values()))} credits an hour. '
    'Asks and offers are drawn as for a replay.'
)


def generated(number, seed):
    """A Scene with so many requests, as ``GENERATED`` says."""
    rng = random.Random(seed)
    first = datetime.datetime(2027, 1, 4, tzinfo=datetime.UTC)
    last = first + datetime.timedelta(days=_DAYS + 14)
    names = sorted(_CLASSES)
    asks = {
        (name, owner): _rate(_CLASSES[name] * rng.uniform(0.5, 1.0))
        for name in names
        for owner in range(ORGANISATIONS)
    }
    supply = []
    for place in range(max(len(names), number // 10)):
        name, owner = names[place % len(names)], rng.randrange(ORGANISATIONS)
        document = {'resource_class': name}
        server = f'server-{place:05}'
        supply.append(_server(server, owner, document, asks[name, owner], first, last))
    demand = [_generated(rng, each, first, names) for each in range(number)]
    demand.sort(key=lambda each: (each.created_at, each.uuid))
    return Scene(tuple(supply), tuple(demand), {}, {})


def _generated(rng, number, first, names):
    created = first + datetime.timedelta(seconds=rng.randrange(_DAYS * 86400))
    start = created + datetime.timedelta(seconds=rng.randrange(2 * 86400))
    duration = max(_HOUR, min(10 * 86400, int(rng.lognormvariate(0, 1) * 20 * _HOUR)))
    end = start + datetime.timedelta(seconds=duration + rng.randrange(86400))
    name, quantity = rng.choice(names), rng.choice((1, 1, 1, 2, 4))
    return bid.Bid(
        uuid=f'request-{number:05}',
        project_id=f'renter-{rng.randrange(12)}',
        quantity=quantity,
        min_quantity=quantity,
        start_time=start,
        end_time=end,
        duration=duration,
        price=_rate(_CLASSES[name] * rng.lognormvariate(0.1, 0.4)),
        requirements=(('resource_class', 'eq', name),),
        created_at=created,
        updated_at=created,
    )


def _request(number, row, price):
    created = window.instant(row['submitted_at'], 'submitted_at')
    start = max(window.instant(row['start'], 'start'), created)
    end = window.instant(row['end'], 'end')
    return bid.Bid(
        uuid=f'request-{number:05}',
        project_id=f'renter-{row["project"]}',
        quantity=int(row['quantity']),
        min_quantity=int(row['quantity']),
        start_time=start,
        end_time=end,
        duration=window.Window(start, end).seconds,
        price=_rate(price),
        requirements=(('resource_class', 'eq', row['server_type']),),
        created_at=created,
        updated_at=created,
    )


def _servers(servers, hardware, base, rng, first, last, skipped):
    by_type = collections.defaultdict(list)
    for row in csv.DictReader(servers):
        if row['server_type'] in hardware:
            by_type[row['server_type']].append(row)
        else:
            skipped['servers'] += 1
    for kind, rows in sorted(by_type.items()):
        rows.sort(key=lambda row: row['server'])
        asks = [_rate(base[kind] * rng.uniform(0.5, 1.0)) for _ in range(ORGANISATIONS)]
        for place, row in enumerate(rows):
            owner = place * ORGANISATIONS // len(rows)
            start = max(window.instant(row['installed_at'], 'installed_at'), first)
            if start < last:
                properties = {**hardware[kind], 'resource_class': kind}
                yield _server(
                    row['server'], owner, properties, asks[owner], start, last
                )


def _server(name, owner, properties, ask, start, end):
    return offer.Offer(
        uuid=name,
        project_id=f'organisation-{owner + 1}',
        provider_id='replay',
        resource_type='ironic_node',
        resource_uuid=name,
        resource_class=properties['resource_class'],
        properties=properties,
        start_time=start,
        end_time=end,
        price=ask,
        created_at=start,
        updated_at=start,
    )


def _rate(value):
    return decimal.Decimal(str(value)).quantize(money.QUANTUM)


@dataclasses.dataclass
class Account:
    """What has been awarded: pairs of a moment and an award with its rates."""

    awards: list = dataclasses.field(default_factory=list)

    def add(self, now, award, rates):
        self.awards.append((now, award, rates))

    def report(self):
        """Sums, as JSON."""
        awards = [award for _, award, _ in self.awards]
        revenue = collections.Counter()
        weeks = collections.defaultdict(lambda: [decimal.Decimal(0), 0])
        waited = []
        for now, award, rates in self.awards:
            hours = decimal.Decimal(award.stay.seconds) / _HOUR
            for each, rate in zip(award.offers, rates, strict=True):
                revenue[each.project_id] += money.amount(rate, award.stay.seconds)
                week = weeks[award.stay.start.strftime('%G-W%V')]
                week[0] += rate * hours
                week[1] += hours
            waited.append((now - award.bid.created_at).total_seconds())
        return {
            'requests': len(awards),
            'server_hours': round(
                sum(each.stay.seconds * len(each.offers) for each in awards) / _HOUR
            ),
            'welfare': money.text(figures.credits(figures.worth(awards))),
            'revenue': {
                name: money.text(sum_) for name, sum_ in sorted(revenue.items())
            },
            'price_by_week': {
                week: money.text(paid / hours)
                for week, (paid, hours) in sorted(weeks.items())
            },
            'mean_wait_seconds': round(sum(waited) / max(1, len(waited))),
        }


def replay(scene_, allocation, pricing, budget, interval, patient, progress):
    """The Account of a market that is cleared every ``interval`` seconds.

    With an interval of 0 each request is decided when it comes.

    :param patient: whether a request that gets nothing waits for later rounds.
    """
    account, taken = Account(), collections.defaultdict(list)
    market = book.Book(scene_.requests[0].created_at, scene_.offers)
    done = 0
    for now, arrivals in itertools.groupby(
        scene_.requests, key=lambda each: round_after(each.created_at, interval)
    ):
        done += _advance(market, now, arrivals)
        allotment = allocation.allocate(market, budget)
        settled = pricing.settle(market, allotment)
        for award, rates in zip(settled.awards, settled.pays, strict=True):
            account.add(now, award, rates)
            market.drop_bid(award.bid.uuid)
            for each in award.offers:
                taken[each.uuid].append(award.stay)
                market.put_offer(each, taken[each.uuid])
        if not patient:
            for each in market.bids:
                market.drop_bid(each.uuid)
        progress('replay', done / len(scene_.requests))
    return account


def _advance(market, now, arrivals):
    """Let time pass and requests come; return how many came."""
    market.at(now)
    for each in market.bids:
        if each.hopeless(now):
            market.drop_bid(each.uuid)
    came = 0
    for each in arrivals:
        if not each.hopeless(now):
            market.put_bid(each)
        came += 1
    return came


def round_after(moment, interval):
    """When the round is in which a request of this moment is first looked at."""
    if not interval:
        return moment
    seconds = -(-int(moment.timestamp()) // interval) * interval
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def recorded(scene_):
    """What the source itself approved."""
    approved = [
        each for each in scene_.requests if scene_.recorded[each.uuid] == 'approved'
    ]
    return {
        'requests': len(approved),
        'server_hours': round(
            sum(each.quantity * each.duration for each in approved) / _HOUR
        ),
    }
