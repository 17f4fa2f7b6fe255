# SPDX-License-Identifier: Apache-2.0
"""The eight steps of FLOCX, performed by their users and checked.

Each step leaves what the next ones need in ``seen``, which is kept in the
folder: services may be killed and restarted between any two steps.
"""

import decimal
import json
import time

from tools.lab import accounts
from tools.lab import commands
from tools.lab import evidence
from tools.lab import nodes
from tools.lab import progress
from tools.lab import rest
from tools.lab import stage
from tools.lab import trouble

ASK, CEILING = '1.00', '3.00'
SELLER, RENTER = 'acme-owner', 'umbrella-renter'
# The renter gives the server back this long after having used it.
LAST_SECONDS = 6
NODE = ('name', 'provision_state', 'lessee')
CONTRACT = ('uuid', 'status', 'start_time', 'end_time')
LINES = (*CONTRACT, 'lines')
EVENT = ('Time', 'Type')
TITLES = (
    'An organisation hands a server to a project of its own',
    'The project returns it early, and its time is free again',
    'An owner offers a server on the market; nobody else can',
    'The market shows its hardware, and another organisation bids',
    'Offer and bid are pushed to the auction engine',
    'The engine makes a contract within the limits of both',
    'Both parties see the contract, others do not',
    'Both are told, the server changes hands and comes back clean',
)
NUMBERS = range(1, len(TITLES) + 1)


class Tour:
    """The steps in order; ``run`` performs and times all of them."""

    def __init__(self, lab):
        self.folder = lab.folder
        self.terminal = commands.Terminal(self.folder)
        self.results = []
        self.error = None
        self.projects = accounts.projects(self.folder, lab.ports)
        stage.clear(lab)
        self.seen = stage.choose(lab)

    def run(self):
        """Perform all steps; False at the first that does not hold."""
        return all(self.perform(number) for number in NUMBERS)

    def perform(self, number):
        """Perform and time one step, and say whether it held."""
        heading = f'Step {number} of {len(TITLES)}: {TITLES[number - 1]}'
        progress.say(f'{progress.bold(heading)}\n')
        began = time.monotonic()
        try:
            getattr(self, f'step_{number}')()
        except (trouble.NotHeld, rest.Refused, OSError) as error:
            self.error = f'Step {number} does not hold: {error}'
            progress.say(f'\n{self.error}\nLogs: {self.folder.logs}')
        seconds = round(time.monotonic() - began, 1)
        self.results.append({'step': number, 'ok': not self.error, 'seconds': seconds})
        self.folder.remember('tour', self.seen)
        return not self.error

    def report(self):
        report = {'steps': self.results, 'contract': self.seen.get('contract')}
        return {**report, 'error': self.error} if self.error else report

    def step_1(self):
        node, project = self.seen['own_node'], 'acme-internal'
        offer = self.terminal.run(
            SELLER,
            f'market offer create {node} --name {stage.OWN} --price 0'
            f' --lessee {project} --end-time +1d',
            *('uuid', 'price', 'lessee_id', 'end_time', 'status'),
        )
        self.seen['own_offer'] = offer['uuid']
        evidence.hold(
            offer['lessee_id'] == self.projects[project], 'The lessee is wrong.'
        )
        evidence.hold(decimal.Decimal(offer['price']) == 0, 'The price is not 0.')
        contract = self.terminal.run(
            project,
            f'market offer claim {offer["uuid"]} --name {stage.OWN} --wait',
            *CONTRACT,
        )
        self.seen['own_contract'] = contract['uuid']
        evidence.hold(contract['status'] == 'active', 'The contract is not active.')
        server, _ = self.terminal.run_all(
            commands.Command(project, f'baremetal node show {node}', NODE),
            commands.Command(
                RENTER, f'market offer show {offer["uuid"]}', refused='HTTP 404'
            ),
        )
        self._hold_lessee(server, project)
        evidence.proves(
            f'{project} claimed {node} at price 0 and is its lessee in Ironic; the '
            'other organisation does not even see the offer.'
        )

    def step_2(self):
        node, project = self.seen['own_node'], 'acme-internal'
        contract = self.seen['own_contract']
        self.terminal.run(project, f'market contract release {contract} --wait')
        offer, server = self.terminal.run_all(
            commands.Command(
                project,
                f'market offer show {self.seen["own_offer"]}',
                ('status', 'end_time', 'availabilities'),
            ),
            commands.Command(SELLER, f'baremetal node show {node}', NODE),
        )
        evidence.hold(
            evidence.free_until(offer, offer['end_time']),
            'The released time is not back in the availabilities of the offer.',
        )
        self._hold_returned(server)
        evidence.proves(
            'The offer is free again from now to its end, and the lessee is cleared '
            'in Ironic.'
        )

    def step_3(self):
        create = f'market offer create {self.seen["node"]} --name {stage.SALE}'
        create += f' --price {ASK} --end-time +1d'
        fields = 'uuid', 'price', 'resource_uuid', 'resource_class', 'status'
        _, offer = self.terminal.run_all(
            commands.Command('umbrella-owner', create, refused='HTTP 404'),
            commands.Command(SELLER, create, fields),
        )
        self.seen['offer'] = offer['uuid']
        evidence.hold(offer['status'] == 'available', 'The offer is not available.')
        evidence.hold(
            offer['resource_uuid'] == self.seen['node_uuid'],
            'The offer is for another server.',
        )
        evidence.proves(
            'The provider has published it for its owner, and refused an owner of '
            'other servers.'
        )

    def step_4(self):
        number = self.seen['node_number']
        cores, memory, _, processor, _ = nodes.KINDS[nodes.kind(number)]
        offer = self.terminal.run(
            RENTER, f'market offer show {self.seen["offer"]}', 'price', 'properties'
        )
        evidence.hold(
            int(offer['properties'].get('cpus', 0)) == cores, 'The cores are missing.'
        )
        for secret in nodes.secrets(number):
            evidence.hold(
                secret not in json.dumps(offer), f'The offer gives {secret} away.'
            )
        bid = self.terminal.run(
            RENTER,
            f'market bid create --name {stage.BID} --price {CEILING}'
            ' --duration 10m --end-time +15m'
            f" --require 'memory_mb >= {memory}'"
            f" --require 'inventory.cpu.model_name = {processor}'",
            *('uuid', 'price', 'duration', 'requirements', 'status'),
        )
        self.seen['bid'] = bid['uuid']
        evidence.proves(
            'The offer carries what Ironic inspected, without one address or serial '
            'number, and a bid may ask for any of it.'
        )

    def step_5(self):
        bid = self.terminal.until(
            commands.Command(
                RENTER,
                f'market bid show {self.seen["bid"]}',
                ('uuid', 'status', 'contract_uuid'),
            ),
            lambda bid: bid['status'] == 'matched',
            15,
        )
        self.seen['contract_uuid'] = bid['contract_uuid']
        evidence.proves('The engine has got both, and within seconds matched them.')

    def step_6(self):
        contract = self.terminal.until(
            commands.Command(RENTER, self._show_contract(), LINES),
            lambda contract: contract['status'] == 'active',
            20,
        )
        self.seen['contract'] = contract
        (line,) = contract['lines']
        evidence.hold(
            line['offer_uuid'] == self.seen['offer'], 'Another offer was matched.'
        )
        price = decimal.Decimal(line['price'])
        evidence.hold(
            decimal.Decimal(ASK) <= price <= decimal.Decimal(CEILING),
            f'The price {price} is not between {ASK} and {CEILING}.',
        )
        evidence.proves(f'Asked {ASK} <= agreed {price} <= ceiling {CEILING}.')

    def step_7(self):
        show = self._show_contract()
        contract, *_ = self.terminal.run_all(
            commands.Command(SELLER, show, LINES),
            commands.Command('umbrella-internal', show, refused='HTTP 404'),
        )
        evidence.hold(
            [line['owner_id'] for line in contract['lines']] == [self.projects['acme']],
            'The owner sees lines that are not their own.',
        )
        evidence.proves(
            'The owner sees it as the renter does; for others it does not exist.'
        )

    def step_8(self):
        self._use()
        self._return()

    def _use(self):
        node = self.seen['node']
        # With --wait the command looks again only after ten seconds.
        self.terminal.run(RENTER, f'baremetal node deploy {node}')
        server = self.terminal.until(
            commands.Command(RENTER, f'baremetal node show {node}', NODE),
            lambda server: server['provision_state'] == 'active',
            60,
        )
        self._hold_lessee(server, RENTER)
        evidence.proves(f'{RENTER} is the lessee of {node} and has deployed to it.')

    def _return(self):
        node, uuid = self.seen['node'], self.seen['contract_uuid']
        # Ten minutes are enough on a slow machine, and too long on a fast one.
        self.terminal.run(
            RENTER, f'market contract set {uuid} --end-time +{LAST_SECONDS}s', *CONTRACT
        )
        with progress.during(f'The contract now ends in {LAST_SECONDS} s'):
            time.sleep(LAST_SECONDS)
        self.seen['contract'] = self.terminal.until(
            commands.Command(RENTER, self._show_contract(), LINES),
            lambda contract: contract['status'] == 'ended',
            60,
        )
        events = f'market event list --object-uuid {uuid}'
        server, _, *heard = self.terminal.run_all(
            commands.Command(SELLER, f'baremetal node show {node}', NODE),
            commands.Command(RENTER, f'baremetal node show {node}', refused='HTTP 404'),
            commands.Command(RENTER, events, EVENT),
            commands.Command(SELLER, events, EVENT),
        )
        self._hold_returned(server)
        evidence.proves(f'{node} was undeployed, cleaned and returned to its owner.')
        for events in heard:
            told = {event['Type'] for event in events}
            evidence.hold(
                told >= {'contract.created', 'contract.active', 'contract.ended'},
                f'One of the parties was only told {sorted(told)}.',
            )
        evidence.proves('Both were told when it was made, when it began and ended.')

    def _show_contract(self):
        return f'market contract show {self.seen["contract_uuid"]}'

    def _hold_lessee(self, server, project):
        evidence.hold(
            server['lessee'] == self.projects[project],
            f'The lessee in Ironic is {server["lessee"]}.',
        )

    def _hold_returned(self, server):
        state, lessee = server['provision_state'], server['lessee']
        evidence.hold(state == 'available', f'The server is {state}, not available.')
        evidence.hold(lessee is None, f'The lessee in Ironic is still {lessee}.')
