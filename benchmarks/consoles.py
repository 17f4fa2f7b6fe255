# SPDX-License-Identifier: Apache-2.0
"""What idle consoles cost ``flocx-provider-console``, and how soon they end.

Run it with ``python -m benchmarks.consoles [SESSIONS]``. The marketplace is that of the
functional tests; the proxy is a process of its own, as it is deployed, and the server
at the other end of the serial line says nothing.
"""

import argparse
import contextlib
import json
import pathlib
import socketserver
import subprocess
import sys
import threading
import time

from websockets import exceptions as ws_exceptions
from websockets.sync import client

from flocx.core import window
from provider import fulfilment
from tests import fixtures
from tests import waiting
from tests.functional import base
from tests.functional import test_devstack

_VERSION = {'OpenStack-API-Version': 'marketplace latest'}


class _Silent(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(1)


class _Serial(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1000


def memory(pid):
    """MB of memory of a process and its children; of what is shared, their share."""
    path = pathlib.Path(f'/proc/{pid}/smaps_rollup')
    (line,) = (row for row in path.read_text().splitlines() if row.startswith('Pss:'))
    children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    return int(line.split()[1]) / 1024 + sum(map(memory, children))


def rent(marketplace):
    """A server and the contract by which umbrella has it."""
    marketplace.add_node('node')
    clock = base.RealTime()
    provider = base.Caller(marketplace.catalog['marketplace-provider'], 'acme-member')
    until = window.text(clock() + 9 * base.HOUR)
    offer = provider.post(
        '/v1/offers', {'resource_uuid': 'node', 'end_time': until, 'price': '1'}
    ).json()
    renter = base.Caller(marketplace.catalog['marketplace'], 'umbrella-member')
    contract = renter.post(f'/v1/offers/{offer["uuid"]}/claim', {}).json()
    delivering = fulfilment.Fulfilment(
        marketplace.conf, marketplace.provider.nodes, marketplace.provider.marketplace
    )

    def delivered():
        delivering.run(clock())
        return marketplace.node('node').lessee == 'umbrella'

    waiting.until(delivered)
    return renter, contract


def measure(sessions):
    """What so many idle sessions take, in MB, and the seconds until all have ended."""
    serial = _Serial(('127.0.0.1', 0), _Silent)
    threading.Thread(target=serial.serve_forever, daemon=True).start()
    (port,) = test_devstack.free_ports(1)
    options = (
        (
            'provider',
            'dummy_console_url',
            f'tcp://127.0.0.1:{serial.server_address[1]}',
        ),
        ('console', 'max_sessions', '1000'),
        ('console', 'max_sessions_per_line', '1000'),
        ('console', 'port', str(port)),
        ('console', 'public_url', f'ws://127.0.0.1:{port}/'),
    )
    with contextlib.ExitStack() as stack:
        marketplace = stack.enter_context(fixtures.Marketplace(options=options))
        renter, contract = rent(marketplace)
        node = base.Caller(
            marketplace.catalog['marketplace-provider'], 'umbrella-member'
        )
        made = node.request(
            'POST', '/v1/nodes/node/console_tokens', _VERSION, json={'seconds': 600}
        ).json()
        program = pathlib.Path(sys.executable).parent / 'flocx-provider-console'
        command = [program, '--config-file', marketplace.folder / 'flocx.conf']
        process = subprocess.Popen([str(each) for each in command])
        stack.callback(process.wait)
        stack.callback(process.terminate)

        def connected():
            with contextlib.suppress(OSError):
                return stack.enter_context(
                    client.connect(made['access_url'], proxy=None, ping_interval=None)
                )
            return None

        opened = [waiting.until(connected)]
        before = memory(process.pid)
        opened += [connected() for _ in range(sessions)]
        after = memory(process.pid)
        released = time.monotonic()
        renter.delete(f'/v1/contracts/{contract["uuid"]}')
        for each in opened:
            with contextlib.suppress(ws_exceptions.ConnectionClosed):
                each.recv(timeout=60)
        ended = time.monotonic() - released
    return {
        'sessions': sessions,
        'before_mb': round(before, 1),
        'sessions_mb': round(after - before, 1),
        'ended_after_seconds': round(ended, 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('sessions', type=int, nargs='?', default=200)
    print(json.dumps(measure(parser.parse_args().sessions), indent=2))


if __name__ == '__main__':
    main()
