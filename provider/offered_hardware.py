# SPDX-License-Identifier: Apache-2.0
"""What offers say of a server, and whether it still is so."""

import dataclasses

from provider import cleaning_demands
from provider import hardware

#: What of an offer is about its server; the market has the same list.
FIELDS = ('properties', 'resource_class', 'cleaned_by')


class OfferedHardware:
    """Describes servers for the market, and publishes what has changed of them."""

    def __init__(self, conf, nodes, marketplace):
        """:param conf: the options of ``[provider]``."""
        self._demands = cleaning_demands.demands(conf)
        self._nodes, self._marketplace = nodes, marketplace
        #: {uuid: (when it was inspected, its inventory)}
        self._inventories = {}

    def describe(self, node):
        """{name: value} of FIELDS as ``node`` is now."""
        return self._described(node, self._nodes.inventory(node.uuid))

    def _described(self, node, inventory):
        demand = cleaning_demands.demanded(self._demands, node.resource_class)
        return {
            'properties': hardware.describe(node, inventory),
            'resource_class': node.resource_class,
            'cleaned_by': demand and demand.text,
        }

    def refresh(self, offer, node):
        """Publish ``offer``, JSON, again if ``node`` is not as it says; whether so.

        While somebody has the server, nothing that they may change is believed: in
        Ironic that is the resource class, and they may inspect it.
        """
        known = {name: offer[name] for name in FIELDS}
        if node.lessee:
            node = dataclasses.replace(node, resource_class=offer['resource_class'])
            found = self._described(node, {})
            inventory = (offer['properties'] or {}).get('inventory')
            found['properties'] |= {'inventory': inventory}
        else:
            found = self._described(node, self._inventory(node))
        if found == known:
            return False
        self._marketplace.republish(offer['uuid'], found)
        return True

    def _inventory(self, node):
        """What inspection found; read again after each inspection."""
        when, known = self._inventories.get(node.uuid, (None, None))
        if known is None or when != node.inspection_finished_at:
            known = self._nodes.inventory(node.uuid)
            self._inventories[node.uuid] = node.inspection_finished_at, known
        return known
