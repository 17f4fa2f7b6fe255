# SPDX-License-Identifier: Apache-2.0
"""Offers in the database."""

import collections
import dataclasses
import datetime
import functools

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import blocks
from flocx.core import contract as contract_core
from flocx.core import maintenance as maintenance_core
from flocx.core import offer as offer_core
from flocx.core import states
from flocx.core import turnaround as turnaround_core
from flocx.core import window
from market.db import block_members
from market.db import concurrency
from market.db import events
from market.db import listing
from market.db import outages
from market.db import schema
from market.db import servers
from market.db import visibility

_TABLE = schema.offers
_INSERT = sa.insert(_TABLE)

_AVAILABLE = (
    sa.select(_TABLE)
    .where(
        _TABLE.c.status == offer_core.Status.AVAILABLE,
        _TABLE.c.end_time > sa.bindparam('now'),
    )
    .order_by(_TABLE.c.id)
)
_AVAILABLE_AMONG = _AVAILABLE.where(
    _TABLE.c.uuid.in_(sa.bindparam('uuids', expanding=True))
)
_EXPIRED = (
    sa.select(_TABLE)
    .where(
        _TABLE.c.status.in_(sorted(offer_core.OPEN)),
        _TABLE.c.end_time <= sa.bindparam('now'),
    )
    .limit(1000)
)

SLOT = ('provider_id', 'resource_type', 'resource_uuid', 'sublet_of')
_BACK_TO_BACK = turnaround_core.Turnaround()
_INSTANT = schema.contract_lines.c.start_time.type

#: How many rows a search by hardware reads at a time, or at all.
_ROWS_PER_READ = 1000


def add(session, offer, now):
    """Store a new offer.

    :returns: the offer as it is stored, and whether its server was never offered
        before.

    :raises Conflict: another open offer of the server has some of its time, or the
        project does not rent the server for all of it.
    :raises NotFound: the project does not rent it by the line ``sublet_of``.
    """
    fresh = servers.lock(session, {offer.server})
    refused, stored = _add(session, [offer], fresh, now)
    for refusal in refused.values():
        raise refusal
    return stored[0], bool(fresh)


def add_all(session, wanted, now):
    """Store new offers, as many as can be.

    :returns: {uuid: the error} of those whose time another open offer of the server
        has, be it one of ``wanted`` that comes before, or that cannot be sub-let.
    """
    fresh = servers.lock(session, {offer.server for offer in wanted})
    refused, _ = _add(session, wanted, fresh, now)
    return refused


def _add(session, wanted, fresh, now):
    """:func:`add_all` for servers that are locked, of which ``fresh`` are new."""
    refused, new = {}, []
    known = [offer for offer in wanted if offer.server not in fresh]
    others = servers.offered(session, known)
    members = block_members.of(session, wanted, now)
    for offer in wanted:
        try:
            offer = servers.require_rented(session, offer)
            servers.require_alone(offer, others)
            blocks.require_room(offer, members[blocks.key(offer)])
        except (exceptions.Conflict, exceptions.NotFound) as error:
            refused[offer.uuid] = error
        else:
            others[offer.slot].append(offer)
            members[blocks.key(offer)].append(offer)
            new.append(offer)
    if new:
        session.execute(_INSERT, [listing.fields(offer) for offer in new])
    for offer in new:
        events.of_offer(session, 'published', offer, now)
    return refused, new


def reschedule(session, offer, now, **values):
    """Change the terms of an available offer; return it.

    Contracts that were made from it stay as they are.

    :raises Conflict: it is not available, or another offer has the time.
    :raises Invalid: the end is past, or not after the start.
    """
    if offer.status != offer_core.Status.AVAILABLE:
        raise exceptions.Conflict(
            f'Offer {offer.uuid} is {offer.status} and cannot be changed'
        )
    changed = dataclasses.replace(offer, **values)
    if changed.window.since(now) is None:
        raise exceptions.Invalid(f'end_time: {window.text(changed.end_time)} is past')
    changed.require_terms()
    if changed.end_time > offer.end_time:
        servers.lock(session, {offer.server})
        servers.require_alone(changed, servers.offered(session, [changed]))
    if changed.end_time > offer.end_time or 'reclaim_notice' in values:
        rented = servers.require_rented(session, changed)
        values['reclaim_notice'] = rented.reclaim_notice
    return change(session, offer, 'changed', now, **values)


def get(session, ident, reader):
    """The offer of this uuid or name that ``reader`` may see."""
    row = listing.one(session, _TABLE, ident, visibility.offers, reader, 'Offer')
    return listing.from_row(offer_core.Offer, row)


def page(session, reader, query, where=(), suits=None):
    """A page of the offers that ``reader`` may see.

    :param suits: whether a hardware document is wanted; None for all.
    """
    visible = visibility.offers_found({name for name, _, _ in query.filters})
    pick = suits and (lambda rows: (row for row in rows if suits(row.properties)))
    rows = listing.search(session, _TABLE, visible, reader, query, where, pick)
    return [listing.from_row(offer_core.Offer, row) for row in rows]


def free_during(now, start, end=None, turnaround=_BACK_TO_BACK):
    """Conditions: free without a break from ``start`` to ``end``, or at ``start``.

    It means what :func:`held` and :func:`free` do, so that what is found by a time
    shows that time among its availabilities.
    """
    start = max(start, now)
    busy = functools.partial(_busy, now=now, start=start, end=end, gaps=turnaround)
    mates = _TABLE.alias('mates')
    same = (
        mates.c.provider_id == _TABLE.c.provider_id,
        mates.c.project_id == _TABLE.c.project_id,
        mates.c.block == _TABLE.c.block,
        mates.c.status.in_(sorted(offer_core.OPEN)),
        mates.c.end_time > now,
    )
    count = sa.select(sa.func.count()).select_from(mates).where(*same).scalar_subquery()
    # Schedules cannot be compared on all databases; who differs in these is shown.
    differing = [
        mates.c[name].is_distinct_from(_TABLE.c[name])
        for name in blocks.TERMS
        if not name.startswith('ask_')
    ]
    late = mates.c.start_time > start
    closed = mates.c.status != offer_core.Status.AVAILABLE
    within = _TABLE.c.end_time >= end if end else _TABLE.c.end_time > start
    return (
        _TABLE.c.start_time <= start,
        within,
        ~busy(_TABLE),
        sa.or_(
            _TABLE.c.block.is_(None),
            sa.and_(
                count == _TABLE.c.block_size,
                ~sa.exists().where(*same, sa.or_(late, closed, *differing)),
                ~sa.exists().where(*same, busy(mates)),
            ),
        ),
    )


def _busy(offered, now, start, end, gaps):
    """Condition: the server of ``offered``, a table, is held or out of order then.

    :param gaps: what nobody else gets before and after a contract.
    """
    lines = schema.contract_lines

    def by_class(moment, sign):
        """``moment`` with the gap of the line's class before or after it."""
        least = moment + sign * gaps.gap(None)
        if not gaps.by_class:
            return least
        return sa.case(
            {
                name: sa.literal(moment + sign * gaps.gap(name), _INSTANT)
                for name in gaps.by_class
            },
            value=sa.func.coalesce(lines.c.resource_class, ''),
            else_=sa.literal(least, _INSTANT),
        )

    # What is past and not ended yet is held until now, and then the gap. The later of
    # two would be a text to MariaDB, and be compared as such.
    free_by = by_class(start, -1)
    held = sa.or_(lines.c.end_time > free_by, sa.literal(now, _INSTANT) > free_by)
    taken = sa.exists().where(
        lines.c.provider_id == offered.c.provider_id,
        lines.c.resource_type == offered.c.resource_type,
        lines.c.resource_uuid == offered.c.resource_uuid,
        lines.c.sublet_of.is_not_distinct_from(offered.c.sublet_of),
        lines.c.status.in_(contract_core.OPEN),
        held,
        lines.c.start_time < by_class(end, 1)
        if end
        else lines.c.start_time <= by_class(start, 1),
    )
    return sa.or_(taken, outages.during(offered, start, end))


def for_bid(session, bid, price, stay, now, turnaround=_BACK_TO_BACK):
    """The cheapest offers that ``bid`` may take for the time ``stay``, in order.

    They cost no more than ``price``, and have the price that they ask for this time;
    what their hardware is, is not looked at.
    """
    rows = session.execute(
        sa.select(_TABLE)
        .where(
            _TABLE.c.status == offer_core.Status.AVAILABLE,
            sa.or_(_TABLE.c.price <= price, *_by_hour()),
            _TABLE.c.project_id != bid.project_id,
            sa.or_(_TABLE.c.lessee_id.is_(None), _TABLE.c.lessee_id.in_(bid.lineage)),
            _accepted(bid.min_reclaim_notice),
            *_let_for(stay.seconds),
            # One server is wanted, and these are sold only together.
            _TABLE.c.block.is_(None),
            sa.true()
            if bid.resource_class is None
            else _TABLE.c.resource_class == bid.resource_class,
            *free_during(now, stay.start, stay.end, turnaround),
        )
        .order_by(_TABLE.c.price, _TABLE.c.id)
        .limit(_ROWS_PER_READ)
    )
    found = [listing.from_row(offer_core.Offer, row).priced(stay, now) for row in rows]
    return sorted(
        (offer for offer in found if offer.price <= price),
        key=lambda offer: offer.price,
    )


def _by_hour():
    """Conditions: one of them is met where the price is not that of all hours."""
    # JSON is compared in no other way on all databases.
    return (
        _TABLE.c.ask_schedule.is_not(sa.null()),
        _TABLE.c.ask_falls.is_not(sa.null()),
    )


def _accepted(least):
    """Condition: who wants a notice of ``least`` seconds takes it (bid.accepts)."""
    never = _TABLE.c.reclaim_notice.is_(None)
    if least is None:
        return never
    return sa.or_(never, _TABLE.c.reclaim_notice >= least)


def _let_for(seconds):
    """Conditions: it is let for so long (offer.lets)."""
    least, most = _TABLE.c.min_length, _TABLE.c.max_length
    return (
        sa.or_(least.is_(None), least <= seconds),
        sa.or_(most.is_(None), most >= seconds),
    )


def available(session, now, uuids=None):
    """Every offer that can be sold from ``now`` on, in order of arrival.

    :param uuids: only those of them that are among these.
    """
    if uuids is None:
        rows = session.execute(_AVAILABLE, {'now': now})
    else:
        rows = session.execute(_AVAILABLE_AMONG, {'now': now, 'uuids': list(uuids)})
    return [listing.from_row(offer_core.Offer, row) for row in rows]


def on_servers_of(session, contracts):
    """The uuids of the offers of servers that contracts of these uuids have, or had."""
    if not contracts:
        return set()
    lines = schema.contract_lines
    same = ('provider_id', 'resource_type', 'resource_uuid')
    return set(
        session.scalars(
            sa.select(_TABLE.c.uuid)
            .join(lines, sa.and_(*(lines.c[name] == _TABLE.c[name] for name in same)))
            .where(
                lines.c.contract_uuid.in_(contracts),
                _TABLE.c.status == offer_core.Status.AVAILABLE,
            )
        )
    )


def held(session, offers, now, turnaround=_BACK_TO_BACK, but=()):
    """As ``held_alone``, and what of a block is held is so of all of it.

    What is not whole is not to be had at all.
    """
    taken = held_alone(session, offers, now, turnaround, but)
    members = block_members.of(session, offers, now)
    mates = [each for several in members.values() for each in several]
    theirs = mates and held_alone(session, mates, now, turnaround, but)
    for several in members.values():
        of_all = [theirs.get(each.slot, ()) for each in several]
        held_together = blocks.held(several, of_all)
        for each in several:
            taken[each.slot] += blocks.of_offer(each, held_together)
    return taken


def held_alone(session, offers, now, turnaround=_BACK_TO_BACK, but=()):
    """The time that contracts hold, {slot: [Window]}, of the offers' servers.

    It counts by server, not by offer: a contract outlives its offer's end. What is
    sub-let counts apart, for it takes nothing from the owner. The time of planned
    outages counts for all.

    :param turnaround: what nobody else gets before and after a contract, a
        ``flocx.core.turnaround.Turnaround``.
    :param but: uuids of lines that do not count.
    """
    # Few offers are looked up; for many it is cheaper to read all that is held.
    few = len(offers) <= 500
    uuids = {offer.resource_uuid for offer in offers}
    parameters = {'now': now, **({'resource_uuids': list(uuids)} if few else {})}
    if but:
        parameters['but'] = list(but)
    taken, planned = collections.defaultdict(list), collections.defaultdict(list)
    for row in session.execute(_held(few, bool(but)), parameters):
        if row.planned:
            planned[tuple(row[:3])].append(window.Window(row.start_time, row.end_time))
            continue
        gap = turnaround.gap(row.resource_class)
        taken[tuple(row[:4])].append(
            window.Window(row.start_time - gap, max(row.end_time, now) + gap)
        )
    for offer in offers if planned else ():
        slot = tuple(getattr(offer, name) for name in SLOT)
        taken[slot] += planned.get(slot[:3], ())
    return taken


@functools.cache
def _held(few, but):
    """The statement of :func:`held`, of ``few`` servers or all, with or without one."""
    lines, maintenances = schema.contract_lines, schema.maintenances
    open_lines = _holding(lines, few, lines.c.sublet_of, lines.c.resource_class, 0)
    if but:
        apart = sa.bindparam('but', expanding=True)
        open_lines = open_lines.where(lines.c.uuid.not_in(apart))
    return sa.union_all(
        open_lines.where(lines.c.status.in_(sorted(contract_core.OPEN))),
        _holding(maintenances, few, sa.null(), sa.null(), 1).where(
            maintenances.c.status == maintenance_core.Status.ANNOUNCED,
            maintenances.c.end_time > sa.bindparam('now'),
        ),
    )


def _holding(table, few, sublet_of, resource_class, planned):
    """The servers and windows of ``table``, of ``few`` servers or all."""
    found = sa.select(
        table.c.provider_id,
        table.c.resource_type,
        table.c.resource_uuid,
        sublet_of.label('sublet_of'),
        resource_class.label('resource_class'),
        table.c.start_time,
        table.c.end_time,
        sa.literal_column(str(planned)).label('planned'),
    )
    if few:
        some = sa.bindparam('resource_uuids', expanding=True)
        found = found.where(table.c.resource_uuid.in_(some))
    return found


def free(offer, taken, now):
    """The windows of ``offer`` from ``now`` on that nobody has taken."""
    left = offer.window.since(now)
    if left is None or offer.status != offer_core.Status.AVAILABLE:
        return []
    return left.minus(taken.get(offer.slot, ()))


def free_after(session, contract, now, turnaround):
    """Until when all servers of ``contract`` are free, and on offer, after its end.

    Its own end where one is not.

    :param turnaround: what stays free between two contracts of a server.
    """
    ends = []
    for line in contract.lines:
        if line.status not in contract_core.RUNNING or line.reclaim_deadline:
            continue
        if line.part is not None and line.end_time < contract.end_time:
            # A part that ends before the others does not go on.
            continue
        rows = session.execute(
            sa.select(_TABLE).where(_TABLE.c.uuid == line.offer_uuid)
        ).all()
        windows = []
        for row in rows:
            offer = listing.from_row(offer_core.Offer, row)
            but = own_lines(contract, line, offer)
            taken = held(session, [offer], now, turnaround, but)
            windows += [(offer, each) for each in free(offer, taken, now)]
        ends.append(
            next(
                (
                    _latest(offer, line, each.end)
                    for offer, each in windows
                    if each.start <= line.end_time < each.end
                ),
                contract.end_time,
            )
        )
    return min(ends, default=contract.end_time)


def own_lines(contract, line, offer):
    """Uuids of the lines that do not keep ``line`` from having more of ``offer``.

    Those of a contract that has all of a block go on together.
    """
    return [each.uuid for each in contract.lines] if offer.block else [line.uuid]


def _latest(offer, line, end):
    """When a line can end at last, of an offer that is free until ``end``."""
    if offer.max_length is None:
        return end
    longest = line.start_time + datetime.timedelta(seconds=offer.max_length)
    return max(line.end_time, min(end, longest))


def change(session, offer, action, now, **values):
    """Change an offer that nobody else has changed meanwhile; return it.

    :param action: what the event calls it.
    :raises Conflict: somebody has, or its status does not allow the change.
    """
    # To say again that it is suspended is no change; what is closed stays closed.
    status = values.get('status', offer.status)
    if status != offer.status or offer.status not in offer_core.OPEN:
        states.require(
            offer_core.TRANSITIONS, 'Offer', offer.uuid, offer.status, status
        )
    return _write(session, offer, action, now, values)


def republish(session, offer, now, values, **more):
    """Say what the server of ``offer`` is by now; return the offer.

    A closed offer stays closed: what contracts were made of it is about the server.

    :param values: the new ones of properties, resource_class and cleaned_by.
    :param more: further fields of the event's payload.
    :raises Conflict: somebody else has changed it meanwhile.
    """
    return _write(session, offer, 'republished', now, dict(values), **more)


def _write(session, offer, action, now, values, **more):
    values.update(generation=offer.generation + 1, updated_at=now)
    done = session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.uuid == offer.uuid, _TABLE.c.generation == offer.generation)
        .values(**values)
    )
    concurrency.require_written(done, 'Offer', offer.uuid)
    changed = dataclasses.replace(offer, **values)
    events.of_offer(session, action, changed, now, **more)
    return changed


def expire(session, now):
    """Close the offers whose window is past; return how many there were."""
    rows = session.execute(_EXPIRED, {'now': now}).all()
    for row in rows:
        change(
            session,
            listing.from_row(offer_core.Offer, row),
            'expired',
            now,
            status=offer_core.Status.EXPIRED,
        )
    return len(rows)
