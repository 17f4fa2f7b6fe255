# SPDX-License-Identifier: Apache-2.0
"""What the engine does when the market calls (flocx.rpcapi.MatcherAPI)."""

from oslo_log import log
import oslo_messaging as messaging
from oslo_utils import timeutils
from osprofiler import profiler

from flocx import rpcapi
from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from matcher import quotes

LOG = log.getLogger(__name__)

#: By resource type, the actions after which no award is possible that was not before.
#: What else a contract may do gives time of a server back.
_NOTHING_GAINED = {
    'offer': frozenset(('cancelled', 'expired', 'suspended', 'maintenance_announced')),
    'bid': frozenset(set(bid_core.Status) - {bid_core.Status.AVAILABLE}),
    'contract': frozenset((*contract_core.OPEN, 'replaced', 'maintenance_announced')),
}


@profiler.trace_cls('rpc')
class Endpoints:
    """Version 2: a change means that a round may find something."""

    target = messaging.Target(version=rpcapi.MatcherAPI.VERSION)

    def __init__(self, loop, rounds):
        self._loop, self._rounds = loop, rounds

    def changed(self, context, changes):
        """Look at what has changed; a round comes at once where it may gain by it.

        Changes that only take something away are in the database's events, and the
        next round, whatever wakes it, reads them there.
        """
        for change in changes:
            resource_type, uuid = change['resource_type'], change['uuid']
            if _NOTHING_GAINED[resource_type].issuperset(change['actions']):
                continue
            LOG.info('%s %s has changed', resource_type.capitalize(), uuid)
            self._rounds.note(resource_type, uuid)
            self._loop.wake()

    def quote(self, context, bid):
        now = timeutils.utcnow(with_timezone=True)
        return self._rounds.quote(quotes.Question.of(bid), now)


@profiler.trace_cls('rpc')
class EndpointsV1:
    """Version 1, of markets and engines of the release before; for one release."""

    target = messaging.Target(version=rpcapi.MatcherAPIV1.VERSION)

    def __init__(self, current, engines=None):
        """:param current: the Endpoints of version 2.
        :param engines: a MatcherAPIV1, where several engines share the work.
        """
        self._current, self._engines = current, engines

    def offer_changed(self, context, offer):
        self._relay(context, 'offer', offer['uuid'])

    def bid_changed(self, context, bid):
        self._relay(context, 'bid', bid['uuid'])

    def contract_changed(self, context, contract):
        self._relay(context, 'contract', contract['uuid'])

    def _relay(self, context, resource_type, uuid):
        """One engine gets such a message, and it may concern another's share."""
        if self._engines:
            self._engines.noted(context, resource_type, uuid)
        else:
            self.noted(context, resource_type, uuid)

    def noted(self, context, kind, uuid):
        change = {'resource_type': kind, 'uuid': uuid, 'actions': ['changed']}
        self._current.changed(context, [change])

    def quote(self, context, bid):
        return self._current.quote(context, bid)
