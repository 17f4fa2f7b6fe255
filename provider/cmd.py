# SPDX-License-Identifier: Apache-2.0
"""flocx-provider-fulfiller: delivers contracts, as a process of its own."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

import socket
import sys

from oslo_config import cfg

from flocx import config
from flocx import metrics
from flocx import rpc
from flocx import rpcapi
from flocx import service
from provider import conf as provider_conf
from provider import endpoints
from provider import fulfilment
from provider import reconciliation
from provider import service as provider_service


def parts(conf, transport=None, provider=None):
    """The loop that delivers, and the RPC server that wakes it."""
    provider = provider or provider_service.build(conf)
    delivering = fulfilment.Fulfilment(conf, provider.nodes, provider.marketplace)
    comparing = reconciliation.Reconciliation(provider.nodes, provider.marketplace)
    loop = service.Loop('fulfilment', delivering.run, conf.provider.fulfil_interval)
    looking = service.Loop(
        'reconciliation', comparing.run, conf.provider.reconcile_interval
    )
    transport = transport or rpc.transport(conf)
    # Under which account the market knows us, Keystone has to say first.
    server = service.Eventually(
        'listener',
        lambda: rpc.server(
            transport,
            rpcapi.ProviderAPI.topic(provider.marketplace.provider_id),
            socket.gethostname(),
            [endpoints.Endpoints(loop)],
        ),
    )
    return metrics.Server(conf), loop, looking, server


def fulfiller(argv=None):
    """Entry point of ``flocx-provider-fulfiller``."""
    conf = config.prepare(
        cfg.CONF,
        sys.argv[1:] if argv is None else argv,
        'provider',
        provider_conf.register,
    )
    service.run(conf, lambda: parts(conf))
    return 0
