# SPDX-License-Identifier: Apache-2.0
"""A worker process: an RPC server that wakes a loop, both on threads."""

import datetime
import multiprocessing
import sys
import threading
import time

import cotyledon
from cotyledon import oslo_config_glue
from oslo_log import log
from oslo_utils import timeutils
import tenacity

from flocx import config
from flocx import context
from flocx import metrics
from flocx import tracing

LOG = log.getLogger(__name__)


class Loop:
    """Runs ``step(now)`` when woken, and at least every ``interval()`` seconds.

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
            return self._interval()
        left = (again - datetime.datetime.now(datetime.UTC)).total_seconds()
        return max(0, min(self._interval(), left))


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


def reread(conf, source, parts):
    """Take over the options that may change, and let what waits by them see.

    :param source: what :func:`flocx.config.prepare` was given for ``conf``.
    :param parts: those that run.
    """
    config.reread(conf, *source)
    for part in parts:
        # One that waits by an interval that was long would not see a short one.
        if isinstance(part, Loop):
            part.wake()


class Worker(cotyledon.Service):
    """Loops and servers in a process of their own, which another one looks after."""

    def __init__(self, worker_id, conf, source, make):
        """:param source: what :func:`flocx.config.prepare` was given for ``conf``.
        :param make: makes the parts of it, in the process that is to run them.
        """
        super().__init__(worker_id)
        self._conf, self._source, self._make = conf, source, make
        self._parts = ()

    def run(self):
        self._parts = self._make(self._conf)
        for part in self._parts:
            part.start()

    def terminate(self):
        for part in reversed(self._parts):
            part.stop()

    def reload(self):
        """On SIGHUP: go on, by the options that may change."""
        reread(self._conf, self._source, self._parts)


def run(conf, argv, name, register, parts):
    """Be a worker until SIGTERM, as a command; return its exit status.

    SIGHUP has it read its configuration again. It is run by cotyledon itself:
    oslo.service, on threads, ends the worker then instead of telling it.

    :param argv: its arguments; None for those of the process.
    :param name: of the service, and ``register`` registers its options.
    :param parts: given the configuration, makes what has a start and a stop.
    """
    source = sys.argv[1:] if argv is None else argv, name, register
    conf.register_opts(oslo_config_glue.service_opts)
    config.prepare(conf, *source)
    # What is compiled and imported is there already, and the parts cannot be sent.
    # Python forks by itself until 3.13 only; cotyledon can be told since 2.2 only.
    multiprocessing.set_start_method('fork', force=True)
    manager = cotyledon.ServiceManager(
        graceful_shutdown_timeout=conf.graceful_shutdown_timeout
    )
    manager.add(Worker, args=(conf, source, parts))
    # Another worker, should this one die, begins with what is read here.
    manager.register_hooks(on_reload=lambda: reread(conf, source, ()))
    manager.run()
    return 0
