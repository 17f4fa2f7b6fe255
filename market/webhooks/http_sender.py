# SPDX-License-Identifier: Apache-2.0
"""Send an event to a URL: signed, to an allowed address only, and within a time.

The address is checked as it is connected to, not as the name is looked up, so that a
name which means another address the next time leads nowhere else. Redirects are not
followed. Nothing of an answer is kept but its status.
"""

import contextlib
import json
import socket
import ssl
import threading
import time

import urllib3
from urllib3 import connection as urllib3_connection

from flocx import exceptions
from flocx.core import webhook as core

#: The status by which a receiver says that it wants nothing any more.
GONE = 410


class NotTaken(Exception):
    """A receiver that did not take an event; the message is for its project.

    :ivar is_final: whether it asks not to be tried again.
    :ivar counts: whether it is the receiver's failure.
    """

    def __init__(self, text, is_final=False, counts=True):
        super().__init__(text)
        self.is_final, self.counts = is_final, counts


class HttpSender:
    """Sends events to URLs."""

    def __init__(self, conf, addresses):
        """:param conf: the group ``[webhooks]``.
        :param addresses: an ``addresses.Addresses``.
        """
        self._conf, self._addresses = conf, addresses
        self._context = ssl.create_default_context(cafile=conf.cafile)

    def send(self, webhook, event):
        """Send an event, JSON, to the URL of ``webhook``.

        :raises NotTaken: it was not answered with a status of 2xx, in time.
        """
        ident = f'event_{event["id"]}_{webhook.uuid}'
        body = json.dumps(event).encode()
        sent_at = int(time.time())
        headers = {
            'Content-Type': 'application/json',
            'User-Agent': 'flocx-webhooks',
            'webhook-id': ident,
            'webhook-timestamp': str(sent_at),
            'webhook-signature': core.signature(webhook.secret, ident, sent_at, body),
        }
        try:
            status = self._status(webhook.url, headers, body)
        except exceptions.Forbidden as error:
            raise NotTaken(str(error)) from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            # What a library says may quote the request; its kind does not.
            raise NotTaken(f'no answer: {type(error).__name__}') from None
        if not 200 <= status < 300:
            raise NotTaken(f'answered {status}', is_final=status == GONE)

    def _status(self, url, headers, body):
        """The status of the answer to one request."""
        with _Deadline(self._conf.timeout) as deadline, self._pools(deadline) as pools:
            answer = pools.request(
                'POST',
                url,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=self._conf.timeout,
            )
            answer.close()
            # The library takes headers that break off for the end of them.
            deadline.require_time()
            return answer.status

    def _pools(self, deadline):
        """What makes connections: to allowed addresses, until ``deadline``."""
        addresses, timeout = self._addresses, self._conf.timeout

        class Checked:
            def _new_conn(self):
                found = _connected(self._dns_host, self.port, addresses, timeout)
                deadline.watch(found)
                return found

        class Plain(Checked, urllib3_connection.HTTPConnection):
            pass

        class Encrypted(Checked, urllib3_connection.HTTPSConnection):
            pass

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Encrypted

        pools = urllib3.PoolManager(ssl_context=self._context)
        pools.pool_classes_by_scheme = {'http': PlainPool, 'https': EncryptedPool}
        return pools


def _connected(host, port, addresses, timeout):
    """A socket that is connected to the first address of ``host`` that answers.

    :raises Forbidden: one of them is not allowed; nothing was sent to any.
    :raises OSError: none answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, address in found:
        addresses.require_allowed(address[0])
    failure = OSError(f'{host} has no address')
    for family, kind, protocol, _, address in found:
        one = socket.socket(family, kind, protocol)
        try:
            one.settimeout(timeout)
            one.connect(address)
            return one
        except OSError as error:
            one.close()
            failure = error
    raise failure


class _Deadline:
    """Ends the connections that it watches after some seconds.

    However slowly one is answered, byte by byte, which no time-out of a socket ends.
    """

    def __init__(self, seconds):
        self._watched, self._is_over = [], False
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *_):
        self._timer.cancel()
        self._end()

    def require_time(self):
        """Nothing, if it is not over yet.

        :raises TimeoutError: it is.
        """
        if self._is_over:
            raise TimeoutError

    def watch(self, connection):
        """End ``connection`` too, by a copy: TLS puts another one in its place."""
        with self._lock:
            self._watched.append(connection.dup())
        if self._is_over:
            self._end()

    def _end(self):
        with self._lock:
            self._is_over = True
            watched, self._watched = self._watched, []
        for each in watched:
            with each, contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
