# SPDX-License-Identifier: Apache-2.0
"""Buys for standing demands: so many servers are held until told otherwise.

Each server is a contract of its own. Some time before it ends, more of its time is
bought, at what extending costs anybody; where that cannot be, an ordinary bid is made
for another server. So quotas, budgets, announcements, the engine and usage know nothing
of it. A purchase is one transaction, which begins by locking the demand and looking at
what it has by then: who comes second, or again after a crash, finds nothing lacking.
"""

import datetime

from oslo_log import log
from oslo_utils import uuidutils

from flocx import db
from flocx import exceptions
from flocx.core import bid as bid_core
from flocx.core import ledger
from flocx.core import standing_demand as core
from flocx.core import window
from market import bidding
from market import conf as market_conf
from market import extensions
from market.db import standing_demands
from market.db import visibility

LOG = log.getLogger(__name__)

_SECOND = datetime.timedelta(seconds=1)
#: Somebody was faster, or something does not answer: the next look tries it again.
_LATER = ('flocx.conflict', 'flocx.conflict.generation')


class StandingDemands:
    """Buys for the standing demands of one database; :meth:`run` is a step of a loop.

    Any number of workers may do it at once.
    """

    def __init__(self, conf, database, quotas, projects):
        """:param quotas: a market.quotas.Quotas.
        :param projects: a market.projects.Projects.
        """
        self._conf, self._database = conf, database
        self._quotas, self._projects = quotas, projects

    @property
    def _lead(self):
        return datetime.timedelta(seconds=self._conf.market.extend_lead)

    def run(self, now):
        """Buy what is lacking at ``now``; return when to look again."""
        # What is bought begins with a whole second, and not in the past.
        begin = now.replace(microsecond=0)
        begin += _SECOND if now > begin else 0 * _SECOND
        with self._database.reader() as session:
            uuids = standing_demands.active(session)
        for uuid in uuids:
            try:
                self._buy_all(uuid, begin, now)
            except (exceptions.NotFound, exceptions.Unavailable) as error:
                LOG.warning('Standing demand %s is looked at later: %s', uuid, error)
        return now + datetime.timedelta(seconds=self._conf.market.extend_interval)

    def _buy_all(self, uuid, begin, now):
        """Buy server by server, until nothing is lacking or something is refused."""
        if not self._is_due(uuid, begin):
            return
        # Keystone is asked before a transaction begins.
        limits, fixed = self._limits(uuid), set()
        while True:
            try:
                if not self._bought(uuid, begin, now, limits, fixed):
                    return
            except _NotExtended as error:
                LOG.info('Contract %s does not go on: %s', error.uuid, error)
                fixed.add(error.uuid)
            except (
                exceptions.Conflict,
                exceptions.Forbidden,
                exceptions.Invalid,
            ) as error:
                if error.code in _LATER:
                    LOG.info('Standing demand %s is looked at later: %s', uuid, error)
                else:
                    self._refused(uuid, error, now)
                return

    def _is_due(self, uuid, begin):
        """Whether something is lacking, or the demand is over."""
        with self._database.reader() as session:
            demand = standing_demands.get(session, uuid, visibility.OPERATOR)
            if demand.end_time and demand.end_time <= begin:
                return True
            return self._lacking(session, demand, begin) is not None

    @db.retried
    def _bought(self, uuid, begin, now, limits, fixed):
        """Whether something was lacking, and was bought.

        :param fixed: contracts, by uuid, whose end cannot be moved.
        :raises Conflict, Forbidden, Invalid: it cannot be.
        """
        with self._database.writer() as session:
            demand = standing_demands.locked(session, uuid)
            if demand is None or demand.status != core.Status.ACTIVE:
                return False
            if demand.end_time and demand.end_time <= begin:
                standing_demands.end(session, demand, now)
                return False
            stretch = self._lacking(session, demand, begin)
            if stretch is None:
                return False
            contract = stretch.start > begin and standing_demands.contract_until(
                session, demand, stretch.start, fixed
            )
            if contract:
                self._extend(session, demand, contract, stretch, now, limits)
            else:
                self._bid(session, demand, stretch, begin, now, limits)
            if demand.refusal:
                values = {'refusal': None, 'detail': None}
                standing_demands.change(session, demand, 'changed', now, **values)
            return True

    def _lacking(self, session, demand, begin):
        """The stretch of time for which the demand lacks a server, or None."""
        length = datetime.timedelta(seconds=demand.duration)
        terms = market_conf.terms(self._conf)
        taken = standing_demands.taken(session, demand)
        limits = demand.quantity, begin, begin + self._lead
        least = datetime.timedelta(seconds=terms.min_length)
        until = demand.end_time or window.OPEN_END
        stretch = core.lacking(taken, *limits, length, least, until)
        if stretch and stretch.start == begin:
            # What begins at once may begin a little later: a bid needs time to be met.
            stretch = core.lacking(taken, *limits, length + self._lead, least, until)
        return stretch

    def _extend(self, session, demand, contract, stretch, now, limits):
        """Buy more time of a server that the demand holds.

        :raises _NotExtended: that cannot be.
        """
        try:
            contract = extensions.move_end(
                session,
                contract,
                stretch.end,
                now,
                conf=self._conf,
                terms=market_conf.terms(self._conf),
                lineage=demand.lineage,
                max_price=demand.max_price,
            )
            self._quotas.check_extended(session, contract, limits, now)
        except exceptions.FlocxError as error:
            if isinstance(error, exceptions.Unavailable) or error.code in _LATER[1:]:
                raise
            raise _NotExtended(contract.uuid, str(error)) from error

    def _bid(self, session, demand, stretch, begin, now, limits):
        terms = market_conf.terms(self._conf)
        duration = stretch.seconds
        if stretch.start == begin:
            slack = round(self._lead.total_seconds())
            shorter = max(terms.min_length, duration - slack, duration // 2)
            duration = min(demand.duration, duration, shorter)
        bid = bid_core.Bid(
            uuid=uuidutils.generate_uuid(),
            name=demand.name,
            project_id=demand.project_id,
            lineage=demand.lineage,
            start_time=stretch.start,
            end_time=stretch.end,
            duration=duration,
            price=demand.max_price,
            requirements=demand.requirements,
            resource_class=demand.resource_class,
            min_reclaim_notice=demand.min_reclaim_notice,
            purpose=demand.purpose,
            hold=(
                ledger.most(demand.max_price, 1, duration)
                if self._conf.ledger.enforce
                else ledger.ZERO
            ),
            created_at=now,
            updated_at=now,
        )
        bidding.require_possible(bid, terms, now)
        bidding.place(session, bid, self._quotas, limits, now)
        standing_demands.record(session, demand, bid)

    def _limits(self, uuid):
        """The quotas.Limits of who has it.

        :raises Unavailable: Keystone does not tell.
        """
        with self._database.reader() as session:
            demand = standing_demands.get(session, uuid, visibility.OPERATOR)
        return self._quotas.limits_of(self._database, self._projects, demand.project_id)

    @db.retried
    def _refused(self, uuid, error, now):
        """Tell the project why nothing is bought, once for each reason."""
        try:
            with self._database.writer() as session:
                demand = standing_demands.locked(session, uuid)
                if demand and demand.status == core.Status.ACTIVE:
                    if demand.refusal == error.code:
                        return
                    LOG.info('Nothing is bought for demand %s: %s', uuid, error)
                    values = {'refusal': error.code, 'detail': str(error)}
                    standing_demands.change(session, demand, 'refused', now, **values)
        except exceptions.Conflict as conflict:
            LOG.info('Standing demand %s: %s', uuid, conflict)


class _NotExtended(Exception):
    """More time of a server that is held cannot be bought."""

    def __init__(self, uuid, text):
        super().__init__(text)
        self.uuid = uuid
