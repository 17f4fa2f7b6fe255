# SPDX-License-Identifier: Apache-2.0
"""A worker process: an RPC server that wakes a loop, both on threads."""

import datetime
import sys
import threading
import time

from oslo_log import log
from oslo_service import service
from oslo_utils import timeutils
import tenacity

from flocx import config
from flocx import context
from flocx import metrics
from flocx import tracing

LOG = log.getLogger(__name__)


class Loop:
    """Runs ``step(now)`` when woken, and at least every ``interval`` seconds.

    Wakes that arrive during a step cause one more step, not one each. A step
    that fails is logged and costs no more than itself. A step may return the
    moment at which it wants to be run again, if that is sooner.

    A step belongs to the trace of who woke it; of several, to the last one's.
    """

    def __init__(self, name, step, interval):
        self._step, self._interval = step, interval
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._trace = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self):
        self._thread.start()

    def wake(self):
        self._trace = tracing.here() or self._trace
        self._woken.set()

    def stop(self):
        self._stopped.set()
        self._woken.set()
        if self._thread.ident:
            self._thread.join()

    def _run(self):
        while not self._stopped.is_set():
            self._woken.clear()
            again = self._guarded()
            self._woken.wait(self._pause(again))

    def _guarded(self):
        name, started = self._thread.name, time.monotonic()
        # All that a pass logs and sends has one request id.
        context.RequestContext()
        trace, self._trace = self._trace, None
        tracing.go_on(trace)
        try:
            with tracing.part(name):
                again = self._step(timeutils.utcnow(with_timezone=True))
        except Exception:
            LOG.exception('%s failed and will be tried again', name)
            metrics.FAILURES.labels(name).inc()
            return None
        metrics.PASSES.labels(name).observe(time.monotonic() - started)
        metrics.LAST.labels(name).set_to_current_time()
        return again

    def _pause(self, again):
        if again is None:
            return self._interval
        left = (again - datetime.datetime.now(datetime.UTC)).total_seconds()
        return max(0, min(self._interval, left))


class RetryingStarter:
    """A part that can be made only when others answer; tried until it can."""

    def __init__(self, name, make, seconds=5):
        """:param seconds: how long to wait between two tries."""
        self._make, self._seconds, self._part = make, seconds, None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join()
        if self._part:
            self._part.stop()

    def _run(self):
        tries = tenacity.Retrying(
            wait=tenacity.wait_fixed(self._seconds),
            sleep=tenacity.sleep_using_event(self._stopped),
            stop=tenacity.stop_when_event_set(self._stopped),
            after=self._log,
            # Nobody is told that it was stopped before it could start.
            retry_error_callback=lambda _: None,
        )
        self._part = tries(self._made)

    def _made(self):
        part = self._make()
        part.start()
        return part

    def _log(self, state):
        error = state.outcome.exception()
        LOG.warning('%s cannot start yet: %s', self._thread.name, error)


class Worker(service.Service):
    """A loop and the RPC server whose messages wake it."""

    def __init__(self, make):
        """:param make: makes the parts, in the process that is to run them."""
        super().__init__()
        self._make, self._parts = make, ()

    def start(self):
        self._parts = self._make()
        for part in self._parts:
            part.start()

    def stop(self, graceful=True):
        for part in reversed(self._parts):
            part.stop()
        super().stop()


def run(conf, argv, name, register, parts):
    """Be a worker until SIGTERM, as a command; return its exit status.

    :param argv: its arguments; None for those of the process.
    :param name: of the service, and ``register`` registers its options.
    :param parts: given the configuration, makes what has a start and a stop.
    """
    config.prepare(conf, sys.argv[1:] if argv is None else argv, name, register)
    worker = Worker(lambda: parts(conf))
    service.launch(conf, worker, workers=1, restart_method='mutate').wait()
    return 0
