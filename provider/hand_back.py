# SPDX-License-Identifier: Apache-2.0
"""Take a server back from its renter, and tell the market how far that is.

The steps are those of ``provider.teardown``. What is known of a line while its server
is taken back is remembered from pass to pass, so that it is not read again each time.
"""

from flocx import metrics
from flocx.core import contract as core
from provider import handover
from provider import proven_cleaning
from provider import scheduling
from provider import teardown
from provider import teardown_steps

_S, _R = core.Status, core.Reason

#: What a line waits for, for an operator, and how the market is told.
_ALARMS = {
    teardown.NotClean: _R.CLEAN_FAILED,
    teardown.NotRestored: _R.RESTORE_FAILED,
    proven_cleaning.NotProven: _R.CLEAN_UNPROVEN,
}


class HandBack:
    """The part of ``Fulfilment`` that ends lines."""

    def _is_sublet(self, line):
        """Whether somebody has the server of ``line`` from its renter."""
        return any(
            each.get('sublet_of') == line['uuid'] and each['status'] in core.OPEN
            for each in self._delivered(line)
        )

    def _miss(self, contract, line, now):
        """The end came before the server could be handed over."""
        return self._take_back(contract, line, now, _S.ENDED, _R.NOT_DELIVERED)

    def _finish(self, contract, line, now):
        node = self._node(line)
        # Before anything is done, so that whoever asks sees that it is over, and not
        # yet clean.
        self._report(contract, line, _S.WAIT_END)
        reason = line['reason'] or _R.EXPIRED
        return self._take_back(contract, line, now, _S.ENDED, reason, node)

    def _cancel(self, contract, line, now):
        return self._take_back(contract, line, now, _S.CANCELLED, line['reason'])

    def _take_back(self, contract, line, now, status, reason, node=None):
        """Bring a node nearer to being clean and its owner's; then say so.

        :param node: as it was read before the line was reported, if it was.
        :returns: whether that is done; or until when nothing can be done.
        :raises Conflict: another fulfiller has closed the line since it was read. That
            the market still has its handover, read after the node, says that it has
            not, so that whoever has the node has it by this line.
        """
        # Where anything fails, it is read again.
        memory = self._memories.pop(line['uuid'], None) or self._memory(contract, line)
        if node is None:
            node = self._node(line)
            memory.begin_pass()
        parties = self._parties(contract, line)
        if node and self._may_be_sublet(node, parties, memory):
            if self._is_sublet(line):
                return False
            # Read again: what was sub-let came back before its line ended.
            node = self._node(line)
        try:
            done = self._teardown.take_back(node, parties, memory)
        except tuple(_ALARMS) as error:
            # From here on it is the operator's, and reconciliation looks at it.
            self._report(contract, line, _S.ERROR, _ALARMS[type(error)])
            metrics.NOT_GIVEN_BACK.labels(_ALARMS[type(error)]).inc()
            raise
        if done:
            return self._report(contract, line, status, reason)
        self._memories[line['uuid']] = memory
        if memory.changed:
            # It has got somewhere: what is waited for now is another thing.
            self._backoff.forget(line)
        until = self._teardown.ready_at(memory.handover)
        return until if until and until > now else False

    @staticmethod
    def _may_be_sublet(node, parties, memory):
        """Whether it may be for another line that ``node`` is not the renter's."""
        lessee = parties.lessee(node)
        return lessee is teardown_steps.Lessee.OTHER or (
            lessee is teardown_steps.Lessee.QUARANTINE
            and memory.handover.phase
            in (handover.Phase.UNKNOWN, handover.Phase.HANDED_OVER)
        )

    def _parties(self, contract, line):
        return teardown_steps.Parties(
            renter=contract['project_id'],
            quarantine=self._quarantine(),
            lessor=scheduling.lessor(line),
            had_it=bool(line['fulfill_time']),
            lines=(line['uuid'], line.get('sublet_of')),
        )
