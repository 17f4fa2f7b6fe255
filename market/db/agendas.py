# SPDX-License-Identifier: Apache-2.0
"""Agendas: what calendar programs may read of a project, and what is due for it."""

import dataclasses
import datetime

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import agenda as core
from flocx.core import contract as contract_core
from flocx.core import maintenance as maintenance_core
from flocx.core import offer as offer_core
from flocx.core import query
from market.db import contracts
from market.db import listing
from market.db import maintenances
from market.db import offers
from market.db import organisations
from market.db import schema
from market.db import visibility

_TABLE = schema.agendas

#: What is over stays in a calendar for so long.
_PAST = datetime.timedelta(days=31)

#: How many entries of a kind a calendar has at most, the first that end.
_MOST = 1000


@dataclasses.dataclass(frozen=True)
class Due:
    """What is due for a project: lists of contracts, offers and planned outages.

    ``renters`` is {id: name} of the projects that have the contracts.
    """

    contracts: list
    offers: list
    maintenances: list
    renters: dict


def add(session, agenda):
    """Store a new agenda.

    :raises Conflict: its project has as many as it may have.
    """
    organisations.lock_project(session, agenda.project_id)
    known = session.scalar(
        sa.select(sa.func.count())
        .select_from(_TABLE)
        .where(_TABLE.c.project_id == agenda.project_id)
    )
    if known >= core.MOST:
        raise exceptions.Conflict(
            f'Project {agenda.project_id} has {known} agendas, and may have '
            f'{core.MOST}: delete one that nobody subscribes to any more'
        )
    session.execute(sa.insert(_TABLE), listing.fields(agenda))


def get(session, ident, reader):
    """The agenda of this uuid or name that ``reader`` may see."""
    row = listing.one(session, _TABLE, ident, visibility.agendas, reader, 'Agenda')
    return listing.from_row(core.Agenda, row)


def page(session, reader, asked):
    """A page of the agendas that ``reader`` may see."""
    rows = listing.page(session, _TABLE, visibility.agendas, reader, asked)
    return [listing.from_row(core.Agenda, row) for row in rows]


def opened(session, uuid, token):
    """The agenda of this uuid, for whoever knows its token.

    :raises NotFound: there is none, or the token is not its own.
    """
    row = session.execute(sa.select(_TABLE).where(_TABLE.c.uuid == uuid)).first()
    agenda = row and listing.from_row(core.Agenda, row)
    if not agenda or not agenda.is_opened_by(token):
        raise exceptions.NotFound(
            'There is no such agenda, or the token in its address is not that which it '
            'was made with'
        )
    return agenda


def delete(session, agenda):
    """Whoever knows the token of ``agenda`` reads nothing with it any more."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.uuid == agenda.uuid))


def forget(session, project_id):
    """Delete all agendas of a project that has departed."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.project_id == project_id))


def due(session, reader, now):
    """What is due for the project of ``reader``, and was in the last month.

    :param reader: a RequestContext that is no administrator's.
    """
    ends = ('end_time', 'gt', (now - _PAST,))
    shown = sorted(contract_core.OPEN | {contract_core.Status.ENDED})
    own = ('project_id', 'eq', (reader.project_id,))
    found = contracts.page(session, reader, _asked(ends, ('status', 'in', shown)))
    return Due(
        found,
        offers.page(
            session,
            reader,
            _asked(ends, own, ('status', 'in', sorted(offer_core.OPEN))),
        ),
        maintenances.page(
            session,
            reader,
            _asked(ends, ('status', 'eq', (maintenance_core.Status.ANNOUNCED,))),
        ),
        organisations.names(session, {each.project_id for each in found}),
    )


def _asked(*filters):
    return query.Query(limit=_MOST, sort_key='end_time', filters=filters)
