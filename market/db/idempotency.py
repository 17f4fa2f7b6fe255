# SPDX-License-Identifier: Apache-2.0
"""What was answered to a request that names a key, so that it can be repeated."""

import datetime

from oslo_db import exception as db_exc
import sqlalchemy as sa

from flocx import exceptions
from market.db import schema

_TABLE = schema.idempotency_keys
_IS_IT = (
    _TABLE.c.project_id == sa.bindparam('project'),
    _TABLE.c.idempotency_key == sa.bindparam('key'),
)
_FIND = sa.select(_TABLE).where(*_IS_IT)
_INSERT = sa.insert(_TABLE)
_KEEP = sa.update(_TABLE).where(*_IS_IT).values(answer=sa.bindparam('given'))


def answered(session, project_id, key, fingerprint):
    """The answer to the first request with ``key``, or None.

    :param fingerprint: of what the request says.
    :raises Unprocessable: the first request said something else.
    """
    row = session.execute(_FIND, {'project': project_id, 'key': key}).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise exceptions.Unprocessable(
            f'Idempotency-Key: {key} was used for another request'
        )
    return row.answer


def known(session, project_id, keys):
    """{key: (fingerprint, answer)} of those of ``keys`` that were used."""
    rows = session.execute(
        sa.select(_TABLE.c.idempotency_key, _TABLE.c.fingerprint, _TABLE.c.answer)
        .where(_TABLE.c.project_id == project_id)
        .where(_TABLE.c.idempotency_key.in_(keys))
    )
    return {row.idempotency_key: (row.fingerprint, row.answer) for row in rows}


def remember(session, project_id, answers, now):
    """Keep ``answers``, {(key, fingerprint): answer}, of which none is known yet.

    The caller holds a lock that keeps others from doing the same.
    """
    if answers:
        session.execute(
            _INSERT,
            [
                {
                    'project_id': project_id,
                    'idempotency_key': key,
                    'fingerprint': fingerprint,
                    'answer': answer,
                    'created_at': now,
                }
                for (key, fingerprint), answer in answers.items()
            ],
        )


def begin(session, project_id, key, fingerprint, now):
    """Take ``key`` for this request until its transaction ends.

    :raises RetryRequest: another one with the key was faster.
    """
    try:
        session.execute(
            _INSERT,
            {
                'project_id': project_id,
                'idempotency_key': key,
                'fingerprint': fingerprint,
                'answer': {},
                'created_at': now,
            },
        )
    except db_exc.DBDuplicateEntry:
        raise db_exc.RetryRequest(
            exceptions.Conflict(f'Idempotency-Key: {key} is in use just now')
        ) from None


def keep(session, project_id, key, answer):
    """Remember what is answered to the request that has begun with ``key``."""
    session.execute(_KEEP, {'project': project_id, 'key': key, 'given': answer})


def forget(session, now, age=datetime.timedelta(days=1)):
    """Forget the keys that are older than ``age``; return how many."""
    return session.execute(
        sa.delete(_TABLE).where(_TABLE.c.created_at < now - age)
    ).rowcount
