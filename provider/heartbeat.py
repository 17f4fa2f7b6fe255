# SPDX-License-Identifier: Apache-2.0
"""Tells the market now and then that the provider is at work.

Where nothing is due a fulfiller that has died looks like one that waits. So each pass
reports, however little it finds, and a long one after each server: not every pass, for
those are woken by whatever happens.
"""

import datetime
import threading

from oslo_log import log

from flocx import exceptions

LOG = log.getLogger(__name__)

#: After how many seconds at most the market is told again, unless passes are rarer.
INTERVAL = 60


class Heartbeat:
    """Reports for one fulfiller; of several of one provider each does."""

    def __init__(self, conf, marketplace):
        """:param conf: the options of ``[provider]``."""
        self._marketplace, self._lock = marketplace, threading.Lock()
        self._conf, self._last = conf, None

    def beat(self, now):
        """Report at ``now``, unless half of the interval is not over yet.

        What fails is tried again by the next one: it does not keep a pass from its
        work.
        """
        interval = max(INTERVAL, round(self._conf.fulfil_interval))
        with self._lock:
            half = datetime.timedelta(seconds=interval / 2)
            if self._last is not None and self._last <= now < self._last + half:
                return
            self._last = now
        try:
            self._marketplace.present(interval)
        except exceptions.FlocxError as error:
            LOG.info('The market is not told that this provider is at work: %s', error)
