# SPDX-License-Identifier: Apache-2.0
"""What it costs that thousands wait for events at one flocx-market-feed.

    python -m benchmarks.followers --followers 2000 --seconds 60

The followers are of three projects and ask again as soon as they have an answer; now
and then something happens to one of these projects, so that a third of them have one.
The server is in a process of its own, with the market, on SQLite, and an emulated
Keystone; what its processor did is counted, and not what the followers' did. Prints,
as JSON, the share of a processor while nothing happened and while events came, how
many answers there were, and how long after the event was placed they came.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import argparse
import asyncio
import json
import multiprocessing
import resource
import statistics
import time

import requests

PROJECTS = ('umbrella', 'initech', 'acme-lab')


def serve(pipe, followers):
    """Be the server: say where it is, then place bids and tell what they took."""
    # Only here: who follows needs none of it.
    from market import feed_server
    from market import service as market_service
    from tests import fixtures

    options = [('feed', 'port', 0)] + [
        ('feed', name, followers + 10)
        for name in ('followers', 'followers_per_project')
    ]
    place = fixtures.Marketplace(options=options)
    place.setUp()
    application = market_service.application(
        place.conf, place.transport, place.database
    )
    server = feed_server.FeedServer(place.conf, application, place.database)
    server.start()
    pipe.send((server.port, place.catalog['marketplace']))
    while pipe.recv():
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send((used.ru_utime + used.ru_stime, server.followers.waiting))
    server.stop()


class Crowd:
    """So many connections that wait; ``heard`` has the moments of answers."""

    def __init__(self, port, count):
        self._port, self._count = port, count
        self.heard, self.failed = [], 0

    async def follow(self, number):
        project = PROJECTS[number % len(PROJECTS)]
        reader, writer = await asyncio.open_connection('127.0.0.1', self._port)
        last = None
        while True:
            query = 'after=latest' if last is None else f'after={last}&wait=60'
            writer.write(
                f'GET /v1/events?{query} HTTP/1.1\r\nHost: feed\r\n'
                f'X-Auth-Token: {project}-member\r\n\r\n'.encode()
            )
            head = await reader.readuntil(b'\r\n\r\n')
            length = next(
                int(line.partition(b':')[2])
                for line in head.splitlines()
                if line.lower().startswith(b'content-length')
            )
            answer = json.loads(await reader.readexactly(length))
            if 'events' not in answer:
                self.failed += 1
                return
            if answer['events']:
                self.heard.append(time.monotonic())
            last = answer['last']

    async def run(self):
        await asyncio.gather(*map(self.follow, range(self._count)))


def measure(followers, seconds, pause):
    """What is printed.

    :param pause: seconds between two events.
    """
    pipe, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context('spawn').Process(
        target=serve, args=(theirs, followers)
    )
    server.start()
    port, market = pipe.recv()
    found = asyncio.run(_measure(pipe, Crowd(port, followers), market, seconds, pause))
    pipe.send(False)
    server.join()
    return found


async def _measure(pipe, crowd, market, seconds, pause):
    following = asyncio.ensure_future(crowd.run())

    def ask():
        pipe.send(True)
        return pipe.recv()

    while ask()[1] < crowd._count and not crowd.failed:
        await asyncio.sleep(1)

    async def share(during):
        began, used = time.monotonic(), ask()[0]
        await during
        return (ask()[0] - used) / (time.monotonic() - began)

    idle = await share(asyncio.sleep(seconds))
    placed = []

    async def place():
        for number in range(int(seconds / pause)):
            project = PROJECTS[number % len(PROJECTS)]
            placed.append(time.monotonic())
            await asyncio.to_thread(_bid, market, project)
            await asyncio.sleep(pause)

    crowd.heard.clear()
    busy = await share(place())
    following.cancel()
    delays = [
        moment - max(when for when in placed if when <= moment)
        for moment in crowd.heard
    ]
    return {
        'followers': crowd._count,
        'refused': crowd.failed,
        'processors_idle': round(idle, 3),
        'events_per_second': round(len(placed) / seconds, 2),
        'processors_busy': round(busy, 3),
        'answers': len(delays),
        'median_seconds': round(statistics.median(delays), 3) if delays else None,
        'p99_seconds': round(statistics.quantiles(delays, n=100)[98], 3)
        if len(delays) > 1
        else None,
    }


def _bid(market, project):
    end = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 7200))
    requests.post(
        f'{market}/v1/bids',
        json={'end_time': end, 'price': '1'},
        headers={'X-Auth-Token': f'{project}-member'},
        timeout=60,
    ).raise_for_status()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--followers', type=int, default=2000)
    parser.add_argument('--seconds', type=int, default=60, help='of each of two parts')
    parser.add_argument('--pause', type=float, default=5, help='between two events')
    args = parser.parse_args()
    print(json.dumps(measure(args.followers, args.seconds, args.pause), indent=2))


if __name__ == '__main__':
    main()
