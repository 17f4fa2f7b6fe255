# SPDX-License-Identifier: Apache-2.0
"""The terms of contracts that an engine keeps to: those that the market publishes."""

from oslo_log import log

from flocx.core import turnaround
from market.db import terms
from market.db import turnarounds

LOG = log.getLogger(__name__)


class MarketTerms:
    """What a market has written in the database of its engines."""

    def __init__(self, conf):
        self._configured = conf.contracts.turnaround
        self._warned = False

    def turnaround(self, session):
        """What stays free between two contracts of a server, a Turnaround.

        Before a market of this release has started it is the option of earlier
        releases, and after that the option is ignored.
        """
        published = terms.published(session)
        if published is None:
            return turnaround.Turnaround(self._configured)
        if self._configured not in (0, published.turnaround) and not self._warned:
            LOG.warning(
                '[contracts] turnaround = %s of the auction engine is ignored: the '
                'market has published %s. Remove the option from the configuration of '
                'the engine',
                self._configured,
                published.turnaround,
            )
            self._warned = True
        return turnarounds.current(session, published)
