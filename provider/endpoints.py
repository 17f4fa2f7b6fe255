# SPDX-License-Identifier: Apache-2.0
"""What the provider does when the market calls (flocx.rpcapi.ProviderAPI)."""

from oslo_log import log
import oslo_messaging as messaging
from osprofiler import profiler

from flocx import rpcapi

LOG = log.getLogger(__name__)


@profiler.trace_cls('rpc')
class Endpoints:
    target = messaging.Target(version=rpcapi.ProviderAPI.VERSION)

    def __init__(self, loop):
        self._loop = loop

    def contract_changed(self, context, contract_uuid):
        LOG.info('Contract %s has changed', contract_uuid)
        self._loop.wake()
