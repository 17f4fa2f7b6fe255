# SPDX-License-Identifier: Apache-2.0
"""Which rows a reader may know of, as SQL conditions.

A reader has ``project_id``, ``lineage`` (the project and its ancestors),
``is_admin`` and ``provider_id`` (of a provider's service account, else None).
"""

import dataclasses
import functools
import types
import typing

import sqlalchemy as sa

from flocx.core import offer
from market.db import schema

#: What of an offer only its owner, its provider and the operator are shown; besides
#: them, the projects that it is meant for are shown its ``lessee_id``.
HIDDEN = frozenset(
    (
        'provider_id',
        'resource_uuid',
        'sublet_of',
        'lessee_id',
        'reason',
        'generation',
    )
)

#: What of a contract only its renter and the operator are shown: what it is for, by
#: which bid it came about, what else they would pay and what they do when they are
#: displaced is nothing that owners or providers need.
OF_RENTER = frozenset(
    (
        *('purpose', 'bid_uuid'),
        *('extend_until', 'extend_max_price', 'extend_refusal', 'on_displaced'),
    )
)


@dataclasses.dataclass(frozen=True)
class Somebody:
    """Stands for each reader of a kind, so that one statement serves them all.

    Who they are is not in the statement, but in the parameters that
    :func:`parameters` gives when it is executed.
    """

    is_admin: bool
    is_provider: bool
    project_id: typing.ClassVar = sa.bindparam('reader_project_id')
    lineage: typing.ClassVar = sa.bindparam('reader_lineage', expanding=True)

    @property
    def provider_id(self):
        return sa.bindparam('reader_provider_id') if self.is_provider else None

    @classmethod
    def like(cls, reader):
        return cls(bool(reader.is_admin), reader.provider_id is not None)


def parameters(reader):
    """The parameters of a statement that was made for somebody like ``reader``."""
    return {
        'reader_project_id': reader.project_id,
        'reader_lineage': list(reader.lineage),
        'reader_provider_id': reader.provider_id,
    }


@functools.cache
def condition(visible, somebody):
    """What ``visible`` says for readers like ``somebody``, made once and kept."""
    return visible(somebody)


def everything(_):
    """What a policy lets be seen by whoever may see any of it."""
    return sa.true()


#: Who asks where it does not matter who asks.
ANYBODY = types.SimpleNamespace(
    project_id=None, lineage=(), is_admin=False, provider_id=None
)


#: Who sees all of it.
OPERATOR = types.SimpleNamespace(
    project_id=None, lineage=(), is_admin=True, provider_id=None
)


def party(project_id):
    """A reader who sees what a project has, and nothing as anybody else."""
    return types.SimpleNamespace(
        project_id=project_id, lineage=(), is_admin=False, provider_id=None
    )


def offers(reader):
    """Their own, those open to all while available, and those meant for them."""
    if reader.is_admin:
        return sa.true()
    table = schema.offers
    seen = [
        table.c.project_id == reader.project_id,
        sa.and_(table.c.lessee_id.is_(None), table.c.status == offer.Status.AVAILABLE),
        sa.and_(
            table.c.lessee_id.in_(reader.lineage),
            table.c.status == offer.Status.AVAILABLE,
        ),
    ]
    if reader.provider_id is not None:
        seen.append(table.c.provider_id == reader.provider_id)
    return sa.or_(*seen)


def offers_filtered(reader, names):
    """Those of the offers that a filter by the fields ``names`` may find.

    What is hidden from a reader must not be found out by asking for it either.
    """
    table = schema.offers
    if reader.is_admin or not HIDDEN.intersection(names):
        return sa.true()
    known = [table.c.project_id == reader.project_id]
    if HIDDEN.intersection(names) == {'lessee_id'}:
        known.append(table.c.lessee_id.in_(reader.lineage))
    if reader.provider_id is not None:
        known.append(table.c.provider_id == reader.provider_id)
    return sa.or_(*known)


def offers_found(names):
    """The function that says which offers filters by ``names`` may find."""
    return _offers_found(HIDDEN.intersection(names))


@functools.cache
def _offers_found(names):
    return lambda reader: sa.and_(offers(reader), offers_filtered(reader, names))


def bids(reader):
    """Their own."""
    if reader.is_admin:
        return sa.true()
    return schema.bids.c.project_id == reader.project_id


def lines(reader):
    """Those that they rent, let, or deliver."""
    if reader.is_admin:
        return sa.true()
    table = schema.contract_lines
    seen = [
        table.c.project_id == reader.project_id,
        table.c.owner_id == reader.project_id,
    ]
    if reader.provider_id is not None:
        seen.append(table.c.provider_id == reader.provider_id)
    return sa.or_(*seen)


def maintenances(reader):
    """Those of servers that they own, deliver, or rent when it is."""
    if reader.is_admin:
        return sa.true()
    table, broken = schema.maintenances, schema.interruptions
    rented = (
        sa.select(broken.c.maintenance_uuid)
        .join(
            schema.contract_lines,
            schema.contract_lines.c.uuid == broken.c.line_uuid,
        )
        .where(
            schema.contract_lines.c.project_id == reader.project_id,
            broken.c.maintenance_uuid.is_not(None),
        )
    )
    seen = [table.c.project_id == reader.project_id, table.c.uuid.in_(rented)]
    if reader.provider_id is not None:
        seen.append(table.c.provider_id == reader.provider_id)
    return sa.or_(*seen)


def console_tokens(reader):
    """Those of consoles that they rent, or deliver."""
    if reader.is_admin:
        return sa.true()
    table = schema.console_tokens
    seen = [table.c.project_id == reader.project_id]
    if reader.provider_id is not None:
        seen.append(table.c.provider_id == reader.provider_id)
    return sa.or_(*seen)


def webhooks(reader):
    """Their own."""
    if reader.is_admin:
        return sa.true()
    return schema.webhooks.c.project_id == reader.project_id


def standing_demands(reader):
    """Their own."""
    if reader.is_admin:
        return sa.true()
    return schema.standing_demands.c.project_id == reader.project_id


def contracts(reader):
    """Those with a line that they may see."""
    if reader.is_admin:
        return sa.true()
    table = schema.contract_lines
    return sa.or_(
        schema.contracts.c.project_id == reader.project_id,
        schema.contracts.c.uuid.in_(
            sa.select(table.c.contract_uuid).where(lines(reader))
        ),
    )


def accounts(reader):
    """Their own."""
    if reader.is_admin:
        return sa.true()
    return schema.accounts.c.project_id == reader.project_id


def transfers(reader):
    """Those of their own account; of what is held, those on its behalf."""
    if reader.is_admin:
        return sa.true()
    table, own = schema.transfers, schema.accounts.c.project_id == reader.project_id
    uuids = sa.select(schema.accounts.c.uuid).where(own)
    return sa.or_(
        table.c.debit.in_(uuids), table.c.credit.in_(uuids), table.c.holder.in_(uuids)
    )


def grants(reader):
    """Those to their own project."""
    if reader.is_admin:
        return sa.true()
    return schema.grants.c.project_id == reader.project_id


def agendas(reader):
    """Those of their own project."""
    if reader.is_admin:
        return sa.true()
    return schema.agendas.c.project_id == reader.project_id


def disputes(reader):
    """Those to which their project is a party."""
    if reader.is_admin:
        return sa.true()
    table = schema.disputes
    return sa.or_(
        table.c.project_id == reader.project_id,
        table.c.other_project_id == reader.project_id,
    )


def events(reader):
    """Those that concern them as renter or as owner, or the servers of a provider.

    Of what a provider delivers it sees what the owners are told, once.
    """
    if reader.is_admin:
        return sa.true()
    table = schema.events
    seen = [
        table.c.project_id == reader.project_id,
        table.c.owner_id == reader.project_id,
    ]
    if reader.provider_id is not None:
        seen.append(
            sa.and_(table.c.owner_id.is_not(None), _delivered_by(reader.provider_id))
        )
    return sa.or_(*seen)


def _delivered_by(provider_id):
    """Events of offers and contracts with servers of this provider."""
    table, offers, lines = schema.events, schema.offers, schema.contract_lines
    return sa.or_(
        table.c.object_uuid.in_(
            sa.select(offers.c.uuid).where(offers.c.provider_id == provider_id)
        ),
        table.c.object_uuid.in_(
            sa.select(lines.c.contract_uuid).where(lines.c.provider_id == provider_id)
        ),
    )
