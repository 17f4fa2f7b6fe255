# SPDX-License-Identifier: Apache-2.0
"""Wake those who wait for an event, as soon as there is one that is theirs.

However many wait in a process, one thread looks for all of them, and only while
somebody does.
"""

import contextlib
import threading

from oslo_log import log

from flocx import db
from market.db import events

LOG = log.getLogger(__name__)

#: How often the database is asked for events, in seconds, and how often while it
#: does not answer.
LOOK, AWAY = 0.02, 1


class Feed:
    """Rings for what is committed to one database."""

    def __init__(self, database):
        self._database = database
        self._lock = threading.Lock()
        #: By bell, the project that it rings for, None for any.
        self._bells = {}
        self._looking, self._last = False, 0

    @contextlib.contextmanager
    def bell(self, reader):
        """A threading.Event that is set when ``reader`` may have something to read.

        It rings for all that is committed after the block has begun, perhaps for
        more; what was committed before is to be read.
        """
        bell = threading.Event()
        wanted = None if reader.is_admin or reader.provider_id else reader.project_id
        with self._lock:
            if not self._looking:
                # Before the caller reads, or what comes in between would be missed.
                with self._database.reader() as session:
                    self._last = events.last_id(session)
                self._looking = True
                threading.Thread(target=self._look, daemon=True).start()
            self._bells[bell] = wanted
        try:
            yield bell
        finally:
            with self._lock:
                del self._bells[bell]

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
                pause.wait(AWAY)
                continue
            if found:
                self._last = found[-1].id
                self._ring({party for row in found for party in row[1:]})
            pause.wait(LOOK)

    def _ring(self, parties):
        with self._lock:
            for bell, wanted in self._bells.items():
                if wanted is None or wanted in parties:
                    bell.set()
