# SPDX-License-Identifier: Apache-2.0
"""What is asked of the market and of esi-leap, and how long the answers take."""

import dataclasses
import datetime
import itertools
import json
import math
import random
import socket
import statistics
import threading
import time

from benchmarks import esileap
from tools.lab import accounts
from tools.lab import trouble

OWNER, RENTER = 'acme-owner', 'umbrella-renter'
OFFERS = 1000
HARDWARE = {'cpus': 64, 'memory_mb': 262144, 'local_gb': 3840, 'cpu_arch': 'x86_64'}
HOUR = datetime.timedelta(hours=1)


@dataclasses.dataclass
class Request:
    """Something to ask; ``status`` is the only good answer.

    What is sent is put together here, before any clock starts: the client shares the
    machine with what is measured, so it takes as little of it as can be.
    """

    port: int
    method: str
    path: str
    headers: dict
    body: dict | None = None
    status: int = 200

    def __post_init__(self):
        body = b'' if self.body is None else json.dumps(self.body).encode()
        headers = self.headers | {'Host': '127.0.0.1', 'Accept': 'application/json'}
        if body:
            headers |= {'Content-Type': 'application/json', 'Content-Length': len(body)}
        lines = [f'{self.method} {self.path} HTTP/1.0']
        lines += [f'{name}: {value}' for name, value in headers.items()]
        self._sent = '\r\n'.join([*lines, '', '']).encode() + body

    def send(self):
        """The body of the answer.

        :raises Trouble: it is not the good one.
        """
        head, _, body = self._exchange().partition(b'\r\n\r\n')
        try:
            status = int(head.split(None, 2)[1])
        except (IndexError, ValueError):
            raise trouble.Trouble(
                f'{self.method} {self.path}: no answer', head.decode()[:500]
            ) from None
        if status != self.status:
            raise trouble.Trouble(
                f'{self.method} {self.path}: {status}', body.decode()[:500]
            )
        return body

    def _exchange(self):
        """All that comes back, by HTTP/1.0: it ends when the server closes."""
        with socket.create_connection(('127.0.0.1', self.port), 120) as connection:
            connection.sendall(self._sent)
            return b''.join(iter(lambda: connection.recv(1 << 16), b''))


class Peer:
    """A service that is measured; ``offers`` are the uuids of what it has."""

    NAME = QUERY = ''
    #: The status of the answer to a DELETE.
    WITHDRAWN = 200

    def __init__(self, rig, nodes):
        self._rig, self._nodes = rig, iter(nodes)
        self._tokens = {
            user: accounts.log_in(rig.folder, rig.ports, user, accounts.PEOPLE[user][0])
            for user in (OWNER, RENTER)
        }
        self._claims = itertools.count()
        self.offers = []

    def creations(self):
        """{operation: method}: the ways to create an offer."""
        return {'create': self.create}

    def lists(self):
        """{operation: request}: the ways to list all offers."""
        return {'list': self._ask(RENTER, 'GET', f'/v1/offers{self.QUERY}')}

    def show(self):
        # Which is of no consequence but to a cache.
        ident = random.choice(self.offers)
        return self._ask(RENTER, 'GET', f'/v1/offers/{ident}')

    def withdraw(self, ident):
        asked = self._ask(OWNER, 'DELETE', f'/v1/offers/{ident}')
        asked.status = self.WITHDRAWN
        return asked

    def claim(self):
        """For an hour of a day; each offer once before any again."""
        number = next(self._claims)
        ident = self.offers[number % len(self.offers)]
        start = now() + HOUR * (1 + number // len(self.offers))
        body = {'start_time': self.time(start), 'end_time': self.time(start + HOUR)}
        return self._ask(RENTER, 'POST', f'/v1/offers/{ident}/claim', body)

    def _ask(self, user, method, path, body=None, port=None, **headers):
        headers['X-Auth-Token'] = self._tokens[user]
        status = 201 if method == 'POST' else 200
        return Request(port or self.port, method, path, headers, body, status)


class EsiLeap(Peer):
    NAME, QUERY, WITHDRAWN = 'esi-leap', '', 200

    def __init__(self, rig, nodes, deployed):
        super().__init__(rig, nodes)
        self.port = deployed.port

    @staticmethod
    def time(moment):
        return moment.replace(tzinfo=None).isoformat()

    def create(self):
        body = {
            'resource_type': esileap.RESOURCE_TYPE,
            'resource_uuid': next(self._nodes),
            'start_time': self.time(now()),
            'end_time': self.time(now() + 24 * HOUR),
        }
        return self._ask(OWNER, 'POST', '/v1/offers', body)


class Market(Peer):
    NAME, QUERY, WITHDRAWN = 'market', f'?limit={OFFERS}', 204

    def __init__(self, rig, nodes, lease_port):
        """:param lease_port: of the lease service, which has esi-leap's API."""
        super().__init__(rig, nodes)
        self.port, self.esi_port = rig.ports['market'], lease_port
        self._service = accounts.log_in(rig.folder, rig.ports, 'flocx', 'service')

    @staticmethod
    def time(moment):
        return moment.isoformat()

    def creations(self):
        through = {'create through the provider': self.create_through_provider}
        return super().creations() | through

    def lists(self):
        through = self._ask(RENTER, 'GET', '/v1/offers', port=self.esi_port)
        return super().lists() | {'list through the lease service': through}

    def create(self):
        """What a provider asks the market for an owner."""
        body = self._terms() | {'resource_type': 'dummy_node', 'properties': HARDWARE}
        headers = {'X-Service-Token': self._service}
        return self._ask(OWNER, 'POST', '/v1/offers', body, **headers)

    def create_through_provider(self):
        """What an owner asks a provider."""
        port = self._rig.ports['provider']
        return self._ask(OWNER, 'POST', '/v1/offers', self._terms(), port)

    def _terms(self):
        return {
            'resource_uuid': next(self._nodes),
            'start_time': self.time(now()),
            'end_time': self.time(now() + 24 * HOUR),
            'price': '1.50',
        }


def now():
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


class Timings:
    """How long the calls of one operation on one peer took, run by run."""

    def __init__(self):
        self._runs, self._taken = [], []

    def run(self, requests, threads):
        """Send all of ``requests``, as many at a time; the bodies of the answers."""
        waiting, done, failed = iter(list(requests)), [], []
        lock = threading.Lock()

        def work():
            while not failed:
                with lock:
                    request = next(waiting, None)
                if request is None:
                    return
                began = time.perf_counter()
                try:
                    body = request.send()
                except (OSError, trouble.Trouble) as error:
                    failed.append(error)
                    return
                done.append((time.perf_counter() - began, body))

        workers = [threading.Thread(target=work) for _ in range(threads)]
        began = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        seconds = time.perf_counter() - began
        if failed:
            raise failed[0]
        self._runs.append(len(done) / seconds)
        self._taken += [taken for taken, _ in done]
        return [body for _, body in done]

    @property
    def rate(self):
        """Requests a second: the median of the runs."""
        return statistics.median(self._runs)

    @property
    def median(self):
        return statistics.median(self._taken)

    def plain(self):
        worst = sorted(self._taken)[math.ceil(0.99 * len(self._taken)) - 1]
        return {
            'requests': len(self._taken),
            'per_second': round(self.rate, 2),
            'runs_per_second': [round(each, 2) for each in self._runs],
            'median_ms': round(self.median * 1000, 2),
            'p99_ms': round(worst * 1000, 2),
        }
