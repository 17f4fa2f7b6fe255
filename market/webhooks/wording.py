# SPDX-License-Identifier: Apache-2.0
"""What an event means, in the words of an e-mail. Pure.

What is said of one party is said to that party: an event has one addressee.
"""

import collections

#: By type of the event: what is said to the renter, and to the owner of the servers.
_CONTRACTS = {
    'created': (
        'You have rented {servers} from {start} to {end}.',
        'Your {servers} was rented from {start} to {end}.',
    ),
    'active': (
        'You can use {servers} now, until {end}.',
        'Your {servers} was handed over to who rents it.',
    ),
    'changed': (
        'You now have {servers} until {end}.',
        'Your {servers} is now rented until {end}.',
    ),
    'released': (
        'The contract for {servers} was ended. It is over at {end}.',
        'The contract for your {servers} was ended. It is over at {end}.',
    ),
    'not_extended': (
        'Your contract cannot be extended now ({reason}): it ends at {end}.',
        'A contract cannot be extended.',
    ),
    'reclaiming': (
        'Its owner takes {servers} back. You have it until {end}.',
        'You take {servers} back. Its renter has it until {end}.',
    ),
    'displaced': (
        'A firm bid gets {servers}. You have it until {end}.',
        'A firm bid gets your {servers}. Its renter has it until {end}.',
    ),
    'wait_end': (
        'Your time with {servers} is over. It is being cleaned.',
        'The time of the contract for {servers} is over. It is being cleaned.',
    ),
    'ended': (
        'The contract for {servers} has ended.',
        '{servers} was cleaned, and is yours again.',
    ),
    'cancelled': (
        'The contract for {servers} was cancelled.',
        'The contract for your {servers} was cancelled.',
    ),
    'wait_fulfill': (
        '{servers} is not ready yet. It is yours as soon as it is.',
        'Your {servers} cannot be handed over yet.',
    ),
    'wait_cancel': (
        '{servers} will not be handed over.',
        'Your {servers} will not be handed over.',
    ),
    'error': (
        '{servers} needs its operator: {reason}.',
        'Your {servers} needs its operator: {reason}.',
    ),
    'replaced': (
        'You get another server in the place of one that could not be handed over: '
        '{servers}.',
        'A server is replaced: {servers}.',
    ),
    'maintenance_announced': (
        'An outage of {servers} is planned from {outage_start} to {outage_end}.',
        'You plan an outage of {servers} from {outage_start} to {outage_end}.',
    ),
    'maintenance_cancelled': (
        'The planned outage of {servers} was called off.',
        'You have called the planned outage of {servers} off.',
    ),
}
_OTHERS = {
    'offer.published': '{servers} is on offer from {start} to {end}.',
    'offer.cancelled': 'Your offer of {servers} was closed.',
    'offer.expired': 'Your offer of {servers} is past.',
    'offer.suspended': 'Your offer of {servers} is off the market: {reason}.',
    'offer.resumed': 'Your offer of {servers} is on the market again.',
    'standing_demand.refused': 'No more servers are bought for you: {reason}.',
    'bid.placed': 'Your bid was placed.',
    'bid.matched': 'Your bid has become a contract.',
    'bid.cancelled': 'Your bid was cancelled.',
    'bid.expired': 'Your bid has expired without a contract.',
    'webhook.test': 'This is what you have asked for: events reach this address.',
    'webhook.disabled': 'A webhook of your project was disabled: {reason}.',
}


def servers_of(event):
    """The uuids of the servers that an event is about."""
    payload = event['payload']
    found = [line['resource_uuid'] for line in payload.get('lines', ())]
    found += [payload[name] for name in ('resource_uuid',) if payload.get(name)]
    return list(dict.fromkeys(found))


def text(event, names):
    """The subject and the body of an e-mail about an event.

    :param event: JSON, as ``GET /v1/events`` has it.
    :param names: {uuid of a server: what its owner calls it}; the uuid where there is
        none.
    """
    payload = event['payload']
    called = [names.get(uuid, uuid) for uuid in servers_of(event)]
    maintenance = payload.get('maintenance') or {}
    reasons = [payload, maintenance, *payload.get('lines', ())]
    values = collections.defaultdict(
        lambda: 'unknown',
        servers=_joined(called) or 'a server',
        reason=next(
            (str(each['reason']) for each in reasons if each.get('reason')), '-'
        ),
        start=_time(payload.get('start_time')),
        end=_time(_end(payload)),
        outage_start=_time(maintenance.get('start_time')),
        outage_end=_time(maintenance.get('end_time')),
    )
    sentence = _sentence(event).format_map(values)
    sentence = sentence[0].upper() + sentence[1:]
    subject = sentence if len(sentence) <= 100 else f'{event["type"]}: {called[0]} ...'
    details = [
        sentence,
        '',
        *([f'Name: {payload["name"]}'] if payload.get('name') else []),
        f'{event["object_type"].capitalize()}: {event["object_uuid"]}',
        f'Event {event["id"]}, {event["type"]}, at {_time(event["time"])}',
    ]
    return ' '.join(subject.split()), '\n'.join(details) + '\n'


def _sentence(event):
    kind, _, action = event['type'].partition('.')
    if kind == 'contract' and action in _CONTRACTS:
        return _CONTRACTS[action][event['project_id'] is None]
    found = _OTHERS.get(event['type'])
    return found or f'{kind.capitalize()}: {action.replace("_", " ")}.'


def _end(payload):
    """When what an event is about ends: of a contract, the last of its lines."""
    ends = [
        line['end_time'] for line in payload.get('lines', ()) if line.get('end_time')
    ]
    return max(ends) if ends else payload.get('end_time')


def _time(moment):
    return moment.replace('T', ' ').replace('Z', ' UTC') if moment else 'unknown'


def _joined(names):
    if len(names) > 5:
        names = [*names[:4], f'{len(names) - 4} more']
    return ' and '.join(filter(None, (', '.join(names[:-1]), *names[-1:])))
