# SPDX-License-Identifier: Apache-2.0
"""Wake those who wait for an event, as soon as there is one that is theirs.

However many wait in a process, one thread looks for all of them, and only while
somebody does.
"""

import collections
import contextlib
import dataclasses
import threading

from oslo_log import log

from flocx import db
from flocx import exceptions
from market.db import events

LOG = log.getLogger(__name__)

#: Seconds between two looks at the database, and between two while it does not answer.
LOOK_INTERVAL, AWAY_INTERVAL = 0.02, 1


@dataclasses.dataclass(frozen=True)
class _Waiting:
    """Who waits: ``account`` counts its requests, ``project_id`` None is any event."""

    account: str
    project_id: str | None


class Feed:
    """Rings for what is committed to one database.

    Who waits keeps a thread of the server, or a connection, from others, so only so
    many may.
    """

    def __init__(self, database, most=4, most_each=2):
        """:param most: requests that may wait at a time.
        :param most_each: of these, those of one project, or of one provider.
        """
        self._database = database
        self._most, self._most_each = most, most_each
        self._lock = threading.Lock()
        #: By bell, who waits for it; by account, how many.
        self._bells, self._accounts = {}, collections.Counter()
        self._looking, self._last = False, 0

    @contextlib.contextmanager
    def bell(self, reader, bell=None):
        """A threading.Event that is set when ``reader`` may have something to read.

        It rings for all that is committed after the block has begun, perhaps for
        more; what was committed before is to be read.

        :param bell: something else with a ``set``, which takes no time.
        :raises Unavailable: as many wait already as may.
        """
        bell = bell or threading.Event()
        every = reader.is_admin or reader.provider_id
        waiting = _Waiting(
            # All providers' accounts are of one project.
            account=reader.provider_id or reader.project_id,
            project_id=None if every else reader.project_id,
        )
        with self._lock:
            self._require_free(waiting.account)
            if not self._looking:
                # Before the caller reads, or what comes in between would be missed.
                with self._database.reader() as session:
                    self._last = events.last_id(session)
                self._looking = True
                threading.Thread(target=self._look, daemon=True).start()
            self._bells[bell] = waiting
            self._accounts[waiting.account] += 1
        try:
            yield bell
        finally:
            with self._lock:
                del self._bells[bell]
                self._accounts[waiting.account] -= 1
                self._accounts += collections.Counter()

    def _require_free(self, account):
        own = self._accounts[account]
        if own >= self._most_each or len(self._bells) >= self._most:
            raise exceptions.Unavailable(
                f'{len(self._bells)} requests wait for events already, {own} of them '
                'yours; ask without wait, or again later',
                code='flocx.unavailable.waits',
            )

    def _look(self):
        pause = threading.Event()
        while True:
            with self._lock:
                if not self._bells:
                    self._looking = False
                    return
            try:
                with self._database.reader() as session:
                    found = events.parties(session, self._last)
            except db.ERRORS:
                LOG.warning('The events cannot be read just now', exc_info=True)
                pause.wait(AWAY_INTERVAL)
                continue
            if found:
                self._last = found[-1].id
                self._ring({party for row in found for party in row[1:]})
            pause.wait(LOOK_INTERVAL)

    def _ring(self, parties):
        with self._lock:
            for bell, waiting in self._bells.items():
                if waiting.project_id is None or waiting.project_id in parties:
                    bell.set()
