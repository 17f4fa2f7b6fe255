# SPDX-License-Identifier: Apache-2.0
"""A project's servers, with what it offers of them and whom it has promised them."""

import collections

from flocx import exceptions

_OFFER = (
    'uuid',
    'name',
    'lessee_id',
    'sublet_of',
    'start_time',
    'end_time',
    'price',
    'status',
    'reason',
)
_LINE = ('start_time', 'end_time', 'price', 'status', 'reason', 'owner_id')


def of(marketplace, context, nodes):
    """What the market knows of ``nodes``, as the caller may see it.

    It is asked for all of them at once, as the caller. Each node's uuid has
    ``offers`` and ``contracts``, open ones by their start, and ``suspended_reason``,
    why an offer of it is off the market now. While the market does not answer, all
    three are None: what the servers are, their owner wants to know then too.
    """
    names = ('offers', 'contracts', 'suspended_reason')
    if not nodes:
        return {}
    one = {'resource_uuid': nodes[0].uuid} if len(nodes) == 1 else {}
    try:
        offers = marketplace.offers_of(context, **one)
        contracts = marketplace.contracts_of(context, **one)
    except exceptions.Unavailable:
        return {node.uuid: dict.fromkeys(names) for node in nodes}
    offered, promised = collections.defaultdict(list), collections.defaultdict(list)
    for offer in offers:
        offered[offer['resource_uuid']].append(
            {name: offer.get(name) for name in _OFFER}
        )
    for contract in contracts:
        for line in contract['lines']:
            if line['provider_id'] == marketplace.provider_id:
                promised[line['resource_uuid']].append(_promised(contract, line))
    return {
        node.uuid: {
            'offers': sorted(offered[node.uuid], key=_start),
            'contracts': sorted(promised[node.uuid], key=_start),
            'suspended_reason': next(
                (each['reason'] for each in offered[node.uuid] if each['reason']), None
            ),
        }
        for node in nodes
    }


def _promised(contract, line):
    return {
        'uuid': contract['uuid'],
        'name': contract['name'],
        'project_id': contract['project_id'],
        'line_uuid': line['uuid'],
        **{name: line[name] for name in _LINE},
    }


def _start(each):
    return each['start_time']
