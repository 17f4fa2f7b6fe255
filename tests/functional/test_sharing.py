# SPDX-License-Identifier: Apache-2.0
"""Several fulfillers: each has a share, and all of it is delivered."""

import shutil
import socket
import subprocess
import unittest

import fixtures
from oslo_utils import uuidutils

from flocx import coordination
from provider import fulfilment
from tests import profiles
from tests import waiting
from tests.functional import base

NODES = [uuidutils.generate_uuid() for _ in range(200)]


def owners(*shares):
    """For each node the places of those who care for it."""
    for each in shares:
        each.refresh()
    return [[place for place, s in enumerate(shares) if s.mine(n)] for n in NODES]


class SharesTest(unittest.TestCase):
    """With tooz's driver for files, which needs no server."""

    def setUp(self):
        super().setUp()
        folder = fixtures.TempDir()
        folder.setUp()
        self.addCleanup(folder.cleanUp)
        self.url = f'file://{folder.path}'

    def member(self, url=None, provider='p1'):
        member = coordination.Shared(url or self.url, lambda: provider)
        self.addCleanup(member.stop)
        return member

    def test_every_node_is_somebody_s_and_all_have_some(self):
        first, second = self.member(), self.member()
        # The first learns of the second when it looks the next time.
        owners(first, second)
        found = owners(first, second)
        self.assertEqual({1}, {len(each) for each in found})
        for place in (0, 1):
            self.assertGreater(sum(each == [place] for each in found), 30)

    def test_who_leaves_leaves_their_share_to_the_others(self):
        first, second = self.member(), self.member()
        owners(first, second)
        second.stop()
        self.assertEqual([[0]] * len(NODES), owners(first))

    def test_those_of_another_provider_take_nothing(self):
        first, other = self.member(), self.member(provider='p2')
        self.assertEqual([[0, 1]] * len(NODES), owners(first, other))

    def test_who_finds_nobody_cares_for_all(self):
        lost = self.member('memcached://127.0.0.1:1?timeout=1')
        self.assertEqual([[0]] * len(NODES), owners(lost))


def listens(port):
    with socket.socket() as probe:
        return not probe.connect_ex(('127.0.0.1', port))


class TakeoverTest(unittest.TestCase):
    """With memcached, where a member that dies is noticed."""

    SECONDS = 2

    def setUp(self):
        super().setUp()
        program = shutil.which('memcached')
        if program is None:
            # It comes from the system, not with what Python installs: see bindep.txt,
            # from which .ci/run does install it.
            self.skipTest('memcached is missing: install memcached')
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        command = [program, '-l', '127.0.0.1', '-p', str(port), '-u', 'nobody']
        process = subprocess.Popen(command)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.url = f'memcached://127.0.0.1:{port}?membership_timeout={self.SECONDS}'
        self.assertTrue(waiting.until(lambda: listens(port)))

    def test_the_share_of_one_that_dies_is_taken_over_in_time(self):
        first = coordination.Shared(self.url, lambda: 'p')
        second = coordination.Shared(self.url, lambda: 'p')
        self.addCleanup(first.stop)
        first.refresh()
        owners(first, second)
        found = owners(first, second)
        self.assertEqual({(0,), (1,)}, set(map(tuple, found)))
        # As after kill -9: its heart stands still, and it does not say that it goes.
        second._coordinator.heart.stop()
        second._coordinator.heart.wait()
        alone = [[0]] * len(NODES)
        found = waiting.until(lambda: owners(first), lambda found: found == alone)
        self.assertEqual(alone, found)


class DeliveryTest(base.MarketplaceTestCase):
    COUNT, EACH = profiles.number('FLOCX_SHARED_LINES', 60, 200), 20

    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.shares = [
            coordination.Shared(f'file://{folder}', lambda: 'service-service')
            for _ in range(2)
        ]
        for each in self.shares:
            self.addCleanup(each.stop)
            each.refresh()

    def test_many_lines_that_are_due_in_the_same_second(self):
        for number in range(self.COUNT):
            self.add_node(f'due-{number}', resource_class='due')
        done = self.good(
            self.provider('acme-member').post(
                '/v1/offers',
                {
                    'query': {'resource_class': 'due'},
                    'end_time': self.time(24),
                    'price': '1',
                },
            )
        )['publications']
        uuids = [each['offer_uuid'] for each in done]
        for at in range(0, self.COUNT, self.EACH):
            first, *rest = uuids[at : at + self.EACH]
            self.good(
                self.market('umbrella-member').post(
                    f'/v1/offers/{first}/claim',
                    {'offers': rest, 'end_time': self.time(2)},
                )
            )
        self.clock.advance(seconds=2)
        provider, touched = self.marketplace.provider, []
        for shares in self.shares:
            before = self.leased()
            fulfilment.Fulfilment(
                self.marketplace.conf, provider.nodes, provider.marketplace, shares
            ).run(self.clock())
            touched.append(len(self.leased()) - len(before))
        self.assertEqual(self.COUNT, sum(touched))
        self.assertGreater(min(touched), self.COUNT // 5)
        statuses = self.market('operator-admin').get(
            '/v1/contracts', status='neq:active'
        )
        self.assertEqual([], self.good(statuses, 200)['contracts'])

    def leased(self):
        return [node for node in self.marketplace.provider.nodes.all() if node.lessee]
