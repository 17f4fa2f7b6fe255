# SPDX-License-Identifier: Apache-2.0
"""flocx-market-feed: GET /v1/events for many who wait, as a process of its own."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

import asyncio
import socket
import threading

from oslo_config import cfg
import uvicorn

from flocx import announce
from flocx import metrics
from flocx import policy
from flocx import rpc
from flocx import service
from market import conf as market_conf
from market import feed
from market import followers
from market import policies
from market import service as market_service

#: Connections beyond those that wait: of those who come and go.
_SPARE = 200
#: Connections that the system keeps until they are taken; seconds for last answers.
_BACKLOG, _GRACE = 2048, 5


class FeedServer:
    """An HTTP server on an event loop in a thread; ``port`` is where it listens."""

    def __init__(self, conf, application, database):
        """:param application: the market's WSGI application, on that database."""
        options = self._options = conf.feed
        self.followers = followers.Followers(
            application,
            feed.Feed(database, options.followers, options.followers_per_project),
            policy.Policy(conf, policies.RULES),
            options.threads,
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.followers,
                lifespan='off',
                # What it has to say goes where oslo.log is told to write.
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=options.followers + _SPARE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._thread = threading.Thread(target=self._run, name='feed', daemon=True)
        self.port = None

    def start(self):
        """Listen.

        :raises OSError: the port is taken.
        """
        host = self._options.host
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self._listening = socket.create_server(
            (host, self._options.port), family=family, backlog=_BACKLOG
        )
        self.port = self._listening.getsockname()[1]
        self._thread.start()

    def _run(self):
        asyncio.run(self._server.serve(sockets=[self._listening]))

    def stop(self):
        """Answer those who wait, and then nobody."""
        self._server.should_exit = True
        self.followers.stop()
        self._thread.join()
        self.followers.close()


def parts(conf, transport=None):
    """The server, and its measurements."""
    transport = transport or rpc.transport(conf)
    database = announce.database(conf, transport, 'market')
    application = market_service.application(conf, transport, database)
    return metrics.Server(conf), FeedServer(conf, application, database)


def main(argv=None):
    """Entry point of ``flocx-market-feed``."""
    return service.run(cfg.CONF, argv, 'market', market_conf.register, parts)
