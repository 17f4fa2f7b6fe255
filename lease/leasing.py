# SPDX-License-Identifier: Apache-2.0
"""Leases as esi-leap's API makes, moves and ends them: contracts of one line."""

import datetime

from flocx import db
from flocx import exceptions
from flocx.core import offer as offer_core
from flocx.core import window
from lease import ending
from lease import offering
from lease import statuses
from market import claims
from market import extensions
from market import giving
from market.db import budgets
from market.db import contracts
from market.db import events
from market.db import leases
from market.db import offers
from market.db import rescheduling
from market.db import servers
from market.db import turnarounds
from market.db import visibility


def claim(service, context, reader, ident, body, now):
    """Lease the server of an offer; return the lease.

    :param body: what the request says: ``name``, ``purpose``, ``start_time`` and
        ``end_time``, each of which may be missing.
    :raises Conflict: the time is not free, or the offer is the caller's own.
    :raises Forbidden: it is longer than the caller may have it.
    """
    limits = service.market.quotas.limits(context)
    terms = service.market.terms
    return _claim(service, context, reader, ident, body, now, limits, terms)


@db.retried
def _claim(service, context, reader, ident, body, now, limits, terms):
    with service.database.writer() as session:
        offer = leases.offer(
            session,
            ident,
            reader,
            service.provider_id,
            {offer_core.Status.AVAILABLE},
        )
        contract = _contract(service, session, offer, context, body, now, terms)
        costs = claims.costs(contract, now)
        service.market.quotas.check(session, context.project_id, limits, now, **costs)
        if service.conf.ledger.enforce:
            contract = budgets.with_holds(contract)
        contracts.write(session, contract, {offer.uuid: offer.generation}, now)
        return leases.Lease(contract.lines[0], contract.name, contract.purpose)


def give(service, context, body, now):
    """Lease a server of the caller's to another project; return the lease.

    It becomes an offer to that project and a contract for all of its time, in one
    transaction. The offer is closed with it: nothing more is to be had of it.

    :param body: as :func:`lease.offering.draft` has it, with ``project_id`` and
        ``purpose``.
    :raises Conflict: the time of the server is offered or leased already.
    :raises Forbidden: it is longer than the caller may give it.
    """
    terms = service.market.terms
    body = dict(body)
    body['lessee_id'] = body.pop('project_id')
    named = {name: body.pop(name, None) for name in ('name', 'purpose')}
    start = max(body.get('start_time') or now, now)
    body['end_time'] = _end(service, context, body, start)
    offer, name = offering.draft(service, context, now, body, '0')
    named |= {'start': start, 'end': body['end_time']}
    return _give(service, offer, name, now, terms, named)


@db.retried
def _give(service, offer, server_name, now, terms, named):
    with service.database.writer() as session:
        contract = giving.give(session, offer, now, terms, **named)
        servers.name_all(session, {offer.server: server_name})
        return leases.Lease(contract.lines[0], contract.name, contract.purpose)


def _contract(service, session, offer, context, wanted, now, terms):
    """The contract of the caller for the time that they ask for."""
    turnaround = turnarounds.current(session, terms)
    taken = offers.held(session, [offer], now, turnaround)
    moment = events.not_before(session, now)
    free = offers.free(offer, taken, moment)
    start = max(wanted.get('start_time') or moment, moment)
    end = _end(service, context, wanted, start)
    if not wanted.get('end_time'):
        held = [each.end for each in free if each.start <= start < each.end]
        end = min([end, *held])
    return claims.contract(
        [(offer, free)],
        context,
        moment,
        terms,
        start=start,
        end=end,
        name=wanted.get('name'),
        purpose=wanted.get('purpose'),
    )


def _end(service, context, wanted, start):
    """The end that is asked for, or the usual one.

    :raises Forbidden: it is too late for anybody but an administrator.
    """
    conf, end = service.conf.lease, wanted.get('end_time')
    if end is None:
        return start + datetime.timedelta(seconds=conf.default_lease_time)
    longest = datetime.timedelta(seconds=conf.max_lease_time)
    if end - start > longest and not is_admin(service, context):
        raise exceptions.Forbidden(
            'Attempted to create lease with an invalid time range. The max time range '
            f'is {longest.total_seconds() / 86400:g} days.'
        )
    return end


def is_admin(service, context):
    """Whether the caller has all rights at the site's leases."""
    return service.policy.allows(context, 'lease:admin', {})


def reader(service, context):
    """As whom the caller sees offers and leases."""
    return visibility.OPERATOR if is_admin(service, context) else context


@db.retried
def delete(service, context, ident, now):
    """End a lease, as its lessee, its owner or an administrator."""
    terms = service.market.terms
    with service.database.writer() as session:
        found = leases.lease(
            session, ident, reader(service, context), service.provider_id
        )
        line = found.line
        if statuses.of_line(line, now) not in statuses.LEASE_CAN_DELETE:
            raise exceptions.NotFound(f'Lease with name or uuid {ident} not found.')
        owns = context.project_id in (line.project_id, line.owner_id)
        party = context.project_id if owns else line.project_id
        service.policy.authorize(context, 'lease:leases:delete', {'project_id': party})
        ending.end(session, context, line, now, terms)


def update(service, context, ident, end, now):
    """Move the end of a lease; return the lease.

    :raises Conflict: the time is not free, or not of its offer any more.
    :raises Invalid: the end is past, or not after the start.
    """
    with service.database.reader() as session:
        found = leases.lease(
            session, ident, reader(service, context), service.provider_id
        )
    project_id = found.line.project_id
    service.policy.authorize(context, 'lease:leases:update', {'project_id': project_id})
    lineage = _lineage(service, project_id)
    return _update(service, context, ident, end, now, lineage)


def _lineage(service, project_id):
    """A project and what is above it, as far as Keystone tells."""
    try:
        return (project_id, *service.market.projects.ancestors(project_id))
    except (exceptions.NotFound, exceptions.Unavailable):
        return (project_id,)


@db.retried
def _update(service, context, ident, end, now, lineage):
    terms = service.market.terms
    with service.database.writer() as session:
        found = leases.lease(
            session, ident, reader(service, context), service.provider_id
        )
        contract = contracts.get(session, found.line.contract_uuid, visibility.OPERATOR)
        if len(contract.lines) > 1:
            raise exceptions.Conflict(
                f'Lease {found.line.uuid} is one of {len(contract.lines)} of contract '
                f'{contract.uuid}: move the end of the whole contract (openstack '
                'market contract set)'
            )
        turnaround = turnarounds.current(session, terms)
        pricing = extensions.Pricing(
            session,
            contract,
            lineage,
            now,
            turnaround,
            service.conf.market.book_tick_ratio,
        )
        if end > contract.end_time and service.conf.ledger.enforce:
            contract = budgets.adopt(session, contract, now)
        contract = rescheduling.reschedule(
            session, contract, end, now, pricing, turnaround
        )
        claims.require_length(
            window.Window(contract.start_time, contract.end_time), terms
        )
        return leases.Lease(contract.lines[0], contract.name, contract.purpose)
