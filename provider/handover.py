# SPDX-License-Identifier: Apache-2.0
"""What a fulfiller has to remember of a server that it hands over and takes back.

It is kept at the market with the line, as everything that Ironic keeps of a node a
renter may write. Each change names the version that it rests on, so that of two
fulfillers one is told to look again.
"""

import dataclasses
import datetime
import enum

from flocx import exceptions
from flocx.core import window

#: What is known of the demanded cleaning when Ironic has said that it was done.
PROVEN = 'proven'

_SECOND = datetime.timedelta(seconds=1)


class Phase(enum.StrEnum):
    """How far a server is; each is written down before what it allows is done."""

    #: Nothing is known: nothing was done, or an earlier release did it.
    UNKNOWN = 'unknown'
    #: How the node was is written down, and the lessee may have been set.
    HANDED_OVER = 'handed_over'
    #: The node was seen with the quarantine project as its lessee.
    QUARANTINED = 'quarantined'
    #: Later, the node was seen in a state that leads to ``available`` only through
    #: cleaning.
    CLEANING = 'cleaning'
    #: The node was clean; it is put back as it was, and the lessee may have been
    #: cleared after that.
    RETURNING = 'returned'


@dataclasses.dataclass(frozen=True, slots=True)
class Handover:
    """``since`` is when the phase began, ``settings`` how the node was before.

    ``erase`` is None until the cleaning that a site demands is asked for; then after
    which entry of the node's history (``after``), how often (``tries``), and whether
    its steps were seen under way (``seen``); and in the end :data:`PROVEN`.
    """

    version: int = 0
    phase: Phase = Phase.UNKNOWN
    since: datetime.datetime | None = None
    settings: dict | None = None
    erase: dict | str | None = None

    @classmethod
    def read(cls, document):
        """From what the market keeps, JSON with ``version`` and ``data``."""
        data = document['data'] or {}
        since = data.get('since')
        return cls(
            version=document['version'],
            phase=Phase(data.get('phase', Phase.UNKNOWN)),
            since=since and window.instant(since, 'since'),
            settings=data.get('settings'),
            erase=data.get('erase'),
        )

    def data(self):
        """What the market is to keep, JSON."""
        return {
            'phase': str(self.phase),
            'since': self.since and window.text(self.since),
            'settings': self.settings,
            'erase': self.erase,
        }

    def begin(self, phase, now, **changes):
        """The same in the next phase, which begins with the second after ``now``.

        The market keeps no parts of seconds, and nothing is to be waited for too short.
        """
        since = now.replace(microsecond=0) + _SECOND
        return dataclasses.replace(self, phase=phase, since=since, **changes)


class Memory:
    """The handover of a line, kept at the market; read when it is first asked for.

    It may outlive a pass: what somebody else has written down since is found out by
    the next change, or where it is read :meth:`anew`.
    """

    def __init__(self, marketplace, contract_uuid, line_uuid, document=None):
        """:param document: as the market has shown it just now, if it has."""
        self._marketplace = marketplace
        self._ids = contract_uuid, line_uuid
        self._handover = document and Handover.read(document)
        #: Whether something was written down in this pass.
        self.changed = False
        #: Whether it was read or written in this pass, after the node was read.
        self.is_current = document is not None

    def begin_pass(self):
        """Remember that what is known is of an earlier pass."""
        self.changed = self.is_current = False

    def anew(self):
        """Read it again.

        :raises Conflict: the line was closed meanwhile.
        """
        self._handover = None
        return self.handover

    @property
    def handover(self):
        """What is known.

        :raises Conflict: the line was closed meanwhile.
        """
        if self._handover is None:
            try:
                self._handover = Handover.read(self._marketplace.handover(*self._ids))
            except exceptions.NotFound as error:
                raise exceptions.Conflict(str(error)) from None
            self.is_current = True
        return self._handover

    def begin(self, phase, now, **changes):
        """Write down that ``phase`` begins.

        :raises Conflict: another fulfiller has written something down meanwhile.
        """
        self._write(self.handover.begin(phase, now, **changes))
        self.changed = True

    def confirm(self):
        """Write down the same, so that of several fulfillers one goes on.

        :raises Conflict: another one has written something down meanwhile.
        """
        self._write(self.handover)

    def _write(self, later):
        version = self._marketplace.keep_handover(
            *self._ids, later.version, later.data()
        )
        self._handover = dataclasses.replace(later, version=version)
        self.is_current = True


class Transient:
    """The same for a node that no line explains, for as long as the process lives."""

    is_current = True

    def __init__(self):
        self.handover = Handover()

    def begin(self, phase, now, **changes):
        """Remember that ``phase`` begins."""
        self.handover = self.handover.begin(phase, now, **changes)

    def confirm(self):
        """Nobody else remembers it."""
