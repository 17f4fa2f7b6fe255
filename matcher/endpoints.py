# SPDX-License-Identifier: Apache-2.0
"""What the engine does when the market calls (flocx.rpcapi.MatcherAPI)."""

import oslo_messaging as messaging

from flocx import rpcapi


class Endpoints:
    """Every message means that a round may find something."""

    target = messaging.Target(version=rpcapi.MatcherAPI.VERSION)

    def __init__(self, loop):
        self._loop = loop

    def offer_changed(self, context, offer):
        self._loop.wake()

    def bid_changed(self, context, bid):
        self._loop.wake()

    def contract_changed(self, context, contract):
        self._loop.wake()
