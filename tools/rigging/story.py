# SPDX-License-Identifier: Apache-2.0
"""The eight steps as requests: a story that goes on whatever is killed meanwhile.

``tools.lab.tour`` shows them with the commands of people, who would not repeat
each until it works.
"""

import decimal
import time

from tools.lab import accounts
from tools.lab import evidence
from tools.lab import ironic
from tools.lab import nodes
from tools.lab import rest
from tools.rigging import load as loads
from tools.rigging import trader

ASK, CEILING = '1.00', '3.00'
STEP_TIMEOUT = 240
SERVER = 'provision_state,lessee'


class Story:
    """One server of acme's that its own project uses, and one that is sold.

    :param own, sale: uuids of servers of acme, ``resource_class`` the second's.
    """

    def __init__(self, rig, own, sale, resource_class):
        self._rig, self._own, self._sale, self._class = rig, own, sale, resource_class
        self._projects = accounts.projects(rig.folder, rig.ports)
        names = ('acme-owner', 'acme-internal', 'umbrella-owner', 'umbrella-renter')
        self._owner, self._internal, self._other, self._renter = (
            trader.Trader(rig, name, timeout=STEP_TIMEOUT) for name in names
        )
        self._offer = self._bid = self._contract = None

    def step_1(self):
        lessee = self._projects['acme-internal']
        offer = self._owner.offer(self._own, '0', loads.ON_SALE, lessee_id=lessee)
        self._contract = self._internal.claim(offer['uuid'], 3600)['uuid']
        self._becomes(self._internal, 'active')
        self._server(self._own, lessee=lessee)
        self._refuses(self._renter, 'offers', offer['uuid'])

    def step_2(self):
        self._internal.withdraw('contracts', self._contract)
        self._becomes(self._internal, 'ended')
        self._server(self._own, lessee=None, provision_state='available')

    def step_3(self):
        try:
            self._other.offer(self._sale, ASK, loads.ON_SALE)
        except trader.Gave as error:
            evidence.hold(error.status == 404, f'Somebody else is told {error}.')
        else:
            evidence.hold(False, 'Somebody else offered the server.')
        self._offer = self._owner.offer(self._sale, ASK, loads.ON_SALE)

    def step_4(self):
        found = self._renter.show('offers', self._offer['uuid'])
        evidence.hold(found['properties'].get('cpus'), 'The hardware is missing.')
        # It begins within minutes, so no two can have one server after another.
        self._bid = self._renter.bid(CEILING, 3600, 3900, resource_class=self._class)

    def step_5(self):
        bid = self._renter.until('bids', self._bid['uuid'], ['matched'], STEP_TIMEOUT)
        evidence.hold(bid['status'] == 'matched', f'The bid is {bid["status"]}.')
        self._contract = bid['contract_uuid']

    def step_6(self):
        (line,) = self._becomes(self._renter, 'active')['lines']
        price = decimal.Decimal(line['price'])
        evidence.hold(
            decimal.Decimal(ASK) <= price <= decimal.Decimal(CEILING),
            f'The price is {price}.',
        )
        self._sale = line['resource_uuid']

    def step_7(self):
        (line,) = self._owner.show('contracts', self._contract)['lines']
        evidence.hold(line['owner_id'] == self._projects['acme'], 'Not their line.')
        self._refuses(self._internal, 'contracts', self._contract)

    def step_8(self):
        renter = self._projects['umbrella-renter']
        self._server(self._sale, lessee=renter)
        self._deploy()
        self._renter.withdraw('contracts', self._contract)
        self._becomes(self._renter, 'ended')
        self._server(self._sale, lessee=None, provision_state='available')
        query = f'object_uuid={self._contract}'
        for who in (self._renter, self._owner):
            told = {event['type'] for event in who.list('events', query)}
            evidence.hold(
                told >= {'contract.created', 'contract.active', 'contract.ended'},
                f'One of the parties was only told {sorted(told)}.',
            )

    def _becomes(self, who, status):
        found = who.until('contracts', self._contract, [status], STEP_TIMEOUT)
        evidence.hold(found['status'] == status, f'The contract is {found}.')
        return found

    def _refuses(self, who, kind, ident):
        try:
            who.show(kind, ident)
        except trader.Gave as error:
            evidence.hold(error.status == 404, f'Others are told {error}.')
        else:
            evidence.hold(False, f'Others see {kind} {ident}.')

    def _deploy(self):
        """As the renter, who has the role that Ironic asks for."""
        user = 'umbrella-renter'
        token = accounts.log_in(
            self._rig.folder, self._rig.ports, user, accounts.PEOPLE[user][0]
        )
        path = f'{ironic.url(self._rig.ports)}/v1/nodes/{self._sale}/states/provision'
        until = time.monotonic() + STEP_TIMEOUT
        while time.monotonic() < until:
            body = {'target': 'active'}
            status, _, body = rest.call('PUT', path, body, token, nodes.VERSION)
            if status == 202:
                return self._server(self._sale, provision_state='active')
            time.sleep(0.3)
        return evidence.hold(False, f'Ironic does not deploy: {body}')

    def _server(self, uuid, **expected):
        """Wait until the server is as expected."""
        token = accounts.log_in(self._rig.folder, self._rig.ports, 'admin')
        path = f'{ironic.url(self._rig.ports)}/v1/nodes/{uuid}?fields={SERVER}'
        until = time.monotonic() + STEP_TIMEOUT
        while True:
            found = rest.get(path, token, headers=nodes.VERSION)
            if expected.items() <= found.items():
                return
            evidence.hold(time.monotonic() < until, f'The server is {found}.')
            time.sleep(0.3)
