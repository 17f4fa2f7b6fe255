# SPDX-License-Identifier: Apache-2.0
"""Follow the market's events over HTTPS, where its message broker is out of reach.

Like a message, an event wakes the fulfiller and says no more: what is due it asks the
market. So nothing depends on the cursor, which lives only as long as the process.
"""

import threading

from oslo_log import log
import tenacity

from flocx import exceptions

LOG = log.getLogger(__name__)

#: How long the market lets us wait for an event, in seconds: less than a request may
#: take ([service_credentials] timeout).
WAIT = 20


class Follower:
    """A thread that wakes ``loop`` when something happens to contracts of ours."""

    def __init__(self, marketplace, loop, most):
        """:param most: the most seconds between two tries while the market is away."""
        self._marketplace, self._loop, self._most = marketplace, loop, most
        self._cursor, self._wait = 'latest', 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name='follower', daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        # A request that waits for an event is not waited for.
        self._stopped.set()

    def _run(self):
        tries = tenacity.Retrying(
            wait=tenacity.wait_exponential(max=self._most),
            sleep=tenacity.sleep_using_event(self._stopped),
            stop=tenacity.stop_when_event_set(self._stopped),
            after=self._failed,
            retry_error_callback=lambda _: None,
        )
        while not self._stopped.is_set():
            tries(self._look)

    def _look(self):
        events, self._cursor = self._marketplace.events(self._cursor, self._wait)
        # What had happened before the first look, a pass finds.
        if events or not self._wait:
            self._loop.wake()
        self._wait = WAIT

    def _failed(self, state):
        # A pass may have failed for the same reason; the next look wakes another.
        self._wait = 0
        error = state.outcome.exception()
        unexpected = None if isinstance(error, exceptions.FlocxError) else error
        LOG.warning(
            'The events of the market cannot be read now: %s',
            error,
            exc_info=unexpected,
        )
