# SPDX-License-Identifier: Apache-2.0
"""What the engine does when the market calls (flocx.rpcapi.MatcherAPI)."""

from oslo_log import log
import oslo_messaging as messaging
from oslo_utils import timeutils
from osprofiler import profiler

from flocx import rpcapi
from matcher import quotes

LOG = log.getLogger(__name__)


@profiler.trace_cls('rpc')
class Endpoints:
    """Every message means that a round may find something."""

    target = messaging.Target(version=rpcapi.MatcherAPI.VERSION)

    def __init__(self, loop, rounds):
        self._loop, self._rounds = loop, rounds

    def offer_changed(self, context, offer):
        LOG.info('Offer %s has changed', offer['uuid'])
        self._rounds.note('offer', offer['uuid'])
        self._loop.wake()

    def bid_changed(self, context, bid):
        LOG.info('Bid %s has changed', bid['uuid'])
        self._rounds.note('bid', bid['uuid'])
        self._loop.wake()

    def contract_changed(self, context, contract):
        LOG.info('Contract %s has changed', contract['uuid'])
        # It says which contract, not which servers.
        self._rounds.forget()
        self._loop.wake()

    def quote(self, context, bid):
        now = timeutils.utcnow(with_timezone=True)
        return self._rounds.quote(quotes.bid_of(bid), now)
