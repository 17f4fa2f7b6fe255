# SPDX-License-Identifier: Apache-2.0
"""The auction engine's API."""

from openstack import exceptions

from flocxclient.sdk import proxy
from flocxclient.sdk import round as _round


class Proxy(proxy.Proxy):
    """What the auctions did, and by which rules."""

    def rounds(self, **query):
        return self._list(_round.Round, **query)

    def get_round(self, round):
        return self._fetched(_round.Round, round)

    def run_round(self):
        """Clear the market now; the Round."""
        return self._create(_round.Round)

    def mechanisms(self):
        """Every way of allocating, then every way of pricing."""
        response = self.get('/v1/mechanisms')
        exceptions.raise_from_response(response)
        mechanisms = response.json()
        return [
            _round.Mechanism.existing(type=mechanism_type, **mechanism)
            for mechanism_type, key in (
                ('allocation', 'allocations'),
                ('pricing', 'pricings'),
            )
            for mechanism in mechanisms[key]
        ]
