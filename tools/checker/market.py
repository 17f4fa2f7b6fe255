# SPDX-License-Identifier: Apache-2.0
"""What must hold within the market's tables."""

import collections
import datetime
import decimal

from tools.checker import database

# As the documentation of the states gives them, most urgent first for contracts.
CONTRACT = (
    'error',
    'wait_cancel',
    'wait_fulfill',
    'wait_end',
    'active',
    'created',
    'ended',
    'cancelled',
)
STATES = {
    'offer': ('available', 'expired', 'cancelled', 'error'),
    'bid': ('available', 'matched', 'expired', 'cancelled'),
    'contract': CONTRACT,
    'line': CONTRACT,
}
CLOSED = ('ended', 'cancelled')
# Why a line that was not handed over is given up.
UNDELIVERABLE = ('not_delivered', 'node_gone', 'node_in_use', 'owner_changed')
# Events after which the times of a contract are no more those it was made with.
RETIMED = ('contract.changed', 'contract.released', 'contract.reclaiming')


def violations(market, now, grace):
    """Everything in a Snapshot that breaks a promise.

    :param now: aware UTC.
    :param grace: how many seconds something may be overdue.
    """
    yield from _states(market, now, datetime.timedelta(seconds=grace))
    yield from _sold_twice(market)
    yield from _delivered_twice(market)
    for contract in market.contracts.values():
        yield from _contract(market, contract)
        for line in market.lines[contract.uuid]:
            yield from _line(market, contract, line)
    for bid in market.bids.values():
        yield from _bid(market, bid)


def lost(market, accepted):
    """What of a journal is not there as it was accepted.

    :param accepted: objects with ``kind`` (offers, bids, contracts), ``uuid`` and,
        if it was accepted that they are withdrawn, ``withdrawn``.
    """
    for entry in accepted:
        kind, uuid = entry['kind'], entry['uuid']
        found = getattr(market, kind).get(uuid)
        if found is None:
            yield _violation('lost', kind[:-1], uuid, 'it was accepted and is gone')
        elif entry.get('withdrawn') and found.status in ('available', 'created'):
            yield _violation(
                'lost', kind[:-1], uuid, f'its withdrawal was accepted: {found.status}'
            )


def _violation(kind, object_type, uuid, detail):
    return database.Violation(kind, object_type, uuid, detail)


def _states(market, now, grace):
    tables = {
        'offer': market.offers.values(),
        'bid': market.bids.values(),
        'contract': market.contracts.values(),
        'line': market.all_lines,
    }
    for object_type, rows in tables.items():
        for row in rows:
            for detail in _unlawful(object_type, row, now, grace):
                yield _violation('state', object_type, row.uuid, detail)


def _unlawful(object_type, row, now, grace):
    if row.status not in STATES[object_type]:
        yield f'{row.status} is no status'
    if row.start_time >= row.end_time:
        yield 'it starts when it ends, or later'
    over = row.end_time + grace < now
    if object_type in ('offer', 'bid') and row.status == 'available' and over:
        yield f'it is available, and was to end at {row.end_time}'
    if object_type == 'bid' and (row.status == 'matched') != bool(row.contract_uuid):
        yield f'it is {row.status} with contract {row.contract_uuid}'
    if object_type == 'line':
        yield from _unlawful_line(row, now, grace, over)


def _unlawful_line(line, now, grace, over):
    if (line.status in CLOSED) != bool(line.expire_time) and line.status != 'cancelled':
        yield f'it is {line.status} with expire_time {line.expire_time}'
    if line.status in ('active', 'wait_end') and not line.fulfill_time:
        yield f'it is {line.status} and was never handed over'
    if line.status == 'created' and line.fulfill_time:
        yield 'it is created and was handed over'
    if line.fulfill_time and line.fulfill_time < line.start_time:
        yield 'it was handed over before its time'
    if line.status in CLOSED and not line.reason:
        yield 'it is closed without a reason'
    if line.status not in (*CLOSED, 'error') and over:
        yield f'it is {line.status}, and was to end at {line.end_time}'
    if line.status == 'created' and line.start_time + grace < now:
        yield f'it is created, and was to start at {line.start_time}'


def _server(row):
    # What is sub-let has its time beside that of the line which it is of.
    return row.provider_id, row.resource_type, row.resource_uuid, row.sublet_of


def _sold_twice(market):
    """The time of one server promised to two."""
    promised = [line for line in market.all_lines if line.status != 'cancelled']
    times = [(line, line.start_time, line.end_time) for line in promised]
    yield from _overlapping(times, 'sold_twice')


def _delivered_twice(market):
    """One server in two hands at once."""
    latest = datetime.datetime.max.replace(tzinfo=datetime.UTC)
    times = [
        (line, line.fulfill_time, line.expire_time or latest)
        for line in market.all_lines
        if line.fulfill_time
    ]
    yield from _overlapping(times, 'delivered_twice')


def _overlapping(times, kind):
    by_server = collections.defaultdict(list)
    for each in times:
        by_server[_server(each[0])].append(each)
    for server, held in by_server.items():
        held.sort(key=lambda each: each[1:])
        last, until = None, None
        for line, start, end in held:
            if last and start < until:
                detail = f'server {server[2]} is also line {last.uuid} until {until}'
                yield _violation(kind, 'line', line.uuid, f'{detail}, from {start}')
            if last is None or end > until:
                last, until = line, end


def _contract(market, contract):
    lines = market.lines[contract.uuid]
    if not lines:
        yield _violation('parts', 'contract', contract.uuid, 'it has no line')
        return
    status = min((line.status for line in lines), key=_urgency)
    if status != contract.status:
        yield _violation(
            'parts', 'contract', contract.uuid, f'{contract.status}, not {status}'
        )
    servers = {_server(line) for line in lines}
    if len(servers) < len(lines):
        yield _violation('parts', 'contract', contract.uuid, 'it has one server twice')
    if contract.bid_uuid:
        for detail in _unlike_its_bid(market, contract, lines):
            yield _violation('parts', 'contract', contract.uuid, detail)


def _urgency(status):
    return CONTRACT.index(status) if status in CONTRACT else -1


def _unlike_its_bid(market, contract, lines):
    bid = market.bids.get(contract.bid_uuid)
    if bid is None:
        yield f'there is no bid {contract.bid_uuid}'
        return
    if (bid.status, bid.contract_uuid) != ('matched', contract.uuid):
        yield f'its bid is {bid.status}, with contract {bid.contract_uuid}'
    if bid.project_id != contract.project_id:
        yield f'its bid is of project {bid.project_id}'
    most = bid.quantity + sum(map(_is_given_up, lines))
    if not bid.min_quantity <= len(lines) <= most:
        yield f'{len(lines)} lines, not {bid.min_quantity} to {most}'
    if contract.start_time < bid.start_time:
        yield f'its bid starts at {bid.start_time}'
    if _event_types(market, contract.uuid).isdisjoint(RETIMED):
        yield from _unlike_its_times(contract, bid)


def _is_given_up(line):
    """Whether another server may be in its place.

    It could not be delivered, is not what was asked for any more, or was reclaimed.
    """
    return line.reason in ('hardware_changed', 'reclaimed') or (
        line.reason in UNDELIVERABLE and not line.fulfill_time
    )


def _unlike_its_times(contract, bid):
    if contract.end_time > bid.end_time:
        yield f'its bid ends at {bid.end_time}'
    length = (contract.end_time - contract.start_time).total_seconds()
    whole = (bid.end_time - bid.start_time).total_seconds() == bid.duration
    # Who asks for all of a time that has begun gets what is left of it.
    if length != bid.duration and not (whole and contract.end_time == bid.end_time):
        yield f'it takes {length:.0f} s, not {bid.duration}'


def _event_types(market, uuid):
    return {event.type for event in market.events[uuid]}


def _line(market, contract, line):
    offer = market.offers.get(line.offer_uuid)
    if offer is None:
        yield _violation('parts', 'line', line.uuid, f'no offer {line.offer_uuid}')
        return
    for detail in _unlike_its_offer(market, contract, line, offer):
        yield _violation('parts', 'line', line.uuid, detail)
    ask = _ask(market, contract, offer)
    if line.price < ask:
        yield _violation('price', 'line', line.uuid, f'{line.price} < ask {ask}')
    bid = market.bids.get(contract.bid_uuid)
    if bid and line.price > bid.price:
        yield _violation(
            'price', 'line', line.uuid, f'{line.price} > ceiling {bid.price}'
        )
    if not contract.bid_uuid and line.price != ask:
        yield _violation('price', 'line', line.uuid, f'claimed at {line.price}: {ask}')
    prices = [price for _, _, price in database.segments(line)]
    if prices != sorted(prices):
        yield _violation('price', 'line', line.uuid, 'added time is cheaper')


def _unlike_its_offer(market, contract, line, offer):
    if _server(line) != _server(offer):
        yield f'its offer is of server {offer.resource_uuid}'
    if line.owner_id != offer.project_id:
        yield f'its offer is of project {offer.project_id}'
    if line.project_id != contract.project_id:
        yield f'its contract is of project {contract.project_id}'
    replaces = any(map(_is_given_up, market.lines[contract.uuid]))
    if line.start_time != contract.start_time and not (
        replaces and line.start_time > contract.start_time
    ):
        yield f'its contract starts at {contract.start_time}'
    # What is cancelled keeps the end that it never reached.
    if line.status != 'cancelled' and line.end_time > contract.end_time:
        yield f'its contract ends at {contract.end_time}'
    changed = 'offer.changed' in _event_types(market, offer.uuid)
    if not changed and not (
        offer.start_time <= line.start_time and line.end_time <= offer.end_time
    ):
        yield f'its offer is from {offer.start_time} to {offer.end_time}'


def _ask(market, contract, offer):
    """What the owner asked when the contract was made: the feed is in order."""
    made = min(
        (event.id for event in market.events[contract.uuid]), default=float('inf')
    )
    told = [
        decimal.Decimal(event.payload['price'])
        for event in market.events[offer.uuid]
        if event.id < made and 'price' in event.payload
    ]
    return told[-1] if told else offer.price


def _bid(market, bid):
    if bid.status != 'matched':
        return
    contract = market.contracts.get(bid.contract_uuid)
    if contract is None or contract.bid_uuid != bid.uuid:
        yield _violation(
            'parts', 'bid', bid.uuid, f'{bid.contract_uuid} is no contract of it'
        )
