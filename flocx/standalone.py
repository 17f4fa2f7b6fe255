# SPDX-License-Identifier: Apache-2.0
"""flocx-standalone: the services and their workers in one process.

The same code and the same APIs as when they are deployed apart. This is the one
module that knows all services.
"""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

import signal
import sys
import threading

from oslo_config import cfg
from oslo_log import log
from oslo_utils import netutils
import waitress
from waitress import wasyncore

from flocx import announce
from flocx import config
from flocx import fair_dispatcher
from flocx import rpc
from flocx import service
from lease import conf as lease_conf
from lease import service as lease_service
from market import conf as market_conf
from market import service as market_service
from market import worker as market_worker
from market.db import migration
from matcher import cmd as matcher_cmd
from matcher import conf as matcher_conf
from matcher import service as matcher_service
from provider import assembly
from provider import cmd as provider_cmd
from provider import conf as provider_conf
from provider import service as provider_service
from provider.console import proxy

LOG = log.getLogger(__name__)

_GROUP = cfg.OptGroup('standalone', 'All services in one process')
_OPTS = [
    cfg.HostAddressOpt(
        'host', default='127.0.0.1', help='The address that the APIs listen on.'
    ),
    cfg.PortOpt('market_port', default=7780, help="The port of the market's API."),
    cfg.PortOpt('provider_port', default=7781, help="The port of the provider's API."),
    cfg.PortOpt(
        'matcher_port', default=7782, help="The port of the auction engine's API."
    ),
    cfg.PortOpt(
        'lease_port', default=7783, help="The port of the lease service's API."
    ),
    cfg.IntOpt(
        'threads',
        default=8,
        min=1,
        help='How many requests each API answers at a time. Who asks for more than '
        'one takes turns with others, and has a quarter of these at most.',
    ),
    cfg.IntOpt(
        'request_timeout',
        default=30,
        min=1,
        help='Seconds for which a connection may send nothing, while no request of it '
        'is answered, before it is closed. Half a minute is much for a slow client, '
        'and little for one that keeps connections from others.',
    ),
    cfg.IntOpt(
        'connection_limit',
        default=1000,
        min=1,
        help='Most connections to each API at a time; further ones wait in the '
        'operating system. Each takes a file descriptor.',
    ),
]


class Server:
    """An API on a port, on threads of its own; ``url`` is its root.

    :param port: where it listens; 0 takes a free one.
    :param threads: how many requests it answers at a time.
    :param limits: ``channel_timeout`` and ``connection_limit`` of waitress.
    """

    def __init__(self, application, host='127.0.0.1', port=0, threads=8, **limits):
        self._open = {}
        self._server = waitress.create_server(
            application,
            map=self._open,
            host=host,
            port=port,
            # It is meant for tests; there is no other way to choose one.
            _dispatcher=fair_dispatcher.FairDispatcher(threads),
            # select() fails where a process has more than 1,024 files open.
            asyncore_use_poll=True,
            ident=None,
            # What sends nothing any more is looked for each second.
            cleanup_interval=1,
            **limits,
        )
        place = netutils.escape_ipv6(host)
        self.url = f'http://{place}:{self._server.effective_port}'
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        """Answer the requests that came in, and close."""
        self._server.task_dispatcher.shutdown()
        # In the thread that waits on the sockets: elsewhere it would find them closed.
        self._server.trigger.pull_trigger(
            lambda: wasyncore.close_all(self._open, ignore_all=True)
        )
        self._thread.join()


def list_opts():
    """Entry point of oslo.config."""
    return [(_GROUP.name, _OPTS)]


def register(conf):
    """Register the options of all services."""
    conf.register_group(_GROUP)
    conf.register_opts(_OPTS, _GROUP)
    for each in (market_conf, provider_conf, matcher_conf, lease_conf):
        each.register(conf)


def _parts(conf):
    """Everything that runs, in the order in which it starts."""
    transport = rpc.transport(conf)
    database = announce.database(conf, transport, 'standalone')
    migration.upgrade(database)
    provider = assembly.build(conf)
    chosen = conf.standalone
    for application, port in (
        (market_service.application(conf, transport, database), chosen.market_port),
        (provider_service.application(conf, provider), chosen.provider_port),
        (matcher_service.application(conf, transport, database), chosen.matcher_port),
        (
            lease_service.application(conf, transport, database, provider),
            chosen.lease_port,
        ),
    ):
        yield Server(
            application,
            chosen.host,
            port,
            chosen.threads,
            channel_timeout=chosen.request_timeout,
            connection_limit=chosen.connection_limit,
        )
    yield from market_worker.parts(conf, transport, database)
    yield from matcher_cmd.parts(conf, transport, database)
    yield from provider_cmd.parts(conf, transport, provider)
    yield proxy.Proxy(conf.console, provider.nodes, provider.marketplace)


def main(argv=None):
    """Entry point of ``flocx-standalone``: run until SIGTERM or SIGINT.

    SIGHUP has it read its configuration again.
    """
    conf = cfg.CONF
    rpc.set_default_url(conf, 'fake://')
    source = sys.argv[1:] if argv is None else argv, 'standalone', register
    config.prepare(conf, *source)
    stopped, told = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    signal.signal(signal.SIGHUP, lambda *_: told.set())
    started = []
    for part in _parts(conf):
        part.start()
        started.append(part)
    LOG.info(
        'The market listens on port %s, the provider on %s, the auction engine on %s, '
        'the lease service on %s',
        conf.standalone.market_port,
        conf.standalone.provider_port,
        conf.standalone.matcher_port,
        conf.standalone.lease_port,
    )
    # A signal that comes as this thread is about to wait is handled when it has waited.
    while not stopped.wait(1):
        if told.is_set():
            told.clear()
            service.reread(conf, source, started)
    for part in reversed(started):
        part.stop()
    return 0
