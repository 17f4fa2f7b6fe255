# SPDX-License-Identifier: Apache-2.0
"""Hand a server over to its renter: ready, as it was sold, and nothing of others on it.

What its owner has left (networks, virtual media, a console, power) is taken away. What
nobody is known to use is undeployed. What somebody does use is not handed over, and the
line says so.
"""

from oslo_log import log

from flocx import exceptions
from flocx.core import contract as core
from provider import handover
from provider import node_settings
from provider import ownership
from provider import scheduling
from provider import teardown
from provider import teardown_steps

LOG = log.getLogger(__name__)
_S, _R = core.Status, core.Reason


class Delivery:
    """The part of ``Fulfilment`` that begins lines."""

    def _begin(self, contract, line, now):
        node = self._node(line)
        renter = contract['project_id']
        if node is None:
            # Ironic says the same where our account has lost its rights for a while.
            self._report(contract, line, _S.WAIT_FULFILL, _R.NODE_GONE)
            return False
        if node.lessee == renter and _is_left_over(node):
            self._report(contract, line, _S.WAIT_FULFILL)
            return False
        if node.lessee != renter:
            if not _is_ready(node, line) or not self._is_rented(line):
                return self._prepare(contract, line, node)
            return self._hand_over(contract, line, node, now)
        if self._memory(contract, line).handover.phase is handover.Phase.UNKNOWN:
            # Ironic itself has set the lessee, with somebody's deployment
            # ([conductor] automatic_lessee_source), or an earlier release of ours.
            if node.provision_state != 'available':
                self._report(contract, line, _S.WAIT_FULFILL, _R.NODE_IN_USE)
                return False
            return self._hand_over(contract, line, node, now)
        if scheduling.lessor(line) and node.provision_state != 'available':
            # Who has sub-let it deployed it in between: it is not theirs any more.
            self._confirm(contract, line, _S.WAIT_FULFILL)
            teardown.empty(self._nodes, node)
            return False
        return self._report(contract, line, _S.ACTIVE)

    def _prepare(self, contract, line, node):
        """Say why ``node`` is not ready, and bring it nearer to that; False."""
        own = not scheduling.lessor(line) and node.lessee is None
        if own and node.owner != line['owner_id']:
            self._report(contract, line, _S.WAIT_CANCEL, _R.OWNER_CHANGED)
        elif own and teardown_steps.NEXT.get(node.provision_state) == 'deleted':
            self._undeploy(contract, line, node)
        else:
            self._report(contract, line, _S.WAIT_FULFILL)
        return False

    def _undeploy(self, contract, line, node):
        """Empty ``node``, which its owner has, if nobody is known to use it."""
        is_used = (
            node.instance_uuid or node.maintenance or node.retired or node.protected
        )
        if is_used or not self._conf.undeploy_unclaimed:
            self._report(contract, line, _S.WAIT_FULFILL, _R.NODE_IN_USE)
            return
        # Another fulfiller may have handed it over, and its renter have deployed it.
        self._confirm(contract, line, _S.WAIT_FULFILL)
        LOG.warning(
            'Node %s is %s and nobody is known to use it: it is undeployed for line %s',
            node.uuid,
            node.provision_state,
            line['uuid'],
        )
        teardown.empty(self._nodes, node)

    def _hand_over(self, contract, line, node, now):
        renter, lessor = contract['project_id'], scheduling.lessor(line)
        if lessor:
            # The market cancels a line that is ``created`` with the one that it is
            # of, for then nothing has been done to the node.
            self._confirm(contract, line, _S.WAIT_FULFILL)
        offer = self._marketplace.offer(line['offer_uuid'])
        if self._hardware.refresh(offer, node):
            # Whether it still is what the renter has asked for, the market knows: the
            # next pass finds the line as it is then.
            LOG.warning('Node %s is not what offer %s says', node.uuid, offer['uuid'])
            return False
        if not self._is_written_down(contract, line, node, now):
            self._report(contract, line, _S.WAIT_FULFILL)
            return False
        self._nodes.set_lessee(node.uuid, renter)
        # Nobody else's change may have come in between.
        node = self._nodes.get(node.uuid)
        if node.lessee != renter:
            return False
        if lessor and node.provision_state != 'available':
            return False
        return self._handed_over(contract, line, node)

    def _is_written_down(self, contract, line, node, now):
        """Whether nothing of others is on the node, and how it is, is kept."""
        memory = self._memory(contract, line)
        # Read first: who is faster from here on makes the version another one.
        known = memory.handover
        if not teardown.quiet(self._nodes, node):
            return False
        settings = self._nodes.settings(node.uuid)
        in_use = node_settings.in_use(settings)
        if in_use:
            LOG.info('Node %s cannot be handed over: it %s', node.uuid, in_use)
            self._report(contract, line, _S.WAIT_FULFILL, _R.NODE_IN_USE)
            return False
        if settings['lessee'] != node.lessee:
            return False
        LOG.debug('Node %s is kept after version %s', node.uuid, known.version)
        memory.begin(handover.Phase.HANDED_OVER, now, settings=settings)
        return True

    def _is_rented(self, line):
        """Whether who has sub-let the server has it; an owner's need not be rented."""
        if not scheduling.lessor(line):
            return True
        return any(
            each['uuid'] == line['sublet_of'] and each['status'] == _S.ACTIVE
            for each in self._delivered(line)
        )

    def _handed_over(self, contract, line, node):
        """Report what was done now; undo it where the line was closed meanwhile.

        By another fulfiller, perhaps, which has found nothing to take back. No pass
        would see the line again, and the server had a lessee for ever.
        """
        try:
            return self._report(contract, line, _S.ACTIVE)
        except exceptions.Conflict:
            # From quarantine it is taken back without a line (reconciliation).
            self._nodes.set_lessee(node.uuid, self._quarantine())
            raise


def _is_left_over(node):
    """Whether ``node`` is as an earlier contract of its lessee has left it."""
    return node.maintenance or node.provision_state == 'clean failed'


def _is_ready(node, line):
    """Whether ``node`` can be handed over: who lets it has it, and it is clean."""
    return (
        (scheduling.lessor(line) or node.owner == line['owner_id'])
        and node.lessee == scheduling.lessor(line)
        and node.provision_state == 'available'
        and ownership.unfit(node) is None
    )
