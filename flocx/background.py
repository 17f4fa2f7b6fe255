# SPDX-License-Identifier: Apache-2.0
"""Do things after the answer was given, in order, with nobody waiting for them."""

import atexit
import queue
import threading
import time

#: For how many seconds a process that ends waits for what is still to be done. What
#: cannot be done by then, as with a broker that is away, is left.
EXIT_TIMEOUT = 2


class Background:
    """One thread, started with the first task: a server forks before that."""

    def __init__(self, backlog):
        """:param backlog: how many tasks wait at most."""
        self._tasks, self._thread = queue.Queue(backlog), None
        self._lock = threading.Lock()

    def submit(self, task, *arguments):
        """Whether ``task`` will be done; not if too many others wait already.

        What it raises is its own to handle.
        """
        try:
            self._tasks.put_nowait((task, arguments))
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
            task, arguments = self._tasks.get()
            try:
                task(*arguments)
            finally:
                self._tasks.task_done()

    def _end(self):
        until = time.monotonic() + EXIT_TIMEOUT
        while self._tasks.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)
