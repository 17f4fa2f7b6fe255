# SPDX-License-Identifier: Apache-2.0
"""The marketplace API."""

from flocxclient.sdk import bid as _bid
from flocxclient.sdk import contract as _contract
from flocxclient.sdk import event as _event
from flocxclient.sdk import offer as _offer
from flocxclient.sdk import proxy


class Proxy(proxy.Proxy):
    """Offers, bids, contracts and events.

    Wherever one object is asked for, its uuid, its name or the resource
    itself will do.
    """

    def offers(self, **query):
        """The offers that the caller may see, by default the available ones."""
        return self._list(_offer.Offer, **query)

    def get_offer(self, offer):
        return self._named(_offer.Offer, offer).fetch(self)

    def delete_offer(self, offer):
        """Take an offer off the market; its contracts stay."""
        self._named(_offer.Offer, offer).delete(self)

    def claim_offer(self, offer, **wanted):
        """Take an offer directly, without an auction; a Contract.

        :param wanted: ``start_time``, ``end_time``, ``name``, ``purpose``.
        """
        return self._named(_offer.Offer, offer).claim(self, **wanted)

    def bids(self, **query):
        """The caller's bids."""
        return self._list(_bid.Bid, **query)

    def get_bid(self, bid):
        return self._named(_bid.Bid, bid).fetch(self)

    def create_bid(self, **attrs):
        return self._create(_bid.Bid, **attrs)

    def delete_bid(self, bid):
        """Cancel a bid that is not matched yet."""
        self._named(_bid.Bid, bid).delete(self)

    def contracts(self, **query):
        """The contracts the caller is a party to, by default the open ones."""
        return self._list(_contract.Contract, **query)

    def get_contract(self, contract):
        return self._named(_contract.Contract, contract).fetch(self)

    def delete_contract(self, contract):
        """Cancel a contract before it starts, or release it early after."""
        self._named(_contract.Contract, contract).delete(self)

    def events(self, after=0, **query):
        """What happened after event number ``after``, oldest first.

        :param query: ``type``, ``object_uuid``; ``limit`` is the size of a
            page, not the end; ``wait`` seconds for the first one to come.
        """
        while True:
            page = list(self._list(_event.Event, after=after, **query))
            yield from page
            if not page:
                return
            after = page[-1].id
            query.pop('wait', None)
