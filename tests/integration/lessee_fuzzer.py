# SPDX-License-Identifier: Apache-2.0
"""Renters ask a real Ironic for all that it has; every server comes back as it was.

``FLOCX_FUZZ_SEED`` is the first seed, ``FLOCX_FUZZ_ROUNDS`` how many there are. In each
round every route, field and verb of Ironic's API is asked for once, on some server: by
a member or a manager of the renter's project, before the end of the contract, while the
server is taken back, and afterwards; once, or in a loop until the server is taken back.
"""

import concurrent.futures
import dataclasses
import itertools
import json
import random
import threading
import typing

from tests import profiles
from tests import waiting
from tests.integration import machines
from tests.integration import tenant_requests
from tests.unit.provider import test_fulfilment

S = machines.S
SEED = profiles.number('FLOCX_FUZZ_SEED', 1, random.SystemRandom().randrange(10**6))
ROUNDS = profiles.number('FLOCX_FUZZ_ROUNDS', 1, 300)

#: More than Ironic lets what it has allowed wait for the lock of a server.
QUARANTINE_WAIT = 5
RENTER, NEXT = 'umbrella-renter', 'acme-renter'
ROLES = {'umbrella-renter': 'manager', 'umbrella-renter-member': 'member'}
SERVERS = 6
STAYING = ('active', 'deleted', 'rebuild')
#: What changes by itself or with all that is done to a server; it says nothing of who
#: has it or what it does.
PASSING = {
    'clean_step',
    'conductor',
    'deploy_step',
    'driver_internal_info',
    'inspection_finished_at',
    'inspection_started_at',
    'last_error',
    'links',
    'provision_updated_at',
    'service_step',
    'updated_at',
}
#: Beside the fields of a server: what Ironic knows of it elsewhere.
BESIDE = (
    '/ports/detail?node={node}',
    '/portgroups/detail?node={node}',
    '/volume/connectors?node={node}&detail=true',
    '/volume/targets?node={node}&detail=true',
    '/allocations?node={node}',
    '/nodes/{node}/vifs',
    '/nodes/{node}/traits',
    '/nodes/{node}/bios',
    '/nodes/{node}/firmware',
    '/nodes/{node}/vmedia',
    '/nodes/{node}/children',
    '/nodes/{node}/inventory',
    '/nodes/{node}/management/boot_device',
    '/nodes/{node}/management/indicators',
)


@dataclasses.dataclass
class Tenancy:
    """One server under a contract, and who asks for what when."""

    node: object
    role: str
    asks: typing.Callable
    draws: tenant_requests.Requests
    there: dict
    before: list
    meanwhile: list
    after: list
    deploys: bool
    loops: bool
    line: dict = None
    picture: dict = None
    #: Requests that were taken, those of them about the server after its contract, and
    #: where Ironic's log was after the last one that was about the server before.
    taken: list = dataclasses.field(default_factory=list)
    late: list = dataclasses.field(default_factory=list)
    mark: int = 0

    def took(self, request, mark):
        """Remember that Ironic took ``request``, and where its log is now."""
        said, status = str(request), self.line['status']
        self.taken.append(f'{status}: {said}')
        if self.node.uuid in said or self.node.name in said:
            if status == S.ENDED:
                self.late.append(said)
            else:
                self.mark = mark


def picture(admin, node):
    """All that Ironic knows of a server but what is PASSING."""
    _, document = admin('GET', f'/nodes/{node}')
    found = {name: value for name, value in document.items() if name not in PASSING}
    for path in BESIDE:
        status, beside = admin('GET', path.format(node=node))
        found[path] = _without_times(beside) if status < 400 else status
    (allocations,) = (
        [each for each in found.pop(path)['allocations'] if each['node_uuid'] == node]
        for path in BESIDE
        if path.startswith('/allocations')
    )
    return {**found, 'allocations': allocations}


def _without_times(document):
    if isinstance(document, dict):
        return {
            name: _without_times(value)
            for name, value in document.items()
            if name not in ('updated_at', 'links')
        }
    if isinstance(document, list):
        return [_without_times(each) for each in document]
    return document


class LesseeFuzzer:
    """Tests of a DeliveryTestCase."""

    def test_a_lessee_who_asks_ironic_for_everything(self):
        catalog = tenant_requests.Catalog(self.lab.python)
        for seed in range(SEED, SEED + ROUNDS):
            with self.subTest(seed=seed, replay=f'FLOCX_FUZZ_SEED={seed}'):
                found = self.lessee_round(catalog, seed)
                self.assertEqual({}, found, json.dumps(found, indent=1))

    def lessee_round(self, catalog, seed):
        """One round; {server: what is wrong with it}."""
        draw = random.Random(seed)
        admin = self.lab.ironic('admin')
        market = test_fulfilment.Market()
        delivering = self.fulfiller(market, QUARANTINE_WAIT)
        renter = self.renter.current_project_id
        tenancies = self.tenancies(catalog, draw)
        for each in tenancies:
            each.picture = picture(admin, each.node.uuid)
            each.line = self.rent(market, each.node, renter)
        lines = [each.line for each in tenancies]
        self.pass_until(delivering, lines, S.ACTIVE, self.began)
        over = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(len(tenancies)) as pool:
            for done in [pool.submit(self.use, each) for each in tenancies]:
                done.result()
            asking = [pool.submit(self.meanwhile, each, over) for each in tenancies]
            try:
                self.pass_until(delivering, lines, S.ENDED, self.over)
            finally:
                over.set()
            for done in [
                *asking,
                *(pool.submit(self.ask, each, each.after) for each in tenancies),
            ]:
                done.result()
        found = {each.node.name: self.wrong(admin, each) for each in tenancies}
        sold = self.sell_again([each.node for each in tenancies])
        self.tidy(admin)
        return {
            each.node.name: {
                'wrong': [*found[each.node.name], *sold.get(each.node.uuid, ())],
                'taken': each.taken,
                'role': each.role,
                'loops': each.loops,
            }
            for each in tenancies
            if found[each.node.name] or sold.get(each.node.uuid)
        }

    def tenancies(self, catalog, draw):
        """Every case is somebody's, once."""
        cases = catalog.cases()
        draw.shuffle(cases)
        nodes = sorted(self.nodes.all(), key=lambda node: node.name)[:SERVERS]
        made = []
        for number, node in enumerate(nodes):
            user = list(ROLES)[number % len(ROLES)]
            mine = cases[number :: len(nodes)]
            split = [draw.choice((0, 0, 0, 1, 1, 2)) for _ in mine]
            parts = [
                [case for case, part in zip(mine, split, strict=True) if part == wanted]
                for wanted in range(3)
            ]
            loops = draw.random() < 0.5
            if loops:
                # What a renter who wants to stay sends.
                parts[1] += [case for case in cases if case.focus in STAYING]
            there = self.known(node)
            made.append(
                Tenancy(
                    node=node,
                    role=ROLES[user],
                    asks=self.lab.ironic(user, RENTER, ROLES[user]),
                    draws=tenant_requests.Requests(
                        catalog, random.Random(draw.getrandbits(64)), there
                    ),
                    there=there,
                    before=parts[0],
                    meanwhile=[case for case in parts[1] if case.writes],
                    after=[case for case in parts[2] if case.writes],
                    deploys=draw.random() < 0.5,
                    loops=loops,
                )
            )
        return made

    def known(self, node):
        """What a renter knows of a server, and may name."""
        ports = [port.id for port in self.admin.baremetal.ports(node=node.uuid)]
        projects = [self.renter.current_project_id, node.owner, None]
        uuids = [node.uuid]
        return {
            'node_ident': [node.uuid, node.uuid, node.name],
            'port_ident': ports or ['nothing'],
            'port_uuid': ports or ['nothing'],
            'candidate_nodes': [uuids],
            'owner': projects,
            'lessee': projects,
            'resource_class': [node.resource_class, 'large'],
            **dict.fromkeys(('node_uuid', 'node', 'parent_node'), uuids),
        }

    # What a renter does

    def use(self, tenancy):
        if tenancy.deploys:
            tenancy.asks(
                'PUT',
                f'/nodes/{tenancy.node.uuid}/states/provision',
                {'target': 'active'},
            )
            waiting.until(
                lambda: (
                    self.nodes.get(tenancy.node.uuid).provision_state
                    in ('active', 'available')
                )
            )
        self.ask(tenancy, tenancy.before)

    def meanwhile(self, tenancy, over):
        self.ask(tenancy, tenancy.meanwhile)
        while tenancy.loops and tenancy.meanwhile and not over.is_set():
            self.ask(tenancy, tenancy.meanwhile, over)

    def ask(self, tenancy, cases, over=None):
        for case in cases:
            if over is not None and over.is_set():
                return
            request = tenancy.draws.of(case)
            status, document = tenancy.asks(request.method, request.path, request.body)
            if status < 300 and case.writes:
                tenancy.took(request, self.lab.ironic_log.stat().st_size)
                _remember(tenancy.there, case, document)

    # What has to hold

    def pass_until(self, delivering, lines, status, now):
        """Pass after pass, each a second later, until all lines are in ``status``."""
        passes = itertools.count()

        def done():
            if all(line['status'] in (status, S.ERROR) for line in lines):
                return True
            delivering.run(now + next(passes) * machines.SECOND)
            return False

        waiting.until(done, seconds=240)

    def wrong(self, admin, tenancy):
        """What of a server is not as it has to be, after its contract."""
        node, line = tenancy.node, tenancy.line
        if line['status'] != S.ENDED:
            seen = self.nodes.get(node.uuid)
            return [f'{line["status"]}, {line["reason"]}: {seen}']
        wrong = [f'taken after the end: {each}' for each in tenancy.late]
        after = picture(admin, node.uuid)
        wrong += [
            f'{name}: {tenancy.picture.get(name)} became {after.get(name)}'
            for name in sorted(after.keys() | tenancy.picture.keys())
            if after.get(name) != tenancy.picture.get(name)
        ]
        with open(self.lab.ironic_log, errors='replace') as log:
            log.seek(tenancy.mark)
            said = log.read()
        begins = said.find(f'Executing automated cleaning on node {node.uuid}')
        if begins < 0 or f'Node {node.uuid} cleaning complete' not in said[begins:]:
            wrong.append('it was not cleaned after the last request of its renter')
        return wrong

    def sell_again(self, nodes):
        """{server: why the next renter does not get it}."""
        market = test_fulfilment.Market()
        delivering = self.fulfiller(market, 0)
        project = self.lab.cloud(NEXT).current_project_id
        lines = {node.uuid: self.rent(market, node, project) for node in nodes}
        wrong = {}
        for status, now in ((S.ACTIVE, self.began), (S.ENDED, self.over)):
            self.pass_until(delivering, lines.values(), status, now)
            for uuid, line in lines.items():
                if line['status'] != status:
                    wrong[uuid] = [f'not {status} again: {line["status"]}']
        return wrong

    def tidy(self, admin):
        """Take away what belongs to renters and not to a server."""
        for kind in ('allocations', 'runbooks'):
            for each in admin('GET', f'/{kind}')[1][kind]:
                admin('DELETE', f'/{kind}/{each["uuid"]}')


def _remember(there, case, document):
    """What was made can be named by later requests."""
    if case.route['method'] == 'POST' and isinstance(document, dict):
        kind = case.route['path'].rpartition('/')[2].removesuffix('s')
        for name in (f'{kind}_uuid', f'{kind}_ident'):
            there[name] = [*there.get(name, ()), document.get('uuid')]
