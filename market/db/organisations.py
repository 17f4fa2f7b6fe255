# SPDX-License-Identifier: Apache-2.0
"""Which organisation a project belongs to, as far as projects have come by."""

from oslo_db import exception as db_exc
import sqlalchemy as sa

from market.db import schema

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


def save(database, project_id, organisation_id):
    """Remember the organisation of a project, in a transaction of its own."""
    with database.reader() as session:
        known = session.scalar(
            sa.select(_TABLE.c.organisation_id).where(_THIS), {'project': project_id}
        )
    if known == organisation_id:
        return
    try:
        with database.writer() as session:
            if known is None:
                session.execute(
                    sa.insert(_TABLE),
                    {'project_id': project_id, 'organisation_id': organisation_id},
                )
            else:
                session.execute(
                    sa.update(_TABLE)
                    .where(_THIS)
                    .values(organisation_id=organisation_id),
                    {'project': project_id},
                )
    except db_exc.DBDuplicateEntry:
        # Another request of the project was faster, and knew the same.
        return
