# SPDX-License-Identifier: Apache-2.0
"""What the services tell each other, each interface with its history."""

from flocx import rpc

#: Changes in one message; a message stays small however much a transaction changes.
CHANGES_PER_MESSAGE = 500


class MatcherAPI:
    """The auction engines.

    History of the interface:

    * 1.0: ``offer_changed(offer)`` and ``bid_changed(bid)`` with the offer or the
      bid as the market's REST API shows it to its owner, and
      ``contract_changed(contract)``, when time of a server became free again.
    * 1.1: ``quote(bid)``, a call, for a bid that is not placed, with its
      ``lineage``; answers what ``POST /v1/quotes`` answers.
    * 1.2: ``noted(kind, uuid)``, to all engines, from the one that was told: an
      offer or bid has changed.
    * 1.3: ``noted`` of a contract, too.
    * 2.0: ``changed(changes)``, to all engines, instead of all these but ``quote``:
      what one transaction has changed. Each change has ``resource_type`` (offer, bid
      or contract), ``uuid`` and ``actions``, a list of its events without the resource
      type.

    An engine understands the version before for one release.
    """

    VERSION = '2.0'
    TOPIC = 'flocx-matcher'

    def __init__(self, transport):
        self._caster = rpc.Caster(transport, self.VERSION)

    def changed(self, context, changes):
        """Tell every engine what one transaction has changed."""
        for at in range(0, len(changes), CHANGES_PER_MESSAGE):
            self._caster.cast(
                context,
                self.TOPIC,
                'changed',
                fanout=True,
                changes=changes[at : at + CHANGES_PER_MESSAGE],
            )

    def quote(self, context, bid, seconds):
        """What ``bid`` would get now; waits so long for an engine to answer.

        :raises Unavailable: none does.
        """
        return self._caster.call(context, self.TOPIC, 'quote', seconds, bid=bid)


class MatcherAPIV1:
    """What an engine of 1.3 tells the others; for one release."""

    VERSION = '1.3'

    def __init__(self, transport):
        self._caster = rpc.Caster(transport, self.VERSION)

    def noted(self, context, resource_type, uuid):
        """Let every engine look at what one of them was told of."""
        self._caster.cast(
            context,
            MatcherAPI.TOPIC,
            'noted',
            fanout=True,
            kind=resource_type,
            uuid=uuid,
        )


class ProviderAPI:
    """The provider services, each reached under the account that it uses.

    History of the interface:

    * 1.0: ``contract_changed(contract_uuid)``: a contract with servers of this
      provider is new, or was changed.
    """

    VERSION = '1.0'

    def __init__(self, transport):
        self._caster = rpc.Caster(transport, self.VERSION)

    @staticmethod
    def topic(provider_id):
        return f'flocx-provider.{provider_id}'

    def contract_changed(self, context, provider_id, contract_uuid):
        """Tell a provider that lines of a contract, which it delivers, have changed."""
        self._caster.cast(
            context,
            self.topic(provider_id),
            'contract_changed',
            contract_uuid=contract_uuid,
        )
