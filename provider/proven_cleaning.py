# SPDX-License-Identifier: Apache-2.0
"""Let Ironic clean a server as its site demands, and find out whether it did.

What Ironic's node history keeps of the automated cleaning does not name its steps where
a ramdisk does them. So FLOCX asks for what is demanded itself, as ``clean`` from
``manageable``, and takes for a proof only that these steps were completed
(``provider.cleaning_history``): the owner of the server may clean it, too, and with
less. What was asked for is written down first, so that a crash in between costs one
more cleaning.
"""

from flocx import exceptions
from provider import cleaning_demands
from provider import cleaning_history
from provider import handover

#: So often it is asked for before an operator has to look.
_TRIES = 2

#: In these a node is cleaned.
_UNDER_WAY = {'cleaning', 'clean wait', 'clean hold'}


class NotProven(exceptions.Conflict):
    """A node of which Ironic does not say that what its site demands was done."""


class ProvenCleaning:
    """Asks for the demanded cleaning of nodes that are taken back."""

    def __init__(self, nodes, demands):
        """:param demands: {resource class: provider.cleaning_demands.Demand}."""
        self._nodes, self._demands = nodes, demands

    def is_due(self, node, kept):
        """Whether something is demanded of ``node`` that is not proven yet."""
        return bool(self._demand(node, kept)) and kept.handover.erase != handover.PROVEN

    def interfaces(self, node, kept):
        """The interfaces of Ironic, like bios or raid, of the demanded steps."""
        demand = self._demand(node, kept)
        steps = self._nodes.clean_steps(demand) if demand else ()
        return {step['interface'] for step in steps}

    def is_done(self, node, kept, now):
        """Whether a ``manageable`` node is cleaned as demanded; else that begins.

        :param kept: a ``provider.handover.Memory``.
        :raises NotProven: it was asked for, and Ironic does not say that it was done.
        """
        if not self.is_due(node, kept):
            return True
        demand, erase = self._demand(node, kept), kept.handover.erase
        history = self._nodes.history(node.uuid)
        if erase and self._is_proven(history, demand, erase):
            kept.begin(handover.Phase.CLEANING, now, erase=handover.PROVEN)
            return True
        tries = erase['tries'] if erase else 0
        # Nothing earlier than this is to be taken for it.
        erase = {'after': history[-1]['uuid'] if history else None, 'seen': None}
        if tries == _TRIES:
            # When an operator has looked at it, and ends the maintenance, it begins
            # again.
            kept.begin(handover.Phase.CLEANING, now, erase={**erase, 'tries': 0})
            self._nodes.keep_out(node.uuid)
            raise NotProven(
                f'Node {node.uuid}: Ironic does not say that {demand.text} was done'
            )
        kept.begin(handover.Phase.CLEANING, now, erase={**erase, 'tries': tries + 1})
        try:
            self._nodes.clean(node.uuid, demand)
        except (exceptions.Conflict, exceptions.Unavailable):
            # It was not begun: a node that is locked, or too many that are cleaned.
            kept.begin(handover.Phase.CLEANING, now, erase={**erase, 'tries': tries})
            raise
        return False

    def look(self, node, kept, now):
        """Write down which steps are done while the node is cleaned, if that is new."""
        erase = kept.handover.erase
        if (
            node.provision_state not in _UNDER_WAY
            or not isinstance(erase, dict)
            or erase.get('seen') is False
        ):
            return
        steps = self._nodes.steps_under_way(node.uuid)
        if not steps:
            return
        demanded = self._nodes.clean_steps(self._demand(node, kept))
        seen = cleaning_history.comparable(steps) == cleaning_history.comparable(
            demanded
        )
        if seen is not erase.get('seen'):
            kept.begin(handover.Phase.CLEANING, now, erase={**erase, 'seen': seen})

    def _is_proven(self, history, demand, erase):
        return cleaning_history.is_proven(
            cleaning_history.since(history, erase['after']),
            self._nodes.clean_steps(demand),
            erase.get('seen'),
        )

    def _demand(self, node, kept):
        return cleaning_demands.demanded(self._demands, sold_class(node, kept))


def sold_class(node, kept):
    """The resource class of ``node`` at its hand-over, where that is known."""
    fields = (kept.handover.settings or {}).get('fields', {})
    return fields.get('resource_class', node.resource_class)
