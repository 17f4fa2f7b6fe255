# SPDX-License-Identifier: Apache-2.0
"""Who is answered next by flocx-standalone: each caller in turn.

By default waitress answers in the order of arrival, so that somebody with fifty
requests in flight lets everybody wait for fifty. Here callers take turns (fair
queueing: Nagle, RFC 970), and each has a part of the threads at most.
"""

import collections
import typing
import urllib.parse

from waitress import task

#: Which part of the threads one caller may have. Threads share one processor, so that
#: whoever had half of them would let others wait longer.
PART = 4


class Caller(typing.NamedTuple):
    """Whose a request is, and whether it may wait for events.

    These have a part of their own, so that they keep nobody's other requests; who sends
    more than may wait is refused, and not kept in the queue.
    """

    token: str
    waits: bool = False


class FairQueue:
    """What waits, by caller, in place of the deque of a dispatcher.

    It is false when nothing may begin, although something may wait: a thread that ends
    a task looks again.
    """

    def __init__(self, lock, most, caller):
        """:param lock: the dispatcher's, which it holds when it calls.
        :param most: how much may be under way of a Caller, a function of it.
        :param caller: whose something is, a function that returns a Caller.
        """
        self._lock, self._most, self._caller = lock, most, caller
        #: {caller: what waits}; whose turn it is next comes first.
        self._waiting = collections.OrderedDict()
        self._under_way = collections.Counter()

    def append(self, channel):
        caller = self._caller(channel)
        self._waiting.setdefault(caller, collections.deque()).append(channel)

    def popleft(self):
        """The next task, of whose turn it is and who may; then it is the others' turn.

        :raises StopIteration: the queue is false.
        """
        caller = next(self._ready())
        waiting = self._waiting.pop(caller)
        channel = waiting.popleft()
        if waiting:
            self._waiting[caller] = waiting
        self._under_way[caller] += 1
        return _Task(channel, lambda: self._done(caller))

    def _ready(self):
        return (
            caller
            for caller in self._waiting
            if self._under_way[caller] < self._most(caller)
        )

    def _done(self, caller):
        with self._lock:
            self._under_way[caller] -= 1
            if not self._under_way[caller]:
                del self._under_way[caller]

    def __bool__(self):
        return next(self._ready(), None) is not None

    def __len__(self):
        return sum(map(len, self._waiting.values()))


class _Task:
    """A request of a connection; ``done`` is called when it is answered."""

    def __init__(self, channel, done):
        self.cancel, self._service, self._done = channel.cancel, channel.service, done

    def service(self):
        try:
            self._service()
        finally:
            self._done()


class FairDispatcher(task.ThreadedTaskDispatcher):
    """The threads of a waitress server that answers its callers in turn."""

    def __init__(self, threads):
        super().__init__()
        part, waiting = max(1, threads // PART), max(1, threads // 2)
        self.queue = FairQueue(
            self.lock, lambda caller: waiting if caller.waits else part, _caller
        )
        self.set_thread_count(threads)


def _caller(channel):
    """By their token, as a person or a program has one; else by their address."""
    request = channel.requests[0]
    token = request.headers.get('X_AUTH_TOKEN') or str(channel.addr[0])
    # What is no request at all has no path.
    is_feed = getattr(request, 'path', '').rstrip('/').endswith('/events')
    asked = urllib.parse.parse_qs(request.query).get('wait', ()) if is_feed else ()
    # Without a second to wait it is a list, and no limit of those who wait is for it.
    waits = any(each.isdecimal() and int(each) for each in asked)
    return Caller(token, waits)
