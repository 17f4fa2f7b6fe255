# SPDX-License-Identifier: Apache-2.0
"""The server of flocx-standalone, and clients that do not finish what they ask."""

import socket
import unittest
import urllib.parse

import requests

from flocx import standalone

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
