# SPDX-License-Identifier: Apache-2.0
"""Counts the providers that have gone silent, for who watches the metrics."""

from oslo_log import log

from flocx import metrics
from market.db import lag

LOG = log.getLogger(__name__)

#: Seconds between two looks.
INTERVAL = 60


class Presence:
    """Looks at the providers of one database; :meth:`run` is a step of a loop."""

    def __init__(self, database):
        self._database, self._silent = database, set()

    def run(self, now):
        """Count the providers that are silent at ``now``, and log what is new."""
        with self._database.reader() as session:
            silent = set(lag.silent(session, now))
        for ident in sorted(silent - self._silent):
            LOG.warning('Nothing is heard of provider %s any more', ident)
        for ident in sorted(self._silent - silent):
            LOG.info('Provider %s is heard of again, or has nothing open', ident)
        self._silent = silent
        metrics.PROVIDERS_SILENT.set(len(silent))
