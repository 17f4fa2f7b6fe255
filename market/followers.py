# SPDX-License-Identifier: Apache-2.0
"""Thousands who wait for events, on one event loop and a few threads.

An API under WSGI keeps a thread for each request that waits (``market.feed``), so it
lets few wait. Here the same application answers, but it is never asked to wait: what
there is for who wants to wait is asked for without ``wait``, and if that is nothing,
their connection is kept open, without a thread, until the feed rings for them or their
time is over.
"""

import asyncio
from concurrent import futures
import contextlib
import hashlib
import json
import time
import urllib.parse

import webob

from flocx import context
from flocx import exceptions
from flocx.api import errors
from market.api import events

#: What is served here; all else is the API's.
EVENTS, HEALTH = '/v1/events', '/healthcheck'
#: How many bytes of a body are read before the request is refused: none has one.
_MOST_BODY = 1024
#: How many tokens are known at a time.
_REMEMBERED = 20_000


class Followers:
    """An ASGI application around the market's WSGI application.

    :ivar waiting: how many wait just now.
    """

    def __init__(self, application, feed, rules, threads):
        """An application that asks ``application`` in so many threads.

        :param feed: a ``market.feed.Feed``.
        :param rules: the market's ``flocx.policy.Policy``.
        """
        self._application, self._feed, self._rules = application, feed, rules
        self._pool = futures.ThreadPoolExecutor(threads, 'feed')
        self.waiting, self._bells, self._stopped = 0, set(), False
        #: By a hash of their token, who asks.
        self._readers = {}

    async def __call__(self, scope, receive, send):
        """One request, as ASGI 3 has it."""
        if scope['type'] != 'http':
            raise ValueError(f'{scope["type"]} is not served here')
        request = _request(scope)
        if await _has_body(receive):
            answer = _refused(request, 413, 'GET /v1/events has no body')
        elif request.path_info == EVENTS:
            answer = await self._follow(request, receive)
        elif request.path_info == HEALTH:
            answer = await self._ask(request)
        else:
            answer = _refused(request, 404, f'{EVENTS} alone is served here')
        if answer is not None:
            await _send(answer, send)

    async def _ask(self, request):
        """What the application answers to a copy of the request.

        What its middleware has learned of the caller is in the environment of the
        ``request`` of the answer.
        """
        loop = asyncio.get_running_loop()
        asked = request.copy()
        answer = await loop.run_in_executor(
            self._pool, asked.get_response, self._application
        )
        answer.request = asked
        return answer

    async def _follow(self, request, receive):
        """What there is for the caller, at the latest when their time is over.

        None: they have gone.
        """
        seconds = _waiting_time(request)
        if not seconds:
            return await self._ask(request)
        until = time.monotonic() + seconds
        reader = self._readers.get(_token(request))
        if not reader:
            answer = await self._ask(request)
            if not _is_empty(answer):
                return answer
            reader = self._remember(answer.request)
        try:
            async with self._bell(reader) as bell:
                return await self._wait(request, receive, bell, until)
        except exceptions.FlocxError as error:
            return request.get_response(errors.Errors(_raising(error)))

    def _remember(self, request):
        """Whom the API has found to ask; it decides whom the feed rings for.

        It decides nothing else: each answer is for whom the API finds again.
        """
        reader = context.RequestContext.from_environ(request.environ, rules=self._rules)
        if len(self._readers) >= _REMEMBERED:
            self._readers.clear()
        self._readers[_token(request)] = reader
        return reader

    async def _wait(self, request, receive, bell, until):
        gone = asyncio.ensure_future(_gone(receive))
        self.waiting += 1
        try:
            while True:
                # Also at first: something may have come before the bell was there.
                answer = await self._ask(request)
                if self._stopped or not _is_empty(answer):
                    return answer
                if not await _rings(bell, gone, until):
                    return None if gone.done() else answer
        finally:
            self.waiting -= 1
            gone.cancel()

    @contextlib.asynccontextmanager
    async def _bell(self, reader):
        """As ``Feed.bell``, which asks the database when nobody else waits."""
        loop = asyncio.get_running_loop()
        bell = _Bell(loop)
        held = self._feed.bell(reader, bell)
        await loop.run_in_executor(self._pool, held.__enter__)
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)
            held.__exit__(None, None, None)

    def stop(self):
        """Let everybody who waits have an answer now; called from any thread."""
        self._stopped = True
        for bell in tuple(self._bells):
            bell.set()

    def close(self):
        """No more is asked."""
        self._pool.shutdown(cancel_futures=True)


class _Bell:
    """What the thread of the feed sets and a coroutine waits for."""

    def __init__(self, loop):
        self.rung = asyncio.Event()
        self._loop = loop

    def set(self):
        # The loop may have ended with somebody still waiting.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.rung.set)


def _request(scope):
    """The request without what is waited for, which nobody but this module does."""
    path = urllib.parse.quote(scope['path'])
    query = scope['query_string'].decode('latin-1')
    request = webob.Request.blank(f'{path}?{query}' if query else path)
    request.method = scope['method']
    for name, value in scope['headers']:
        request.headers[name.decode('latin-1')] = value.decode('latin-1')
    client = scope.get('client') or ('', 0)
    request.environ['REMOTE_ADDR'] = client[0]
    request.scheme = scope['scheme']
    return request


def _waiting_time(request):
    """Take ``wait`` out of the request, if the API would take it, and return it."""
    pairs = urllib.parse.parse_qsl(request.query_string, keep_blank_values=True)
    waits = [value for name, value in pairs if name == 'wait']
    if request.method != 'GET' or len(waits) != 1:
        return 0
    (wait,) = waits
    if not (wait.isascii() and wait.isdigit() and len(wait) <= 2):
        return 0
    if int(wait) > events.MAX_WAIT:
        return 0
    rest = [pair for pair in pairs if pair[0] != 'wait']
    request.query_string = urllib.parse.urlencode(rest)
    return int(wait)


def _token(request):
    names = ('X-Auth-Token', 'X-Service-Token')
    tokens = '\n'.join(request.headers.get(name, '') for name in names)
    return hashlib.sha256(tokens.encode()).digest()


async def _rings(bell, gone, until):
    """Whether the bell rings before the time is over or the client has gone."""
    rung = asyncio.ensure_future(bell.rung.wait())
    try:
        await asyncio.wait(
            (gone, rung),
            timeout=max(0, until - time.monotonic()),
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        rung.cancel()
    if gone.done() or not bell.rung.is_set():
        return False
    bell.rung.clear()
    return True


def _is_empty(answer):
    if answer.status_int != 200:
        return False
    try:
        return not json.loads(answer.body)['events']
    except (ValueError, KeyError, TypeError):
        return False


def _raising(error):
    def application(environ, start_response):
        raise error

    return application


def _refused(request, status, detail):
    return webob.Response(
        json_body=errors.document(request, status, detail), status=status
    )


async def _has_body(receive):
    """Whether a body comes with the request; of a longer one the rest is not read."""
    size = 0
    while True:
        message = await receive()
        if message['type'] == 'http.disconnect':
            return False
        size += len(message.get('body', b''))
        if size > _MOST_BODY or not message.get('more_body'):
            return size > 0


async def _gone(receive):
    """Return when the client has closed its connection."""
    while (await receive())['type'] != 'http.disconnect':
        pass


async def _send(answer, send):
    headers = [
        (name.lower().encode('latin-1'), value.encode('latin-1'))
        for name, value in answer.headerlist
    ]
    await send(
        {
            'type': 'http.response.start',
            'status': answer.status_int,
            'headers': headers,
        }
    )
    await send({'type': 'http.response.body', 'body': answer.body})
