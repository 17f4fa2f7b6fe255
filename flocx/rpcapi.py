# SPDX-License-Identifier: Apache-2.0
"""What the services tell each other, each interface with its history."""

from flocx import rpc


class MatcherAPI:
    """The auction engine, as the market calls it.

    History of the interface:

    * 1.0: ``offer_changed(offer)`` and ``bid_changed(bid)`` with the offer or the
      bid as the market's REST API shows it to its owner, and
      ``contract_changed(contract)``, when time of a server became free again.
    * 1.1: ``quote(bid)``, a call, for a bid that is not placed, with its
      ``lineage``; answers what ``POST /v1/quotes`` answers.
    * 1.2: ``noted(kind, uuid)``, to all engines, from the one that was told: an
      offer or bid has changed.
    * 1.3: ``noted`` of a contract, too.
    """

    VERSION = '1.3'
    TOPIC = 'flocx-matcher'

    def __init__(self, transport):
        self._caster = rpc.Caster(transport, self.VERSION)

    def offer_changed(self, context, offer):
        self._caster.cast(context, self.TOPIC, 'offer_changed', offer=offer)

    def bid_changed(self, context, bid):
        self._caster.cast(context, self.TOPIC, 'bid_changed', bid=bid)

    def contract_changed(self, context, contract):
        self._caster.cast(context, self.TOPIC, 'contract_changed', contract=contract)

    def noted(self, context, kind, uuid):
        """Let every engine look at what one of them was told of."""
        self._caster.cast_to_all(context, self.TOPIC, 'noted', kind=kind, uuid=uuid)

    def quote(self, context, bid, seconds):
        """What ``bid`` would get now; waits so long for an engine to answer.

        :raises Unavailable: none does.
        """
        return self._caster.call(context, self.TOPIC, 'quote', seconds, bid=bid)


class ProviderAPI:
    """The provider services, each reached under the account that it uses.

    History of the interface:

    * 1.0: ``contract_changed(contract_uuid)``: a contract with servers of this
      provider is new, or was cancelled or shortened.
    """

    VERSION = '1.0'

    def __init__(self, transport):
        self._caster = rpc.Caster(transport, self.VERSION)

    @staticmethod
    def topic(provider_id):
        return f'flocx-provider.{provider_id}'

    def contract_changed(self, context, contract):
        """Tell each provider that has a line in ``contract``."""
        for provider_id in sorted({line.provider_id for line in contract.lines}):
            self._caster.cast(
                context,
                self.topic(provider_id),
                'contract_changed',
                contract_uuid=contract.uuid,
            )
