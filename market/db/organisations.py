# SPDX-License-Identifier: Apache-2.0
"""What projects are called, and to which organisation they belong."""

from oslo_db import exception as db_exc
import sqlalchemy as sa

from market.db import listing
from market.db import schema
from market.db import visibility

_TABLE = schema.organisations
_THIS = _TABLE.c.project_id == sa.bindparam('project')
_LOCK = sa.select(_TABLE.c.id).where(_THIS).with_for_update()
_LOCK_FIRST = (
    sa.select(_TABLE.c.id)
    .where(_TABLE.c.organisation_id == sa.bindparam('organisation'))
    .order_by(_TABLE.c.id)
    .limit(1)
    .with_for_update()
)


def of(session, project_id):
    """The organisation of a project; the project itself where none has come by."""
    found = session.scalar(
        sa.select(_TABLE.c.organisation_id).where(_THIS), {'project': project_id}
    )
    return found or project_id


def lock_project(session, project_id):
    """Let other transactions that lock the project wait for this one.

    Whoever counts what a project has before they add to it does so first, so that two
    at once do not have one too many. On SQLite all writers wait for each other.
    """
    session.scalar(_LOCK, {'project': project_id})


def lock(session, organisation_id):
    """The same of all projects of an organisation: the first of them is locked."""
    session.scalar(_LOCK_FIRST, {'organisation': organisation_id})


def save(database, project_id, organisation_id, name=None):
    """Remember the organisation and the name of a project.

    In a transaction of its own, if either has changed.

    :param organisation_id: None for what is known; a project of which nothing is
        known is an organisation of its own.
    :param name: None for what is known.
    """
    with database.reader() as session:
        known = session.execute(
            sa.select(_TABLE.c.organisation_id, _TABLE.c.name).where(_THIS),
            {'project': project_id},
        ).first()
    values = {
        'organisation_id': organisation_id
        or (known.organisation_id if known else project_id),
        'name': _printable(name) if name else (known.name if known else None),
    }
    if known and known._mapping == values:
        return
    try:
        with database.writer() as session:
            if known:
                session.execute(
                    sa.update(_TABLE).where(_THIS).values(**values),
                    {'project': project_id},
                )
            else:
                session.execute(sa.insert(_TABLE), {'project_id': project_id, **values})
    except db_exc.DBDuplicateEntry:
        # Another request of the project was faster, and knew the same.
        return


def _printable(name):
    """A name as others may see it: Keystone takes any, and terminals obey some."""
    return ''.join(each if each.isprintable() else '?' for each in name)[:255]


def names(session, project_ids):
    """{id: name} of those of the projects whose names are known."""
    rows = session.execute(
        sa.select(_TABLE.c.project_id, _TABLE.c.name).where(
            _TABLE.c.project_id.in_(project_ids), _TABLE.c.name.is_not(None)
        )
    )
    return dict(tuple(row) for row in rows)


#: Projects as the API has them: their uuid is Keystone's id.
_NAMED = sa.select(
    _TABLE.c.id, _TABLE.c.project_id.label('uuid'), _TABLE.c.name
).subquery('projects')


def page(session, reader, query):
    """A page of the projects whose names ``reader`` may know, rows of uuid and name."""
    return listing.page(session, _NAMED, _met, reader, query)


def _met(reader):
    """Their own, those they trade with, and those with an offer that they may see."""
    named = _NAMED.c.name.is_not(None)
    if reader.is_admin:
        return named
    lines, offers = schema.contract_lines, schema.offers
    return sa.and_(
        named,
        sa.or_(
            _NAMED.c.uuid == reader.project_id,
            *(
                sa.exists().where(column == _NAMED.c.uuid, visible(reader))
                for column, visible in (
                    (lines.c.project_id, visibility.lines),
                    (lines.c.owner_id, visibility.lines),
                    (offers.c.project_id, visibility.offers),
                )
            ),
        ),
    )
