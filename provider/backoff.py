# SPDX-License-Identifier: Apache-2.0
"""When to look again at what could not be done: later each time, up to a limit."""

import dataclasses
import datetime
import random


@dataclasses.dataclass(slots=True)
class _Wait:
    node_uuid: str
    tries: int
    until: datetime.datetime


class Backoff:
    """The waits of one fulfiller, for each line its own.

    The n-th wait is ``first * 2**n`` seconds, at most ``most``, less a random part up
    to its half, so that what failed together is not tried again together
    (exponential back-off with equal jitter,
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Each
    line is told of by one thread at a time.

    Nothing here waits, so it is no loop of tenacity's: a pass over all lines asks which
    of them are due, and an event may hurry any of them.
    """

    def __init__(self, first, most, draw=random.random):
        """:param draw: gives a number in [0, 1]; 1 for the whole wait."""
        self._first, self._most, self._draw = first, most, draw
        self._waits = {}

    def is_over(self, line, now):
        """Whether ``line`` may be tried at ``now``."""
        wait = self._waits.get(line['uuid'])
        return wait is None or wait.until <= now

    def until(self, line):
        """Until when ``line`` waits, or None."""
        wait = self._waits.get(line['uuid'])
        return wait.until if wait else None

    def tries(self, line):
        """How often ``line`` was tried since it last got anywhere."""
        wait = self._waits.get(line['uuid'])
        return wait.tries if wait else 0

    def wait(self, line, now, most=None, hopeless=False):
        """Let ``line`` wait from ``now`` on; return until when.

        :param most: seconds; a lower limit than that of all.
        :param hopeless: trying again soon is of no use: wait as long as ever.
        """
        tries = self.tries(line)
        most = min(self._most, most or self._most)
        # Beyond 2**30 the limit has long been reached.
        seconds = most if hopeless else min(most, self._first * 2 ** min(tries, 30))
        seconds *= (1 + self._draw()) / 2
        until = now + datetime.timedelta(seconds=seconds)
        self._waits[line['uuid']] = _Wait(line['resource_uuid'], tries + 1, until)
        return until

    def wait_until(self, line, until):
        """Let ``line`` wait exactly until then, no longer and no shorter."""
        tries = self.tries(line)
        self._waits[line['uuid']] = _Wait(line['resource_uuid'], tries, until)

    def forget(self, line):
        """``line`` has got somewhere: what comes next is tried at once."""
        self._waits.pop(line['uuid'], None)

    def keep(self, lines):
        """Forget all lines but these."""
        uuids = {line['uuid'] for line in lines}
        for uuid in self._waits.keys() - uuids:
            del self._waits[uuid]

    def hurry(self, node_uuids, now):
        """Something has happened to these nodes: look at their lines at once."""
        for wait in list(self._waits.values()):
            if wait.node_uuid in node_uuids:
                wait.until = now
