# SPDX-License-Identifier: Apache-2.0
"""What every contract keeps to: the market writes it, the auction engines read it."""

import dataclasses

from oslo_db import exception as db_exc
import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as contract_core
from market.db import schema

_TABLE = schema.contract_terms
#: The table has one row.
_ROW = 1
_NAMES = [field.name for field in dataclasses.fields(contract_core.Terms)]
_READ = sa.select(*(_TABLE.c[name] for name in _NAMES))


def published(session):
    """The ``flocx.core.contract.Terms`` that a market has written, None before."""
    row = session.execute(_READ).first()
    return contract_core.Terms(**row._mapping) if row else None


def publish(session, terms):
    """Write ``terms``; those of whoever starts last hold.

    :raises RetryRequest: another process writes the first ones just now.
    """
    values = dataclasses.asdict(terms)
    if session.execute(sa.update(_TABLE).values(**values)).rowcount:
        return
    try:
        session.execute(sa.insert(_TABLE).values(id=_ROW, **values))
    except db_exc.DBDuplicateEntry:
        raise db_exc.RetryRequest(
            exceptions.Conflict('Another process writes the terms just now')
        ) from None
