# SPDX-License-Identifier: Apache-2.0
"""flocx-provider-fulfiller: delivers contracts, as a process of its own."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

import socket

from oslo_config import cfg

from flocx import coordination
from flocx import metrics
from flocx import rpc
from flocx import rpcapi
from flocx import service
from provider import assembly
from provider import conf as provider_conf
from provider import endpoints
from provider import event_consumer
from provider import fulfilment
from provider import heartbeat
from provider import ironic_notifications
from provider import reconciliation


def parts(conf, transport=None, provider=None):
    """The loops that deliver and compare, and what wakes them."""
    provider = provider or assembly.build(conf)
    sharing = coordination.of(
        conf, lambda: f'flocx-provider.{provider.marketplace.provider_id}'
    )
    delivering = fulfilment.Fulfilment(
        conf,
        provider.nodes,
        provider.marketplace,
        sharing,
        heartbeat=heartbeat.Heartbeat(conf.provider, provider.marketplace),
    )
    comparing = reconciliation.Reconciliation(
        conf, provider.nodes, provider.marketplace
    )
    loop = service.Loop(
        'fulfilment', delivering.run, lambda: conf.provider.fulfil_interval
    )

    def seldom():
        return conf.provider.reconcile_interval

    looking = service.Loop('reconciliation', comparing.run, seldom)
    told = (
        event_consumer.Follower(
            provider.marketplace, loop, conf.provider.retry_max_interval
        )
        if conf.provider.follow == 'events'
        else _server(transport or rpc.transport(conf), provider, loop)
    )
    return (
        metrics.Server(conf),
        sharing,
        loop,
        looking,
        told,
        *_noticing(conf, comparing, delivering, loop),
    )


def _server(transport, provider, loop):
    # Under which account the market knows us, Keystone has to say first.
    return service.RetryingStarter(
        'listener',
        lambda: rpc.server(
            transport,
            rpcapi.ProviderAPI.topic(provider.marketplace.provider_id),
            socket.gethostname(),
            [endpoints.Endpoints(loop)],
        ),
    )


def _noticing(conf, comparing, delivering, loop):
    """The listener to Ironic's notifications and what it wakes, where it is wanted."""
    if not conf.provider.notifications_url:
        return ()
    noticed = ironic_notifications.NodeChanges(comparing, delivering, loop.wake)
    looking = service.Loop(
        'noticed', noticed.run, lambda: conf.provider.reconcile_interval
    )
    noticed.wake = looking.wake
    listener = service.RetryingStarter(
        'notifications', lambda: ironic_notifications.listener(conf, noticed)
    )
    return looking, listener


def fulfiller(argv=None):
    """Entry point of ``flocx-provider-fulfiller``."""
    return service.run(cfg.CONF, argv, 'provider', provider_conf.register, parts)
