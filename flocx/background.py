# SPDX-License-Identifier: Apache-2.0
"""Do things after the answer was given, in order, with nobody waiting for them."""

import atexit
import queue
import threading
import time

#: For how many seconds a process that ends waits for what is still to be done. What
#: cannot be done by then, as with a broker that is away, is left.
PATIENCE = 2


class Background:
    """One thread, started with the first deed: a server forks before that."""

    def __init__(self, backlog):
        """:param backlog: how many deeds wait at most."""
        self._deeds, self._thread = queue.Queue(backlog), None
        self._lock = threading.Lock()

    def submit(self, deed, *arguments):
        """Whether ``deed`` will be done; not if too many others wait already.

        What it raises is its own to handle.
        """
        try:
            self._deeds.put_nowait((deed, arguments))
        except queue.Full:
            return False
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
                atexit.register(self._end)
        return True

    def _work(self):
        while True:
            deed, arguments = self._deeds.get()
            try:
                deed(*arguments)
            finally:
                self._deeds.task_done()

    def _end(self):
        until = time.monotonic() + PATIENCE
        while self._deeds.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)
