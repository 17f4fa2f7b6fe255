# SPDX-License-Identifier: Apache-2.0
"""A site that has run esi-leap on a rig's Keystone and Ironic, and comes to FLOCX."""

import datetime
import json
import random
import subprocess

from benchmarks import esileap
from tests import waiting
from tests.integration import bus_listener
from tests.integration import esi_leap
from tests.integration import rigs
from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import processes
from tools.lab import rest
from tools.rigging import services

OWNERS = {'acme': 'acme-owner', 'umbrella': 'umbrella-owner'}
RENTERS = ('acme-renter', 'umbrella-renter')
ADMIN = 'admin'
#: What is asked of a server until it has so many offers and leases.
PER_SERVER = 25
PROCESSES = 4
_HOUR = datetime.timedelta(hours=1)
_RUNNING = ('active', 'wait fulfill')


def now():
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)


class Site:
    """esi-leap on a rig, and the lease service in its place."""

    def __init__(self, rig):
        self._rig, self._tokens = rig, {}
        self._esi_leap = esileap.EsiLeap(rig, esi_leap.VENV)
        self.ports = rig.ports | {
            'lease': processes.any_port([*rig.ports.values(), self._esi_leap.port])
        }
        self._lease = services.process(rig.folder, self.ports, 'lease')
        self._state = rig.folder.data / 'esi-leap-notifications'
        self._notifier = processes.Process(
            rig.folder,
            'lease-notifier',
            [rig.folder.python, rig.folder.venv / 'bin' / 'flocx-lease-notifier']
            + ['--config-file', rig.folder.etc / 'lease.conf'],
            [],
        )
        self._api = self._esi_leap.process(PROCESSES)
        self._manager = self._esi_leap.manager()
        self.project_ids = accounts.projects(rig.folder, rig.ports)
        self.old, self.old_port = self._esi_leap.url, self._esi_leap.port
        self.database = self._esi_leap.database
        self.new = services.url(self.ports, 'lease')

    def open(self):
        """Start esi-leap, which has nothing yet."""
        esi_leap.install()
        self._esi_leap.prepare()
        for renter in RENTERS:
            # Who sub-lets is an owner, too.
            accounts.create_person(
                self._rig.folder, self._rig.ports, renter, renter, 'esi_leap_owner'
            )
        self._api.start()
        self._manager.start()
        self._api.wait(rigs.rigs.START_TIMEOUT)

    def stop_manager(self):
        self._manager.stop()

    def stop(self):
        """Stop esi-leap, its API and its manager."""
        self._manager.stop()
        self._api.stop()

    def down(self):
        for process in (self._notifier, self._lease, self._manager, self._api):
            process.stop()

    def take_over(self):
        """Import all, and start the lease service; what the command has printed.

        It is killed when it has taken some, and repeated.
        """
        folder = self._rig.folder
        keystone = accounts.Keystone(folder, self._rig.ports)
        command = [folder.python, folder.venv / 'bin' / 'flocx-market-manage']
        command += ['--config-file', folder.etc / 'market.conf', 'import', 'esi-leap']
        command += ['--url', self.database]
        command += ['--provider', keystone.named('users')['flocx']]
        command = [str(word) for word in command]
        how = {'env': folder.environment(), 'text': True}
        pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}
        with subprocess.Popen(command, **how, **pipes) as killed:
            # It tells of each part that it has committed.
            killed.stderr.readline()
            killed.kill()
        done = subprocess.run(command, capture_output=True, **how)
        if done.returncode:
            raise AssertionError(done.stderr)
        self.start_lease()
        return json.loads(done.stdout)

    def start_lease(self, configured=str):
        """Start the lease service.

        :param configured: makes its configuration of what it usually is.
        """
        folder, database = self._rig.folder, self._rig.database
        services.configure_lease(folder, database.url('flocx', database.ADVISED))
        path = folder.etc / 'lease.conf'
        text = f'[lease]\nnotifications_state = {self._state}\n'
        folders.write_private(path, configured(path.read_text()) + text)
        self._lease.start()
        self._lease.wait(rigs.rigs.START_TIMEOUT)

    def listen(self):
        """Tell the message bus of leases; who listens there as to esi-leap."""
        listener = bus_listener.Listener(self._rig.broker.url)
        self._state.unlink(missing_ok=True)
        self._notifier.start()
        waiting.until(self._state.exists, seconds=60)
        return listener

    def ask(self, url, user, method, path, body=None):
        """(status, document) of a request to one of the two APIs."""
        if user not in self._tokens:
            project = ADMIN if user == ADMIN else accounts.PEOPLE[user][0]
            self._tokens[user] = accounts.log_in(
                self._rig.folder, self._rig.ports, user, project
            )
        status, _, document = rest.call(
            method, f'{url}/v1/{path}', body, self._tokens[user], timeout=600
        )
        return status, document

    def get(self, url, user, path):
        """The document of an answer that has to be good."""
        status, document = self.ask(url, user, 'GET', path)
        if status != 200:
            raise AssertionError(f'{user}: GET {url}/v1/{path}: {status} {document}')
        return document


class Story:
    """What people do with one server at esi-leap: at random, from a seed."""

    def __init__(self, site, node, owner, seed):
        self._site, self._node, self._owner = site, node, owner
        self._draw = random.Random(seed)
        self._offers, self._leases = [], []

    @property
    def made(self):
        """How many offers and leases there are of it."""
        return len(self._offers) + len(self._leases)

    def run(self):
        """Begin with a lease that runs; then whatever is done, until it is enough."""
        self._draw.choice((self._give_now, self._claim_now))()
        actions = (
            *(self._offer, self._claim, self._claim, self._claim, self._give),
            *(self._give, self._delete_offer, self._delete_lease),
        )
        while self.made < PER_SERVER:
            self._draw.choice(actions)()

    def _give_now(self):
        self._lease(self._owner, 'leases', start_time=None)

    def _claim_now(self):
        body = {'resource_uuid': self._node, 'start_time': iso(now())}
        body['end_time'] = iso(now() + 2 * _HOUR)
        offer = self._ask(self._owner, 'POST', 'offers', body)
        if offer:
            self._offers.append((offer, body))
            body = {'end_time': iso(now() + _HOUR)}
            self._lease(self._renter(), f'offers/{offer["uuid"]}/claim', **body)

    def _offer(self):
        body = {'resource_uuid': self._node, **self._period(24)}
        if self._draw.random() < 0.3:
            renter = self._draw.choice(RENTERS)
            body['lessee_id'] = self._site.project_ids[renter]
        made = self._ask(self._owner, 'POST', 'offers', body)
        if made:
            self._offers.append((made, body))

    def _claim(self):
        if not self._offers:
            return
        offer, times = self._draw.choice(self._offers)
        start = datetime.datetime.fromisoformat(times['start_time'])
        start += self._draw.randint(0, 10) * _HOUR
        body = {
            'start_time': iso(start),
            'end_time': iso(start + self._draw.randint(1, 5) * _HOUR),
            'purpose': 'course',
        }
        self._lease(self._renter(), f'offers/{offer["uuid"]}/claim', **body)

    def _give(self):
        self._lease(self._owner, 'leases', **self._period(5))

    def _lease(self, user, path, **body):
        if path == 'leases':
            body['resource_uuid'] = self._node
            body['project_id'] = self._site.project_ids[self._renter()]
            if not body.setdefault('start_time', None):
                body['end_time'] = iso(now() + _HOUR)
        body = {name: value for name, value in body.items() if value}
        made = self._ask(user, 'POST', path, body)
        if made:
            self._leases.append(made)

    def _delete_offer(self):
        running = self._leases[0]['offer_uuid']
        offers = [each['uuid'] for each, _ in self._offers if each['uuid'] != running]
        if offers and self._draw.random() < 0.3:
            uuid = self._draw.choice(offers)
            self._ask(self._owner, 'DELETE', f'offers/{uuid}')

    def _delete_lease(self):
        # That which runs is left.
        if self._leases[1:] and self._draw.random() < 0.5:
            lease = self._draw.choice(self._leases[1:])
            self._ask(self._owner, 'DELETE', f'leases/{lease["uuid"]}')

    def _period(self, most):
        start = now() + self._draw.randint(3, 400) * _HOUR
        end = start + self._draw.randint(1, most) * _HOUR
        return {'start_time': iso(start), 'end_time': iso(end)}

    def _renter(self):
        return self._draw.choice(RENTERS)

    def _ask(self, user, method, path, body=None):
        """The document of an answer, None if it was refused."""
        status, document = self._site.ask(self._site.old, user, method, path, body)
        return document if status < 300 else None


def iso(moment):
    return moment.isoformat()


def seconds(value):
    """Times without parts of a second; all else as it is."""
    if isinstance(value, list):
        return [seconds(each) for each in value]
    return value[:19] if isinstance(value, str) and value[10:11] == 'T' else value
