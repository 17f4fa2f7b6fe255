# SPDX-License-Identifier: Apache-2.0
"""A busy market, straight into the tables: servers, offers, contracts and their events.

    python -m benchmarks.busy_market sqlite:////tmp/flocx.sqlite \
        --owner ID --renter ID [--provider ID] [--servers 300] [--offers 2000] ...

For looking at screens and measuring lists as they are after months of trade. What is
made is always the same for the same numbers and the same hour.
"""

import argparse
import dataclasses
import datetime
import decimal
import itertools
import random
import uuid

import sqlalchemy as sa

from flocx import db
from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import window
from market.db import listing
from market.db import schema

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
#: What there is: a class, how much of all it is, its price and its hardware.
CLASSES = (
    ('compute.small', 5, '0.20', {'cpus': 16, 'memory_mb': 65536, 'local_gb': 480}),
    ('compute.large', 3, '0.65', {'cpus': 64, 'memory_mb': 262144, 'local_gb': 1920}),
    ('gpu.a100', 2, '2.40', {'cpus': 64, 'memory_mb': 524288, 'local_gb': 3840}),
    ('gpu.h100', 1, '4.80', {'cpus': 96, 'memory_mb': 1048576, 'local_gb': 7680}),
    ('storage', 1, '0.40', {'cpus': 32, 'memory_mb': 131072, 'local_gb': 96000}),
)
#: How long ago trade began, and how far ahead is offered.
PAST, AHEAD = 60 * DAY, 30 * DAY
_ROWS_AT_ONCE = 2000


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of each there is to be."""

    servers: int = 300
    offers: int = 2000
    contracts: int = 500
    bids: int = 200
    events: int = 20000


class Market:
    """The rows of a busy market.

    :param owners: the ids of projects that offer, and ``renters`` of those that rent.
    :param provider_id: the account of the provider service whose servers they are.
    :param resource_uuids: those of servers that there are; else there are none.
    """

    def __init__(self, owners, renters, provider_id, now, size, resource_uuids=()):
        self._random = random.Random(20)
        self._owners, self._renters = owners, renters
        self._provider_id, self._size = provider_id, size
        self._now = now.replace(minute=0, second=0, microsecond=0)
        self._numbers = itertools.count(1)
        self._events = []
        self._servers = self._made(resource_uuids)
        self.offers = self._offered()
        self.contracts = self._sold()
        self.bids = self._wanted()
        self.events = self._told()

    def _uuid(self):
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _made(self, resource_uuids):
        """The servers: uuid, name, owner, class, usual price and hardware."""
        weights = [each[1] for each in CLASSES]
        found = []
        for number in range(self._size.servers):
            name, _, price, hardware = self._random.choices(CLASSES, weights)[0]
            ident = resource_uuids[number] if number < len(resource_uuids) else None
            found.append(
                (
                    ident or self._uuid(),
                    f'rack{number // 30 + 1:02d}-{number % 30 + 1:02d}',
                    self._owners[number // 30 % len(self._owners)],
                    name,
                    decimal.Decimal(price),
                    {**hardware, 'cpu_arch': 'x86_64'},
                )
            )
        return found

    def _offered(self):
        """Offers of each server, one after the other, past ones and ones to come."""
        each = self._size.offers // self._size.servers
        more = self._size.offers % self._size.servers
        offers = []
        for number, server in enumerate(self._servers):
            count = each + (number < more)
            length = (PAST + AHEAD) / count
            for at in range(count):
                begin = self._now - PAST + length * at
                offers.append(self._offer(server, begin, begin + length))
        return offers

    def _offer(self, server, begin, end):
        ident, name, owner, resource_class, price, hardware = server
        begin, end = _whole(begin), _whole(end)
        factor = decimal.Decimal(self._random.randint(70, 140)) / 100
        over = end <= self._now
        offer = offer_core.Offer(
            uuid=self._uuid(),
            name=f'{name}-{begin:%m%d}',
            project_id=owner,
            provider_id=self._provider_id,
            resource_type='ironic_node',
            resource_uuid=ident,
            resource_class=resource_class,
            properties=hardware,
            start_time=begin,
            end_time=end,
            price=(price * factor).quantize(decimal.Decimal('0.01')),
            status=offer_core.Status.EXPIRED if over else offer_core.Status.AVAILABLE,
            created_at=min(begin, self._now) - DAY,
            updated_at=min(begin, self._now) - DAY,
        )
        self._tell('offer', offer, 'published', offer.created_at, owner_id=owner)
        if over:
            self._tell('offer', offer, 'expired', end, owner_id=owner)
        return offer

    def _sold(self):
        """Contracts of some of the offers, a part of the time of each."""
        chosen = self._random.sample(self.offers, self._size.contracts)
        return [self._contract(offer) for offer in chosen]

    def _contract(self, offer):
        hours = int((offer.end_time - offer.start_time) / HOUR)
        first = self._random.randint(0, hours // 2)
        last = self._random.randint(first + 2, hours)
        start = offer.start_time + first * HOUR
        end = offer.start_time + last * HOUR
        renter = self._random.choice(
            [each for each in self._renters if each != offer.project_id]
        )
        status, done = self._status(start, end)
        made = min(start, self._now) - 2 * HOUR
        number = next(self._numbers)
        ident = self._uuid()
        line = contract_core.Line(
            uuid=self._uuid(),
            contract_uuid=ident,
            offer_uuid=offer.uuid,
            owner_id=offer.project_id,
            provider_id=offer.provider_id,
            resource_type=offer.resource_type,
            resource_uuid=offer.resource_uuid,
            resource_class=offer.resource_class,
            project_id=renter,
            start_time=start,
            end_time=end,
            price=offer.price,
            price_rule=contract_core.CLAIM,
            ask=offer.price,
            status=status,
            **done,
        )
        contract = contract_core.Contract(
            uuid=ident,
            name=f'job-{number:03d}',
            project_id=renter,
            start_time=start,
            end_time=end,
            status=status,
            lines=(line,),
            created_at=made,
            updated_at=max([made, *filter(None, done.values())]),
        )
        actions = [('created', made)]
        if 'fulfill_time' in done:
            actions.append(('active', done['fulfill_time']))
        if 'expire_time' in done:
            actions.append(('ended', done['expire_time']))
        for action, when in actions:
            for party in ({'project_id': renter}, {'owner_id': offer.project_id}):
                self._tell('contract', contract, action, when, **party)
        return contract

    def _status(self, start, end):
        minutes = datetime.timedelta(minutes=self._random.randint(2, 20))
        if start >= self._now:
            return contract_core.Status.CREATED, {}
        if end > self._now:
            return contract_core.Status.ACTIVE, {'fulfill_time': start + minutes / 10}
        return contract_core.Status.ENDED, {
            'fulfill_time': start + minutes / 10,
            'expire_time': end + minutes,
        }

    def _wanted(self):
        """Bids that wait, for less than anybody asks."""
        bids = []
        for number in range(self._size.bids):
            name, _, price, _ = self._random.choice(CLASSES)
            renter = self._random.choice(self._renters)
            start = self._now + self._random.randint(1, 48) * HOUR
            bids.append(
                bid_core.Bid(
                    uuid=self._uuid(),
                    name=f'wish-{number + 1:03d}',
                    project_id=renter,
                    lineage=(renter,),
                    start_time=start,
                    end_time=start + 7 * DAY,
                    duration=self._random.choice([4, 12, 24, 72]) * 3600,
                    price=(decimal.Decimal(price) / 2).quantize(
                        decimal.Decimal('0.01')
                    ),
                    resource_class=name,
                    created_at=self._now - HOUR,
                    updated_at=self._now - HOUR,
                )
            )
        return bids

    def _tell(self, object_type, thing, action, when, **party):
        self._events.append(
            {
                'type': f'{object_type}.{action}',
                'time': when,
                'object_type': object_type,
                'object_uuid': thing.uuid,
                'project_id': None,
                'owner_id': None,
                'payload': {
                    'name': thing.name,
                    'status': thing.status,
                    'start_time': window.text(thing.start_time),
                    'end_time': window.text(thing.end_time),
                    **_said_of(thing),
                },
                **party,
            }
        )

    def _told(self):
        """The events in their order, filled up with changes of offers."""
        while len(self._events) < self._size.events:
            offer = self._random.choice(self.offers)
            # A price is changed again and again while an offer is on the market.
            when = offer.created_at + DAY * self._random.random()
            owner = offer.project_id
            self._tell('offer', offer, 'changed', min(when, self._now), owner_id=owner)
        return sorted(self._events, key=lambda each: each['time'])


def _said_of(thing):
    """What is told of an offer besides; of others nothing that is looked for."""
    if not isinstance(thing, offer_core.Offer):
        return {}
    return {'price': money.text(thing.price), 'resource_uuid': thing.resource_uuid}


def _whole(when):
    return when.replace(minute=0, second=0, microsecond=0)


def fill(database, market):
    """Write a Market into the tables."""
    lines = [line for contract in market.contracts for line in contract.lines]
    for table, things in (
        (schema.offers, market.offers),
        (schema.bids, market.bids),
        (schema.contracts, market.contracts),
        (schema.contract_lines, lines),
    ):
        _insert(database, table, [listing.fields(each) for each in things])
    with database.writer() as session:
        last = session.scalar(sa.select(schema.event_sequence.c.last)) or 0
        count = len(market.events)
        session.execute(sa.update(schema.event_sequence).values(last=last + count))
    numbered = enumerate(market.events, last + 1)
    _insert(database, schema.events, [{**each, 'id': at} for at, each in numbered])


def _insert(database, table, rows):
    for at in range(0, len(rows), _ROWS_AT_ONCE):
        with database.writer() as session:
            session.execute(sa.insert(table), rows[at : at + _ROWS_AT_ONCE])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('connection', help='the URL of the database of the market')
    parser.add_argument('--owner', action='append', required=True, metavar='PROJECT')
    parser.add_argument('--renter', action='append', required=True, metavar='PROJECT')
    parser.add_argument('--provider', default='busy-market', metavar='ACCOUNT')
    for field in dataclasses.fields(Size):
        parser.add_argument(f'--{field.name}', type=int, default=field.default)
    args = parser.parse_args()
    size = Size(*(getattr(args, each.name) for each in dataclasses.fields(Size)))
    now = datetime.datetime.now(datetime.UTC)
    market = Market(args.owner, args.renter, args.provider, now, size)
    fill(db.Database(args.connection), market)
    print(
        f'{len(market.offers)} offers, {len(market.contracts)} contracts, '
        f'{len(market.bids)} bids and {len(market.events)} events.'
    )


if __name__ == '__main__':
    main()
