# SPDX-License-Identifier: Apache-2.0
"""Setting the stage of the tour: servers that are free, old offers gone."""

import urllib.parse

from tools.lab import accounts
from tools.lab import nodes
from tools.lab import processes
from tools.lab import progress
from tools.lab import rest
from tools.lab import trouble

OWNER = 'acme'
OWN, SALE, BID = 'tour-own', 'tour-sale', 'tour-bid'


def clear(lab):
    """Withdraw what an earlier tour left open, so that this one is itself."""
    left = [
        *_withdraw(lab, 'acme-owner', 'provider', 'offers', OWN, 'available'),
        *_withdraw(lab, 'acme-owner', 'provider', 'offers', SALE, 'available'),
        *_withdraw(lab, 'umbrella-renter', 'market', 'bids', BID, 'available'),
        *_withdraw(lab, 'acme-internal', 'market', 'contracts', OWN, 'active'),
    ]
    if left:
        progress.say(f'  Withdrawn from an earlier tour: {", ".join(left)}.')


def choose(lab):
    """Two free servers of the owner: one to keep, one to sell."""
    yard = nodes.Yard(lab.folder, lab.ports)
    names = nodes.names(OWNER)
    free = [
        (number, node)
        for number, node in enumerate(map(yard.node, names))
        if node
        and node['provision_state'] == 'available'
        and not node['lessee']
        and not node['maintenance']
    ]
    if len(free) < 2:
        raise trouble.Trouble(
            f'The tour needs two free servers of {OWNER}, and there are {len(free)}.',
            'Release contracts, or begin anew: remove the folder after --down.',
        )
    (_, own), (number, sale) = free[:2]
    return {
        'own_node': own['name'],
        'node': sale['name'],
        'node_uuid': sale['uuid'],
        'node_number': number,
    }


def _withdraw(lab, user, service, plural, name, status):
    """Delete what has that name and status; what was deleted."""
    project, _ = accounts.PEOPLE[user]
    token = accounts.log_in(lab.folder, lab.ports, user, project)
    market = f'{processes.url(lab.ports, "market")}/v1'
    there = f'{processes.url(lab.ports, service)}/v1'
    query = urllib.parse.urlencode({'name': name, 'status': status})
    for thing in rest.get(f'{market}/{plural}?{query}', token)[plural]:
        # A contract that is on its way out already refuses, which is fine.
        rest.call('DELETE', f'{there}/{plural}/{thing["uuid"]}', token=token)
        yield f'{plural[:-1]} {name}'
