# SPDX-License-Identifier: Apache-2.0
"""The notice with which servers are reclaimed, and the deadline of those that are"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0011'
down_revision = '0010'


def upgrade():
    for table, names in (
        ('offers', ['reclaim_notice']),
        ('bids', ['min_reclaim_notice']),
        ('contract_lines', ['reclaim_notice']),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
    with op.batch_alter_table('contract_lines', schema=None) as batch_op:
        for name in ('reclaim_time', 'reclaim_deadline'):
            batch_op.add_column(sa.Column(name, db.Instant(), nullable=True))
