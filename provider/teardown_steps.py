# SPDX-License-Identifier: Apache-2.0
"""The table of the steps by which a node is taken back. Pure.

What is done next follows from how far the node is (``handover.Phase``), from whose it
is and from its provision state; :doc:`/contributor/hand-back` explains it, and
``provider.teardown`` does it.
"""

import dataclasses
import enum

from provider import handover as handovers

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
WITH_OTHER_CLASS = {'available', 'manageable'}


class Step(enum.StrEnum):
    """What is to be done next with a node that is taken back."""

    QUARANTINE = 'set the lessee to the quarantine project'
    NOTE_QUARANTINE = 'write down since when the node is in quarantine'
    WAIT = 'wait'
    SET_ASIDE = 'let it be set aside, so that it can be cleaned'
    CLEAN = 'write down that cleaning begins, and empty or clean it'
    EMPTY = 'ask for what brings it nearer to available'
    FAIL = 'report that it could not be cleaned'
    RETURN = 'write down that it is clean'
    RELEASE = 'restore its settings, and clear the lessee'
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
    # It was clean and given back already: whoever gave it to them since had a reason.
    (_P.RETURNING, _L.RENTER): Step.DONE,
    (_P.RETURNING, _L.NOBODY): Step.DONE,
    (_P.RETURNING, _L.QUARANTINE): Step.RELEASE,
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


#: In these the handover is written before what they decide on is done, which finds out
#: that another fulfiller has gone on since it was read.
GUARDED = {
    Step.NOTE_QUARANTINE,
    Step.WAIT,
    Step.SET_ASIDE,
    Step.CLEAN,
    Step.EMPTY,
    Step.RETURN,
}

#: These do not wait until nothing that the renter was allowed can run any more.
_AT_ANY_TIME = {Step.QUARANTINE, Step.NOTE_QUARANTINE, Step.FAIL, Step.DONE}


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
    ``had_it`` is whether the renter is known to have had it. ``lines`` are the line
    that it is taken back from, and the one that has sub-let it.
    """

    renter: str
    quarantine: str
    lessor: str | None = None
    had_it: bool = False
    lines: tuple = (None, None)

    def lessee(self, node, phase=_P.UNKNOWN):
        """Whose ``node`` is, given how far it has been taken back.

        Its owner may have cleared the lessee, and use it: what is in use is theirs.
        """
        if node.lessee == self.quarantine:
            return Lessee.QUARANTINE
        if node.lessee == self.renter:
            return Lessee.RENTER
        had_it = self.had_it or phase not in (_P.UNKNOWN, _P.RETURNING)
        if had_it and (node.lessee, node.provision_state) == (None, 'available'):
            return Lessee.NOBODY
        return Lessee.OTHER
