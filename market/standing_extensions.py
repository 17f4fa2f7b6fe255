# SPDX-License-Identifier: Apache-2.0
"""Contracts that are extended by themselves, as long as the price allows it.

Who wants to keep servers says until when, and up to what price. Some time before each
end more time of the same servers is bought, at what extending costs anybody. Where that
cannot be, the renter is told while there is time, and it is tried again until the end.
"""

import dataclasses
import datetime

from oslo_log import log

from flocx import db
from flocx import exceptions
from flocx.core import contract as core
from flocx.core import window
from market import conf as market_conf
from market import extensions
from market.db import contracts
from market.db import offers
from market.db import rescheduling
from market.db import turnarounds
from market.db import visibility

LOG = log.getLogger(__name__)

#: Why an end could not be moved, by the code of the error.
_REFUSALS = {
    'flocx.conflict': core.ExtendRefusal.NOT_RUNNING,
    'flocx.conflict.not_free': core.ExtendRefusal.NOT_FREE,
    'flocx.conflict.price': core.ExtendRefusal.PRICE,
    'flocx.conflict.reclaimed': core.ExtendRefusal.RECLAIMED,
    'flocx.quota': core.ExtendRefusal.QUOTA,
    'flocx.budget': core.ExtendRefusal.BUDGET,
}


def of_bid(given):
    """What a bid says of it, complete; ``given`` are the fields of a new bid.

    :raises Invalid: it says when not, or no time after its end.
    """
    return _terms(given, given['end_time'], given['price'])


def of_changed_bid(bid, values):
    """The same of a bid as ``values`` change it.

    :raises Invalid: as :func:`of_bid`.
    """
    names = ('extend_until', 'extend_max_price')
    wanted = {name: values.get(name, getattr(bid, name)) for name in names}
    if 'extend_until' in values and values['extend_until'] is None:
        # What it was to cost then goes with it.
        wanted['extend_max_price'] = values.get('extend_max_price')
    end, price = (
        values.get(name, getattr(bid, name)) for name in ('end_time', 'price')
    )
    return dict.fromkeys(names) | _terms(wanted, end, price)


def of_contract(contract, body, lineage):
    """``contract``, which is being made, with what a claim says of it.

    :param lineage: the project and its ancestors.
    :raises Invalid: it says when not, or no time after its end.
    """
    wanted = _terms(body, contract.end_time, _price(contract))
    if not wanted:
        return contract
    return dataclasses.replace(contract, **wanted, lineage=tuple(lineage))


def changed(contract, body, lineage):
    """What a change of a contract changes of it, by column.

    :param body: what is asked for: an end, or what to do at the end, or both.
    :raises Invalid: there is no such time, or nothing to change.
    """
    end = body.get('end_time') or contract.end_time
    if 'extend_until' in body:
        if body['extend_until'] is None:
            return dict(core.NOT_EXTENDED)
        wanted = _terms(body, end, contract.extend_max_price or _price(contract))
        return core.NOT_EXTENDED | wanted | {'lineage': tuple(lineage)}
    if body.get('extend_max_price') is not None:
        if not contract.extend_until:
            raise exceptions.Invalid(
                'extend_until: missing; extend_max_price says up to what price'
            )
        return {'extend_max_price': body['extend_max_price']}
    if contract.extend_until and end < contract.end_time:
        # Who wants it to end earlier does not want it to go on.
        return dict(core.NOT_EXTENDED)
    return {}


def require_later(until, end):
    """Nothing, if ``until`` is None or after ``end``.

    :raises Invalid: it is not.
    """
    if until and until <= end:
        raise exceptions.Invalid(
            f'extend_until: {window.text(until)} is not after end_time, '
            f'{window.text(end)}'
        )


def _terms(given, end, price):
    until, most = given.get('extend_until'), given.get('extend_max_price')
    if until is None:
        if most is not None:
            raise exceptions.Invalid(
                'extend_until: missing; extend_max_price says up to what price'
            )
        return {}
    require_later(until, end)
    return {
        'extend_until': until,
        'extend_max_price': price if most is None else most,
    }


def _price(contract):
    """What an hour of its dearest server costs at the end.

    :raises Conflict: it has none any more.
    """
    prices = [
        line.segments[-1][1]
        for line in contract.lines
        if line.segments and line.status not in core.CLOSED
    ]
    if not prices:
        raise exceptions.Conflict(
            f'Contract {contract.uuid} is {contract.status}: it cannot go on'
        )
    return max(prices)


class StandingExtensions:
    """Extends the contracts of one database; :meth:`run` is a step of a loop.

    Any number of workers may do it at once: who comes second finds the end moved.
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
        """Do what is due at ``now``; return when to look again."""
        with self._database.reader() as session:
            due = rescheduling.to_extend(session, now, now + self._lead)
        for uuid in due:
            try:
                self._extend(uuid, now)
            except (exceptions.NotFound, exceptions.Unavailable) as error:
                LOG.warning('Contract %s is extended later: %s', uuid, error)
        return now + datetime.timedelta(seconds=self._conf.market.extend_interval)

    def _extend(self, uuid, now):
        try:
            self._bought(uuid, now)
        except (
            exceptions.Conflict,
            exceptions.Forbidden,
            exceptions.Invalid,
        ) as error:
            if error.code == 'flocx.conflict.generation':
                LOG.info('Contract %s is extended later: %s', uuid, error)
                return
            refusal = _REFUSALS.get(error.code, core.ExtendRefusal.TERMS)
            self._refused(uuid, refusal, str(error), now)

    @db.retried
    def _bought(self, uuid, now):
        """Move the end of a contract, unless somebody else has.

        :raises Conflict, Forbidden, Invalid: that cannot be.
        """
        terms = market_conf.terms(self._conf)
        limits = self._limits(uuid)
        with self._database.writer() as session:
            contract = contracts.get(session, uuid, visibility.OPERATOR)
            if not self._is_due(contract, now):
                return
            step = datetime.timedelta(seconds=self._conf.market.extend_step)
            end = min(contract.end_time + step, contract.extend_until)
            free = offers.free_after(
                session, contract, now, turnarounds.current(session, terms)
            )
            if contract.end_time < free < end:
                # Better some of it than nothing.
                end = free
            contract = extensions.move_end(
                session,
                contract,
                end,
                now,
                conf=self._conf,
                terms=terms,
                lineage=contract.lineage,
                max_price=contract.extend_max_price,
                also={'extend_refusal': None},
            )
            self._quotas.check_extended(session, contract, limits, now)

    def _limits(self, uuid):
        """The quotas.Limits of who has it.

        :raises Unavailable: Keystone does not tell.
        """
        with self._database.reader() as session:
            contract = contracts.get(session, uuid, visibility.OPERATOR)
        return self._quotas.limits_of(
            self._database, self._projects, contract.project_id
        )

    def _is_due(self, contract, now):
        return (
            contract.extend_until
            and now < contract.end_time <= now + self._lead
            and contract.end_time < contract.extend_until
        )

    @db.retried
    def _refused(self, uuid, refusal, detail, now):
        """Tell the renter why it is not extended, once for each reason."""
        try:
            with self._database.writer() as session:
                contract = contracts.get(session, uuid, visibility.OPERATOR)
                if self._is_due(contract, now) and contract.extend_refusal != refusal:
                    LOG.info('Contract %s is not extended: %s', uuid, detail)
                    rescheduling.arrange(
                        session,
                        contract,
                        now,
                        'not_extended',
                        {
                            'reason': refusal,
                            'detail': detail,
                            'end_time': window.text(contract.end_time),
                        },
                        extend_refusal=refusal,
                    )
        except exceptions.Conflict as error:
            LOG.info('Contract %s: %s', uuid, error)
