# SPDX-License-Identifier: Apache-2.0
"""Messages between the services. They wake; the database decides.

A cast is sent from a thread of its own, after the commit that it tells of. So a
broker that is away neither delays nor fails a request, and a message that is
lost costs its receiver one periodic pass.
"""

import copy
import time

from oslo_log import log
import oslo_messaging as messaging

from flocx import background
from flocx import context as flocx_context
from flocx import exceptions
from flocx import metrics
from flocx import tracing

LOG = log.getLogger(__name__)

#: Casts that wait for the broker beyond this number are dropped.
BACKLOG = 1000


class Serializer(messaging.NoOpSerializer):
    """Carries the request id and the project along with a message."""

    def serialize_context(self, context):
        values = context.to_dict() | {'sent': time.time()}
        trace = getattr(context, 'trace', None)
        if trace:
            values['trace_info'] = trace
        # A message stays on a broker's disk; a token must not.
        values.pop('auth_token', None)
        return values

    def deserialize_context(self, values):
        sent, trace = values.pop('sent', None), values.pop('trace_info', None)
        if sent is not None:
            # Two hosts' clocks may differ by more than a message takes.
            metrics.MESSAGES.observe(max(0.0, time.time() - sent))
        tracing.go_on(trace)
        return flocx_context.RequestContext.from_dict(values)


def transport(conf):
    """The transport of this process, from ``transport_url``."""
    return messaging.get_rpc_transport(conf)


def set_default_url(conf, url):
    """Let ``url`` be the transport of a process whose configuration names none."""
    # oslo.messaging registers its options when it first needs them; this asks
    # it to, for an option has no default to change before that.
    messaging.TransportURL.parse(conf)
    conf.set_default('transport_url', url)


def server(rpc_transport, topic, host, endpoints):
    """A server for ``topic``; one of several with the topic gets each message."""
    return messaging.get_rpc_server(
        rpc_transport,
        messaging.Target(topic=topic, server=host),
        endpoints,
        executor='threading',
        serializer=Serializer(),
    )


class Caster:
    """Sends casts to ``topic``, in order, without anybody waiting for it."""

    def __init__(self, rpc_transport, version):
        self._client = messaging.get_rpc_client(
            rpc_transport,
            messaging.Target(version=version),
            serializer=Serializer(),
            version_cap=version,
        )
        self._background = background.Background(BACKLOG)

    def cast(self, context, topic, method, fanout=False, **payload):
        """Send a message to one of those who listen to ``topic``.

        :param fanout: to every one of them.
        """
        # The thread that sends does not know of what it is a part, and this one goes
        # on with other parts meanwhile.
        context = copy.copy(context)
        context.trace = tracing.here()
        if not self._background.submit(
            self._send, context, topic, method, payload, fanout
        ):
            LOG.warning(
                '%s to %s is dropped: %s messages wait already', method, topic, BACKLOG
            )
            metrics.CASTS_LOST.labels(method).inc()

    def call(self, context, topic, method, seconds, **payload):
        """Ask one of those who listen to ``topic``; only for what changes nothing.

        :raises Unavailable: nobody answers in time, or the broker is away.
        """
        context.trace = tracing.here()
        client = self._client.prepare(topic=topic, timeout=seconds, retry=1)
        try:
            return client.call(context, method, **payload)
        except messaging.MessagingException as error:
            LOG.warning('%s to %s got no answer: %s', method, topic, error)
            raise exceptions.Unavailable(
                'The auction engine does not answer; try again later'
            ) from None

    def _send(self, context, topic, method, payload, fanout):
        try:
            client = self._client.prepare(topic=topic, retry=1, fanout=fanout)
            client.cast(context, method, **payload)
        except Exception:
            LOG.warning(
                '%s could not be sent to %s; it will be noticed by the '
                'next periodic pass',
                method,
                topic,
                exc_info=True,
            )
            metrics.CASTS_LOST.labels(method).inc()
