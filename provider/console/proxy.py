# SPDX-License-Identifier: Apache-2.0
"""Pass serial consoles on to WebSocket clients that have a token.

A client connects to ``/?token=...``. The market knows, by its hash, whose token that is
and whether their line runs; Ironic, where the console is and who is the lessee. While a
session runs, the market is asked again and again, with one question for all sessions,
and a session ends when its token is not among those that are good any more: the time is
over, the server was given back, reclaimed or sub-let, or the token was deleted.

Sessions cost no thread: one event loop has them all.
"""

import asyncio
import collections
from concurrent import futures
import dataclasses
import datetime
import http
import logging
import threading
import time
import urllib.parse

from oslo_log import log
from oslo_utils import timeutils
from websockets import exceptions as ws_exceptions
from websockets.asyncio import server

from flocx import exceptions
from flocx import metrics
from flocx.core import tokens
from flocx.core import window

LOG = log.getLogger(__name__)

#: How many questions to the market and to Ironic are under way at a time; a client
#: whose question would be one more is told to come again, so that guessing slows nobody
#: down.
_THREADS, _MOST_ASKING = 4, 16
#: Seconds until a console that was switched on is there, and between two looks.
_CONSOLE_WAIT, _CONSOLE_LOOK = 10, 0.5
#: Seconds until a console has to have taken a connection.
_CONNECT_WAIT = 10
#: Seconds between two looks at the clock.
_TICK = 0.5
#: How many bytes are read at a time, and held for a client that does not read.
_READ, _HELD = 4096, 65536
#: Why a connection is closed, as the registry of RFC 6455 has it.
_GOING_AWAY, _POLICY_VIOLATION, _TRY_AGAIN_LATER = 1001, 1008, 1013


@dataclasses.dataclass(eq=False)
class Session:
    """A client that has a console, or is about to."""

    token_uuid: str
    line_uuid: str
    node_uuid: str
    end_time: datetime.datetime
    address: tuple
    ended: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    why: str = ''

    def end(self, why):
        """Let it end at once."""
        self.why = self.why or why
        self.ended.set()


class Proxy:
    """The proxy, on an event loop in a thread of its own; ``port`` is where it listens.

    :ivar sessions: those that run.
    """

    def __init__(self, conf, nodes, marketplace, clock=timeutils.utcnow):
        """A proxy for the consoles of one provider.

        :param conf: the group ``[console]``.
        :param nodes: a ``provider.nodes.Nodes``.
        :param marketplace: a ``provider.marketplace.Marketplace``.
        :param clock: called with ``with_timezone=True``, returns aware UTC.
        """
        self._conf, self._nodes, self._marketplace = conf, nodes, marketplace
        self._clock = clock
        self.sessions, self.port = set(), None
        self._asking, self._opening = 0, collections.Counter()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name='console', daemon=True)
        self._loop = self._stopping = self._failed = None

    def start(self):
        """Listen.

        :raises OSError: the port is taken.
        """
        self._thread.start()
        self._ready.wait()
        if self._failed:
            raise self._failed

    def stop(self):
        """End all sessions."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def _run(self):
        try:
            with futures.ThreadPoolExecutor(_THREADS, 'console') as self._pool:
                asyncio.run(self._serve())
        except OSError as error:
            self._failed = error
        finally:
            self._ready.set()

    async def _serve(self):
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        # A client's address has its token, and the library would write it into the log.
        quiet = logging.getLogger(f'{__name__}.websocket')
        quiet.setLevel(logging.WARNING)
        listening = await server.serve(
            self._session,
            self._conf.host,
            self._conf.port,
            process_request=self._admit,
            select_subprotocol=_subprotocol,
            # It would cost more than half of the memory of a session.
            compression=None,
            max_size=_HELD,
            max_queue=4,
            write_limit=_HELD,
            open_timeout=_CONSOLE_WAIT * 2,
            close_timeout=1,
            server_header=None,
            logger=quiet,
        )
        async with listening:
            self.port = listening.sockets[0].getsockname()[1]
            loops = [
                asyncio.create_task(each()) for each in (self._watch_clock, self._check)
            ]
            LOG.info('Consoles are passed on at port %s', self.port)
            self._ready.set()
            await self._stopping.wait()
            for each in loops:
                each.cancel()
            for session in self.sessions:
                session.end('The proxy is stopped')

    # Who comes in

    async def _admit(self, connection, request):
        """Nothing, where a request may become a session; else what it is answered."""
        url = urllib.parse.urlsplit(request.path)
        if url.path == '/healthcheck':
            return connection.respond(http.HTTPStatus.OK, 'OK\n')
        token = urllib.parse.parse_qs(url.query).get('token', [''])[-1]
        try:
            connection.session = await self._opened(token)
        except exceptions.FlocxError as error:
            LOG.info('A console is not opened: %s', error)
            metrics.CONSOLES_REFUSED.labels(error.code).inc()
            return connection.respond(http.HTTPStatus(error.status), f'{error}\n')
        return None

    async def _opened(self, token):
        """The Session that a token opens, which is not counted yet.

        :raises Forbidden: it opens none.
        :raises Unavailable: not now.
        """
        if not tokens.is_token(token):
            raise _Refused
        if self._asking >= _MOST_ASKING:
            raise exceptions.Unavailable('Many ask for consoles now; try again')
        self._asking += 1
        try:
            kept = await self._in_thread(self._kept, token)
        finally:
            self._asking -= 1
        line_uuid = kept['line_uuid']
        self._require_room(line_uuid)
        # Before anything is waited for, so that it counts.
        self._opening[line_uuid] += 1
        try:
            address = await self._address(kept)
        finally:
            self._opening -= collections.Counter([line_uuid])
        return Session(
            kept['uuid'],
            line_uuid,
            kept['resource_uuid'],
            window.instant(kept['end_time'], 'end_time'),
            address,
        )

    def _kept(self, token):
        """What the market knows of a token that may open sessions now, JSON."""
        token_hash = tokens.hashed(token)
        for kept in self._marketplace.console_tokens(token_hash=token_hash):
            if window.instant(kept['expires_at'], 'expires_at') > self._now():
                return kept
        raise _Refused

    async def _address(self, kept):
        """Host and port of the console of the server that a token is for."""
        until = time.monotonic() + _CONSOLE_WAIT
        while True:
            url = await self._in_thread(self._url, kept)
            if url:
                parts = urllib.parse.urlsplit(url)
                return parts.hostname, parts.port
            if time.monotonic() >= until:
                raise exceptions.Unavailable(
                    'The console of this server is switched off; ask for a new token'
                )
            await asyncio.sleep(_CONSOLE_LOOK)

    def _url(self, kept):
        node = self._nodes.get(kept['resource_uuid'])
        if node.lessee != kept['project_id']:
            raise _Refused
        return self._nodes.console(node.uuid)

    def _require_room(self, line_uuid):
        same = sum(each.line_uuid == line_uuid for each in self.sessions)
        same += self._opening[line_uuid]
        most = self._conf.max_sessions_per_line
        if same >= most or len(self.sessions) >= self._conf.max_sessions:
            raise exceptions.Unavailable(
                f'{same} sessions of this server, and {len(self.sessions)} in all, are '
                'open already'
            )

    # What is passed on

    async def _session(self, connection):
        session, code = connection.session, _POLICY_VIOLATION
        try:
            self._require_room(session.line_uuid)
            self.sessions.add(session)
            with metrics.CONSOLES.track_inprogress():
                await self._pass_on(session, connection)
            if not session.why:
                session.why, code = 'The console has ended', _GOING_AWAY
        except (OSError, TimeoutError) as error:
            LOG.warning(
                'The console of node %s cannot be reached: %s', session.node_uuid, error
            )
            session.why, code = 'The console cannot be reached', _GOING_AWAY
            metrics.CONSOLES_REFUSED.labels(exceptions.Unavailable.code).inc()
        except exceptions.Unavailable as error:
            session.why, code = str(error), _TRY_AGAIN_LATER
            metrics.CONSOLES_REFUSED.labels(error.code).inc()
        finally:
            self.sessions.discard(session)
        LOG.info('Console of node %s: %s', session.node_uuid, session.why)
        await connection.close(code, session.why)

    async def _pass_on(self, session, connection):
        """Pass bytes on in both directions, until one side ends or the session does."""
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection(*session.address, limit=_HELD), _CONNECT_WAIT
        )
        parts = [
            asyncio.create_task(each)
            for each in (
                _to_client(reader, connection),
                _to_console(connection, writer),
                session.ended.wait(),
            )
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in parts:
                each.cancel()
            writer.transport.abort()
            await asyncio.gather(*parts, return_exceptions=True)

    # What ends

    async def _watch_clock(self):
        """End what is over, whether the market answers or not."""
        while True:
            await asyncio.sleep(_TICK)
            now = self._now()
            for session in self.sessions:
                if session.end_time <= now:
                    session.end('The contract is over')

    async def _check(self):
        heard = time.monotonic()
        while True:
            await asyncio.sleep(self._conf.check_interval)
            asked = list(self.sessions)
            try:
                if asked:
                    good = await asyncio.wait_for(
                        self._in_thread(self._good), self._conf.check_grace
                    )
                    _end_others(asked, good, self._now())
                heard = time.monotonic()
            except (exceptions.FlocxError, TimeoutError) as error:
                LOG.warning('Which consoles may go on is not known: %s', error)
                if time.monotonic() - heard >= self._conf.check_grace:
                    for session in asked:
                        session.end('The marketplace does not answer')
            except Exception:
                LOG.exception('Consoles could not be checked and will be again')

    def _good(self):
        """{uuid of a token that is good: when the time of its line is over}."""
        return {
            each['uuid']: window.instant(each['end_time'], 'end_time')
            for each in self._marketplace.console_tokens()
        }

    async def _in_thread(self, ask, *arguments):
        return await self._loop.run_in_executor(self._pool, ask, *arguments)

    def _now(self):
        return self._clock(with_timezone=True)


class _Refused(exceptions.Forbidden):
    """A token that opens nothing; nobody is told why."""

    def __init__(self):
        super().__init__('This token opens no console')


def _end_others(asked, good, now):
    """Let those of the sessions ``asked`` end whose tokens are not ``good``."""
    for session in asked:
        if session.token_uuid in good:
            # It may be later than it was, or sooner.
            session.end_time = good[session.token_uuid]
        elif session.end_time <= now:
            session.end('The contract is over')
        else:
            session.end('The server, or the token, was given back')


async def _to_client(reader, connection):
    while data := await reader.read(_READ):
        await connection.send(data)


async def _to_console(connection, writer):
    try:
        async for message in connection:
            writer.write(message.encode() if isinstance(message, str) else message)
            await writer.drain()
    except ws_exceptions.ConnectionClosed:
        return


def _subprotocol(connection, subprotocols):
    """As websockify, which clients for consoles were made for."""
    return 'binary' if 'binary' in subprotocols else None
