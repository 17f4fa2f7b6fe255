# SPDX-License-Identifier: Apache-2.0
"""The market's API beside esi-leap 1.0.0: list, show, create and claim.

    python -m benchmarks.peers --folder /var/tmp/peers --json peers.json

Brings up a rig (``tools/rig``: Keystone with memcached, MariaDB, RabbitMQ, Ironic),
installs esi-leap from PyPI into an environment of its own, and has the same client
threads ask both, in turn: 1,000 offers of dummy nodes are created on each, listed,
shown and claimed; ours are also listed through the lease service, which has the API of
esi-leap (leases: ``benchmarks.leases``). All APIs run under uWSGI with the same number
of processes of one thread each, as esi-leap does not bear more. Neither service's
workers run: engines, fulfillers, esi-leap's manager. The market's offers are created
half through the provider, as owners do, and half by what providers do to publish, each
counted for itself. Needs the packages of ``bindep.txt``. Prints JSON.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import sys
import uuid

from benchmarks import asking
from benchmarks import deployed as installed
from benchmarks import esileap
from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import processes as lab_processes
from tools.lab import progress
from tools.lab import trouble
from tools.rigging import rig as rigs
from tools.rigging import services

#: operation: how many times as fast as esi-leap it has to be.
TARGETS = {
    'list': 100,
    'list through the lease service': 50,
    'create': 10,
    'claim': 10,
    'show': 20,
}
#: How many of an operation a peer is asked for at a time.
SHOWS, CLAIMS, WARMUP = 200, 100, 16


class Measurement:
    """The peers, asked in turn; ``found`` is {operation: {peer: Timings}}."""

    def __init__(self, peers, threads, runs):
        """:param runs: how many times each operation is measured."""
        self._peers, self._threads, self._runs = peers, threads, runs
        self.found = {}

    def run(self):
        for phase in (self._create, self._read, self._claim):
            for number in range(self._runs):
                # Whoever is first finds the caches of the processor as the other left
                # them.
                for peer in self._peers if number % 2 else reversed(self._peers):
                    phase(peer)

    def _create(self, peer):
        ways = peer.creations()
        for operation, way in ways.items():
            requests = [way() for _ in range(asking.OFFERS // self._runs // len(ways))]
            for payload in self._timed(operation, peer, requests, self._threads):
                peer.offers.append(json.loads(payload)['uuid'])

    def _read(self, peer):
        for operation, request in peer.lists().items():
            (payload,) = self._timed(operation, peer, [request], 1)
            listed = len(json.loads(payload)['offers'])
            if listed != asking.OFFERS:
                raise trouble.Trouble(f'{peer.NAME}: {operation}: {listed} offers.')
        shows = [peer.show() for _ in range(SHOWS)]
        self._timed('show', peer, shows, self._threads)

    def _claim(self, peer):
        claims = [peer.claim() for _ in range(CLAIMS)]
        self._timed('claim', peer, claims, self._threads)

    def _timed(self, operation, peer, requests, at_once):
        of_operation = self.found.setdefault(operation, {})
        timings = of_operation.setdefault(peer.NAME, asking.Timings())
        return timings.run(requests, at_once)


def warm(peers, threads):
    """Have every process load what it needs; what is offered for it is withdrawn."""
    for peer in peers:
        for way in peer.creations().values():
            made = asking.Timings().run([way() for _ in range(WARMUP)], threads)
            peer.offers += [json.loads(payload)['uuid'] for payload in made]
        for way in (peer.show, peer.claim):
            asking.Timings().run([way() for _ in range(WARMUP)], threads)
        for request in peer.lists().values():
            asking.Timings().run([request] * WARMUP, threads)
        gone = [peer.withdraw(ident) for ident in peer.offers]
        asking.Timings().run(gone, threads)
        peer.offers.clear()


def report(found, options):
    """As JSON, with the ratios beside what they have to be."""
    operations = {}
    for name, timings in found.items():
        ours = timings[asking.Market.NAME]
        # There is but one way into esi-leap.
        operation = name.partition(' ')[0]
        theirs = timings.get(asking.EsiLeap.NAME)
        theirs = theirs or found[operation][asking.EsiLeap.NAME]
        ratio = ours.rate / theirs.rate
        if operation == 'list':
            ratio = theirs.median / ours.median
        operations[name] = {
            asking.Market.NAME: ours.plain(),
            asking.EsiLeap.NAME: theirs.plain(),
            'ratio': round(ratio, 1),
            'target': TARGETS.get(name, TARGETS[operation]),
        }
    return {
        'esi_leap': esileap.VERSION,
        'offers': asking.OFFERS,
        'api_processes': options.processes,
        'client_threads': options.threads,
        'runs': options.runs,
        'processors': os.cpu_count(),
        'operations': operations,
    }


def deploy(rig, processes):
    """Bring all up but the workers, on empty databases; the two peers."""
    installed.empty(rig)
    deployed = esileap.EsiLeap(rig)
    deployed.install()
    with progress.during('Preparing esi-leap and the nodes'):
        deployed.prepare()
        owner = accounts.projects(rig.folder, rig.ports)[
            accounts.PEOPLE[asking.OWNER][0]
        ]
        uuids = [str(uuid.uuid4()) for _ in range(asking.OFFERS + 2 * WARMUP)]
        deployed.add_nodes(owner, asking.HARDWARE, uuids)
        _provide_dummies(rig, owner, uuids)
    serving = [deployed.process(processes)]
    for name in ('market', 'provider'):
        serving.append(esileap.alone(rig.process(name), processes))
    ports = rig.ports | {
        'lease': lab_processes.any_port([*rig.ports.values(), deployed.port])
    }
    database = rig.database
    services.configure_lease(rig.folder, database.url('flocx', database.ADVISED))
    lease = services.process(rig.folder, ports, 'lease')
    serving.append(esileap.alone(lease, processes))
    # What the rig does not know of.
    rig.started = serving[0], serving[-1]
    for each in serving:
        each.start()
    for each in serving:
        each.wait(rigs.START_TIMEOUT)
    return (
        asking.EsiLeap(rig, uuids, deployed),
        asking.Market(rig, uuids, ports['lease']),
    )


def _provide_dummies(rig, owner, uuids):
    """Have the provider offer nodes in files, as esi-leap does."""
    nodes = rig.folder.data / 'nodes'
    shutil.rmtree(nodes, ignore_errors=True)
    nodes.mkdir()
    for uuid_ in uuids:
        node = {
            'uuid': uuid_,
            'owner': owner,
            'resource_class': 'baremetal',
            'properties': asking.HARDWARE,
        }
        # JSON is YAML.
        (nodes / f'{uuid_}.yaml').write_text(json.dumps(node))
    configuration = rig.folder.etc / 'provider.conf'
    dummies = f'nodes = dummy\ndummy_nodes_dir = {nodes}\n'
    text = configuration.read_text().replace('nodes = ironic\n', dummies)
    folders.write_private(configuration, text)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--folder', type=pathlib.Path, required=True)
    parser.add_argument('--venv', type=pathlib.Path, help='where to install the rig')
    parser.add_argument('--processes', type=int, default=4, help='of each API')
    parser.add_argument('--threads', type=int, default=8, help='of the client')
    parser.add_argument('--runs', type=int, default=5, help='(default: 5)')
    parser.add_argument('--json', type=pathlib.Path, help='write the report there, too')
    options = parser.parse_args()
    if asking.OFFERS // 2 % options.runs:
        parser.error(f'--runs: a divisor of {asking.OFFERS // 2} is expected')
    rig = rigs.Rig(options.folder, options.venv, 'mariadb')
    # What is said of the progress is not the report.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            peers = deploy(rig, options.processes)
            with progress.during('Warming up'):
                warm(peers, options.threads)
            with progress.during('Measuring'):
                measurement = Measurement(peers, options.threads, options.runs)
                measurement.run()
        finally:
            for each in getattr(rig, 'started', ()):
                each.stop()
            rig.down()
    text = json.dumps(report(measurement.found, options), indent=2)
    if options.json:
        options.json.write_text(text + '\n')
    print(text)


if __name__ == '__main__':
    main()
