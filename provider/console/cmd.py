# SPDX-License-Identifier: Apache-2.0
"""flocx-provider-console: passes serial consoles on, as a process of its own."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)


from oslo_config import cfg

from flocx import metrics
from flocx import service
from provider import assembly
from provider import conf as provider_conf
from provider.console import proxy


def parts(conf, provider=None):
    """The proxy, and its measurements."""
    provider = provider or assembly.build(conf)
    passing = proxy.Proxy(conf.console, provider.nodes, provider.marketplace)
    return metrics.Server(conf), passing


def main(argv=None):
    """Entry point of ``flocx-provider-console``."""
    return service.run(cfg.CONF, argv, 'provider', provider_conf.register, parts)
