# SPDX-License-Identifier: Apache-2.0
"""What the ledger does by itself: monthly grants, bills, low and empty accounts.

It is a step of ``flocx-market-worker``. Any number of workers may do it at once: what
was done is found done.
"""

import datetime
import decimal

from oslo_log import log

from flocx import db
from flocx import exceptions
from flocx.core import contract as contract_core
from flocx.core import ledger as core
from market import conf as market_conf
from market.db import billing
from market.db import contracts
from market.db import exhausted
from market.db import grants
from market.db import ledger
from market.db import lifecycle
from market.db import listing
from market.db import visibility

LOG = log.getLogger(__name__)

REASON = contract_core.Reason.BUDGET_EXHAUSTED

#: Lines that are charged in one transaction: locks stay short.
BATCH = 200


class Bookkeeping:
    """Looks after the ledger of one database; :meth:`run` is a step of a loop."""

    def __init__(self, conf, database):
        self._conf, self._database = conf, database

    def run(self, now):
        """Do what is due at ``now``; return when to look again."""
        self._renew(core.month(now), now)
        self._close_months(now)
        if self._conf.ledger.enforce:
            self._tell(now)
            if self._conf.ledger.at_zero == 'end':
                self._end(now)
        return now + datetime.timedelta(seconds=self._conf.ledger.interval)

    def _renew(self, month, now):
        with self._database.reader() as session:
            due = grants.due(session, month)
        while due:
            for grant in due:
                self._renew_one(grant, month, now)
            with self._database.reader() as session:
                due = grants.due(session, month)

    @db.retried
    def _renew_one(self, grant, month, now):
        with self._database.writer() as session:
            grants.renew(session, grant, month, now)

    def _close_months(self, now):
        while month := self._next_month(now):
            close_month(self._database, month, now)

    @db.retried
    def _next_month(self, now):
        with self._database.writer() as session:
            after = datetime.timedelta(seconds=self._conf.ledger.close_after)
            return billing.next_month(session, now, after)

    @db.retried
    def _tell(self, now):
        low = decimal.Decimal(self._conf.ledger.low_balance)
        with self._database.writer() as session:
            exhausted.tell(session, low, now)

    def _end(self, now):
        """End contracts of projects that are below their limit, the newest first."""
        with self._database.reader() as session:
            projects = exhausted.below_limit(session)
        for project_id in projects:
            self._end_of(project_id, now)

    def _end_of(self, project_id, now):
        with self._database.reader() as session:
            uuids = exhausted.running(session, project_id)
        notice = market_conf.terms(self._conf).notice
        for uuid in uuids:
            if not self._end_one(project_id, uuid, notice, now):
                return

    @db.retried
    def _end_one(self, project_id, uuid, notice, now):
        """End a contract, if its project is still below its limit: whether it was."""
        try:
            with self._database.writer() as session:
                if not exhausted.is_below_limit(session, project_id):
                    return False
                contract = contracts.get(session, uuid, visibility.OPERATOR)
                lifecycle.close(session, contract, now, notice, REASON)
        except exceptions.Conflict as error:
            LOG.info('Contract %s does not end yet: %s', uuid, error)
        return True


def close_month(database, month, now, progress=None):
    """Book what is due for ``month`` and close it: it never changes any more.

    :param progress: called with how many of how many lines were looked at.
    """
    with database.reader() as session:
        uuids = billing.lines_of(session, month)
    booked = done = 0
    for part in listing.parts(uuids, BATCH):
        booked += _charge(database, part, month, now)
        done += len(part)
        if progress:
            progress(done, len(uuids))
    _close(database, month)
    LOG.info('The month %s is closed: %s bookings of usage', month, booked)
    return booked


@db.retried
def _charge(database, uuids, month, now):
    with database.writer() as session:
        return billing.charge(session, uuids, month, now)


@db.retried
def _close(database, month):
    with database.writer() as session:
        ledger.close_through(session, month)
