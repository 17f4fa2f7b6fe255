# SPDX-License-Identifier: Apache-2.0
"""The options of ``[contracts]``, published where the auction engines read them."""

from oslo_log import log

from flocx import db
from market import conf as market_conf
from market.db import terms

LOG = log.getLogger(__name__)


class PublishedTerms:
    """The terms that are configured; they are in the database before they are used."""

    def __init__(self, conf, database):
        self._conf, self._database = conf, database
        self._published = None

    def current(self):
        """The ``flocx.core.contract.Terms`` that contracts keep to from now on."""
        wanted = market_conf.terms(self._conf)
        if wanted != self._published:
            self.publish()
        return wanted

    @db.retried
    def publish(self):
        """Write them to the database, whatever it has."""
        wanted = market_conf.terms(self._conf)
        with self._database.writer() as session:
            terms.publish(session, wanted)
        self._published = wanted


def publish_at_start(conf):
    """Publish the terms as a process starts, if the database is there by then.

    Otherwise it is done before the first request that needs them. The connection is
    closed again: a WSGI server may fork afterwards.
    """
    database = db.Database(conf.database.connection, patient=False)
    try:
        PublishedTerms(conf, database).publish()
        database.engine.dispose()
    except db.ERRORS as error:
        LOG.info(
            'The terms of contracts are published later; the database is not ready: %s',
            type(error).__name__,
        )
