# SPDX-License-Identifier: Apache-2.0
"""Take a node back from a renter, whatever they do meanwhile and leave it in.

The renter loses their rights first: the lessee becomes the quarantine project, which
has no members. What Ironic had allowed them before may still wait for the lock of the
node, so the node is left alone until nothing of that can run any more. Then it is
emptied, cleaned in a cycle that began after all this, put back as it was at the
hand-over, and given to its owner, or to the lessee who has sub-let it.

Each call looks at the node and does the next thing, so it can be repeated after a
crash at any point, and by several fulfillers at once. ``STEPS`` is the table of it;
:doc:`/contributor/hand-back` explains it. A node that is somebody else's by now is
not touched.
"""

import dataclasses
import datetime
import enum

from oslo_log import log
from oslo_utils import timeutils
import tenacity

from flocx import exceptions
from provider import handover as handovers
from provider import node_settings
from provider import proven_cleaning

LOG = log.getLogger(__name__)

#: What is asked of Ironic in each provision state to bring a node nearer to
#: ``available``; https://docs.openstack.org/ironic/latest/user/states.html.
NEXT = {
    'active': 'deleted',
    'deploy failed': 'deleted',
    'error': 'deleted',
    'wait call-back': 'deleted',
    'rescue': 'deleted',
    'rescue failed': 'deleted',
    'rescue wait': 'deleted',
    'unrescue failed': 'deleted',
    'service failed': 'deleted',
    'service wait': 'deleted',
    'deploy hold': 'abort',
    # To abort it Ironic agrees, and does nothing: no step that holds is abortable.
    'service hold': 'unhold',
    'inspect wait': 'abort',
    'inspect failed': 'manage',
    'adopt failed': 'manage',
    'manageable': 'provide',
}

#: The same where the renter has cleaned the node by hand. Ironic would bring it back
#: to ``manageable``, and not to ``available``, where our own cleaning ends.
NEXT_BY_HAND = {'clean wait': 'abort', 'clean hold': 'unhold', 'clean failed': 'manage'}

#: States that pass by themselves.
ON_ITS_WAY = {
    'deploying',
    'deleting',
    'cleaning',
    'clean wait',
    'clean hold',
    'rescuing',
    'unrescuing',
    'servicing',
    'inspecting',
    'adopting',
    'verifying',
}


#: States in which Ironic lets nobody change the lessee, for as long as somebody else
#: likes, and what brings a node out of them, to one in which it can be changed.
INTERRUPT = {
    'wait call-back': 'abort',
    'deploy hold': 'abort',
    'clean wait': 'abort',
    'clean hold': 'unhold',
    'rescue wait': 'abort',
    'service wait': 'abort',
}

#: The same where a conductor is at work, which ends by itself.
BUSY = {
    'deploying',
    'deleting',
    'cleaning',
    'rescuing',
    'unrescuing',
    'servicing',
    'adopting',
    'inspecting',
    'verifying',
}

#: States in which Ironic lets the resource class be changed.
_WITH_OTHER_CLASS = {'available', 'manageable'}

#: So often the renter's rights are reached for in one pass, against a renter who keeps
#: the node busy; the seconds between two tries are drawn from this range. The lessee
#: can be changed only between two things that a conductor does, before the renter asks
#: for the next one, so the tries are as close as the renter's requests may be.
_GRABS, _GRAB_WAIT = 60, (0.01, 0.05)


class Step(enum.StrEnum):
    """What is to be done next with a node that is taken back."""

    QUARANTINE = 'set the lessee to the quarantine project'
    NOTE_QUARANTINE = 'write down since when the node is in quarantine'
    WAIT = 'wait'
    SET_ASIDE = 'let it be set aside, so that it can be cleaned'
    CLEAN = 'write down that cleaning begins, and empty or clean it'
    EMPTY = 'ask for what brings it nearer to available'
    FAIL = 'report that it could not be cleaned'
    RETURN = 'restore its settings, and write down that it is clean'
    RELEASE = 'clear the lessee'
    DONE = 'nothing: it is taken back'


class Lessee(enum.StrEnum):
    """Whose the node is, seen from the line that is taken back."""

    RENTER = 'renter'
    NOBODY = 'nobody, though the renter had it, and it is available'
    QUARANTINE = 'quarantine'
    OTHER = 'somebody else, or nobody'


_P, _L = handovers.Phase, Lessee

#: What is done, by the phase and the lessee; see :func:`next_step` for what depends on
#: the provision state as well.
STEPS = {
    (_P.UNKNOWN, _L.RENTER): Step.QUARANTINE,
    (_P.UNKNOWN, _L.NOBODY): Step.QUARANTINE,
    (_P.UNKNOWN, _L.QUARANTINE): Step.NOTE_QUARANTINE,
    (_P.HANDED_OVER, _L.RENTER): Step.QUARANTINE,
    (_P.HANDED_OVER, _L.NOBODY): Step.QUARANTINE,
    (_P.HANDED_OVER, _L.QUARANTINE): Step.NOTE_QUARANTINE,
    (_P.QUARANTINED, _L.RENTER): Step.QUARANTINE,
    (_P.QUARANTINED, _L.NOBODY): Step.QUARANTINE,
    (_P.QUARANTINED, _L.QUARANTINE): Step.CLEAN,
    (_P.CLEANING, _L.RENTER): Step.QUARANTINE,
    (_P.CLEANING, _L.NOBODY): Step.QUARANTINE,
    (_P.CLEANING, _L.QUARANTINE): Step.EMPTY,
    # It was given back already: whoever gave it to them since had a reason.
    (_P.RETURNED, _L.RENTER): Step.DONE,
    (_P.RETURNED, _L.NOBODY): Step.DONE,
    (_P.RETURNED, _L.QUARANTINE): Step.RELEASE,
    **{(phase, _L.OTHER): Step.DONE for phase in _P},
}

#: What comes of a step in a state that nothing can be asked of Ironic in; else it is
#: waited for.
_INSTEAD = {
    (Step.CLEAN, 'available'): Step.SET_ASIDE,
    # It failed before it was ours: once more, and from the beginning.
    (Step.CLEAN, 'clean failed'): Step.SET_ASIDE,
    (Step.EMPTY, 'available'): Step.RETURN,
    (Step.EMPTY, 'clean failed'): Step.FAIL,
}


#: These do not wait until nothing that the renter was allowed can run any more.
_AT_ANY_TIME = {Step.QUARANTINE, Step.NOTE_QUARANTINE, Step.FAIL, Step.DONE}


class NotClean(exceptions.Conflict):
    """A node that could not be cleaned, and waits for its operator."""


class NotRestored(exceptions.Conflict):
    """A node that could not be put back as it was, and waits for its operator."""


class Contended(exceptions.Conflict):
    """The renter keeps the node busy, and is about to lose it."""


def verb(node):
    """What to ask of Ironic so that ``node`` becomes available; None: nothing."""
    return _verb(node.provision_state, node.target_provision_state == 'manageable')


def _verb(provision_state, by_hand):
    if by_hand and provision_state in NEXT_BY_HAND:
        return NEXT_BY_HAND[provision_state]
    return NEXT.get(provision_state)


def next_step(phase, lessee, provision_state, *, by_hand=False, ready=True):
    """The step for a node that is taken back.

    :param by_hand: whether the cleaning that goes on was asked for by hand.
    :param ready: whether nothing that was authorised before the quarantine can run
        any more, and no conductor works on the node.
    """
    step = STEPS[phase, lessee]
    if step is Step.RELEASE and provision_state != 'available':
        # Its owner has done something with it meanwhile.
        step = Step.CLEAN
    if step in (Step.CLEAN, Step.EMPTY) and not _verb(provision_state, by_hand):
        step = _INSTEAD.get((step, provision_state), Step.WAIT)
    return step if ready or step in _AT_ANY_TIME else Step.WAIT


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who takes part in giving a node back.

    ``lessor`` is the project that sub-let it and gets it back, None for its owner.
    ``had_it`` is whether the renter is known to have had it.
    """

    renter: str
    quarantine: str
    lessor: str | None = None
    had_it: bool = False

    def lessee(self, node, phase=_P.UNKNOWN):
        """Whose ``node`` is, given how far it has been taken back.

        Its owner may have cleared the lessee, and use it: what is in use is theirs.
        """
        if node.lessee == self.quarantine:
            return Lessee.QUARANTINE
        if node.lessee == self.renter:
            return Lessee.RENTER
        had_it = self.had_it or phase not in (_P.UNKNOWN, _P.RETURNED)
        if had_it and (node.lessee, node.provision_state) == (None, 'available'):
            return Lessee.NOBODY
        return Lessee.OTHER


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
        :param kept: a ``Memory``, read after the node.
        :raises NotClean, NotRestored, NotProven: its operator has to look
            at it.
        """
        if node is None:
            return True
        # No node needs more steps than there are before something has to be waited for.
        for _ in Step:
            step = self._step(node, parties, kept.handover)
            LOG.debug('Node %s: %s', node.uuid, step)
            if step is Step.DONE:
                return True
            if step is Step.FAIL:
                raise NotClean(f'Node {node.uuid} could not be cleaned')
            if not _DO[step](self, node, parties, kept):
                return False
            node = self._nodes.get(node.uuid)
        return False

    def _step(self, node, parties, handover):
        waited = handover.since is None or self._now() >= handover.since + self._wait
        return next_step(
            handover.phase,
            parties.lessee(node, handover.phase),
            node.provision_state,
            # What we ask for ourselves is not the renter's.
            by_hand=node.target_provision_state == 'manageable' and not handover.erase,
            ready=not node.reservation
            and (waited or handover.phase is not _P.QUARANTINED),
        )

    def _now(self):
        return self._clock(with_timezone=True)

    # What is done in a step: whether the next one may follow at once.

    def _quarantine(self, node, parties, kept):
        if kept.handover.phase in (_P.QUARANTINED, _P.CLEANING):
            # Somebody has let the renter have it again: all of it from the beginning.
            kept.begin(_P.HANDED_OVER, self._now(), erase=None)
        tries = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_GRABS),
            wait=tenacity.wait_random(*_GRAB_WAIT),
            retry=tenacity.retry_if_exception_type(Contended),
            reraise=True,
        )
        tries(self._grab, node.uuid, parties)
        return True

    def _grab(self, uuid, parties):
        """Set the lessee, or bring the node nearer to where Ironic allows it."""
        node = self._nodes.get(uuid)
        if node.lessee not in (parties.renter, None):
            return
        try:
            self._nodes.set_lessee(uuid, parties.quarantine)
        except exceptions.Conflict as error:
            self._interrupt(node)
            raise Contended(str(error)) from None

    def _interrupt(self, node):
        """Stop what keeps Ironic from letting the lessee be changed."""
        asked = INTERRUPT.get(node.provision_state)
        try:
            if asked:
                self._nodes.provision(node.uuid, asked)
            elif not node.maintenance and node.provision_state in BUSY:
                # What is deployed again and again would never come to rest.
                self._nodes.keep_out(node.uuid)
        except exceptions.FlocxError as error:
            LOG.debug('Node %s: %s', node.uuid, error)

    def _note_quarantine(self, node, parties, kept):
        kept.begin(_P.QUARANTINED, self._now())
        return not self._wait

    def _nothing(self, node, parties, kept):
        _warn_if_stuck(node)
        self._proven_cleaning.look(node, kept, self._now())
        return False

    def _set_aside(self, node, parties, kept):
        # What is attached could be booted when the node is cleaned.
        self._nodes.detach_media(node.uuid)
        self._prepare(node, kept)
        self._nodes.provision(node.uuid, 'manage')
        return True

    def _prepare(self, node, kept):
        """Let ``node`` be cleaned, and as one of the class that it was sold as."""
        self._nodes.prepare_cleaning(node)
        known = proven_cleaning.sold_class(node, kept)
        # A renter may change it, and Ironic may choose a runbook by it.
        if known != node.resource_class and node.provision_state in _WITH_OTHER_CLASS:
            self._nodes.set_resource_class(node.uuid, known)

    def _clean(self, node, parties, kept):
        kept.begin(_P.CLEANING, self._now(), erase=None)
        self._nodes.detach_media(node.uuid)
        return self._empty(node, parties, kept)

    def _empty(self, node, parties, kept):
        try:
            self._prepare(node, kept)
        except exceptions.Conflict:
            if node.provision_state not in INTERRUPT:
                raise
            # While it is on its way Ironic changes nothing of it.
        if node.provision_state != 'manageable' or self._proven_cleaning.is_done(
            node, kept, self._now()
        ):
            self._nodes.provision(node.uuid, verb(node))
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
        if not quiet(self._nodes, node):
            # Ironic changes volume targets only while the node is off.
            return False
        before = kept.handover.settings
        if before:
            try:
                self._nodes.restore(node.uuid, before)
            except (exceptions.Invalid, exceptions.Forbidden) as error:
                raise NotRestored(str(error)) from None
            left = node_settings.differences(before, self._nodes.settings(node.uuid))
            if left:
                names = ', '.join(each.name for each in left)
                raise exceptions.Conflict(f'Node {node.uuid}: {names} have changed')
        kept.begin(_P.RETURNED, self._now())
        return True

    def _release(self, node, parties, kept):
        self._nodes.clear_lessee(node.uuid, parties.quarantine, parties.lessor)
        found = self._nodes.get(node.uuid)
        if found.lessee == parties.lessor and found.provision_state != 'available':
            # Somebody was faster than the end of the quarantine: all over again.
            LOG.warning('Node %s was deployed as it was given back', node.uuid)
            self._nodes.set_lessee(node.uuid, parties.quarantine)
            return False
        return True


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
    asked = verb(node)
    if asked is not None:
        if node.protected:
            nodes.prepare_cleaning(node)
        nodes.provision(node.uuid, asked)
    elif node.provision_state == 'clean failed':
        raise NotClean(f'Node {node.uuid} could not be cleaned')
    else:
        _warn_if_stuck(node)


def _warn_if_stuck(node):
    passes = node.provision_state in {*ON_ITS_WAY, 'available', 'clean failed'}
    if not passes and verb(node) is None:
        LOG.warning(
            'Node %s is in provision state %r, from which it does not become '
            'available by itself',
            node.uuid,
            node.provision_state,
        )
