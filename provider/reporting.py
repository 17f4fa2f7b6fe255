# SPDX-License-Identifier: Apache-2.0
"""Send what several threads report at the same time with one request.

Nothing waits for others to come: whoever finds nobody sending sends at once, and what
is reported meanwhile goes with the next request.
"""

from concurrent import futures
import threading


class Reporting:
    """Calls ``send`` for one thread at a time, with all that has come until then."""

    def __init__(self, send, most):
        """What collects reports.

        :param send: given a list of reports returns an answer for each of them, in
            their order; one that is an exception is raised where it was reported.
        :param most: how many reports it takes at a time.
        """
        self._send, self._most = send, most
        self._lock, self._waiting, self._is_sending = threading.Lock(), [], False

    def __call__(self, report):
        """The answer to ``report``.

        :raises Exception: what ``send`` raised, or answered to this one.
        """
        answer = futures.Future()
        with self._lock:
            self._waiting.append((report, answer))
            leads, self._is_sending = not self._is_sending, True
        if leads:
            self._send_all()
        return answer.result()

    def _send_all(self):
        """Send until nothing waits any more."""
        while True:
            with self._lock:
                some = self._waiting[: self._most]
                self._waiting = self._waiting[self._most :]
                if not some:
                    self._is_sending = False
                    return
            try:
                answers = self._send([report for report, _ in some])
            except BaseException as error:
                # Whatever it is, nobody is to wait for ever.
                answers = [error] * len(some)
            for (_, waits), answer in zip(some, answers, strict=True):
                if isinstance(answer, BaseException):
                    waits.set_exception(answer)
                else:
                    waits.set_result(answer)
