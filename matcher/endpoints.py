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

    def __init__(self, loop, rounds, engines=None):
        """:param engines: a MatcherAPI, where several engines share the work."""
        self._loop, self._rounds, self._engines = loop, rounds, engines

    def offer_changed(self, context, offer):
        LOG.info('Offer %s has changed', offer['uuid'])
        self._tell(context, 'offer', offer['uuid'])

    def bid_changed(self, context, bid):
        LOG.info('Bid %s has changed', bid['uuid'])
        self._tell(context, 'bid', bid['uuid'])

    def contract_changed(self, context, contract):
        LOG.info('Contract %s has changed', contract['uuid'])
        self._tell(context, 'contract', contract['uuid'])

    def _tell(self, context, kind, uuid):
        """One engine gets a message, and it may concern another's share."""
        if self._engines:
            self._engines.noted(context, kind, uuid)
        else:
            self.noted(context, kind, uuid)

    def noted(self, context, kind, uuid):
        self._rounds.note(kind, uuid)
        self._loop.wake()

    def quote(self, context, bid):
        now = timeutils.utcnow(with_timezone=True)
        return self._rounds.quote(quotes.bid_of(bid), now)
