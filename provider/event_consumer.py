# SPDX-License-Identifier: Apache-2.0
"""Follow the market's events over HTTPS, where its message broker is out of reach.

Like a message, an event wakes the fulfiller and says no more: what is due it asks the
market. So nothing depends on the cursor, which lives only as long as the process.
"""

import threading

from oslo_log import log

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
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name='follower', daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        # A request that waits for an event is not waited for.
        self._stopped.set()

    def _run(self):
        cursor, wait, pause = 'latest', 0, 1
        while not self._stopped.is_set():
            try:
                events, cursor = self._marketplace.events(cursor, wait)
            except exceptions.FlocxError as error:
                LOG.warning('The events of the market cannot be read now: %s', error)
            except Exception:
                LOG.exception('The events of the market cannot be read now')
            else:
                # What had happened before the first look, a pass finds.
                if events or not wait:
                    self._loop.wake()
                wait, pause = WAIT, 1
                continue
            # A pass may have failed for the same reason; the next look wakes another.
            wait = 0
            self._stopped.wait(pause)
            pause = min(self._most, 2 * pause)
