# SPDX-License-Identifier: Apache-2.0
"""esi-leap's tables, and what is taken from them into ours."""

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as contract_core
from flocx.core import offer as offer_core
from market.db import events
from market.db import listing
from market.db import offers
from market.db import schema
from market.db import servers

#: Rows that are read, and taken in one transaction.
PART = 200

_metadata = sa.MetaData()


def _table(name, texts, times):
    return sa.Table(
        name,
        _metadata,
        sa.Column('id', sa.Integer, primary_key=True),
        *(sa.Column(each, sa.String) for each in texts),
        *(sa.Column(each, sa.DateTime) for each in times),
    )


_COMMON = (
    'uuid',
    'name',
    'project_id',
    'resource_type',
    'resource_uuid',
    'status',
    'parent_lease_uuid',
)
_PERIOD = ('start_time', 'end_time', 'created_at', 'updated_at')
#: What is read of them.
OFFERS = _table('offers', (*_COMMON, 'lessee_id'), _PERIOD)
LEASES = _table(
    'leases',
    (*_COMMON, 'owner_id', 'purpose', 'offer_uuid'),
    (*_PERIOD, 'fulfill_time', 'expire_time'),
)
#: What is written of them besides: free-form, and nothing of ours.
for _each in (OFFERS, LEASES):
    _each.append_column(sa.Column('properties', sa.String))
EVENTS = _table('events', ('event_type', 'object_type', 'object_uuid'), ('event_time',))


class Source:
    """A database of esi-leap's, which is only read."""

    def __init__(self, url):
        """:param url: a SQLAlchemy URL."""
        try:
            self._engine = sa.create_engine(url)
        except (sa.exc.ArgumentError, ImportError) as error:
            raise exceptions.Invalid(f'url: {error}') from None

    def count(self, table):
        """How many rows there are.

        :raises Unavailable: the database does not answer, or is none of esi-leap's.
        """
        try:
            with self._engine.connect() as connection:
                return connection.scalar(sa.select(sa.func.count()).select_from(table))
        except sa.exc.SQLAlchemyError as error:
            raise exceptions.Unavailable(f'{table.name}: {error}') from None

    def parts(self, table):
        """Its rows in the order in which they were made, in lists of :data:`PART`."""
        last = 0
        while True:
            with self._engine.connect() as connection:
                rows = connection.execute(
                    sa.select(table)
                    .where(table.c.id > last)
                    .order_by(table.c.id)
                    .limit(PART)
                ).all()
            if not rows:
                return
            yield rows
            last = rows[-1].id

    def events_of(self, uuids):
        """The events of the leases ``uuids``, in the order in which they happened."""
        if not sa.inspect(self._engine).has_table(EVENTS.name):
            return []
        with self._engine.connect() as connection:
            return connection.execute(
                sa.select(EVENTS)
                .where(EVENTS.c.object_uuid.in_(list(uuids)))
                .order_by(EVENTS.c.event_time, EVENTS.c.id)
            ).all()


class Target(Source):
    """A database of esi-leap's that is written."""

    def put(self, table, rows):
        """Insert rows, and change those that are there; how many of each.

        Those that others refer to come first.

        :raises Unavailable: the database does not take them; none of them is written.
        """
        try:
            with self._engine.begin() as connection:
                uuids = [row['uuid'] for row in rows]
                there = sa.select(table.c.uuid).where(table.c.uuid.in_(uuids))
                known = set(connection.scalars(there))
                new = [row for row in rows if row['uuid'] not in known]
                for row in rows:
                    if row['uuid'] in known:
                        same = table.c.uuid == row['uuid']
                        connection.execute(sa.update(table).where(same).values(**row))
                if new:
                    connection.execute(sa.insert(table), new)
        except sa.exc.SQLAlchemyError as error:
            raise exceptions.Unavailable(f'{table.name}: {error}') from None
        return len(new), len(known)


def all_offers(session, provider_id):
    """The offers of a provider in the order in which they were made, part by part."""
    table = schema.offers
    for rows in _all(session, table, table.c.provider_id == provider_id):
        yield [listing.from_row(offer_core.Offer, row) for row in rows]


def all_leases(session, provider_id):
    """Its lines, with name and purpose of their contracts; those sub-let come last."""
    table, contracts = schema.contract_lines, schema.contracts
    for is_sublet in (table.c.sublet_of.is_(None), table.c.sublet_of.is_not(None)):
        for rows in _all(session, table, table.c.provider_id == provider_id, is_sublet):
            uuids = {row.contract_uuid for row in rows}
            found = session.execute(
                sa.select(
                    contracts.c.uuid, contracts.c.name, contracts.c.purpose
                ).where(contracts.c.uuid.in_(uuids))
            )
            named = {row.uuid: (row.name, row.purpose) for row in found}
            yield [
                (listing.from_row(contract_core.Line, row), *named[row.contract_uuid])
                for row in rows
            ]


def _all(session, table, *where):
    last = 0
    while rows := session.execute(
        sa.select(table)
        .where(table.c.id > last, *where)
        .order_by(table.c.id)
        .limit(PART)
    ).all():
        yield rows
        last = rows[-1].id


def known(session, table, uuids):
    """Those of ``uuids`` that our ``table`` has."""
    return set(session.scalars(sa.select(table.c.uuid).where(table.c.uuid.in_(uuids))))


def take_offers(session, wanted, now):
    """Store offers; return {uuid: why not} of those whose time another one has."""
    open_ones = [each for each in wanted if each.status in offer_core.OPEN]
    servers.lock(session, {each.server for each in wanted})
    others, refused = servers.offered(session, open_ones), {}
    for each in open_ones:
        try:
            servers.require_alone(each, others)
        except exceptions.Conflict as error:
            refused[each.uuid] = str(error)
        else:
            others[each.slot].append(each)
    taken = [each for each in wanted if each.uuid not in refused]
    if taken:
        table = schema.offers
        session.execute(sa.insert(table), [listing.fields(each) for each in taken])
    for each in taken:
        if each.status in offer_core.OPEN:
            events.of_offer(session, 'published', each, now)
    return refused


def take_contracts(session, wanted, past, now):
    """Store contracts of one line, and the offers that they were given.

    :param wanted: pairs of a contract and its offer, or None where it has one.
    :param past: triples of an action, a contract and a moment: what happened to them.
    :returns: {uuid: why not} of those whose time another contract has.
    """
    lines = [contract.lines[0] for contract, _ in wanted]
    servers.lock(session, {line.server for line in lines})
    held, refused = _held(session, lines), {}
    for line in lines:
        if line.status in contract_core.CLOSED:
            continue
        taken = held.setdefault(_slot(line), [])
        other = next((each for each in taken if _overlap(each, line)), None)
        if other:
            refused[line.uuid] = f'contract line {other.uuid} has the server then'
        else:
            taken.append(line)
    kept = [pair for pair in wanted if pair[0].uuid not in refused]
    _store(session, kept)
    for action, contract, moment in past:
        if contract.uuid not in refused:
            events.of_the_past(session, action, contract, moment)
    for contract, _ in kept:
        if contract.status not in contract_core.CLOSED:
            events.of_contract(session, 'created', contract, contract.lines, now)
    return refused


def _store(session, kept):
    if not kept:
        return
    given = [listing.fields(offer) for _, offer in kept if offer]
    if given:
        session.execute(sa.insert(schema.offers), given)
    session.execute(
        sa.insert(schema.contracts), [listing.fields(contract) for contract, _ in kept]
    )
    session.execute(
        sa.insert(schema.contract_lines),
        [listing.fields(contract.lines[0]) for contract, _ in kept],
    )


def _held(session, lines):
    """{slot: the open lines} of the servers that ``lines`` have."""
    table, found = schema.contract_lines, {}
    rows = session.execute(
        sa.select(table).where(
            table.c.resource_uuid.in_({line.resource_uuid for line in lines}),
            table.c.status.in_(sorted(contract_core.OPEN)),
        )
    )
    for row in rows:
        found.setdefault(_slot(row), []).append(row)
    return found


def _slot(line):
    return tuple(getattr(line, name) for name in offers.SLOT)


def _overlap(one, other):
    return one.start_time < other.end_time and other.start_time < one.end_time
