# SPDX-License-Identifier: Apache-2.0
"""What others wait while somebody has fifty requests in flight at flocx-standalone.

    python -m benchmarks.greedy --seconds 20

Some callers list offers one request after another, alone and beside one who has fifty
in flight, both of a server that answers in the order of arrival and of one whose
callers take turns, as flocx-standalone does. All four are measured in turns, in one
run. The server is in a process of its own, on SQLite, with an emulated Keystone. Prints
as JSON the median and the 99th percentile of the others, in milliseconds, how many
requests a second were answered to whom, and by which ratio the percentile grew.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import statistics
import time
from unittest import mock

from waitress import task

from flocx import fair_dispatcher
from flocx import standalone

OTHERS = ('acme-member', 'initech-member', 'acme-lab-member', 'acme-reader')
GREEDY, IN_FLIGHT = 'umbrella-member', 50
THREADS, TURNS = 8, 4
PATH = '/v1/offers?limit=5'


class InOrder(task.ThreadedTaskDispatcher):
    """That of waitress itself."""

    def __init__(self, threads):
        super().__init__()
        self.set_thread_count(threads)


DISPATCHERS = {'in order': InOrder, 'in turn': fair_dispatcher.FairDispatcher}


def serve(pipe):
    """Be both servers of one market until told to end."""
    from market import service as market_service
    from tests import fixtures

    place = fixtures.Marketplace()
    place.setUp()
    servers = {}
    for name, dispatcher in DISPATCHERS.items():
        with mock.patch.object(fair_dispatcher, 'FairDispatcher', dispatcher):
            servers[name] = standalone.Server(
                market_service.application(place.conf, place.transport, place.database),
                threads=THREADS,
                connection_limit=1000,
            )
        servers[name].start()
    pipe.send(
        {name: int(each.url.rpartition(':')[2]) for name, each in servers.items()}
    )
    pipe.recv()


async def ask(port, token, taken):
    """Ask for as long as it is let, one request after another."""
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    while True:
        began = time.monotonic()
        head = f'GET {PATH} HTTP/1.1\r\nHost: market\r\nX-Auth-Token: {token}\r\n\r\n'
        writer.write(head.encode())
        head = await reader.readuntil(b'\r\n\r\n')
        if not head.startswith(b'HTTP/1.1 200'):
            raise RuntimeError(head.decode())
        length = next(
            int(line.partition(b':')[2])
            for line in head.splitlines()
            if line.lower().startswith(b'content-length')
        )
        await reader.readexactly(length)
        taken.append(time.monotonic() - began)


async def situation(port, greedy, seconds):
    """What the others waited, and how many answers the greedy one had."""
    others, theirs = [], []
    asking = [asyncio.ensure_future(ask(port, token, others)) for token in OTHERS]
    asking += [
        asyncio.ensure_future(ask(port, GREEDY, theirs))
        for _ in range(IN_FLIGHT if greedy else 0)
    ]
    done, _ = await asyncio.wait(
        asking, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
    )
    for each in asking:
        each.cancel()
    for each in done:
        each.result()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*asking)
    return others, theirs


def measure(seconds):
    """What is printed."""
    pipe, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context('spawn').Process(target=serve, args=(theirs,))
    server.start()
    ports = pipe.recv()
    waits = {(name, greedy): ([], []) for name in ports for greedy in (False, True)}
    for _ in range(TURNS):
        for (name, greedy), kept in waits.items():
            found = asyncio.run(situation(ports[name], greedy, seconds / TURNS))
            for all_, more in zip(kept, found, strict=True):
                all_.extend(more)
    pipe.send(None)
    server.join()
    found = {}
    for name in ports:
        alone, beside = waits[name, False], waits[name, True]
        last = [statistics.quantiles(each[0], n=100)[98] for each in (alone, beside)]
        found[name] = {
            'alone': _figures(alone, seconds),
            'beside': _figures(beside, seconds),
            'ratio': round(last[1] / last[0], 2),
        }
    return found


def _figures(both, seconds):
    others, theirs = both
    cuts = statistics.quantiles(others, n=100)
    return {
        'median': round(1000 * cuts[49], 1),
        'p99': round(1000 * cuts[98], 1),
        'others a second': round(len(others) / seconds),
        'greedy a second': round(len(theirs) / seconds),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--seconds', type=float, default=20, help='of each situation')
    print(json.dumps(measure(parser.parse_args().seconds), indent=2))


if __name__ == '__main__':
    main()
