# SPDX-License-Identifier: Apache-2.0
"""Take a node back from a renter, whatever they do meanwhile and leave it in.

The renter loses their rights first: the lessee becomes the quarantine project, which
has no members. What Ironic had allowed them before may still wait for the lock of the
node, so the node is left alone until nothing of that can run any more. Then it is
emptied, cleaned in a cycle that began after all this, put back as it was at the
hand-over, and given to its owner, or to the lessee who has sub-let it.

Each call looks at the node and does the next thing, so it can be repeated after a
crash at any point, and by several fulfillers at once. ``provider.teardown_steps`` is
the table of it. A node that is somebody else's by now is not touched.
"""

import datetime
import itertools

from oslo_log import log
from oslo_utils import timeutils
import tenacity

from flocx import exceptions
from provider import handover as handovers
from provider import node_settings
from provider import proven_cleaning
from provider import teardown_steps as steps

LOG = log.getLogger(__name__)
_P, Step = handovers.Phase, steps.Step

#: What esi-leap writes into the properties of a node while it is leased: the lease.
_MARKER = 'lease_uuid'

#: For so long, and so often, the renter's rights are reached for in one pass, against
#: a renter who keeps the node busy. The lessee can be changed only between two things
#: that a conductor does, before the renter asks for the next one: so the tries follow
#: each other at once, and only after some of them is looked at what the node does now.
_GRAB_TIME, _GRABS, _GRABS_A_LOOK = datetime.timedelta(seconds=8), 40, 4


class NotClean(exceptions.Conflict):
    """A node that could not be cleaned, and waits for its operator."""


class NotRestored(exceptions.Conflict):
    """A node that could not be put back as it was, and waits for its operator."""


class Contended(exceptions.Conflict):
    """The renter keeps the node busy, and is about to lose it."""


class Teardown:
    """Takes nodes back, a step at a time."""

    def __init__(self, nodes, wait, clock=timeutils.utcnow, demands=None):
        """A way to take nodes back.

        :param demands: {resource class: Demand}, the cleaning that has to be proved.
        :param wait: seconds for which a node in quarantine is left alone.
        :param clock: called with ``with_timezone=True``, returns aware UTC. A pass may
            be long: since when a node is in quarantine, its beginning does not tell.
        """
        self._nodes, self._wait = nodes, datetime.timedelta(seconds=wait)
        self._clock = clock
        self._proven_cleaning = proven_cleaning.ProvenCleaning(nodes, demands or {})

    def take_back(self, node, parties, kept):
        """Whether a node is clean, as it was, and its owner's again.

        Else something is done for it.

        :param node: as it was read, or None where it is gone.
        :param kept: a ``Memory``; it is read after the node, or again for what
            is not guarded by a change of it.
        :raises NotClean, NotRestored, NotProven: its operator has to look
            at it.
        """
        if node is None:
            return True
        # No node needs more steps than there are before something has to be waited for.
        for _ in Step:
            step = self._step(node, parties, kept.handover)
            if step not in steps.GUARDED and not kept.is_current:
                step = self._step(node, parties, kept.anew())
            LOG.debug('Node %s: %s', node.uuid, step)
            if step is Step.DONE:
                return True
            if step is Step.FAIL:
                raise NotClean(f'Node {node.uuid} could not be cleaned')
            found = _DO[step](self, node, parties, kept)
            if not found:
                return False
            node = self._nodes.get(node.uuid) if found is True else found
        return False

    def ready_at(self, handover):
        """When a node may be cleaned that is in quarantine; None: at any time."""
        waits = handover.phase is _P.QUARANTINED and handover.since and self._wait
        if not waits:
            return None
        return handover.since + self._wait

    def goes_on_alone(self, node, quarantine):
        """Whether nothing can be done for a node in quarantine until it has changed."""
        return (
            node.lessee == quarantine
            and node.provision_state in steps.ON_ITS_WAY
            # The renter has asked for it, before; or we, who look what is done.
            and node.target_provision_state != 'manageable'
            and steps.verb(node) is None
        )

    def _step(self, node, parties, handover):
        ready_at = self.ready_at(handover)
        return steps.next_step(
            handover.phase,
            parties.lessee(node, handover.phase),
            node.provision_state,
            # What we ask for ourselves is not the renter's.
            by_hand=node.target_provision_state == 'manageable' and not handover.erase,
            ready=not node.reservation
            and (ready_at is None or self._now() >= ready_at),
        )

    def _now(self):
        return self._clock(with_timezone=True)

    # What is done in a step. False: something has to be waited for; True: the next one
    # may follow at once; the node, where it is known how it is now: likewise.

    def _quarantine(self, node, parties, kept):
        if kept.handover.phase in (_P.QUARANTINED, _P.CLEANING):
            # Somebody has let the renter have it again: all of it from the beginning.
            kept.begin(_P.HANDED_OVER, self._now(), erase=None)
        until = self._now() + _GRAB_TIME
        tries = tenacity.Retrying(
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(_GRABS), lambda _: self._now() >= until
            ),
            retry=tenacity.retry_if_exception_type(Contended),
            reraise=True,
        )
        found = itertools.chain([node], iter(lambda: self._nodes.get(node.uuid), None))
        return tries(lambda: self._grab(next(found), parties))

    def _grab(self, node, parties):
        """Set the lessee, or bring the node nearer to where Ironic allows it."""
        if node.lessee not in (parties.renter, None):
            return node
        refusal = ''
        for _ in range(_GRABS_A_LOOK):
            try:
                return self._nodes.set_lessee(node.uuid, parties.quarantine)
            except exceptions.Conflict as error:
                refusal = str(error)
        self._interrupt(node)
        raise Contended(refusal)

    def _interrupt(self, node):
        """Stop what keeps Ironic from letting the lessee be changed."""
        asked = steps.INTERRUPT.get(node.provision_state)
        try:
            if asked:
                self._nodes.provision(node.uuid, asked)
            elif not node.maintenance and node.provision_state in steps.BUSY:
                # What is deployed again and again would never come to rest.
                self._nodes.keep_out(node.uuid)
        except exceptions.FlocxError as error:
            LOG.debug('Node %s: %s', node.uuid, error)

    def _note_quarantine(self, node, parties, kept):
        if node.console_enabled:
            self._close_console(node)
        kept.begin(_P.QUARANTINED, self._now())
        return not self._wait

    def _close_console(self, node):
        """So that who has it open does not see, or disturb, how the node is cleaned.

        Where Ironic does not do it now, nothing waits for it: it has to be off before
        the node is returned.
        """
        try:
            self._nodes.console_off(node.uuid)
        except exceptions.FlocxError as error:
            LOG.warning('The console of node %s stays on: %s', node.uuid, error)

    def _nothing(self, node, parties, kept):
        _warn_if_stuck(node)
        self._proven_cleaning.look(node, kept, self._now())
        return False

    def _set_aside(self, node, parties, kept):
        # What is attached could be booted when the node is cleaned.
        self._nodes.detach_media(node.uuid)
        self._prepare(node, kept)
        # Ironic may have let us wait, and another fulfiller may be about to return it.
        kept.confirm()
        self._nodes.provision(node.uuid, 'manage')
        return True

    def _prepare(self, node, kept):
        """Let ``node`` be cleaned, and as one of the class that it was sold as."""
        self._nodes.prepare_cleaning(node)
        known = proven_cleaning.sold_class(node, kept)
        # A renter may change it, and Ironic may choose a runbook by it.
        if (
            known != node.resource_class
            and node.provision_state in steps.WITH_OTHER_CLASS
        ):
            self._nodes.set_resource_class(node.uuid, known)

    def _clean(self, node, parties, kept):
        self._nodes.detach_media(node.uuid)
        return self._empty(node, parties, kept, begins=True)

    def _empty(self, node, parties, kept, begins=False):
        try:
            self._prepare(node, kept)
        except exceptions.Conflict:
            if node.provision_state not in steps.INTERRUPT:
                raise
            # While it is on its way Ironic changes nothing of it.
        # Last, as Ironic may have let us wait, and somebody else have the node by now.
        if begins:
            kept.begin(_P.CLEANING, self._now(), erase=None)
        else:
            kept.confirm()
        if node.provision_state != 'manageable' or self._proven_cleaning.is_done(
            node, kept, self._now()
        ):
            self._nodes.provision(node.uuid, steps.verb(node))
        return True

    def _return(self, node, parties, kept):
        if (
            not node.automated_clean
            or node.resource_class != proven_cleaning.sold_class(node, kept)
            or self._proven_cleaning.is_due(node, kept)
        ):
            # It came back while it could not be told to be cleaned, or was cleaned as
            # one of another class, or not as its site demands: once more.
            return self._set_aside(node, parties, kept)
        kept.begin(_P.RETURNING, self._now())
        return node

    def _release(self, node, parties, kept):
        if not self._is_restored(node, kept):
            return False
        self._hand_on_marker(node, *parties.lines)
        # Whether it still is as it was read, is looked at as the lessee is cleared.
        found = self._nodes.clear_lessee(node.uuid, parties.quarantine, parties.lessor)
        if found.lessee == parties.quarantine:
            # Its owner has done something with it meanwhile: it is cleaned again.
            return found
        if found.lessee == parties.lessor and found.provision_state != 'available':
            # Somebody was faster than the end of the quarantine: all over again.
            LOG.warning('Node %s was deployed as it was given back', node.uuid)
            self._nodes.set_lessee(node.uuid, parties.quarantine)
            return False
        return found

    def _is_restored(self, node, kept):
        """Whether ``node`` is as it was at the hand-over; else it is on its way there.

        :raises NotRestored: it does not become that.
        """
        before = kept.handover.settings
        if 'vifs' not in (before or {}):
            # Otherwise they are put back, which is no network.
            self._nodes.detach(node.uuid)
        if not switched_off(self._nodes, node):
            # Ironic changes volume targets only while the node is off.
            return False
        if before:
            try:
                left = self._nodes.restore(node.uuid, before)
            except (exceptions.Invalid, exceptions.Forbidden) as error:
                raise NotRestored(str(error)) from None
            self._require_none(left, node, kept)
        return True

    def _hand_on_marker(self, node, line_uuid, lessor_line):
        """Take the marker of a lease away that was taken over from esi-leap.

        There it says on the node which lease has it; what was sub-let is its lessor's
        again. The marker of another lease stays.
        """
        if line_uuid and node.properties.get(_MARKER) == line_uuid:
            self._nodes.set_property(node.uuid, _MARKER, lessor_line)

    def _require_none(self, left, node, kept):
        """Raise what comes of differences that are ``left`` after all was put back."""
        # What the demanded cleaning sets, its site wants to be so.
        set_by_cleaning = self._proven_cleaning.interfaces(node, kept)
        left = [each for each in left if each.kind not in set_by_cleaning]
        if left:
            names = ', '.join(each.name for each in left)
            hopeless = any(each.kind in node_settings.COMPARED for each in left)
            kind = NotRestored if hopeless else exceptions.Conflict
            raise kind(f'Node {node.uuid} is not as it was before: {names}')


_DO = {
    Step.QUARANTINE: Teardown._quarantine,
    Step.NOTE_QUARANTINE: Teardown._note_quarantine,
    Step.WAIT: Teardown._nothing,
    Step.SET_ASIDE: Teardown._set_aside,
    Step.CLEAN: Teardown._clean,
    Step.EMPTY: Teardown._empty,
    Step.RETURN: Teardown._return,
    Step.RELEASE: Teardown._release,
}


def quiet(nodes, node):
    """Take ``node``, which is not deployed, off its networks, and switch it off.

    :returns: whether it is off by now, which takes Ironic its time.
    """
    nodes.detach(node.uuid)
    nodes.detach_media(node.uuid)
    return switched_off(nodes, node)


def switched_off(nodes, node):
    """Switch ``node`` off, and its console; whether it is off by now."""
    if node.console_enabled:
        nodes.console_off(node.uuid)
    if node.power_state != 'power on':
        return True
    nodes.power_off(node.uuid)
    return nodes.get(node.uuid).power_state != 'power on'


def empty(nodes, node):
    """Ask for what brings ``node`` nearer to ``available``, if anything does.

    :raises NotClean: it does not get clean by itself.
    """
    asked = steps.verb(node)
    if asked is not None:
        if node.protected:
            nodes.prepare_cleaning(node)
        nodes.provision(node.uuid, asked)
    elif node.provision_state == 'clean failed':
        raise NotClean(f'Node {node.uuid} could not be cleaned')
    else:
        _warn_if_stuck(node)


def _warn_if_stuck(node):
    passes = node.provision_state in {*steps.ON_ITS_WAY, 'available', 'clean failed'}
    if not passes and steps.verb(node) is None:
        LOG.warning(
            'Node %s is in provision state %r, from which it does not become '
            'available by itself',
            node.uuid,
            node.provision_state,
        )
