# SPDX-License-Identifier: Apache-2.0
"""What a provider keeps about a line while its server is handed over and taken back.

The market does not read it. It is kept here because every fulfiller of a provider
reaches the market, and because it has to live exactly as long as the line is open.
"""

import typing

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import names
from market.db import schema

_TABLE, _LINES = schema.handovers, schema.contract_lines

_LINE = sa.select(_LINES.c.contract_uuid, _LINES.c.provider_id, _LINES.c.status).where(
    _LINES.c.uuid == sa.bindparam('line')
)
#: Locked as in a report, which closes the line and forgets what is kept about it.
_LOCKED_LINE = _LINE.with_for_update()
_NAMED = sa.select(schema.contracts.c.uuid).where(
    schema.contracts.c.uuid == sa.bindparam('contract'),
    schema.contracts.c.name == sa.bindparam('wanted'),
)
_KEPT = sa.select(_TABLE.c.version, _TABLE.c.data).where(
    _TABLE.c.line_uuid == sa.bindparam('line')
)
_REPLACE = (
    sa.update(_TABLE)
    .where(
        _TABLE.c.line_uuid == sa.bindparam('line'),
        _TABLE.c.version == sa.bindparam('known'),
    )
    .values(version=sa.bindparam('later'), data=sa.bindparam('document', type_=sa.JSON))
)


class Kept(typing.NamedTuple):
    """What is kept about a line; version 0 and no data where nothing was kept yet."""

    version: int = 0
    data: dict | None = None


def get(session, contract_ident, line_uuid, provider_id):
    """What is kept about a line, as Kept.

    :param contract_ident: the uuid or the name of the contract.
    :raises NotFound: the provider has no such line, or it is closed.
    """
    status = _status(session, _LINE, contract_ident, line_uuid, provider_id)
    if status in core.CLOSED:
        raise exceptions.NotFound(f'Line {line_uuid} is {status}')
    return kept(session, line_uuid)


def kept(session, line_uuid):
    """What is kept about a line that is known to be the reader's, as Kept."""
    row = session.execute(_KEPT, {'line': line_uuid}).first()
    return Kept(*row) if row else Kept()


def put(session, contract_ident, line_uuid, provider_id, version, data):
    """Replace what is kept about a line; return its new version.

    :param contract_ident: the uuid or the name of the contract.
    :param version: that of the data which the new ones rest on, 0 for none.
    :raises NotFound: the provider has no such line.
    :raises Conflict: somebody else has replaced it meanwhile, or the line is closed.
    """
    status = _status(session, _LOCKED_LINE, contract_ident, line_uuid, provider_id)
    if status in core.CLOSED:
        raise exceptions.Conflict(f'Line {line_uuid} is {status}')
    if version:
        change = {'known': version, 'later': version + 1, 'document': data}
        if session.execute(_REPLACE, {'line': line_uuid, **change}).rowcount:
            return version + 1
    known = kept(session, line_uuid).version
    if version or known:
        raise exceptions.Conflict(
            f'version: what is kept about line {line_uuid} is at version {known}, '
            f'not {version}; read it again',
            code='flocx.conflict.generation',
        )
    session.execute(sa.insert(_TABLE).values(line_uuid=line_uuid, version=1, data=data))
    return 1


def _status(session, statement, contract_ident, line_uuid, provider_id):
    """The status of a line that the provider delivers.

    :raises NotFound: there is no such line of the contract.
    """
    row = None
    if names.identifies(line_uuid):
        row = session.execute(statement, {'line': line_uuid}).first()
    if (
        row is None
        or row.provider_id != provider_id
        or not _is_of(session, row.contract_uuid, contract_ident)
    ):
        raise exceptions.NotFound(f'Line {line_uuid} not found')
    return core.Status(row.status)


def _is_of(session, contract_uuid, ident):
    """Whether ``ident`` means this contract."""
    if names.is_uuid(ident) or not names.identifies(ident):
        return ident.lower() == contract_uuid
    found = {'contract': contract_uuid, 'wanted': ident}
    return session.execute(_NAMED, found).first() is not None


def forget(session, line_uuid):
    """Delete what is kept about a line that is closed."""
    session.execute(sa.delete(_TABLE).where(_TABLE.c.line_uuid == line_uuid))
