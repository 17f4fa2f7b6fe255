# SPDX-License-Identifier: Apache-2.0
"""Bids and contracts that a firm bid may displace"""

from alembic import op
import sqlalchemy as sa

revision = '0028'
down_revision = '0027'


def upgrade():
    for table in ('bids', 'contracts'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column('interruptible_notice', sa.BigInteger(), nullable=True)
            )
            batch_op.add_column(
                sa.Column(
                    'on_displaced',
                    sa.String(16),
                    nullable=False,
                    server_default='end',
                )
            )
    with op.batch_alter_table('contracts', schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f('ix_contracts_interruptible_notice'), ['interruptible_notice']
        )
