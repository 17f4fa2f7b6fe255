# SPDX-License-Identifier: Apache-2.0
"""The list of leases through the lease service beside esi-leap 1.0.0.

    python -m benchmarks.leases --folder /var/tmp/peers --leases 1000

Brings up a rig as ``benchmarks.peers`` does, with as many servers in Ironic as there
are leases. Each is leased through esi-leap, and all is taken over by the marketplace,
so that both list the same. Then one client asks both in turn. Prints JSON. What the
lists took of the processors is in it, too, of all processes of the rig: that says
something where others use the processors as well.
"""

import argparse
import contextlib
import datetime
import json
import sys

from benchmarks import asking
from benchmarks import deployed as installed
from benchmarks import esileap
from tools.lab import accounts
from tools.lab import nodes
from tools.lab import processes as lab_processes
from tools.lab import progress
from tools.lab import trouble
from tools.rigging import fleet
from tools.rigging import rig as rigs
from tools.rigging import services

#: How many times as fast as esi-leap the list has to be.
TARGET = 50
THREADS = 8
#: How many lists each is asked for before any counts: each process reads the names of
#: all servers once a minute.
WARMUP = 16
#: How many count; less than that is lost among the ticks of the processors' clock.
RUNS = 31


class Peers:
    """Both services on the rig ``rig``; ``ports`` is {name: port}."""

    def __init__(self, rig, processes):
        self._rig = rig
        self._old = esileap.EsiLeap(rig)
        self._old.install()
        self._old.prepare()
        taken = [*rig.ports.values(), self._old.port]
        ports = rig.ports | {'lease': lab_processes.any_port(taken)}
        database = rig.database
        services.configure_lease(rig.folder, database.url('flocx', database.ADVISED))
        self._running = {'esi-leap': self._old.process(processes)}
        lease = services.process(rig.folder, ports, 'lease')
        self._running['lease service'] = esileap.alone(lease, processes)
        self.ports = {'esi-leap': self._old.port, 'lease service': ports['lease']}
        self._tokens = {
            user: accounts.log_in(rig.folder, rig.ports, user, accounts.PEOPLE[user][0])
            for user in (asking.OWNER, asking.RENTER)
        }

    def start(self):
        for each in self._running.values():
            each.start()
        for each in self._running.values():
            each.wait(rigs.START_TIMEOUT)

    def stop(self):
        for each in self._running.values():
            each.stop()

    def fill(self, number):
        """So many servers of one owner, each leased to one project tomorrow."""
        projects = accounts.projects(self._rig.folder, self._rig.ports)
        owner, renter = (
            projects[accounts.PEOPLE[user][0]] for user in (asking.OWNER, asking.RENTER)
        )
        token = accounts.log_in(self._rig.folder, self._rig.ports, 'admin')
        made = asking.Timings().run(
            [self._server(token, place, owner) for place in range(number)], THREADS
        )
        start = asking.now() + datetime.timedelta(days=1)
        times = {
            'start_time': asking.EsiLeap.time(start),
            'end_time': asking.EsiLeap.time(start + asking.HOUR),
        }
        asking.Timings().run(
            [
                self._request(
                    self.ports['esi-leap'],
                    asking.OWNER,
                    'POST',
                    'leases',
                    {'resource_uuid': json.loads(node)['uuid'], 'project_id': renter}
                    | times,
                )
                for node in made
            ],
            THREADS,
        )

    def _server(self, token, place, owner):
        body = {
            'name': f'leased-{place:04d}',
            'owner': owner,
            'driver': 'fake-hardware',
            'resource_class': 'baremetal.leased',
            'properties': fleet.HARDWARE,
        }
        headers = {'X-Auth-Token': token, **nodes.VERSION}
        return asking.Request(
            self._rig.ports['ironic'], 'POST', '/v1/nodes', headers, body, 201
        )

    def _request(self, port, user, method, path, body=None):
        headers = {'X-Auth-Token': self._tokens[user]}
        status = 201 if method == 'POST' else 200
        return asking.Request(port, method, f'/v1/{path}', headers, body, status)

    def take_over(self):
        """Have the marketplace take over what esi-leap has."""
        folder = self._rig.folder
        users = accounts.Keystone(folder, self._rig.ports).named('users')
        command = [folder.python, folder.venv / 'bin' / 'flocx-market-manage']
        command += ['--config-file', folder.etc / 'market.conf', 'import', 'esi-leap']
        command += ['--url', self._old.database, '--provider', users['flocx']]
        lab_processes.run(folder, 'flocx-market-manage', command)

    def measure(self, number):
        """{name: (Timings, seconds of the processors)} of so many lists of leases."""
        found = {name: asking.Timings() for name in self.ports}
        lists = {
            name: self._request(port, asking.RENTER, 'GET', 'leases')
            for name, port in self.ports.items()
        }
        for request in lists.values():
            asking.Timings().run([request] * WARMUP, THREADS)
        taken = dict.fromkeys(lists, 0)
        for _ in range(RUNS):
            for name, request in lists.items():
                before = self._taken()
                (payload,) = found[name].run([request], 1)
                taken[name] += self._taken() - before
                listed = len(json.loads(payload)['leases'])
                if listed != number:
                    raise trouble.Trouble(f'{name} lists {listed} leases.')
        return {name: (found[name], taken[name]) for name in found}

    def _taken(self):
        """What the rig and both services have taken of the processors so far."""
        others = map(self._rig.process, self._rig.names)
        pids = [each.pid for each in (*others, *self._running.values())]
        return sum(map(installed.processor_seconds, filter(None, pids)))


def report(found, options):
    """As JSON, with the ratio beside what it has to be."""
    theirs, ours = (found[name] for name in ('esi-leap', 'lease service'))
    return {
        'esi_leap': esileap.VERSION,
        'leases': options.leases,
        'api_processes': options.processes,
        **installed.machine(),
        'ratio': round(theirs[0].median / ours[0].median, 1),
        'target': TARGET,
        'ratio_of_processor_time': round(theirs[1] / ours[1], 1),
        **{
            name: {
                **timings.plain(),
                'processor_ms': round(1000 * seconds / RUNS, 1),
            }
            for name, (timings, seconds) in found.items()
        },
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    installed.arguments(parser)
    parser.add_argument('--processes', type=int, default=4, help='of each API')
    parser.add_argument('--leases', type=int, default=1000)
    options = parser.parse_args()
    rig = rigs.Rig(options.folder, options.venv, 'mariadb')
    peers = None
    # What is said of the progress is not the report.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            installed.empty(rig)
            peers = Peers(rig, options.processes)
            peers.start()
            with progress.during('Leasing servers through esi-leap'):
                peers.fill(options.leases)
            peers.take_over()
            with progress.during('Measuring'):
                found = peers.measure(options.leases)
        finally:
            if peers:
                peers.stop()
            rig.down()
    text = json.dumps(report(found, options), indent=2)
    if options.json:
        options.json.write_text(text + '\n')
    print(text)


if __name__ == '__main__':
    main()
