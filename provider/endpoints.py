# SPDX-License-Identifier: Apache-2.0
"""What the provider does when the market calls (flocx.rpcapi.ProviderAPI)."""

import oslo_messaging as messaging

from flocx import rpcapi


class Endpoints:
    target = messaging.Target(version=rpcapi.ProviderAPI.VERSION)

    def __init__(self, loop):
        self._loop = loop

    def contract_changed(self, context, contract_uuid):
        self._loop.wake()
