# SPDX-License-Identifier: Apache-2.0
"""Until when, and up to what price, contracts are extended"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0024'
down_revision = '0023'


def upgrade():
    for table in ('bids', 'contracts'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column('extend_until', db.Instant(), nullable=True))
            batch_op.add_column(
                sa.Column('extend_max_price', db.Money(), nullable=True)
            )
    with op.batch_alter_table('contracts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('extend_refusal', sa.String(255), nullable=True))
        batch_op.add_column(sa.Column('lineage', sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f('ix_contracts_extend_until'), ['extend_until'])
