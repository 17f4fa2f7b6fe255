# SPDX-License-Identifier: Apache-2.0
"""Let Ironic clean a server as its site demands, and find out whether it did.

What Ironic's node history keeps of the automated cleaning does not name its steps where
a ramdisk does them. So FLOCX asks for what is demanded itself, as ``clean`` from
``manageable``, and reads in the history that this was completed. What was asked for is
written down first, so that a crash in between costs one more cleaning.
"""

from flocx import exceptions
from provider import cleaning_demands
from provider import handover

#: So often it is asked for before an operator has to look.
_TRIES = 2


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

    def is_done(self, node, kept, now):
        """Whether a ``manageable`` node is cleaned as demanded; else that begins.

        :param kept: a ``provider.handover.Memory``.
        :raises NotProven: it was asked for, and Ironic does not say that it was done.
        """
        if not self.is_due(node, kept):
            return True
        demand, erase = self._demand(node, kept), kept.handover.erase
        if erase is None:
            # Nothing earlier than this is to be taken for it.
            erase = {'after': self._nodes.last_history(node.uuid), 'tries': 0}
        elif self._nodes.was_cleaned(node.uuid, erase['after']):
            kept.begin(handover.Phase.CLEANING, now, erase=handover.PROVEN)
            return True
        if erase['tries'] == _TRIES:
            # When an operator has looked at it, and ends the maintenance, it begins
            # again.
            erase = {**erase, 'tries': 0}
            kept.begin(handover.Phase.CLEANING, now, erase=erase)
            self._nodes.keep_out(node.uuid)
            raise NotProven(
                f'Node {node.uuid}: Ironic does not say that {demand.text} was done'
            )
        erase = {**erase, 'tries': erase['tries'] + 1}
        kept.begin(handover.Phase.CLEANING, now, erase=erase)
        self._nodes.clean(node.uuid, demand)
        return False

    def _demand(self, node, kept):
        return cleaning_demands.demanded(self._demands, sold_class(node, kept))


def sold_class(node, kept):
    """The resource class of ``node`` at its hand-over, where that is known."""
    fields = (kept.handover.settings or {}).get('fields', {})
    return fields.get('resource_class', node.resource_class)
