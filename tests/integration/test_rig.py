# SPDX-License-Identifier: Apache-2.0
"""FLOCX deployed as in production, on MariaDB and on PostgreSQL, while it breaks."""

import concurrent.futures
import contextlib
import io
import json
import random
import re
import subprocess
import sys
import threading

from tests import waiting
from tests.integration import abroad
from tests.integration import esi_client_suite
from tests.integration import ironic_notifications
from tests.integration import owner_fuzzer
from tests.integration import rigs
from tests.integration import serial_console
from tests.integration import sublets
from tests.integration import switch
from tests.integration import taken_over
from tools.lab import accounts
from tools.lab import nodes
from tools.lab import rest
from tools.lab import tour
from tools.rigging import chaos
from tools.rigging import fleet
from tools.rigging import load
from tools.rigging import services
from tools.rigging import story
from tools.rigging import trader


class OnEachDatabase:
    """What holds on each of them."""

    # The checker then looks at a ledger that was in use as things broke.
    BUDGETS = True

    def test_the_eight_steps_with_the_commands_of_people(self):
        performed, shown = tour.Tour(self.rig), io.StringIO()
        with contextlib.redirect_stdout(shown):
            done = performed.run()
        self.assertTrue(done, shown.getvalue())
        self.assertHolds()

    def test_status_says_what_runs(self):
        command = [sys.executable, 'tools/rig', 'status', '-f', 'json']
        command += ['--folder', str(self.rig.folder.path)]
        done = subprocess.run(command, cwd=rigs.ROOT, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        rows = {row['name']: row for row in json.loads(done.stdout)}
        self.assertEqual(set(self.rig.names), set(rows))
        self.assertLess({*services.NAMES, 'keystone', 'ironic', 'rabbitmq'}, set(rows))
        self.assertTrue(all(row['answers'] for row in rows.values()), rows)

    @rigs.long
    def test_contracts_begin_and_end_while_fulfillers_are_killed(self):
        servers = fleet.Fleet(self.rig, 'baremetal.many').enrol(rigs.SERVERS)
        path = self.rig.folder.path / 'accepted.jsonl'
        journal = trader.Journal(path)
        renter = trader.Trader(self.rig, 'umbrella-renter', journal)
        sold = []
        for owner, user in load.SELLERS.items():
            seller = trader.Trader(self.rig, user, journal)
            sold += [seller.offer(node, '1', 3600) for node in servers[owner]]
        over = threading.Event()
        killer = threading.Thread(target=self._kill_fulfillers, args=(over,))
        killer.start()
        try:
            made = [renter.claim(offer['uuid'], 30)['uuid'] for offer in sold]
            ended = [
                renter.until('contracts', uuid, ['ended'], 300)['status']
                for uuid in made
            ]
        finally:
            over.set()
            killer.join()
        self.assertEqual(['ended'] * rigs.SERVERS, ended)
        self.assertHolds(path)

    def _kill_fulfillers(self, over):
        draw = random.Random(1)
        while not over.wait(draw.uniform(1, 4)):
            name = draw.choice(('fulfiller-1', 'fulfiller-2'))
            self.rig.process(name).kill()
            over.wait(draw.uniform(0, 2))
            self.rig.start(name)

    def test_the_checker_finds_a_lessee_that_no_contract_explains(self):
        (node, *_) = fleet.Fleet(self.rig, 'baremetal.few').enrol(8)['umbrella']
        yard = nodes.Yard(self.rig.folder, self.rig.ports)
        lessee = accounts.projects(self.rig.folder, self.rig.ports)['acme-renter']
        change = [{'op': 'add', 'path': '/lessee', 'value': lessee}]
        url = f'{yard.url}/nodes/{node}'
        rest.expect('PATCH', url, change, yard.token, headers=nodes.VERSION)
        (found,) = chaos.check(self.rig, None, settle=0)['violations']
        self.assertEqual(('lessee', node), (found['kind'], found['uuid']))
        change = [{'op': 'remove', 'path': '/lessee'}]
        rest.expect('PATCH', url, change, yard.token, headers=nodes.VERSION)
        self.assertHolds()


class PostgreSQLRigTest(
    OnEachDatabase,
    ironic_notifications.Noticing,
    sublets.Sublets,
    abroad.Abroad,
    owner_fuzzer.OwnerFuzzer,
    rigs.RigTestCase,
):
    DATABASE = 'postgresql'

    def test_contracts_are_kept_while_the_database_is_killed(self):
        servers = fleet.Fleet(self.rig, 'baremetal.few').enrol(8)['acme']
        deliver(self, servers, 'postgresql', kill=True)


@rigs.long
class MariaDBRigTest(
    OnEachDatabase,
    taken_over.TakenOver,
    serial_console.SerialConsole,
    rigs.RigTestCase,
):
    """Without the rig, each run has MariaDB in ``test_databases``."""

    DATABASE = 'mariadb'

    def test_each_process_is_killed_at_each_step(self):
        number = len(services.NAMES)
        servers = fleet.Fleet(self.rig, 'baremetal.story').enrol(4 * number)['acme']
        one_at_a_time = threading.Lock()

        def perform(place, name):
            own, sale = servers[2 * place : 2 * place + 2]
            told = story.Story(self.rig, own, sale, 'baremetal.story')
            draw = random.Random(name)
            for step in tour.NUMBERS:
                with concurrent.futures.ThreadPoolExecutor(1) as pool:
                    with one_at_a_time:
                        performing = pool.submit(getattr(told, f'step_{step}'))
                        waiting.moment(draw, 0.4)
                        self.assertTrue(self.rig.process(name).kill())
                        self.rig.start(name)
                    performing.result()

        with concurrent.futures.ThreadPoolExecutor(number) as pool:
            told = {
                name: pool.submit(perform, place, name)
                for place, name in enumerate(services.NAMES)
            }
        # Of several that failed, one may be the reason for the others.
        failed = {name: repr(each.exception()) for name, each in told.items()}
        self.assertEqual(dict.fromkeys(told, 'None'), failed)
        self.assertHolds()

    def test_what_it_needs_is_away_during_delivery(self):
        servers = fleet.Fleet(self.rig, 'baremetal.few').enrol(8)['acme']
        for name in ('ironic', 'keystone', 'rabbitmq', 'memcached', 'mariadb'):
            with self.subTest(name):
                deliver(self, servers, name)

    def test_all_begin_and_end_in_the_same_second(self):
        """None is left out, and none is found after its time only."""
        servers = fleet.Fleet(self.rig, 'baremetal.crowd').enrol(rigs.SERVERS)
        path = self.rig.folder.path / 'crowd.jsonl'
        journal = trader.Journal(path)
        renter = trader.Trader(self.rig, 'umbrella-renter', journal)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            sold = []
            for owner, user in load.SELLERS.items():
                seller = trader.Trader(self.rig, user, journal)
                offered = [
                    pool.submit(seller.offer, node, '1', 3600)
                    for node in servers[owner]
                ]
                sold += [each.result()['uuid'] for each in offered]
            # As long as it takes to claim all of them, and then to deliver them.
            ahead = 20 + 0.13 * rigs.SERVERS
            begin = trader.after(ahead)
            end = trader.after(ahead + 30 + 0.15 * rigs.SERVERS)
            claimed = [
                pool.submit(renter.claim, offer, 0, start_time=begin, end_time=end)
                for offer in sold
            ]
            made = [each.result()['uuid'] for each in claimed]
        self.assertLess(trader.after(0), begin)
        (*lines,) = (
            line
            for uuid in made
            for line in self.becomes(renter, 'contracts', uuid, 'ended', 600)['lines']
        )
        self.assertEqual([begin] * rigs.SERVERS, [line['start_time'] for line in lines])
        self.assertEqual([], [line for line in lines if not line['fulfill_time']])
        self.assertHolds(path)


def _logged(rig):
    """How many warnings and errors each process of FLOCX has logged so far."""
    logs = {name: rig.process(name).log for name in services.NAMES}
    return {
        name: len(re.findall(r' (?:WARNING|ERROR) ', log.read_text()))
        for name, log in logs.items()
        if log.exists()
    }


def _over(renter, made):
    """Whether all of these contracts have ended, as far as somebody can tell."""
    try:
        return all(renter.show('contracts', uuid)['status'] == 'ended' for uuid in made)
    except (trader.Gave, OSError):
        return False


def deliver(test, servers, name, kill=False):
    """Contracts begin and end although ``name`` goes away, and comes back."""
    seller = trader.Trader(test.rig, 'acme-owner')
    renter = trader.Trader(test.rig, 'umbrella-renter')
    sold = [seller.offer(node, '1', 3600)['uuid'] for node in servers]
    made = [renter.claim(offer, 8)['uuid'] for offer in sold]
    process = test.rig.process(name)
    before = _logged(test.rig)
    process.kill() if kill else process.stop()
    # Away until somebody has missed it; a contract may also come to its end without.
    waiting.until(lambda: _logged(test.rig) != before or _over(renter, made))
    test.rig.start(name)
    if name == test.rig.kind:
        # A conductor whose database went away keeps its locks until it starts anew.
        test.rig.process('ironic').stop()
        test.rig.start('ironic')
    for uuid in made:
        found = renter.until('contracts', uuid, ['ended'], 240)
        test.assertEqual('ended', found['status'], found)
    for uuid in sold:
        seller.withdraw('offers', uuid)
    test.assertHolds()


@rigs.long
class LeaseClientRigTest(esi_client_suite.ClientSuite, switch.Switch, rigs.RigTestCase):
    """On a rig of its own, as its servers are gone before their contracts are."""

    DATABASE = 'mariadb'
