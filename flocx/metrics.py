# SPDX-License-Identifier: Apache-2.0
"""What a process counts and times, in the format of Prometheus.

An API answers ``GET /metrics`` where ``[metrics] enabled`` says so; a worker listens
on ``[metrics] port``. A WSGI server with several processes needs the environment
variable ``PROMETHEUS_MULTIPROC_DIR``, as prometheus_client documents it.

No label has a value that a caller chooses freely: each such value would be kept.
"""

import os
import time

from oslo_config import cfg
from oslo_log import log
import prometheus_client
from prometheus_client import multiprocess

LOG = log.getLogger(__name__)

GROUP = cfg.OptGroup('metrics', 'Metrics for Prometheus')
OPTS = [
    cfg.BoolOpt(
        'enabled',
        default=False,
        help='Whether the API answers GET /metrics. It needs no token, and its '
        'numbers show how much is traded, so let only the monitoring system reach it.',
    ),
    cfg.HostAddressOpt(
        'host',
        default='127.0.0.1',
        help='Address on which a worker (auction engine, fulfiller) serves its '
        'metrics. The default is reachable from the same host only.',
    ),
    cfg.PortOpt(
        'port',
        default=0,
        help='Port on which a worker serves its metrics. 0, the default, means that it '
        'serves none.',
    ),
]

_SOON = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LATER = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)

REQUESTS = prometheus_client.Histogram(
    'flocx_request_seconds',
    'How long requests to an API took',
    ('service', 'method', 'collection', 'status'),
    buckets=_SOON,
)
ERRORS = prometheus_client.Counter(
    'flocx_errors', 'Refusals by their published code', ('service', 'code')
)
ROUNDS = prometheus_client.Histogram(
    'flocx_round_seconds', 'How long a round of the auction took', buckets=_SOON
)
CONTRACTS = prometheus_client.Counter(
    'flocx_round_contracts', 'Contracts that rounds have written'
)
CONFLICTS = prometheus_client.Counter(
    'flocx_round_conflicts', 'Awards that had to wait, as their offer or bid changed'
)
BOOK = prometheus_client.Gauge(
    'flocx_book',
    'Open offers and bids in the last round',
    ('kind',),
    multiprocess_mode='mostrecent',
)
WAITED = prometheus_client.Histogram(
    'flocx_bid_wait_seconds',
    'From a bid, or its last change, to its contract',
    buckets=_LATER,
)
MESSAGES = prometheus_client.Histogram(
    'flocx_message_age_seconds',
    'How long messages were on their way, the queue included',
    buckets=_SOON,
)
CASTS_LOST = prometheus_client.Counter(
    'flocx_casts_lost', 'Messages that could not be sent', ('method',)
)
DEPARTED = prometheus_client.Gauge(
    'flocx_departed_projects',
    'Projects deleted or disabled in Keystone that still have something open',
    multiprocess_mode='mostrecent',
)
TRANSFERS = prometheus_client.Counter(
    'flocx_ledger_transfers', 'Transfers booked in the ledger, by type', ('type',)
)
CREDITS = prometheus_client.Counter(
    'flocx_ledger_credits', 'Credits of these transfers', ('type',)
)
SERVED = prometheus_client.Counter(
    'flocx_ledger_served_seconds', 'Seconds of servers of which usage was booked'
)
LAG = prometheus_client.Gauge(
    'flocx_fulfilment_lag_seconds',
    'Since when the server that waits longest should be handed over or taken back',
    multiprocess_mode='max',
)
DUE = prometheus_client.Gauge(
    'flocx_fulfilment_due',
    'Servers that should be handed over or taken back by now',
    multiprocess_mode='max',
)
PROVIDERS_SILENT = prometheus_client.Gauge(
    'flocx_providers_silent',
    'Providers with something open that have not said for long that they are at work',
    multiprocess_mode='mostrecent',
)
NOT_GIVEN_BACK = prometheus_client.Counter(
    'flocx_not_given_back',
    'Servers that stay in quarantine after their contract, by the reason',
    ('reason',),
)
CONSOLES = prometheus_client.Gauge(
    'flocx_console_sessions',
    'Sessions of serial consoles that are open',
    multiprocess_mode='livesum',
)
CONSOLES_REFUSED = prometheus_client.Counter(
    'flocx_console_refused',
    'Sessions of serial consoles that were not opened, by the published code',
    ('code',),
)
DELIVERIES = prometheus_client.Counter(
    'flocx_webhook_deliveries',
    'Events that were sent to receivers, and what became of them: ok or failed',
    ('receiver', 'outcome'),
)
RECEIVERS_FAILING = prometheus_client.Gauge(
    'flocx_webhooks_failing',
    'Webhooks that have not taken the last event, which waits to be sent again',
    multiprocess_mode='mostrecent',
)
PASSES = prometheus_client.Histogram(
    'flocx_pass_seconds', 'How long passes of a loop took', ('loop',), buckets=_LATER
)
FAILURES = prometheus_client.Counter(
    'flocx_pass_failures', 'Passes of a loop that failed', ('loop',)
)
LAST = prometheus_client.Gauge(
    'flocx_pass_last_timestamp_seconds',
    'When a pass of a loop last ended well',
    ('loop',),
    multiprocess_mode='max',
)


def after_commit(info, count, *arguments):
    """Let ``count`` tell of what a transaction did, once it has been committed.

    :param info: the ``session.info`` of the transaction.
    """
    info.setdefault('counts', []).append((count, arguments))


def committed(info):
    """Tell what a transaction did; a listener of flocx.db.Database."""
    for count, arguments in info.get('counts', ()):
        count(*arguments)


_METHODS = {'GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS'}


class Metrics:
    """WSGI middleware: times each request, and answers ``/metrics``."""

    def __init__(self, app, service, collections):
        """:param collections: the first parts of paths, which label requests."""
        self._app, self._service = app, service
        self._collections = collections
        self._exposed = prometheus_client.make_wsgi_app(_registry())

    def __call__(self, environ, start_response):
        if environ.get('PATH_INFO') == '/metrics':
            return self._exposed(environ, start_response)
        started, answered = time.monotonic(), {}

        def remember(status, headers, exc_info=None):
            answered['status'] = status.partition(' ')[0]
            return start_response(status, headers, exc_info)

        try:
            return self._app(environ, remember)
        finally:
            method = environ['REQUEST_METHOD']
            REQUESTS.labels(
                self._service,
                method if method in _METHODS else 'other',
                self._collection(environ.get('PATH_INFO', '')),
                answered.get('status', '500'),
            ).observe(time.monotonic() - started)
            code = environ.get('flocx.error_code')
            if code:
                ERRORS.labels(self._service, code).inc()

    def _collection(self, path):
        name = path.removeprefix('/v1/').partition('/')[0]
        return name if name in self._collections else 'other'


class Server:
    """The metrics of a worker on a port; a part of it like its loops."""

    def __init__(self, conf):
        self._conf, self._running = conf.metrics, None

    def start(self):
        if not self._conf.port:
            return
        try:
            self._running = prometheus_client.start_http_server(
                self._conf.port, self._conf.host, _registry()
            )
        except OSError as error:
            # Work goes before being watched.
            LOG.error(
                'No metrics on %s:%s: %s', self._conf.host, self._conf.port, error
            )

    def stop(self):
        if self._running:
            server, thread = self._running
            server.shutdown()
            server.server_close()
            thread.join()


def _registry():
    """What is told: of this process or, if they share a folder, of all processes."""
    if not os.environ.get('PROMETHEUS_MULTIPROC_DIR'):
        return prometheus_client.REGISTRY
    registry = prometheus_client.CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry
