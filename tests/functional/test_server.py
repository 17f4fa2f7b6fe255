# SPDX-License-Identifier: Apache-2.0
"""The server of flocx-standalone, and clients that do not finish what they ask."""

import collections
from concurrent import futures
import socket
import threading
import unittest
import urllib.parse

import requests

from flocx import fair_dispatcher
from flocx import standalone
from tests import waiting

HALF = b'POST /v1/bids HTTP/1.1\r\nHost: market\r\nContent-Length: 100\r\n\r\n{'


def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'answered']


class HalfRequestsTest(unittest.TestCase):
    LIMIT = 40

    def setUp(self):
        super().setUp()
        self.server = standalone.Server(
            application, channel_timeout=1, connection_limit=self.LIMIT
        )
        self.server.start()
        self.addCleanup(self.server.stop)
        url = urllib.parse.urlsplit(self.server.url)
        self.address = url.hostname, url.port

    def half(self):
        """A connection with half a request."""
        connection = socket.create_connection(self.address, timeout=60)
        self.addCleanup(connection.close)
        connection.sendall(HALF)
        return connection

    def test_more_of_them_than_connections_keep_nobody_from_being_answered(self):
        kept = [self.half() for _ in range(3 * self.LIMIT)]
        answer = requests.get(self.server.url, timeout=60)
        self.assertEqual('answered', answer.text)
        # Each of them is closed, those that had to wait until others were, too.
        for connection in kept:
            self.assertEqual(b'', connection.recv(1))


class FairTest(unittest.TestCase):
    """One who asks for much, and others who ask for little."""

    THREADS = 8

    def setUp(self):
        super().setUp()
        self.begun, self.lock = collections.Counter(), threading.Lock()
        self.order, self.gate = [], threading.Event()
        self.server = standalone.Server(self.application, threads=self.THREADS)
        self.server.start()
        self.addCleanup(self.server.stop)
        self.addCleanup(self.gate.set)
        self.pool = futures.ThreadPoolExecutor(60)
        self.addCleanup(self.pool.shutdown)

    def application(self, environ, start_response):
        caller = environ['HTTP_X_AUTH_TOKEN']
        if 'wait=60' in environ['QUERY_STRING']:
            caller = 'follower'
        with self.lock:
            self.begun[caller] += 1
            self.order.append(caller)
        if caller in ('greedy', 'follower'):
            self.gate.wait(60)
        return application(environ, start_response)

    def ask(self, caller, path=''):
        headers = {'X-Auth-Token': caller}
        url = f'{self.server.url}{path}'
        return requests.get(url, headers=headers, timeout=60).text

    def test_who_waits_for_events_is_answered_meanwhile(self):
        half = self.THREADS // 2
        waits = '/v1/events?after=1&wait=60'
        # Also of those who only say that they wait no more are under way.
        following = [self.pool.submit(self.ask, 'one', waits) for _ in range(3 * half)]
        self.assertTrue(waiting.until(lambda: self.begun['follower'] == half))
        self.assertEqual('answered', self.ask('one'))
        self.assertEqual('answered', self.ask('one', '/v1/events?after=1'))
        self.assertEqual(half, self.begun['follower'])
        self.gate.set()
        self.assertEqual({'answered'}, {each.result(60) for each in following})

    def test_who_waits_for_no_second_is_like_others(self):
        path = '/v1/events?after=0&wait=0'
        much = [self.pool.submit(self.ask, 'greedy', path) for _ in range(20)]
        quarter = self.THREADS // fair_dispatcher.PART
        self.assertTrue(waiting.until(lambda: self.begun['greedy'] == quarter))
        self.assertEqual('answered', self.ask('other'))
        self.assertEqual(quarter, self.begun['greedy'])
        self.gate.set()
        self.assertEqual({'answered'}, {each.result(60) for each in much})

    def test_who_has_fifty_in_flight_keeps_nobody_waiting(self):
        much = [self.pool.submit(self.ask, 'greedy') for _ in range(50)]
        self.assertTrue(waiting.until(lambda: self.begun['greedy']))
        # None of theirs ends before others have been answered, however many these are.
        for number in range(20):
            self.assertEqual('answered', self.ask(f'other-{number}'))
        quarter = self.THREADS // fair_dispatcher.PART
        self.assertEqual(quarter, self.begun['greedy'])
        self.gate.set()
        self.assertEqual({'answered'}, {each.result(60) for each in much})
        self.assertEqual(50, self.begun['greedy'])


class _Channel:
    """What a server gives its dispatcher."""

    def __init__(self, caller):
        self.caller = caller

    def service(self):
        pass

    cancel = service


class FairQueueTest(unittest.TestCase):
    def setUp(self):
        self.queue = fair_dispatcher.FairQueue(
            threading.Lock(),
            lambda _: 2,
            lambda channel: fair_dispatcher.Caller(channel.caller),
        )

    def test_callers_take_turns(self):
        for caller in 'aaaabbc':
            self.queue.append(_Channel(caller))
        order = []
        while self.queue:
            before = dict(self.queue._under_way)
            task = self.queue.popleft()
            (caller,) = self.queue._under_way - collections.Counter(before)
            order.append(caller.token)
            task.service()
        self.assertEqual('abcabaa', ''.join(order))
        self.assertFalse(self.queue._under_way)
        self.assertEqual(0, len(self.queue))

    def test_nobody_has_more_than_their_part_under_way(self):
        for caller in 'aaab':
            self.queue.append(_Channel(caller))
        tasks = [self.queue.popleft() for _ in range(3)]
        # One of a's waits, and may not begin.
        self.assertEqual((1, False), (len(self.queue), bool(self.queue)))
        tasks[0].service()
        self.assertTrue(self.queue)
        self.queue.popleft().cancel()
