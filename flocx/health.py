# SPDX-License-Identifier: Apache-2.0
"""What ``GET /healthcheck`` looks at, as plug-ins of oslo.middleware.

Which of them are asked, ``[healthcheck] backends`` says. ``detailed`` shows what each
of them found.
"""

import socket

from oslo_config import cfg
import oslo_messaging as messaging
from oslo_middleware.healthcheck import opts
from oslo_middleware.healthcheck import pluginbase

#: How many seconds a broker has to answer; load balancers ask every few seconds.
CONNECT_TIMEOUT = 2

#: Where brokers listen whose URL names no port.
_PORTS = {'rabbit': 5672, 'amqp': 5672, 'kombu+amqp': 5672}


def register(conf, *backends):
    """Register the options of oslo.middleware, with ``backends`` as the default."""
    conf.register_opts(opts.HEALTHCHECK_OPTS, group='healthcheck')
    cfg.set_defaults(opts.HEALTHCHECK_OPTS, backends=list(backends))


class MessagingHealth(pluginbase.HealthcheckBaseExtension):
    """A broker of ``transport_url`` takes connections."""

    def healthcheck(self, server_port):
        url = messaging.TransportURL.parse(self.oslo_conf)
        port = _PORTS.get(url.transport)
        if port is None:
            return result(None, f'{url.transport}: within this process')
        failed = []
        for host in url.hosts:
            try:
                with socket.create_connection(
                    (host.hostname, host.port or port), CONNECT_TIMEOUT
                ):
                    return result(None, 'A broker answers')
            except OSError as error:
                failed.append(str(error))
        return result(f'No broker answers: {"; ".join(failed)}')


def result(wrong, well=''):
    """What a plug-in answers: all is well, unless something is ``wrong``."""
    return pluginbase.HealthcheckResult(
        available=wrong is None, reason='OK' if wrong is None else wrong, details=well
    )
