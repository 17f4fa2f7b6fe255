# SPDX-License-Identifier: Apache-2.0
"""What an open bid could have, found by trying everything; rows are dictionaries."""

import collections
import datetime
import decimal
import json


def moment(text):
    """The time that a column of SQLite holds."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def text(moment):
    """``moment`` as a column of SQLite holds it."""
    return f'{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S.%f}'


def server(row):
    """What identifies the server of an offer or a line."""
    return row['provider_id'], row['resource_type'], row['resource_uuid']


def options(bid):
    """The ways in which ``bid`` can be met, its own terms first."""
    found = [{**bid, 'parts': json.loads(bid['parts'] or '[]')}]
    for each in json.loads(bid['alternatives'] or '[]'):
        times = {
            name: text(datetime.datetime.fromisoformat(each[name]))
            for name in ('start_time', 'end_time')
        }
        # Money is in millionths there.
        price = int(decimal.Decimal(each['price']).scaleb(6))
        requirements = json.dumps(each['requirements'])
        found.append(
            {**bid, **each, **times, 'price': price, 'requirements': requirements}
        )
    return found


#: What the terms of a bid are called in the record of what filled it.
_FILLED = {
    'start': 'start_time',
    'end': 'end_time',
    'ceiling': 'price',
    'class': 'resource_class',
    'least': 'min_reclaim_notice',
}


def awarded(fill):
    """``fill`` with the terms that were awarded, its own or those of an alternative."""
    own = {name: fill[known] for known, name in _FILLED.items()}
    terms = options({**fill, **own})[fill['alternative'] or 0]
    names = {known: terms[name] for known, name in _FILLED.items()}
    return {**terms, **names}


def of_part(fill, number):
    """``fill`` with what part ``number`` of it asks for; without parts it is itself."""
    if number is None:
        return fill
    part, start = fill['parts'][number], moment(fill['start'])
    start += datetime.timedelta(seconds=part['offset'])
    last = max(each['offset'] + each['duration'] for each in fill['parts'])
    later = datetime.timedelta(seconds=last - part['offset'] - part['duration'])
    return {
        **fill,
        'start': text(start),
        'end': text(moment(fill['end']) - later),
        'duration': part['duration'],
        'ceiling': fill['ceiling']
        if part['price'] is None
        else int(decimal.Decimal(part['price']).scaleb(6)),
        'requirements': json.dumps(part['requirements']),
        'class': part['resource_class'],
        'group_by': fill['group_by'] or part['group_by'],
        'group_value': fill['group_value'] or part['group_value'],
        'spread_by': part['spread_by'],
        'spread_max': part['spread_max'],
    }


def begun(fill, starts):
    """When a bundle has begun, by each of its parts; one time if all went together.

    :param starts: pairs of a part's number and when a server of it was to begin.
    """
    first = {}
    for number, start in sorted(starts, reverse=True):
        offset = datetime.timedelta(seconds=fill['parts'][number]['offset'])
        first[number] = moment(start) - offset
    return set(first.values())


def most(bid, offers, held, now):
    """How many servers ``bid`` could have at the best moment for it.

    :param held: {server: pairs of from when to when nobody else gets it}.
    """
    suits = [offer for offer in offers if _could_take(bid, offer)]
    suits = _whole_blocks(bid, offers, suits)
    if bid['group_by'] is not None:
        groups = collections.defaultdict(list)
        for offer in suits:
            groups[json.loads(offer['properties']).get(bid['group_by'])].append(offer)
        groups.pop(None, None)
        alone = {**bid, 'group_by': None}
        return max(
            (most(alone, each, held, now) for each in groups.values()), default=0
        )
    edges = {max(now, moment(bid['start_time']))}
    # Wherever it fits, it also fits moved back to the edge of something; who wants
    # all of their window wants it from its start, or from now.
    for offer in suits if not _whole(bid) else ():
        edges.add(moment(offer['start_time']))
        edges.update(end for _, end in held[server(offer)])
    return max(_free(bid, suits, held, edge, now) for edge in edges)


#: What all offers of a block say alike.
_ALIKE = (
    *('lessee_id', 'reclaim_notice', 'min_length', 'max_length', 'end_time', 'price'),
    *('ask_schedule', 'ask_falls', 'block_size'),
)


def _block(offer):
    return offer['provider_id'], offer['project_id'], offer['block']


def _whole_blocks(bid, offers, suits):
    """``suits`` without what is of a block that ``bid`` cannot have whole."""
    known = {id(each) for each in suits}

    def whole(offer):
        mates = [
            each
            for each in offers
            if _block(each) == _block(offer) and each['status'] == 'available'
        ]
        return (
            offer['block_size'] == len({server(each) for each in mates}) == len(mates)
            and all(id(each) in known for each in mates)
            and len({tuple(each[name] for name in _ALIKE) for each in mates}) == 1
            and offer['block_size'] <= bid['quantity']
            and bid['spread_by'] is None
        )

    return [each for each in suits if each['block'] is None or whole(each)]


def asked_at_most(offer):
    """What an hour of an offer is asked for at the dearest time, in millionths."""
    entries = json.loads(offer['ask_schedule'] or 'null') or ()
    others = (int(decimal.Decimal(each['price']) * 1_000_000) for each in entries)
    return max([offer['price'], *others])


def _could_take(bid, offer):
    document = json.loads(offer['properties'])
    return (
        offer['status'] == 'available'
        and asked_at_most(offer) <= bid['price']
        and offer['project_id'] != bid['project_id']
        and offer['lessee_id'] in (None, *json.loads(bid['lineage']))
        and bid['resource_class'] in (None, offer['resource_class'])
        and agreed(bid['min_reclaim_notice'], offer['reclaim_notice'])
        and all(
            document.get(name, 0) >= least
            for name, _, least in json.loads(bid['requirements'])
        )
    )


def agreed(least, notice):
    """Whether who wants a notice of ``least`` seconds has agreed to ``notice``."""
    return notice is None or least is not None and least <= notice


def _whole(bid):
    asked = moment(bid['end_time']) - moment(bid['start_time'])
    return bid['duration'] == asked.total_seconds()


def _let(offer, seconds):
    least, most = offer['min_length'] or 0, offer['max_length'] or seconds
    return least <= seconds <= most


def _free(bid, offers, held, start, now):
    """How many of ``offers`` are free for ``bid`` if it begins at ``start``."""
    first, last = moment(bid['start_time']), moment(bid['end_time'])
    end = last if _whole(bid) else start + datetime.timedelta(seconds=bid['duration'])
    if not max(first, now) <= start < end <= last:
        return 0
    there = [
        offer
        for offer in offers
        if moment(offer['start_time']) <= start
        and end <= moment(offer['end_time'])
        and all(end <= one or two <= start for one, two in held[server(offer)])
        and _let(offer, (end - start).total_seconds())
    ]
    if bid['spread_by'] is None:
        return _most_of(there, bid['quantity'])
    free = [json.loads(offer['properties']) for offer in there]
    groups = collections.Counter(each.get(bid['spread_by']) for each in free)
    groups.pop(None, None)
    return sum(min(each, bid['spread_max']) for each in groups.values())


def _most_of(offers, most):
    """How many of ``offers``, blocks whole, come to ``most`` or as near as can be."""
    blocks = collections.Counter(_block(each) for each in offers if each['block'])
    sizes = {_block(each): each['block_size'] for each in offers}
    sums = {0}
    for block, servers in blocks.items():
        if servers == sizes[block]:
            sums |= {each + servers for each in sums}
    alone = sum(each['block'] is None for each in offers)
    return max(min(most, each + alone) for each in sums if each <= most)
