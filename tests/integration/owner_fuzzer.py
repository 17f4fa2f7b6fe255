# SPDX-License-Identifier: Apache-2.0
"""Owners ask Ironic for all that it has, of servers that somebody else rents, on a rig.

``FLOCX_FUZZ_SEED`` is the first seed, ``FLOCX_FUZZ_ROUNDS`` how many there are. In
three rounds every route, field and verb of Ironic's API that changes something is asked
for once, by a member, a manager or an administrator of the owner's project. What has to
follow is read from Ironic itself: a server that is its renter's no more, or that its
owner has deployed, is found to be so, with the reason, and is not billed from then on;
anything else leaves the contract as it is.
"""

import concurrent.futures
import contextlib
import dataclasses
import json
import random

from flocx.core import window
from provider import teardown_steps
from tests import waiting
from tests.integration import lessee_fuzzer
from tests.integration import tenant_requests
from tools.lab import accounts
from tools.rigging import fleet
from tools.rigging import trader

OWNER, RENTER = 'acme', 'umbrella-renter'
ROLES = {
    'acme-owner': 'member',
    'acme-owner-manager': 'manager',
    'acme-owner-admin': 'admin',
}
SERVERS, TOGETHER = 6, 8
#: A round asks for one in so many; as many seeds after each other ask for all.
SHARE = 3
FULFILLERS = ('fulfiller-1', 'fulfiller-2')
#: The longest that a contract of a round takes; it is released at the end.
SECONDS = 3600


#: What would keep a server from being used, or mended.
AS_BEFORE = {'maintenance': False, 'protected': False, 'retired': False}
_BY_HAND = {'clean failed': 'manage', 'clean hold': 'unhold', 'clean wait': 'abort'}


@dataclasses.dataclass
class Rented:
    """A server of an owner's under somebody else's contract."""

    node: str
    contract: str
    asks: object
    draws: tenant_requests.Requests
    cases: list
    picture: dict
    #: What was taken by Ironic, and how often the contract was broken by it.
    taken: list = dataclasses.field(default_factory=list)
    reasons: list = dataclasses.field(default_factory=list)
    #: How many events of the contract there were when it was mended.
    seen: int = 0


class OwnerFuzzer:
    """Tests of a RigTestCase."""

    def test_an_owner_who_asks_ironic_for_everything_of_a_rented_server(self):
        catalog = tenant_requests.Catalog(self.rig.folder.python)
        first = lessee_fuzzer.SEED
        for seed in range(first, first + lessee_fuzzer.ROUNDS):
            with self.subTest(seed=seed, replay=f'FLOCX_FUZZ_SEED={seed}'):
                found = self.owner_round(catalog, seed)
                self.assertEqual({}, found, json.dumps(found, indent=1))
        self.assertHolds()

    def owner_round(self, catalog, seed):
        """One round; {server: what is wrong with its contract}."""
        draw = random.Random(seed)
        owner = trader.Trader(self.rig, 'acme-owner')
        self._renter = trader.Trader(self.rig, RENTER)
        self._admin = self.asking('admin')
        self._projects = accounts.projects(self.rig.folder, self.rig.ports)
        servers = fleet.Fleet(self.rig, 'baremetal.owners').enrol(2 * SERVERS)[OWNER]
        cases = [case for case in catalog.cases() if case.writes][seed % SHARE :: SHARE]
        draw.shuffle(cases)
        rented, offers = [], []
        for number, node in enumerate(servers):
            user = list(ROLES)[number % len(ROLES)]
            offers.append(owner.offer(node, '1', 2 * SECONDS)['uuid'])
            rented.append(
                Rented(
                    node=node,
                    contract=self._renter.claim(offers[-1], SECONDS)['uuid'],
                    asks=self.asking(user, OWNER, ROLES[user]),
                    draws=tenant_requests.Requests(
                        catalog, random.Random(draw.getrandbits(64)), self.known(node)
                    ),
                    cases=cases[number :: len(servers)],
                    picture=lessee_fuzzer.picture(self._admin, node),
                )
            )
        with concurrent.futures.ThreadPoolExecutor(SERVERS) as pool:
            wrong = list(pool.map(self.meddle, rented))
        for each in rented:
            # What its owner has changed too much has ended already.
            with contextlib.suppress(trader.Gave):
                self._renter.withdraw('contracts', each.contract)
        for each, found in zip(rented, wrong, strict=True):
            found += self.not_ended(each)
        for offer in offers:
            owner.withdraw('offers', offer)
        return {
            each.node: {'wrong': found, 'taken': each.taken, 'why': each.reasons}
            for each, found in zip(rented, wrong, strict=True)
            if found
        }

    def not_ended(self, rented):
        """What keeps a contract that was released from being over."""
        found = self._renter.until('contracts', rented.contract, ['ended', 'error'])
        if found['status'] == 'ended':
            return self.billed(rented)
        now = lessee_fuzzer.picture(self._admin, rented.node)
        changed = {
            name: (before, now.get(name))
            for name, before in rented.picture.items()
            if before != now.get(name)
        }
        logs = [self.rig.process(name).log.read_text() for name in FULFILLERS]
        said = [
            line
            for line in '\n'.join(logs).splitlines()
            if rented.node in line and ' WARNING ' in line
        ]
        return [f'{found["status"]}, {found["lines"]}', f'{changed}', *said[-3:]]

    def asking(self, user, project=None, role=None):
        """Requests to Ironic as somebody: ``(status, document)`` of each."""
        return tenant_requests.Asking(
            self.rig.folder, self.rig.ports, user, project, role
        )

    def known(self, node):
        """What an owner knows of a server, and may name."""
        _, document = self._admin('GET', f'/nodes/{node}')
        projects = [self._projects[name] for name in (OWNER, RENTER, 'acme-renter')]
        return {
            'node_ident': [node, node, document['name']],
            'owner': [self._projects[OWNER]],
            'lessee': [*projects, None],
            'candidate_nodes': [[node]],
            'resource_class': [document['resource_class'], 'large'],
            **dict.fromkeys(('node_uuid', 'node', 'parent_node'), [node]),
        }

    # What an owner does, and what has to come of it

    def meddle(self, rented):
        """Ask for all cases, a few at a time; what is wrong afterwards."""
        self.becomes(self._renter, 'contracts', rented.contract, 'active')
        for place in range(0, len(rented.cases), TOGETHER):
            taken = list(self.ask(rented, rented.cases[place : place + TOGETHER]))
            rented.taken += [str(request) for request in taken]
            expected = self.expected(rented, taken)
            wrong = self.wrong(rented, expected)
            if wrong:
                return wrong
            if expected == {'node_gone'} or not self.mend(rented):
                break
        return []

    def billed(self, rented):
        """What was billed of the time in which the line was in error."""
        since, served, events = None, 0, self.events(rented)
        for event in events:
            moment = window.instant(event['time'], 'time')
            if since:
                served += (moment - since).total_seconds()
            for line in event['payload'].get('lines', ()):
                since = moment if line['status'] == 'active' else None
        (bill,) = [
            line
            for usage in self._renter.list('usage')
            for line in usage['lines']
            if (usage['role'], line['contract_uuid']) == ('renter', rented.contract)
        ]
        # Each moment is a whole second.
        if bill['server_seconds'] <= served + len(events):
            return []
        return [f'billed {bill["server_seconds"]} s, and it was served {served} s']

    def ask(self, rented, cases):
        """The requests of these cases that were taken."""
        for case in cases:
            request = rented.draws.of(case)
            status, _ = rented.asks(request.method, request.path, request.body)
            if status < 300:
                yield request

    def expected(self, rented, taken):
        """The reasons of which one has to be said; empty: the contract goes on."""
        status, node = self._admin('GET', f'/nodes/{rented.node}')
        if status == 404:
            return {'node_gone'}
        if node['lessee'] != self._projects[RENTER]:
            return {'lessee_changed'}
        provisioned = any('/states/provision' in each.path for each in taken)
        return {'owner_intervened'} if provisioned else set()

    def wrong(self, rented, expected):
        """What of the contract is not as it has to be."""
        if not expected:
            found = self._renter.show('contracts', rented.contract)
            if found['status'] == 'active' or self.is_over(rented):
                return []
            return [f'{found["status"]}, {found["lines"]}: for nothing']
        said = waiting.until(
            lambda: self.reasons(rented) & expected or self.is_over(rented),
            seconds=120,
        )
        if not said:
            return [f'expected {expected}, found {self.reasons(rented)}']
        # One that is over was taken back, and is its renter's no more for that.
        rented.reasons += ['hardware_changed'] if said is True else sorted(said)
        return []

    def events(self, rented):
        return self._renter.list('events', f'object_uuid={rented.contract}&limit=1000')

    def is_over(self, rented):
        """Whether the server is another one than was rented, which ends a contract."""
        lines = self._renter.show('contracts', rented.contract)['lines']
        return any(line['reason'] == 'hardware_changed' for line in lines)

    def reasons(self, rented):
        """Why the line was in error since the last time that it was mended."""
        lines = [
            line
            for event in self.events(rented)[rented.seen :]
            for line in event['payload'].get('lines', ())
        ]
        return {line['reason'] for line in lines if line['status'] == 'error'}

    def mend(self, rented):
        """As it was at the hand-over: the renter's, empty, and not broken any more.

        :returns: whether the contract goes on; what was changed of the server may end
            it at any time meanwhile.
        """
        waiting.until(lambda: self.is_over(rented) or self.mended(rented))
        waiting.until(lambda: self.is_over(rented) or self.is_active(rented))
        if self.is_over(rented):
            return False
        self.becomes(self._renter, 'contracts', rented.contract, 'active')
        rented.seen = len(self.events(rented))
        return True

    def is_active(self, rented):
        found = self._renter.show('contracts', rented.contract)
        return found['status'] == 'active'

    def mended(self, rented):
        """Whether nothing is left to mend; else bring that nearer."""
        path = f'/nodes/{rented.node}'
        _, node = self._admin('GET', path)
        if node['lessee'] == self._projects[accounts.QUARANTINE]:
            # It is taken back, and whoever gave it to the renter again disturbed that.
            return False
        wanted = {
            **AS_BEFORE,
            'lessee': self._projects[RENTER],
            'name': rented.picture['name'],
        }
        patch = [
            {'op': 'add', 'path': f'/{name}', 'value': value}
            for name, value in wanted.items()
            if node[name] != value
        ]
        if patch:
            self._admin('PATCH', path, patch)
        target = teardown_steps.NEXT.get(node['provision_state']) or _BY_HAND.get(
            node['provision_state']
        )
        if target:
            self._admin('PUT', f'{path}/states/provision', {'target': target})
        return not patch and node['provision_state'] == 'available'
